//! Addresses of remotes.

use super::super::address::Address;
use proptest::prelude::*;

fn check(remote: &str, expected: Option<&str>) {
    let found = Address::read(remote.as_bytes()).map(|address| {
        let Address { url, owner, name, provider } = address;
        format!("{url} {} {name} {}", owner.unwrap_or("-".to_owned()), provider.unwrap_or("-"))
    });
    assert_eq!(found.as_deref(), expected, "{remote}");
}

#[test]
fn spellings_of_the_same() {
    let widgets = Some("https://github.com/acme/widgets acme widgets github");
    for remote in [
        "https://github.com/acme/widgets",
        "https://github.com/acme/widgets.git",
        "https://github.com/acme/widgets/",
        "https://github.com/acme/widgets.git/",
        "https://github.com//acme//widgets.git//",
        "https://github.com/acme/widgets/.git",
        "HTTPS://GitHub.COM/acme/widgets",
        "https://github.com./acme/widgets",
        "https://www.github.com/acme/widgets",
        "https://github.com:443/acme/widgets",
        "https://github.com:/acme/widgets",
        "http://github.com:80/acme/widgets",
        "git://github.com/acme/widgets.git",
        "git://github.com:9418/acme/widgets.git",
        "ssh://git@github.com/acme/widgets.git",
        "ssh://git@github.com:22/acme/widgets.git",
        "ssh://git@ssh.github.com:443/acme/widgets.git",
        "git+ssh://git@github.com/acme/widgets.git",
        "git@github.com:acme/widgets.git",
        "github.com:acme/widgets",
        "git@github.com:/acme/widgets.git",
        "[git@github.com]:acme/widgets.git",
        "[git@github.com:22]:acme/widgets.git",
        "org-7@github.com:acme/widgets",
        "https://github.com/acme/%77idgets",
        "https://github.com/acme/widgets?ref=main",
        "https://github.com/acme/widgets.git#readme",
        "https://github.com/acme/widgets?token=hunter2#hunter2",
    ] {
        check(remote, widgets);
    }
}

#[test]
fn hosts_and_paths() {
    check("https://gitlab.com/a/b/c/d.git", Some("https://gitlab.com/a/b/c/d a/b/c d gitlab"));
    check("git@altssh.gitlab.com:a/b", Some("https://gitlab.com/a/b a b gitlab"));
    check("git@bitbucket.org:team/repo.git", Some("https://bitbucket.org/team/repo team repo bitbucket"));
    check("https://codeberg.org/a/b", Some("https://codeberg.org/a/b a b gitea"));
    check("https://gitea.com/a/b", Some("https://gitea.com/a/b a b gitea"));
    // A name says nothing of what runs there.
    check("https://gitlab.example.com/a/b", Some("https://gitlab.example.com/a/b a b -"));
    check("https://github.com.example.net/a/b", Some("https://github.com.example.net/a/b a b -"));
    check("git@github.com-work:a/b", Some("https://github.com-work/a/b a b -"));
    check("https://git.example.com:8443/a/b", Some("https://git.example.com:8443/a/b a b -"));
    check("http://localhost:3000/a/b", Some("https://localhost:3000/a/b a b -"));
    check("ssh://git@git.example.com:2222/a/b", Some("https://git.example.com/a/b a b -"));
    check("ssh://git@[::1]:2222/a/b", Some("https://[::1]/a/b a b -"));
    check("git@[2001:DB8::1]:a/b", Some("https://[2001:db8::1]/a/b a b -"));
    check("[2001:db8::1]:a/b", Some("https://[2001:db8::1]/a/b a b -"));
    check("https://[::1]:8443/a/b", Some("https://[::1]:8443/a/b a b -"));
    check("git@git.sr.ht:~dev/repo", Some("https://git.sr.ht/~dev/repo ~dev repo -"));
    check("host:repo.git", Some("https://host/repo - repo -"));
    check("https://example.com/repo.git", Some("https://example.com/repo - repo -"));
    check("https://example.com/a/b.git.git", Some("https://example.com/a/b.git a b.git -"));
    check(
        "https://dev.azure.com/org/My%20Project/_git/repo",
        Some("https://dev.azure.com/org/My%20Project/_git/repo org/My Project/_git repo -"),
    );
    check("https://example.com/gr%C3%BCn/ü", Some("https://example.com/gr%C3%BCn/%C3%BC grün ü -"));
}

#[test]
fn what_has_no_host() {
    for remote in [
        "",
        "/srv/git/repo.git",
        "../repo",
        "./a:b",
        "repo",
        "~/repo",
        "file:///srv/git/repo.git",
        "file://host/srv/git/repo.git",
        "C:\\repo",
        "C:/repo",
        "ext::sh -c evil",
        "ext::ssh://example.com/a/b",
        "codecommit::eu-west-1://repo",
        "rsync://example.com/a/b",
        "ftp://example.com/a/b",
        "://example.com/a/b",
        "https://",
        "https:///a/b",
        "https://example.com",
        "https://example.com/",
        "https://example.com/.git",
        "https://example.com?a/b",
        "git@:a/b",
        "git@example.com:",
        "git@-oProxyCommand=evil:a/b",
        "ssh://-oProxyCommand=evil/a/b",
        "https://.example.com/a/b",
        "https://example.com:port/a/b",
        "https://example.com:99999/a/b",
        "https://[::1/a/b",
        "https://[github.com]/a/b",
        "https://exämple.com/a/b",
        "https://example.com/a/../b",
        "https://example.com/a/%2e%2e/b",
        "https://example.com/a/%2fb",
        "https://example.com/a/%zz",
        "https://example.com/a/%4",
        "https://example.com/a/%FF",
        "https://example.com/a/b%0Ac",
        "https://example.com/a b",
        "https://example.com/a\n/b",
        "git@example.com:a/b c",
        "git@example.com:a/b\u{7f}",
        "https://example.com/a/\u{2028}b",
    ] {
        check(remote, None);
    }
    check(&format!("https://example.com/{}", "a".repeat(2048)), None);
    check(&format!("https://{}.com/a", "a".repeat(250)), None);
    assert_eq!(Address::read(b"https://example.com/a/\xff"), None);
}

