//! What a project's file may say, and how little of it is believed.

use super::{FILE_BYTES_MAX, ProjectFile, Rules, Wishes, observation_body};
use rustix::process::{Uid, geteuid};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tacho_agents::AGENTS;
use tempfile::TempDir;

const OURS: &str = ".claude/tachograph.local.md";
const OTHERS: &str = ".claude/dash0-agent-plugin.local.md";
const NOT_READ: &str =
    "it is not read: only a regular file of yours up to 64 KiB is, behind no symbolic link";

/// A directory with files in it.
struct Room(TempDir);

impl Room {
    fn with(files: &[(&str, &str)]) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            room.write(name, text);
        }
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn find(&self, directory: &str) -> Option<ProjectFile> {
        ProjectFile::find(AGENTS[0], &self.path(directory), geteuid()).unwrap()
    }

    /// Which file is found from a directory.
    fn found(&self, directory: &str) -> Option<PathBuf> {
        self.find(directory).map(|file| file.path)
    }
}

#[track_caller]
fn check(text: &str, rules: Rules, wishes: Wishes, problems: &[&str]) {
    let room = Room::with(&[(OURS, text)]);
    let file = room.find("").unwrap();
    assert_eq!(
        (file.rules, file.wishes, file.problems),
        (rules, wishes, problems.map_to_strings()),
        "{text}"
    );
}

trait MapToStrings {
    fn map_to_strings(&self) -> Vec<String>;
}

