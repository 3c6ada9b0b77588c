//! Transcripts as they are found: torn, written anew, moved, told twice. What stands in them intact is understood as if
//! nothing had happened to the rest.

use crate::fixture::{self, Fixture, HookCall};
use crate::home::Home;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Hooks that have run when the transcript is read for the first time.
const FIRST_HOOKS: usize = 4;
/// Rows that stand in it then: all up to an answer of the model.
const FIRST_ROWS: usize = 12;

/// A session, and the rows of its transcript.
fn session() -> (Fixture, Vec<String>) {
    let fixture = fixture::load("bash");
    let rows = fixture.transcripts[0].1.lines().map(str::to_owned).collect();
    (fixture, rows)
}

fn text(rows: &[String]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// A part of the session, with its transcript at this path.
fn part(path: &Path, transcript: &str, hooks: Vec<HookCall>) -> Fixture {
    let (fixture, _) = session();
    Fixture { hooks, transcripts: vec![(path.to_owned(), transcript.to_owned())], ..fixture }
}

/// What is reported of the session if its transcript reads so when it is read first, and so in the end.
fn reports(first: &str, last: &str) -> Vec<String> {
    reports_of(first, last, |_| {})
}

/// The same for a transcript to which something is done in between.
fn reports_of(first: &str, last: &str, meanwhile: fn(&Path)) -> Vec<String> {
    let (fixture, _) = session();
    let path = fixture.transcripts[0].0.clone();
    let mut hooks = fixture.hooks;
    let last_hooks = hooks.split_off(FIRST_HOOKS);
    let home = Home::with([part(&path, first, hooks)]);
    home.drain();
    meanwhile(&home.transcripts().join(&path));
    home.record(part(&path, last, last_hooks));
    home.drain();
    home.reports()
}

/// What is reported if nothing happens to it.
fn undisturbed() -> Vec<String> {
    let (_, rows) = session();
    reports(&text(&rows[..FIRST_ROWS]), &text(&rows))
}

/// The same, but for a piece that nobody understands.
fn with_a_damaged_row() -> Vec<String> {
    let counted = |report: String| report.replace(r#""not_understood":0"#, r#""not_understood":1"#);
    undisturbed().into_iter().map(counted).collect()
}

#[test]
fn a_row_behind_one_that_was_torn_is_read() {
    let (_, rows) = session();
    let torn = |bytes: usize| format!("{}{}", text(&rows[..FIRST_ROWS]), &rows[FIRST_ROWS][..bytes]);
    // Inside a name, between members, inside a text, before the end.
    for bytes in [1, 20, 200, rows[FIRST_ROWS].len() - 1] {
        let last = torn(bytes) + &text(&rows[FIRST_ROWS..]);
        assert_eq!(reports(&torn(bytes), &last), with_a_damaged_row(), "torn after {bytes} bytes");
    }
}

/// The lines of a patch are short, and all of them are more than is kept of a row.
#[test]
fn a_row_with_more_lines_than_are_kept_is_read() {
    let (_, mut rows) = session();
    let lines = serde_json::to_string(&vec!["+ a line"; 200_000]).unwrap();
    for row in rows.iter_mut().filter(|row| row.contains("toolUseResult")) {
        *row = row.replacen('{', &format!(r#"{{"lines":{lines},"#), 1);
    }
    assert_eq!(reports(&text(&rows[..FIRST_ROWS]), &text(&rows)), undisturbed());
}

#[test]
fn a_last_row_that_lacks_nothing_but_its_end_is_read() {
    let (_, rows) = session();
    let first = text(&rows[..FIRST_ROWS]);
    let until_last_answer = text(&rows[..17]);
    assert_eq!(reports(&first, until_last_answer.trim_end()), reports(&first, &until_last_answer));
}

/// A row that was read without its line feed is no other one when that has come.
#[test]
fn a_row_that_was_read_early_is_read_once() {
    let (_, rows) = session();
    let first = text(&rows[..FIRST_ROWS]);
    assert_eq!(reports(first.trim_end(), &text(&rows)), undisturbed());
    let without_line_feed = format!("{}{}", first.trim_end(), text(&rows[FIRST_ROWS..]));
    assert_eq!(reports(first.trim_end(), &without_line_feed), undisturbed());
}

#[test]
fn a_transcript_that_was_written_anew_is_read_anew() {
    let (_, rows) = session();
    let first = text(&rows[..FIRST_ROWS]);
    // Shorter, and longer than it was; in place, and as another file.
    let less = text(&rows[FIRST_ROWS - 2..]);
    let more = format!("{}\n{}", r#"{"type":"summary","summary":"What went before."}"#, text(&rows));
    let replaced = |path: &Path| fs::remove_file(path).unwrap();
    for last in [less, more] {
        assert_eq!(reports(&first, &last), undisturbed());
        assert_eq!(reports_of(&first, &last, replaced), undisturbed());
    }
}

#[test]
fn a_transcript_that_moved_is_followed() {
    let (fixture, rows) = session();
    let name = fixture.transcripts[0].0.clone();
    let elsewhere = PathBuf::from("elsewhere").join(&name);
    let mut hooks = fixture.hooks;
    let mut last_hooks = hooks.split_off(FIRST_HOOKS);
    let home = Home::with([part(&name, &text(&rows[..FIRST_ROWS]), hooks)]);
    home.drain();
    fs::remove_file(home.transcripts().join(&name)).unwrap();
    for hook in &mut last_hooks {
        let (from, to) = (name.to_str().unwrap(), elsewhere.to_str().unwrap());
        hook.payload = hook.payload.replace(from, to);
    }
    home.record(part(&elsewhere, &text(&rows), last_hooks));
    home.drain();
    assert_eq!(home.reports(), undisturbed());
}

#[test]
fn a_row_that_is_there_twice_is_one_row() {
    let (_, rows) = session();
    let first = text(&rows[..FIRST_ROWS]);
    assert_eq!(reports(&first, &(text(&rows) + &text(&rows))), undisturbed());
}

/// A machine that lost power leaves blocks of zeros.
#[test]
fn a_block_of_zeros_costs_itself() {
    let (_, rows) = session();
    let first = text(&rows[..FIRST_ROWS]);
    let zeros = "\0".repeat(4096);
    let last = format!("{first}{zeros}{}", text(&rows[FIRST_ROWS..]));
    assert_eq!(reports(&first, &last), with_a_damaged_row());
}

/// What hooks say is there without a transcript, and says that it is all there is.
#[test]
fn a_session_without_a_transcript_is_what_hooks_said() {
    let (fixture, _) = session();
    let home = Home::with([Fixture { transcripts: Vec::new(), ..fixture }]);
    home.drain();
    insta::assert_snapshot!(home.stdout_of(&["show", "last"]));
}

/// The CLI writes requests and answers down separately; one that asked stands behind its answer at times.
#[test]
fn a_request_that_stands_behind_its_answer() {
    let (_, mut rows) = session();
    let before = undisturbed();
    let is_of = |row: &String, row_type: &str| row.contains(&format!(r#""type":"{row_type}""#));
    let asked = rows.iter().position(|row| is_of(row, "api-request")).unwrap();
    let answered = rows.iter().position(|row| is_of(row, "assistant")).unwrap();
    assert!(asked < answered);
    let request = rows.remove(asked);
    rows.insert(answered, request);
    assert_eq!(reports(&text(&rows), &text(&rows)), before);
}

/// Where no second name can be had for a file, as on another file system, it is copied, and the copy is whole in the end.
#[test]
fn what_is_kept_of_a_transcript_is_whole_in_the_end() {
    let (fixture, rows) = session();
    let path = fixture.transcripts[0].0.clone();
    let (home, elsewhere) = (Home::new(), TempDir::new_in("/dev/shm").unwrap());
    fs::create_dir_all(home.transcripts().parent().unwrap()).unwrap();
    symlink(elsewhere.path(), home.transcripts()).unwrap();
    let mut hooks = fixture.hooks;
    let last_hooks = hooks.split_off(FIRST_HOOKS);
    home.record(part(&path, &text(&rows[..FIRST_ROWS]), hooks));
    home.drain();
    home.record(part(&path, &text(&rows), last_hooks));
    home.drain();
    let archive = home.state().join("archive/claude-code");
    let kept =
        archive.join(home.transcripts().strip_prefix(home.path().join(".claude")).unwrap()).join(&path);
    assert_eq!(fs::read_to_string(kept).unwrap(), text(&rows));
}

/// An agent that moves its transcript, as into a worktree, has subagents beside the new one; workflows have folders of their own.
#[test]
fn subagents_are_found_wherever_their_files_lie() {
    let undisturbed = Home::with([fixture::load("subagent")]);
    undisturbed.drain();
    let id = fixture::load("subagent").session.as_str().to_owned();
    let [flat, moved] = ["subagents", "subagents/workflows/run"].map(|folder| format!("{id}/{folder}"));
    for (from, to) in [(flat.clone(), moved), (flat.clone(), format!("elsewhere/{flat}"))] {
        let mut fixture = fixture::load("subagent");
        for (path, _) in &mut fixture.transcripts {
            if let Ok(name) = path.strip_prefix(&from) {
                *path = Path::new(&to).join(name);
            }
        }
        if to.starts_with("elsewhere") {
            let main = format!("{id}.jsonl");
            fixture.transcripts.push((Path::new("elsewhere").join(&main), String::new()));
            let last = fixture.hooks.last_mut().unwrap();
            last.payload = last.payload.replace(&main, &format!("elsewhere/{main}"));
        }
        let home = Home::with([fixture]);
        home.drain();
        assert_eq!(home.reports(), undisturbed.reports(), "{to}");
    }
}
