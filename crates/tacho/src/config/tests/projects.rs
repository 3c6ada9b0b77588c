//! What files of projects may say that are trusted, and for which sessions.

use crate::config::{Author, Config, Origin, Trust, project};
use crate::project::ProjectFile;
use rustix::process::geteuid;
use std::fs;
use std::path::PathBuf;
use tacho_export::destination::{Destination, Header, Protocol};
use tacho_model::event::ProjectRules;
use tacho_privacy::CaptureLevel;
use tempfile::TempDir;

const GENERAL: &str = "https://general.example.com";

/// A project whose file was trusted.
struct Scene {
    directory: TempDir,
    trust: Trust,
}

impl Scene {
    fn with(front: &str) -> Self {
        let mut scene = Self { directory: tempfile::tempdir().unwrap(), trust: Trust::default() };
        scene.write(front);
        scene.trust.files.insert(scene.path().to_string_lossy().into_owned(), scene.file().sha256);
        scene
    }

    fn path(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(".claude/tachograph.local.md")
    }

    fn write(&self, front: &str) {
        fs::create_dir_all(self.path().parent().unwrap()).unwrap();
        fs::write(self.path(), format!("---\n{front}\n---\n")).unwrap();
    }

    fn file(&self) -> ProjectFile {
        ProjectFile::at(&self.path(), geteuid()).unwrap()
    }

    /// What a session in it says of it.
    fn rules(&self) -> ProjectRules {
        ProjectRules {
            file: Some(self.path().to_string_lossy().into_owned()),
            sha256: Some(self.file().sha256),
            ..ProjectRules::default()
        }
    }

    /// The configuration of an owner who has a destination for everything.
    fn config(&self) -> Config {
        let mut config = Config { trust: self.trust.clone(), ..Config::local_only() };
        let headers = [("Authorization", "Bearer general"), ("Dash0-Dataset", "general")];
        let header = |(name, value): (&str, &str)| Header { name: name.to_owned(), value: value.to_owned() };
        let headers = headers.map(header).to_vec();
        let general = Destination::new(GENERAL, Protocol::default(), headers, CaptureLevel::Full);
        config.name(Origin::Default, Author::Owner, general.map_err(|error| error.to_string()));
        project::read(&mut config);
        config
    }

    /// Where sessions go, with the headers that are sent along: those of the project, and all others.
    #[track_caller]
    fn check(&self, own: &[&str], others: &[&str]) {
        let (config, rules) = (self.config(), self.rules());
        let lines = |project| -> Vec<String> {
            let named = config.destinations.iter().filter(|named| config.is_for(named, project));
            named.map(|named| line(&named.to)).collect()
        };
        let (project, no_project) = (config.trusted_project(&rules), lines(None));
        let place = self.path().display().to_string();
        let without_place = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().map(|line| line.replace(&place, "[file]")).collect()
        };
        assert_eq!(
            (without_place(lines(project)), no_project),
            (own.map_to_strings(), others.map_to_strings())
        );
    }
}

trait MapToStrings {
    fn map_to_strings(&self) -> Vec<String>;
}

impl MapToStrings for [&str] {
    fn map_to_strings(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

fn line(to: &Destination) -> String {
    let headers = to.headers().iter().map(|header| format!(" {}={}", header.name, header.value));
    format!("{} {} {}{}", to.endpoint(), to.url("traces"), to.level.name(), headers.collect::<String>())
}

const TO_GENERAL: &str = "https://general.example.com https://general.example.com/v1/traces full \
                          Authorization=Bearer general Dash0-Dataset=general";

#[test]
fn a_destination_of_its_own_is_there_beside_the_others() {
    let scene = Scene::with("otlp_url: https://own.example.com/\nauth_token: own\ndataset: ours");
    let own = "https://own.example.com for [file] https://own.example.com/v1/traces metadata \
               Authorization=Bearer own Dash0-Dataset=ours";
    scene.check(&[TO_GENERAL, own], &[TO_GENERAL]);
}

#[test]
fn a_destination_of_the_same_address_takes_its_place() {
    let scene = Scene::with(&format!("otlp_url: {GENERAL}\ndataset: ours"));
    let own = "https://general.example.com for [file] https://general.example.com/v1/traces metadata Dash0-Dataset=ours";
    scene.check(&[own], &[TO_GENERAL]);
}

#[test]
fn another_dataset() {
    let own = "https://general.example.com for [file] https://general.example.com/v1/traces full \
               Authorization=Bearer general Dash0-Dataset=ours";
    Scene::with("dataset: ours").check(&[own], &[TO_GENERAL]);
}

#[test]
fn another_name() {
    let scene = Scene::with("agent_name: an-agent");
    let (config, rules) = (scene.config(), scene.rules());
    let project = config.trusted_project(&rules).unwrap();
    assert_eq!(project.agent_name.as_deref(), Some("an-agent"));
    scene.check(&[TO_GENERAL], &[TO_GENERAL]);
}

#[test]
fn a_file_that_was_changed_is_not_trusted_any_more() {
    let scene = Scene::with("otlp_url: https://own.example.com");
    scene.write("otlp_url: https://another.example.com");
    scene.check(&[TO_GENERAL], &[TO_GENERAL]);
    let path = scene.path().display().to_string();
    let refused: Vec<(String, String)> = scene
        .config()
        .refused
        .into_iter()
        .map(|refused| (refused.origin.to_string(), refused.reason))
        .collect();
    let reason = format!("it was changed since you trusted it; if you did that: tacho trust {path}");
    assert_eq!(refused, [(path, reason)]);
}

#[test]
fn what_cannot_be_a_destination_is_refused() {
    let scene = Scene::with("otlp_url: http://own.example.com\nauth_token: own");
    let refused: Vec<String> = scene.config().refused.into_iter().map(|refused| refused.reason).collect();
    assert_eq!(
        refused,
        ["header \"Authorization\" would travel in clear text to http://own.example.com; use https"]
    );
}
