//! Whether the agent's own telemetry arrives, where it was told to send it here.

use super::super::agent_side::AgentSide;
use super::super::native::{Told, told};
use super::Verdict;
use super::ground::{Ground, typed};
use super::processes::holder;
use crate::keys;
use crate::receiver::{Listener, listener_at};
use tacho_agents::native::NativeTarget;
use tacho_agents::setup::SettingsOf;
use tacho_spool::lock::DrainLock;

const WHY: &str = "what hooks and transcripts do not say of calls and decisions is not recorded";

/// What the agents are told, and whether somebody listens there.
pub(super) fn native(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for side in &ground.sides {
        let on = format!("tacho install {} --native-telemetry on", side.agent.name);
        match told(side) {
            Told::Nothing => verdict.note(format!("{} is not told to send its own here", side.agent.name)),
            Told::Partly => {
                let what =
                    "of what the agent was told to send its own telemetry here, something is gone or another";
                verdict.find(what, WHY, on);
            }
            Told::Wholly(target) => {
                overruled(side, &target, &mut verdict);
                judge(ground, &target, &on, &mut verdict);
            }
        }
    }
    verdict
}

/// Whether the machine's settings say otherwise; a project's do not count for this.
fn overruled(side: &AgentSide, target: &NativeTarget, verdict: &mut Verdict) {
    let native = &side.setup().native;
    for file in side.settings().into_iter().filter(|file| file.of == SettingsOf::Machine) {
        let said = (native.variables)(&file.text);
        let other =
            native.set.iter().filter(|variable| variable.is_needed).find(|variable| {
                said.get(variable.name).is_some_and(|value| !variable.serves(value, target))
            });
        if let Some(other) = other {
            let path = typed(&file.path);
            let what = format!("{} is another in {path}, which counts before yours", other.name);
            let remedy = format!(
                "tacho install {} --native-telemetry off, or ask whoever manages this machine",
                side.agent.name
            );
            verdict.find(what, WHY, remedy);
        }
    }
}

fn judge(ground: &Ground, target: &NativeTarget, on: &str, verdict: &mut Verdict) {
    let port = target.port;
    let token = keys::existing_receiver_token(ground.state.path());
    if token.as_deref() != Some(&target.token) {
        verdict.find("the agent was told another token than the receiver's", WHY, on);
        return;
    }
    match listener_at(port, &target.token) {
        Listener::Ours => verdict.note(format!("the agent's own is received at 127.0.0.1:{port}")),
        Listener::Nobody => match DrainLock::try_acquire(&ground.state) {
            Ok(None) => {
                let what = format!("a drainer runs and does not listen at 127.0.0.1:{port}");
                let remedy = holder(ground)
                    .map_or_else(|| "tacho drain --once".to_owned(), |pid| format!("kill {pid}"));
                verdict.find(what, WHY, remedy);
            }
            Ok(Some(_)) | Err(_) => {
                verdict.note(format!("the drainer that a hook starts listens at 127.0.0.1:{port}"));
            }
        },
        Listener::OfAnother | Listener::Stranger => {
            let what =
                format!("another program listens at 127.0.0.1:{port}, where the agent sends its telemetry");
            let remedy = format!("{on} --receiver-port {}", port.checked_add(1).unwrap_or(port - 1));
            verdict.find(what, WHY, remedy);
        }
    }
}
