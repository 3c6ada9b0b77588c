//! One run of one scenario: the CLI with the plugin, then the drainer, then every comparison. It prints nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tacho_testkit::anthropic::{ScriptedApi, ServedCall, write_jsonl};
use tacho_testkit::claude::{self, CURRENT, Finished, Opening, Run, Version};
use tacho_testkit::compare;
use tacho_testkit::figures::{self, Comparison};
use tacho_testkit::otlp::{ReceivedLog, ReceivedSpan, Receiver};
use tacho_testkit::pressure;
use tacho_testkit::scenario::{Scenario, SessionPlan, Way};
use tacho_testkit::site::Site;
use tacho_testkit::tls::certificate;

use super::accounts;
use super::audit::Sealed;
use super::differences::{self, Played, Printed};
use super::install::Plugins;
use super::killer::DrainerKiller;
use super::overnight::{self, NoonZone};
use super::stage::Stage;
use crate::sweep::Sweep;

/// A run takes a few seconds; one that takes this long hangs.
const TIMEOUT: Duration = Duration::from_secs(90);

/// What all runs have in common.
pub(super) struct Bench {
    /// Where the scenarios lie.
    pub(super) fixtures: PathBuf,
    pub(super) plugins: Plugins,
    /// What agents may fetch.
    pub(super) site: Site,
    pub(super) kill_drainer: bool,
}

/// The encodings that runs take turns with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Protobuf,
    Json,
}

/// What came of a run.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Nothing where the recorder told the truth.
    pub(crate) differences: Vec<String>,
    /// What was served, what was recorded, and why that is not the same; nothing where the run was not played to its end.
    pub(crate) comparison: Option<Comparison>,
    /// How far the start of each call lies from what the API saw.
    pub(super) start_gaps_ns: Vec<u64>,
    calls: usize,
    tools: usize,
    spans: usize,
    kills: usize,
}

/// A session that was played.
pub(super) struct PlayedSession<'a> {
    pub(super) plan: &'a SessionPlan,
    pub(super) id: String,
    /// The runs of the CLI, in the order of the prompts.
    pub(super) runs: Vec<Finished>,
}

impl PlayedSession<'_> {
    /// Whether the CLI told which hooks it ran.
    pub(super) fn tells_of_hooks(&self) -> bool {
        !self.plan.prompts.is_empty()
    }
}

impl Bench {
    /// Plays the scenario in `folder`, which is empty.
    pub(super) fn play(
        &self,
        scenario: &Path,
        way: Way,
        folder: &Path,
        protocol: Protocol,
    ) -> Result<Outcome> {
        let receiver = Receiver::start()?;
        let project = folder.join("project");
        fs::create_dir(&project).with_context(|| format!("cannot create {}", project.display()))?;
        let scenario = self.load(scenario, &project, &receiver)?;
        let version = version_of(&scenario)?;
        let stage = Stage::prepare(folder, &scenario, (version, way), &self.plugins, &receiver, protocol)?;
        let api = ScriptedApi::start(scenario.script_book())?;

        let sweep = Sweep::of(&stage.home);
        let killer = self.kill_drainer.then(|| DrainerKiller::start(&stage.home));
        let stalled_before = pressure::stalled_ns();
        let mut sessions = play_sessions(&scenario, &stage, &api)?;
        // Where nobody counts, nobody knows that the machine was not busy all the time.
        let stalled_ns =
            pressure::stalled_ns().zip(stalled_before).map_or(u64::MAX, |(now, before)| now - before);
        let kills = killer.map_or(0, DrainerKiller::stop);
        let printed = Printed::by_tacho(&stage, &sessions)?;
        let root = self.fixtures.ancestors().nth(2).context("the scenarios lie nowhere")?;
        let sealed = Sealed::by_tacho(&stage, root, &receiver.checkpoints())?;
        drop(sweep);

        let written = scenario.as_written(&stage.transcripts()?);
        for (session, plan) in sessions.iter_mut().zip(&written.sessions) {
            session.plan = plan;
        }
        let scenario = &written;
        let cut =
            |call: &ServedCall| scenario.sessions.iter().any(|one| one.expect.cut.contains(&call.label));
        let mut truth: Vec<ServedCall> =
            api.calls().into_iter().map(|call| if cut(&call) { call.cut_off() } else { call }).collect();
        for session in sessions.iter_mut().filter(|session| session.plan.overnight) {
            overnight::set_back(session, &mut truth);
        }
        let (sent, logs) = self.delivered(&receiver);
        let visible = figures::visible(&truth, &scenario.unseen, way);
        let played = Played {
            scenario,
            version,
            stalled_ns,
            sessions: &sessions,
            served: &truth,
            truth: &visible,
            spans: &compare::corrected(&sent, &logs),
            sent: &sent,
            logs: &logs,
        };
        keep_evidence(&stage, &played, &printed)?;
        let mut differences = differences::of_bench(&played);
        differences.extend(differences::of_delivery(&played, &receiver, protocol));
        differences.extend(differences::of_recorder(&played, &printed));
        differences.extend(sealed.differences(played.spans));
        let (comparison, contradictions) = accounts::compared(&played, &printed, way)?;
        differences.extend(contradictions.into_iter().chain(comparison.problems()));
        let comparison = Some(comparison);
        let tools = truth.iter().map(|call| call.tool_uses.len()).sum();
        let start_gaps_ns = differences::start_gaps_ns(&played);
        Ok(Outcome {
            differences,
            comparison,
            start_gaps_ns,
            calls: truth.len(),
            tools,
            spans: sent.len(),
            kills,
        })
    }

