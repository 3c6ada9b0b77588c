//! `tacho install AGENT`: the plugin, put where it stays and made known to the agent through its own program.

mod folder;
pub(super) mod link;

use super::agent_side::{AgentSide, ENDPOINT, LEVEL};
use super::config::tell_next_session;
use super::native::{self, Told};
use super::steps::{Action, AgentCommand, Steps};
use super::words;
use crate::cli::{Install, Output, Switch};
use crate::config;
use crate::failure::{Failure, FailureKind};
use crate::import;
use crate::place;
use crate::prices;
use crate::report::SCHEMA_VERSION;
use crate::terminal::{display_safe, note, print};
use folder::Content;
use link::{PROGRAM, Reach};
use serde_json::{Map, Value as Json, json};
use std::env;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use tacho_agents::setup::{PluginCopy, Scope};
use tacho_privacy::CaptureLevel;
use tacho_store::Store;

/// The program that hooks start.
const HOOK: &str = "tacho-hook";
/// The option of the plugin that holds the token.
const TOKEN: &str = "AUTH_TOKEN";

/// Installs, or tells how it would.
pub(super) fn run(output: Output, wanted: &Install) -> Result<(), Failure> {
    let side = AgentSide::named(&wanted.agent)?;
    let setup = side.setup();
    let folder = side.folder();
    let mut content = Content::of(setup, &programs(&side)?)?;
    let is_measuring = match wanted.measurements {
        Some(wanted) => wanted == Switch::On,
        None => folder::is_measuring(setup, &folder),
    };
    if is_measuring {
        content.measure(setup);
    }
    let options = options(wanted)?;
    check_destination(&side, &options)?;
    if wanted.native_telemetry == Some(Switch::On) {
        native::check(&side)?;
    }
    let program = find_program(&side, wanted.program.as_deref())?;
    let version = side.version(&program);

    let mut steps = Steps::new(output, wanted.dry_run);
    if content.is_in(&folder) {
        steps.leave(Action::Write, folder.display().to_string());
    } else {
        let object = format!("{} ({} and its programs)", folder.display(), env!("CARGO_PKG_VERSION"));
        steps.act(Action::Write, object, || {
            let failed = |error| Failure::external(format!("write {}", folder.display()), error);
            content.put_into(&folder).map_err(failed)
        })?;
    }
    make_known(&side, &program, wanted.scope, &mut steps)?;
    configure(&program, setup.words.configure, options, &mut steps)?;
    match wanted.native_telemetry {
        Some(Switch::On) => native::switch_on(&side, wanted.receiver_port, &mut steps)?,
        Some(Switch::Off) => native::switch_off(&side, &mut steps)?,
        None => {}
    }
    let reach = link::link(&side, &mut steps)?;
    backfill(&side, &mut steps)?;
    if !wanted.dry_run {
        tell_next_session();
    }

    let old = version.filter(|version| *version < setup.version_min);
    if let Some(old) = old {
        note(&format!(
            "note: {} {old} is older than {}, the oldest that was tried; update it",
            setup.program, setup.version_min
        ));
    }
    if output.json {
        print(&format!("{}\n", report(&side, wanted, &steps)));
    } else {
        print(&next_steps(&side, wanted, &steps, &reach)?);
    }
    Ok(())
}

/// Takes in what the agent's transcripts say was used before it was recorded: the agent deletes them after a while.
fn backfill(side: &AgentSide, steps: &mut Steps) -> Result<(), Failure> {
    let homes = [import::Home { agent: side.agent, directory: side.config_directory.clone() }];
    let news = import::look(place::existing_store()?.as_ref(), &homes)?;
    if news.new_files == 0 {
        return Ok(());
    }
    let transcripts = words::plural(news.new_files, "transcript");
    steps.act(Action::Import, format!("{} of {transcripts}", words::bytes(news.new_bytes)), || {
        let state = place::open_state(None)?;
        let mut store = Store::open(&place::store_file(&state))?;
        let archive = (config::load().retention.archive_days.value > 0).then(|| state.path());
        import::run(&mut store, &homes, &prices::load_or_list(), archive, |_, _| {}).map(drop)
    })
}

