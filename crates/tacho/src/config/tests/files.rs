//! What files say, by whose they are.

use super::lines;
use crate::config::trust::Trust;
use crate::config::{Author, Config, Origin, from_files};
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
    let mut config = from_files(files.into_iter(), trust).unwrap();
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
            "to https://otlp.example.com full by owner.toml",
            "refused of unknown.toml: http://127.0.0.1:4318 would get your name, as owner.toml says: what the \
             environment says may come from a repository; if you named it, say so: tacho trust, with the address",
        ],
    );
}

/// As when a repository's variables name first what the owner keeps among the plugin's options.
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
