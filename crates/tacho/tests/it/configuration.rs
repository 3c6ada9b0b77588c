//! Whose word counts: the owner's file, wherever variables lead, and what a file says that is wrong.

use crate::fixture;
use crate::home::{Home, Ran};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Stdio;
use tacho_model::attribute::{Class, Key};
use tacho_testkit::otlp::Receiver;

/// A file that variables lead to.
fn led_to(home: &Home, config: &str) -> PathBuf {
    let directory = home.state().with_file_name("elsewhere");
    fs::create_dir_all(directory.join("tachograph")).unwrap();
    for place in ["config.toml", "tachograph/config.toml"] {
        fs::write(directory.join(place), config).unwrap();
    }
    directory
}

/// What a command says where a variable leads elsewhere, without places.
fn told(home: &Home, arguments: &[&str], variable: &str, place: &PathBuf) -> Ran {
    let mut command = home.command(arguments);
    if variable != "TACHO_HOME" {
        command.env_remove("TACHO_HOME");
    }
    let ran = Ran::from(command.env(variable, place).output().unwrap());
    Ran { stdout: home.without_place(&ran.stdout), stderr: home.without_place(&ran.stderr), ..ran }
}

/// Variables that lead to another configuration.
const LEADING: [&str; 2] = ["TACHO_HOME", "XDG_CONFIG_HOME"];

#[test]
fn what_the_owner_says_stays_wherever_variables_lead() {
    let home = Home::new();
    home.configure("local_only = true\nteam = \"payments\"\n");
    let place = led_to(&home, "[[destination]]\nendpoint = \"http://127.0.0.1:9\"\n");
    for variable in LEADING {
        let ran = told(&home, &["config", "show"], variable, &place);
        insta::allow_duplicates!(insta::assert_snapshot!(ran.stdout));
    }
}

#[test]
fn nobody_else_says_that_nothing_is_sent() {
    let home = Home::new();
    home.configure("[[destination]]\nendpoint = \"https://otlp.example.com\"\ntoken = \"a-token\"\n");
    let place = led_to(&home, "local_only = true\nteam = \"another\"\n");
    for variable in LEADING {
        let ran = told(&home, &["config", "show"], variable, &place);
        let ran = Ran { stdout: ran.stdout.replace("elsewhere/tachograph/", "elsewhere/"), ..ran };
        insta::allow_duplicates!(insta::assert_snapshot!(ran.stdout));
    }
}

#[test]
fn what_is_typed_goes_into_the_owners_file() {
    let home = Home::new();
    let place = led_to(&home, "");
    for variable in LEADING {
        let ran = told(&home, &["config", "set", "team", variable], variable, &place);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
        let file = fs::read_to_string(home.config_file()).unwrap();
        assert_eq!(file, format!("team = {variable:?}\n"));
        let ran = told(&home, &["config", "path"], variable, &place);
        assert_eq!(ran.stdout, "[home]/.config/tachograph/config.toml\n");
        let ran = told(&home, &["config", "path", "--json"], variable, &place);
        assert_eq!(ran.stdout, "{\"schema_version\":1,\"file\":\"[home]/.config/tachograph/config.toml\"}\n");
    }
}

