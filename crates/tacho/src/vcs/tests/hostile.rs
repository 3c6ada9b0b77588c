//! Repositories that somebody prepared. Each test also shows that the reader comes back.

use super::*;
use proptest::prelude::*;
use rustix::fs::{CWD, Mode, mkfifoat};
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn pipe(path: &Path) {
    // A file may be in its place.
    let _ = fs::remove_file(path);
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

/// A file that claims to be larger than anything that is read.
fn huge(path: &Path) {
    let file = fs::File::options().write(true).create(true).truncate(false).open(path).unwrap();
    file.set_len(64 * 1024 * 1024 * 1024).unwrap();
}

/// A repository within another one, so that it shows when the outer one is taken for it.
fn nested(room: &Room) -> PathBuf {
    room.repository("outer");
    room.repository("outer/inner")
}

#[test]
fn pipes() {
    let room = Room::new();
    let path = nested(&room);
    let whole = room.checkout(&path).unwrap();
    let check = |name: &str, expected: Option<Checkout>| {
        let kept = fs::read(path.join(name)).ok();
        pipe(&path.join(name));
        assert_eq!(room.checkout(&path), expected, "{name}");
        fs::remove_file(path.join(name)).unwrap();
        if let Some(content) = kept {
            fs::write(path.join(name), content).unwrap();
        }
    };
    check(".git/HEAD", None);
    check(".git/commondir", None);
    check(".git/config", Some(whole.clone()));
    check(".git/logs/HEAD", Some(whole.clone()));
    check(".git/packed-refs", Some(whole.clone()));
    check(".git/refs/heads/main", Some(Checkout { head: Head::default(), ..whole.clone() }));
    git(&path, &["pack-refs", "--all"]);
    check(".git/packed-refs", Some(Checkout { head: Head::default(), ..whole.clone() }));
    // What is packed may be older than what the pipe hides.
    check(".git/refs/heads/main", Some(Checkout { head: Head::default(), ..whole.clone() }));
    fs::rename(path.join(".git"), path.join("git")).unwrap();
    check(".git", None);
    pipe(&room.path("home/.gitconfig"));
    assert_eq!(room.workplace(&path, now()).unwrap().user.unwrap().name, "dev");
}

#[test]
fn huge_files() {
    let room = Room::new();
    let path = nested(&room);
    let whole = room.checkout(&path).unwrap();
    let unknown = Checkout { head: Head::default(), ..whole.clone() };
    let log = path.join(".git/logs/HEAD");
    huge(&log);
    assert_eq!(room.workplace(&path, seconds(1_700_000_000)).unwrap().checkout, Some(unknown.clone()));
    fs::remove_file(log).unwrap();
    huge(&path.join(".git/packed-refs"));
    assert_eq!(room.checkout(&path), Some(whole.clone()));
    fs::remove_file(path.join(".git/refs/heads/main")).unwrap();
    assert_eq!(room.checkout(&path), Some(unknown.clone()));
    fs::remove_file(path.join(".git/packed-refs")).unwrap();
    git(&path, &["remote", "add", "origin", "https://github.com/a/b"]);
    huge(&path.join(".git/config"));
    assert_eq!(room.checkout(&path).unwrap().repository, whole.repository);
    huge(&path.join(".git/refs/heads/main"));
    assert_eq!(room.checkout(&path), Some(unknown.clone()));
    huge(&path.join(".git/HEAD"));
    assert_eq!(room.checkout(&path), Some(unknown));
    fs::remove_dir_all(path.join(".git")).unwrap();
    huge(&path.join(".git"));
    assert_eq!(room.checkout(&path), None);
    huge(&room.path("home/.gitconfig"));
    assert_eq!(room.workplace(&path, now()).unwrap().user.unwrap().name, "dev");
}

#[test]
fn symbolic_links() {
    let room = Room::new();
    let path = nested(&room);
    let whole = room.checkout(&path).unwrap();
    let unknown = Checkout { head: Head::default(), ..whole.clone() };
    let check = |name: &str, expected: Option<Checkout>| {
        fs::rename(path.join(name), path.join("moved")).unwrap();
        symlink(path.join("moved"), path.join(name)).unwrap();
        assert_eq!(room.checkout(&path), expected, "{name}");
        fs::remove_file(path.join(name)).unwrap();
        fs::rename(path.join("moved"), path.join(name)).unwrap();
        assert_eq!(room.checkout(&path).as_ref(), Some(&whole), "{name}");
    };
    check(".git", None);
    check(".git/HEAD", None);
    check(".git/objects", None);
    check(".git/refs", None);
    check(".git/refs/heads", Some(unknown.clone()));
    check(".git/refs/heads/main", Some(unknown));
    git(&path, &["remote", "add", "origin", "https://github.com/a/b"]);
    let repository = room.checkout(&path).unwrap().repository;
    assert_eq!(repository.name.as_deref(), Some("b"));
    fs::rename(path.join(".git/config"), path.join("moved")).unwrap();
    symlink(path.join("moved"), path.join(".git/config")).unwrap();
    assert_eq!(room.checkout(&path), Some(whole));
}

/// A name that leads to a device through a linked directory: opening some devices does things.
#[test]
fn devices() {
    let room = Room::new();
    let path = nested(&room);
    fs::remove_dir_all(path.join(".git/refs/heads")).unwrap();
    symlink("/dev", path.join(".git/refs/heads")).unwrap();
    fs::remove_dir_all(path.join(".git/logs")).unwrap();
    symlink("/dev", path.join(".git/logs")).unwrap();
    for name in ["zero", "tty", "watchdog", "shm/x"] {
        fs::write(path.join(".git/HEAD"), format!("ref: refs/heads/{name}\n")).unwrap();
        assert_eq!(room.head(&path).revision, None, "{name}");
    }
}

#[test]
fn files_that_name_other_directories() {
    let room = Room::new();
    let path = nested(&room);
    fs::rename(path.join(".git"), path.join("git")).unwrap();
    let check = |content: &str| {
        fs::write(path.join(".git"), content).unwrap();
        assert_eq!(room.checkout(&path), None, "{content:?}");
    };
    for content in [
        "",
        "gitdir:",
        "gitdir: ",
        "gitdir: \n",
        "gitdir: .git",
        "gitdir: .",
        "gitdir: /",
        "gitdir: /dev",
        "gitdir: /dev/zero",
        "gitdir: /proc/self/fd/0",
        "gitdir: /nonexistent",
        "gitdir: git\0",
        "gitdir: git\nmore",
        "gitdir: git \n",
        "GITDIR: git",
        "\u{feff}gitdir: git",
    ] {
        check(content);
    }
    check(&format!("gitdir: {}git", "./".repeat(8192)));
    fs::write(path.join(".git"), "gitdir: git\r\n").unwrap();
    assert!(room.checkout(&path).is_some());
}

#[test]
fn circles() {
    let room = Room::new();
    let path = nested(&room);
    // A shared directory that names another one in turn.
    for name in [".", "..", "../git-2", "/", "/dev", "/nonexistent", "", "a\0"] {
        fs::write(path.join(".git/commondir"), name).unwrap();
        let told = room.checkout(&path).map(|checkout| checkout.head);
        assert_eq!(told, (name == ".").then(|| head_by_git_file(&path)), "{name:?}");
    }
    fs::remove_file(path.join(".git/commondir")).unwrap();
    symlink("loop", path.join("loop")).unwrap();
    assert_eq!(room.checkout(&path.join("loop")), None);
    // References that lead to one another.
    fs::write(path.join(".git/refs/heads/a"), "ref: refs/heads/b\n").unwrap();
    fs::write(path.join(".git/refs/heads/b"), "ref: refs/heads/a\n").unwrap();
    fs::write(path.join(".git/HEAD"), "ref: refs/heads/a\n").unwrap();
    assert_eq!(room.head(&path), Head::default());
    for number in 0..10 {
        let content = format!("ref: refs/heads/{}\n", number + 1);
        fs::write(path.join(format!(".git/refs/heads/{number}")), content).unwrap();
    }
    for (start, expected) in [(0, None), (5, None), (6, branch("10"))] {
        fs::write(path.join(".git/HEAD"), format!("ref: refs/heads/{start}\n")).unwrap();
        assert_eq!(room.head(&path).reference, expected, "{start}");
    }
}

fn head_by_git_file(path: &Path) -> Head {
    let revision = fs::read_to_string(path.join(".git/refs/heads/main")).unwrap();
    Head { reference: branch("main"), revision: Some(revision.trim_end().to_owned()) }
}

#[test]
fn names_that_lead_out() {
    let room = Room::new();
    let path = nested(&room);
    fs::write(path.join("id"), "1".repeat(40)).unwrap();
    fs::write(path.join(".git/refs/id"), "1".repeat(40)).unwrap();
    for name in [
        "refs/heads/../../../id",
        "refs/../../id",
        "../id",
        "id",
        "refs//id",
        "refs/id/",
        "/refs/id",
        "refs/./id",
        "refs/heads/.hidden",
        "refs/heads/main.lock",
        "refs/heads/a b",
        "refs/heads/a\u{1b}[2J",
        "refs/heads/main\0",
        "refs/heads/@{",
        "refs/heads/a..b",
        "refs/heads/a.",
        "refs/heads/",
        "refs/",
        "",
    ] {
        fs::write(path.join(".git/HEAD"), format!("ref: {name}\n")).unwrap();
        assert_eq!(room.head(&path), Head::default(), "{name:?}");
    }
    let long = format!("ref: refs/heads/{}", "a".repeat(2000));
    fs::write(path.join(".git/HEAD"), long).unwrap();
    assert_eq!(room.head(&path), Head::default());
    for content in ["1".repeat(39), "1".repeat(41), "g".repeat(40), format!("-{}", "1".repeat(40))] {
        fs::write(path.join(".git/HEAD"), content).unwrap();
        assert_eq!(room.head(&path), Head::default());
    }
}

#[test]
fn repositories_of_other_people() {
    let room = Room::new();
    let path = nested(&room);
    let somebody_else = rustix::process::Uid::from_raw(geteuid().as_raw() + 1);
    fs::write(room.path("home/.gitconfig"), "[user]\nname = Dev\n").unwrap();
    let mut workplaces = Workplaces::new(Account { uid: somebody_else, ..room.account() });
    let workplace = workplaces.at(&path, now()).unwrap();
    assert_eq!(workplace.checkout, None);
}

/// Where only root may give files away.
#[test]
fn parts_of_other_people() {
    if !geteuid().is_root() {
        return;
    }
    let room = Room::new();
    let path = nested(&room);
    git(&path, &["worktree", "add", "-q", "tree"]);
    let tree = path.join("tree");
    let whole = room.checkout(&tree).unwrap();
    let give = |name: &str, uid: u32| std::os::unix::fs::chown(path.join(name), Some(uid), None).unwrap();
    let check = |name: &str, expected: Option<Checkout>| {
        give(name, 12345);
        assert_eq!(room.checkout(&tree), expected, "{name}");
        give(name, 0);
        assert_eq!(room.checkout(&tree).as_ref(), Some(&whole), "{name}");
    };
    check("tree", None);
    check("tree/.git", None);
    check(".git", None);
    check(".git/worktrees/tree", None);
    check(".git/objects", None);
    check(".git/worktrees/tree/HEAD", None);
    check(".git/worktrees/tree/commondir", None);
    check(".git/refs/heads/tree", Some(Checkout { head: Head::default(), ..whole.clone() }));
    check(".git/refs/heads", Some(Checkout { head: Head::default(), ..whole.clone() }));
    // Its owner may say what the directories above are.
    give("", 12345);
    assert_eq!(room.checkout(&tree).as_ref(), Some(&whole));
}

#[test]
fn what_permissions_hide() {
    let room = Room::new();
    let path = nested(&room);
    let whole = room.checkout(&path);
    let set = |mode| fs::set_permissions(path.join(".git"), fs::Permissions::from_mode(mode)).unwrap();
    set(0o000);
    let is_hidden = fs::read_dir(path.join(".git")).is_err();
    assert_eq!(room.checkout(&path), whole.filter(|_| !is_hidden));
    set(0o700);
}

#[test]
fn very_deep_directories() {
    let room = Room::new();
    let path = nested(&room);
    let below = path.join("d/".repeat(100));
    fs::create_dir_all(&below).unwrap();
    assert!(room.checkout(&below).is_some());
    let below = path.join("d/".repeat(200));
    fs::create_dir_all(&below).unwrap();
    assert_eq!(room.checkout(&below), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the files hold, what is told is text that may be shown.
    #[test]
    fn any_bytes(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 5),
        tail in "(ref: refs/heads/|\\[remote \"origin\"\\]\nurl = |)",
        at in any::<u64>(),
    ) {
        let room = Room::new();
        let path = room.path("project");
        for directory in ["objects", "refs/heads", "logs"] {
            fs::create_dir_all(path.join(".git").join(directory)).unwrap();
        }
        let names = ["HEAD", "config", "packed-refs", "logs/HEAD", "refs/heads/main"];
        for (name, content) in names.iter().zip(&contents) {
            fs::write(path.join(".git").join(name), [tail.as_bytes(), content].concat()).unwrap();
        }
        for at in [UnixNanos(at), now()] {
            let body = room.workplace(&path, at).unwrap().observation_body();
            let body = String::from_utf8(body).unwrap();
            prop_assert!(!body.contains(|letter: char| letter.is_control()) && !body.contains("\\u00"), "{}", body);
        }
    }
}
