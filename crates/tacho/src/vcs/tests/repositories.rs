//! Repositories of all kinds, as they are now.

use super::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// What is told of HEAD is what git says.
#[track_caller]
fn check_head(room: &Room, directory: &Path) {
    assert_eq!(room.head(directory), head_by_git(directory));
}

#[test]
fn a_whole_workplace() {
    let room = Room::new();
    let path = room.repository("project");
    git(&path, &["remote", "add", "origin", "git@github.com:acme/widgets.git"]);
    let below = path.join("src/deep");
    fs::create_dir_all(&below).unwrap();
    let head = head_by_git(&path);
    let workplace = room.workplace(&below, now()).unwrap();
    let expected = Workplace {
        cwd: below.to_str().unwrap().to_owned(),
        checkout: Some(Checkout {
            repository: Repository {
                url: Some("https://github.com/acme/widgets".to_owned()),
                name: Some("widgets".to_owned()),
                owner: Some("acme".to_owned()),
                provider: Some("github"),
            },
            worktree: None,
            head: head.clone(),
        }),
        user: Some(User { name: "dev".to_owned(), email: None, source: UserSource::System }),
    };
    assert_eq!(workplace, expected);
    let body: serde_json::Value = serde_json::from_slice(&workplace.observation_body()).unwrap();
    let expected = serde_json::json!({ "vcs": {
        "cwd": below.to_str().unwrap(),
        "repository_url": "https://github.com/acme/widgets",
        "repository_name": "widgets",
        "owner_name": "acme",
        "provider_name": "github",
        "ref_name": "main",
        "ref_type": "branch",
        "revision": head.revision.unwrap(),
        "user_name": "dev",
        "user_source": "os",
    }});
    assert_eq!(body, expected);
}

#[test]
fn a_body_of_everything() {
    let workplace = Workplace {
        cwd: "/home/dev/w".to_owned(),
        checkout: Some(Checkout {
            repository: local("w"),
            worktree: Some("fix".to_owned()),
            head: Head { reference: tag("v1"), revision: None },
        }),
        user: Some(User {
            name: "Dev".to_owned(),
            email: Some("dev@example.com".to_owned()),
            source: UserSource::Git,
        }),
    };
    let expected = concat!(
        r#"{"vcs":{"cwd":"/home/dev/w","repository_name":"w","ref_name":"v1","ref_type":"tag","worktree":"fix","#,
        r#""user_name":"Dev","user_email":"dev@example.com","user_source":"git"}}"#
    );
    assert_eq!(String::from_utf8(workplace.observation_body()).unwrap(), expected);
}

