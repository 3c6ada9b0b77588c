//! How a command fails: what went wrong, whose turn it is, and what to do.

use std::error::Error;
use std::process::ExitCode;
use tacho_store::StoreError;

/// Whose turn it is. Decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The caller asked for something that is not there.
    User,
    /// A configuration must be mended.
    Config,
    /// Something outside does not work: a disk, a network, a receiver.
    External,
    /// A check was made and found something.
    Finding,
    /// A check could not be made of all there must be.
    Incomplete,
}

/// A command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: FailureKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    hints: Vec<String>,
    store_is_damaged: bool,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, hints: Vec::new(), store_is_damaged: false }
    }

    /// A failure outside, with what it comes from.
    pub(crate) fn external(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { source: Some(source.into()), ..Self::new(FailureKind::External, message) }
    }

    /// Adds what the user can do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What went wrong, with the chain of causes, on one line.
    pub(crate) fn sentence(&self) -> String {
        let mut text = self.message.clone();
        let mut cause: Option<&dyn Error> = self.source.as_ref().map(|source| &**source as &dyn Error);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }

    /// Whether the store is what failed, and must be made again.
    pub(crate) const fn is_store_damage(&self) -> bool {
        self.store_is_damaged
    }

    /// Whether it may be over by itself, as when a disk is full: nobody is told to mend anything.
    pub(crate) fn may_pass(&self) -> bool {
        self.kind == FailureKind::External && self.hints.is_empty() && !self.store_is_damaged
    }

    /// The text for a terminal: `error:`, the chain of causes, then the hints.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("error: {}", self.message);
        let mut cause: Option<&dyn Error> = self.source.as_ref().map(|source| &**source as &dyn Error);
        while let Some(error) = cause {
            text.push_str(&format!("\n  because: {error}"));
            cause = error.source();
        }
        for hint in &self.hints {
            text.push_str(&format!("\n  hint: {hint}"));
        }
        text
    }

    /// 1 for what the user or the outside must change, 2 for wrong usage or configuration, 3 for findings of a check, 4 where what was to be checked is
    /// not all there.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.kind {
            FailureKind::User | FailureKind::External => ExitCode::from(1),
            FailureKind::Config => ExitCode::from(2),
            FailureKind::Finding => ExitCode::from(3),
            FailureKind::Incomplete => ExitCode::from(4),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let is_newer = matches!(error, StoreError::Newer { .. });
        let is_older = matches!(error, StoreError::Older { .. });
        let store_is_damaged = error.is_damage();
        let failure = Self { store_is_damaged, ..Self::external("the store cannot be used", error) };
        if is_newer {
            failure.hint(
                "update tacho to the version that wrote it; hooks go on recording meanwhile, nothing is lost",
            )
        } else if is_older {
            failure
                .hint("a drainer of an earlier version still runs; `tacho drain --once` takes over from it")
        } else {
            failure
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::external("input or output failed", error)
    }
}
