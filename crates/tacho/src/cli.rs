//! The command line's grammar. What a command does is in `commands/`.

pub(crate) mod audit;
mod configuration;
mod examples;

use crate::drain::FLUSH_SECONDS_MAX;
use audit::AuditAction;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, value_parser};
use clap_complete::Shell;
pub(crate) use configuration::{ConfigAction, DestinationsAction, SetDestination};
use examples::{
    install_examples, show_price_examples, statusline_examples, trust_examples, uninstall_examples,
};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use tacho_agents::AGENTS;
use tacho_agents::setup::Scope;
use tacho_model::time::Day;

/// The sealed recorder for coding agents.
///
/// A plugin's hook writes down what the agent does; tacho understands it, shows it and sends it on. Without a
/// command it prints one screen: what happened lately and whether anything is wrong. Everything stays on this
/// machine until you name a destination.
#[derive(Debug, Parser)]
#[command(name = "tacho", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Your home directory, where the system's user database names none or another.
    ///
    /// What stands below it is your word. A variable cannot say it, as a repository can set variables.
    #[arg(long, value_name = "DIR")]
    pub(crate) account_home: Option<PathBuf>,
}

/// How to print.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// Print JSON with a schema_version instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Install the recorder for an agent, so that every session of it is recorded.
    ///
    /// Puts the plugin and its programs where they stay, and makes them known through the agent's own program, offline.
    /// Doing it again changes nothing; doing it with a newer tacho updates. Nothing leaves the machine unless you name an
    /// endpoint: then it stands in your own settings of the agent, and that is your word for it.
    #[command(after_help = install_examples())]
    Install(Install),
    /// Take away what `install` made. What was recorded stays, unless it is purged.
    #[command(after_help = uninstall_examples())]
    Uninstall(Uninstall),
    /// List the sessions that were recorded, the latest first.
    Sessions {
        /// At most this many.
        #[arg(long, value_name = "N")]
        limit: Option<NonZeroUsize>,
    },
    /// Show a session as a tree: turns, model calls, the tools they decided on, subagents.
    Show {
        /// The session's id or the beginning of it; `last` is the latest session.
        session: String,
        /// Also show, for each figure, which source says it: hook, transcript, mod, otlp or recorder.
        ///
        /// Sources with a comma between them say the same, each alone; those with a plus say it together. In brackets: what
        /// another source says instead. Words of people, files and models are left out.
        #[arg(long)]
        sources: bool,
    },
    /// Take in what the agent's own files say was used, also of sessions that were never recorded.
    ///
    /// Agents delete their transcripts after a while; what was imported stays. Doing it again reads only what is new,
    /// and a call counts once in however many files it stands.
    #[command(
        after_help = "Examples:\n  tacho import                       all transcripts of this user\n  tacho import --dry-run             \
        how much is new\n  tacho import --from /backup/config"
    )]
    Import(Import),
    /// Show what was used and what it costs at list prices, by day unless you say otherwise.
    ///
    /// Amounts are computed call by call from a dated price list, in billionths of a dollar. What has no price is named and
    /// counts nothing. On a subscription this is what the same work would cost at list prices, not a bill.
    #[command(
        after_help = "Examples:\n  tacho cost                         by day\n  tacho cost project --since 2026-11-01\n  tacho cost \
        model --json\n  tacho cost --since 2026-11-28 --fail-over 20   exits 3 above $20"
    )]
    Cost(Cost),
    /// Check on this machine what the alert rules for Prometheus check: spending, failing and slow tools, the recorder itself.
    ///
    /// Prints what somebody should know of now, and exits 3 if there is anything, so that a script or a status bar can ask.
    /// The conditions are those of alerts/tachograph.rules.yml, over the same times, without their holding times.
    #[command(
        after_help = "Examples:\n  tacho alerts                       what is wrong now\n  tacho alerts --watch               say it \
        when it begins and when it is over\n  tacho alerts --watch --notify notify-send   and run this with each"
    )]
    Alerts(Alerts),
    /// Show what each source saw of each session, what was concluded and what was missed.
    ///
    /// Hooks, rows of transcripts, calls in the tree and in the files, answers whose end was not seen, ends that nobody said,
    /// and what this version does not know. A session that no hook spoke of is listed as well: what was missed is told.
    Coverage {
        /// Only sessions whose id begins so.
        session: Option<String>,
    },
    /// Show what hooks said, one event a line: time, session, event, what it was about.
    ///
    /// Reads the spool itself, so it shows an event the moment the hook has written it, whatever the drainer does. With
    /// --json every line is the record as docs/formats/spool.md describes it, payload included.
    #[command(
        after_help = "Examples:\n  tacho tail -f                      watch the agent work\n  tacho tail -f --session 5f0c2f7e   \
        only this session\n  tacho tail --lines 1000 --json | jq .ev | sort | uniq -c"
    )]
    Tail(Tail),
    /// Show whether recording and sending work: drainer, spool, destinations, losses.
    Status,
    /// Stand in for the agent's status line, and take down the limits of the account and how full the context is.
    ///
    /// The agent tells these figures nobody but the command of its status line. Set this command there, with your own line
    /// behind --then: it gets the same input, and its output and exit code are what the agent gets. Without --then a
    /// short line of ours is printed. Only figures are recorded, and only when they changed.
    #[command(after_help = statusline_examples())]
    Statusline(Statusline),
    /// Check everything that recording and sending need, and say how to mend what is wrong.
    ///
    /// Each finding says what is wrong, why it matters, and the command or the edit that mends it. Exits 0 if all is
    /// well, 3 with findings. Changes nothing; with --probe, destinations get an empty request.
    #[command(
        after_help = "Examples:\n  tacho doctor\n  tacho doctor --probe\n  tacho doctor --json | jq '.checks[].findings[]'"
    )]
    Doctor {
        /// Ask every destination whether it would take something.
        #[arg(long)]
        probe: bool,
    },
    /// Take the spool in and send what has settled.
    ///
    /// Hooks start this by themselves. Run it by hand with --once to see everything delivered before you go on, as
    /// at the end of a CI job. Exits 0 if nothing is left undelivered: 1 if anything waits or was refused meanwhile, be
    /// it one item.
    Drain(Drain),
    /// Stay, take in and send what comes, show metrics for Prometheus, and listen for the agent's own telemetry (OTLP).
    ///
    /// Ends at Ctrl-C or SIGTERM. Prometheus scrapes /metrics at the same port: names, numbers and pseudonyms, never content.
    /// Nobody needs it to record or send, nor for the agent's telemetry once `install` switched that on: then the drainer that
    /// a hook starts listens. It is for agents that run without the plugin, and for whoever wants a drainer that stays. Senders
    /// need the token in keys/receiver of the state directory, in hex, as a bearer token; only log events that are listed
    /// are kept, and none of what was asked or answered.
    #[command(after_help = "Examples:\n  tacho serve\n  tacho serve --port 4400")]
    Serve(Serve),
    /// Show or change what the recorder was told.
    #[command(subcommand)]
    Config(ConfigAction),
    /// Send a destination one labelled span, log record and metric, and explain what it answers.
    ///
    /// Nothing that was recorded is sent. Exits 0 if all of it was taken, 1 if not, 2 if there is no such destination.
    #[command(
        after_help = "Examples:\n  tacho test-destination work\n  tacho test-destination http://localhost:4318\n  tacho \
        test-destination work --json | jq '.results[]'"
    )]
    TestDestination {
        /// Its name, or its address; one that is not configured is asked as it is, without a token.
        #[arg(value_name = "NAME|ENDPOINT")]
        name: String,
    },
    /// Show what is known of destinations.
    #[command(subcommand)]
    Destinations(DestinationsAction),
    /// Say that telemetry may go to an address, whoever names it, or that the file of a project counts as your word.
    ///
    /// A repository can set variables, so an address elsewhere that only a variable names is not used until you have
    /// said here that you trust it. A repository can bring files along, so what a project's file sets of otlp_url,
    /// auth_token, dataset and agent_name is not used until you have said that you trust the file as it is; once it is
    /// changed, it asks again. Without an argument: list what is trusted.
    #[command(after_help = trust_examples())]
    Trust(TrustArguments),
    /// Show what models cost: the dated list that comes with tacho, and your own prices before it.
    ///
    /// Costs are list value, computed on this machine; nothing is fetched. What you pay otherwise goes into prices.toml
    /// beside config.toml, in the list's own grammar (docs/prices.md): the prices of a model, or a multiplier.
    #[command(subcommand)]
    Prices(PricesAction),
    /// Show what was decided and by whom, and prove that nobody changed it since.
    ///
    /// Every tool call, answer, refusal and permission is an entry of a log whose every change shows. It lies under audit/ in
    /// the state directory (docs/audit.md), holds no words of people, files or models, and can be verified without tacho.
    #[command(subcommand)]
    Audit(AuditAction),
    /// Make sessions and spans anew from what was observed.
    ///
    /// Nothing is sent twice and nothing observed is lost.
    Rebuild,
    /// Play a bundled real session through the real hook into a temporary place and show what comes of it.
    Demo,
    /// Print a completion script for a shell.
    ///
    /// For bash: tacho completions bash > ~/.local/share/bash-completion/completions/tacho
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesAction {
    /// Every row, yours first, with all that a price once was.
    #[command(after_help = "Examples:\n  tacho prices list\n  tacho prices list --json | jq -r '.rows[].id'")]
    List,
    /// The row by which a model is priced on a day.
    ///
    /// The id may be one as an agent or a provider says it: with a window, a date, a region or a version around it.
    #[command(after_help = show_price_examples())]
    Show {
        /// The model's id.
        model: String,
        /// The day, in UTC; today unless said.
        #[arg(long, value_name = "DATE")]
        at: Option<Day>,
    },
    /// Whether your file can be read, how old the list is, and which prices have ended.
    ///
    /// Exits 0 if all is well, 3 with findings.
    #[command(after_help = "Examples:\n  tacho prices check\n  tacho prices check --json | jq '.findings[]'")]
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    /// The address, of which scheme, host and port count; or the file.
    #[arg(value_name = "ADDRESS|FILE")]
    pub(crate) what: Option<String>,
    /// Trust it no longer.
    #[arg(long, requires = "what")]
    pub(crate) remove: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Statusline {
    /// The command that writes your line, as a shell takes it.
    #[arg(long, value_name = "CMD")]
    pub(crate) then: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A configuration directory of the agent, with its transcripts below; instead of the usual ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Vec<PathBuf>,
    /// Tell how much is new, and take nothing in.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Cost {
    /// What a row stands for.
    #[arg(value_enum, default_value_t)]
    pub(crate) by: CostBy,
    /// Only from this day on, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<jiff::civil::Date>,
    /// Only up to this day, which counts as a whole.
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<jiff::civil::Date>,
    /// The time zone that days are of, such as Europe/Berlin or UTC; that of this machine unless said.
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// Also compare with what the agent itself said each session came to, and say why they differ.
    #[arg(long)]
    pub(crate) reconcile: bool,
    /// Price every call again by the list and your own prices as they are now, and tell which sessions would change by how much.
    #[arg(long, conflicts_with_all = ["reconcile", "fail_over", "since", "until"])]
    pub(crate) reprice: bool,
    /// Keep the new prices.
    #[arg(long, requires = "reprice")]
    pub(crate) write: bool,
    /// Exit with 3 if the total is above so many dollars.
    #[arg(long, value_name = "USD")]
    pub(crate) fail_over: Option<String>,
}

/// What a row of costs stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CostBy {
    /// A day.
    #[default]
    Daily,
    /// A week, from Monday on.
    Weekly,
    /// A month.
    Monthly,
    /// A session.
    Session,
    /// A project: the repository around the working directory.
    Project,
    /// A model.
    Model,
    /// The main conversation, or a type of subagents.
    Agent,
    /// A tool that answers asked for. What an answer used is shared out evenly among its tools.
    Tool,
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Go on with what comes, until Ctrl-C.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only sessions whose id begins so.
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// How many of the last events are shown at first.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) lines: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Drain {
    /// Settle and send all that can be, then exit; asks a running drainer to do it.
    #[arg(long)]
    pub(crate) once: bool,
    /// Give up after so many seconds, a day at most; what is left stays in the store.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "once", value_parser = value_parser!(u64).range(..=FLUSH_SECONDS_MAX))]
    pub(crate) timeout: u64,
    /// First put back in line what a destination refused for good, as it lies in dead-letters.jsonl in the state directory.
    #[arg(long, requires = "once")]
    pub(crate) dead_letters: bool,
    /// Stay at this terminal until the last session has ended, and print what destinations of kind console get. So it does
    /// anyway without --once.
    #[arg(long, conflicts_with = "once")]
    pub(crate) foreground: bool,
    /// Also print every payload on standard error, with a prefix that says what it is, whether a destination is named or not.
    #[arg(long, conflicts_with = "once")]
    pub(crate) debug: bool,
    /// Stay without a terminal, as a hook starts it.
    #[arg(long, hide = true, conflicts_with_all = ["once", "foreground", "debug"])]
    pub(crate) background: bool,
    /// Ask a running drainer to make way.
    #[arg(long, hide = true)]
    pub(crate) take_over: bool,
    /// The state directory, where it is not the usual one.
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Alerts {
    /// Stay, and say what begins and what is over.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Run this program with the sentence as its one argument whenever anything begins.
    #[arg(long, value_name = "PROGRAM", requires = "watch")]
    pub(crate) notify: Option<PathBuf>,
    /// What may be spent in a month of 30 days, in US dollars.
    #[arg(long, value_name = "USD", default_value_t = 1000.0)]
    pub(crate) budget: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port to listen at, on the loopback interface alone; else the one that the agent was told, else 4327.
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// Show no metrics at /metrics, where whoever works on this machine can read them.
    #[arg(long)]
    pub(crate) no_metrics: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Install {
    /// The agent.
    #[arg(value_parser = agents())]
    pub(crate) agent: String,
    /// For whom: you, a project, or you in a project. The project is the one of the current directory.
    #[arg(long, default_value = Scope::User.name(), value_parser = scopes())]
    pub(crate) scope: Scope,
    /// Tell what would be done, with the exact commands, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Send telemetry to this OTLP/HTTP receiver; /v1/traces is added.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Read the receiver's bearer token from standard input. The agent keeps it with its own secrets.
    #[arg(long)]
    pub(crate) token_stdin: bool,
    /// More headers of every request, percent-encoded. The agent keeps them with its own secrets.
    #[arg(long, value_name = "NAME=VALUE,...")]
    pub(crate) headers: Option<String>,
    /// The dataset, for backends that have them.
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    /// The name to report instead of the agent's own.
    #[arg(long, value_name = "NAME")]
    pub(crate) agent_name: Option<String>,
    /// The team that the work is for.
    #[arg(long, value_name = "NAME")]
    pub(crate) team: Option<String>,
    /// How much the receiver gets: metadata, or full with prompts, arguments, results and answers.
    #[arg(long, value_parser = ["metadata", "full"])]
    pub(crate) level: Option<String>,
    /// What the receiver gets of your name: a keyed hash, or the name.
    #[arg(long, value_parser = ["hash", "name"])]
    pub(crate) user_info: Option<String>,
    /// Whether commands that the agent runs get TRACEPARENT, so that builds and tests join the trace.
    #[arg(long, value_parser = ["true", "false"])]
    pub(crate) propagation_commands: Option<String>,
    /// Whether what the agent does lies below the span that TRACEPARENT in its environment names.
    #[arg(long, value_parser = ["true", "false"])]
    pub(crate) propagation_inbound: Option<String>,
    /// Whether a module in the agent's own process notes what the agent measures of itself. Off at first, then as it was.
    #[arg(long, value_enum)]
    pub(crate) measurements: Option<Switch>,
    /// Whether your own settings of the agent have it send its telemetry to the recorder on this machine. Stays as it was.
    ///
    /// This flag is your word for changing them: a few variables about log events are set, and none that you set yourself is
    /// changed. --dry-run says which; off and `uninstall` take them away again.
    #[arg(long, value_enum)]
    pub(crate) native_telemetry: Option<Switch>,
    /// The port for that; 4327 unless said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), requires = "native_telemetry")]
    pub(crate) receiver_port: Option<u16>,
    /// The agent's program, where it is not on PATH.
    #[arg(long, value_name = "PATH", visible_aliases = agent_programs())]
    pub(crate) program: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    /// The agent.
    #[arg(value_parser = agents())]
    pub(crate) agent: String,
    /// Only for whom; everywhere unless said. The project is the one of the current directory.
    #[arg(long, value_parser = scopes())]
    pub(crate) scope: Option<Scope>,
    /// Remove what was recorded, too.
    #[arg(long)]
    pub(crate) purge: bool,
    /// Do not ask before what was recorded is removed.
    #[arg(long, requires = "purge")]
    pub(crate) yes: bool,
    /// Tell what would be done, with the exact commands, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The agent's program, where it is not on PATH.
    #[arg(long, value_name = "PATH", visible_aliases = agent_programs())]
    pub(crate) program: Option<PathBuf>,
}

fn agents() -> PossibleValuesParser {
    PossibleValuesParser::new(AGENTS.iter().map(|agent| agent.name))
}

fn agent_programs() -> Vec<&'static str> {
    AGENTS.iter().map(|agent| agent.setup.program).collect()
}

fn scopes() -> impl clap::builder::TypedValueParser<Value = Scope> {
    let names = PossibleValuesParser::new(Scope::ALL.map(Scope::name));
    names.map(|name| Scope::named(&name).unwrap_or(Scope::User))
}

/// Whether something that costs or changes something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}
