//! One run of one scenario: the CLI with the plugin, then the drainer, then every comparison. It prints nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tacho_testkit::anthropic::{ScriptedApi, ServedCall, write_jsonl};
use tacho_testkit::claude::{self, Finished, Run};
use tacho_testkit::compare::{self, RunFacts};
use tacho_testkit::otlp::{ReceivedSpan, Receiver, Signal};
use tacho_testkit::reports;
use tacho_testkit::scenario::Scenario;

use super::killer::{DrainerKiller, Sweep};

/// A run takes a few seconds; one that takes this long hangs.
const TIMEOUT: Duration = Duration::from_secs(90);

/// What all runs have in common.
pub(super) struct Bench {
    pub(super) claude: PathBuf,
    pub(super) plugin_dir: PathBuf,
    pub(super) kill_drainer: bool,
}

/// The encodings that runs take turns with.
#[derive(Clone, Copy)]
pub(super) enum Protocol {
    Protobuf,
    Json,
}

/// What came of a run.
#[derive(Default)]
pub(super) struct Outcome {
    /// Nothing where the recorder told the truth.
    pub(super) differences: Vec<String>,
    calls: usize,
    tools: usize,
    spans: usize,
    kills: usize,
}

/// The folders and the environment of one run.
struct Stage {
    project: PathBuf,
    home: PathBuf,
    /// The variables that the recorder reads.
    recorder_env: Vec<(String, String)>,
    /// Where evidence for a failed run is put.
    folder: PathBuf,
}

impl Bench {
    /// Plays the scenario in `folder`, which is empty.
    pub(super) fn play(&self, scenario: &Path, folder: &Path, protocol: Protocol) -> Result<Outcome> {
        let receiver = Receiver::start()?;
        let stage = Stage::prepare(folder, &receiver, protocol)?;
        let scenario = Scenario::load(scenario, &stage.project)?;
        scenario.write_files(&stage.project)?;
        let api = ScriptedApi::start(scenario.script_book())?;
        let session_id = claude::new_session_id();

        let sweep = Sweep::of(&folder.join("state"));
        let killer = self.kill_drainer.then(|| DrainerKiller::start(&folder.join("state")));
        let finished = self.run_claude(&scenario, &stage, api.url(), &session_id)?;
        let kills = killer.map_or(0, DrainerKiller::stop);
        let drained = self.tacho(&stage, &["drain", "--once"])?;
        let listed = self.tacho(&stage, &["sessions", "--json"])?;
        let shown = self.tacho(&stage, &["show", &session_id, "--json"])?;
        drop(sweep);

        let (truth, spans) = (api.calls(), self.delivered(&receiver));
        stage.keep_evidence(
            &finished,
            &truth,
            &spans,
            &[("sessions.json", &listed), ("show.json", &shown)],
        )?;
        let run = RunFacts {
            session_id: &session_id,
            started_unix_ns: finished.started_unix_ns,
            ended_unix_ns: finished.ended_unix_ns,
            expect: &scenario.expect,
        };
        let mut differences = bench_differences(&scenario, &finished, &truth);
        differences.extend(delivery_differences(&receiver, protocol));
        for (command, output) in [("drain --once", &drained), ("sessions", &listed), ("show", &shown)] {
            differences.extend(exit_difference(command, output));
        }
        differences.extend(compare::differences(&truth, &spans, &run));
        differences.extend(reports::session_list_differences(&text(&listed), &truth, &spans, &run));
        differences.extend(reports::show_differences(&text(&shown), &truth, &spans, &run));
        let tools = truth.iter().map(|call| call.tool_uses.len()).sum();
        Ok(Outcome { differences, calls: truth.len(), tools, spans: spans.len(), kills })
    }

    fn run_claude(
        &self,
        scenario: &Scenario,
        stage: &Stage,
        api_url: String,
        session_id: &str,
    ) -> Result<Finished> {
        let run = Run {
            claude: self.claude.clone(),
            prompt: scenario.marked_prompt(),
            plugin_dir: Some(self.plugin_dir.clone()),
            project_dir: stage.project.clone(),
            home: stage.home.clone(),
            api_url,
            session_id: session_id.to_owned(),
            permission: scenario.permission,
            extra_env: stage.recorder_env.clone(),
            extra_args: Vec::new(),
            timeout: TIMEOUT,
        };
        run.finish()
    }

