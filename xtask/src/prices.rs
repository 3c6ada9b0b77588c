//! The dated list of prices in `prices/`.

pub(crate) mod list;
