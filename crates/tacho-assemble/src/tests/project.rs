//! What a project keeps back, whatever order its statements come in.

use super::{facts_of, hook, prompted};
use tacho_model::event::{Event, Fact, ProjectRules, Source};

fn seen(seconds: u64, rules: ProjectRules) -> Event {
    let event = hook(seconds, "p", Fact::ProjectSeen(Box::new(rules)));
    Event { source: Source::Recorder, prompt: None, ..event }
}

fn area(name: &str) -> ProjectRules {
    ProjectRules { attributes: [("area".to_owned(), name.to_owned())].into(), ..ProjectRules::default() }
}

#[track_caller]
fn check(looks: &[Event], expected: &ProjectRules) {
    let forwards = [&[hook(1, "p", prompted())], looks].concat();
    let backwards: Vec<Event> = forwards.iter().rev().cloned().collect();
    for events in [forwards, backwards] {
        assert_eq!(facts_of(&events).project(), *expected);
    }
}

#[test]
fn a_project_without_a_file() {
    check(&[], &ProjectRules::default());
}

#[test]
fn what_is_said_last_counts() {
    check(&[seen(2, area("before")), seen(3, area("after"))], &area("after"));
    check(&[seen(2, area("before")), seen(3, ProjectRules::default())], &ProjectRules::default());
}

#[test]
fn what_was_kept_back_stays_back() {
    let strict = ProjectRules { is_withheld: true, omits_content: true, omits_names: true, ..area("a") };
    let expected = ProjectRules { is_withheld: true, omits_content: true, omits_names: true, ..area("b") };
    check(&[seen(2, strict), seen(3, area("b"))], &expected);
}
