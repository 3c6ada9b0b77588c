//! What a file of prices says, entry by entry, with the line and the key of what is wrong.
//!
//! Numbers are read as they are written, so that `0.1` is a tenth.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kinds of values are TOML's; one more would be as wrong here"
)]

use tacho_assemble::price::{Discount, Factor, LongPrompt, PICOS, PICOS_PER_THOUSAND, Rates, Row};
use tacho_model::money::decimal;
use tacho_model::time::Day;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The only key of the file itself.
const PRICE: &str = "price";

/// Keys of a price.
const KEYS: &[&str] = &[
    "model",
    "aliases",
    "from",
    "until",
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "over",
    "fast",
    "geo_us",
    "batch",
    "web_search",
    "source",
    "checked",
];

/// Keys of a discount.
const DISCOUNT_KEYS: &[&str] = &["model", "aliases", "from", "until", "multiplier", "source", "checked"];

/// Keys of the prices of long prompts.
const OVER_KEYS: &[&str] =
    &["prompt_gt", "input", "output", "cache_read", "cache_write_5m", "cache_write_1h"];

/// The line and what is wrong there.
pub(super) type Wrong = (usize, String);

/// A table of the file, its line, and the text it was read from.
#[derive(Clone, Copy)]
struct Entry<'a> {
    text: &'a str,
    line: usize,
    table: &'a DeTable<'a>,
}

/// All that a file says, each with its line.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) rows: Vec<(usize, Row)>,
    pub(super) discounts: Vec<(usize, Discount)>,
}

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Contents, Wrong> {
    let file = DeTable::parse(text).map_err(|error| {
        (line_of(text, error.span().map_or(0, |span| span.start)), error.message().to_owned())
    })?;
    let file = Entry { text, line: 1, table: file.get_ref() };
    file.only(&[PRICE])?;
    let mut contents = Contents::default();
    for entry in file.entries()? {
        match entry.get("multiplier") {
            Some(_) => {
                contents.discounts.extend(discounts_of(entry)?.into_iter().map(|one| (entry.line, one)))
            }
            None => contents.rows.extend(rows_of(entry)?.into_iter().map(|row| (entry.line, row))),
        }
    }
    Ok(contents)
}

/// A discount for each name of the model, or one for all models.
fn discounts_of(entry: Entry<'_>) -> Result<Vec<Discount>, Wrong> {
    entry.only(DISCOUNT_KEYS)?;
    let (from, until) = entry.days()?;
    let multiplier = Factor(entry.required("multiplier", PICOS)?);
    let names = match entry.get("model") {
        Some(_) => entry.names()?.into_iter().map(Some).collect(),
        None => vec![None],
    };
    Ok(names.into_iter().map(|model| Discount { model, from, until, multiplier }).collect())
}

/// A row for each name of the model.
fn rows_of(entry: Entry<'_>) -> Result<Vec<Row>, Wrong> {
    entry.only(KEYS)?;
    let (from, until) = entry.days()?;
    let rates = entry.rates()?;
    let factor = |key| Ok(entry.number(key, PICOS)?.map_or(Factor::ONE, Factor));
    let row = Row {
        model: "".into(),
        from,
        until,
        rates,
        over: entry.inner("over")?.map(over).transpose()?,
        fast: entry.number("fast", PICOS)?.map(|by| entry.fast(rates, Factor(by))).transpose()?,
        geo_us: factor("geo_us")?,
        batch: factor("batch")?,
        web_search: entry.number("web_search", PICOS_PER_THOUSAND)?,
        source: entry.source()?.into(),
        checked: entry.day("checked")?,
    };
    Ok(entry.names()?.into_iter().map(|name| Row { model: name.into(), ..row.clone() }).collect())
}

fn over(entry: Entry<'_>) -> Result<LongPrompt, Wrong> {
    entry.only(OVER_KEYS)?;
    Ok(LongPrompt { prompt_gt: entry.required("prompt_gt", 0)?, rates: entry.rates()? })
}

