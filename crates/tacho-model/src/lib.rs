//! The vocabulary of Tachograph: ids, events, spans, usage and attribute names.
