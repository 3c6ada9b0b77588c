//! The recorder's SQLite store.
