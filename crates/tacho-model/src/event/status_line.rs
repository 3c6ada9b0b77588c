//! What an agent hands to the command that writes its status line: figures of its own that stand nowhere else.

use crate::money::Nanodollars;
use crate::time::UnixNanos;

/// The figures at one moment. What was not said is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusFigures {
    /// The model that is asked.
    pub model: Option<String>,
    /// Tokens of the last prompt, cached ones included.
    pub context_tokens: Option<u64>,
    /// Tokens that the model takes at most.
    pub context_window_tokens: Option<u64>,
    /// How much of the window is used.
    pub context_used: Option<Share>,
    /// What the session cost so far, as the agent makes it out.
    pub cost: Option<Nanodollars>,
    /// Lines that the session added to files so far, as the agent counts them.
    pub lines_added: Option<u64>,
    /// Lines that it removed.
    pub lines_removed: Option<u64>,
    /// The limits of the account, in the order of [`LimitWindow`].
    pub limits: Vec<RateLimit>,
}

/// How much of a limit of the account is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateLimit {
    /// Which one.
    pub window: LimitWindow,
    /// How much of it is used.
    pub used: Share,
    /// When it begins anew.
    pub resets_at: Option<UnixNanos>,
}

/// The limits that an account may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitWindow {
    /// Five hours.
    FiveHours,
    /// Seven days.
    SevenDays,
    /// Money, over a time that the account's owner chose.
    Spending,
}

impl LimitWindow {
    /// Every window.
    pub const ALL: [Self; 3] = [Self::FiveHours, Self::SevenDays, Self::Spending];

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FiveHours => "five_hour",
            Self::SevenDays => "seven_day",
            Self::Spending => "spend_limit",
        }
    }
}

/// A part of a whole, in hundredths of a percent; may be more than the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u32);

impl Share {
    /// A share in percent; `None` for what is no share of anything.
    #[must_use]
    pub fn from_percent(percent: f64) -> Option<Self> {
        (0.0..1e6).contains(&percent).then(|| Self((percent * 100.0).round() as u32))
    }

    /// The share in percent.
    #[must_use]
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}
