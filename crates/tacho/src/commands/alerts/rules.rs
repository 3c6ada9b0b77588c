//! The rules: what each is called among those for Prometheus (`alerts/tachograph.rules.yml`), and the figures that both have.

/// A rule.
#[derive(Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// How soon somebody should look: `critical`, `warning` or `info`.
    pub(super) severity: &'static str,
    /// What must be exceeded, or reached.
    pub(super) limit: f64,
    /// How much there must be of something, before it counts; `None` for anything.
    pub(super) least: Option<f64>,
}

/// A rule that asks for nothing but a limit.
const fn rule(name: &'static str, severity: &'static str, limit: f64) -> Rule {
    Rule { name, severity, limit, least: None }
}

/// The share of calls that failed, of at least so many.
pub(super) const TOOL_ERRORS: Rule = Rule { least: Some(5.0), ..rule("HighToolErrorRate", "warning", 0.1) };
/// Milliseconds.
pub(super) const TOOL_LATENCY: Rule = rule("HighP99Latency", "warning", 5000.0);
/// Dollars a day.
pub(super) const COST_SPIKE: Rule = rule("UnexpectedCostSpike", "warning", 100.0);
/// Times the pace at which the month's budget lasts a month.
pub(super) const BURN_FAST: Rule = rule("ClaudeCostBudgetBurnFast", "critical", 14.4);
/// The same.
pub(super) const BURN_SLOW: Rule = rule("ClaudeCostBudgetBurnSlow", "warning", 6.0);
/// Dollars.
pub(super) const RUNAWAY: Rule = rule("ClaudeSessionRunaway", "warning", 25.0);
/// The part of yesterday's share, where so many tokens were sent.
pub(super) const CACHE: Rule =
    Rule { least: Some(1_000_000.0), ..rule("ClaudeCacheCollapse", "warning", 0.5) };
/// Calls.
pub(super) const UNPRICED: Rule = rule("ClaudeUnpricedModel", "info", 0.0);
/// Failures in a row.
pub(super) const STUCK: Rule = rule("ClaudeStuckLoop", "warning", 5.0);
/// Seconds.
pub(super) const HUNG: Rule = rule("ClaudeToolHung", "warning", 1800.0);
/// The part of the context that is full.
pub(super) const CONTEXT: Rule = rule("ClaudeContextNearLimit", "info", 0.9);
/// Bytes.
pub(super) const BACKLOG: Rule = rule("RecorderSpoolBacklog", "warning", 67_108_864.0);
/// Seconds.
pub(super) const LATE: Rule = rule("RecorderDeliveryLate", "warning", 3600.0);
/// Items.
pub(super) const DROPPING: Rule = rule("RecorderDropping", "critical", 0.0);
/// Seconds.
pub(super) const OLD_PRICES: Rule = rule("RecorderPricesOld", "info", 7_776_000.0);
/// Logs.
pub(super) const CHAIN: Rule = rule("AuditChainBroken", "critical", 0.0);
/// Seconds.
pub(super) const UNSEALED: Rule = rule("AuditNotSealing", "warning", 600.0);

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    const ALL: [&Rule; 17] = [
        &TOOL_ERRORS,
        &TOOL_LATENCY,
        &COST_SPIKE,
        &BURN_FAST,
        &BURN_SLOW,
        &RUNAWAY,
        &CACHE,
        &UNPRICED,
        &STUCK,
        &HUNG,
        &CONTEXT,
        &BACKLOG,
        &LATE,
        &DROPPING,
        &OLD_PRICES,
        &CHAIN,
        &UNSEALED,
    ];
    /// What is asked of Prometheus alone, and why.
    const ELSEWHERE: [(&str, &str); 2] = [
        ("ClaudeCostMeterBroken", "only who collects several writers sees it"),
        ("RecorderSilent", "who says nothing does not say so"),
    ];

    #[derive(Deserialize)]
    struct File {
        groups: Vec<Group>,
    }

    #[derive(Deserialize)]
    struct Group {
        rules: Vec<Written>,
    }

    #[derive(Deserialize)]
    struct Written {
        alert: Option<String>,
        expr: String,
        #[serde(default)]
        labels: BTreeMap<String, String>,
    }

    /// What is asked here is what Prometheus is asked, with the same figures.
    #[test]
    fn the_rules_are_those_for_prometheus() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../alerts/tachograph.rules.yml");
        let file: File = serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let written: BTreeMap<String, Written> = file
            .groups
            .into_iter()
            .flat_map(|group| group.rules)
            .filter_map(|written| Some((written.alert.clone()?, written)))
            .collect();
        for rule in ALL {
            let Written { expr, labels, .. } = &written[rule.name];
            assert_eq!(labels["severity"], rule.severity, "{}", rule.name);
            let figures: Vec<f64> = expr
                .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.' && letter != '_')
                .filter_map(|word| word.parse().ok())
                .collect();
            for figure in [rule.limit].into_iter().chain(rule.least) {
                assert!(figures.contains(&figure), "{} has no {figure}: {expr}", rule.name);
            }
        }
        let known = ALL.map(|rule| rule.name).into_iter().chain(ELSEWHERE.map(|(name, _)| name));
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        assert_eq!(known, written.keys().map(String::as_str).collect::<Vec<_>>());
    }
}
