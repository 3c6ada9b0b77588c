//! What pricing must know of one logical call.

use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};

/// One logical call of a model.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The model that answered, as it was said.
    pub model: Option<&'a str>,
    /// When it was made; its day in UTC decides the price.
    pub at: UnixNanos,
    /// What it used. A class other than input and output that is unknown was not used.
    pub usage: Usage,
    /// What else its price depends on, as it was said.
    pub terms: &'a Terms,
}

/// How a call was served, as far as its price depends on that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mode {
    pub(super) speed: Speed,
    pub(super) geo: Geo,
    pub(super) tier: Tier,
}

impl Mode {
    /// From the API's words.
    pub(super) fn said(terms: &Terms) -> Self {
        Self {
            speed: match terms.speed.as_deref() {
                None | Some("" | "standard") => Speed::Standard,
                Some("fast") => Speed::Fast,
                Some(_) => Speed::Unknown,
            },
            geo: if terms.inference_geo.as_deref() == Some("us") { Geo::Us } else { Geo::Anywhere },
            tier: if terms.service_tier.as_deref() == Some("batch") {
                Tier::Batch
            } else {
                Tier::Interactive
            },
        }
    }
}

/// How fast a call was served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Speed {
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
pub(super) enum Geo {
    /// Wherever there was room.
    #[default]
    Anywhere,
    /// In the US only.
    Us,
}

/// How urgently a call was served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tier {
    /// At once. Capacity that was paid for before is priced by the list, too.
    #[default]
    Interactive,
    /// By the batch API.
    Batch,
}

/// Whether a part of a call is a request of its own to the call's model; its usage is in the call's sum.
pub(crate) fn is_message(part: &Iteration) -> bool {
    part.kind == "message"
}

/// Whether a part of a call is another model's advice; its usage is not in the call's sum.
pub(super) fn is_advice(part: &Iteration) -> bool {
    part.kind == "advisor_message"
}
