//! What one call of a model used and whose it was, as the agent's files say it: what a list of costs is made of.
//!
//! The same call stands in many rows: one a content block, and again in every file that a session was copied to. What
//! they say is merged per field, so that neither order nor repetition matters.

use crate::event::Sources;
use crate::id::SessionId;
use crate::money::Nanodollars;
use crate::time::UnixNanos;
use crate::usage::Usage;

/// Which call. Answers have ids, and so have requests; an agent may leave the request out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    /// The answer (`message.id`); for one without an id, whatever else names it once.
    pub message: String,
    /// The request; empty where it was not said. Then the record speaks of every request that had this answer.
    pub request: String,
}

/// How the name of an answer begins of which nothing but the request is known.
const OF_REQUEST: &str = "request:";

impl CallKey {
    /// The key of a call of which nothing but the request is known: the record speaks of the answer to it, whatever
    /// that is called.
    #[must_use]
    pub fn of_request(request: &str) -> Self {
        Self { message: format!("{OF_REQUEST}{request}"), request: request.to_owned() }
    }

    /// Whether nothing but the request is known.
    #[must_use]
    pub fn is_of_request(&self) -> bool {
        !self.request.is_empty() && self.message.strip_prefix(OF_REQUEST) == Some(&self.request)
    }
}

/// Whose call it was. Of several copies the smallest counts: that of a main conversation before that of a branch
/// beside it, one that says what was used before one that does not, then the earliest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// Whether a row of a subagent said it.
    pub is_sidechain: bool,
    /// Whether no tokens were said, as in some copies.
    pub is_empty: bool,
    /// When the first block of the answer was there.
    pub at: UnixNanos,
    /// The session.
    pub session: SessionId,
    /// Type of the subagent; absent in the main conversation.
    pub subagent: Option<String>,
    /// The project: a working directory, or the repository around it.
    pub project: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
}

/// What a call's price depends on besides its model, its time and its tokens. What is usual may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Terms {
    /// `standard`, `fast` or another.
    pub speed: Option<String>,
    /// Where inference ran, such as `us` or `global`.
    pub inference_geo: Option<String>,
    /// `standard`, `batch` or another.
    pub service_tier: Option<String>,
    /// Searches of the web that the API ran.
    pub web_searches: Option<u64>,
    /// The passes that the answer is made of, where the API lists them.
    pub iterations: Vec<Iteration>,
}

/// One pass of the model, or of another model that it asked, within an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Iteration {
    /// What it was, such as `message` or `advisor_message`.
    pub kind: String,
    /// The model, if it is another one.
    pub model: Option<String>,
    /// Its tokens.
    pub usage: Usage,
}

impl Terms {
    /// Takes in what another statement says about the same call: the larger of each. Most say the same.
    pub fn merge(&mut self, other: &Self) {
        raise(&mut self.speed, &other.speed);
        raise(&mut self.inference_geo, &other.inference_geo);
        raise(&mut self.service_tier, &other.service_tier);
        raise(&mut self.web_searches, &other.web_searches);
        raise(&mut self.iterations, &other.iterations);
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// Which one.
    pub key: CallKey,
    /// Whose it was.
    pub owner: Owner,
    /// Its tokens.
    pub usage: Usage,
    /// What else its price depends on.
    pub terms: Terms,
    /// Names of the tools that the answer asked for, each once, in their order.
    pub tools: Vec<String>,
    /// Whether the answer's end was seen; if not, its output may be more than was said.
    pub is_final: bool,
    /// Who said so.
    pub sources: Sources,
}

impl UsageRecord {
    /// Takes in what another record says of the same call.
    pub fn merge(&mut self, other: Self) {
        if other.owner < self.owner {
            self.owner = other.owner;
        }
        self.usage = self.usage.merged(other.usage);
        self.terms.merge(&other.terms);
        for tool in other.tools {
            if let Err(place) = self.tools.binary_search(&tool) {
                self.tools.insert(place, tool);
            }
        }
        self.is_final |= other.is_final;
        self.sources = self.sources.and(other.sources);
    }
}

fn raise<T: Clone + Ord>(known: &mut T, said: &T) {
    if said > known {
        known.clone_from(said);
    }
}

/// That a session began as a copy of another one. What the agent says such a session came to includes what the other one
/// had come to by then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inheritance {
    /// The copy.
    pub session: SessionId,
    /// The one whose call stands in it.
    pub origin: SessionId,
    /// When that call was answered.
    pub at: UnixNanos,
}

impl Inheritance {
    /// Adds what a row says to what those before it said: of calls of the same two sessions the last one counts.
    pub fn add_to(self, known: &mut Vec<Self>) {
        match known.last_mut() {
            Some(last) if (&last.session, &last.origin) == (&self.session, &self.origin) => {
                last.at = last.at.max(self.at);
            }
            _ => known.push(self),
        }
    }
}

/// What an agent itself says a session came to, on one model or in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedCost {
    /// The session.
    pub session: SessionId,
    /// The sum.
    pub cost: Nanodollars,
    /// The same by model.
    pub models: Vec<ReportedModel>,
    /// Whether the agent had to guess a price.
    pub has_guessed: bool,
}

/// One model in a [`ReportedCost`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedModel {
    /// The model.
    pub model: String,
    /// Its tokens.
    pub usage: Usage,
    /// Its searches of the web.
    pub web_searches: Option<u64>,
    /// The sum.
    pub cost: Nanodollars,
}
