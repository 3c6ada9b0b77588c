//! Tokens times prices, exactly.

use super::call::{Geo, Mode, Speed, Tier, is_message};
use super::{Call, Factor, Found, Rates, Unpriced};
use tacho_model::money::{Nanodollars, half_even};
use tacho_model::usage::Usage;
use tacho_model::usage_record::Iteration;

/// What a picodollar is divided into, so that three factors in millionths stay exact.
const PARTS: u128 = (Factor::ONE.0 as u128).pow(3);

/// Picodollars in a nanodollar.
const PICOS_PER_NANO: u128 = 1000;

/// An exact amount, in [`PARTS`] of a picodollar. The largest is any that is too large to be exact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact(u128);

impl Exact {
    pub(super) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(super) fn rounded(self) -> Nanodollars {
        if self.0 == u128::MAX {
            return Nanodollars(i64::MAX);
        }
        Nanodollars(i64::try_from(half_even(self.0, PARTS * PICOS_PER_NANO)).unwrap_or(i64::MAX))
    }
}

/// What the call's own model did.
pub(super) fn of_request(found: Found<'_>, call: &Call<'_>) -> Result<Exact, Unpriced> {
    let mode = Mode::said(call.terms);
    let tokens = match mode.speed {
        Speed::Standard => of_prompts(found, call)?,
        // Fast mode has one price, however long the prompt.
        Speed::Fast => of_tokens(found.row.fast.ok_or(Unpriced::UnknownTerms)?, call.usage)?,
        Speed::Unknown => return Err(Unpriced::UnknownTerms),
    };
    Ok(scaled(tokens, found, mode).plus(of_searches(found, call.terms.web_searches.unwrap_or(0))?))
}

/// Neither place nor tier changes what a search costs.
fn of_searches(found: Found<'_>, count: u64) -> Result<Exact, Unpriced> {
    if count == 0 {
        return Ok(Exact(0));
    }
    let price = found.row.web_search.ok_or(Unpriced::UnknownTerms)?;
    let picos = u128::from(count) * u128::from(price);
    Ok(scaled(picos, found, Mode::default()))
}

/// What an advisor did. It is served as the call is, but never fast.
pub(super) fn of_advice(advisor: Found<'_>, usage: Usage, mode: Mode) -> Result<Exact, Unpriced> {
    let tokens = of_tokens(rates(advisor, usage), usage)?;
    Ok(scaled(tokens, advisor, mode))
}

fn scaled(picos: u128, found: Found<'_>, mode: Mode) -> Exact {
    let geo = if mode.geo == Geo::Us { found.row.geo_us } else { Factor::ONE };
    let tier = if mode.tier == Tier::Batch { found.row.batch } else { Factor::ONE };
    let factors = [geo, tier, discount(found)].map(|factor| u128::from(factor.0));
    Exact(factors.into_iter().fold(picos, u128::saturating_mul))
}

fn discount(found: Found<'_>) -> Factor {
    found.discount.map_or(Factor::ONE, |discount| discount.multiplier)
}

/// The tokens of a call, each request of it by the length of its own prompt.
fn of_prompts(found: Found<'_>, call: &Call<'_>) -> Result<u128, Unpriced> {
    match found.row.over {
        Some(_) if are_whole(call) => {
            let mut hour_left = unsaid_hour(call);
            let mut picos = 0_u128;
            for request in messages(call) {
                let usage = with_hour(request.usage, &mut hour_left);
                picos = picos.saturating_add(of_tokens(rates(found, usage), usage)?);
            }
            Ok(picos)
        }
        _ => of_tokens(rates(found, call.usage), call.usage),
    }
}

fn messages<'a>(call: &Call<'a>) -> impl Iterator<Item = &'a Iteration> {
    call.terms.iterations.iter().filter(|part| is_message(part))
}

/// Whether the call's requests are all there: they add up to what the call says.
fn are_whole(call: &Call<'_>) -> bool {
    let sum = messages(call).map(|request| request.usage).reduce(Usage::plus);
    let classes = |usage: Usage| {
        [usage.input, usage.output, usage.cache_read, usage.cache_write()].map(Option::unwrap_or_default)
    };
    sum.is_some_and(|sum| sum.input.is_some() && sum.output.is_some() && classes(sum) == classes(call.usage))
}

/// What was written for 1 hour by requests that only say that they wrote: then it counts for 5 minutes there.
fn unsaid_hour(call: &Call<'_>) -> u64 {
    let hour = |usage: Usage| usage.cache_write_1h.unwrap_or_default();
    let said = messages(call).fold(0_u64, |sum, request| sum.saturating_add(hour(request.usage)));
    hour(call.usage).saturating_sub(said)
}

fn with_hour(usage: Usage, left: &mut u64) -> Usage {
    let for_minutes = usage.cache_write_5m.unwrap_or_default();
    let moved = for_minutes.min(*left);
    *left -= moved;
    Usage {
        cache_write_5m: Some(for_minutes - moved),
        cache_write_1h: Some(usage.cache_write_1h.unwrap_or_default().saturating_add(moved)),
        ..usage
    }
}

/// The prices that a prompt of this length has.
fn rates(found: Found<'_>, usage: Usage) -> Rates {
    let prompt = usage.total_input().unwrap_or_default();
    match found.row.over {
        Some(over) if prompt > over.prompt_gt => over.rates,
        _ => found.row.rates,
    }
}

/// Picodollars of all tokens at these prices.
fn of_tokens(rates: Rates, usage: Usage) -> Result<u128, Unpriced> {
    let (Some(input), Some(output)) = (usage.input, usage.output) else {
        return Err(Unpriced::UnknownTokens);
    };
    let classes = [
        (input, rates.input),
        (output, rates.output),
        (usage.cache_read.unwrap_or_default(), rates.cache_read),
        (usage.cache_write_5m.unwrap_or_default(), rates.cache_write_5m),
        (usage.cache_write_1h.unwrap_or_default(), rates.cache_write_1h),
    ];
    let products = classes.map(|(tokens, rate)| u128::from(tokens) * u128::from(rate));
    Ok(products.into_iter().fold(0, u128::saturating_add))
}
