//! What was said about a subagent.

use crate::belief::Believed;
use tacho_model::event::{Event, SubagentDescription};
use tacho_model::id::PromptId;

/// Statements about one subagent.
#[derive(Debug)]
pub(crate) struct SubagentFacts {
    pub(crate) started: Believed<()>,
    pub(crate) stopped: Believed<Option<String>>,
    pub(crate) kind: Believed<String>,
    pub(crate) description: Believed<SubagentDescription>,
    pub(crate) prompt: Believed<PromptId>,
}

impl Default for SubagentFacts {
    fn default() -> Self {
        Self {
            started: Believed::earliest(),
            stopped: Believed::latest(),
            kind: Believed::earliest(),
            description: Believed::latest(),
            prompt: Believed::earliest(),
        }
    }
}

impl SubagentFacts {
    pub(crate) fn hear_start(&mut self, event: &Event, kind: &str) {
        self.started.hear(event, &());
        self.kind.hear(event, &kind.to_owned());
    }

    pub(crate) fn hear_stop(&mut self, event: &Event, kind: &str, last_message: Option<&String>) {
        self.stopped.hear(event, &last_message.cloned());
        self.kind.hear(event, &kind.to_owned());
    }

    pub(crate) fn hear_description(&mut self, event: &Event, said: &SubagentDescription) {
        self.kind.hear_known(event, said.kind.as_ref());
        self.description.hear(event, said);
    }
}
