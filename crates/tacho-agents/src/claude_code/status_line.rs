//! What the CLI hands to the command of its `statusLine` setting: figures, of which those of rate limits and of the
//! context's size stand nowhere else. Of the words around them none is kept but names.

use super::event;
use crate::fields::Fields;
use crate::repair::without_lone_surrogates;
use crate::{Decoded, StatusLine};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tacho_model::event::{Event, Fact, LimitWindow, Observation, RateLimit, Share, StatusFigures};
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;

/// The event under which the figures are recorded.
pub(super) const EVENT: &str = "StatusLine";

/// How it is set.
pub(super) const SETTING: &str = r#"In ~/.claude/settings.json:
  "statusLine": { "type": "command", "command": "tacho statusline" }
  "statusLine": { "type": "command", "command": "tacho statusline --then 'sh line.sh'" }"#;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    status_line: StatusLineSetting,
}

#[derive(Deserialize)]
struct StatusLineSetting {
    command: String,
}

/// The command of the status line in these settings, if it runs us.
pub(super) fn command_of(settings: &str) -> Option<String> {
    let Settings { status_line: StatusLineSetting { command } } = serde_json::from_str(settings).ok()?;
    let is_ours = command.contains("tacho statusline");
    is_ours.then_some(command)
}

/// What of a payload is kept.
enum Kept {
    Value(&'static str),
    Object(&'static str, &'static [Self]),
}

/// How long the CLI has run is left out: it changes each time.
const KEPT: &[Kept] = &[
    Kept::Value("prompt_id"),
    Kept::Object("model", &[Kept::Value("id")]),
    Kept::Value("version"),
    Kept::Object(
        "cost",
        &[
            Kept::Value("total_cost_usd"),
            Kept::Value("total_api_duration_ms"),
            Kept::Value("total_lines_added"),
            Kept::Value("total_lines_removed"),
        ],
    ),
    Kept::Object(
        "context_window",
        &[
            Kept::Value("total_input_tokens"),
            Kept::Value("total_output_tokens"),
            Kept::Value("context_window_size"),
            Kept::Value("used_percentage"),
        ],
    ),
    Kept::Value("exceeds_200k_tokens"),
    Kept::Value("fast_mode"),
    Kept::Object(
        "rate_limits",
        &[
            Kept::Object("five_hour", LIMIT),
            Kept::Object("seven_day", LIMIT),
            Kept::Object("spend_limit", LIMIT),
        ],
    ),
];
const LIMIT: &[Kept] = &[Kept::Value("used_percentage"), Kept::Value("resets_at")];

/// The longest name that is kept.
const NAME_BYTES_MAX: usize = 128;

/// What the CLI hands over; `None` for what names no session.
pub(super) fn read(payload: &[u8]) -> Option<StatusLine> {
    let payload = without_lone_surrogates(payload);
    let said = Fields::read(&payload).ok()?;
    let session: SessionId = said.id("session_id")?;
    let names = format!(r#""hook_event_name":"{EVENT}","session_id":{}"#, json!(session.as_str()));
    let pieces: Vec<String> = [names].into_iter().chain(kept(&said, KEPT)).collect();
    Some(StatusLine {
        session,
        kept: format!("{{{}}}", pieces.join(",")),
        model_name: said.object("model").text("display_name"),
        figures: figures(&said),
    })
}

/// The members that are kept, each as the CLI wrote it.
fn kept(said: &Fields<'_>, wanted: &[Kept]) -> Vec<String> {
    let member = |wanted: &Kept| match wanted {
        Kept::Value(name) => {
            let value: &RawValue = said.get(name)?;
            is_plain(value.get()).then(|| format!(r#""{name}":{}"#, value.get()))
        }
        Kept::Object(name, wanted) => {
            let members = kept(&said.object(name), wanted);
            (!members.is_empty()).then(|| format!(r#""{name}":{{{}}}"#, members.join(",")))
        }
    };
    wanted.iter().filter_map(member).collect()
}

/// Whether a JSON value is a number, a truth, or a name: a text without escapes and spaces.
fn is_plain(value: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_graphic() && !b"\\\"[{".contains(&byte);
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    value != "null" && inside.len() <= NAME_BYTES_MAX && inside.bytes().all(is_letter)
}

/// What a recorded one says.
pub(super) fn decode(observation: &Observation, said: &Fields<'_>) -> Decoded {
    let shown = Fact::StatusShown(Box::new(figures(said)));
    [Event { prompt: said.id("prompt_id"), ..event(observation, EVENT, shown) }].into_iter().collect()
}

fn figures(said: &Fields<'_>) -> StatusFigures {
    let (context, cost) = (said.object("context_window"), said.object("cost"));
    let dollars: Option<&RawValue> = cost.get("total_cost_usd");
    let limits = said.object("rate_limits");
    StatusFigures {
        model: said.object("model").id("id"),
        // Before the first answer the CLI writes 0 and means that it does not know.
        context_tokens: context.count("total_input_tokens").filter(|tokens| *tokens > 0),
        context_window_tokens: context.count("context_window_size"),
        context_used: context.get("used_percentage").and_then(Share::from_percent),
        cost: dollars.and_then(|dollars| Nanodollars::from_dollars(dollars.get())),
        lines_added: cost.count("total_lines_added"),
        lines_removed: cost.count("total_lines_removed"),
        limits: LimitWindow::ALL
            .into_iter()
            .filter_map(|window| limit(&limits.object(window.name()), window))
            .collect(),
    }
}

/// One window. Its end is said in seconds since the Unix epoch.
fn limit(said: &Fields<'_>, window: LimitWindow) -> Option<RateLimit> {
    Some(RateLimit {
        window,
        used: said.get("used_percentage").and_then(Share::from_percent)?,
        resets_at: said.count("resets_at").and_then(|at| at.checked_mul(1_000_000_000)).map(UnixNanos),
    })
}
