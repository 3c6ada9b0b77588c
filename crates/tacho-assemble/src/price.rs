//! What a call of the model costs: a row of the dated list, or of the owner's own, times what the call used.
//!
//! Finding the row and computing are apart: [`Prices::find`] has the same answer for a model on all of a day (UTC), so
//! that whoever prices many calls can keep it; [`Prices::price_by`] then only multiplies. Amounts are exact sums of
//! integer picodollars, rounded once a call.
//!
//! Must not know today's date, read a file, or guess: what has no row has no price.

mod amount;
mod call;
mod model_id;
mod own;
mod row;
mod table;

pub use call::Call;
pub use own::{Clash, Discount};
pub use row::{Factor, LongPrompt, PICOS, PICOS_PER_THOUSAND, Rates, Row};

pub(crate) use call::is_message;
use call::{Mode, is_advice};
use std::fmt::{self, Display, Formatter};
use tacho_model::money::Nanodollars;
use tacho_model::time::Day;

/// The prices that count: the owner's, where he named some, before the list's.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    own: own::Own,
}

/// The row by which calls of a model on a day are priced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<'a> {
    /// The row.
    pub row: &'a Row,
    /// The owner's discount on it.
    pub discount: Option<&'a Discount>,
    /// Whether the row is the owner's.
    pub is_own: bool,
}

/// What a call costs, and by which rows of which table, so that it can be told again.
#[derive(Clone, Debug, PartialEq)]
pub struct Priced<'a> {
    /// The amount.
    pub amount: Nanodollars,
    /// The row of the call's model.
    pub row: Found<'a>,
    /// The rows of advisors that the call asked, in their order.
    pub advisors: Vec<Found<'a>>,
}

/// Why a call has no price. It is not one of 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unpriced {
    /// No model answered, or nobody said which.
    NoModel,
    /// Neither list nor owner has a price of this model.
    UnknownModel,
    /// There are prices of this model, none for this day.
    UnknownThen,
    /// Input or output was not counted.
    UnknownTokens,
    /// It was served in a way that the row has no price for, such as fast mode.
    UnknownTerms,
}

impl Unpriced {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoModel => "no_model",
            Self::UnknownModel => "unknown_model",
            Self::UnknownThen => "unknown_then",
            Self::UnknownTokens => "unknown_tokens",
            Self::UnknownTerms => "unknown_terms",
        }
    }
}

impl Prices {
    /// The list alone.
    #[must_use]
    pub fn list() -> Self {
        Self::default()
    }

    /// The list with the owner's rows and discounts before it. `version` tells one state of his file from another.
    ///
    /// # Errors
    /// Two of them would count for the same model on the same day.
    pub fn with_own(rows: Vec<Row>, discounts: Vec<Discount>, version: &str) -> Result<Self, Clash> {
        Ok(Self { own: own::Own::new(rows, discounts, version)? })
    }

    /// Which state of the table this is: kept with every amount, so that one that changed is seen to have.
    #[must_use]
    pub fn version(&self) -> String {
        match self.own.version() {
            Some(own) => format!("{}+own.{own}", table::VERSION),
            None => table::VERSION.to_owned(),
        }
    }

    /// The row for a model on a day. What agents and providers put around a model's id is taken off.
    ///
    /// # Errors
    /// There is none, for the reason that is returned.
    pub fn find(&self, model: &str, day: Day) -> Result<Found<'_>, Unpriced> {
        // An agent's own messages carry a word in angle brackets where the model stands.
        if model.is_empty() || model.starts_with('<') {
            return Err(Unpriced::NoModel);
        }
        let id = model_id::bare(model);
        if let Some(row) = self.own.row(model, id, day) {
            return Ok(Found { row, discount: None, is_own: true });
        }
        let rows = list_rows_of(id);
        if rows.is_empty() && !self.own.knows(model, id) {
            return Err(Unpriced::UnknownModel);
        }
        let row = row::on(rows.iter(), day).ok_or(Unpriced::UnknownThen)?;
        Ok(Found { row, discount: self.own.discount(model, &row.model, day), is_own: false })
    }

    /// What a call costs.
    ///
    /// # Errors
    /// It has no price, for the reason that is returned.
    pub fn price<'a>(&'a self, call: &Call<'_>) -> Result<Priced<'a>, Unpriced> {
        let model = call.model.ok_or(Unpriced::NoModel)?;
        self.price_by(self.find(model, Day::of(call.at))?, call)
    }

    /// What a call costs by a row that was found for its model and day.
    ///
    /// # Errors
    /// It has no price, for the reason that is returned.
    pub fn price_by<'a>(&'a self, row: Found<'a>, call: &Call<'_>) -> Result<Priced<'a>, Unpriced> {
        let mut picos = amount::of_request(row, call)?;
        let mut advisors = Vec::new();
        for advice in call.terms.iterations.iter().filter(|part| is_advice(part)) {
            let model = advice.model.as_deref().ok_or(Unpriced::NoModel)?;
            let advisor = self.find(model, Day::of(call.at))?;
            picos = picos.plus(amount::of_advice(advisor, advice.usage, Mode::said(call.terms))?);
            advisors.push(advisor);
        }
        Ok(Priced { amount: picos.rounded(), row, advisors })
    }

    /// Every row of the owner and of the list, each in order of model and day.
    pub fn rows(&self) -> impl Iterator<Item = Found<'_>> {
        let own = self.own.rows().iter().map(|row| Found { row, discount: None, is_own: true });
        let list = table::ROWS.iter().map(|row| Found { row, discount: None, is_own: false });
        own.chain(list)
    }

    /// The owner's discounts.
    #[must_use]
    pub fn discounts(&self) -> &[Discount] {
        self.own.discounts()
    }
}

/// The other names of a model of the list.
#[must_use]
pub fn names_of(model: &str) -> Vec<&'static str> {
    let names = table::NAMES.iter().map(|(name, _)| *name);
    names.filter(|name| *name != model && list_rows_of(name).iter().any(|row| row.model == model)).collect()
}

/// The last day on which the whole list was compared with its sources.
#[must_use]
pub fn list_checked() -> Option<Day> {
    table::ROWS.iter().filter_map(|row| row.checked).min()
}

/// The list's rows of a model, by its name or another of its names.
fn list_rows_of(id: &str) -> &'static [Row] {
    let range = table::NAMES.binary_search_by_key(&id, |(name, _)| name).ok();
    let range = range.and_then(|at| table::NAMES.get(at)).map(|(_, range)| range.clone());
    range.and_then(|range| table::ROWS.get(range)).unwrap_or_default()
}

/// The row's id, such as `model@2026-10-07` or `model@always`: with `own:` in front where the owner said it, with the factor
/// behind where he has a discount. Ids are kept with amounts, and stay what they are.
impl Display for Found<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let own = if self.is_own || self.discount.is_some() { "own:" } else { "" };
        write!(formatter, "{own}{}", self.row.id())?;
        match self.discount {
            Some(discount) => write!(formatter, "*{}", discount.multiplier),
            None => Ok(()),
        }
    }
}

/// The ids of all its rows, with `+` between them.
impl Display for Priced<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.row)?;
        self.advisors.iter().try_for_each(|advisor| write!(formatter, "+{advisor}"))
    }
}

#[cfg(test)]
mod tests;
