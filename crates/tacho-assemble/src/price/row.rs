//! A row of the price table, and the units it is written in.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use tacho_model::money::decimal_text;
use tacho_model::time::Day;

/// Decimals of a dollar per million tokens that are kept: the sixth is a picodollar per token.
pub const PICOS: u32 = 6;

/// Decimals of a dollar per thousand searches that are kept: the ninth is a picodollar per search.
pub const PICOS_PER_THOUSAND: u32 = 9;

/// Picodollars of one token, by what the token was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Input neither read from nor written to the prompt cache.
    pub input: u64,
    /// Output, thinking included.
    pub output: u64,
    /// Input read from the prompt cache.
    pub cache_read: u64,
    /// Input written to the prompt cache for 5 minutes.
    pub cache_write_5m: u64,
    /// Input written to the prompt cache for 1 hour.
    pub cache_write_1h: u64,
}

impl Rates {
    /// In the order input, output, cache read, 5-minute write, 1-hour write.
    pub(super) const fn new(prices: [u64; 5]) -> Self {
        let [input, output, cache_read, cache_write_5m, cache_write_1h] = prices;
        Self { input, output, cache_read, cache_write_5m, cache_write_1h }
    }
}

/// The prices of requests with a long prompt: they count for all tokens of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongPrompt {
    /// A prompt is long that has more tokens, read from and written to the cache included.
    pub prompt_gt: u64,
    /// The prices.
    pub rates: Rates,
}

/// A factor in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor(pub u64);

impl Factor {
    /// Changes nothing.
    pub const ONE: Self = Self(1_000_000);
}

/// As a decimal, such as `0.85`.
impl Display for Factor {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&decimal_text(self.0, PICOS))
    }
}

/// What a model costs from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The model's id, without a date or a provider's additions.
    pub model: Cow<'static, str>,
    /// The first day of it; `None` is always.
    pub from: Option<Day>,
    /// The first day after it, where no other row follows.
    pub until: Option<Day>,
    /// The prices.
    pub rates: Rates,
    /// The prices of long prompts, where they are others.
    pub over: Option<LongPrompt>,
    /// The prices in fast mode.
    pub fast: Option<Rates>,
    /// On tokens, where inference is kept in the US.
    pub geo_us: Factor,
    /// On tokens of the batch API.
    pub batch: Factor,
    /// Picodollars of one web search; `None` where that has no price.
    pub web_search: Option<u64>,
    /// Where it was read.
    pub source: Cow<'static, str>,
    /// When it was last compared with that; nobody compares an owner's.
    pub checked: Option<Day>,
}

impl Row {
    /// A row without exceptions.
    pub(super) const fn new(
        model: &'static str,
        from: Option<Day>,
        until: Option<Day>,
        prices: [u64; 5],
        web_search: u64,
        source: &'static str,
        checked: Day,
    ) -> Self {
        Self {
            model: Cow::Borrowed(model),
            from,
            until,
            rates: Rates::new(prices),
            over: None,
            fast: None,
            geo_us: Factor::ONE,
            batch: Factor::ONE,
            web_search: Some(web_search),
            source: Cow::Borrowed(source),
            checked: Some(checked),
        }
    }

    pub(super) const fn over(mut self, prompt_gt: u64, prices: [u64; 5]) -> Self {
        self.over = Some(LongPrompt { prompt_gt, rates: Rates::new(prices) });
        self
    }

    pub(super) const fn fast(mut self, prices: [u64; 5]) -> Self {
        self.fast = Some(Rates::new(prices));
        self
    }

    pub(super) const fn factors(mut self, geo_us: u64, batch: u64) -> Self {
        self.geo_us = Factor(geo_us);
        self.batch = Factor(batch);
        self
    }

    /// What tells it from all other rows of its table, for ever.
    #[must_use]
    pub fn id(&self) -> String {
        match self.from {
            Some(day) => format!("{}@{day}", self.model),
            None => format!("{}@always", self.model),
        }
    }
}

/// The row that counts on a day: the last of a model's rows that has begun, unless it is over.
pub(super) fn on<'a>(rows: impl DoubleEndedIterator<Item = &'a Row>, day: Day) -> Option<&'a Row> {
    let begun = rows.rev().find(|row| row.from.is_none_or(|from| from <= day));
    begun.filter(|row| row.until.is_none_or(|until| day < until))
}
