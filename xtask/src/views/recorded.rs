//! What Prometheus computes ahead, because boards or alerts ask for it again and again.

/// A rule that records.
pub(crate) struct Recorded {
    pub(crate) name: &'static str,
    pub(crate) expr: &'static str,
    pub(crate) brief: &'static str,
}

/// Every one of them, in the order in which they are evaluated.
pub(crate) const RECORDED: &[Recorded] = &[
    Recorded {
        name: "claude:budget_usd:month",
        expr: "vector(1000)",
        brief: "What a month may cost, in US dollars. The one number to change.",
    },
    Recorded {
        name: "claude:cost_usd:increase1h",
        expr: "sum by (model) (increase(claude_cost_usd_total[1h]))",
        brief: "Dollars of the last hour.",
    },
    Recorded {
        name: "claude:cost_usd:increase1d",
        expr: "sum by (team, project, model) (increase(claude_cost_usd_total[1d]))",
        brief: "Dollars of the last day, by who spent them.",
    },
    Recorded {
        name: "claude:tool_calls:rate5m",
        expr: "sum by (tool) (rate(claude_tool_calls_total[5m]))",
        brief: "Tool calls a second.",
    },
    Recorded {
        name: "claude:tool_errors:rate5m",
        expr: "sum by (tool) (rate(claude_tool_errors_total[5m]))",
        brief: "Failed tool calls a second.",
    },
    Recorded {
        name: "claude:tool_error_ratio:5m",
        expr: "claude:tool_errors:rate5m / (claude:tool_calls:rate5m > 0)",
        brief: "Share of tool calls that failed; absent where none ran.",
    },
    Recorded {
        name: "claude:tool_error_ratio:1h",
        expr: "sum by (tool) (increase(claude_tool_errors_total[1h])) / (sum by (tool) (increase(claude_tool_calls_total[1h])) > 0)",
        brief: "The same of an hour.",
    },
    Recorded {
        name: "claude:tool_latency_ms:p99_5m",
        expr: "histogram_quantile(0.99, sum by (le, tool) (rate(claude_tool_latency_ms_bucket[5m])))",
        brief: "Milliseconds that all but the slowest hundredth of tool calls ran at most.",
    },
    Recorded {
        name: "claude:cache_read_share:1h",
        expr: "sum by (agent) (increase(claude_tokens_input{type=\"cache_read\"}[1h])) / (sum by (agent) (increase(claude_tokens_input[1h])) > 0)",
        brief: "Share of prompt tokens that were read from the cache.",
    },
    Recorded {
        name: "claude:cache_read_share:1d",
        expr: "sum by (agent) (increase(claude_tokens_input{type=\"cache_read\"}[1d])) / (sum by (agent) (increase(claude_tokens_input[1d])) > 0)",
        brief: "The same of a day.",
    },
];
