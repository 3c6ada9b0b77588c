//! The notice: one line that the hook shows the user when a session starts, for as long as it is true.
//!
//! A session shows what was known before it began: the hook reads no configuration, so whoever learns of a change writes
//! the line for the next one.

use crate::config::Config;
use std::fs;
use std::path::Path;
use tacho_agents::AGENTS;
use tacho_spool::layout::NOTICE;

/// What to tell somebody who may believe that telemetry goes somewhere. It is told in every session until its owner names
/// a destination or says that it is meant (`local_only`): told only a few times, nobody would see it who takes his
/// options away by mistake a year later.
pub(crate) fn of_config(config: &Config) -> Option<String> {
    if let Some(line) = of_unread(config) {
        return Some(line);
    }
    let is_meant = config.local_only.is_some();
    if is_meant || !config.destinations.is_empty() || !config.waiting.is_empty() {
        return None;
    }
    if let Some(refused) = config.refused.first() {
        return Some(format!(
            "tachograph: recording locally only, as what {} says is not used: see tacho status",
            refused.origin
        ));
    }
    let how = AGENTS.first().map_or("", |agent| agent.setup.how_to_configure);
    Some(format!(
        "tachograph: recording locally only, as no destination was named. To send it: {how}, or: tacho config set \
         destination URL. To keep it so: tacho config set local_only true"
    ))
}

/// What to tell of files that cannot be read.
pub(crate) fn of_unread(config: &Config) -> Option<String> {
    let unread = config.unread.iter().max_by_key(|unread| unread.may_forbid)?;
    let path = unread.path.display();
    Some(if unread.may_forbid {
        format!("tachograph: nothing is sent, as {path} cannot be read and may forbid it: see tacho doctor")
    } else {
        format!("tachograph: nothing that {path} says counts, as it cannot be read: see tacho doctor")
    })
}

/// Replaces the notice.
pub(crate) fn write(state: &Path, line: Option<&str>) {
    let path = state.join(NOTICE);
    let text = line.map(|line| format!("{line}\n")).unwrap_or_default();
    if fs::read_to_string(&path).unwrap_or_default() == text {
        return;
    }
    // A notice is a comfort: without it `tacho status` still says what is wrong.
    let _ = if text.is_empty() { fs::remove_file(path) } else { fs::write(path, text) };
}
