//! Overview: what goes on, what it costs, whether anything is wrong.

use crate::views::board::{Board, Form, Panel, Section, Unit};

pub(super) const BOARD: Board = Board {
    uid: "tachograph-overview",
    title: "Tachograph: Overview",
    brief: "What coding agents do now, what they cost, and whether anything is wrong.",
    inputs: &[],
    sections: &[
        Section {
            title: "Now",
            panels: &[
                Panel {
                    title: "Active sessions",
                    brief: "Sessions that have not ended and were seen within the last hour.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum(claude_session_active)", "sessions")],
                },
                Panel {
                    title: "Waiting for a person",
                    brief: "Tool calls that wait for somebody to allow them.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum(claude_permission_waiting)", "calls")],
                },
                Panel {
                    title: "Oldest open tool call",
                    brief: "How long the oldest tool call that is still open has been open.",
                    form: Form::Number,
                    unit: Unit::Seconds,
                    queries: &[("max(claude_tool_open_max_seconds)", "open")],
                },
                Panel {
                    title: "Failing in a row",
                    brief: "How often in a row an active session's last tool call failed with the same arguments, at most.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("max(claude_tool_repeated_failures)", "failures")],
                },
                Panel {
                    title: "Fullest context",
                    brief: "How full the fullest context of an active session is; known where the status line is recorded.",
                    form: Form::Number,
                    unit: Unit::Share,
                    queries: &[("max(claude_context_used_max)", "used")],
                },
                Panel {
                    title: "Most expensive active session",
                    brief: "What the most expensive of the active sessions cost so far.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[("max(claude_session_cost_max_usd)", "cost")],
                },
                Panel {
                    title: "Plan used",
                    brief: "How much of an account's fullest limit is used; known where the status line is recorded.",
                    form: Form::Number,
                    unit: Unit::Share,
                    queries: &[("max by (window) (claude_rate_limit_used)", "{{window}}")],
                },
                Panel {
                    title: "Alerts",
                    brief: "Alerts that fire now; docs/alerts.md says what each means.",
                    form: Form::Alerts,
                    unit: Unit::Count,
                    queries: &[],
                },
                Panel {
                    title: "Active sessions over time",
                    brief: "Sessions that have not ended and were seen within an hour before.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[
                        ("sum(claude_session_active)", "sessions"),
                        ("sum(claude_permission_waiting)", "waiting calls"),
                    ],
                },
            ],
        },
        Section {
            title: "Money at list prices",
            panels: &[
                Panel {
                    title: "Last 24 hours",
                    brief: "What calls of the last 24 hours cost at list prices; on a subscription that is no bill.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[("sum(increase(claude_cost_usd_total{$of}[24h]))", "cost")],
                },
                Panel {
                    title: "Last 7 days",
                    brief: "The same of 7 days.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[("sum(increase(claude_cost_usd_total{$of}[7d]))", "cost")],
                },
                Panel {
                    title: "Last 30 days",
                    brief: "The same of 30 days.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[("sum(increase(claude_cost_usd_total{$of}[30d]))", "cost")],
                },
                Panel {
                    title: "Of the month's budget",
                    brief: "What 30 days cost, as a share of the rule claude:budget_usd:month.",
                    form: Form::Number,
                    unit: Unit::Share,
                    queries: &[(
                        "sum(increase(claude_cost_usd_total[30d])) / scalar(claude:budget_usd:month)",
                        "used",
                    )],
                },
                Panel {
                    title: "Dollars an hour",
                    brief: "How fast money is spent, of the last hour.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[("sum(increase(claude_cost_usd_total{$of}[1h]))", "an hour")],
                },
                Panel {
                    title: "From the cache",
                    brief: "Share of prompt tokens that were read from the cache within the last day.",
                    form: Form::Number,
                    unit: Unit::Share,
                    queries: &[("max by (agent) (claude:cache_read_share:1d)", "{{agent}}")],
                },
                Panel {
                    title: "Dollars an hour, by model",
                    brief: "How fast money is spent; board Cost has it by team, project and person.",
                    form: Form::Stack,
                    unit: Unit::Usd,
                    queries: &[(
                        "sum by (model) (rate(claude_cost_usd_total{$of}[$__rate_interval])) * 3600",
                        "{{model}}",
                    )],
                },
                Panel {
                    title: "Sessions and turns",
                    brief: "Sessions that were recorded, and turns and subagents that ended, each day.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[
                        ("sum(increase(claude_session_count_total{$of}[1d]))", "sessions"),
                        (
                            "sum by (gen_ai_agent_name) (increase(gen_ai_invoke_agent_duration_seconds_count{$of}[1d]))",
                            "{{gen_ai_agent_name}}",
                        ),
                    ],
                },
            ],
        },
        Section {
            title: "Work",
            panels: &[
                Panel {
                    title: "Tool errors",
                    brief: "Share of tool calls of the last hour that failed.",
                    form: Form::Number,
                    unit: Unit::Share,
                    queries: &[(
                        "sum(increase(claude_tool_errors_total{$of}[1h])) / sum(increase(claude_tool_calls_total{$of}[1h]))",
                        "failed",
                    )],
                },
                Panel {
                    title: "Tool latency p95",
                    brief: "All but the slowest 5% of tool calls of the last hour ran at most so long.",
                    form: Form::Number,
                    unit: Unit::Milliseconds,
                    queries: &[(
                        "histogram_quantile(0.95, sum by (le) (rate(claude_tool_latency_ms_bucket{$of}[1h])))",
                        "p95",
                    )],
                },
                Panel {
                    title: "First token p95",
                    brief: "All but the slowest 5% of answers began after at most so long.",
                    form: Form::Number,
                    unit: Unit::Milliseconds,
                    queries: &[(
                        "histogram_quantile(0.95, sum by (le) (rate(claude_response_latency_bucket{$of}[1h])))",
                        "p95",
                    )],
                },
                Panel {
                    title: "Waited for people",
                    brief: "How long tool calls of the last day waited for somebody, in all.",
                    form: Form::Number,
                    unit: Unit::Milliseconds,
                    queries: &[("sum(increase(claude_permission_wait_ms_sum{$of}[1d]))", "waited")],
                },
                Panel {
                    title: "Lines changed",
                    brief: "Lines that tools added and removed within the last day.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum by (type) (increase(claude_lines_of_code_total{$of}[1d]))", "{{type}}")],
                },
                Panel {
                    title: "Commits, pull requests",
                    brief: "What commands of agents committed and opened within the last day.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[
                        ("sum(increase(claude_commit_count_total{$of}[1d]))", "commits"),
                        ("sum(increase(claude_pull_request_count_total{$of}[1d]))", "pull requests"),
                    ],
                },
            ],
        },
    ],
};