/// Whoever sets the variables may come from a repository, and what was said in others is recorded here, too.
#[test]
fn what_only_variables_say_gets_no_content_sent() {
    let home = Home::with([fixture::load("bash").an_hour_ago()]);
    let receiver = Receiver::start().unwrap();
    let variables = [
        ("CLAUDE_PLUGIN_OPTION_OTLP_ENDPOINT", receiver.url()),
        ("CLAUDE_PLUGIN_OPTION_CAPTURE_LEVEL", "full".to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let ran = home.run_with(&["drain", "--once"], &variables);
    insta::assert_snapshot!(ran.stderr.replace(&receiver.url(), "[receiver]"), @"note: the plugin's options is not used: level full for [receiver]: what the environment says may come from a repository; if you named it, say so: tacho trust, with the address");
    let spans = receiver.spans();
    let attributes = spans.iter().flat_map(|span| span.attributes.keys());
    let content: BTreeSet<&String> =
        attributes.filter(|name| Key::named(name).is_some_and(|key| key.class() == Class::Content)).collect();
    assert_eq!((spans.len(), content), (4, BTreeSet::new()));
}

#[test]
fn what_only_variables_say_renames_nothing_of_the_owners() {
    let receiver = Receiver::start().unwrap();
    let variables = [
        ("CLAUDE_PLUGIN_OPTION_AGENT_NAME", "another"),
        ("CLAUDE_PLUGIN_OPTION_TEAM", "another"),
        ("DASH0_AGENT_NAME", "another"),
    ];
    for (endpoint_by, name) in [("owner", "claude-code"), ("variable", "another")] {
        let home = Home::with([fixture::load("bash").an_hour_ago()]);
        let mut command = home.command(&["drain", "--once"]);
        match endpoint_by {
            "owner" => home.configure(&format!("[[destination]]\nendpoint = {:?}\n", receiver.url())),
            _ => drop(command.env("TACHO_OTLP_ENDPOINT", receiver.url())),
        }
        let before = receiver.spans().len();
        assert_eq!(Ran::from(command.envs(variables).output().unwrap()).code, Some(0));
        let spans = receiver.spans().split_off(before);
        let names: BTreeSet<&str> =
            spans.iter().map(|span| span.resource["service.name"].as_str().unwrap()).collect();
        let teams = spans.iter().filter(|span| span.resource.contains_key("tachograph.team")).count();
        let expected_teams = if endpoint_by == "owner" { 0 } else { 4 };
        assert_eq!((names, teams), ([name].into(), expected_teams), "{endpoint_by}");
    }
}

/// Runs commands, each of which says that the file is wrong, and does what it is for.
#[test]
fn a_file_that_is_not_understood_stops_nothing_but_what_it_says() {
    let home = Home::with([fixture::load("bash").an_hour_ago()]);
    let receiver = Receiver::start().unwrap();
    home.configure("taem = \"payments\"\n\n[[destination]]\nendpoint = \"https://otlp.example.com\"\n");
    let mut told = String::new();
    for arguments in [&["drain", "--once"][..], &["status"], &["config", "show"], &["rebuild"], &[]] {
        let ran = home.run_with(arguments, &[("TACHO_OTLP_ENDPOINT", &receiver.url())]);
        let sending =
            ran.stdout.lines().filter(|line| line.contains("127.0.0.1") || line.starts_with("rebuilt"));
        let sending: Vec<&str> = sending.collect();
        told +=
            &format!("tacho {}: {:?}\n{}\n{}", arguments.join(" "), ran.code, sending.join("\n"), ran.stderr);
    }
    insta::assert_snapshot!(home.without_place(&told).replace(&receiver.url(), "[receiver]"));
    assert_eq!(receiver.spans().len(), 4);
    let notice = fs::read_to_string(home.state().join("notice")).unwrap();
    assert_eq!(
        home.without_place(&notice),
        "tachograph: nothing that [home]/.config/tachograph/config.toml says counts, as it cannot be read: see tacho doctor\n"
    );
}

#[test]
fn attributes_are_set_by_their_names() {
    let home = Home::new();
    let table = "resource_attributes = { region = \"eu\" }\n";
    for (before, after) in
        [("", "[resource_attributes]\n\"deployment.environment.name\" = \"prod\"\n"), (table, "")]
    {
        home.configure(before);
        let key = "resource_attributes.deployment.environment.name";
        home.stdout_of(&["config", "set", key, "prod"]);
        let set = fs::read_to_string(home.config_file()).unwrap();
        let shown = home.json_of(&["config", "show", "--json"]).to_string();
        assert!(shown.contains("deployment.environment.name=prod"), "{shown}");
        assert!(after.is_empty() || set == after, "{set}");
        home.stdout_of(&["config", "unset", key]);
        let unset = fs::read_to_string(home.config_file()).unwrap();
        assert_eq!(unset, if before.is_empty() { "[resource_attributes]\n" } else { table });
    }
}

#[test]
fn what_cannot_be_set() {
    let home = Home::new();
    home.configure("team = \"payments\"\n");
    let mut told = String::new();
    for line in [
        "destination https://user:pw@otlp.example.com",
        "destination https://otlp.example.com --level all",
        "destination otlp.example.com",
        "retention.days 0",
        "retention.store_mib many",
        "user_info all",
        "level full",
        "levle full",
        "resource_attributes. prod",
        "resource_attributes.user.name ada",
        "local_only perhaps",
    ] {
        let arguments: Vec<&str> = ["config", "set"].into_iter().chain(line.split(' ')).collect();
        let ran = home.run(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{line}");
        told += &format!("{line}\n{}", ran.stderr);
    }
    insta::assert_snapshot!(home.without_place(&told));
    assert_eq!(fs::read_to_string(home.config_file()).unwrap(), "team = \"payments\"\n");
}

/// What was wrong before is no reason to refuse what is right.
#[test]
fn what_can_be_set_beside_what_is_wrong() {
    let home = Home::new();
    home.configure(
        "[[destination]]\nendpoint = \"https://otlp.example.com\"\ntoken_file = \"/nowhere/token\"\n",
    );
    assert_eq!(home.run(&["config", "set", "local_only", "true"]).code, Some(0));
    assert_eq!(home.run(&["config", "set", "retention.days", "0"]).code, Some(2));
    for relative in ["rel.log", ""] {
        assert_eq!(home.run(&["config", "set", "debug_file", relative]).code, Some(2));
    }
    let set = ["config", "set", "destination", "http://127.0.0.1:1", "--token-stdin"];
    let ran = Ran::from(home.command(&set).stdin(Stdio::null()).output().unwrap());
    assert_eq!(
        (ran.code, ran.stderr.lines().next()),
        (Some(2), Some("error: standard input holds no token"))
    );
}

/// What is set in a file of which nothing counts is told not to count.
#[test]
fn what_is_set_in_a_file_that_is_not_understood() {
    let home = Home::new();
    home.configure("[[destination]]\nendpoint = \"https://otlp.example.com\"\nlevle = \"full\"\n");
    let ran = home.run(&["config", "set", "local_only", "true"]);
    insta::assert_snapshot!(format!("{:?}\n{}", ran.code, home.without_place(&ran.stderr)), @r"
    Some(2)
    error: [home]/.config/tachograph/config.toml, line 4: unknown key levle; did you mean level?
      hint: it was written down, and nothing in the file counts until that is mended
    ");
    let named = home.run(&["test-destination", "work"]);
    insta::assert_snapshot!(home.without_place(&named.stderr), @r"
    error: no destination is called work
      hint: [home]/.config/tachograph/config.toml, line 4: unknown key levle; did you mean level?
    ");
}

/// A repository can set variables, and have what they lead to be no file.
#[test]
fn what_is_no_file_keeps_nobody() {
    let home = Home::new();
    fs::create_dir_all(home.state()).unwrap();
    let file = home.state().join("config.toml");
    mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let ran = home.run(&["config", "show", "--json"]);
    assert!(ran.stderr.contains("it is no file of at most 1 MiB"), "{ran:?}");
    fs::remove_file(&file).unwrap();
    symlink("/dev/zero", &file).unwrap();
    assert_eq!(home.run(&["config", "show", "--json"]), ran);
}

/// What a person wrote around a value is his, and so is where the file lies.
#[test]
fn comments_and_links_stay() {
    let home = Home::new();
    home.configure("# policy 7\nteam = \"a\" # ask Ann\n\n[[destination]]\n# legal: never full\nendpoint = \"http://127.0.0.1:1\"\nlevel = \"metadata\" # see ticket\n");
    let real = home.path().join("dotfile.toml");
    fs::rename(home.config_file(), &real).unwrap();
    symlink(&real, home.config_file()).unwrap();
    home.stdout_of(&["config", "set", "team", "b"]);
    home.stdout_of(&["config", "set", "destination", "http://127.0.0.1:1", "--level", "full"]);
    assert!(home.config_file().is_symlink());
    insta::assert_snapshot!(fs::read_to_string(&real).unwrap(), @r#"
    # policy 7
    team = "b" # ask Ann

    [[destination]]
    # legal: never full
    endpoint = "http://127.0.0.1:1"
    level = "full" # see ticket
    "#);
}
