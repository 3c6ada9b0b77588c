//! One session of the real CLI on a scripted API, in one of four variants; it fails where it did less than the others.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tacho_testkit::anthropic::{Block, Script, ScriptBook, ScriptedApi, Step, ToolUseSpec};
use tacho_testkit::claude::{self, CURRENT, Opening, Permission, Run};
use tacho_testkit::otlp::Receiver;
use tempfile::TempDir;

use super::{CALLS, Hooks};
use crate::plugin::{self, copy_folder};
use crate::sweep::Sweep;
use crate::workspace::{self, Workspace};

/// A session takes some seconds; one that takes this long hangs.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The files of a plugin that say what its hooks run.
const HOOKS_FILES: [&str; 2] = ["hooks/hooks.json", "hooks/newer.json"];
/// What they run.
const HOOK: &str = "${CLAUDE_PLUGIN_ROOT}/bin/tacho-hook";
/// What the other plugin's hooks run.
const NOTHING: &str = "/bin/true";
/// What stands in place of one of them where our module runs.
const MEASURING: (&str, &str) = ("hooks/newer.json", "hooks/measuring.json");

/// What a session has beside the CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// Nothing.
    Bare,
    /// A plugin with the same hooks as ours, which run a program that does nothing.
    Idle,
    /// Our plugin, with a drainer and a destination that takes everything.
    Recording,
    /// The same with our module, which is off by default.
    Measuring,
}

/// A session that was played.
pub(super) struct Played {
    pub(super) wall: Duration,
    /// From one request to the next, in the middle: what the agent takes for a tool call of which nothing is left to chance.
    pub(super) step: Duration,
    pub(super) hooks: Hooks,
}

/// What all sessions have in common.
pub(super) struct Stage {
    cli: PathBuf,
    plugin: PathBuf,
    receiver: Receiver,
    // Before the folder, in which the processes run.
    _sweeps: [Sweep; 2],
    /// A home and a project for each variant, the plugin whose hooks do nothing, and ours with its module.
    folder: TempDir,
}

impl Stage {
    pub(super) fn set(workspace: &Workspace) -> Result<Self> {
        let plugin = plugin::build()?;
        let cli = claude::install(&workspace.target_dir, CURRENT.name)?;
        let folder = TempDir::new().context("cannot create a folder for the sessions")?;
        for variant in [Variant::Bare, Variant::Idle, Variant::Recording, Variant::Measuring] {
            let place = folder.path().join(variant.name());
            fs::create_dir_all(place.join("home"))
                .with_context(|| format!("cannot create {}", place.display()))?;
            let mut git = Command::new("git");
            workspace::run(git.args(["init", "--quiet"]).arg(place.join("project")).env("HOME", &place))?;
        }
        make_idle(&plugin, &folder.path().join("idle-hooks"))?;
        make_measuring(&plugin, &folder.path().join("measuring-plugin"))?;
        let sweeps = [Variant::Recording, Variant::Measuring]
            .map(|variant| Sweep::of(&folder.path().join(variant.name()).join("home")));
        Ok(Self { cli, plugin, receiver: Receiver::start()?, _sweeps: sweeps, folder })
    }

    /// Plays a session from its beginning to its end, and what it leaves to the drainer.
    pub(super) fn play(&self, variant: Variant) -> Result<Played> {
        let api = ScriptedApi::start(script_book())?;
        let place = self.folder.path().join(variant.name());
        let run = Run {
            claude: self.cli.clone(),
            prompt: "[[mock:calls]] work".to_owned(),
            plugin_dirs: self.plugin_dirs(variant),
            project_dir: place.join("project"),
            home: place.join("home"),
            api_url: api.url(),
            session_id: claude::new_session_id(),
            opening: Opening::New,
            permission: Permission::Bypass,
            extra_env: vec![("TACHO_OTLP_ENDPOINT".to_owned(), self.receiver.url())],
            extra_args: Vec::new(),
            timeout: TIMEOUT,
        };
        let finished = run.finish()?;
        let name = variant.name();
        ensure!(finished.exit == Some(0), "the CLI ({name}) failed: {}", finished.stderr.trim());
        let step = middle_step(&api);
        let calls: usize = api.calls().iter().map(|call| call.tool_uses.len()).sum();
        ensure!(calls == CALLS, "the CLI ({name}) made {calls} tool calls instead of {CALLS}");
        if matches!(variant, Variant::Recording | Variant::Measuring) {
            self.expect_recorded(&run)?;
        }
        let wall = Duration::from_nanos(finished.ended_unix_ns - finished.started_unix_ns);
        let mut hooks = BTreeMap::new();
        for hook in claude::hook_runs(&finished.stdout) {
            ensure!(hook.outcome == "success", "a hook ({name}) ended so: {hook:?}");
            *hooks.entry(hook.event).or_default() += 1;
        }
        Ok(Played { wall, step, hooks })
    }

