//! The repository a session works in, as it was when each span began.

use super::{assembled, ended, hook, prompted, started, stopped};
use tacho_model::attribute::Value;
use tacho_model::event::{Event, Fact, Repository, Source};
use tacho_model::semconv as key;

fn seen(seconds: u64, revision: &str) -> Event {
    let text = |text: &str| Some(text.to_owned());
    let repository = Repository {
        directory: text("/home/dev/project"),
        url: text("https://example.org/dev/project"),
        name: text("project"),
        owner: text("dev"),
        provider: text("gitea"),
        ref_name: text("main"),
        ref_type: text("branch"),
        revision: text(revision),
        worktree: text("side"),
        ..Repository::default()
    };
    let event = hook(seconds, "p", Fact::RepositorySeen(Box::new(repository)));
    Event { source: Source::Recorder, prompt: None, ..event }
}

/// The name of each span and the commit it began at.
#[track_caller]
fn check(events: &[Event], expected: &[(&str, Option<&str>)]) {
    let spans = assembled(events, 100).spans;
    let found: Vec<(&str, Option<&str>)> = spans
        .iter()
        .map(|span| match span.attributes.get(key::VCS_REF_HEAD_REVISION) {
            Some(Value::String(revision)) => (span.name.as_str(), Some(&**revision)),
            _ => (span.name.as_str(), None),
        })
        .collect();
    assert_eq!(found, expected);
}

fn work() -> Vec<Event> {
    vec![
        hook(1, "p", prompted()),
        hook(2, "p", started("t")),
        hook(5, "p", ended("t", None)),
        hook(6, "p", started("u")),
        hook(7, "p", ended("u", None)),
        hook(8, "p", stopped()),
    ]
}

#[test]
fn nobody_looked() {
    let turn = "invoke_agent agent";
    check(&work(), &[(turn, None), ("execute_tool t", None), ("execute_tool u", None)]);
}

/// The first look counts for what began before it, every other from its moment on.
#[test]
fn a_commit_in_between() {
    let (before, after) = (Some("before"), Some("after"));
    let expected = [("invoke_agent agent", before), ("execute_tool t", before), ("execute_tool u", after)];
    let looks = [seen(2, "before"), seen(6, "after")];
    check(&[&work()[..], &looks].concat(), &expected);
    let backwards: Vec<Event> = looks.iter().rev().cloned().chain(work().into_iter().rev()).collect();
    check(&backwards, &expected);
}

#[test]
fn what_stands_on_a_turn() {
    let turn = assembled(&[&work()[..], &[seen(1, "0a1b")]].concat(), 100).spans.remove(0);
    let found: Vec<(&str, Value)> = turn
        .attributes
        .iter()
        .filter(|(key, _)| key.name().starts_with("vcs.") || key.name().starts_with("tachograph."))
        .map(|(key, value)| (key.name(), value.clone()))
        .collect();
    let expected = [
        ("tachograph.vcs.worktree", "side"),
        ("tachograph.working_directory", "/home/dev/project"),
        ("vcs.owner.name", "dev"),
        ("vcs.provider.name", "gitea"),
        ("vcs.ref.head.name", "main"),
        ("vcs.ref.head.revision", "0a1b"),
        ("vcs.ref.head.type", "branch"),
        ("vcs.repository.name", "project"),
        ("vcs.repository.url.full", "https://example.org/dev/project"),
    ];
    assert_eq!(found, expected.map(|(name, value)| (name, Value::from(value))));
}
