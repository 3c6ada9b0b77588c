//! What the project's own file said while the session went on.

use std::collections::BTreeSet;
use tacho_model::event::{Event, ProjectRules};
use tacho_model::time::UnixNanos;

/// What the file said at each time somebody looked.
#[derive(Debug, Default)]
pub(crate) struct ProjectFacts(BTreeSet<(UnixNanos, ProjectRules)>);

impl ProjectFacts {
    pub(crate) fn hear(&mut self, event: &Event, rules: &ProjectRules) {
        self.0.extend(event.at.map(|at| (at, rules.clone())));
    }

    /// What it said last, without anything that it took away before: what happened while a project kept something back
    /// stays back.
    pub(crate) fn in_force(&self) -> ProjectRules {
        let said = || self.0.iter().map(|(_, rules)| rules);
        ProjectRules {
            is_withheld: said().any(|rules| rules.is_withheld),
            omits_content: said().any(|rules| rules.omits_content),
            omits_names: said().any(|rules| rules.omits_names),
            ..said().next_back().cloned().unwrap_or_default()
        }
    }
}
