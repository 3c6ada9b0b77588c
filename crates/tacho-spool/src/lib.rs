//! Append-only segments of framed hook records.
