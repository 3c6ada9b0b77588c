//! What the recorder itself says, in words that are the same for every agent.

use crate::fields::Fields;
use crate::{Decoded, Warning};
use tacho_model::event::{Event, Fact, ProjectRules, Repository, TraceContext};
use tacho_model::traceparent;

/// What an observation of the recorder says: one statement a field.
pub(crate) fn decode(said: &Fields<'_>, event: impl Fn(&str, Fact) -> Event) -> Decoded {
    let fact = |name: &str| match name {
        "agent_gone" => Fact::AgentGone,
        "vcs" => Fact::RepositorySeen(Box::new(repository(&said.object(name)))),
        "project" => Fact::ProjectSeen(Box::new(project(&said.object(name)))),
        "trace_context" => Fact::TraceSeen(trace_context(&said.object(name))),
        _ => Fact::Unknown,
    };
    if said.names().next().is_none() {
        return Decoded::not_understood("a statement that says nothing");
    }
    let decoded: Decoded = said.names().map(|name| event(name, fact(name))).collect();
    let parent = said.object("trace_context").text("parent");
    // What the agent has beside it is nobody's wish; what is wrong with it is not told.
    let is_wrong = parent.is_some_and(|parent| traceparent::parse(&parent).is_none());
    let warning = is_wrong.then(|| Warning("a parent that is no traceparent".to_owned()));
    Decoded { warnings: warning.into_iter().collect(), ..decoded }
}

fn trace_context(said: &Fields<'_>) -> TraceContext {
    let link = |name| traceparent::parse(&said.text(name)?);
    TraceContext { parent: link("parent"), beside: link("beside") }
}

fn repository(vcs: &Fields<'_>) -> Repository {
    Repository {
        directory: vcs.id("cwd"),
        url: vcs.id("repository_url"),
        name: vcs.id("repository_name"),
        owner: vcs.id("owner_name"),
        provider: vcs.id("provider_name"),
        ref_name: vcs.id("ref_name"),
        ref_type: vcs.id("ref_type"),
        revision: vcs.id("revision"),
        worktree: vcs.id("worktree"),
        user_name: vcs.id("user_name"),
        user_email: vcs.id("user_email"),
        user_source: vcs.id("user_source"),
    }
}

fn project(said: &Fields<'_>) -> ProjectRules {
    ProjectRules {
        file: said.id("file"),
        sha256: said.id("sha256"),
        is_withheld: said.is_true("withheld"),
        omits_content: said.is_true("omits_content"),
        omits_names: said.is_true("omits_names"),
        attributes: said.get("attributes").unwrap_or_default(),
    }
}
