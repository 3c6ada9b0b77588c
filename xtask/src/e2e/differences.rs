//! Where a run did not go as it should: on the bench, on the way to the receiver, and in what was recorded. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;

use tacho_testkit::anthropic::ServedCall;
use tacho_testkit::claude::{HookRun, Version, hook_runs};
use tacho_testkit::compare::{self, RunFacts};
use tacho_testkit::otlp::{ReceivedLog, ReceivedRequest, ReceivedSpan, Receiver, Signal};
use tacho_testkit::reports;
use tacho_testkit::scenario::Scenario;

use super::overnight::NoonZone;
use super::propagation;
use super::run::{PlayedSession, Protocol};

/// How the line begins that tells of sending nothing.
const LOCAL_ONLY: &str = "tachograph: recording locally only, as no destination was named.";

/// The name of a compaction's span.
const COMPACTION: &str = "claude_code.compaction";

/// Everything that is known of a run.
pub(super) struct Played<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) version: &'a Version,
    /// For how long, meanwhile, work on this machine had to wait for a processor.
    pub(super) stalled_ns: u64,
    pub(super) sessions: &'a [PlayedSession<'a>],
    /// All that the API served.
    pub(super) served: &'a [ServedCall],
    /// What of it a recorder of this way can know.
    pub(super) truth: &'a [ServedCall],
    /// The spans that arrived, as they are to be understood.
    pub(super) spans: &'a [ReceivedSpan],
    /// The spans as they were sent, before they were corrected.
    pub(super) sent: &'a [ReceivedSpan],
    pub(super) logs: &'a [ReceivedLog],
}

/// Where the run itself did not go as the scenario says, so that the comparison would prove nothing, or where hooks
/// did what a recorder's must not do.
pub(super) fn of_bench(played: &Played<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for session in played.sessions {
        for (number, run) in session.runs.iter().enumerate() {
            let expected = session.plan.exit(number);
            if run.exit != Some(expected) {
                let ended = run.exit.map_or("not in time".to_owned(), |exit| format!("with {exit}"));
                let complaint = run.stderr.trim();
                found.push(format!("the CLI ended {ended}, should have ended with {expected}: {complaint}"));
            }
            if session.tells_of_hooks() {
                let compactions = session.plan.expect.waits.get(COMPACTION).copied().unwrap_or(0);
                let runs = hooks_of_plugin(&run.stdout, played.scenario);
                found.extend(of_hooks(&runs, played.scenario.copies(), compactions));
            }
        }
    }
    found.extend(of_first_words(played));
    let scripts = played.scenario.scripts.iter();
    let planned: BTreeSet<String> = scripts
        .flat_map(|(name, script)| (0..script.steps.len()).map(move |index| format!("{name}#{index}")))
        .collect();
    let played: BTreeSet<String> = played.served.iter().map(|call| call.label.clone()).collect();
    found.extend(planned.difference(&played).map(|step| format!("the CLI never asked for step {step}")));
    found.extend(
        played.difference(&planned).map(|step| format!("the CLI asked for {step}, which is no step")),
    );
    found
}

/// The runs of the plugin's hooks.
fn hooks_of_plugin(stdout: &str, scenario: &Scenario) -> Vec<HookRun> {
    let is_foreign =
        |run: &HookRun| scenario.own_hooks_say.as_deref().is_some_and(|said| run.stderr.trim() == said);
    hook_runs(stdout).into_iter().filter(|run| !is_foreign(run)).collect()
}

/// Hooks ran in as many copies as the plugin has, ended well and printed nothing; what the user is told when a session
/// starts is looked at elsewhere. Behind a compaction, the session starts once more.
fn of_hooks(runs: &[HookRun], copies: usize, compactions: usize) -> Vec<String> {
    let mut found = Vec::new();
    let starts = runs.iter().filter(|run| run.event == "SessionStart").count();
    if !(0..=compactions).any(|again| starts == copies * (1 + again)) {
        found.push(format!("{starts} hooks ran at the start of the session, should be {copies}"));
    }
    let is_silent =
        |run: &HookRun| run.stdout.is_empty() && (run.event == "SessionStart" || run.stderr.is_empty());
    for run in runs.iter().filter(|run| run.outcome != "success" || !is_silent(run)) {
        let HookRun { event, outcome, stdout, stderr } = run;
        found.push(format!("hook {event}: {outcome}, and printed {stdout:?} and {stderr:?}"));
    }
    found
}

/// The first session behind an installation is told that nothing is sent, unless options said where to. Variables that
/// say so were known to nobody before it.
fn of_first_words(played: &Played<'_>) -> Option<String> {
    let first = played.sessions.first().filter(|session| session.tells_of_hooks())?.runs.first()?;
    let starts = hook_runs(&first.stdout).into_iter().filter(|run| run.event == "SessionStart");
    let told: String = starts.map(|run| run.stderr).collect();
    let (is_local, is_told) = (played.scenario.is_local_at_first(), told.starts_with(LOCAL_ONLY));
    // One of several that start at once may be late: then a drainer knows the variables.
    let is_alone = played.scenario.copies() == 1 && played.sessions.len() == 1;
    let is_right = if is_local { is_told || !is_alone } else { told.is_empty() };
    (!is_right).then(|| format!("the first session was told {told:?}"))
}

