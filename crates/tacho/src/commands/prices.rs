//! `tacho prices`: what models cost, by the list and by the owner's own file, and whether both can be relied on.

use super::table::table;
use super::words::plural;
use crate::cli::{Output, PricesAction};
use crate::drain::now;
use crate::failure::{Failure, FailureKind};
use crate::prices::{self, Loaded};
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, print};
use serde::Serialize;
use serde_json::{Value as Json, json};
use tacho_assemble::price::{
    Discount, Factor, Found, PICOS, PICOS_PER_THOUSAND, Rates, Unpriced, list_checked, names_of,
};
use tacho_model::money::decimal_text;
use tacho_model::time::Day;

/// Days after which a list that nobody compared with its sources is called old.
const OLD_DAYS: u32 = 60;

/// Something that is wrong with the prices.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    /// The command or the edit that mends it.
    remedy: String,
}

/// Shows or checks the prices.
pub(super) fn run(output: Output, action: &PricesAction) -> Result<(), Failure> {
    match action {
        PricesAction::List => list(output),
        PricesAction::Show { model, at } => show(output, model, at.unwrap_or_else(|| Day::of(now()))),
        PricesAction::Check => check(output),
    }
}

fn list(output: Output) -> Result<(), Failure> {
    let loaded = prices::load();
    if output.json {
        print(&format!("{}\n", list_report(&loaded)));
        return as_read(&loaded);
    }
    let cells = |found: Found<'_>| {
        let Rates { input, output, cache_read, cache_write_5m, cache_write_1h } = found.row.rates;
        let prices = [input, output, cache_read, cache_write_5m, cache_write_1h].map(dollars);
        let row = [display_safe(&found.to_string())].into_iter().chain(prices).chain([exceptions(found)]);
        row.collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = loaded.prices.rows().map(cells).collect();
    let heads = ["ROW", "INPUT", "OUTPUT", "READ", "WRITE 5m", "WRITE 1h", "EXCEPT"];
    print(&table(&heads, &[1, 2, 3, 4, 5], &rows));
    print(&format!("\nUS dollars per million tokens. {}\n", standing(&loaded)));
    for discount in loaded.prices.discounts() {
        print(&format!("{}\n", discount_line(discount)));
    }
    as_read(&loaded)
}

fn show(output: Output, model: &str, day: Day) -> Result<(), Failure> {
    let loaded = prices::load();
    let found = loaded.prices.find(model, day).map_err(|reason| unpriced(model, day, reason))?;
    if output.json {
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "table": loaded.prices.version(),
            "at": day.to_string(),
            "row": row_report(found),
        });
        print(&format!("{report}\n"));
        return as_read(&loaded);
    }
    print(&format!("{}\n", display_safe(&found.to_string())));
    let names = names_of(&found.row.model);
    if !names.is_empty() && !found.is_own {
        print(&format!("  also called       {}\n", names.join(", ")));
    }
    print(&format!("  tokens            {}\n", rates_line(found.row.rates)));
    if let Some(over) = found.row.over {
        print(&format!("  prompts > {:<7} {}\n", over.prompt_gt, rates_line(over.rates)));
    }
    if let Some(fast) = found.row.fast {
        print(&format!("  fast mode         {}\n", rates_line(fast)));
    }
    for (what, factor) in [("kept in the US", found.row.geo_us), ("batch", found.row.batch)] {
        if factor != Factor::ONE {
            print(&format!("  {what:<17} x {factor}\n"));
        }
    }
    if let Some(search) = found.row.web_search {
        print(&format!("  web searches      ${} per 1000\n", decimal_text(search, PICOS_PER_THOUSAND)));
    }
    if let Some(discount) = found.discount {
        print(&format!("  your discount     x {}\n", discount.multiplier));
    }
    print(&format!("  source            {}\n", source_line(found)));
    as_read(&loaded)
}

