//! URLs without what may be secret in them.

/// A URL with user info, query and fragment taken out; `None` for what cannot be told apart from a secret.
///
/// Takes URLs with a scheme, and the short form of git remotes, `user@host:path`.
#[must_use]
pub fn without_credentials(url: &str) -> Option<String> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = url.get(..end)?;
    if url.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return None;
    }
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
            Some(format!("{scheme}://{}{path}", without_user(authority)))
        }
        None => {
            let (host, path) = url.split_once(':')?;
            Some(format!("{}:{path}", without_user(host)))
        }
    }
}

/// The part behind the last `@`: a password may hold one itself.
fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