    /// Runs the plugin's own `tacho` as the user would.
    fn tacho(&self, stage: &Stage, arguments: &[&str]) -> Result<Output> {
        let program = self.plugin_dir.join("bin/tacho");
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(&stage.project).stdin(Stdio::null()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", &stage.home);
        command.envs(stage.recorder_env.iter().map(|(name, value)| (name, value)));
        command.output().with_context(|| format!("cannot start {}", program.display()))
    }

    /// The spans that arrived. Only a killed drainer may have sent one twice.
    fn delivered(&self, receiver: &Receiver) -> Vec<ReceivedSpan> {
        let spans = receiver.spans();
        if self.kill_drainer { compare::without_resends(&spans) } else { spans }
    }
}

impl Stage {
    fn prepare(folder: &Path, receiver: &Receiver, protocol: Protocol) -> Result<Self> {
        let [project, home] = ["project", "home"].map(|name| folder.join(name));
        for folder in [&project, &home] {
            fs::create_dir(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let git = Command::new("git").args(["init", "--quiet"]).arg(&project).env("HOME", &home).status();
        ensure!(git.context("cannot start git")?.success(), "git init failed in {}", project.display());
        let state = folder.join("state").to_string_lossy().into_owned();
        let recorder_env = [
            ("TACHO_HOME", state),
            ("TACHO_OTLP_ENDPOINT", receiver.url()),
            ("TACHO_OTLP_PROTOCOL", protocol.name().to_owned()),
        ];
        let recorder_env = recorder_env.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Ok(Self { project, home, recorder_env, folder: folder.to_owned() })
    }

    fn keep_evidence(
        &self,
        finished: &Finished,
        truth: &[ServedCall],
        spans: &[ReceivedSpan],
        outputs: &[(&str, &Output)],
    ) -> Result<()> {
        write_jsonl(&self.folder.join("truth.jsonl"), truth)?;
        let spans = serde_json::to_string_pretty(spans)?;
        let texts =
            [("cli.jsonl", &finished.stdout), ("cli.stderr", &finished.stderr), ("spans.json", &spans)];
        for (name, text) in texts {
            fs::write(self.folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
        for (name, output) in outputs {
            fs::write(self.folder.join(name), &output.stdout)
                .with_context(|| format!("cannot write {name}"))?;
        }
        Ok(())
    }
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
    fn name(self) -> &'static str {
        match self {
            Self::Protobuf => "http/protobuf",
            Self::Json => "http/json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Where the run itself did not go as the scenario says, so that the comparison would prove nothing.
fn bench_differences(scenario: &Scenario, finished: &Finished, truth: &[ServedCall]) -> Vec<String> {
    let mut found = Vec::new();
    if !finished.succeeded() {
        let status = finished.status.map_or("no status in time".to_owned(), |status| status.to_string());
        found.push(format!("the CLI ended with {status}: {}", finished.stderr.trim()));
    }
    let scripts = scenario.script_book().scenarios;
    let planned: BTreeSet<String> = scripts
        .iter()
        .flat_map(|(name, script)| (0..script.steps.len()).map(move |index| format!("{name}#{index}")))
        .collect();
    let played: BTreeSet<String> = truth.iter().map(|call| call.label.clone()).collect();
    found.extend(planned.difference(&played).map(|step| format!("the CLI never asked for step {step}")));
    found.extend(
        played.difference(&planned).map(|step| format!("the CLI asked for {step}, which is no step")),
    );
    found
}

fn delivery_differences(receiver: &Receiver, protocol: Protocol) -> Vec<String> {
    let mut found = receiver.problems();
    for request in receiver.requests() {
        if request.signal == Signal::Traces && request.content_type != protocol.content_type() {
            found.push(format!("spans came as {}, should be {}", request.content_type, protocol.name()));
        }
    }
    found
}

fn exit_difference(command: &str, output: &Output) -> Option<String> {
    let complaint = String::from_utf8_lossy(&output.stderr);
    let ended = || format!("tacho {command} ended with {}: {}", output.status, complaint.trim());
    (!output.status.success()).then(ended)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
