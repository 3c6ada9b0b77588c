//! What tool calls did, in figures and names of few kinds: what is left of a call when its words are taken away.

use std::ops::BitOr;

/// One thing that a tool call does or did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToolDeed {
    /// It is a shell's command.
    Ran(ShellCommand),
    /// It is the use of a skill, by its name.
    UsedSkill(String),
    /// It changed lines of a file.
    ChangedLines(LineChange),
    /// It printed what a command that makes such a thing would print. Whether it was one, the command tells.
    Printed(Printed),
}

/// What kind of work a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShellCommand {
    /// The program, by a name of a fixed list, or `other`.
    pub family: &'static str,
    /// What it makes if it goes well.
    pub makes: Makes,
}

/// What a command makes that can be pointed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Makes(u8);

impl Makes {
    /// Nothing of that kind.
    pub const NOTHING: Self = Self(0);
    /// A commit.
    pub const COMMIT: Self = Self(1);
    /// A pull or merge request.
    pub const CHANGE: Self = Self(2);
    /// An issue.
    pub const ISSUE: Self = Self(4);

    /// Whether these are among them.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Makes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How many lines came and went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineChange {
    /// Lines that are new, or were changed to this.
    pub added: u64,
    /// Lines that are gone, or were changed from this.
    pub removed: u64,
}

impl LineChange {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            added: self.added.saturating_add(other.added),
            removed: self.removed.saturating_add(other.removed),
        }
    }
}

/// What output has that looks as if it had just been made.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Printed {
    /// The id of a commit, as git shortens it.
    pub revision: Option<String>,
    /// A pull or merge request.
    pub change: Option<WebLink>,
    /// An issue.
    pub issue: Option<WebLink>,
}

/// Something on the web that has a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebLink {
    /// Its address.
    pub url: String,
    /// Its number in its repository.
    pub number: u64,
}
