//! What the list may not say, and what is called a difference.

use super::drift::{self, compare};
use super::list::{self, Row, parse};
use super::published::Fact;
use tacho_model::time::Day;

const ROW: &str = r#"
[[price]]
model = "m-1"
aliases = ["m-one"]
from = 2026-06-01
input = "0.10"
output = "0.50"
cache_read = "0.01"
cache_write_5m = "0.125"
cache_write_1h = "0.20"
over = { prompt_gt = 100, input = "1", output = "2", cache_read = "3", cache_write_5m = "4", cache_write_1h = "5" }
fast = "2"
geo_us = "1.1"
batch = "0.5"
web_search = "10"
source = ["page"]
checked = 2026-11-28
"#;

fn rows(text: &str) -> anyhow::Result<Vec<Row>> {
    parse(&[("prices/test.toml".to_owned(), text.to_owned())])
}

#[test]
fn a_row_in_integers() {
    let expected = Row {
        model: "m-1".to_owned(),
        aliases: vec!["m-one".to_owned()],
        from: Some(Day::on(2026, 6, 1)),
        until: None,
        prices: [100_000, 500_000, 10_000, 125_000, 200_000],
        over: Some((100, [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000])),
        fast: Some([200_000, 1_000_000, 20_000, 250_000, 400_000]),
        geo_us: 1_100_000,
        batch: 500_000,
        web_search: 10_000_000_000,
        source: vec!["page".to_owned()],
        checked: Day::on(2026, 11, 28),
    };
    assert_eq!(rows(ROW).unwrap(), [expected]);
}

#[test]
fn what_a_list_may_not_say() {
    for (text, expected) in [
        (
            ROW.replace("\"0.10\"", "\"0.1000001\""),
            "prices/test.toml:2: `input = \"0.1000001\"` has more than 6 decimals",
        ),
        (
            ROW.replace("from = 2026-06-01", "from = 2026-06-01\nuntil = 2026-06-01"),
            "prices/test.toml:2: ends before it begins",
        ),
        (
            ROW.repeat(2).replace("aliases = [\"m-one\"]\n", ""),
            "prices/test.toml:18: `m-1` has another row from then on",
        ),
        (ROW.replace("m-one", "m-1"), "prices/test.toml:2: `m-1` is a name already; keep one"),
        (
            ROW.replace("fast = \"2\"", "fast = \"2.00001\""),
            "prices/test.toml:2: has a price that `fast` makes finer than 6 decimals",
        ),
        (
            ROW.replace("checked = 2026-11-28", "checked = 10:00:00"),
            "prices/test.toml:2: `checked = 10:00:00` is no date such as 2026-10-07",
        ),
    ] {
        let error = rows(&text).unwrap_err().to_string();
        assert_eq!(error.lines().nth(1), Some(expected));
    }
}

#[test]
fn the_row_of_a_day_is_the_last_that_has_begun() {
    let ended =
        ROW.replace("aliases = [\"m-one\"]\nfrom = 2026-06-01", "from = 2026-09-01\nuntil = 2026-10-01");
    let rows = rows(&[ROW, &ended].concat()).unwrap();
    let first = |day| list::on(&rows, day).first().and_then(|row| row.from);
    assert_eq!(first(Day::on(2026, 5, 31)), None);
    assert_eq!(first(Day::on(2026, 8, 31)), Some(Day::on(2026, 6, 1)));
    assert_eq!(first(Day::on(2026, 9, 30)), Some(Day::on(2026, 9, 1)));
    assert_eq!(first(Day::on(2026, 10, 1)), None);
}

#[test]
fn a_difference_is_known_or_it_is_not() {
    let rows = rows(&[ROW, &ROW.replace("m-1", "m-2").replace("m-one", "m-two")].concat()).unwrap();
    let rows: Vec<&Row> = rows.iter().collect();
    let fact = |model: &str, key: &str, value: &str| Fact {
        source: "others".to_owned(),
        model: model.to_owned(),
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let facts = [
        fact("m-one", "input", "0.1"),
        fact("m-1", "output", "0.6"),
        fact("m-1", "over.input", "1"),
        fact("m-1", "fast.cache_write_1h", "0.4"),
        fact("m-3", "input", "7"),
    ];
    let known = drift::parse(
        "[[known]]\nsource = 'others'\nmodels = ['m-1']\nkey = 'out'\nreason = 'they round'\n
         [[known]]\nsource = 'others'\nmodels = ['m-1']\nkey = 'cache'\nreason = 'they did not know'\n",
    );
    let drift = compare(&rows, &facts, &known.unwrap());
    let expected = "\
others        m-1                      fast.input           ours 0.2    theirs -      UNEXPLAINED
others        m-1                      output               ours 0.5    theirs 0.6    known: they round
others        m-2                      input                ours 0.1    theirs -      UNEXPLAINED
others        m-3                      input                ours -      theirs 7      UNEXPLAINED
no difference any more, take it out of prices/drift/known.toml: others: they did not know
3 equal, 1 known, 3 unexplained
";
    assert_eq!(drift.table(), expected);
    assert_eq!(drift.unexplained(), 3);
}
