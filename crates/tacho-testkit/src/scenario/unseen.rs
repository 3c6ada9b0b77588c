//! What was served and is not recorded, and why: data only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::anthropic::ServedCall;
use crate::figures::Figure;

/// What a name of a step ends in that means the answers to it that broke off.
const BROKEN: &str = "@broken";

/// A way of recording. Another one is a variant here and whatever the stage of a run does for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Hooks and transcripts.
    Baseline,
    /// Those, and our module in the process of the CLI.
    Mod,
    /// Hooks and transcripts, and what the CLI itself exports.
    Native,
}

impl Way {
    /// Every way, in the order of the table's columns.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Mod, Self::Native];

    /// The way of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Mod => "mod",
            Self::Native => "native",
        }
    }
}

/// Something that was served and is not recorded, or the other way round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unseen {
    /// Why.
    pub reason: String,
    /// The ways of recording for which this holds.
    pub ways: Vec<Way>,
    /// The requests whose usage leaves no trace, by the step that answered them: `SCRIPT#STEP`, those that were answered
    /// whole; `SCRIPT#STEP@broken`, those whose answer broke off.
    #[serde(default)]
    pub requests: Vec<String>,
    /// By how much more was served than is recorded, where it follows from no request.
    #[serde(default)]
    pub figures: BTreeMap<Figure, i64>,
}

impl Unseen {
    /// Whether it names the request.
    pub(crate) fn names(&self, request: &ServedCall) -> bool {
        self.requests.iter().any(|name| match name.strip_suffix(BROKEN) {
            Some(step) => !request.succeeded() && step == request.label,
            None => request.succeeded() && *name == request.label,
        })
    }
}
