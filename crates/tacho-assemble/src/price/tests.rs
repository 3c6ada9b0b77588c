//! Tests of prices: every case that was worked out by hand, and the table that an agent brings along.

mod agent_table;
mod cases;

use super::{Call, Prices, Unpriced, list_checked, names_of};
use tacho_model::money::Nanodollars;
use tacho_model::time::Day;
use tacho_model::usage::Usage;
use tacho_model::usage_record::Terms;

#[test]
fn a_row_that_was_found_prices_every_call_of_its_day() {
    let prices = Prices::list();
    let noon = |day: Day| day.start().plus_nanos(43_200_000_000_000);
    let day = Day::on(2026, 10, 7);
    let row = prices.find("claude-sonnet-5-5", day).unwrap();
    for at in [day.start(), noon(day)] {
        let usage = Usage { input: Some(1), output: Some(1), ..Usage::default() };
        let call = Call { model: Some("claude-sonnet-5-5"), at, usage, terms: &Terms::default() };
        assert_eq!(prices.price_by(row, &call), prices.price(&call));
        assert_eq!(prices.price(&call).unwrap().amount, Nanodollars(12_000));
    }
}

#[test]
fn what_is_more_than_money_can_say_is_the_most_that_it_can() {
    let usage = Usage { input: Some(u64::MAX), output: Some(u64::MAX), ..Usage::default() };
    let terms =
        Terms { inference_geo: Some("us".to_owned()), web_searches: Some(u64::MAX), ..Terms::default() };
    let at = Day::on(2026, 11, 28).start();
    let call = Call { model: Some("claude-opus-5-5"), at, usage, terms: &terms };
    assert_eq!(Prices::list().price(&call).unwrap().amount, Nanodollars(i64::MAX));
}

#[test]
fn every_row_of_the_list_has_its_own_id_and_is_found_by_every_name() {
    let prices = Prices::list();
    let mut ids: Vec<String> = prices.rows().map(|found| found.row.id()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for found in prices.rows() {
        let day = found.row.from.unwrap_or(Day::on(2024, 1, 1));
        for name in [found.row.model.as_ref()].into_iter().chain(names_of(&found.row.model)) {
            assert_eq!(prices.find(name, day), Ok(found), "{name}");
        }
    }
    assert_eq!(prices.find("", Day::on(2026, 1, 1)), Err(Unpriced::NoModel));
    assert!(prices.version().starts_with(&list_checked().unwrap().to_string()));
}
