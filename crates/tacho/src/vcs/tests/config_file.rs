//! The syntax of git-config, against git itself.

use super::super::config_file::{Entry, read};
use super::*;
use proptest::prelude::*;

/// All entries as `git config --list --null` prints them; `None` for what is refused.
fn listed(text: &[u8]) -> Option<Vec<u8>> {
    let mut listed = Vec::new();
    for Entry { name, value } in read(text)? {
        listed.extend(name);
        if let Some(value) = value {
            listed.push(b'\n');
            listed.extend(value);
        }
        listed.push(0);
    }
    Some(listed)
}

fn listed_by_git(room: &Room, text: &[u8]) -> Option<Vec<u8>> {
    let path = room.path("config");
    fs::write(&path, text).unwrap();
    let output = Command::new("git")
        .args(["config", "--no-includes", "--list", "--null", "--file"])
        .arg(path)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap();
    output.status.success().then_some(output.stdout)
}

#[test]
fn as_git_reads_it() {
    let room = Room::new();
    for text in [
        "",
        "\n\n  \t",
        "# nothing\n; nothing",
        "[a]",
        "[a] # nothing",
        "[a]\nk = v",
        "[A-1.B]\nKey-1 = V",
        "[a.b.c] k=1",
        "[a \"B \\\"q\\\" \\\\ \\x ]#\"]\n\tk = v",
        "[a\t\"b\"] k = 1",
        "[a \"\"] k = 1",
        "[a] k = 1\n[b] k = 2\n[a] k = 3\n",
        "[a] k",
        "[a] k  \nl",
        "[a] k =",
        "[a] k = \"\"",
        "[a] k =  v1  v2\tv3 \t ; c",
        "[a] k = \" q;#  \" tail  ",
        "[a] k = a\"b\"c;d",
        "[a] k = a\\\n   b \\\nc # x\nl = 1",
        "[a] k = \"a\\\nb\"",
        "[a] k = x # y\\\nz = 1",
        "[a] k = \"a\\\"b\\\\c\\td\\ne\\bf\"",
        "[a] k = 1 \\",
        "[a] k = \\\n",
        "[a] k = \\\n  v",
        "[a]\r\nk = 1\r\n[b]\r\nl = 2 \r\n",
        "[a] k = a\rb\r",
        "[a] k = x \\\r\ny",
        "\u{feff}[a] k = 1",
        "k = 1",
        "[a] kü = 1",
        "[a] k = ü",
        "[ \"x\"] k = 1",
        "[remote \"origin\"]\n\turl = git@host:a/b\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
    ] {
        assert_eq!(listed(text.as_bytes()), listed_by_git(&room, text.as_bytes()), "{text}");
    }
}

#[test]
fn what_git_refuses() {
    let room = Room::new();
    for text in [
        "[a",
        "[a\nb]",
        "[a]\n= 1",
        "[a] 1k = 1",
        "[a] k_k = 1",
        "[a] k v = 1",
        "[a] k ; c",
        "[a] k\n= 1",
        "[a] k = \"x",
        "[a] k = \"x\ny\"",
        "[a] k = a\\q",
        "[a \"x] k = 1",
        "[a \"x\ny\"] k = 1",
        "[a \"x\\\ny\"] k = 1",
        "[a\"b\"] k = 1",
        "[a \"b\" ] k = 1",
        "[ a] k = 1",
        "[a ] k = 1",
        "[a_b] k = 1",
        "good = 1\n[a]\nk = 1\n!",
    ] {
        assert_eq!(listed(text.as_bytes()), None, "{text}");
        assert_eq!(listed_by_git(&room, text.as_bytes()), None, "{text}");
    }
}

#[test]
fn between_section_and_key() {
    let entries =
        read(b"[remote \"a.url\"] URL = 1\n[remote.b] url = 2\n[remote] url = 3\n[remotes \"c\"] url = 4");
    let entries = entries.unwrap();
    let between: Vec<_> = entries.iter().map(|entry| entry.between("remote", "url")).collect();
    assert_eq!(between, [Some(b"a.url".as_slice()), Some(b"b"), None, None]);
}

/// Text that looks like configuration, well- or ill-formed.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[a]".to_owned()),
        Just("[a \"b\"]".to_owned()),
        Just("\nkey = ".to_owned()),
        Just("k=".to_owned()),
        Just("\\\n".to_owned()),
        Just("\r\n".to_owned()),
        "[\\[\\]\"\\\\=#; \t\nab.1-]",
        "[ntbx\r\u{b}\u{c}ü]",
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn anything_as_git_reads_it(text in texts(), body in texts()) {
        let room = Room::new();
        for text in [text, format!("[s]\nkey = {body}")] {
            prop_assert_eq!(listed(text.as_bytes()), listed_by_git(&room, text.as_bytes()), "{:?}", text);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        // It ends, and does not take what it cannot have read.
        let length: usize = read(&text).unwrap_or_default().iter().map(|entry| entry.name.len()).sum();
        prop_assert!(length <= text.len() * text.len().max(1));
    }
}
