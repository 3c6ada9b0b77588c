//! What was checked out at a time that has passed.

use super::*;

const START: u64 = 1_700_000_000;

/// What is to be told of a step.
#[derive(Clone, Copy)]
enum Told {
    /// What git said at the time.
    AsGit,
    /// The commit, but not the branch.
    Revision,
    /// Nothing: git leaves no trace of it.
    Nothing,
}

/// A repository whose files bear the times at which they were written.
struct Past {
    room: Room,
    path: PathBuf,
}

impl Past {
    fn new() -> Self {
        let room = Room::new();
        git(&room.path(""), &["init", "-q", "project"]);
        let path = room.path("project");
        Self { room, path }
    }

    /// Runs git as if at that second, a quarter of which it takes.
    fn git(&self, second: u64, arguments: &[&str]) {
        git_at(second, &self.path, arguments);
        self.date_files(UnixNanos(second * 1_000_000_000 + 250_000_000));
    }

    /// Gives the files that were just written a time.
    fn date_files(&self, at: UnixNanos) {
        let today = UNIX_EPOCH + Duration::from_secs(START + 1_000_000);
        let mut directories = vec![self.path.join(".git")];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                if metadata.is_dir() {
                    directories.push(entry.path());
                } else if metadata.modified().unwrap() > today
                    && !entry.path().to_str().unwrap().contains("objects")
                {
                    written_at(&entry.path(), at);
                }
            }
        }
    }

    fn head(&self, at: UnixNanos) -> Head {
        self.room.workplace(&self.path, at).unwrap().checkout.unwrap().head
    }
}

fn half_past(second: u64) -> UnixNanos {
    UnixNanos(second * 1_000_000_000 + 500_000_000)
}

#[test]
fn every_step_of_a_history() {
    let past = Past::new();
    let steps: &[(&[&str], Told)] = &[
        (&["commit", "-q", "--allow-empty", "-m", "one"], Told::AsGit),
        (&["commit", "-q", "--allow-empty", "-m", "checkout: moving from x to y"], Told::AsGit),
        (&["checkout", "-q", "-b", "topic/a"], Told::AsGit),
        (&["commit", "-q", "--allow-empty", "-m", "two"], Told::AsGit),
        (&["commit", "-q", "--amend", "--allow-empty", "-m", "two, better"], Told::AsGit),
        (&["switch", "-q", "main"], Told::AsGit),
        (&["commit", "-q", "--allow-empty", "-m", "three"], Told::AsGit),
        (&["tag", "v1"], Told::AsGit),
        (&["merge", "-q", "--no-ff", "-m", "merge", "topic/a"], Told::AsGit),
        (&["reset", "-q", "--hard", "HEAD~1"], Told::AsGit),
        (&["pack-refs", "--all"], Told::AsGit),
        (&["checkout", "-q", "-"], Told::AsGit),
        (&["commit", "-q", "--allow-empty", "-m", "four"], Told::AsGit),
        (&["rebase", "-q", "main"], Told::AsGit),
        (&["branch", "-m", "topic/b"], Told::AsGit),
        (&["commit", "-q", "--allow-empty", "-m", "five"], Told::AsGit),
        (&["checkout", "-q", "--detach", "HEAD~1"], Told::AsGit),
        (&["commit", "-q", "--allow-empty", "-m", "six"], Told::AsGit),
        (&["cherry-pick", "--allow-empty", "topic/b"], Told::AsGit),
        (&["checkout", "-q", "main"], Told::AsGit),
        (&["stash"], Told::AsGit),
        (&["checkout", "-q", "-B", "main-2"], Told::AsGit),
        (&["branch", "-m", "main-3"], Told::AsGit),
        // An orphan branch leaves no trace before its first commit: it may be as old as the entry before it.
        (&["commit", "-q", "--allow-empty", "-m", "six and a half"], Told::Nothing),
        (&["checkout", "-q", "--orphan", "lonely"], Told::Nothing),
        // Whoever points HEAD elsewhere by hand does not say from where.
        (&["commit", "-q", "--allow-empty", "-m", "seven"], Told::Revision),
        (&["symbolic-ref", "HEAD", "refs/heads/main"], Told::AsGit),
        (&["commit", "-q", "--allow-empty", "-m", "eight"], Told::AsGit),
        (&["checkout", "-q", "topic/b"], Told::AsGit),
        (&["update-ref", "HEAD", "main"], Told::AsGit),
    ];
    let mut told = Vec::new();
    for (number, (arguments, expected)) in (0_u64..).zip(steps) {
        let second = START + number * 10;
        past.git(second, arguments);
        let head = head_by_git(&past.path);
        told.push((
            second,
            arguments,
            match expected {
                Told::AsGit => head,
                Told::Revision => Head { reference: None, ..head },
                Told::Nothing => Head::default(),
            },
        ));
    }
    let mut workplaces = Workplaces::new(past.room.account());
    for (second, arguments, expected) in told {
        for at in [half_past(second), seconds(second + 9)] {
            let head = workplaces.at(&past.path, at).unwrap().checkout.unwrap().head;
            assert_eq!(head, expected, "{second} {arguments:?}");
            assert_eq!(past.head(at), expected, "{second} {arguments:?}");
        }
    }
    assert_eq!(past.head(seconds(START - 1)), Head::default());
    assert_eq!(past.head(now()), head_by_git(&past.path));
}

