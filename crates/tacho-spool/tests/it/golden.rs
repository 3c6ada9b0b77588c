//! Segments of every version stay readable.
