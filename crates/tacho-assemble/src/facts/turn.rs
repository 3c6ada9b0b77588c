//! What was said about a turn.

use crate::belief::Believed;
use tacho_model::event::{Event, Source};
use tacho_model::time::UnixNanos;

/// Statements about one turn.
#[derive(Clone, Debug)]
pub(crate) struct TurnFacts {
    pub(crate) prompted: Believed<()>,
    pub(crate) text: Believed<String>,
    pub(crate) permission_mode: Believed<String>,
    /// What the session was called when it began.
    pub(crate) title: Believed<String>,
    pub(crate) stopped: Believed<Option<String>>,
    pub(crate) failed: Believed<String>,
    pub(crate) interrupted: Believed<()>,
    /// Whether a hook announced the prompt; rows of a transcript alone need not be a turn.
    pub(crate) is_announced: bool,
    /// Whether the announcement did not name the prompt.
    pub(crate) is_unnamed: bool,
}

impl Default for TurnFacts {
    fn default() -> Self {
        Self {
            prompted: Believed::earliest(),
            text: Believed::earliest(),
            permission_mode: Believed::earliest(),
            title: Believed::earliest(),
            stopped: Believed::latest(),
            failed: Believed::latest(),
            interrupted: Believed::latest(),
            is_announced: false,
            is_unnamed: false,
        }
    }
}

impl TurnFacts {
    pub(crate) fn hear_prompt(
        &mut self,
        event: &Event,
        text: Option<&String>,
        permission_mode: Option<&String>,
    ) {
        let is_announcement = event.source == Source::Hook;
        self.is_announced |= is_announcement;
        self.is_unnamed |= is_announcement && event.prompt.is_none();
        self.prompted.hear(event, &());
        self.text.hear_known(event, text);
        self.permission_mode.hear_known(event, permission_mode);
    }

    /// Takes in what was said about the same turn under another name.
    pub(crate) fn join(&mut self, other: &Self) {
        self.prompted.join(&other.prompted);
        self.text.join(&other.text);
        self.permission_mode.join(&other.permission_mode);
        self.title.join(&other.title);
        self.stopped.join(&other.stopped);
        self.failed.join(&other.failed);
        self.interrupted.join(&other.interrupted);
        self.is_announced |= other.is_announced;
    }

    /// When it ended, as far as a source says.
    pub(crate) fn ended(&self) -> Option<UnixNanos> {
        self.stopped.at().max(self.failed.at()).max(self.interrupted.at())
    }
}
