//! Recorder health: whether all that was recorded was read, understood and delivered.

use crate::views::board::{Board, Form, Panel, Section, Unit};

pub(super) const BOARD: Board = Board {
    uid: "tachograph-recorder",
    title: "Tachograph: Recorder health",
    brief: "Whether what was recorded is read, understood and delivered, and whether its counters can be believed.",
    inputs: &[],
    sections: &[
        Section {
            title: "Taken in",
            panels: &[
                Panel {
                    title: "Recorders",
                    brief: "Recorders that were heard of.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("count(tachograph_build_info)", "recorders")],
                },
                Panel {
                    title: "Not read",
                    brief: "Bytes that hooks wrote and no drainer has read, of the recorder with the most.",
                    form: Form::Number,
                    unit: Unit::Bytes,
                    queries: &[("max(tachograph_spool_unread_bytes)", "unread")],
                },
                Panel {
                    title: "Oldest undelivered",
                    brief: "How long the oldest item has waited for a destination.",
                    form: Form::Number,
                    unit: Unit::Seconds,
                    queries: &[("max(tachograph_outbox_oldest_seconds)", "waits")],
                },
                Panel {
                    title: "Lost",
                    brief: "What was lost for good, ever, of all recorders.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum(tachograph_lost_total) or vector(0)", "lost")],
                },
                Panel {
                    title: "Not understood",
                    brief: "Statements of agents that this version keeps and does not understand.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum(tachograph_not_understood)", "statements")],
                },
                Panel {
                    title: "Counter resets",
                    brief: "How often a cost counter went back within a day: anything but 0 makes every increase() wrong.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum(resets(claude_cost_usd_total[1d]))", "resets")],
                },
                Panel {
                    title: "Spool",
                    brief: "Bytes that hooks wrote and no drainer has read.",
                    form: Form::Lines,
                    unit: Unit::Bytes,
                    queries: &[("max by (instance) (tachograph_spool_unread_bytes)", "{{instance}}")],
                },
                Panel {
                    title: "Store",
                    brief: "Size of the store; it forgets old sessions above the owner's limit.",
                    form: Form::Lines,
                    unit: Unit::Bytes,
                    queries: &[("max by (instance) (tachograph_store_size_bytes)", "{{instance}}")],
                },
            ],
        },
        Section {
            title: "Delivered",
            panels: &[
                Panel {
                    title: "Delivered",
                    brief: "Items that destinations took, a minute.",
                    form: Form::Stack,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (destination) (rate(tachograph_export_delivered_total[$__rate_interval])) * 60",
                        "{{destination}}",
                    )],
                },
                Panel {
                    title: "Waiting",
                    brief: "Items that wait for each destination.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[("sum by (destination) (tachograph_outbox_items)", "{{destination}}")],
                },
                Panel {
                    title: "Failures in a row",
                    brief: "How often each destination failed since it last took something.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[("max by (destination) (tachograph_export_failures)", "{{destination}}")],
                },
                Panel {
                    title: "Refused",
                    brief: "Items that destinations refused within the time that is shown.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (destination) (increase(tachograph_export_rejected_total[$__range]))",
                        "",
                    )],
                },
            ],
        },
        Section {
            title: "Sealed",
            panels: &[
                Panel {
                    title: "Entries",
                    brief: "Entries in the audit log of each recorder, which never become fewer.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[("max by (instance) (tachograph_audit_entries)", "{{instance}}")],
                },
                Panel {
                    title: "Not sealed",
                    brief: "How long decisions have not been sealed because that fails, of the recorder with the longest.",
                    form: Form::Number,
                    unit: Unit::Seconds,
                    queries: &[("max(tachograph_audit_unsealed_seconds)", "unsealed")],
                },
                Panel {
                    title: "Set aside",
                    brief: "Audit logs that did not fit their checkpoint and lie where they were set aside: each is to be looked at.",
                    form: Form::Number,
                    unit: Unit::Count,
                    queries: &[("sum(tachograph_audit_set_aside)", "logs")],
                },
            ],
        },
        Section {
            title: "What can be believed",
            panels: &[
                Panel {
                    title: "Versions",
                    brief: "Which version and which price table each recorder has.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[("max by (instance, version, price_table) (tachograph_build_info)", "")],
                },
                Panel {
                    title: "Lost, by reason",
                    brief: "What was lost for good, ever, and why.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[("sum by (reason) (tachograph_lost_total)", "")],
                },
                Panel {
                    title: "Without a price",
                    brief: "Answered calls whose models the price table does not have.",
                    form: Form::Table,
                    unit: Unit::Count,
                    queries: &[("sum by (model) (increase(claude_llm_unpriced_calls_total[$__range]))", "")],
                },
                Panel {
                    title: "Hook",
                    brief: "How long the recorder's hook took at the end of turns, as the agent measured it, with what starting a program takes.",
                    form: Form::Lines,
                    unit: Unit::Milliseconds,
                    queries: &[
                        (
                            "histogram_quantile(0.5, sum by (le) (rate(tachograph_hook_duration_ms_bucket[$__rate_interval])))",
                            "p50",
                        ),
                        (
                            "histogram_quantile(0.99, sum by (le) (rate(tachograph_hook_duration_ms_bucket[$__rate_interval])))",
                            "p99",
                        ),
                    ],
                },
                Panel {
                    title: "Price table",
                    brief: "How old the list of prices of each recorder is.",
                    form: Form::Lines,
                    unit: Unit::Seconds,
                    queries: &[("max by (instance) (tachograph_prices_age_seconds)", "{{instance}}")],
                },
                Panel {
                    title: "Sessions",
                    brief: "Sessions that were recorded, each day, by recorder: where one is missing, nobody records.",
                    form: Form::Lines,
                    unit: Unit::Count,
                    queries: &[(
                        "sum by (instance) (increase(claude_session_count_total[1d]))",
                        "{{instance}}",
                    )],
                },
            ],
        },
    ],
};