#[test]
fn outside_of_repositories() {
    let room = Room::new();
    let workplace = room.workplace(&room.path("home"), now()).unwrap();
    assert_eq!(workplace.checkout, None);
    assert_eq!(workplace.user.unwrap().name, "dev");
    let expected = format!(
        r#"{{"vcs":{{"cwd":"{}","user_name":"dev","user_source":"os"}}}}"#,
        room.path("home").display()
    );
    let body = room.workplace(&room.path("home"), now()).unwrap().observation_body();
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn directories_that_are_none() {
    let room = Room::new();
    let path = room.repository("project");
    fs::write(path.join("file"), "").unwrap();
    // Gone: what was there may have been a repository of its own.
    assert_eq!(room.checkout(&path.join("gone")), None);
    assert_eq!(room.checkout(&path.join("file")), None);
    for cwd in ["", "project", "./project", "/tmp/\0"] {
        assert_eq!(room.workplace(Path::new(cwd), now()), None, "{cwd:?}");
    }
    let long = format!("/{}", "a/".repeat(2048));
    assert_eq!(room.workplace(Path::new(&long), now()), None);
}

#[test]
fn through_a_symbolic_link_to_the_directory() {
    let room = Room::new();
    let path = room.repository("project");
    fs::create_dir(path.join("src")).unwrap();
    std::os::unix::fs::symlink(path.join("src"), room.path("shortcut")).unwrap();
    assert_eq!(room.head(&room.path("shortcut")), head_by_git(&path));
}

#[test]
fn branches() {
    let room = Room::new();
    let path = room.repository("project");
    check_head(&room, &path);
    git(&path, &["checkout", "-q", "-b", "feature/one.two#3"]);
    commit(&path, "two");
    check_head(&room, &path);
    git(&path, &["branch", "-m", "renamed"]);
    check_head(&room, &path);
    git(&path, &["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    git(&path, &["checkout", "-q", "alias"]);
    check_head(&room, &path);
    git(&path, &["checkout", "-q", "--orphan", "lonely"]);
    assert_eq!(room.head(&path), Head { reference: branch("lonely"), revision: None });
    check_head(&room, &path);
    commit(&path, "three");
    check_head(&room, &path);
}

#[test]
fn before_the_first_commit() {
    let room = Room::new();
    git(&room.path(""), &["init", "-q", "project"]);
    assert_eq!(room.head(&room.path("project")), Head { reference: branch("main"), revision: None });
}

#[test]
fn commits_and_tags() {
    let room = Room::new();
    let path = room.repository("project");
    git(&path, &["tag", "light"]);
    git(&path, &["tag", "-a", "-m", "x", "annotated"]);
    commit(&path, "two");
    git(&path, &["branch", "other", "HEAD~1"]);
    let check = |target: &str, expected: Option<Reference>| {
        // From one name of a commit to another one git notes nothing.
        git(&path, &["checkout", "-q", "main"]);
        git(&path, &["checkout", "-q", "--detach", target]);
        let revision = said(&git(&path, &["rev-parse", "HEAD"]));
        assert_eq!(room.head(&path), Head { reference: expected, revision }, "{target}");
    };
    for _ in ["loose", "packed"] {
        check("HEAD", None);
        check("HEAD~1", None);
        check("other", None);
        check("light", tag("light"));
        check("tags/annotated", tag("annotated"));
        check("refs/tags/light", tag("light"));
        git(&path, &["pack-refs", "--all"]);
    }
    commit(&path, "beyond the tag");
    check_head(&room, &path);
}

#[test]
fn a_commit_of_which_nothing_is_noted() {
    let room = Room::new();
    let path = room.repository("project");
    git(&path, &["checkout", "-q", "--detach"]);
    fs::remove_file(path.join(".git/logs/HEAD")).unwrap();
    check_head(&room, &path);
    assert!(room.head(&path).revision.is_some());
}

#[test]
fn packed_references() {
    let room = Room::new();
    let path = room.repository("project");
    git(&path, &["pack-refs", "--all"]);
    assert!(!path.join(".git/refs/heads/main").exists());
    check_head(&room, &path);
    git(&path, &["branch", "main-2"]);
    git(&path, &["pack-refs", "--all"]);
    git(&path, &["checkout", "-q", "main-2"]);
    check_head(&room, &path);
    // The loose one is newer than the packed one.
    commit(&path, "two");
    check_head(&room, &path);
}

#[test]
fn very_many_packed_references() {
    let room = Room::new();
    let path = room.repository("project");
    let id = head_by_git(&path).revision.unwrap();
    let other = "0123456789abcdef0123456789abcdef01234567";
    let mut packed = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    for number in 0..30_000 {
        packed.push_str(&format!("{other} refs/heads/a{number:05}/refs/heads/main\n^{other}\n"));
    }
    packed.push_str(&format!("{other} refs/heads/{}\n", "x".repeat(100_000)));
    packed.push_str(&format!("{id} refs/heads/main\n{other} refs/tags/refs/heads/main\n"));
    fs::write(path.join(".git/packed-refs"), packed).unwrap();
    fs::remove_file(path.join(".git/refs/heads/main")).unwrap();
    assert_eq!(room.head(&path), Head { reference: branch("main"), revision: Some(id) });
}

#[test]
fn ids_of_sha256() {
    let room = Room::new();
    git(&room.path(""), &["init", "-q", "--object-format=sha256", "project"]);
    let path = room.path("project");
    commit(&path, "one");
    check_head(&room, &path);
    assert_eq!(room.head(&path).revision.unwrap().len(), 64);
    git(&path, &["checkout", "-q", "--detach"]);
    check_head(&room, &path);
}

#[test]
fn references_in_tables_are_not_read() {
    let room = Room::new();
    git(&room.path(""), &["init", "-q", "--ref-format=reftable", "project"]);
    commit(&room.path("project"), "one");
    let expected = Checkout { repository: local("project"), worktree: None, head: Head::default() };
    assert_eq!(room.checkout(&room.path("project")), Some(expected));
}

#[test]
fn linked_worktrees() {
    let room = Room::new();
    let path = room.repository("project");
    git(&path, &["remote", "add", "origin", "https://gitlab.com/group/sub/project"]);
    git(&path, &["worktree", "add", "-q", "-b", "fix", "trees/fix-1"]);
    let tree = path.join("trees/fix-1");
    commit(&tree, "two");
    let expected = Checkout {
        repository: Repository {
            url: Some("https://gitlab.com/group/sub/project".to_owned()),
            name: Some("project".to_owned()),
            owner: Some("group/sub".to_owned()),
            provider: Some("gitlab"),
        },
        worktree: Some("fix-1".to_owned()),
        head: Head { reference: branch("fix"), ..head_by_git(&tree) },
    };
    assert_eq!(room.checkout(&tree), Some(expected));
    check_head(&room, &path);
    // What only this working tree has.
    git(&tree, &["update-ref", "refs/worktree/mine", "HEAD"]);
    git(&tree, &["symbolic-ref", "HEAD", "refs/worktree/mine"]);
    let revision = said(&git(&tree, &["rev-parse", "HEAD"]));
    assert_eq!(room.head(&tree), Head { reference: None, revision });
    git(&tree, &["symbolic-ref", "HEAD", "refs/heads/fix"]);
    // Relative paths, as newer git writes them.
    fs::write(tree.join(".git"), "gitdir: ../../.git/worktrees/fix-1\n").unwrap();
    assert_eq!(room.checkout(&tree).unwrap().worktree.as_deref(), Some("fix-1"));
    git(&path, &["worktree", "remove", "--force", "trees/fix-1"]);
    assert_eq!(room.checkout(&tree), None);
}

#[test]
fn worktrees_of_a_hidden_repository() {
    let room = Room::new();
    room.repository("origin");
    fs::create_dir(room.path("project")).unwrap();
    let path = room.path("project");
    git(&path, &["clone", "-q", "--bare", "../origin", ".bare"]);
    fs::write(path.join(".git"), "gitdir: ./.bare\n").unwrap();
    git(&path, &["worktree", "add", "-q", "-b", "fix", "fix"]);
    let expected = Checkout {
        repository: local("project"),
        worktree: Some("fix".to_owned()),
        head: head_by_git(&path.join("fix")),
    };
    assert_eq!(room.checkout(&path.join("fix")), Some(expected));
    assert_eq!(room.checkout(&path).unwrap().worktree, None);
}

#[test]
fn submodules() {
    let room = Room::new();
    room.repository("library");
    let path = room.repository("project");
    let url = room.path("library");
    git(&path, &["submodule", "--quiet", "add", url.to_str().unwrap(), "vendor/lib"]);
    let module = path.join("vendor/lib");
    let content = fs::read_to_string(module.join(".git")).unwrap();
    assert_eq!(content, "gitdir: ../../.git/modules/vendor/lib\n");
    let expected =
        Checkout { repository: local("lib"), worktree: None, head: Head { ..head_by_git(&module) } };
    assert_eq!(room.checkout(&module), Some(expected));
}

#[test]
fn a_git_directory_elsewhere() {
    let room = Room::new();
    git(&room.path(""), &["init", "-q", "--separate-git-dir", "widgets.git", "project"]);
    commit(&room.path("project"), "one");
    let expected =
        Checkout { repository: local("widgets"), worktree: None, head: head_by_git(&room.path("project")) };
    assert_eq!(room.checkout(&room.path("project")), Some(expected));
}

#[test]
fn a_clone_keeps_its_credentials_to_itself() {
    let room = Room::new();
    let path = room.repository("origin");
    let url = "https://dev:hunter2@github.com/acme/widgets.git";
    let instead = format!("url.{}.insteadOf={url}", path.display());
    git(&room.path(""), &["-c", &instead, "clone", "-q", url, "project"]);
    let configured = said(&git(&room.path("project"), &["config", "remote.origin.url"]));
    assert_eq!(configured.as_deref(), Some(url));
    let workplace = room.workplace(&room.path("project"), now()).unwrap();
    let repository = workplace.checkout.clone().unwrap().repository;
    assert_eq!(repository.url.as_deref(), Some("https://github.com/acme/widgets"));
    let body = String::from_utf8(workplace.observation_body()).unwrap();
    assert!(!body.contains("hunter2"), "{body}");
}

#[test]
fn which_remote_names_the_repository() {
    let room = Room::new();
    let path = room.repository("project");
    let name = || room.checkout(&path).unwrap().repository.name.unwrap();
    assert_eq!(name(), "project");
    git(&path, &["remote", "add", "up.stream", "https://github.com/acme/upstream"]);
    assert_eq!(name(), "upstream");
    git(&path, &["remote", "add", "fork", "https://github.com/dev/fork"]);
    assert_eq!(name(), "project");
    git(&path, &["remote", "add", "origin", "https://github.com/dev/first"]);
    git(&path, &["remote", "set-url", "--add", "origin", "https://github.com/dev/second"]);
    assert_eq!(said(&git(&path, &["remote", "get-url", "origin"])).unwrap(), "https://github.com/dev/first");
    assert_eq!(name(), "first");
    git(&path, &["config", "--replace-all", "remote.origin.url", "../elsewhere"]);
    assert_eq!(name(), "project");
}

#[test]
fn branch_names_of_any_bytes() {
    let room = Room::new();
    let path = room.repository("project");
    let check = |name: &[u8], expected: String| {
        let content = [b"ref: refs/heads/", name, b"\n"].concat();
        fs::write(path.join(".git/HEAD"), content).unwrap();
        fs::write(path.join(".git/refs/heads").join(OsStr::from_bytes(name)), "1".repeat(40)).unwrap();
        let expected = Head { reference: branch(&expected), revision: Some("1".repeat(40)) };
        assert_eq!(room.head(&path), expected);
    };
    check(b"gr\xc3\xbcn", "grün".to_owned());
    check(b"\xff\xfe-latin", "\u{fffd}\u{fffd}-latin".to_owned());
    // C1 control characters are characters, not bytes that git knows.
    check(b"a\xc2\x9bb", "a\u{fffd}b".to_owned());
    let long = "ä".repeat(120);
    check(long.as_bytes(), long.clone());
    let content = format!("ref: refs/heads/{}\n", [long.as_str(); 3].join("/"));
    fs::write(path.join(".git/HEAD"), content).unwrap();
    let name = room.head(&path).reference.unwrap().name;
    assert!((510..=512).contains(&name.len()) && [long.as_str(); 3].join("/").starts_with(&name), "{name}");
}

#[test]
fn a_directory_that_only_bears_the_name() {
    let room = Room::new();
    let path = room.repository("project");
    let inner = path.join("inner");
    fs::create_dir_all(inner.join(".git/objects")).unwrap();
    assert_eq!(room.head(&inner), head_by_git(&inner));
}
