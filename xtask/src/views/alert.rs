//! The conditions that somebody should know of: one table, from which the rules of every system are made.
//!
//! Not here, because nothing that is recorded says it: how long hooks take (one has gone before it could tell), and entries of
//! the audit log that were altered behind its checkpoint (`tacho audit verify` reads them all).

/// How soon somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Now.
    Critical,
    /// Today.
    Warning,
    /// When there is time.
    Notice,
}

impl Severity {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Notice => "info",
        }
    }
}

/// A condition.
pub(crate) struct Alert {
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    /// Has a value while it is so.
    pub(crate) expr: &'static str,
    /// For how long it must be so.
    pub(crate) hold: &'static str,
    pub(crate) summary: &'static str,
    /// What it means, or why it is asked so.
    pub(crate) description: &'static str,
    /// The same as a monitor of Datadog, where its language can say it.
    pub(crate) datadog: Option<&'static str>,
}

/// Alerts that are evaluated together.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) alerts: &'static [Alert],
}

/// Every alert.
pub(crate) const GROUPS: &[Group] = &[
    Group { name: "claude_alerts", alerts: DOCUMENTED },
    Group { name: "claude_cost_alerts", alerts: COST },
    Group { name: "claude_work_alerts", alerts: WORK },
    Group { name: "recorder_alerts", alerts: RECORDER },
    Group { name: "audit_alerts", alerts: AUDIT },
];

/// The page at which each alert has a heading.
const RUNBOOK: &str = "https://github.com/tachograph/tachograph/blob/main/docs/alerts.md";

impl Alert {
    pub(crate) fn runbook_url(&self) -> String {
        format!("{RUNBOOK}#{}", self.name.to_ascii_lowercase())
    }
}

const DOCUMENTED: &[Alert] = &[
    Alert {
        name: "HighToolErrorRate",
        severity: Severity::Warning,
        expr: "\
sum(rate(claude_tool_errors_total[5m])) by (tool)
/ sum(rate(claude_tool_calls_total[5m])) by (tool) > 0.1
and sum(increase(claude_tool_calls_total[5m])) by (tool) >= 5",
        hold: "2m",
        summary: "Tool {{ $labels.tool }} has error rate above 10%",
        description: "Of fewer than 5 calls one failure would be a rate above 10%, so those are left out.",
        datadog: Some(
            "sum(last_5m):sum:claude.tool.errors_total{*} by {tool}.as_count() / sum:claude.tool.calls_total{*} by {tool}.as_count() > 0.1",
        ),
    },
    Alert {
        name: "UnexpectedCostSpike",
        severity: Severity::Warning,
        expr: "sum(increase(claude_cost_usd_total[1h])) * 24 > 100",
        hold: "10m",
        summary: "Projected daily Claude cost exceeds $100",
        description: "The dollars of one hour, times 24. With rate() in place of increase() it would be dollars a second times 24, and fire above $360,000 a day.",
        datadog: Some("sum(last_1h):sum:claude.cost.usd{*}.as_count() * 24 > 100"),
    },
    Alert {
        name: "HighP99Latency",
        severity: Severity::Warning,
        expr: "\
histogram_quantile(0.99,
  sum(rate(claude_tool_latency_ms_bucket[5m])) by (le, tool)
) > 5000",
        hold: "5m",
        summary: "Tool {{ $labels.tool }} P99 latency exceeds 5 seconds",
        description: "Without the time that calls waited for a person.",
        datadog: Some("max(last_5m):max:claude.tool.latency_p99{*} by {tool} > 5000"),
    },
];

