//! Tools: which are used, which fail, which are slow, and who let them run; and how models answer.

use crate::views::board::{Board, Form, Panel, Section, Unit};

pub(super) const BOARD: Board = Board {
    uid: "tachograph-tools",
    title: "Tachograph: Tools",
    brief: "Which tools are used, fail, are slow or wait for people, and how models answer.",
    inputs: &[],
    sections: &[
        Section {
            title: "Tool calls",
            panels: &[
                Panel {
                    title: "Tool call P99 latency",
                    brief: "All but the slowest hundredth ran at most so long. The document's query, whatever is chosen above.",
                    form: Form::Lines,
                    unit: Unit::Milliseconds,
                    queries: &[(
                        "histogram_quantile(0.99, sum(rate(claude_tool_latency_ms_bucket[5m])) by (le, tool))",
                        "{{tool}}",
                    )],
                },
                Panel {
                    title: "Error rate by tool",
                    brief: "Share of calls that failed. The document's query, whatever is chosen above.",
                    form: Form::Lines,
                    unit: Unit::Share,
                    queries: &[(
                        "sum(rate(claude_tool_errors_total[1h])) by (tool)\n/ sum(rate(claude_tool_calls_total[1h])) by (tool)",
                        "{{tool}}",
                    )],
                },
                Panel {
                    title: "Calls",
                    brief: "Calls of each tool a minute.",
                    form: Form::Stack,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (tool) (rate(claude_tool_calls_total{$of}[$__rate_interval])) * 60",
                        "{{tool}}",
                    )],
                },
                Panel {
                    title: "Half, 95% and 99% of calls",
                    brief: "So long calls ran at most, all tools together.",
                    form: Form::Lines,
                    unit: Unit::Milliseconds,
                    queries: &[
                        (
                            "histogram_quantile(0.5, sum by (le) (rate(claude_tool_latency_ms_bucket{$of}[$__rate_interval])))",
                            "p50",
                        ),
                        (
                            "histogram_quantile(0.95, sum by (le) (rate(claude_tool_latency_ms_bucket{$of}[$__rate_interval])))",
                            "p95",
                        ),
                        (
                            "histogram_quantile(0.99, sum by (le) (rate(claude_tool_latency_ms_bucket{$of}[$__rate_interval])))",
                            "p99",
                        ),
                    ],
                },
                Panel {
                    title: "Most used",
                    brief: "Calls within the time that is shown.",
                    form: Form::Ranking,
                    unit: Unit::Count,
                    queries: &[(
                        "topk(15, sum by (tool) (increase(claude_tool_calls_total{$of}[$__range])))",
                        "{{tool}}",
                    )],
                },
                Panel {
                    title: "Most failures",
                    brief: "Calls that ran and failed within the time that is shown.",
                    form: Form::Ranking,
                    unit: Unit::Count,
                    queries: &[(
                        "topk(15, sum by (tool) (increase(claude_tool_errors_total{$of}[$__range])))",
                        "{{tool}}",
                    )],
                },
                Panel {
                    title: "Most time",
                    brief: "Which tools agents wait for: milliseconds in all, within the time that is shown.",
                    form: Form::Ranking,
                    unit: Unit::Milliseconds,
                    queries: &[(
                        "topk(15, sum by (tool) (increase(claude_tool_latency_ms_sum{$of}[$__range])))",
                        "{{tool}}",
                    )],
                },
                Panel {
                    title: "Of the last hour",
                    brief: "Share of failures and 99th percentile of each tool as the recorder itself works them out.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[
                        ("max by (tool) (claude_error_rate)", "failed"),
                        ("max by (tool) (claude_tool_latency_p99)", "p99 ms"),
                    ],
                },
                Panel {
                    title: "Failed calls",
                    brief: "Tool calls that ended in an error, with what they ran and why they failed (TraceQL).",
                    form: Form::Spans,
                    unit: Unit::Count,
                    queries: &[(
                        "{ span.gen_ai.operation.name = \"execute_tool\" && status = error } | select(span.session.id, span.gen_ai.tool.name, span.tachograph.command.family, span.error.type)",
                        "",
                    )],
                },
            ],
        },
        Section {
            title: "Who let them run",
            panels: &[
                Panel {
                    title: "Decisions",
                    brief: "Decisions on tool calls a minute, by what was decided and who did.",
                    form: Form::Stack,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (decision, decider) (rate(claude_permission_decisions_total{$of}[$__rate_interval])) * 60",
                        "{{decision}} {{decider}}",
                    )],
                },
                Panel {
                    title: "Kept from running",
                    brief: "Tool calls that did not run within the time that is shown, and why.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (tool, outcome) (increase(claude_tool_refusals_total{$of}[$__range]))",
                        "",
                    )],
                },
                Panel {
                    title: "Waits for people",
                    brief: "So long tool calls waited for somebody at most: half of them, and 95%.",
                    form: Form::Lines,
                    unit: Unit::Milliseconds,
                    queries: &[
                        (
                            "histogram_quantile(0.5, sum by (le) (rate(claude_permission_wait_ms_bucket{$of}[1h])))",
                            "p50",
                        ),
                        (
                            "histogram_quantile(0.95, sum by (le) (rate(claude_permission_wait_ms_bucket{$of}[1h])))",
                            "p95",
                        ),
                    ],
                },
                Panel {
                    title: "Time waited, by tool",
                    brief: "Milliseconds that calls waited for somebody within the time that is shown.",
                    form: Form::Ranking,
                    unit: Unit::Milliseconds,
                    queries: &[(
                        "topk(15, sum by (tool) (increase(claude_permission_wait_ms_sum{$of}[$__range])))",
                        "{{tool}}",
                    )],
                },
            ],
        },
        Section {
            title: "MCP servers and models",
            panels: &[
                Panel {
                    title: "Tools of MCP servers",
                    brief: "Calls within the time that is shown, and what failed of them.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (gen_ai_tool_name, error_type) (increase(mcp_client_operation_duration_seconds_count{$of}[$__range]))",
                        "",
                    )],
                },
                Panel {
                    title: "MCP latency p95",
                    brief: "All but the slowest 5% of calls of MCP servers took at most so long.",
                    form: Form::Lines,
                    unit: Unit::Seconds,
                    queries: &[(
                        "histogram_quantile(0.95, sum by (le, gen_ai_tool_name) (rate(mcp_client_operation_duration_seconds_bucket{$of}[1h])))",
                        "{{gen_ai_tool_name}}",
                    )],
                },
                Panel {
                    title: "First token",
                    brief: "So long answers let wait for their first token at most: half of them, and 95%; of calls for which it is known.",
                    form: Form::Lines,
                    unit: Unit::Milliseconds,
                    queries: &[
                        (
                            "histogram_quantile(0.5, sum by (le, model) (rate(claude_response_latency_bucket{$of}[1h])))",
                            "{{model}} p50",
                        ),
                        (
                            "histogram_quantile(0.95, sum by (le, model) (rate(claude_response_latency_bucket{$of}[1h])))",
                            "{{model}} p95",
                        ),
                    ],
                },
                Panel {
                    title: "Calls of models",
                    brief: "All but the slowest 5% of calls took at most so long.",
                    form: Form::Lines,
                    unit: Unit::Seconds,
                    queries: &[(
                        "histogram_quantile(0.95, sum by (le, gen_ai_request_model) (rate(gen_ai_client_operation_duration_seconds_bucket{$of}[1h])))",
                        "{{gen_ai_request_model}}",
                    )],
                },
                Panel {
                    title: "Errors of the API",
                    brief: "Calls that were never answered within the time that is shown, and why.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (gen_ai_request_model, error_type) (increase(gen_ai_client_operation_duration_seconds_count{$of,error_type!=\"\"}[$__range]))",
                        "",
                    )],
                },
                Panel {
                    title: "Steps of a turn",
                    brief: "Half of all turns took at most so many calls of the model and of tools.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[
                        (
                            "histogram_quantile(0.5, sum by (le) (rate(gen_ai_invoke_agent_inference_calls_bucket{$of}[1h])))",
                            "calls of the model",
                        ),
                        (
                            "histogram_quantile(0.5, sum by (le) (rate(gen_ai_invoke_agent_tool_calls_bucket{$of}[1h])))",
                            "tool calls",
                        ),
                    ],
                },
            ],
        },
    ],
};