impl<'a> Entry<'a> {
    fn get(self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    /// Refuses what has no meaning here, lest a misspelt price count for nothing.
    fn only(self, keys: &[&str]) -> Result<(), Wrong> {
        let strange = self.table.keys().find(|key| !keys.contains(&key.get_ref().as_ref()));
        strange.map_or(Ok(()), |key| {
            let reason = format!("`{}` is no key here; the keys are {}", key.get_ref(), keys.join(", "));
            Err((line_of(self.text, key.span().start), reason))
        })
    }

    /// The entries under `[[price]]`.
    fn entries(self) -> Result<Vec<Entry<'a>>, Wrong> {
        let Some(list) = self.get(PRICE) else { return Ok(Vec::new()) };
        let DeValue::Array(entries) = list.get_ref() else {
            return Err(self.wrong(PRICE, list, "is written as [[price]]"));
        };
        let entry = |one: &'a Spanned<DeValue<'a>>| match one.get_ref() {
            DeValue::Table(table) => {
                Ok(Entry { text: self.text, line: line_of(self.text, one.span().start), table })
            }
            _ => Err(self.wrong(PRICE, one, "is written as [[price]]")),
        };
        entries.iter().map(entry).collect()
    }

    /// The table under a key.
    fn inner(self, key: &str) -> Result<Option<Entry<'a>>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Table(table) => {
                Ok(Some(Entry { text: self.text, line: line_of(self.text, value.span().start), table }))
            }
            _ => Err(self.wrong(key, value, "is a table: { prompt_gt = 100000, input = ... }")),
        }
    }

    fn rates(self) -> Result<Rates, Wrong> {
        Ok(Rates {
            input: self.required("input", PICOS)?,
            output: self.required("output", PICOS)?,
            cache_read: self.required("cache_read", PICOS)?,
            cache_write_5m: self.required("cache_write_5m", PICOS)?,
            cache_write_1h: self.required("cache_write_1h", PICOS)?,
        })
    }

    fn fast(self, rates: Rates, by: Factor) -> Result<Rates, Wrong> {
        let times = |rate: u64| {
            let product = u128::from(rate) * u128::from(by.0);
            let exact = product.is_multiple_of(u128::from(Factor::ONE.0));
            let quotient = u64::try_from(product / u128::from(Factor::ONE.0)).ok();
            quotient.filter(|_| exact).ok_or_else(|| {
                (self.line, format!("`fast` makes a price finer than {PICOS} decimals, or too large"))
            })
        };
        Ok(Rates {
            input: times(rates.input)?,
            output: times(rates.output)?,
            cache_read: times(rates.cache_read)?,
            cache_write_5m: times(rates.cache_write_5m)?,
            cache_write_1h: times(rates.cache_write_1h)?,
        })
    }

    fn required(self, key: &str, places: u32) -> Result<u64, Wrong> {
        self.number(key, places)?.ok_or_else(|| (self.line, format!("`{key}` is missing")))
    }

    /// A decimal, as a number or in quotes, never by way of a float.
    fn number(self, key: &str, places: u32) -> Result<Option<u64>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            _ => return Err(self.wrong(key, value, "is no number")),
        };
        decimal(&text, places)
            .map(Some)
            .map_err(|error| (line_of(self.text, value.span().start), format!("`{key} = {text}` {error}")))
    }

    /// First day, and first day after it.
    fn days(self) -> Result<(Option<Day>, Option<Day>), Wrong> {
        let (from, until) = (self.day("from")?, self.day("until")?);
        if until.is_some_and(|until| from.is_some_and(|from| until <= from)) {
            return Err((self.line, "`until` is not after `from`".to_owned()));
        }
        Ok((from, until))
    }

    fn day(self, key: &str) -> Result<Option<Day>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let text = match value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        text.parse().map(Some).map_err(|error| self.wrong(key, value, &format!("{error}")))
    }

    /// The model and its other names.
    fn names(self) -> Result<Vec<String>, Wrong> {
        let mut names = self.words("model")?;
        if names.len() != 1 || names.iter().any(String::is_empty) {
            return Err((self.line, "`model` is missing: the id of one".to_owned()));
        }
        names.extend(self.words("aliases")?);
        Ok(names)
    }

    fn source(self) -> Result<String, Wrong> {
        Ok(self.words("source")?.join(", "))
    }

    /// One word or several.
    fn words(self, key: &str) -> Result<Vec<String>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let word = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong(key, value, "is no text in quotes")),
        };
        match value.get_ref() {
            DeValue::Array(words) => words.iter().map(word).collect(),
            _ => word(value).map(|word| vec![word]),
        }
    }

    fn wrong(self, key: &str, value: &Spanned<DeValue<'_>>, reason: &str) -> Wrong {
        (line_of(self.text, value.span().start), format!("`{key}` {reason}"))
    }
}

/// The line, from 1, of a byte of the text.
fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}