impl MapToStrings for [&str] {
    fn map_to_strings(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

fn withheld() -> Rules {
    Rules { withheld: true, ..Rules::default() }
}

fn without_content() -> Rules {
    Rules { omits_content: true, ..Rules::default() }
}

fn without_names() -> Rules {
    Rules { omits_names: true, ..Rules::default() }
}

fn saying(attributes: &[(&str, &str)]) -> Rules {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Rules { attributes: attributes.iter().map(pair).collect(), ..Rules::default() }
}

#[test]
fn what_takes_away() {
    let nothing = Rules::default();
    let unclear = " has a value that is not understood, so the strictest is taken";
    let table: &[(&str, Rules, Option<&str>)] = &[
        ("enabled: true", nothing.clone(), None),
        ("enabled: false", withheld(), None),
        ("enabled: \"false\"", withheld(), None),
        ("enabled: no", withheld(), None),
        ("enabled: perhaps", withheld(), Some("enabled")),
        ("enabled: [true]", withheld(), Some("enabled")),
        ("enabled:", nothing.clone(), None),
        ("omit_io: true", without_content(), None),
        ("OMIT_IO: 'true'", without_content(), None),
        ("omit_io: false", nothing.clone(), None),
        ("omit_io: {}", without_content(), Some("omit_io")),
        ("capture_level: metadata", without_content(), None),
        ("capture_level: full", nothing.clone(), None),
        ("capture_level: everything", without_content(), Some("capture_level")),
        ("omit_user_info: true", without_names(), None),
        ("omit_user_info: false", nothing.clone(), None),
        ("user_info: hash", without_names(), None),
        ("user_info: name", nothing.clone(), None),
        ("user_info: 7", without_names(), Some("user_info")),
    ];
    for (line, rules, problem) in table {
        let problem = problem.map(|name| format!("{name}{unclear}"));
        let problems: Vec<&str> = problem.iter().map(String::as_str).collect();
        check(&format!("---\n{line}\n---\n"), rules.clone(), Wishes::default(), &problems);
    }
}

#[test]
fn what_a_project_says_of_itself() {
    let long = "x".repeat(257);
    let text = format!(
        "---\nattributes:\n  area: payments\n  project.cost.center: 17\n  empty:\n  list: [1]\n  Big: x\n  \"a..b\": x\n  \
         long: {long}\n  odd: \"a\\u0007b\"\n---\n"
    );
    check(
        &text,
        saying(&[("area", "payments"), ("cost.center", "17"), ("odd", "a\u{fffd}b")]),
        Wishes::default(),
        &[
            "attribute Big is no name: small letters, digits and _ are, with dots between them",
            "attribute a..b is no name: small letters, digits and _ are, with dots between them",
            "attribute list has a value that is no text",
            "attribute long is longer than 256 bytes",
        ],
    );
    let many: String = (0..17).map(|number| format!("  a{number:02}: x\n")).collect();
    let names: Vec<String> = (0..16).map(|number| format!("a{number:02}")).collect();
    let sixteen: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let problem = "attribute a16 is one too many: 16 are taken";
    check(&format!("---\nattributes:\n{many}---\n"), saying(&sixteen), Wishes::default(), &[problem]);
}

#[test]
fn what_is_wished_for() {
    let text = |text: &str| Some(text.to_owned());
    check(
        "---\nenabled: true\notlp_url: \"https://ingress.example.com\"\nauth_token: \"a-token\"\ndataset: \"a-dataset\"\n\
         agent_name: \"an-agent\"\n---\nNotes.\n",
        Rules::default(),
        Wishes {
            endpoint: text("https://ingress.example.com"),
            token: text("a-token"),
            dataset: text("a-dataset"),
            agent_name: text("an-agent"),
        },
        &[],
    );
    check(
        "---\nauth_token: a-token\nproxy: http://example.com\nheaders: {a: b}\n---\n",
        Rules::default(),
        Wishes::default(),
        &[
            "headers is nothing that a project may say",
            "proxy is nothing that a project may say",
            "auth_token belongs to an otlp_url beside it",
        ],
    );
}

#[test]
fn what_is_no_front_matter() {
    let bombs: String =
        (1..40).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)).collect();
    let bomb = format!("---\na0: &a0 [x, x]\n{bombs}---\n");
    let yaml = "its front matter is not the YAML of names and values";
    for (text, problem) in [
        ("", None),
        ("# Notes\n---\nenabled: false\n---\n", None),
        ("---\n---\n", None),
        ("\u{feff}---\r\n---\r\n", None),
        ("---\nenabled: false\n", Some("its front matter has no end: a line ---")),
        ("---\n- enabled\n---\n", Some(yaml)),
        ("---\nauth_token: \"a-token\n---\n", Some(yaml)),
        ("---\nenabled: true\nenabled: false\n---\n", Some(yaml)),
        (bomb.as_str(), Some(yaml)),
    ] {
        let rules = problem.map_or_else(Rules::default, |_| Rules::strictest());
        check(text, rules, Wishes::default(), &problem.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn which_file_counts() {
    let empty = "---\n---\n";
    let room = Room::with(&[
        ("repository/.git/HEAD", ""),
        ("repository/.claude/tachograph.local.md", empty),
        ("repository/part/.claude/dash0-agent-plugin.local.md", empty),
        ("repository/part/deep/file", ""),
        ("repository/other/file", ""),
        ("repository/nested/.git", ""),
        (OURS, empty),
        (OTHERS, empty),
        ("plain/file", ""),
    ]);
    let table = [
        ("repository", Some("repository/.claude/tachograph.local.md")),
        ("repository/other", Some("repository/.claude/tachograph.local.md")),
        ("repository/part", Some("repository/part/.claude/dash0-agent-plugin.local.md")),
        ("repository/part/deep", Some("repository/part/.claude/dash0-agent-plugin.local.md")),
        ("repository/nested", None),
        ("", Some(OURS)),
        ("plain", None),
    ];
    for (directory, expected) in table {
        assert_eq!(room.found(directory), expected.map(|name| room.path(name)), "{directory}");
    }
    assert!(ProjectFile::find(AGENTS[0], &room.path("gone"), geteuid()).is_err());
}

/// What is not read is taken to take away.
#[test]
fn what_is_not_opened() {
    let check = |prepare: &dyn Fn(&Room, &Path), owner: Uid| {
        let room = Room::with(&[(".claude/other", "---\nenabled: true\n---\n")]);
        prepare(&room, &room.path(OURS));
        let file = ProjectFile::find(AGENTS[0], &room.path(""), owner).unwrap().unwrap();
        assert_eq!((file.rules, file.problems), (Rules::strictest(), [NOT_READ].map_to_strings()));
        assert_eq!(file.sha256, "");
    };
    let ours = geteuid();
    check(&|room, path| symlink(room.path(".claude/other"), path).unwrap(), ours);
    check(&|_, path| fs::create_dir(path).unwrap(), ours);
    check(&|_, path| fs::write(path, vec![b' '; FILE_BYTES_MAX as usize + 1]).unwrap(), ours);
    let make_pipe =
        |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    check(&|_, path| make_pipe(path), ours);
    check(
        &|room, path| fs::copy(room.path(".claude/other"), path).map(|_| ()).unwrap(),
        Uid::from_raw(12345),
    );
    check(
        &|room, _| {
            fs::rename(room.path(".claude"), room.path("elsewhere")).unwrap();
            fs::write(room.path("elsewhere/tachograph.local.md"), "").unwrap();
            symlink(room.path("elsewhere"), room.path(".claude")).unwrap();
        },
        ours,
    );
}

#[test]
fn what_is_written_down() {
    let room = Room::with(&[(
        OURS,
        "---\nenabled: false\nomit_io: true\nattributes: {area: payments}\nauth_token: a-token\notlp_url: https://a.example\n---\n",
    )]);
    let body = String::from_utf8(observation_body(room.find("").as_ref())).unwrap();
    assert_eq!(
        body.replace(room.path("").to_str().unwrap(), "[room]/"),
        r#"{"project":{"file":"[room]/.claude/tachograph.local.md","sha256":"SHA","withheld":true,"omits_content":true,"attributes":{"area":"payments"}}}"#
            .replace("SHA", &room.find("").unwrap().sha256)
    );
    assert_eq!(observation_body(None), br#"{"project":{}}"#);
}
