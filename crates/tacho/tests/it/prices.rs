//! What models cost, as a user asks for it, with a file of his own and without.

use crate::fixture;
use crate::home::{Home, Ran};
use crate::resident::Resident;
use serde_json::Value as Json;
use std::fs;

/// A file with a model that is not on the list, a price that has ended, and a discount.
const OWN: &str = r#"
[[price]]
model = "house-1"
input = 0.30
output = 1.20
cache_read = 0.03
cache_write_5m = 0.30
cache_write_1h = 0.30
over = { prompt_gt = 32000, input = 0.6, output = 2.4, cache_read = 0.06, cache_write_5m = 0.6, cache_write_1h = 0.6 }
source = "our contract"

[[price]]
model = "house-0"
until = 2026-06-01
input = 1
output = 1
cache_read = 1
cache_write_5m = 1
cache_write_1h = 1

[[price]]
multiplier = 0.85
from = 2026-07-01
"#;

fn home_with(own: &str) -> Home {
    let home = Home::new();
    home.configure("");
    fs::write(home.config_file().with_file_name("prices.toml"), own).unwrap();
    home
}

/// What a command says, without places and without what changes with the list.
fn told(home: &Home, arguments: &[&str]) -> Ran {
    let version = home.json_of(&["prices", "list", "--json"])["table"].as_str().unwrap().to_owned();
    let ran = home.run(arguments);
    let stdout = home.without_place(&ran.stdout).replace(&version, "<table>");
    Ran { stdout, stderr: home.without_place(&ran.stderr), ..ran }
}

#[test]
fn a_price_is_shown_with_all_that_it_depends_on() {
    let home = Home::new();
    for (name, arguments) in [
        ("long_prompts", vec!["claude-haiku-5-5", "--at", "2026-11-28"]),
        ("other_names", vec!["us.anthropic.claude-mythos-5-2-v1:0[1m]", "--at", "2026-11-28"]),
        ("as_it_was", vec!["claude-sonnet-5-5", "--at", "2026-10-06"]),
        ("as_json", vec!["claude-opus-4-6", "--at", "2026-03-12", "--json"]),
    ] {
        let arguments = [vec!["prices", "show"], arguments].concat();
        insta::assert_snapshot!(format!("show_{name}"), told(&home, &arguments).stdout);
    }
}

#[test]
fn what_has_no_price_is_not_guessed() {
    let home = Home::new();
    for arguments in [
        ["claude-opus-5-6", "--at", "2026-11-28"],
        ["claude-fable-5-2", "--at", "2026-11-08"],
        ["<synthetic>", "--at", "2026-11-28"],
    ] {
        let ran = home.run(&[&["prices", "show"][..], &arguments].concat());
        insta::assert_debug_snapshot!(ran);
    }
    assert_eq!(home.run(&["prices", "show", "claude-opus-5-5", "--at", "2026-02-30"]).code, Some(2));
}

#[test]
fn own_prices_come_before_the_list() {
    let home = home_with(OWN);
    let list = told(&home, &["prices", "list"]).stdout;
    let own = |line: &&str| !line.starts_with("claude-");
    insta::assert_snapshot!(list.lines().filter(own).collect::<Vec<_>>().join("\n"));
    insta::assert_snapshot!(told(&home, &["prices", "show", "house-1"]).stdout);
    insta::assert_snapshot!(told(&home, &["prices", "show", "claude-opus-5-5", "--at", "2026-07-01"]).stdout);
}

#[test]
fn a_file_with_something_wrong_counts_for_nothing_and_says_so() {
    let home = home_with(&OWN.replace("multiplier = 0.85", "multiplyer = 0.85"));
    let ran = home.run(&["prices", "show", "claude-opus-5-5", "--at", "2026-07-01"]);
    let ran = Ran { stderr: home.without_place(&ran.stderr), ..ran };
    insta::assert_debug_snapshot!(ran);
    let check = home.run(&["prices", "check", "--json"]);
    assert_eq!(check.code, Some(3));
    let report: Json = serde_json::from_str(&check.stdout).unwrap();
    insta::assert_snapshot!(home.without_place(&report["findings"][0].to_string()));
}

#[test]
fn what_variables_lead_to_is_not_an_owners_file() {
    let home = Home::new();
    fs::create_dir_all(home.state()).unwrap();
    fs::write(home.state().join("prices.toml"), OWN).unwrap();
    let variables = [("TACHO_HOME", home.state()), ("XDG_CONFIG_HOME", home.state())];
    for (name, place) in variables {
        let ran = home.run_with(&["prices", "show", "house-1"], &[(name, place.to_str().unwrap())]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
}

#[test]
fn a_running_drainer_prices_by_what_is_written_down_meanwhile() {
    let home = Home::new();
    home.configure("");
    let _resident = Resident::start(&home, &[]);
    let cost = |name: &str| {
        let fixture = fixture::load(name);
        home.record(fixture);
        home.drain();
        home.json_of(&["cost", "session", "--json"])["totals"]["cost_usd_nanos"].as_i64().unwrap()
    };
    let list = cost("bash");
    let free = "[[price]]\nmultiplier = 0\n";
    fs::write(home.config_file().with_file_name("prices.toml"), free).unwrap();
    assert_eq!((list > 0, cost("denied") - list), (true, 0));
}

/// Whatever prices anew, every command says the same afterwards.
#[test]
fn all_commands_tell_the_same_amounts() {
    let home = Home::with(["bash", "nested"].map(fixture::load));
    home.configure("");
    home.drain();
    let prices = home.config_file().with_file_name("prices.toml");
    let nanos = |report: &Json| report["cost_usd_nanos"].as_i64().unwrap_or_default();
    let amounts = || {
        let sessions = home.json_of(&["sessions", "--json"])["sessions"].take();
        let of_sessions: i64 = sessions.as_array().unwrap().iter().map(nanos).sum();
        (of_sessions, nanos(&home.json_of(&["cost", "--json"])["totals"]))
    };
    let (list, by_calls) = amounts();
    assert!(list > 0 && list == by_calls);
    let multiplied = |multiplier: &str| {
        fs::write(&prices, format!("[[price]]\nmultiplier = {multiplier}\n")).unwrap();
    };
    multiplied("0.5");
    home.stdout_of(&["cost", "--reprice", "--write"]);
    assert_eq!(amounts(), (list / 2, list / 2));
    multiplied("2");
    home.stdout_of(&["rebuild"]);
    assert_eq!(amounts(), (list * 2, list * 2));
    let _resident = Resident::listening(&home);
    multiplied("3");
    home.stdout_of(&["cost", "--reprice", "--write"]);
    assert_eq!(amounts(), (list * 3, list * 3));
}

/// Half of a price list would price calls wrongly, and so would the list alone where its owner means another.
#[test]
fn nothing_is_priced_again_by_a_file_with_something_wrong() {
    let home = Home::with([fixture::load("bash")]);
    home.configure("");
    home.drain();
    fs::write(home.config_file().with_file_name("prices.toml"), "[[price]\n").unwrap();
    for arguments in [&["cost", "--reprice", "--write"][..], &["rebuild"], &["doctor"]] {
        let ran = home.run(arguments);
        let said = home.without_place(&(ran.stdout + &ran.stderr));
        let of_prices = said.lines().filter(|line| line.contains("price"));
        insta::assert_snapshot!(
            arguments[0],
            format!("{:?}\n{}", ran.code, of_prices.collect::<Vec<_>>().join("\n"))
        );
    }
}
