//! What files say, by whose they are.

use super::lines;
use crate::config::trust::Trust;
use crate::config::{Author, Config, Origin, file};
use crate::place::ConfigFile;
use std::fs;
use tacho_export::destination::{Destination, Protocol};
use tacho_privacy::CaptureLevel;

/// What comes of files, each with its author, in the order in which they are read.
fn read(files: &[(Author, &str)], trusted: &[&str]) -> (Config, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let name = |author| directory.path().join(format!("{author:?}.toml").to_lowercase());
    let write = |(author, text): &(Author, &str)| {
        fs::write(name(*author), text).unwrap();
        ConfigFile { path: name(*author), author: *author }
    };
    let files: Vec<ConfigFile> = files.iter().map(write).collect();
    let origins = trusted.iter().map(|origin| (*origin).to_owned()).collect();
    let trust = Trust { origins, ..Trust::default() };
    let mut config = Config { trust, ..Config::local_only() };
    files.iter().for_each(|file| file::read(file, &mut config));
    config.settle();
    let place = format!("{}/", directory.path().display());
    let lines = lines(&config, &[(&place, "")]);
    (config, lines)
}

#[track_caller]
fn check(files: &[(Author, &str)], expected: &[&str]) {
    assert_eq!(read(files, &[]).1, expected);
}

const HERE: &str = "[[destination]]\nendpoint = \"http://127.0.0.1:4318\"\nlevel = \"full\"\n";
const ELSEWHERE: &str = "[[destination]]\nendpoint = \"https://otlp.example.com\"\nlevel = \"full\"\n";
const NOTHING: [&str; 2] = ["user_info hash", "retention 14 512 1024"];

#[test]
fn content_goes_only_where_somebody_known_says_so() {
    check(&[(Author::Owner, HERE)], &[NOTHING[0], NOTHING[1], "to http://127.0.0.1:4318 full by owner.toml"]);
    check(
        &[(Author::Unknown, HERE)],
        &[
            NOTHING[0],
            NOTHING[1],
            "to http://127.0.0.1:4318 metadata by unknown.toml",
            "refused of unknown.toml: level full for http://127.0.0.1:4318: what the environment says may come from a \
             repository; if you named it, say so: tacho trust, with the address",
        ],
    );
    let (_, trusted) = read(&[(Author::Unknown, HERE)], &["http://127.0.0.1:4318"]);
    assert_eq!(trusted, [NOTHING[0], NOTHING[1], "to http://127.0.0.1:4318 full by unknown.toml"]);
}

#[test]
fn a_name_goes_only_where_somebody_known_says_so() {
    let owners = format!("user_info = \"name\"\n{ELSEWHERE}");
    check(
        &[
            (Author::Owner, &owners),
            (Author::Unknown, "[[destination]]\nendpoint = \"http://127.0.0.1:4318\"\n"),
        ],
        &[
            "user_info name",
            NOTHING[1],
            "to https://otlp.example.com full with the name by owner.toml",
            "to http://127.0.0.1:4318 metadata by unknown.toml",
        ],
    );
}

/// As when a repository's variables name first what the owner keeps among the plugin's options.
/// What is handed on of traces is for somebody known to say.
#[test]
fn commands_are_told_where_somebody_known_says_so() {
    let wanted = "[propagation]\ncommands = true\n";
    check(&[(Author::Owner, wanted)], &[NOTHING[0], NOTHING[1], "propagation.commands by owner.toml"]);
    check(&[(Author::Unknown, wanted)], &NOTHING);
    let refused = "[propagation]\ncommands = false\ninbound = true\n";
    check(
        &[(Author::Manager, refused), (Author::Owner, wanted)],
        &[NOTHING[0], NOTHING[1], "propagation.inbound by manager.toml"],
    );
}

#[test]
fn who_is_known_decides_over_who_is_not() {
    let (mut config, _) =
        read(&[(Author::Unknown, "[[destination]]\nendpoint = \"http://127.0.0.1:4318\"\n")], &[]);
    for (level, author) in [
        (CaptureLevel::Full, Author::Owner),
        (CaptureLevel::Metadata, Author::Unknown),
        (CaptureLevel::Metadata, Author::Owner),
    ] {
        let named = Destination::new("http://127.0.0.1:4318", Protocol::default(), Vec::new(), level);
        config.name(Origin::PluginOptions, author, named.map_err(|error| error.to_string()));
    }
    assert_eq!(
        lines(&config, &[]),
        [NOTHING[0], NOTHING[1], "to http://127.0.0.1:4318 full by the plugin's options"]
    );
}

/// Names three destinations, of which one can be used.
const TWO_BROKEN: &str = "[[destination]]\nendpoint = \"https://a.example.com\"\ntoken_file = \"/nowhere/token\"\n\
                          [[destination]]\nendpoint = \"https://b.example.com\"\nlevel = \"all\"\n\
                          [[destination]]\nendpoint = \"https://c.example.com\"\n";

#[test]
fn what_is_wrong_with_one_destination_is_the_others_no_harm() {
    check(
        &[(Author::Owner, TWO_BROKEN)],
        &[
            NOTHING[0],
            NOTHING[1],
            "to https://c.example.com metadata by owner.toml",
            "refused of owner.toml: destination 1, line 3: token_file /nowhere/token cannot be read: No such file or directory (os error 2)",
            "refused of owner.toml: destination 2, line 6: level \"all\" is none of metadata, redacted, full",
        ],
    );
}

