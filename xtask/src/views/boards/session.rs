//! Session: one conversation, from its spans and log records. Metrics know no session.

use crate::views::board::{Board, Form, Input, Panel, Section, Unit};

pub(super) const BOARD: Board = Board {
    uid: "tachograph-session",
    title: "Tachograph: Session",
    brief: "One session: its turns, calls, tools, waits and subagents. Enter its id above; every span has it as `session.id`.",
    inputs: &[
        Input { name: "session_id", label: "Session" },
        Input { name: "trace_id", label: "Trace of a turn" },
    ],
    sections: &[
        Section {
            title: "The session",
            panels: &[
                Panel {
                    title: "Turns",
                    brief: "Each prompt and what came of it; the first column leads to its trace (TraceQL).",
                    form: Form::Spans,
                    unit: Unit::Count,
                    queries: &[(
                        "{ span.session.id = \"$session_id\" && span.gen_ai.conversation_root = true } | select(span.gen_ai.usage.input_tokens, span.gen_ai.usage.output_tokens, span.tachograph.context.tokens, span.tachograph.lines.added, span.tachograph.lines.removed, resource.vcs.ref.head.name)",
                        "",
                    )],
                },
                Panel {
                    title: "Calls of the model",
                    brief: "What each call read, wrote and took; where cache reads fall, the cache was broken (TraceQL).",
                    form: Form::Spans,
                    unit: Unit::Count,
                    queries: &[(
                        "{ span.session.id = \"$session_id\" && span.gen_ai.operation.name = \"chat\" } | select(span.gen_ai.request.model, span.gen_ai.usage.input_tokens, span.gen_ai.usage.cache_read.input_tokens, span.gen_ai.usage.output_tokens, span.gen_ai.response.time_to_first_chunk)",
                        "",
                    )],
                },
                Panel {
                    title: "Tool calls",
                    brief: "What ran, how it ended, and who let it run (TraceQL).",
                    form: Form::Spans,
                    unit: Unit::Count,
                    queries: &[(
                        "{ span.session.id = \"$session_id\" && span.gen_ai.operation.name = \"execute_tool\" } | select(span.gen_ai.tool.name, span.tachograph.command.family, span.claude_code.tool.outcome, span.claude_code.permission.decision, span.tachograph.permission.decider, span.tachograph.permission.wait_ms)",
                        "",
                    )],
                },
                Panel {
                    title: "Subagents",
                    brief: "Each subagent, what it used, and how deep it was started (TraceQL).",
                    form: Form::Spans,
                    unit: Unit::Count,
                    queries: &[(
                        "{ span.session.id = \"$session_id\" && span.claude_code.subagent.depth > 0 } | select(span.gen_ai.agent.name, span.claude_code.subagent.depth, span.gen_ai.usage.input_tokens, span.gen_ai.usage.output_tokens)",
                        "",
                    )],
                },
                Panel {
                    title: "Waits and compactions",
                    brief: "When a person was waited for, and when the context was compacted (TraceQL).",
                    form: Form::Spans,
                    unit: Unit::Count,
                    queries: &[(
                        "{ span.session.id = \"$session_id\" && name =~ \"claude_code.*\" } | select(span.gen_ai.tool.name, span.claude_code.permission.decision, span.claude_code.compaction.trigger, span.claude_code.compaction.pre_tokens)",
                        "",
                    )],
                },
            ],
        },
        Section {
            title: "One turn",
            panels: &[Panel {
                title: "Waterfall",
                brief: "The turn whose trace is entered above: who called whom, when, and for how long.",
                form: Form::Trace,
                unit: Unit::Count,
                queries: &[("$trace_id", "")],
            }],
        },
        Section {
            title: "Log records",
            panels: &[
                Panel {
                    title: "Events",
                    brief: "Every log record of the session, in order (LogQL).",
                    form: Form::Records,
                    unit: Unit::Count,
                    queries: &[("{service_name=~\".+\"} | session_id=`$session_id`", "")],
                },
                Panel {
                    title: "Decisions",
                    brief: "Whether each tool call might run, and who decided (LogQL).",
                    form: Form::Records,
                    unit: Unit::Count,
                    queries: &[(
                        "{service_name=~\".+\"} | session_id=`$session_id` | event_name=`claude_code.tool_decision`",
                        "",
                    )],
                },
                Panel {
                    title: "Corrections",
                    brief: "Spans that were sent and are understood otherwise now: what they should say (LogQL).",
                    form: Form::Records,
                    unit: Unit::Count,
                    queries: &[(
                        "{service_name=~\".+\"} | session_id=`$session_id` | event_name=`tachograph.span.corrected`",
                        "",
                    )],
                },
            ],
        },
    ],
};
