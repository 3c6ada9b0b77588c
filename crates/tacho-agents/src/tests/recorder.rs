//! What the recorder itself says.

use super::observation;
use crate::Warning;
use crate::claude_code::AGENT;
use tacho_model::event::{Fact, ProjectRules, Repository, Source, TraceContext};
use tacho_model::traceparent;

#[track_caller]
fn check(body: &str, expected: &[(&str, Fact)]) {
    let decoded = (AGENT.decode)(&observation(Source::Recorder, None, body.as_bytes()));
    assert_eq!(decoded.warnings, []);
    let found: Vec<(&str, Fact)> =
        decoded.events.iter().map(|event| (event.name.as_str(), event.fact.clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn an_agent_that_is_gone() {
    check(r#"{"agent_gone":true}"#, &[("agent_gone", Fact::AgentGone)]);
}

#[test]
fn a_repository() {
    let body = r#"{"vcs":{"cwd":"/home/dev/project","repository_url":"https://example.org/dev/project",
        "repository_name":"project","owner_name":"dev","provider_name":"github","ref_name":"main",
        "ref_type":"branch","revision":"0a1b","worktree":null,"user_name":"Dev","user_email":"dev@example.org",
        "user_source":"git"}}"#;
    let text = |text: &str| Some(text.to_owned());
    let repository = Repository {
        directory: text("/home/dev/project"),
        url: text("https://example.org/dev/project"),
        name: text("project"),
        owner: text("dev"),
        provider: text("github"),
        ref_name: text("main"),
        ref_type: text("branch"),
        revision: text("0a1b"),
        worktree: None,
        user_name: text("Dev"),
        user_email: text("dev@example.org"),
        user_source: text("git"),
    };
    check(body, &[("vcs", Fact::RepositorySeen(Box::new(repository)))]);
}

#[test]
fn a_repository_of_which_little_is_known() {
    let repository = Repository { ref_name: Some("main".to_owned()), ..Repository::default() };
    let body = r#"{"vcs":{"ref_name":"main","revision":7,"worktree":"","owner_name":null}}"#;
    check(body, &[("vcs", Fact::RepositorySeen(Box::new(repository)))]);
}

#[test]
fn a_project() {
    let rules = ProjectRules {
        file: Some("/home/dev/project/.claude/tachograph.local.md".to_owned()),
        sha256: Some("0a1b".to_owned()),
        is_withheld: true,
        omits_content: true,
        omits_names: false,
        attributes: [("area".to_owned(), "payments".to_owned())].into(),
    };
    let body = r#"{"project":{"file":"/home/dev/project/.claude/tachograph.local.md","sha256":"0a1b","withheld":true,
        "omits_content":true,"omits_names":false,"attributes":{"area":"payments"}}}"#;
    check(body, &[("project", Fact::ProjectSeen(Box::new(rules)))]);
    check(r#"{"project":{}}"#, &[("project", Fact::ProjectSeen(Box::default()))]);
}

#[test]
fn traces_that_others_began() {
    let [above, beside] = ["01", "02"].map(|span| format!("00-{}-00000000000000{span}-01", "1".repeat(32)));
    let link = |text: &str| traceparent::parse(text);
    let seen = |parent, beside| [("trace_context", Fact::TraceSeen(TraceContext { parent, beside }))];
    let both = format!(r#"{{"trace_context":{{"parent":"{above}","beside":"{beside}"}}}}"#);
    check(&both, &seen(link(&above), link(&beside)));
    let one = format!(r#"{{"trace_context":{{"parent":null,"beside":"{beside}"}}}}"#);
    check(&one, &seen(None, link(&beside)));
    check(r#"{"trace_context":{"parent":null,"beside":"x"}}"#, &seen(None, None));
}

/// Somebody wanted it, so somebody is to hear that it is nothing.
#[test]
fn a_parent_that_is_none() {
    let body = format!(r#"{{"trace_context":{{"parent":"00-{}-01","beside":null}}}}"#, "0".repeat(49));
    let decoded = (AGENT.decode)(&observation(Source::Recorder, None, body.as_bytes()));
    assert_eq!(decoded.events.len(), 1);
    assert_eq!(decoded.events[0].fact, Fact::TraceSeen(TraceContext::default()));
    assert_eq!(decoded.warnings, [Warning("a parent that is no traceparent".to_owned())]);
}

#[test]
fn a_statement_of_a_later_version() {
    check(r#"{"slept":{"for_ms":7}}"#, &[("slept", Fact::Unknown)]);
}