const COST: &[Alert] = &[
    Alert {
        name: "ClaudeCostBudgetBurnFast",
        severity: Severity::Critical,
        expr: "\
sum(increase(claude_cost_usd_total[1h])) > 14.4 / 720 * scalar(claude:budget_usd:month)
and sum(increase(claude_cost_usd_total[5m])) * 12 > 14.4 / 720 * scalar(claude:budget_usd:month)",
        hold: "0m",
        summary: "Spend burns the month's budget 14 times too fast",
        description: "2% of the month's budget went within one hour, and it goes on. The budget is the rule claude:budget_usd:month.",
        datadog: None,
    },
    Alert {
        name: "ClaudeCostBudgetBurnSlow",
        severity: Severity::Warning,
        expr: "\
(
  sum(increase(claude_cost_usd_total[6h])) > 6 * 6 / 720 * scalar(claude:budget_usd:month)
  and sum(increase(claude_cost_usd_total[30m])) * 12 > 6 * 6 / 720 * scalar(claude:budget_usd:month)
)
or
(
  sum(increase(claude_cost_usd_total[3d])) > 72 / 720 * scalar(claude:budget_usd:month)
  and sum(increase(claude_cost_usd_total[6h])) * 12 > 72 / 720 * scalar(claude:budget_usd:month)
)",
        hold: "15m",
        summary: "Spend is on the way to exceed the month's budget",
        description: "6 times too fast over 6 hours, or too fast over 3 days, and it goes on. The budget is the rule claude:budget_usd:month.",
        datadog: None,
    },
    Alert {
        name: "ClaudeSessionRunaway",
        severity: Severity::Warning,
        expr: "claude_session_cost_max_usd > 25",
        hold: "0m",
        summary: "A session that goes on has cost ${{ $value }}",
        description: "`tacho sessions` on that machine says which one it is.",
        datadog: Some("max(last_5m):max:claude.session.cost.max_usd{*} > 25"),
    },
    Alert {
        name: "ClaudeCacheCollapse",
        severity: Severity::Warning,
        expr: "\
claude:cache_read_share:1h < 0.5 * claude:cache_read_share:1d
and sum by (agent) (increase(claude_tokens_input[1h])) > 1000000",
        hold: "15m",
        summary: "Half as much of the prompts of {{ $labels.agent }} comes from the cache as within the last day",
        description: "What is not read from the cache costs ten times as much. Hours of less than a million tokens are left out.",
        datadog: None,
    },
    Alert {
        name: "ClaudeUnpricedModel",
        severity: Severity::Notice,
        expr: "sum by (model) (increase(claude_llm_unpriced_calls_total[1h])) > 0",
        hold: "0m",
        summary: "No price is known for {{ $labels.model }}",
        description: "Its calls are missing in all costs. A newer version or a row of your own prices mends it.",
        datadog: Some("sum(last_1h):sum:claude.llm.unpriced_calls_total{*} by {model}.as_count() > 0"),
    },
    Alert {
        name: "ClaudeCostMeterBroken",
        severity: Severity::Warning,
        expr: "resets(claude_cost_usd_total[1h]) > 0",
        hold: "0m",
        summary: "The cost counter went back: more than one writer in a series",
        description: "Every step back counts as a reset, so increase() is too high by a multiple. Two machines must not have one label `instance`.",
        datadog: None,
    },
];

const WORK: &[Alert] = &[
    Alert {
        name: "ClaudeStuckLoop",
        severity: Severity::Warning,
        expr: "claude_tool_repeated_failures >= 5",
        hold: "0m",
        summary: "The same call of a tool has failed {{ $value }} times in a row",
        description: "With the same arguments each time, and nothing else in between. `tacho show last` says which call it is.",
        datadog: Some("max(last_5m):max:claude.tool.repeated_failures{*} >= 5"),
    },
    Alert {
        name: "ClaudeToolHung",
        severity: Severity::Warning,
        expr: "claude_tool_open_max_seconds > 1800 unless claude_permission_waiting > 0",
        hold: "5m",
        summary: "A tool call has been open for {{ $value | humanizeDuration }}",
        description: "And nobody was asked about one. `tacho show last` says which call it is.",
        datadog: Some("max(last_5m):max:claude.tool.open.max_seconds{*} > 1800"),
    },
    Alert {
        name: "ClaudeContextNearLimit",
        severity: Severity::Notice,
        expr: "claude_context_used_max > 0.9",
        hold: "0m",
        summary: "A context is full to {{ $value | humanizePercentage }}",
        description: "The agent is about to compact it, and forgets what it leaves out.",
        datadog: Some("max(last_5m):max:claude.context.used.max{*} > 0.9"),
    },
];

