//! Real sessions: what is imported is what the API served, and what recording them wrote down.

use super::{cost, import, json};
use crate::fixture::{self, Fixture};
use crate::home::Home;
use serde_json::{Value as Json, json};
use std::fs;

/// A home with the transcripts of these sessions and nothing else.
fn transcripts_of(fixtures: &[Fixture]) -> Home {
    let home = Home::new();
    for (path, text) in fixtures.iter().flat_map(|fixture| &fixture.transcripts) {
        let to = home.path().join("projects/-home-dev-project").join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, text).unwrap();
    }
    home
}

/// The numbers of one row, without its key.
fn numbers(row: &Json, keys: &[&str]) -> Json {
    keys.iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect::<serde_json::Map<_, _>>().into()
}

const TOKENS: [&str; 6] = [
    "calls",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
];

/// The session in which our module told of calls that stand in no transcript.
const MEASURED: &str = "measured";

/// The sessions of which transcripts tell all.
fn written() -> Vec<Fixture> {
    fixture::all().into_iter().filter(|fixture| fixture.name != MEASURED).collect()
}

/// What the API served in a session, if that was written down.
fn served(fixture: &Fixture) -> Option<Json> {
    let served: Vec<_> = fixture.truth.as_ref()?.iter().filter_map(|served| served.usage.as_ref()).collect();
    let sum = |class: fn(&fixture::ServedUsage) -> u64| served.iter().map(|usage| class(usage)).sum::<u64>();
    Some(json!({
        "calls": served.len(),
        "input_tokens": sum(|usage| usage.input_tokens),
        "output_tokens": sum(|usage| usage.output_tokens),
        "cache_read_tokens": sum(|usage| usage.cache_read_input_tokens),
        "cache_write_5m_tokens": sum(|usage| usage.cache_creation.ephemeral_5m_input_tokens),
        "cache_write_1h_tokens": sum(|usage| usage.cache_creation.ephemeral_1h_input_tokens),
    }))
}

/// The calls of compactions, which only our module tells of, count, and those that transcripts tell of as well count
/// once, whoever was read first. The sum is the one that the agent itself wrote down.
#[test]
fn what_was_measured_is_what_was_served() {
    let expected = served(&fixture::load(MEASURED)).unwrap();
    let files = transcripts_of(&[fixture::load(MEASURED)]);
    for imports_first in [false, true] {
        let home = Home::new();
        if imports_first {
            import(&home, files.path());
        }
        home.record(fixture::load(MEASURED));
        home.drain();
        import(&home, files.path());
        let totals = &cost(&home, "session")["totals"];
        assert_eq!(
            (numbers(totals, &TOKENS), &totals["cost_usd_nanos"]),
            (expected.clone(), &json!(6_832_000))
        );
    }
}

#[test]
fn what_is_imported_is_what_was_served() {
    for fixture in written() {
        let Some(expected) = served(&fixture) else { continue };
        let name = fixture.name.clone();
        let files = transcripts_of(&[fixture]);
        let home = Home::new();
        import(&home, files.path());
        assert_eq!(numbers(&cost(&home, "session")["totals"], &TOKENS), expected, "{name}");
    }
}

/// The costs without what a status line told, which stands in no file.
fn used(home: &Home, by: &str) -> Json {
    let mut costs = cost(home, by);
    costs.as_object_mut().unwrap().remove("status");
    costs
}

/// Sessions that are recorded are not imported again, and whoever imports them anyway sees the same.
#[test]
fn recording_writes_down_what_importing_does() {
    let files = transcripts_of(&written());
    let imported = Home::new();
    import(&imported, files.path());
    let recorded = Home::with(written());
    for by in ["daily", "session", "agent", "model", "project"] {
        assert_eq!(used(&recorded, by), used(&imported, by), "{by}");
    }
    import(&recorded, files.path());
    assert_eq!(used(&recorded, "session"), used(&imported, "session"));
}

/// A transcript grows between two imports; only what is new is read.
#[test]
fn what_is_new_is_read_alone() {
    let fixture = fixture::load("parallel");
    let (path, text) = fixture.transcripts.first().unwrap();
    let (files, home) = (Home::new(), Home::new());
    let to = files.path().join("projects/p").join(path);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let half = text.len() / 2;
    fs::write(&to, &text[..half]).unwrap();
    assert_eq!(import(&home, files.path())["new_files"], 1);
    fs::write(&to, text).unwrap();
    let whole_rows = text[..half].rfind('\n').unwrap() + 1;
    let grown = import(&home, files.path());
    assert_eq!(grown["new_bytes"], text.len() - whole_rows);
    assert_eq!(import(&home, files.path())["new_files"], 0);
    let at_once = Home::new();
    import(&at_once, files.path());
    assert_eq!(cost(&home, "session"), cost(&at_once, "session"));
}

/// What the CLI itself said of each session, beside what was computed.
#[test]
fn what_the_agent_said_itself() {
    let (files, home) = (transcripts_of(&fixture::all()), Home::new());
    import(&home, files.path());
    insta::assert_snapshot!(home.stdout_of(&["cost", "model", "--tz", "UTC", "--reconcile"]));
}

#[test]
fn above_a_limit() {
    let (files, home) = (transcripts_of(&[fixture::load("bash")]), Home::new());
    import(&home, files.path());
    let ran = |limit: &str| home.run(&["cost", "--json", "--fail-over", limit]);
    assert_eq!(ran("0.002828").code, Some(0));
    let above = ran("0.002827");
    assert_eq!(
        (above.code, above.stderr.as_str()),
        (Some(3), "error: $0.002828000 is more than $0.002827000\n")
    );
    assert_eq!(ran("much").code, Some(2));
}

