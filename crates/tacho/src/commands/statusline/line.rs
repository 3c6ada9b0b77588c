//! The status line of those who have none of their own.

use crate::commands::limits;
use crate::commands::words;
use crate::drain::now;
use crate::terminal::{display_safe, is_colour_refused};
use tacho_agents::StatusLine;
use tacho_model::event::{Share, StatusFigures};

/// From here on it is time to think of the limit.
const HIGH: Share = Share(80_00);
/// From here on there is hardly anything left.
const HIGHEST: Share = Share(95_00);

/// The model, how full its context is, what the session cost so far, the limits of the account.
pub(super) fn line(status: &StatusLine) -> String {
    let StatusFigures { model, context_used, cost, limits, .. } = &status.figures;
    let model = status.model_name.as_ref().or(model.as_ref()).map(|name| display_safe(name));
    let context = context_used.map(|used| coloured(used, format!("context {} %", words::percent(used))));
    let cost = cost.map(words::dollars);
    let limits = limits.iter().map(|limit| coloured(limit.used, limits::short(limit, now())));
    let parts: Vec<String> = model.into_iter().chain(context).chain(cost).chain(limits).collect();
    parts.join(" · ")
}

fn coloured(used: Share, text: String) -> String {
    match used {
        _ if is_colour_refused() => text,
        used if used >= HIGHEST => format!("\u{1b}[31m{text}\u{1b}[0m"),
        used if used >= HIGH => format!("\u{1b}[33m{text}\u{1b}[0m"),
        _ => text,
    }
}
