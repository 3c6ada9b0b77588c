//! Starting the drainer, detached, so that nobody ever waits for it.

use crate::SESSION_START;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tacho_spool::ci;
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;

/// Variables the drainer gets, by name, beside those that tell a CI job. Everything else of the agent's environment stays
/// behind.
const PASSED_ON: &[&str] = &[
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_STATE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "CLAUDE_CONFIG_DIR",
];
/// Variables the drainer gets, by how the name begins.
const PASSED_ON_PREFIXES: &[&str] = &["TACHO_", "CLAUDE_PLUGIN_OPTION_", "DASH0_"];

/// The event under which our module in the agent's process hands over what it heard.
const MOD_EVENT: &str = "Mod";

/// Starts a drainer unless one runs. A new session always starts one: only its environment has the plugin's
/// options, and it takes over from the running drainer.
/// The agent's own process hands over what our module in it heard without any of the plugin's options, so nothing is
/// started for that.
pub fn ensure_running(state: &State, event: Option<&str>) {
    if event == Some(MOD_EVENT) {
        return;
    }
    let is_new_session = event == Some(SESSION_START);
    if is_new_session || matches!(DrainLock::try_acquire(state), Ok(Some(_))) {
        start(state, is_new_session);
    }
}

/// A drainer that cannot be started costs nothing but time: the next hook tries again and the spool keeps all.
fn start(state: &State, takes_over: bool) {
    let Some(program) = program() else { return };
    let mut command = Command::new(program);
    command.args(["drain", "--background", "--state"]).arg(state.path());
    if takes_over {
        command.arg("--take-over");
    }
    command.env_clear().envs(env::vars_os().filter(|(name, _)| is_passed_on(name)));
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(command.spawn());
}

/// The `tacho` that was installed beside this hook.
fn program() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.parent()?.join(Path::new("tacho"));
    program.exists().then_some(program)
}

fn is_passed_on(name: &OsString) -> bool {
    let name: &OsStr = name;
    let has_prefix = |name: &str| PASSED_ON_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    name.to_str()
        .is_some_and(|name| PASSED_ON.contains(&name) || ci::VARIABLES.contains(&name) || has_prefix(name))
}
