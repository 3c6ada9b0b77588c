//! What pricing must know of one logical call.

use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;

/// One logical call of a model.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The model that answered, as it was said.
    pub model: Option<&'a str>,
    /// When it was made; its day in UTC decides the price.
    pub at: UnixNanos,
    /// What it used. A class other than input and output that is unknown was not used.
    pub usage: Usage,
    /// Searches of the web that the API made for it.
    pub web_searches: u64,
    /// How it was served.
    pub terms: Terms,
    /// The parts that the API made of it.
    pub iterations: &'a [Iteration<'a>],
}

/// How a call was served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How fast.
    pub speed: Speed,
    /// Where.
    pub geo: Geo,
    /// How urgently.
    pub tier: Tier,
}

impl Terms {
    /// From the API's words: `speed`, `inference_geo` and `service_tier` of its usage.
    #[must_use]
    pub fn said(speed: Option<&str>, geo: Option<&str>, tier: Option<&str>) -> Self {
        Self {
            speed: match speed {
                None | Some("" | "standard") => Speed::Standard,
                Some("fast") => Speed::Fast,
                Some(_) => Speed::Unknown,
            },
            geo: if geo == Some("us") { Geo::Us } else { Geo::Anywhere },
            tier: if tier == Some("batch") { Tier::Batch } else { Tier::Interactive },
        }
    }
}

/// How fast a call was served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speed {
    /// As usual.
    #[default]
    Standard,
    /// In fast mode.
    Fast,
    /// In a mode that has no price.
    Unknown,
}

/// Where a call was served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Geo {
    /// Wherever there was room.
    #[default]
    Anywhere,
    /// In the US only.
    Us,
}

/// How urgently a call was served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// At once. Capacity that was paid for before is priced by the list, too.
    #[default]
    Interactive,
    /// By the batch API.
    Batch,
}

/// A part of a call, as the API lists it.
#[derive(Clone, Copy, Debug)]
pub struct Iteration<'a> {
    /// What it is.
    pub kind: IterationKind,
    /// Its model, where that is another one.
    pub model: Option<&'a str>,
    /// What it used.
    pub usage: Usage,
}

/// What a part of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IterationKind {
    /// A request of its own to the call's model; its usage is in the call's sum.
    Message,
    /// Another model's advice; its usage is not in the call's sum.
    Advisor,
    /// Anything else; its usage is in the call's sum.
    Other,
}

impl IterationKind {
    /// From the API's word, `type` of the iteration.
    #[must_use]
    pub fn said(word: &str) -> Self {
        match word {
            "message" => Self::Message,
            "advisor_message" => Self::Advisor,
            _ => Self::Other,
        }
    }
}
