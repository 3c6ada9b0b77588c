//! Whose word counts: the owner's file, wherever variables lead, and what a file says that is wrong.

use crate::home::{Home, Ran};
use std::fs;
use std::path::PathBuf;

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
    }
}
