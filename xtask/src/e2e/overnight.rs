//! A day that passes before a session is resumed. The machine's clock stays what it is; that of the CLI and of its hooks is set back
//! by a day until then, and so is what the API noted of them.
//!
//! A program takes another clock by what is loaded before its libraries, so hooks must not be static.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use tacho_testkit::anthropic::ServedCall;
use tacho_testkit::claude::Run;

use super::run::PlayedSession;
use crate::plugin::copy_folder;
use crate::workspace::{self, Workspace, cargo};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The crate and the program of the hooks.
const HOOK: &str = "tacho-hook";

/// What the CLI has a day before: a clock, and the plugin with hooks that take it. The recorder beside them is left out, as its
/// clock is that of the machine: it takes in on the next day what hooks left.
pub(super) struct DayBefore {
    plugin: PathBuf,
    clock: PathBuf,
}

impl DayBefore {
    /// Makes it below `folder`, with what else there is in the plugin `built`.
    pub(super) fn make(workspace: &Workspace, folder: &Path, built: &Path) -> Result<Self> {
        let [plugin, clock] = ["day-before", "clock.so"].map(|name| folder.join(name));
        if plugin.exists() {
            fs::remove_dir_all(&plugin).with_context(|| format!("cannot remove {}", plugin.display()))?;
        }
        copy_folder(built, &plugin)?;
        let programs = plugin.join("bin");
        fs::remove_file(programs.join("tacho")).context("cannot leave the recorder out")?;
        workspace::run(cargo().args(["build", "--package", HOOK]).current_dir(&workspace.root))?;
        let hook = workspace.target_dir.join("debug").join(HOOK);
        fs::copy(&hook, programs.join(HOOK)).with_context(|| format!("cannot copy {}", hook.display()))?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&clock);
        compiler.arg(workspace.root.join("fixtures/e2e/clock.c")).arg("-ldl");
        workspace::run(&mut compiler).context("the clock of another day needs a C compiler")?;
        Ok(Self { plugin, clock })
    }

    /// Has the CLI run then.
    pub(super) fn move_back(&self, run: &mut Run) {
        run.plugin_dirs = vec![self.plugin.clone()];
        let clock = self.clock.to_string_lossy().into_owned();
        let variables = [("LD_PRELOAD", clock), ("CLOCK_BACK_S", DAY.as_secs().to_string())];
        run.extra_env.extend(variables.map(|(name, value)| (name.to_owned(), value)));
    }
}

/// Notes of all but the last run of a session, and of what it was served then, that they were a day before.
pub(super) fn set_back(session: &mut PlayedSession<'_>, served: &mut [ServedCall]) {
    let day_ns = u64::try_from(DAY.as_nanos()).unwrap_or(0);
    let Some((_, before)) = session.runs.split_last_mut() else { return };
    for run in before {
        let meanwhile = run.started_unix_ns..=run.ended_unix_ns;
        let is_of_run = |call: &&mut ServedCall| {
            call.session_id.as_ref() == Some(&session.id) && meanwhile.contains(&call.started_unix_ns)
        };
        for call in served.iter_mut().filter(is_of_run) {
            call.started_unix_ns -= day_ns;
            call.first_byte_unix_ns -= day_ns;
            call.done_unix_ns -= day_ns;
        }
        run.started_unix_ns -= day_ns;
        run.ended_unix_ns -= day_ns;
    }
}

/// A time zone in which it is noon, so that no run reaches another day by itself.
#[derive(Clone, Copy)]
pub(super) struct NoonZone(Offset);

impl NoonZone {
    pub(super) fn now() -> Self {
        let hour = Timestamp::now().to_zoned(TimeZone::UTC).hour();
        Self(Offset::constant(12 - hour))
    }

    /// Its name. What lies east of Greenwich has a minus in it.
    pub(super) fn name(self) -> String {
        format!("Etc/GMT{:+}", -(self.0.seconds() / 3600))
    }

    /// The day in it that a time belongs to.
    pub(super) fn day(self, unix_ns: u64) -> String {
        let at = Timestamp::from_nanosecond(i128::from(unix_ns)).unwrap_or_default();
        self.0.to_datetime(at).date().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_named_and_has_days() {
        let of = |hours: i8| NoonZone(Offset::constant(hours));
        let noon = 1_795_953_600_000_000_000; // 2026-11-29T12:00:00Z
        assert_eq!(of(0).name(), "Etc/GMT+0");
        assert_eq!(of(12).name(), "Etc/GMT-12");
        assert_eq!(of(-11).name(), "Etc/GMT+11");
        assert_eq!([0, 12, -11].map(|hours| of(hours).day(noon)), ["2026-11-29", "2026-11-30", "2026-11-29"]);
    }
}