#[test]
fn tags_in_the_past() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    past.git(START, &["tag", "v1"]);
    past.git(START + 10, &["commit", "-q", "--allow-empty", "-m", "two"]);
    past.git(START + 20, &["checkout", "-q", "v1"]);
    let v1 = Head { reference: tag("v1"), ..head_by_git(&past.path) };
    assert_eq!(past.head(half_past(START + 20)), v1);
    past.git(START + 30, &["checkout", "-q", "main"]);
    assert_eq!(past.head(half_past(START + 20)), v1);
    past.git(START + 40, &["checkout", "-q", "v1"]);
    past.git(START + 50, &["update-ref", "--no-deref", "HEAD", "main"]);
    past.git(START + 60, &["checkout", "-q", "main"]);
    // It may have been a branch that was left without a word.
    assert_eq!(past.head(half_past(START + 40)), Head { reference: None, ..v1 });
}

#[test]
fn a_branch_that_was_left_without_a_word() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    past.git(START + 10, &["checkout", "-q", "-b", "topic"]);
    let topic = head_by_git(&past.path);
    assert_eq!(past.head(half_past(START + 10)), topic);
    fs::write(past.path.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    past.date_files(seconds(START + 20));
    assert_eq!(past.head(half_past(START + 10)), Head::default());
    assert_eq!(past.head(seconds(START + 20)), head_by_git(&past.path));
    // The log goes on, and does not know either.
    past.git(START + 30, &["commit", "-q", "--allow-empty", "-m", "two"]);
    let unnamed = Head { reference: None, ..topic };
    assert_eq!(past.head(half_past(START + 10)), unnamed);
    past.git(START + 40, &["checkout", "-q", "topic"]);
    assert_eq!(past.head(half_past(START + 10)), unnamed);
}

/// One command that makes several entries within a second: what is told before it is not what it went through.
#[test]
fn within_the_same_second() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    let before = head_by_git(&past.path);
    past.git(START + 5, &["checkout", "-q", "-b", "topic"]);
    past.git(START + 5, &["commit", "-q", "--allow-empty", "-m", "two"]);
    let after = head_by_git(&past.path);
    let at = |milliseconds: u64| past.head(UnixNanos((START + 5) * 1_000_000_000 + milliseconds * 1_000_000));
    assert_eq!(at(249), before);
    assert_eq!(at(250), after);
    // Once something newer is written, a second is the finest there is.
    past.git(START + 9, &["commit", "-q", "--allow-empty", "-m", "three"]);
    assert_eq!(past.head(seconds(START + 4)), before);
    assert_eq!(at(0), after);
    assert_eq!(at(249), after);
}

/// git notes the time at which a command began, before the hooks of the repository ran.
#[test]
fn a_commit_that_took_long() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    let before = head_by_git(&past.path);
    git_at(START + 5, &past.path, &["commit", "-q", "--allow-empty", "-m", "two"]);
    past.date_files(seconds(START + 60));
    assert_eq!(past.head(seconds(START + 59)), before);
    assert_eq!(past.head(seconds(START + 60)), head_by_git(&past.path));
    // No command takes hours: the file was written without a note.
    written_at(&past.path.join(".git/refs/heads/main"), seconds(START + 10_000));
    assert_eq!(past.head(seconds(START + 9_999)), on_main());
}

#[test]
fn invented_times() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    past.git(START + 10, &["commit", "-q", "--allow-empty", "-m", "two"]);
    // Committed at second 20.
    git_at(START - 1000, &past.path, &["commit", "-q", "--allow-empty", "-m", "three"]);
    past.date_files(seconds(START + 20));
    assert_eq!(past.head(seconds(START + 15)), on_main());
    assert_eq!(past.head(now()), head_by_git(&past.path));
    past.git(START + 30, &["commit", "-q", "--allow-empty", "-m", "four"]);
    assert_eq!(past.head(seconds(START + 15)), on_main());
    assert_eq!(past.head(seconds(START + 25)), on_main());
}

