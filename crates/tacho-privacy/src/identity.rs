//! Pseudonyms: the same person is the same hash under one key, and nobody without the key can try names.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;

/// The key of an installation's pseudonyms, 256 random bits.
#[derive(Clone)]
pub struct IdentityKey(pub [u8; 32]);

impl fmt::Debug for IdentityKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdentityKey(..)")
    }
}

impl IdentityKey {
    /// The pseudonym of a name: HMAC-SHA-256, its first 16 bytes in base32 of RFC 4648, lower case.
    #[must_use]
    pub fn pseudonym(&self, name: &str) -> String {
        // HMAC takes keys of every length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(name.as_bytes());
        let digest = mac.finalize().into_bytes();
        base32(digest.get(..16).unwrap_or_default())
    }
}

fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(DIGITS.get((bits >> held & 31) as usize).copied().unwrap_or(b'a')));
        }
    }
    if held > 0 {
        text.push(char::from(DIGITS.get((bits << (5 - held) & 31) as usize).copied().unwrap_or(b'a')));
    }
    text
}