fn check(output: Output) -> Result<(), Failure> {
    let loaded = prices::load();
    let findings = findings(&loaded, Day::of(now()));
    if output.json {
        let report = json!({
            "schema_version": SCHEMA_VERSION,
            "table": loaded.prices.version(),
            "checked": list_checked().map(|day| day.to_string()),
            "own_file": loaded.file,
            "findings": findings,
        });
        print(&format!("{report}\n"));
    } else {
        print(&format!("{}\n", standing(&loaded)));
        for finding in &findings {
            print(&format!("\n{}\n  mend: {}\n", display_safe(&finding.what), display_safe(&finding.remedy)));
        }
    }
    match findings.len() {
        0 => Ok(()),
        count => {
            let count = plural(u64::try_from(count).unwrap_or(u64::MAX), "thing");
            Err(Failure::new(FailureKind::Finding, format!("{count} to mend")))
        }
    }
}

fn findings(loaded: &Loaded, today: Day) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(problem) = &loaded.problem {
        findings.push(Finding {
            what: format!("your prices do not count: {problem}"),
            remedy: "mend that line; until then the list alone counts".to_owned(),
        });
    }
    let age = list_checked().map(|checked| today.days_since(checked));
    if let Some(age) = age.filter(|age| *age > OLD_DAYS) {
        findings.push(Finding {
            what: format!("the list was last compared with its sources {age} days ago"),
            remedy: "update tacho, or put what has changed into your prices.toml".to_owned(),
        });
    }
    let ended = loaded.prices.rows().filter(|found| is_last(loaded, *found)).filter_map(|found| {
        let until = found.row.until.filter(|until| *until <= today)?;
        Some(Finding {
            what: format!("{} ended on {until}, and nothing follows: calls since then have no price", found),
            remedy: "add a row with `from` to your prices.toml, if the model is still used".to_owned(),
        })
    });
    findings.extend(ended);
    findings
}

/// Whether the row is the last one of its model in its table.
fn is_last(loaded: &Loaded, found: Found<'_>) -> bool {
    let is_same = |other: &Found<'_>| (other.is_own, &other.row.model) == (found.is_own, &found.row.model);
    loaded.prices.rows().filter(is_same).last() == Some(found)
}

/// A file that could not be read is a failure of whoever asks for its prices, though the list is shown.
fn as_read(loaded: &Loaded) -> Result<(), Failure> {
    match &loaded.problem {
        None => Ok(()),
        Some(problem) => {
            Err(Failure::new(FailureKind::Config, format!("your prices do not count: {problem}"))
                .hint("what is shown is the list alone"))
        }
    }
}

fn unpriced(model: &str, day: Day, reason: Unpriced) -> Failure {
    let model = display_safe(model);
    let why = match reason {
        Unpriced::UnknownThen => format!("there is a price of {model}, but none on {day}"),
        Unpriced::NoModel => format!("{model:?} is no model"),
        Unpriced::UnknownModel | Unpriced::UnknownTokens | Unpriced::UnknownTerms => {
            format!("there is no price of {model}; it is not guessed from others of its family")
        }
    };
    Failure::new(FailureKind::User, why)
        .hint("tacho prices list shows what there is; a row in your prices.toml adds to it")
}

fn standing(loaded: &Loaded) -> String {
    let own = match (&loaded.file, &loaded.problem) {
        (Some(file), None) if file.exists() => format!("; your own are in {}", file.display()),
        (Some(file), Some(_)) => format!("; your own, in {}, do not count", file.display()),
        (Some(file), None) => format!("; your own would be in {}", file.display()),
        (None, _) => String::new(),
    };
    let checked = list_checked().map_or_else(|| "never".to_owned(), |day| day.to_string());
    format!(
        "Table {}, compared with its sources on {checked}{}.",
        loaded.prices.version(),
        display_safe(&own)
    )
}