    /// The scenario with the places of this run.
    fn load(&self, scenario: &Path, project: &Path, receiver: &Receiver) -> Result<Scenario> {
        let authority = certificate("authority.pem");
        let [project, fixtures, authority] =
            [project, &self.fixtures, &authority].map(|path| path.to_string_lossy());
        let places = [
            ("PROJECT", &*project),
            ("FIXTURES", &*fixtures),
            ("RECEIVER", &receiver.url()),
            ("SITE", &self.site.url()),
            ("AUTHORITY", &*authority),
        ];
        Scenario::load(scenario, &places)
    }

    /// What arrived. Only a killed drainer may have sent something twice.
    fn delivered(&self, receiver: &Receiver) -> (Vec<ReceivedSpan>, Vec<ReceivedLog>) {
        let (spans, logs) = (receiver.spans(), receiver.logs());
        if self.kill_drainer {
            (compare::without_resends(&spans), compare::without_resends(&logs))
        } else {
            (spans, logs)
        }
    }
}

/// The version of the CLI that the scenario is for.
pub(super) fn version_of(scenario: &Scenario) -> Result<&'static Version> {
    let Some(name) = &scenario.cli else { return Ok(CURRENT) };
    Version::named(name).with_context(|| format!("the bench does not know the CLI {name}"))
}

/// Plays all sessions at the same time, but forks when what they fork has ended.
fn play_sessions<'a>(
    scenario: &'a Scenario,
    stage: &Stage<'_>,
    api: &ScriptedApi,
) -> Result<Vec<PlayedSession<'a>>> {
    let mut ids: Vec<String> = scenario.sessions.iter().map(|_| claude::new_session_id()).collect();
    let play = |plan: &'a SessionPlan, id: &String| {
        let opening = match plan.forks.and_then(|number| ids.get(number - 1)) {
            Some(from) => Opening::Forked { from: from.clone() },
            None => Opening::New,
        };
        play_session(scenario, plan, id, opening, stage, api)
    };
    let mut played = Vec::new();
    for forked in [false, true] {
        let wave = (0..).zip(scenario.sessions.iter().zip(&ids));
        let wave = wave.filter(|(_, (plan, _))| plan.cleared.is_none() && plan.forks.is_some() == forked);
        thread::scope(|scope| {
            let playing: Vec<_> =
                wave.map(|(place, (plan, id))| (place, scope.spawn(move || play(plan, id)))).collect();
            for (place, thread) in playing {
                let session = thread.join().map_err(|_| anyhow!("the thread of a session panicked"))??;
                played.push((place, session));
            }
            anyhow::Ok(())
        })?;
    }
    for (place, plan) in scenario.sessions.iter().enumerate() {
        let Some(at) = plan.cleared else { continue };
        // The CLI names a session that begins by `/clear`, and tells the API only.
        let known = |id: &String| ids.contains(id);
        let named = api.calls().into_iter().filter_map(|call| call.session_id).find(|id| !known(id));
        let id = named.context("no session began by `/clear`")?;
        let runs = played.iter().find(|(place, _)| place + 1 == at).map(|(_, session)| session.runs.clone());
        played.push((place, PlayedSession { plan, id: id.clone(), runs: runs.unwrap_or_default() }));
        ids.push(id);
    }
    played.sort_by_key(|(place, _): &(usize, _)| *place);
    Ok(played.into_iter().map(|(_, session)| session).collect())
}

