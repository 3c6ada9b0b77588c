//! What the session was called, as its transcript says.

use std::collections::BTreeSet;

/// The titles by the place of their rows, which have no times.
#[derive(Debug, Default)]
pub(crate) struct TitleFacts {
    by_person: BTreeSet<(u64, String)>,
    by_agent: BTreeSet<(u64, String)>,
}

impl TitleFacts {
    pub(crate) fn hear(&mut self, offset: u64, title: &str, by_person: bool) {
        let titles = if by_person { &mut self.by_person } else { &mut self.by_agent };
        titles.insert((offset, title.to_owned()));
    }

    /// The title at a place: what a person chose comes before what the agent made up.
    pub(crate) fn at(&self, offset: Option<u64>) -> Option<&str> {
        let until = (offset?, String::new());
        let chosen = self.by_person.range(..until.clone()).next_back();
        chosen.or_else(|| self.by_agent.range(..until.clone()).next_back()).map(|(_, title)| title.as_str())
    }
}
