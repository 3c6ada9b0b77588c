//! What calls used: however statements come, in whatever order, how often and in how many transactions, the same is kept.

use super::sample::empty;
use crate::Store;
use crate::usage::{SumFilter, UsagePrice};
use proptest::prelude::*;
use tacho_model::event::{Source, Sources};
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{CallKey, Owner, ReportedCost, ReportedModel, Terms, UsageRecord};

/// A price that depends on all that was merged.
fn price(record: &UsageRecord) -> UsagePrice {
    let usage = record.usage;
    let tokens = [usage.input, usage.output, usage.cache_read].into_iter().flatten().sum::<u64>();
    UsagePrice { cost: Some(Nanodollars(tokens.cast_signed() * 1000)), basis: None, table: None }
}

fn put(store: &mut Store, records: Vec<UsageRecord>) {
    put_pieces(store, [records]);
}

/// Puts pieces one after the other, in one transaction.
fn put_pieces(store: &mut Store, pieces: impl IntoIterator<Item = Vec<UsageRecord>>) {
    let changes = store.change().unwrap();
    let mut usage = changes.usage().unwrap();
    pieces.into_iter().for_each(|records| usage.put(records, price).unwrap());
    usage.finish().unwrap();
    changes.commit().unwrap();
}

/// Everything that is kept, and what it sums up to.
fn kept(store: &Store) -> (Vec<String>, Vec<String>) {
    let (mut records, mut sums) = (Vec::new(), Vec::new());
    store.read().each_usage_record(|record, cost| records.push(format!("{record:?} {cost:?}"))).unwrap();
    let ids = store.read().session_ids().unwrap();
    let names = store.read().usage_names().unwrap();
    store
        .read()
        .each_usage_sum(SumFilter::ALL, |sum| {
            let (model, session) = (names(sum.model), &ids[&sum.session]);
            sums.push(format!(
                "{session} {:?} {model:?} {} {:?} {}",
                sum.from, sum.calls, sum.usage, sum.cost
            ));
        })
        .unwrap();
    let by_tools = store.read().usage_by_tools(SumFilter::ALL).unwrap();
    sums.extend(by_tools.into_iter().map(|(tools, sum)| format!("{tools:?} {sum:?}")));
    records.sort();
    sums.sort();
    (records, sums)
}

fn statement() -> impl Strategy<Value = UsageRecord> {
    let count = || prop::option::of(0..4_u64);
    let tools = prop::collection::btree_set(prop::sample::select(vec!["Bash", "Edit", "Read"]), 0..2);
    // A row of a transcript names an answer, and perhaps its request; the agent's telemetry names nothing but a request.
    let key = (prop::option::of(0..3_u8), prop::sample::select(vec!["", "", "req_1", "req_2"]));
    let owner = (any::<bool>(), 0..3_u64, 0..2_u8);
    (key, owner, count(), count(), count(), tools, any::<bool>()).prop_map(
        |((message, request), (is_sidechain, at, session), input, output, cache_read, tools, is_final)| {
            let usage = Usage { input, output, cache_read, ..Usage::default() };
            let key = match message {
                None if !request.is_empty() => CallKey::of_request(request),
                message => {
                    CallKey { message: format!("msg_{}", message.unwrap_or(0)), request: request.to_owned() }
                }
            };
            let source = if key.is_of_request() { Source::Mod } else { Source::Transcript };
            UsageRecord {
                key,
                owner: Owner {
                    is_sidechain,
                    is_empty: usage.is_empty(),
                    at: UnixNanos(at * 1_000_000_000_000),
                    session: SessionId::from(format!("session-{session}")),
                    subagent: is_sidechain.then(|| "Explore".to_owned()),
                    project: Some(format!("/home/dev/{session}")),
                    model: Some("claude-opus-5-5".to_owned()),
                },
                usage,
                terms: Terms::default(),
                tools: tools.into_iter().map(str::to_owned).collect(),
                is_final,
                sources: Sources::of(source),
            }
        },
    )
}

/// An agent may write what it likes, and nothing else may be held up by it.
#[test]
fn of_a_model_that_is_named_twice_the_last_word_counts() {
    let (_place, mut store) = empty();
    let model = |cost| ReportedModel {
        model: "claude-opus-5-5".to_owned(),
        usage: Usage::default(),
        web_searches: None,
        cost: Nanodollars(cost),
    };
    let said = ReportedCost {
        session: SessionId::from("one"),
        cost: Nanodollars(5),
        models: vec![model(2), model(3)],
        has_guessed: false,
    };
    let changes = store.change().unwrap();
    let mut usage = changes.usage().unwrap();
    usage.put_reported(&said).unwrap();
    usage.finish().unwrap();
    changes.commit().unwrap();
    let costs: Vec<i64> = store.read().reported_costs().unwrap().iter().map(|said| said.cost.0).collect();
    assert_eq!(costs, [5, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_repetition_and_transactions_change_nothing(
        said in prop::collection::vec(statement(), 1..12),
        shuffled in any::<prop::sample::Index>(),
        size in 1..5_usize,
        seed in any::<u64>(),
    ) {
        let (_place, mut at_once) = empty();
        put(&mut at_once, said.clone());
        let mut again = said.clone();
        again.extend(said.iter().take(shuffled.index(said.len()) + 1).cloned());
        // A permutation that the seed decides.
        let len = again.len();
        for place in (1..len).rev() {
            again.swap(place, (seed.wrapping_mul(place as u64 + 7) >> 7) as usize % (place + 1));
        }
        let (_place, mut piecemeal) = empty();
        for piece in again.chunks(size) {
            put(&mut piecemeal, piece.to_vec());
        }
        prop_assert_eq!(kept(&at_once), kept(&piecemeal));
        let (_place, mut together) = empty();
        put_pieces(&mut together, again.chunks(size).map(<[_]>::to_vec));
        prop_assert_eq!(kept(&at_once), kept(&together));
    }
}