/// Gives the CLI one prompt after the other.
fn play_session<'a>(
    scenario: &Scenario,
    plan: &'a SessionPlan,
    id: &str,
    opening: Opening,
    stage: &Stage<'_>,
    api: &ScriptedApi,
) -> Result<PlayedSession<'a>> {
    let variables = stage.recorder_env.iter().cloned().chain(scenario.variables.clone());
    let variables: Vec<_> = variables.collect();
    let run = |prompt: &str, opening| Run {
        claude: stage.cli.program.clone(),
        prompt: prompt.to_owned(),
        plugin_dirs: stage.plugin_dirs.clone(),
        project_dir: stage.project.clone(),
        home: stage.home.clone(),
        api_url: api.url(),
        session_id: id.to_owned(),
        opening,
        permission: scenario.permission,
        extra_env: variables.clone(),
        extra_args: scenario.arguments.clone(),
        timeout: TIMEOUT,
    };
    let mut runs = Vec::new();
    if !plan.terminal.is_empty() {
        let folder = stage.terminal_folder(id)?;
        let is_asked = |label: &str| api.was_asked(label);
        runs.push(run("", opening.clone()).finish_at_terminal(&plan.terminal, &folder, &is_asked)?);
    }
    for prompt in &plan.prompts {
        if plan.drained && !runs.is_empty() {
            let drained = stage.tacho(&["drain", "--once"])?;
            let complaint = String::from_utf8_lossy(&drained.stderr);
            ensure!(drained.status.success(), "draining before the resumption failed: {}", complaint.trim());
        }
        let opening = if runs.is_empty() { opening.clone() } else { Opening::Resumed };
        let mut run = run(prompt, opening);
        if plan.overnight && runs.len() + 1 < plan.prompts.len() {
            stage.day_before.context("nobody made a day before")?.move_back(&mut run);
        }
        runs.push(run.finish()?);
    }
    Ok(PlayedSession { plan, id: id.to_owned(), runs })
}

impl Printed {
    /// Runs the commands of the recorder whose output is compared.
    fn by_tacho(stage: &Stage<'_>, sessions: &[PlayedSession<'_>]) -> Result<Self> {
        let shown = |session: &PlayedSession<'_>| stage.tacho(&["show", &session.id, "--json"]);
        let zone = NoonZone::now();
        Ok(Self {
            drained: stage.tacho(&["drain", "--once"])?,
            status: stage.tacho(&["status", "--json"])?,
            listed: stage.tacho(&["sessions", "--json"])?,
            shown: sessions.iter().map(shown).collect::<Result<_>>()?,
            cost: stage.tacho(&["cost", "session", "--reconcile", "--json"])?,
            daily: stage.tacho(&["cost", "daily", "--tz", &zone.name(), "--json"])?,
            zone,
            imported: stage.import()?,
        })
    }
}

/// Puts everything that was compared beside the run's folders, for whoever has to find out what went wrong.
fn keep_evidence(stage: &Stage<'_>, played: &Played<'_>, printed: &Printed) -> Result<()> {
    write_jsonl(&stage.evidence("truth.jsonl"), played.served)?;
    stage.keep("spans.json", serde_json::to_string_pretty(played.sent)?)?;
    stage.keep("logs.json", serde_json::to_string_pretty(played.logs)?)?;
    stage.keep("status.json", &printed.status.stdout)?;
    stage.keep("sessions.json", &printed.listed.stdout)?;
    stage.keep("cost.json", &printed.cost.stdout)?;
    stage.keep("cost-daily.json", &printed.daily.stdout)?;
    stage.keep("cost-imported.json", &printed.imported.stdout)?;
    for (number, (session, shown)) in (1..).zip(played.sessions.iter().zip(&printed.shown)) {
        stage.keep(&format!("show-{number}.json"), &shown.stdout)?;
        for (prompt, run) in (1..).zip(&session.runs) {
            stage.keep(&format!("cli-{number}-{prompt}.jsonl"), &run.stdout)?;
            stage.keep(&format!("cli-{number}-{prompt}.stderr"), &run.stderr)?;
        }
    }
    Ok(())
}

impl Outcome {
    /// The outcome of a run that could not be played to its end.
    pub(super) fn of_error(error: anyhow::Error) -> Self {
        Self { differences: vec![format!("{error:#}")], ..Self::default() }
    }

    /// What there was to compare, for people.
    pub(super) fn counts(&self) -> String {
        let counted =
            |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let mut counts =
            vec![counted(self.calls, "call"), counted(self.tools, "tool"), counted(self.spans, "span")];
        if self.kills > 0 {
            counts.push(counted(self.kills, "kill"));
        }
        counts.join(", ")
    }
}

impl Protocol {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Protobuf => "http/protobuf",
            Self::Json => "http/json",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}