    fn plugin_dirs(&self, variant: Variant) -> Vec<PathBuf> {
        match variant {
            Variant::Bare => Vec::new(),
            Variant::Idle => vec![self.folder.path().join("idle-hooks")],
            Variant::Recording => vec![self.plugin.clone()],
            Variant::Measuring => vec![self.folder.path().join("measuring-plugin")],
        }
    }

    /// Lets the drainer finish, so that it disturbs no other session, and looks for the session's tool calls where they
    /// were sent.
    fn expect_recorded(&self, run: &Run) -> Result<()> {
        let mut command = Command::new(self.plugin.join("bin/tacho"));
        command.args(["drain", "--once"]).current_dir(&run.project_dir).env_clear();
        command.env("HOME", &run.home).env("TACHO_OTLP_ENDPOINT", self.receiver.url());
        workspace::output(&mut command)?;
        let spans = self.receiver.spans();
        let of_session = spans.iter().filter(|span| {
            span.attributes.get("session.id").is_some_and(|id| id.as_str() == Some(&run.session_id))
        });
        let calls = of_session.filter(|span| span.name.starts_with("execute_tool ")).count();
        ensure!(calls == CALLS, "{calls} of {CALLS} tool calls were recorded and sent");
        Ok(())
    }
}

impl Variant {
    const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Idle => "idle",
            Self::Recording => "recording",
            Self::Measuring => "measuring",
        }
    }
}

/// Makes a copy of our plugin whose module runs.
fn make_measuring(plugin: &Path, folder: &Path) -> Result<()> {
    copy_folder(plugin, folder)?;
    let (place, by) = MEASURING;
    workspace::write(&folder.join(place), workspace::read(&folder.join(by))?)
}

/// Makes a copy of a plugin whose hooks run a program that does nothing.
fn make_idle(plugin: &Path, folder: &Path) -> Result<()> {
    copy_folder(plugin, folder)?;
    for file in HOOKS_FILES {
        let path = folder.join(file);
        let text = workspace::read(&path)?;
        ensure!(text.contains(HOOK), "{} runs no {HOOK}", path.display());
        workspace::write(&path, text.replace(HOOK, NOTHING))?;
    }
    Ok(())
}

/// How long the agent took from one request to the next, in the middle of all.
fn middle_step(api: &ScriptedApi) -> Duration {
    let mut starts: Vec<u64> = api.calls().iter().map(|call| call.started_unix_ns).collect();
    starts.sort_unstable();
    let mut steps: Vec<u64> = starts.iter().zip(starts.iter().skip(1)).map(|(from, to)| to - from).collect();
    steps.sort_unstable();
    Duration::from_nanos(steps.get(steps.len() / 2).copied().unwrap_or(0))
}

/// Answers at once, with one tool call each.
fn script_book() -> ScriptBook {
    let call = |number: usize| {
        let input = json!({ "command": "true", "description": format!("Step {number}") });
        let call = ToolUseSpec { id: None, name: "Bash".to_owned(), input };
        Step { blocks: vec![Block::ToolUse(call)], ..Step::default() }
    };
    let steps = (1..=CALLS).map(call).chain([Step::text("Done.")]).collect();
    let scenarios = BTreeMap::from([("calls".to_owned(), Script { steps })]);
    ScriptBook { scenarios, default: Step::text("no scenario"), side_calls: Vec::new() }
}
