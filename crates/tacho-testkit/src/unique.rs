//! Values that no other run has: the random part of ids. Not for secrets.

use std::hash::{BuildHasher, RandomState};

/// 64 random bits, from the seed that the standard library takes for its hash maps.
pub(crate) fn random_u64() -> u64 {
    RandomState::new().hash_one(0)
}

/// A fresh UUID, version 4.
pub(crate) fn uuid() -> String {
    let (high, low) = (random_u64(), random_u64());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}
