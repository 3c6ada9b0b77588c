//! What calls cost, and where that stands. What is right is in `price/tests`.

use super::{SECOND_NS, facts_of, hook, prompted, stopped};
use crate::price::{Discount, Factor, Prices};
use crate::tree::{Assembly, assemble};
use tacho_model::attribute::Attributes;
use tacho_model::event::{Event, Fact, Finish, FinishReason, ModelAnswer, Source};
use tacho_model::id::MessageId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{Iteration, Terms};

/// 2026-11-28.
const START: u64 = 1_795_824_000;

/// A block of an answer, so many seconds in.
fn answered(seconds: u64, message: &str, model: &str, usage: Usage, terms: &Terms) -> Event {
    let answer = ModelAnswer {
        message: MessageId::from(message),
        request_id: None,
        request: None,
        model: Some(model.to_owned()),
        requested_model: None,
        effort: None,
        usage,
        finish: Some(Finish { word: "end_turn".to_owned(), reason: FinishReason::Stop }),
        terms: terms.clone(),
        block_ms: None,
        block: 0,
        part: None,
    };
    let event = hook(START + seconds, "p", Fact::ModelAnswered(Box::new(answer)));
    Event { source: Source::Transcript, offset: Some(seconds), ..event }
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage { input: Some(input), output: Some(output), ..Usage::default() }
}

/// A turn with these answers, and a call that failed.
fn turn_with(answers: &[Event], prices: &Prices) -> Assembly {
    let failed = Fact::ModelFailed { request_id: None, row: "row".to_owned(), error: "400".to_owned() };
    let failed = Event { source: Source::Transcript, offset: Some(99), ..hook(START + 99, "p", failed) };
    let mut events = vec![hook(START, "p", prompted()), failed, hook(START + 100, "p", stopped())];
    events.extend_from_slice(answers);
    assemble(&facts_of(&events), prices, UnixNanos((START + 1000) * SECOND_NS))
}

/// What every span says of its cost, one line each; without the state of the table, which is the same everywhere.
#[track_caller]
fn check(assembly: &Assembly, prices: &Prices, expected: &[&str]) {
    let table = format!(" tachograph.price.table=String({:?})", prices.version());
    let lines: Vec<String> = assembly
        .spans
        .iter()
        .map(|span| format!("{}{}", span.name, costs(&span.attributes)).replace(&table, ""))
        .collect();
    assert_eq!(lines, expected);
}

fn costs(attributes: &Attributes) -> String {
    let is_cost = |name: &str| name.contains(".cost.") || name.contains(".price.");
    let said = attributes.iter().filter(|(key, _)| is_cost(key.name()));
    said.map(|(key, value)| format!(" {}={value:?}", key.name())).collect()
}

#[test]
fn an_answer_says_what_it_costs_and_nothing_else_does() {
    let fast = Terms { speed: Some("fast".to_owned()), ..Terms::default() };
    let answers = [
        answered(1, "list", "claude-opus-5-5", tokens(1000, 100), &Terms::default()),
        answered(2, "fast", "claude-opus-5-5", tokens(1000, 100), &fast),
        answered(3, "unknown", "house-1", tokens(10, 1), &Terms::default()),
        answered(4, "uncounted", "claude-opus-5-5", Usage::default(), &Terms::default()),
        answered(5, "slow", "claude-haiku-5-5", tokens(10, 1), &fast),
    ];
    let prices = Prices::list();
    let assembly = turn_with(&answers, &prices);
    check(
        &assembly,
        &prices,
        &[
            "invoke_agent agent",
            "chat claude-opus-5-5 gen_ai.usage.cost.amount=Double(0.006) gen_ai.usage.cost.currency=String(\"USD\") \
             gen_ai.usage.cost.source=String(\"local\") tachograph.cost.nanos=Int(6000000) \
             tachograph.price.row=String(\"claude-opus-5-5@always\")",
            "chat claude-opus-5-5 gen_ai.usage.cost.amount=Double(0.012) gen_ai.usage.cost.currency=String(\"USD\") \
             gen_ai.usage.cost.source=String(\"local\") tachograph.cost.nanos=Int(12000000) \
             tachograph.price.row=String(\"claude-opus-5-5@always\")",
            "chat house-1 tachograph.price.missing=String(\"unknown_model\")",
            "chat claude-opus-5-5 tachograph.price.missing=String(\"unknown_tokens\")",
            "chat claude-haiku-5-5 tachograph.price.missing=String(\"unknown_terms\")",
            "chat unknown",
        ],
    );
    assert_eq!(assembly.session.cost, Some(Nanodollars(18_000_000)));
    assert_eq!(assembly.session.unpriced_calls, 3);
}

/// What an answer says in several rows is priced once, by what all of them say together.
#[test]
fn rows_of_one_answer_are_priced_together() {
    let advice = Iteration {
        kind: "advisor_message".to_owned(),
        model: Some("claude-opus-5-5".to_owned()),
        usage: tokens(2000, 300),
    };
    let advised = Terms { iterations: vec![advice], web_searches: Some(1), ..Terms::default() };
    let model = "claude-sonnet-5-5";
    let rows = [
        answered(1, "m", model, tokens(1000, 1), &Terms::default()),
        answered(2, "m", model, tokens(1000, 100), &advised),
        answered(3, "m", model, tokens(1000, 100), &Terms::default()),
    ];
    let discount = Discount { model: None, from: None, until: None, multiplier: Factor(500_000) };
    let prices = Prices::with_own(Vec::new(), vec![discount], "x").unwrap();
    let expected = [
        "invoke_agent agent",
        // $0.003 for its own tokens, $0.014 for the advice, $0.01 for the search; half of it.
        "chat claude-sonnet-5-5 gen_ai.usage.cost.amount=Double(0.0135) gen_ai.usage.cost.currency=String(\"USD\") \
         gen_ai.usage.cost.source=String(\"local\") tachograph.cost.nanos=Int(13500000) \
         tachograph.price.row=String(\"own:claude-sonnet-5-5@2026-10-07*0.5+own:claude-opus-5-5@always*0.5\")",
        "chat unknown",
    ];
    check(&turn_with(&rows, &prices), &prices, &expected);
    let reversed: Vec<Event> = rows.into_iter().rev().collect();
    check(&turn_with(&reversed, &prices), &prices, &expected);
}

#[test]
fn a_session_without_an_answer_costs_nothing_that_is_known() {
    let session = turn_with(&[], &Prices::list()).session;
    assert_eq!((session.llm_calls, session.cost, session.unpriced_calls), (1, None, 0));
}