/// Where requests to the receiver are not what they should be.
pub(super) fn of_delivery(played: &Played<'_>, receiver: &Receiver, protocol: Protocol) -> Vec<String> {
    // Options cannot name an encoding, and the default is protobuf.
    let protocol = if played.scenario.options.is_empty() { protocol } else { Protocol::Protobuf };
    let mut found = receiver.problems();
    for request in receiver.requests().iter().filter(|request| request.signal != Signal::Metrics) {
        if request.content_type != protocol.content_type() {
            found.push(format!("a request came as {}, should be {}", request.content_type, protocol.name()));
        }
        found.extend(of_request(request, played.scenario));
    }
    found
}

fn of_request(request: &ReceivedRequest, scenario: &Scenario) -> Vec<String> {
    let mut found = Vec::new();
    for (name, expected) in &scenario.delivery.headers {
        let actual = request.header(name);
        if actual != Some(expected) {
            found.push(format!("header {name} of a request is {actual:?}, should be {expected:?}"));
        }
    }
    for (name, expected) in scenario.delivery.resource.iter().filter(|_| !request.spans.is_empty()) {
        let value =
            |span: &ReceivedSpan| span.resource.get(name).and_then(|value| value.as_str().map(str::to_owned));
        let actual: BTreeSet<_> = request.spans.iter().map(value).collect();
        if actual != [Some(expected.clone())].into() {
            found.push(format!("{name} of a resource is {actual:?}, should be {expected:?}"));
        }
    }
    found
}

/// What the recorder printed behind the run.
pub(super) struct Printed {
    pub(super) drained: Output,
    pub(super) status: Output,
    pub(super) listed: Output,
    /// One for each session.
    pub(super) shown: Vec<Output>,
    /// What was written down of costs as the transcripts were followed.
    pub(super) cost: Output,
    /// The same by days, in a time zone.
    pub(super) daily: Output,
    pub(super) zone: NoonZone,
    /// What was written down of an import of the transcripts.
    pub(super) imported: Output,
}

/// Where the recorder does not tell the truth, in what arrived or in what it prints.
pub(super) fn of_recorder(played: &Played<'_>, printed: &Printed) -> Vec<String> {
    let Printed { drained, status, listed, shown, cost, daily, imported, .. } = printed;
    let mut found = Vec::new();
    let commands = [
        ("drain --once", drained),
        ("status", status),
        ("sessions", listed),
        ("cost", cost),
        ("cost daily", daily),
        ("import", imported),
    ];
    for (command, output) in commands.into_iter().chain(shown.iter().map(|shown| ("show", shown))) {
        found.extend(of_exit(command, output));
    }
    found.extend(reports::status_differences(&text(status), played.sent.len() + played.logs.len()));
    let ids: Vec<String> = played.sessions.iter().map(|session| session.id.clone()).collect();
    found.extend(compare::strangers(&ids, played.truth, played.spans));
    for (number, (session, shown)) in (1..).zip(played.sessions.iter().zip(shown)) {
        let differences = of_session(played, session, &text(listed), &text(shown));
        let name = if ids.len() > 1 { format!("session {number}: ") } else { String::new() };
        found.extend(differences.into_iter().map(|difference| format!("{name}{difference}")));
    }
    found
}

fn of_session(played: &Played<'_>, session: &PlayedSession<'_>, listed: &str, shown: &str) -> Vec<String> {
    let mut hooks = BTreeMap::new();
    for run in session.runs.iter().flat_map(|run| hooks_of_plugin(&run.stdout, played.scenario)) {
        *hooks.entry(run.event).or_default() += 1;
    }
    // Every copy of the plugin hears every event, which is one event all the same.
    let copies = u64::try_from(played.scenario.copies()).unwrap_or(u64::MAX);
    hooks.values_mut().for_each(|count: &mut u64| *count /= copies);
    let run = RunFacts {
        session_id: &session.id,
        started_unix_ns: session.runs.first().map_or(0, |run| run.started_unix_ns),
        ended_unix_ns: session.runs.last().map_or(0, |run| run.ended_unix_ns),
        stalled_ns: played.stalled_ns,
        hooks: session.tells_of_hooks().then_some(&hooks),
        turns: session.plan.turns(),
        cli: played.version,
        expect: &session.plan.expect,
    };
    let truth = compare::calls_of(&session.id, played.truth);
    let spans = compare::spans_of(&session.id, played.spans);
    let (sent, logs) =
        (compare::spans_of(&session.id, played.sent), compare::logs_of(&session.id, played.logs));
    let mut found = compare::differences(&truth, &spans, &run);
    found.extend(compare::correction_differences(&truth, &sent, &logs, &run));
    let sessions = played.sessions.len();
    found.extend(reports::session_list_differences(listed, sessions, &truth, &spans, &run));
    found.extend(reports::show_differences(shown, &truth, &spans, &run));
    found.extend(propagation::differences(shown, &spans, session.plan.expect.joined));
    found
}

/// How far the recorded start of each call lies from what the API saw, where the CLI writes it down.
pub(super) fn start_gaps_ns(played: &Played<'_>) -> Vec<u64> {
    let sessions = played.sessions.iter().filter(|_| played.version.writes_requests);
    let gaps = sessions.map(|session| {
        let truth = compare::calls_of(&session.id, played.truth);
        compare::start_gaps_ns(&truth, &compare::spans_of(&session.id, played.spans))
    });
    gaps.flatten().collect()
}

fn of_exit(command: &str, output: &Output) -> Option<String> {
    let complaint = String::from_utf8_lossy(&output.stderr);
    let ended = || format!("tacho {command} ended with {}: {}", output.status, complaint.trim());
    (!output.status.success()).then(ended)
}

pub(super) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
