//! The file of a project, from the real drainer to the receiver: it takes away, and does nothing else until it is trusted.

use crate::fixture;
use crate::home::Home;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use tacho_model::attribute::{Class, Key};
use tacho_testkit::otlp::{ReceivedSpan, Receiver};

/// A home with a project, and a destination that gets everything.
struct Scene {
    home: Home,
    receiver: Receiver,
}

/// What arrived of a session.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arrived {
    spans: usize,
    has_content: bool,
    /// What the project said of itself.
    project: BTreeMap<String, Json>,
}

impl Scene {
    fn with(file: &str) -> Self {
        let scene = Self { home: Home::new(), receiver: Receiver::start().unwrap() };
        scene.write(file);
        let ran = scene.home.run(&["config", "set", "destination", &scene.receiver.url(), "--level", "full"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        scene
    }

    fn project(&self) -> PathBuf {
        self.home.path().join("project")
    }

    fn file(&self) -> PathBuf {
        self.project().join(".claude/tachograph.local.md")
    }

    fn write(&self, file: &str) {
        fs::create_dir_all(self.file().parent().unwrap()).unwrap();
        fs::write(self.file(), file).unwrap();
    }

    fn work(&self, fixture: &str) -> Arrived {
        let before = self.receiver.spans().len();
        self.home.record_in(&self.project(), fixture::load(fixture).an_hour_ago());
        self.home.drain();
        self.arrived_behind(before)
    }

    fn arrived_behind(&self, before: usize) -> Arrived {
        let spans = self.receiver.spans().split_off(before);
        let is_content = |name: &String| Key::named(name).is_some_and(|key| key.class() == Class::Content);
        let of_project = |span: &ReceivedSpan| {
            let pairs = span.resource.iter().filter(|(name, _)| name.starts_with("project."));
            pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let project: Vec<BTreeMap<String, Json>> = spans.iter().map(of_project).collect();
        assert!(project.windows(2).all(|pair| pair[0] == pair[1]));
        Arrived {
            spans: spans.len(),
            has_content: spans.iter().any(|span| span.attributes.keys().any(is_content)),
            project: project.into_iter().next().unwrap_or_default(),
        }
    }

    /// What is said of a file, in the project's directory, without places.
    fn told(&self, arguments: &[&str]) -> String {
        let ran = self.home.command(arguments).current_dir(self.project()).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap().replace(&self.receiver.url(), "[receiver]");
        let is_meant = |line: &&str| {
            line.starts_with("project ") || line.contains("not used") || line.contains("Not used")
        };
        let text = self.home.without_place(&text);
        text.lines().filter(is_meant).collect::<Vec<_>>().join("\n")
    }
}

fn arrived(spans: usize, has_content: bool, project: &[(&str, &str)]) -> Arrived {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), Json::from(*value));
    Arrived { spans, has_content, project: project.iter().map(pair).collect() }
}

#[test]
fn what_arrives_of_a_project() {
    let table = [
        ("", arrived(4, true, &[])),
        ("---\nenabled: true\n---\n", arrived(4, true, &[])),
        ("---\nomit_io: true\n---\n", arrived(4, false, &[])),
        (
            "---\nattributes:\n  area: payments\n  cost_center: 17\n---\n",
            arrived(4, true, &[("project.area", "payments"), ("project.cost_center", "17")]),
        ),
        ("---\nenabled: false\n---\n", arrived(0, false, &[])),
        ("---\nnot closed\n", arrived(4, false, &[])),
    ];
    for (file, expected) in table {
        assert_eq!(Scene::with(file).work("bash"), expected, "{file:?}");
    }
}

/// Wherever the variable leads, what is said where the agent works takes away.
#[test]
fn what_is_said_elsewhere() {
    let scene = Scene::with("---\nattributes: {area: a}\n---\n");
    let elsewhere = scene.project().with_file_name("elsewhere");
    fs::create_dir_all(elsewhere.join(".claude")).unwrap();
    fs::write(
        elsewhere.join(".claude/tachograph.local.md"),
        "---\nomit_io: true\nattributes: {area: b}\n---\n",
    )
    .unwrap();
    let mut fixture = fixture::load("bash").an_hour_ago();
    for hook in &mut fixture.hooks {
        hook.payload = hook.payload.replace("/home/dev/project", elsewhere.to_str().unwrap());
    }
    scene.home.record_in(&scene.project(), fixture);
    scene.home.drain();
    assert_eq!(scene.arrived_behind(0), arrived(4, false, &[("project.area", "a")]));
}

#[test]
fn what_is_kept_back_is_recorded_and_stays_back() {
    let scene = Scene::with("---\nenabled: false\n---\n");
    assert_eq!(scene.work("bash"), Arrived::default());
    let reports = scene.home.reports();
    let statements = scene.home.observations();
    let of_project = statements.iter().filter(|body| body.starts_with("{\"project\""));
    assert_eq!(of_project.map(|body| body.contains("\"withheld\":true")).collect::<Vec<_>>(), [true]);

    scene.write("---\nenabled: true\n---\n");
    scene.home.stdout_of(&["rebuild"]);
    scene.home.drain();
    assert_eq!(scene.arrived_behind(0), Arrived::default());
    assert_eq!(scene.home.reports(), reports);
    assert_eq!(scene.work("denied"), arrived(4, true, &[]));
    scene.home.drain();
    assert_eq!(scene.receiver.spans().len(), 4);
}

#[test]
fn what_a_stranger_wishes_for_is_told_and_not_done() {
    let elsewhere = Receiver::start().unwrap();
    let scene = Scene::with(&format!(
        "---\notlp_url: {}\nauth_token: a-token\ndataset: a-dataset\nagent_name: an-agent\nproxy: x\n---\n",
        elsewhere.url()
    ));
    assert_eq!(scene.work("bash"), arrived(4, true, &[]));
    assert_eq!(elsewhere.requests().len(), 0);
    let names: Vec<Json> =
        scene.receiver.spans().iter().map(|span| span.resource["service.name"].clone()).collect();
    assert_eq!(names, ["claude-code"; 4]);
    insta::assert_snapshot!(scene.told(&["status"]), @r"
    project    [home]/project/.claude/tachograph.local.md says: nothing that counts
               not used: proxy is nothing that a project may say
               not used: otlp_url, auth_token, dataset, agent_name: only with your trust in the file as it is: tacho trust [home]/project/.claude/tachograph.local.md
    ");
    insta::assert_snapshot!(scene.told(&["config", "show"]), @r"
    Not used of it: proxy is nothing that a project may say
    Not used of it: otlp_url, auth_token, dataset, agent_name: only with your trust in the file as it is: tacho trust [home]/project/.claude/tachograph.local.md
    ");
}

#[test]
fn what_there_is_to_trust() {
    let scene = Scene::with("---\nomit_io: true\n---\n");
    let path = scene.file();
    let ran = scene.home.run(&["trust", path.to_str().unwrap()]);
    insta::assert_snapshot!(scene.home.without_place(&ran.stderr), @r"
    error: nothing is to be trusted in [home]/project/.claude/tachograph.local.md: what it says counts anyway: it sets none of otlp_url, auth_token, dataset, agent_name
      hint: tacho trust https://ingress.example.com, or the file of a project that status shows
    ");
    let ran = scene.home.run(&["trust", "nowhere/.claude/file"]);
    insta::assert_snapshot!(scene.home.without_place(&ran.stderr), @r#"
    error: "nowhere/.claude/file" is neither an http:// or https:// address nor a file
      hint: tacho trust https://ingress.example.com, or the file of a project that status shows
    "#);
    assert_eq!(ran.code, Some(2));
}
