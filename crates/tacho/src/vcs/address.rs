//! The addresses of remotes, in all the spellings that git takes, as one: `https://host/owner/name`.
//!
//! Must not let anything through that may be secret. What cannot be told apart from a secret has no address: an `@`
//! behind the host, escapes that hide what they stand for, a token in the path.

use std::net::Ipv6Addr;

const REMOTE_BYTES_MAX: usize = 2048;

/// The length of a host name (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// How a host may be spelt, how it is called, and who runs it, as `vcs.provider.name` has it. Hosts under other names
/// do not say what they run. Codeberg runs Forgejo, which is Gitea's descendant.
const HOSTS: &[(&str, &str, &str)] = &[
    ("github.com", "github.com", "github"),
    ("www.github.com", "github.com", "github"),
    ("ssh.github.com", "github.com", "github"),
    ("gitlab.com", "gitlab.com", "gitlab"),
    ("altssh.gitlab.com", "gitlab.com", "gitlab"),
    ("bitbucket.org", "bitbucket.org", "bitbucket"),
    ("altssh.bitbucket.org", "bitbucket.org", "bitbucket"),
    ("gitea.com", "gitea.com", "gitea"),
    ("codeberg.org", "codeberg.org", "gitea"),
];

/// How the tokens of hosts begin.
const TOKENS: &[&str] =
    &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glcbt-", "atbb", "atctt"];

/// Where a repository is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The web address.
    pub(super) url: String,
    /// All of its path but the last part.
    pub(super) owner: Option<String>,
    /// The last part of its path.
    pub(super) name: String,
    /// Who hosts it.
    pub(super) provider: Option<&'static str>,
}

/// A remote taken apart.
struct Parts<'a> {
    host: String,
    /// Only where it is part of the web address.
    port: Option<u16>,
    path: &'a str,
    escapes: Escapes,
}

/// Whether `%41` is an `A`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Read,
    None,
}

impl Address {
    /// Reads the URL of a remote; `None` for a path, for what git would pass to another program, and for what may hold
    /// a secret where none belongs.
    pub(super) fn read(remote: &[u8]) -> Option<Self> {
        let remote = str::from_utf8(remote).ok().filter(|remote| remote.len() <= REMOTE_BYTES_MAX)?;
        // Programs differ in whether a backslash ends the host.
        if remote.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '\\') {
            return None;
        }
        let parts = match remote.split_once("://") {
            Some((scheme, rest)) => with_scheme(scheme, rest)?,
            None => without_scheme(remote)?,
        };
        let mut segments = segments(parts.path, parts.escapes)?;
        let known = HOSTS.iter().find(|(spelt, _, _)| *spelt == parts.host);
        let (host, provider) =
            known.map_or((parts.host.as_str(), None), |(_, host, provider)| (*host, Some(*provider)));
        let port = parts.port.map(|port| format!(":{port}")).unwrap_or_default();
        let path: Vec<String> = segments.iter().map(|segment| escaped(segment)).collect();
        let url = format!("https://{host}{port}/{}", path.join("/"));
        let name = segments.pop()?;
        let owner = (!segments.is_empty()).then(|| segments.join("/"));
        Some(Self { url, owner, name, provider })
    }
}

/// `https://user:password@host:port/owner/name.git?query#fragment`
fn with_scheme<'a>(scheme: &str, rest: &'a str) -> Option<Parts<'a>> {
    let end = rest.find(['/', '?', '#'])?;
    let (authority, behind) = rest.split_at(end);
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = host_and_port_of(host_and_port)?;
    let port = match scheme.to_ascii_lowercase().as_str() {
        "https" => port.filter(|port| *port != 443),
        "http" => port.filter(|port| *port != 80),
        "ssh" | "git" | "git+ssh" | "ssh+git" => None,
        _ => return None,
    };
    Some(Parts { host, port, path: without_query(behind)?, escapes: Escapes::Read })
}

/// `user@host:owner/name.git`, `[user@host:port]:owner/name.git`, `user@[::1]:owner/name.git`
fn without_scheme(remote: &str) -> Option<Parts<'_>> {
    let (before, path) = match remote.split_once('[') {
        Some((user, rest)) if user.is_empty() || user.ends_with('@') => rest.split_once("]:")?,
        Some(_) | None => remote.split_once(':')?,
    };
    // A path, or a drive and a path.
    if before.contains('/') || before.len() == 1 {
        return None;
    }
    let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
    let host = match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host_and_port_of(host)?.0,
    };
    Some(Parts { host, port: None, path: without_query(path)?, escapes: Escapes::None })
}

/// The path before `?` and `#`; `None` if there is an `@` anywhere, which could be the end of a password that holds a
/// slash.
fn without_query(behind_host: &str) -> Option<&str> {
    let has_at = behind_host.contains('@') || behind_host.contains("%40");
    behind_host.split(['?', '#']).next().filter(|_| !has_at)
}

fn host_and_port_of(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (format!("[{}]", host.parse::<Ipv6Addr>().ok()?), port.strip_prefix(':').unwrap_or(port))
        }
        None => {
            let (host, port) = text.split_once(':').unwrap_or((text, ""));
            (host_name(host)?, port)
        }
    };
    let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
    Some((host, port))
}

/// A host name in lower case; `None` for what is none, so that no escape can hide an `@`.
fn host_name(text: &str) -> Option<String> {
    let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    let is_host = !host.is_empty()
        && host.len() <= HOST_BYTES_MAX
        && !host.starts_with('-')
        && !host.split('.').any(str::is_empty)
        && host.chars().all(is_letter)
        && !is_token(&host);
    is_host.then_some(host)
}

/// The parts of the path, `.git` taken off the last one.
fn segments(path: &str, escapes: Escapes) -> Option<Vec<String>> {
    let raw = path.split('/').filter(|segment| !segment.is_empty());
    let mut segments = raw.map(|segment| clear_segment(segment, escapes)).collect::<Option<Vec<_>>>()?;
    let last = segments.pop()?;
    match last.strip_suffix(".git").unwrap_or(&last) {
        "" => {}
        name => segments.push(name.to_owned()),
    }
    (!segments.is_empty()).then_some(segments)
}

fn clear_segment(raw: &str, escapes: Escapes) -> Option<String> {
    let segment = match escapes {
        Escapes::Read => unescaped(raw)?,
        Escapes::None => raw.to_owned(),
    };
    let is_odd = |letter: char| {
        letter.is_control() || letter.is_whitespace() && letter != ' ' || "@:/\\?#%".contains(letter)
    };
    let is_plain = !segment.chars().any(is_odd) && segment != "." && segment != ".." && !is_token(&segment);
    is_plain.then_some(segment)
}

fn is_token(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    TOKENS.iter().any(|token| text.len() >= token.len() + 16 && text.starts_with(token))
}

/// The text with its escapes read once; `None` where one is no escape, or they make no text.
fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(piece.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// The text as part of a path (RFC 3986, `pchar`).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
