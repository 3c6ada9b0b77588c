//! What is written for whoever looks: destinations on the terminal, and all payloads for whoever looks for a fault.

use super::{Author, Config, Named, Origin};
use std::path::Path;
use tacho_export::destination::Destination;
use tacho_export::exporters::{DEBUG, Place};
use tacho_privacy::CaptureLevel;

/// Who looks at what a drainer prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// Nobody: it runs in the background, or only for a moment.
    #[default]
    Unwatched,
    /// Whoever started it in the foreground.
    Watched,
    /// The same, who looks for a fault.
    Debugging,
}

impl Config {
    /// The configuration for a drainer that is looked at so.
    pub(crate) fn seen_from(mut self, terminal: Terminal) -> Self {
        self.terminal = terminal;
        match terminal {
            Terminal::Unwatched => self.destinations.retain(|named| named.to.kind.place != Place::Terminal),
            Terminal::Watched => {}
            Terminal::Debugging => self.debug_to(None, Origin::Default),
        }
        self
    }

    /// Who looks.
    pub(crate) const fn terminal(&self) -> Terminal {
        self.terminal
    }

    /// Names the file into which everything is written that is sent.
    pub(super) fn name_debug_file(&mut self) {
        if let Some(said) = self.debug_file.clone() {
            self.debug_to(Some(&said.value), said.origin);
        }
    }

    /// Has everything written down, too, that the destination which gets most gets; with no destination, what one would get.
    fn debug_to(&mut self, path: Option<&Path>, origin: Origin) {
        let levels = self.destinations.iter().map(|named| named.to.level);
        let level = levels.max().unwrap_or(CaptureLevel::default());
        match Destination::on_this_machine(&DEBUG, path, level) {
            Ok(to) => self.destinations.push(Named { to, origin, author: Author::Owner, project: None }),
            Err(error) => self.refuse(origin, format!("debug_file: {error}")),
        }
    }
}
