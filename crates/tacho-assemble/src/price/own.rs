//! The owner's own prices, and his discounts on the list.

use super::{Factor, Row, row};
use tacho_model::time::Day;
use thiserror::Error;

/// A factor on the list's prices, of a model or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// The model; `None` is all that have no discount of their own.
    pub model: Option<String>,
    /// The first day of it; `None` is always.
    pub from: Option<Day>,
    /// The first day after it.
    pub until: Option<Day>,
    /// On all that a call costs.
    pub multiplier: Factor,
}

/// Two statements of the owner that would count at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Clash {
    /// Rows that name the same model and first day, by their places in what was said.
    #[error("rows {0} and {1} name the same model and first day")]
    Rows(usize, usize),
    /// Discounts that name the same model and first day, by their places in what was said.
    #[error("discounts {0} and {1} name the same model and first day")]
    Discounts(usize, usize),
}

/// All that the owner said.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    /// In order of model and first day.
    rows: Vec<Row>,
    /// In order of model and first day.
    discounts: Vec<Discount>,
    version: Option<String>,
}

impl Own {
    pub(super) fn new(
        mut rows: Vec<Row>,
        mut discounts: Vec<Discount>,
        version: &str,
    ) -> Result<Self, Clash> {
        if let Some((one, other)) =
            same(&rows, |one, other| (&one.model, one.from) == (&other.model, other.from))
        {
            return Err(Clash::Rows(one, other));
        }
        let is_same = |one: &Discount, other: &Discount| (&one.model, one.from) == (&other.model, other.from);
        if let Some((one, other)) = same(&discounts, is_same) {
            return Err(Clash::Discounts(one, other));
        }
        rows.sort_by(|one, other| (&one.model, one.from).cmp(&(&other.model, other.from)));
        discounts.sort_by(|one, other| (&one.model, one.from).cmp(&(&other.model, other.from)));
        Ok(Self { rows, discounts, version: Some(version.to_owned()) })
    }

    /// The row for an id as it was said, else for it without additions.
    pub(super) fn row(&self, said: &str, bare: &str, day: Day) -> Option<&Row> {
        [said, bare].into_iter().find_map(|id| row::on(self.rows_of(id), day))
    }

    pub(super) fn knows(&self, said: &str, bare: &str) -> bool {
        [said, bare].into_iter().any(|id| self.rows_of(id).next().is_some())
    }

    /// The discount for an id as it was said, else for the list's model, else for all.
    pub(super) fn discount(&self, said: &str, model: &str, day: Day) -> Option<&Discount> {
        [Some(said), Some(model), None].into_iter().find_map(|id| {
            let of_model = self.discounts.iter().rev().filter(|one| one.model.as_deref() == id);
            let mut begun = of_model.filter(|one| one.from.is_none_or(|from| from <= day));
            begun.next().filter(|one| one.until.is_none_or(|until| day < until))
        })
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn discounts(&self) -> &[Discount] {
        &self.discounts
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    fn rows_of(&self, id: &str) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.model == id)
    }
}

/// The places of the first two that are the same.
fn same<T>(list: &[T], are_same: impl Fn(&T, &T) -> bool) -> Option<(usize, usize)> {
    list.iter().enumerate().find_map(|(at, one)| {
        let before = list.iter().take(at).position(|other| are_same(one, other))?;
        Some((before, at))
    })
}