#[test]
fn nothing_is_noted() {
    let past = Past::new();
    git(&past.path, &["config", "core.logAllRefUpdates", "false"]);
    git(&past.path, &["remote", "add", "origin", "https://github.com/acme/widgets"]);
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    let checkout = past.room.workplace(&past.path, seconds(START)).unwrap().checkout.unwrap();
    assert_eq!(checkout.head, Head::default());
    assert_eq!(checkout.repository.name.as_deref(), Some("widgets"));
    assert_eq!(past.head(half_past(START)), head_by_git(&past.path));
    past.git(START + 10, &["commit", "-q", "--allow-empty", "-m", "two"]);
    assert_eq!(past.head(half_past(START)), on_main());
    past.git(START + 20, &["checkout", "-q", "-b", "topic"]);
    assert_eq!(past.head(half_past(START)), Head::default());
    assert_eq!(past.head(half_past(START + 20)), head_by_git(&past.path));
}

/// HEAD was not written since, but its branch was.
fn on_main() -> Head {
    Head { reference: branch("main"), revision: None }
}

/// Something was done that the log does not know of.
#[test]
fn a_log_with_gaps() {
    let past = Past::new();
    for (second, message) in [(0, "one"), (10, "two"), (20, "three"), (30, "four")] {
        past.git(START + second, &["commit", "-q", "--allow-empty", "-m", message]);
    }
    let three = past.head(half_past(START + 20));
    let log = past.path.join(".git/logs/HEAD");
    let text = fs::read_to_string(&log).unwrap();
    let kept: Vec<_> = text.lines().enumerate().filter(|(number, _)| *number != 1).collect();
    let kept: String = kept.iter().map(|(_, line)| format!("{line}\n")).collect();
    fs::write(&log, &kept).unwrap();
    assert_eq!(past.head(half_past(START)), on_main());
    assert_eq!(past.head(half_past(START + 10)), on_main());
    assert_eq!(past.head(half_past(START + 20)), three);
    // The last one is missing.
    fs::write(&log, text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    assert_eq!(past.head(half_past(START + 20)), on_main());
    // git is just writing it.
    fs::write(&log, text.trim_end()).unwrap();
    assert_eq!(past.head(half_past(START + 20)), on_main());
    // Damage in the middle.
    fs::write(&log, text.replacen("one", "\0\n\n\u{fffd} > x", 1)).unwrap();
    assert_eq!(past.head(half_past(START + 10)).revision.map(|id| id.len()), Some(40));
}

#[test]
fn a_long_log() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    let id = |number: u64| format!("{number:040x}");
    let mut text = String::new();
    for number in 0..20_000_u64 {
        let message = match number {
            5 => "checkout: moving from old to main".to_owned(),
            19_000 => format!("commit: {}", "long ".repeat(30_000)),
            _ => format!("commit: number {number}"),
        };
        let second = START + number;
        text.push_str(&format!("{} {} A B <a@b> {second} -0330\t{message}\n", id(number), id(number + 1)));
    }
    fs::write(past.path.join(".git/logs/HEAD"), text).unwrap();
    fs::write(past.path.join(".git/refs/heads/main"), id(20_000)).unwrap();
    let mut workplaces = Workplaces::new(past.room.account());
    let mut revision_at = |second: u64| {
        let workplace = workplaces.at(&past.path, half_past(START + second)).unwrap();
        workplace.checkout.unwrap().head.revision
    };
    for second in [19_998, 19_001, 19_000, 18_999, 18_000, 15_000] {
        assert_eq!(revision_at(second), Some(id(second + 1)), "{second}");
    }
    // Farther back than is read.
    assert_eq!(revision_at(1000), None);
    assert_eq!(revision_at(19_998), Some(id(19_999)));
}

/// Housekeeping touches all files and changes nothing.
#[test]
fn after_housekeeping() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    past.git(START + 10, &["checkout", "-q", "-b", "topic"]);
    past.git(START + 20, &["commit", "-q", "--allow-empty", "-m", "two"]);
    let head = head_by_git(&past.path);
    past.git(START + 100, &["-c", "gc.reflogExpire=never", "gc", "-q"]);
    assert!(!past.path.join(".git/refs/heads/topic").exists());
    assert_eq!(past.head(half_past(START + 20)), head);
    assert_eq!(past.head(half_past(START + 10)).reference, branch("topic"));
}

/// The log of a working tree is its own.
#[test]
fn in_a_linked_worktree() {
    let past = Past::new();
    past.git(START, &["commit", "-q", "--allow-empty", "-m", "one"]);
    past.git(START + 10, &["worktree", "add", "-q", "-b", "fix", "tree"]);
    let tree = past.path.join("tree");
    git_at(START + 20, &tree, &["commit", "-q", "--allow-empty", "-m", "two"]);
    past.date_files(half_past(START + 20));
    let two = head_by_git(&tree);
    git_at(START + 30, &tree, &["commit", "-q", "--allow-empty", "-m", "three"]);
    past.date_files(half_past(START + 30));
    let checkout = past.room.workplace(&tree, half_past(START + 25)).unwrap().checkout.unwrap();
    assert_eq!(checkout.head, two);
    assert_eq!(checkout.worktree.as_deref(), Some("tree"));
}
