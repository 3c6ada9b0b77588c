//! Cost: who spends, on what, and how much of it comes from the cache.

use crate::views::board::{Board, Form, Panel, Section, Unit};

pub(super) const BOARD: Board = Board {
    uid: "tachograph-cost",
    title: "Tachograph: Cost",
    brief: "Who spends how much on which models, at list prices, and what the cache saves.",
    inputs: &[],
    sections: &[
        Section {
            title: "Who spends",
            panels: &[
                Panel {
                    title: "Daily cost by model",
                    brief: "Dollars of 24 hours. The document's query, of all teams and projects, whatever is chosen above.",
                    form: Form::Stack,
                    unit: Unit::Usd,
                    queries: &[("sum(increase(claude_cost_usd_total[24h])) by (model)", "{{model}}")],
                },
                Panel {
                    title: "Token usage trend",
                    brief: "Tokens of prompts an hour. The document's query, of all teams and projects, whatever is chosen above.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[("sum(rate(claude_tokens_input[1h])) * 3600", "input tokens an hour")],
                },
                Panel {
                    title: "By team",
                    brief: "Which teams drive the spend: dollars of the time that is shown.",
                    form: Form::Ranking,
                    unit: Unit::Usd,
                    queries: &[(
                        "sort_desc(sum by (team) (increase(claude_cost_usd_total{$of}[$__range])))",
                        "{{team}}",
                    )],
                },
                Panel {
                    title: "By project",
                    brief: "Dollars of the time that is shown, by repository.",
                    form: Form::Ranking,
                    unit: Unit::Usd,
                    queries: &[(
                        "topk(20, sum by (project) (increase(claude_cost_usd_total{$of}[$__range])))",
                        "{{project}}",
                    )],
                },
                Panel {
                    title: "By person",
                    brief: "Dollars of the time that is shown, by the keyed hash of a name.",
                    form: Form::Table,
                    unit: Unit::Usd,
                    queries: &[(
                        "topk(50, sum by (user_hash, team) (increase(claude_cost_usd_total{$of}[$__range])))",
                        "",
                    )],
                },
                Panel {
                    title: "By model",
                    brief: "Dollars of the time that is shown.",
                    form: Form::Ranking,
                    unit: Unit::Usd,
                    queries: &[(
                        "sort_desc(sum by (model) (increase(claude_cost_usd_total{$of}[$__range])))",
                        "{{model}}",
                    )],
                },
            ],
        },
        Section {
            title: "What it comes to",
            panels: &[
                Panel {
                    title: "A session",
                    brief: "Dollars of the time that is shown, by sessions of that time.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[(
                        "sum(increase(claude_cost_usd_total{$of}[$__range])) / sum(increase(claude_session_count_total{$of}[$__range]))",
                        "a session",
                    )],
                },
                Panel {
                    title: "A call",
                    brief: "Dollars by calls of models.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[(
                        "sum(increase(claude_cost_usd_total{$of}[$__range])) / sum(increase(claude_llm_calls_total{$of}[$__range]))",
                        "a call",
                    )],
                },
                Panel {
                    title: "A commit",
                    brief: "Dollars by commits that agents made; work without a commit is in it, too.",
                    form: Form::Number,
                    unit: Unit::Usd,
                    queries: &[(
                        "sum(increase(claude_cost_usd_total{$of}[$__range])) / (sum(increase(claude_commit_count_total{$of}[$__range])) > 0)",
                        "a commit",
                    )],
                },
                Panel {
                    title: "Without a price",
                    brief: "Answered calls that no price is known for; they are missing in every cost here.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (model) (increase(claude_llm_unpriced_calls_total{$of}[$__range]))",
                        "{{model}}",
                    )],
                },
                Panel {
                    title: "Repeated attempts",
                    brief: "Attempts of calls that failed and were made again.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum(increase(claude_llm_retries_total{$of}[$__range]))", "attempts")],
                },
                Panel {
                    title: "Compactions",
                    brief: "How often contexts were compacted, by who asked for it.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (trigger) (increase(claude_compaction_count_total{$of}[$__range]))",
                        "{{trigger}}",
                    )],
                },
                Panel {
                    title: "Plan used",
                    brief: "How much of an account's limits was used when a status line said so last.",
                    form: Form::Lines,
                    unit: Unit::Share,
                    queries: &[("max by (window) (claude_rate_limit_used)", "{{window}}")],
                },
                Panel {
                    title: "Dollars a day, by project",
                    brief: "What each day before cost.",
                    form: Form::Stack,
                    unit: Unit::Usd,
                    queries: &[("sum by (project) (claude:cost_usd:increase1d)", "{{project}}")],
                },
            ],
        },
        Section {
            title: "The same money from log records",
            panels: &[
                Panel {
                    title: "Dollars by model",
                    brief: "What log records of calls say that they cost (LogQL); where it differs from counters, one of the two is not sent.",
                    form: Form::Tally,
                    unit: Unit::Usd,
                    queries: &[(
                        "sum by (gen_ai_request_model) (sum_over_time({service_name=~\".+\"} | event_name=`claude_code.llm_call` | unwrap gen_ai_usage_cost_amount [$__auto]))",
                        "{{gen_ai_request_model}}",
                    )],
                },
                Panel {
                    title: "Dollars by why",
                    brief: "The same by why the agent called the model: for its user, for a subagent, for a title (LogQL).",
                    form: Form::Tally,
                    unit: Unit::Usd,
                    queries: &[(
                        "sum by (claude_code_query_source) (sum_over_time({service_name=~\".+\"} | event_name=`claude_code.llm_call` | unwrap gen_ai_usage_cost_amount [$__auto]))",
                        "{{claude_code_query_source}}",
                    )],
                },
            ],
        },
        Section {
            title: "Tokens and the cache",
            panels: &[
                Panel {
                    title: "Prompt tokens by class",
                    brief: "Tokens of prompts a minute: read from the cache, written to it for 5 minutes or an hour, neither.",
                    form: Form::Stack,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (type) (rate(claude_tokens_input{$of}[$__rate_interval])) * 60",
                        "{{type}}",
                    )],
                },
                Panel {
                    title: "Read from the cache",
                    brief: "Share of prompt tokens that were read from the cache; where it falls, something broke the cache.",
                    form: Form::Lines,
                    unit: Unit::Share,
                    queries: &[(
                        "sum by (model) (rate(claude_tokens_input{$of,type=\"cache_read\"}[1h])) / (sum by (model) (rate(claude_tokens_input{$of}[1h])) > 0)",
                        "{{model}}",
                    )],
                },
                Panel {
                    title: "Answer tokens",
                    brief: "Tokens of answers a minute; thinking where it is told apart.",
                    form: Form::Stack,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (model, type) (rate(claude_tokens_output{$of}[$__rate_interval])) * 60",
                        "{{model}} {{type}}",
                    )],
                },
                Panel {
                    title: "Reads for each write",
                    brief: "Tokens that were read from the cache for each that was written: below 1 it costs more than it saves.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (model) (increase(claude_tokens_input{$of,type=\"cache_read\"}[1h])) / (sum by (model) (increase(claude_tokens_input{$of,type=~\"cache_write.*\"}[1h])) > 0)",
                        "{{model}}",
                    )],
                },
                Panel {
                    title: "Tokens of a call",
                    brief: "Half of all calls had at most so many tokens, by the conventions' histogram.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[(
                        "histogram_quantile(0.5, sum by (le, gen_ai_token_type) (rate(gen_ai_client_token_usage_bucket{$of}[$__rate_interval])))",
                        "{{gen_ai_token_type}}",
                    )],
                },
                Panel {
                    title: "Calls by model",
                    brief: "Calls of models a minute; `false` were never answered.",
                    form: Form::Stack,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (model, success) (rate(claude_llm_calls_total{$of}[$__rate_interval])) * 60",
                        "{{model}} {{success}}",
                    )],
                },
            ],
        },
    ],
};
