//! The figures of a run: what was served with what it cost, against what was recorded. Pure.

use anyhow::Result;
use tacho_assemble::price::{Call, Prices};
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};
use tacho_testkit::anthropic::{ServedCall, ServedUsage};
use tacho_testkit::compare;
use tacho_testkit::figures::{Comparison, Reports, ServedSession, recorded};
use tacho_testkit::scenario::Way;

use super::differences::{Played, Printed, text};

/// The comparison, and where what was printed contradicts itself, one line each.
pub(super) fn compared(
    played: &Played<'_>,
    printed: &Printed,
    way: Way,
) -> Result<(Comparison, Vec<String>)> {
    let truths: Vec<_> =
        played.sessions.iter().map(|session| compare::calls_of(&session.id, played.served)).collect();
    let sessions = played.sessions.iter().zip(&truths).map(|(session, truth)| ServedSession {
        truth,
        turns: session.plan.turns(),
        expect: &session.plan.expect,
    });
    let sessions: Vec<_> = sessions.collect();
    let shown: Vec<String> = printed.shown.iter().map(text).collect();
    let (recorded, contradictions) = recorded(&Reports {
        shown: shown.iter().map(String::as_str).collect(),
        cost: &text(&printed.cost),
        imported: (way == Way::Baseline).then_some(&*text(&printed.imported)),
        lacks_calls: played.scenario.unseen.iter().any(|unseen| unseen.ways.contains(&way)),
    })?;
    let prices = Prices::list();
    let price = |request: &ServedCall| price(&prices, request);
    let comparison = Comparison::new(way, &sessions, &price, recorded, &played.scenario.unseen);
    Ok((comparison, contradictions))
}

/// What a request cost by the list. That one has no price is told by `tacho cost`, too, which names its model.
fn price(prices: &Prices, request: &ServedCall) -> i64 {
    let said = &request.terms;
    let iterations = said.iterations.iter().map(|one| Iteration {
        kind: one.kind.clone(),
        model: one.model.clone(),
        usage: usage(&one.usage),
    });
    let terms = Terms {
        speed: said.speed.clone(),
        inference_geo: said.inference_geo.clone(),
        service_tier: said.service_tier.clone(),
        web_searches: Some(said.web_searches),
        iterations: iterations.collect(),
    };
    let call = Call {
        model: Some(&request.model),
        at: UnixNanos(request.started_unix_ns),
        usage: usage(&request.usage),
        terms: &terms,
    };
    prices.price(&call).map_or(0, |priced| priced.amount.0)
}

fn usage(served: &ServedUsage) -> Usage {
    Usage {
        input: Some(served.input),
        output: Some(served.output),
        cache_read: Some(served.cache_read),
        cache_write_5m: Some(served.cache_write_5m),
        cache_write_1h: Some(served.cache_write_1h),
        thinking: None,
    }
}