const RECORDER: &[Alert] = &[
    Alert {
        name: "RecorderSpoolBacklog",
        severity: Severity::Warning,
        expr: "tachograph_spool_unread_bytes > 67108864",
        hold: "15m",
        summary: "The drainer is {{ $value | humanize1024 }}B behind the hooks",
        description: "Nothing is lost yet. `tacho doctor` on that machine says why nobody reads.",
        datadog: Some("min(last_15m):max:tachograph.spool.unread{*} > 67108864"),
    },
    Alert {
        name: "RecorderDeliveryLate",
        severity: Severity::Warning,
        expr: "tachograph_outbox_oldest_seconds > 3600",
        hold: "15m",
        summary: "{{ $labels.destination }} has not taken what is {{ $value | humanizeDuration }} old",
        description: "It waits in the store, for 14 days unless the owner said otherwise.",
        datadog: Some("min(last_15m):max:tachograph.outbox.oldest_seconds{*} by {destination} > 3600"),
    },
    Alert {
        name: "RecorderDropping",
        severity: Severity::Critical,
        expr: "\
increase(tachograph_lost_total[1h]) > 0
or increase(tachograph_export_rejected_total[1h]) > 0
or (tachograph_lost_total > 0 unless tachograph_lost_total offset 1h)",
        hold: "0m",
        summary: "Something that was recorded is lost",
        description: "The label `reason` says how, or `destination` who refused it. A reason that is new begins with what was lost, so it is asked for apart.",
        datadog: Some("change(max(last_1h),last_1h):max:tachograph.lost{*} by {reason} > 0"),
    },
    Alert {
        name: "RecorderPricesOld",
        severity: Severity::Notice,
        expr: "tachograph_prices_age_seconds > 7776000",
        hold: "1h",
        summary: "The list of prices is {{ $value | humanizeDuration }} old",
        description: "Prices may have changed since. A newer version brings a newer list; rows of your own come before it.",
        datadog: Some("min(last_1h):max:tachograph.prices.age_seconds{*} > 7776000"),
    },
    Alert {
        name: "RecorderSilent",
        severity: Severity::Warning,
        expr: "last_over_time(claude_session_active[1h]) > 0 unless claude_session_active",
        hold: "10m",
        summary: "The recorder of {{ $labels.instance }} says nothing while sessions go on",
        description: "It said last that sessions go on. A machine that sleeps looks the same.",
        datadog: None,
    },
];

const AUDIT: &[Alert] = &[
    Alert {
        name: "AuditChainBroken",
        severity: Severity::Critical,
        expr: "tachograph_audit_set_aside > 0 or resets(tachograph_audit_entries[1h]) > 0",
        hold: "0m",
        summary: "The audit log of {{ $labels.instance }} was damaged, altered or exchanged",
        description: "It did not fit its checkpoint and was set aside, or it has fewer entries than it had. It fires until the log that was set aside is taken away.",
        datadog: Some("max(last_5m):max:tachograph.audit.set_aside{*} > 0"),
    },
    Alert {
        name: "AuditNotSealing",
        severity: Severity::Warning,
        expr: "tachograph_audit_unsealed_seconds > 600",
        hold: "5m",
        summary: "Decisions have not been sealed for {{ $value | humanizeDuration }}",
        description: "They are recorded and will be sealed once that works: a full disk, a directory or a key that cannot be read.",
        datadog: Some("min(last_5m):max:tachograph.audit.unsealed_seconds{*} > 600"),
    },
];