#[test]
fn nobody_means_to_keep_nothing() {
    check(
        &[(Author::Owner, "user_info = \"all\"\n[retention]\ndays = 0\nspool_mib = 0\nstore_mib = 1\n")],
        &[
            NOTHING[0],
            "retention 14 512 1",
            "refused of owner.toml: user_info \"all\" is none of hash, name",
            "refused of owner.toml: retention.days = 0 would keep nothing; the smallest is 1",
            "refused of owner.toml: retention.spool_mib = 0 would keep nothing; the smallest is 1",
        ],
    );
}

/// What cannot be understood may forbid what others ask for.
#[test]
fn a_file_that_is_not_understood() {
    let others = "to http://127.0.0.1:4318 metadata by unknown.toml";
    let here = "[[destination]]\nendpoint = \"http://127.0.0.1:4318\"\n";
    for (author, text, is_sent_to, said) in [
        (Author::Owner, "taem = 7\n", true, "line 1: unknown key taem; did you mean team?"),
        (Author::Owner, "team = 7\n", true, "line 1: invalid type"),
        (Author::Owner, "local_only = false\nteam = \n", true, "line 2: "),
        (Author::Owner, "level_max = \"full\"", true, "level_max and only_managed_destinations belong"),
        (Author::Owner, "\"local_only\" = tru # not false\n", false, "line 1: "),
        (Author::Owner, "local_only = true\nteam\n", false, "line 2: "),
        (Author::Manager, "team = 7\n", false, "line 1: invalid type"),
        (Author::Manager, "level_max = \"all\"\n", false, "level \"all\" is none of"),
    ] {
        let (config, lines) = read(&[(author, text), (Author::Unknown, here)], &[]);
        let to: Vec<&String> = lines.iter().filter(|line| line.starts_with("to ")).collect();
        assert_eq!(to, if is_sent_to { vec![others] } else { Vec::new() }, "{text:?}");
        let [unread] = &config.unread[..] else { panic!("{:?}", config.unread) };
        assert!(unread.reason.contains(said), "{}", unread.reason);
        assert_eq!((&config.team, config.knows_wishes()), (&None, false));
    }
    let (config, lines) = read(&[(Author::Owner, ELSEWHERE), (Author::Unknown, "local_only = 7\n")], &[]);
    assert_eq!(lines[2], "to https://otlp.example.com full by owner.toml");
    assert_eq!((config.unread.len(), config.knows_wishes()), (1, true));
}

#[test]
fn what_the_managed_file_says_stays() {
    let managed = "team = \"theirs\"\nuser_info = \"hash\"\nlevel_max = \"metadata\"\n[retention]\ndays = 7\n\
                   [[destination]]\nendpoint = \"https://managed.example.com\"\nlevel = \"full\"\n";
    let owners = format!(
        "team = \"mine\"\nagent_name = \"mine\"\nuser_info = \"name\"\n{ELSEWHERE}\
         [[destination]]\nendpoint = \"https://managed.example.com/\"\ntoken = \"mine\"\n\
         [retention]\ndays = 365\nstore_mib = 9\n"
    );
    let (config, lines) = read(&[(Author::Manager, managed), (Author::Owner, &owners)], &[]);
    assert_eq!(
        lines,
        [
            "agent_name mine by owner.toml",
            "team theirs by manager.toml",
            "user_info hash",
            "retention 7 512 9",
            "to https://managed.example.com metadata by manager.toml",
            "to https://otlp.example.com metadata by owner.toml",
        ]
    );
    assert_eq!(config.destinations[0].to.headers(), []);
}

#[test]
fn only_managed_destinations() {
    let managed =
        "only_managed_destinations = true\n[[destination]]\nendpoint = \"https://managed.example.com\"\n";
    check(
        &[(Author::Manager, managed), (Author::Owner, ELSEWHERE)],
        &[
            NOTHING[0],
            NOTHING[1],
            "to https://managed.example.com metadata by manager.toml",
            "refused of owner.toml: https://otlp.example.com is not one of those that this machine's managed file names, \
             and only they are used here",
        ],
    );
}

#[test]
fn whoever_is_known_says_that_nothing_is_sent() {
    for (author, by) in [(Author::Manager, "manager"), (Author::Owner, "owner")] {
        check(
            &[(author, "local_only = true\n"), (Author::Unknown, HERE)],
            &[NOTHING[0], NOTHING[1], &format!("local_only by {by}.toml")],
        );
    }
}

/// Whoever means that nothing is to be sent is believed before it is mended, however it is spelt.
#[test]
fn who_means_that_nothing_is_sent() {
    for (text, may_forbid) in [
        ("local_only: true", true),
        ("local_only true", true),
        ("local-only = true", true),
        ("Local_Only = true", true),
        ("\"local\\u005fonly\" = true\nwrong", true),
        ("\u{feff}local_only = true\nwrong", true),
        ("local_only = false\nwrong", false),
        ("# local_only = true\nwrong", false),
        ("taem = \"a\"", false),
    ] {
        let (config, _) = read(&[(Author::Owner, text)], &[]);
        let found: Vec<bool> = config.unread.iter().map(|unread| unread.may_forbid).collect();
        assert_eq!(found, [may_forbid], "{text}");
    }
}