#[test]
fn as_people_read_it() {
    let fixtures: Vec<Fixture> = ["bash", "subagents", "nested"].map(fixture::load).into();
    let (files, home) = (transcripts_of(&fixtures), Home::new());
    let from = files.path().to_str().unwrap().to_owned();
    let told = [
        home.stdout_of(&["import", "--from", &from, "--dry-run"]),
        home.stdout_of(&["import", "--from", &from]),
        home.stdout_of(&["import", "--from", &from]),
        home.stdout_of(&["cost", "--tz", "UTC"]),
        home.stdout_of(&["cost", "agent", "--tz", "UTC"]),
        home.stdout_of(&["cost", "tool", "--tz", "UTC"]),
    ];
    insta::assert_snapshot!(told.join("----\n"));
    let limited = home.stdout_of(&["cost", "--tz", "UTC", "--since", "2100-01-01", "--json"]);
    assert_eq!(json(&limited)["totals"]["calls"], 0);
}

/// What the agent deletes after a while can still be imported from what was kept, whoever saw it first.
#[test]
fn transcripts_outlive_the_agents_files() {
    let fixtures = ["nested", "bash"].map(fixture::load);
    let files = transcripts_of(&fixtures);
    let imported = Home::new();
    import(&imported, files.path());
    let recorded = Home::with(fixtures);
    recorded.stdout_of(&["sessions"]);
    fs::remove_dir_all(files.path().join("projects")).unwrap();
    fs::remove_dir_all(recorded.transcripts()).unwrap();
    for home in [imported, recorded] {
        let again = Home::new();
        import(&again, &home.state().join("archive/claude-code"));
        assert_eq!(cost(&again, "session"), cost(&home, "session"));
        assert_eq!(cost(&again, "agent"), cost(&home, "agent"));
    }
}

/// Whoever says so has no archive.
#[test]
fn without_an_archive() {
    let (files, home) = (transcripts_of(&[fixture::load("bash")]), Home::new());
    home.configure("[retention]\narchive_days = 0\n");
    import(&home, files.path());
    assert!(!home.state().join("archive").exists());
}

/// Which sources saw what: sessions that were recorded, one that was only imported, one that was killed.
#[test]
fn what_is_covered() {
    let home = Home::with(["killed", "bash", "interrupted", "nested"].map(fixture::load));
    let files = transcripts_of(&[fixture::load("parallel")]);
    import(&home, files.path());
    insta::assert_snapshot!(home.stdout_of(&["coverage"]));
    let killed = fixture::load("killed").session;
    let report = home.json_of(&["coverage", killed.as_str(), "--json"]);
    insta::assert_json_snapshot!(report);
    assert_eq!(home.run(&["coverage", "nobody"]).code, Some(1));
}

/// What was priced stays priced, until somebody says that the prices of today count.
#[test]
fn prices_that_changed_since() {
    let (files, home) = (transcripts_of(&["bash", "nested"].map(fixture::load)), Home::new());
    import(&home, files.path());
    let before = cost(&home, "session");
    assert_eq!(home.stdout_of(&["cost", "--reprice"]), "every call costs what it did when it was priced\n");
    home.configure("");
    let own = "[[price]]\nmodel = \"claude-opus-5-5\"\nmultiplier = 0.5\n";
    fs::write(home.config_file().with_file_name("prices.toml"), own).unwrap();
    let told = home.stdout_of(&["cost", "--reprice"]);
    assert_eq!(cost(&home, "session"), before);
    let written = home.stdout_of(&["cost", "--reprice", "--write"]);
    let half = cost(&home, "model");
    assert_eq!(home.stdout_of(&["cost", "--reprice"]), "every call costs what it did when it was priced\n");
    let nanos = |report: &Json| report["totals"]["cost_usd_nanos"].as_u64().unwrap();
    assert_eq!(nanos(&half) * 2, nanos(&before));
    insta::assert_snapshot!(format!("{told}----\n{written}"));
}

/// A writer that died left half a row, and the next one went on behind it.
#[test]
fn a_row_behind_one_that_was_torn_is_imported() {
    let [whole, torn] = [false, true].map(|is_torn| {
        let mut fixture = fixture::load("bash");
        let rows = &mut fixture.transcripts[0].1;
        let at = rows.find(r#""type":"assistant""#).unwrap();
        let begin = rows[..at].rfind('\n').unwrap() + 1;
        if is_torn {
            let half = rows[begin..at + 200].to_owned();
            rows.insert_str(begin, &half);
        }
        let (files, home) = (transcripts_of(&[fixture]), Home::new());
        import(&home, files.path());
        cost(&home, "session")["totals"].clone()
    });
    assert_eq!(torn, whole);
}

/// Whoever pays a fixed price is told that this is no bill.
#[test]
fn what_the_amounts_are() {
    let (files, home) = (transcripts_of(&[fixture::load("bash")]), Home::new());
    import(&home, files.path());
    assert!(!home.stdout_of(&["cost"]).contains("bill"));
    fs::create_dir_all(home.path().join(".claude")).unwrap();
    let login = r#"{"claudeAiOauth":{"subscriptionType":"pro"}}"#;
    fs::write(home.path().join(".claude/.credentials.json"), login).unwrap();
    assert!(home.stdout_of(&["cost"]).ends_with("at list prices, not a bill.\n"));
    assert_eq!(home.json_of(&["cost", "--json"])["billing"], "subscription");
}