fn exceptions(found: Found<'_>) -> String {
    let row = found.row;
    let over = row.over.map(|over| {
        format!("over {}: {}/{}", over.prompt_gt, dollars(over.rates.input), dollars(over.rates.output))
    });
    let fast = row.fast.map(|fast| format!("fast: {}/{}", dollars(fast.input), dollars(fast.output)));
    let geo = (row.geo_us != Factor::ONE).then(|| format!("US x {}", row.geo_us));
    let until = row.until.map(|until| format!("until {until}"));
    [over, fast, geo, until].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn discount_line(discount: &Discount) -> String {
    let model = discount.model.as_deref().unwrap_or("all models");
    let from = discount.from.map(|day| format!(" from {day}")).unwrap_or_default();
    let until = discount.until.map(|day| format!(" until {day}")).unwrap_or_default();
    format!("Your discount on {}: x {}{from}{until}.", display_safe(model), discount.multiplier)
}

fn rates_line(rates: Rates) -> String {
    let Rates { input, output, cache_read, cache_write_5m, cache_write_1h } = rates;
    let [input, output, read, minutes, hour] =
        [input, output, cache_read, cache_write_5m, cache_write_1h].map(dollars);
    format!("input ${input}, output ${output}, read ${read}, write 5m ${minutes}, write 1h ${hour}")
}

fn source_line(found: Found<'_>) -> String {
    let named = if found.is_own { "your prices.toml" } else { "the list" };
    let source = display_safe(&found.row.source);
    let said = if source.is_empty() { String::new() } else { format!(", from {source}") };
    let checked = found.row.checked.map(|day| format!(", checked {day}")).unwrap_or_default();
    format!("{named}{said}{checked}")
}

fn list_report(loaded: &Loaded) -> Json {
    let rows: Vec<Json> = loaded.prices.rows().map(row_report).collect();
    let discounts = loaded.prices.discounts().iter().map(|discount| {
        json!({
            "model": discount.model,
            "from": discount.from.map(|day| day.to_string()),
            "until": discount.until.map(|day| day.to_string()),
            "multiplier": discount.multiplier.to_string(),
        })
    });
    json!({
        "schema_version": SCHEMA_VERSION,
        "table": loaded.prices.version(),
        "checked": list_checked().map(|day| day.to_string()),
        "own_file": loaded.file,
        "problem": loaded.problem,
        "rows": rows,
        "discounts": discounts.collect::<Vec<_>>(),
    })
}

/// A row; prices are decimals in quotes, US dollars per million tokens.
fn row_report(found: Found<'_>) -> Json {
    let row = found.row;
    json!({
        "id": found.to_string(),
        "model": row.model,
        "own": found.is_own,
        "from": row.from.map(|day| day.to_string()),
        "until": row.until.map(|day| day.to_string()),
        "usd_per_mtok": rates_report(row.rates),
        "over": row.over.map(|over| json!({
            "prompt_gt": over.prompt_gt,
            "usd_per_mtok": rates_report(over.rates),
        })),
        "fast_usd_per_mtok": row.fast.map(rates_report),
        "geo_us": row.geo_us.to_string(),
        "batch": row.batch.to_string(),
        "web_search_usd_per_1000": row.web_search.map(|picos| decimal_text(picos, PICOS_PER_THOUSAND)),
        "multiplier": found.discount.map(|discount| discount.multiplier.to_string()),
        "source": row.source,
        "checked": row.checked.map(|day| day.to_string()),
    })
}

fn rates_report(rates: Rates) -> Json {
    json!({
        "input": dollars(rates.input),
        "output": dollars(rates.output),
        "cache_read": dollars(rates.cache_read),
        "cache_write_5m": dollars(rates.cache_write_5m),
        "cache_write_1h": dollars(rates.cache_write_1h),
    })
}

/// Dollars per million tokens, without trailing zeros.
fn dollars(picos: u64) -> String {
    decimal_text(picos, PICOS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[track_caller]
    fn check(own: &str, today: Day, expected: &[&str]) {
        let prices = prices::parse(own, Path::new("prices.toml")).unwrap();
        let found = findings(&Loaded { prices, file: None, problem: None }, today);
        assert_eq!(found.iter().map(|finding| finding.what.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_list_grows_old_and_prices_end() {
        let checked = list_checked().unwrap();
        let later = |days: u64| Day::of(checked.start().plus_nanos(days * 86_400_000_000_000));
        check("", checked, &[]);
        check("", later(60), &[]);
        check("", later(61), &["the list was last compared with its sources 61 days ago"]);
        let rest = "input = 1\noutput = 1\ncache_read = 1\ncache_write_5m = 1\ncache_write_1h = 1\n";
        let row = |days: &str| format!("[[price]]\nmodel = \"house\"\n{days}\n{rest}");
        let ended = row("until = 2026-06-01");
        let reason =
            "own:house@always ended on 2026-06-01, and nothing follows: calls since then have no price";
        check(&ended, checked, &[reason]);
        check(&ended, Day::on(2026, 5, 31), &[]);
        check(&[ended, row("from = 2026-06-01")].concat(), checked, &[]);
    }
}
