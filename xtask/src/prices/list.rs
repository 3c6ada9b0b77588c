//! The list as written in `prices/*.toml`: read, checked, and nothing derived from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use tacho_model::money::{DecimalError, decimal};
use tacho_model::time::Day;
use toml::Spanned;
use toml::value::Datetime;

use crate::finding::{self, Finding};
use crate::workspace;

/// Where the lists lie.
const FOLDER: &str = "prices";

/// Decimals of a dollar per million tokens, so that one of the last is a picodollar per token; and of a factor.
pub(super) const PLACES: u32 = 6;

/// Decimals of a dollar per thousand, so that one of the last is a picodollar each.
pub(super) const PLACES_PER_THOUSAND: u32 = 9;

/// A factor that changes nothing.
const ONE: u64 = 1_000_000;

/// A row, in integers. Prices are in the order input, output, cache read, 5-minute write, 1-hour write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) model: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) from: Option<Day>,
    pub(crate) until: Option<Day>,
    pub(crate) prices: [u64; 5],
    pub(crate) over: Option<(u64, [u64; 5])>,
    pub(crate) fast: Option<[u64; 5]>,
    pub(crate) geo_us: u64,
    pub(crate) batch: u64,
    pub(crate) web_search: u64,
    pub(crate) source: Vec<String>,
    pub(crate) checked: Day,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    price: Vec<Spanned<Written>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    model: String,
    #[serde(default)]
    aliases: Vec<String>,
    from: Option<Datetime>,
    until: Option<Datetime>,
    input: String,
    output: String,
    cache_read: String,
    cache_write_5m: String,
    cache_write_1h: String,
    over: Option<WrittenOver>,
    fast: Option<String>,
    geo_us: Option<String>,
    batch: Option<String>,
    web_search: String,
    source: Vec<String>,
    checked: Datetime,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOver {
    prompt_gt: u64,
    input: String,
    output: String,
    cache_read: String,
    cache_write_5m: String,
    cache_write_1h: String,
}

/// All rows, in order of model and first day.
pub(crate) fn load(root: &Path) -> anyhow::Result<Vec<Row>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root.join(FOLDER)).context("cannot read prices/")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") {
            let path = format!("{FOLDER}/{name}");
            let text = workspace::read(&root.join(&path))?;
            files.push((path, text));
        }
    }
    files.sort();
    parse(&files)
}

/// The row of each model that counts on a day. Rows come in order of model and first day.
pub(super) fn on(rows: &[Row], day: Day) -> Vec<&Row> {
    let mut current: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.from.is_none_or(|from| from <= day)) {
        current.insert(&row.model, row);
    }
    current.into_values().filter(|row| row.until.is_none_or(|until| day < until)).collect()
}

/// The rows of files, each a path and its text.
pub(super) fn parse(files: &[(String, String)]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    for (path, text) in files {
        let contents: Contents = toml::from_str(text).with_context(|| path.clone())?;
        for written in contents.price {
            let before = text.get(..written.span().start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            match row(written.into_inner()) {
                Ok(row) => rows.push((row, path.as_str(), line)),
                Err(advice) => findings.push(Finding::at(path, line, advice)),
            }
        }
    }
    rows.sort_by(|(one, ..), (other, ..)| (&one.model, one.from).cmp(&(&other.model, other.from)));
    findings.extend(contradictions(&rows));
    finding::refuse(findings)?;
    Ok(rows.into_iter().map(|(row, ..)| row).collect())
}

fn row(written: Written) -> Result<Row, String> {
    let fields = [
        ("input", &written.input),
        ("output", &written.output),
        ("cache_read", &written.cache_read),
        ("cache_write_5m", &written.cache_write_5m),
        ("cache_write_1h", &written.cache_write_1h),
    ];
    let prices = read_all(fields)?;
    let over = written.over.as_ref().map(over).transpose()?;
    let factor = |key: &str, text: Option<&String>| text.map_or(Ok(ONE), |text| read(key, text, PLACES));
    let fast = written.fast.as_ref().map(|text| fast(prices, read("fast", text, PLACES)?)).transpose()?;
    Ok(Row {
        prices,
        over,
        fast,
        geo_us: factor("geo_us", written.geo_us.as_ref())?,
        batch: factor("batch", written.batch.as_ref())?,
        web_search: read("web_search", &written.web_search, PLACES_PER_THOUSAND)?,
        from: written.from.map(|date| day("from", date)).transpose()?,
        until: written.until.map(|date| day("until", date)).transpose()?,
        checked: day("checked", written.checked)?,
        model: written.model,
        aliases: written.aliases,
        source: written.source,
    })
}

fn over(written: &WrittenOver) -> Result<(u64, [u64; 5]), String> {
    let fields = [
        ("over.input", &written.input),
        ("over.output", &written.output),
        ("over.cache_read", &written.cache_read),
        ("over.cache_write_5m", &written.cache_write_5m),
        ("over.cache_write_1h", &written.cache_write_1h),
    ];
    Ok((written.prompt_gt, read_all(fields)?))
}

fn fast(prices: [u64; 5], factor: u64) -> Result<[u64; 5], String> {
    let products = prices.map(|price| price.saturating_mul(factor));
    if products.iter().any(|product| product % ONE != 0) {
        return Err(format!("has a price that `fast` makes finer than {PLACES} decimals"));
    }
    Ok(products.map(|product| product / ONE))
}

fn read_all(fields: [(&str, &String); 5]) -> Result<[u64; 5], String> {
    let mut prices = [0; 5];
    for (price, (key, text)) in prices.iter_mut().zip(fields) {
        *price = read(key, text, PLACES)?;
    }
    Ok(prices)
}

fn read(key: &str, text: &str, places: u32) -> Result<u64, String> {
    decimal(text, places).map_err(|error: DecimalError| format!("`{key} = {text:?}` {error}"))
}

fn day(key: &str, date: Datetime) -> Result<Day, String> {
    date.to_string().parse().map_err(|error| format!("`{key} = {date}` {error}"))
}

/// What rows may not say beside each other. They come in order of model and first day.
fn contradictions(rows: &[(Row, &str, usize)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let models: BTreeSet<&str> = rows.iter().map(|(row, ..)| row.model.as_str()).collect();
    for (row, path, line) in rows {
        if row.until.is_some_and(|until| row.from.is_some_and(|from| until <= from)) {
            findings.push(Finding::at(path, *line, "ends before it begins"));
        }
        for alias in &row.aliases {
            let other = names.insert(alias, &row.model);
            if models.contains(alias.as_str()) || other.is_some() {
                findings.push(Finding::at(path, *line, format!("`{alias}` is a name already; keep one")));
            }
        }
    }
    for pair in rows.windows(2) {
        if let [(one, ..), (other, path, line)] = pair
            && (&one.model, one.from) == (&other.model, other.from)
        {
            findings.push(Finding::at(path, *line, format!("`{}` has another row from then on", one.model)));
        }
    }
    findings
}