#[test]
fn credentials() {
    let widgets = Some("https://github.com/acme/widgets acme widgets github");
    for remote in [
        "https://hunter2@github.com/acme/widgets",
        "https://dev:hunter2@github.com/acme/widgets",
        "https://:hunter2@github.com/acme/widgets",
        "https://dev:@github.com/acme/widgets",
        "https://dev@example.com:hunter2@github.com/acme/widgets",
        "https://dev:hunt%40er2@github.com/acme/widgets",
        "https://dev%3Ahunter2@github.com/acme/widgets",
        "http://x-access-token:hunter2@github.com/acme/widgets.git",
        "ssh://dev:hunter2@github.com:22/acme/widgets.git",
        "git://dev:hunter2@github.com/acme/widgets.git",
        "hunter2@github.com:acme/widgets",
        "[dev:hunter2@github.com:22]:acme/widgets",
    ] {
        check(remote, widgets);
    }
    for remote in [
        // The host would be a credential.
        "https://dev%3Ahunter2%40github.com/acme/widgets",
        "https://dev:hunter2%40github.com/acme/widgets",
        // A password with a slash, a question mark, a hash, a backslash.
        "https://dev:1/hunter2@github.com/acme/widgets",
        "https://dev:hunter2/3@github.com/acme/widgets",
        "https://dev/hunter2@github.com/acme/widgets",
        "https://dev:1?hunter2@github.com/acme/widgets",
        "https://1#hunter2@github.com/acme/widgets",
        "https://dev:1/hunter2?x@github.com/acme/widgets",
        "https://dev:1/hunter2%40github.com/acme/widgets",
        "https://dev:1/hunter2%2540github.com/acme/widgets",
        "https://example.com\\@github.com/acme/widgets",
        "https://example.com/acme:hunter2/widgets",
        "https://example.com/acme%3Ahunter2/widgets",
        // git takes these for a host and a path.
        "dev:hunter2@github.com:acme/widgets",
        "dev:hunter2@github.com/acme/widgets",
        // Tokens where a name belongs.
        "https://example.com/ghp_0123456789abcdefABCDEF0123456789abcd/widgets",
        "https://example.com/t/glpat-0123456789abcdefABCD/acme/widgets",
        "https://example.com/%67hp_0123456789abcdefABCDEF0123456789abcd/widgets",
        "https://ghp_0123456789abcdefABCDEF0123456789abcd/acme/widgets",
        "git@example.com:github_pat_0123456789abcdefABCDEF/widgets",
    ] {
        check(remote, None);
    }
}

/// What people and programs put before the host.
fn url_with_secret() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        "(https|http|ssh|git|git\\+ssh|ftp|file)://",
        "[a-z%@:/?#\\[\\]\\\\.0-9]{0,12}",
        "%(40|3A|2F|25|23|3F)",
    ];
    let host = "(github\\.com|\\[::1\\]|[a-z.]{1,8})(:[0-9]{1,5})?";
    let path = "[/:][a-z0-9%?#/.@~]{0,20}";
    let at = prop_oneof![Just("@".to_owned()), Just("%40".to_owned()), Just(":x@".to_owned())];
    (piece.clone(), piece.clone(), piece, at, host, path).prop_map(
        |(scheme, before, between, at, host, path)| {
            format!("{scheme}{before}S3CRET{between}{at}{host}{path}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_secret_gets_through(remote in url_with_secret()) {
        if let Some(Address { url, owner, name, .. }) = Address::read(remote.as_bytes()) {
            let told = format!("{url} {owner:?} {name}").to_lowercase();
            prop_assert!(!told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn an_address_is_one(remote in proptest::collection::vec(any::<u8>(), 0..60)) {
        prop_assert!(Address::read(&remote).is_none_or(|address| is_plain(&address)));
    }

    #[test]
    fn an_address_of_an_address_is_itself(remote in "(https://|git@|)[a-zA-Z.:\\[\\]]{1,9}[:/]([a-z%0-9A-F ü~+=.]{1,9}/?){0,3}") {
        if let Some(address) = Address::read(remote.as_bytes()) {
            prop_assert!(is_plain(&address), "{address:?}");
            // Only a second `.git` would be taken off too.
            if !address.url.ends_with(".git") {
                prop_assert_eq!(Address::read(address.url.as_bytes()), Some(address));
            }
        }
    }
}

fn is_plain(address: &Address) -> bool {
    let rest = address.url.strip_prefix("https://").unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=%/:[]".contains(letter);
    rest.contains('/') && rest.chars().all(is_plain) && !address.name.is_empty()
}