/// The programs beside the one that runs.
fn programs(side: &AgentSide) -> Result<Vec<PathBuf>, Failure> {
    let own = env::current_exe().map_err(|error| Failure::external("find the tacho that runs", error))?;
    let hook = own.with_file_name(HOOK);
    if !hook.is_file() {
        let place = own.parent().unwrap_or(Path::new("/")).display();
        let name = side.agent.name;
        return Err(Failure::new(FailureKind::User, format!("no {HOOK} lies beside this tacho, in {place}"))
            .hint(format!(
                "in a source checkout, `cargo xtask plugin` builds both; then run target/plugin/{name}/bin/tacho install {name}"
            )));
    }
    Ok(vec![hook, own])
}

/// The agent's program, or what to do without one.
fn find_program(side: &AgentSide, given: Option<&Path>) -> Result<PathBuf, Failure> {
    side.program(given).ok_or_else(|| {
        let setup = side.setup();
        let message = match given {
            Some(given) => format!("{} is no program that can be started", given.display()),
            None => format!("{} is not on PATH", setup.program),
        };
        let built = env::current_exe().unwrap_or_default();
        let built = built.parent().and_then(Path::parent).unwrap_or(Path::new(".")).display().to_string();
        Failure::new(FailureKind::External, message)
            .hint(setup.how_to_get)
            .hint(setup.without_installing.replace("FOLDER", &built))
    })
}

/// Makes the folder a source of plugins and installs the plugin from it.
fn make_known(side: &AgentSide, program: &Path, scope: Scope, steps: &mut Steps) -> Result<(), Failure> {
    let (words, folder) = (side.setup().words, side.folder());
    let command = |words| AgentCommand { program, words, directory: None, input: None };
    let copy = side.own_plugin();
    let is_source = |copy: &PluginCopy| copy.source.as_deref() == Some(folder.as_path());
    if copy.as_ref().is_some_and(is_source) {
        steps.leave(Action::Run, format!("plugins come from {}", folder.display()));
    } else {
        steps.run(command((words.add_source)(&folder)))?;
    }
    let is_here = |(of, project): &(Scope, Option<PathBuf>)| {
        *of == scope && (scope == Scope::User || project.as_ref() == Some(&side.project))
    };
    match copy {
        Some(copy) if copy.scopes.iter().any(is_here) && copy.is_enabled => {
            steps.leave(Action::Run, format!("{} is installed (scope {})", copy.id, scope.name()));
            Ok(())
        }
        Some(copy) if copy.scopes.iter().any(is_here) => steps.run(command((words.enable)(scope))),
        _ => steps.run(command((words.install)(scope))),
    }
}

/// A token, from standard input.
pub(super) fn token_from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| Failure::external("read the token", error))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::new(FailureKind::Config, "standard input holds no token")
            .hint("give it from a file: --token-stdin < token"));
    }
    Ok(text.to_owned())
}

/// The options that were given, by their keys in the manifest.
fn options(wanted: &Install) -> Result<Map<String, Json>, Failure> {
    let token = wanted.token_stdin.then(token_from_stdin).transpose()?;
    let given = [
        (ENDPOINT, &wanted.endpoint),
        (TOKEN, &token),
        ("HEADERS", &wanted.headers),
        ("DATASET", &wanted.dataset),
        ("AGENT_NAME", &wanted.agent_name),
        ("TEAM", &wanted.team),
        (LEVEL, &wanted.level),
        ("USER_INFO", &wanted.user_info),
        ("PROPAGATION_COMMANDS", &wanted.propagation_commands),
        ("PROPAGATION_INBOUND", &wanted.propagation_inbound),
    ];
    let given = given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value.as_ref()?))));
    Ok(given.collect())
}

/// Refuses what the recorder would not send to, before anything is changed.
fn check_destination(side: &AgentSide, options: &Map<String, Json>) -> Result<(), Failure> {
    let Some(endpoint) = options.get(ENDPOINT).and_then(Json::as_str) else { return Ok(()) };
    let said = |(key, value): (&String, &Json)| Some((key.clone(), value.as_str()?.to_owned()));
    let checked = config::from_plugin(endpoint, &options.iter().filter_map(said).collect());
    checked.map(|_| ()).map_err(|reason| {
        Failure::new(FailureKind::Config, reason)
            .hint(format!("tacho install {} --endpoint https://otlp.example.com", side.agent.name))
    })
}

