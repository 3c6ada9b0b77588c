//! Who may send: whoever has the token, and asks for this machine by its own name.
//!
//! A page in a browser can have a name of its own lead here, and then speaks in its own name.

use hyper::HeaderMap;
use hyper::Uri;
use hyper::header::{AUTHORIZATION, HOST};

/// The names of this machine that nobody else can have lead here.
const OWN_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What every request must have.
pub(super) struct Guard {
    token: String,
}

impl Guard {
    pub(super) const fn new(token: String) -> Self {
        Self { token }
    }

    /// Whether a request brings the token.
    pub(super) fn knows(&self, headers: &HeaderMap) -> bool {
        let said = headers.get(AUTHORIZATION).map_or(&[][..], |value| value.as_bytes());
        let scheme = said.get(..7).unwrap_or_default();
        let token = said.get(7..).unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"Bearer ") && is_equal(token, self.token.as_bytes())
    }
}

/// Whether a request is meant for this machine by one of its own names: a header of HTTP/1.1, part of the address in HTTP/2.
pub(super) fn is_meant_for_us(uri: &Uri, headers: &HeaderMap) -> bool {
    let named = headers.get(HOST).map(|host| host.as_bytes());
    let named = named.or_else(|| uri.authority().map(|authority| authority.as_str().as_bytes()));
    let Some(Ok(named)) = named.map(str::from_utf8) else { return false };
    let without_port =
        named.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = without_port.map_or(named, |(name, _)| name);
    OWN_NAMES.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Compares in a time that says nothing of where two texts of one length differ.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for (host, expected) in [
            ("127.0.0.1:4327", true),
            ("127.0.0.1", true),
            ("LOCALHOST:1", true),
            ("[::1]:4327", true),
            ("[::1]", true),
            ("evil.example:4327", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:4327", false),
            ("localhost:4327@evil.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            assert_eq!(is_meant_for_us(&Uri::from_static("/v1/logs"), &headers), expected, "{host}");
        }
        assert!(!is_meant_for_us(&Uri::from_static("/v1/logs"), &HeaderMap::new()));
        assert!(is_meant_for_us(&Uri::from_static("http://127.0.0.1:4327/a"), &HeaderMap::new()));
    }

    #[test]
    fn tokens() {
        let guard = Guard::new("abc".to_owned());
        for (said, expected) in [
            ("Bearer abc", true),
            ("bearer abc", true),
            ("Bearer abd", false),
            ("Bearer abcd", false),
            ("Bearer ab", false),
            ("Bearer", false),
            ("Basic abc", false),
            ("abc", false),
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, said.parse().unwrap())]);
            assert_eq!(guard.knows(&headers), expected, "{said}");
        }
        assert!(!guard.knows(&HeaderMap::new()));
    }
}