/// Gives the plugin's options values. They travel by standard input, where nobody else sees them.
fn configure(
    program: &Path,
    words: &[&str],
    options: Map<String, Json>,
    steps: &mut Steps,
) -> Result<(), Failure> {
    if options.is_empty() {
        return Ok(());
    }
    let keys = options.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let input = Some((keys, Json::Object(options).to_string()));
    let words = words.iter().map(Into::into).collect();
    steps.run(AgentCommand { program, words, directory: None, input }).map_err(|failure| {
        failure.hint("the plugin is installed; an old agent takes no options, then the recorder's own file does: tacho config set destination URL --token-stdin")
    })
}

fn report(side: &AgentSide, wanted: &Install, steps: &Steps) -> Json {
    let options = side.options();
    json!({
        "schema_version": SCHEMA_VERSION,
        "agent": side.agent.name,
        "scope": wanted.scope.name(),
        "dry_run": wanted.dry_run,
        "folder": side.folder(),
        "steps": steps.taken(),
        "endpoint": options.get(ENDPOINT),
        "level": options.get(LEVEL).map_or(CaptureLevel::default().name(), String::as_str),
    })
}

/// What to know and what to do now.
fn next_steps(side: &AgentSide, wanted: &Install, steps: &Steps, reach: &Reach) -> Result<String, Failure> {
    let setup = side.setup();
    let own = side.programs().join(PROGRAM);
    let own = own.display();
    let mut text = String::from("\n");
    if wanted.dry_run {
        text.push_str("Nothing was changed.\n");
        return Ok(text);
    }
    if steps.changed_nothing() {
        text.push_str("Everything was there already; nothing was changed.\n");
    } else {
        text.push_str(&format!("New sessions are recorded. Running ones: {}.\n", setup.how_to_reload));
    }
    if let Told::Wholly(target) = native::told(side) {
        text.push_str(&format!(
            "The agent's own telemetry comes to 127.0.0.1:{}, where the drainer listens that a hook starts; of that, times, counts and decisions are kept.\n",
            target.port
        ));
    }
    text.push_str(&where_telemetry_goes(side)?);
    if wanted.scope == Scope::Project {
        text.push_str(&format!(
            "The project's settings name the plugin now; whoever else works there needs `tacho install {}` once.\n",
            side.agent.name
        ));
    }
    text.push_str(&match reach {
        Reach::Found => format!("See what happens: tacho (it is {own})\n"),
        Reach::Taken(other) => format!(
            "See what happens: {own}\n({} is another program, so no link was made.)\n",
            display_safe(&other.display().to_string())
        ),
        Reach::NoPlace => format!(
            "See what happens: {own}\nFor a shorter name: mkdir -p ~/.local/bin && ln -s {own} ~/.local/bin/tacho, with ~/.local/bin on PATH\n"
        ),
    });
    text.push_str("If something is not as it should be: tacho doctor\n");
    Ok(text)
}

fn where_telemetry_goes(side: &AgentSide) -> Result<String, Failure> {
    let config = config::load();
    config.all_read()?;
    let refused = config.refused.iter().chain(&config.waiting);
    if config.destinations.is_empty() && refused.clone().next().is_none() {
        return Ok(format!(
            "Everything stays on this machine. To send it somewhere: tacho install {} --endpoint URL\n",
            side.agent.name
        ));
    }
    let goes = config.destinations.iter().map(|named| {
        let level = named.to.level;
        let what = match level {
            CaptureLevel::Metadata => {
                "names, numbers, times and outcomes; no prompt, answer, argument or result"
            }
            CaptureLevel::Full => "prompts, answers, arguments and results too",
        };
        let endpoint = display_safe(named.to.endpoint());
        let origin = display_safe(&named.origin.to_string());
        format!("Telemetry goes to {endpoint} at level {} ({what}); named in {origin}.\n", level.name())
    });
    let stays = refused.map(|refused| {
        let origin = display_safe(&refused.origin.to_string());
        format!("Not used, from {origin}: {}\n", display_safe(&refused.reason))
    });
    Ok(goes.chain(stays).collect())
}
