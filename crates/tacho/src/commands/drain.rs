//! `tacho drain`: take in, settle, send.

use super::words;
use crate::cli::{Drain, Output};
use crate::config::{self, Config, Named, Terminal};
use crate::drain::{
    DEAD_LETTERS, Drainer, Flushed, Reception, Request, Stay, ask_running_drainer, run_resident,
};
use crate::failure::{Failure, FailureKind};
use crate::place;
use crate::terminal::{display_safe, note, print};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};
use tacho_spool::lock::DrainLock;
use tacho_spool::state::State;

/// How much longer than asked a running drainer may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How long a running drainer gets to make way.
pub(super) const TAKE_OVER_MAX: Duration = Duration::from_secs(20);
/// A hook or `tacho status` holds the lock for a moment only to see whether it is free.
const LOCK_CHECK_MAX: Duration = Duration::from_millis(200);
/// How far a drainer that nobody waits for stands back: a tenth of the share of a process that does not.
const NICENESS: i32 = 10;
/// Where a drainer without a terminal says what went wrong, and how long that file may grow.
pub(super) const LOG: &str = "drain.log";
const LOG_BYTES_MAX: u64 = 1024 * 1024;

/// Drains, once or for as long as sessions live.
pub(super) fn run(output: Output, drain: &Drain) -> Result<(), Failure> {
    let state = place::open_state(drain.state.as_deref())?;
    if drain.once {
        let dead_letters = state.path().join(DEAD_LETTERS);
        let config = config::load().seen_from(Terminal::Unwatched);
        let all_read = config.all_read();
        let is_local = config.local_only.is_some();
        let flushed = once(state, drain, config)?;
        return all_read.and(report(output, &flushed, &dead_letters, is_local));
    }
    if drain.background {
        // Not the leader of a group: a hook's child never is, and where it fails we only stay in the agent's session.
        let _ = rustix::process::setsid();
        give_way();
        let path = state.path().to_owned();
        return stay(state, drain).inspect_err(|failure| log(&path, failure));
    }
    stay(state, drain)
}

/// Leaves the processor to the agent and to what it runs. Where that fails, we are a process like any other.
///
/// With automatic groups (sched(7)) a session of processes, and we just became one, has its share whatever the niceness of
/// who is in it, so that the group has to be nice as well.
fn give_way() {
    let _ = rustix::process::nice(NICENESS);
    let _ = fs::write("/proc/self/autogroup", NICENESS.to_string());
}

fn stay(state: State, drain: &Drain) -> Result<(), Failure> {
    let patience = if drain.take_over { TAKE_OVER_MAX } else { LOCK_CHECK_MAX };
    let Some(Held { lock, mut reception }) = acquire(&state, drain.take_over, patience)? else {
        if drain.background {
            return Ok(());
        }
        return Err(Failure::new(FailureKind::External, "another drainer is running, which does the same").hint(
            "`tacho status` shows how it does; tacho config set debug_file FILE has it write down what it sends",
        ));
    };
    let config = config::load();
    let terminal = match (drain.background, drain.debug || config.debugs) {
        (true, _) => Terminal::Unwatched,
        (false, false) => Terminal::Watched,
        (false, true) => Terminal::Debugging,
    };
    let config = config.seen_from(terminal);
    if !drain.background {
        config.unread.iter().for_each(|unread| note(&format!("note: {}", unread.reason)));
        note("draining until the last session has ended; Ctrl-C ends it at once and loses nothing");
    }
    run_resident(&mut Drainer::open(state, lock, config)?, &mut reception, Stay::Lingering).map(drop)
}

/// The lock, and what listens already because it was handed over.
struct Held {
    lock: DrainLock,
    reception: Reception,
}

/// Gets the lock, from a running drainer if need be. `None` when another process keeps it.
fn acquire(state: &State, takes_over: bool, patience: Duration) -> Result<Option<Held>, Failure> {
    let mut reception = Reception::as_agents_say(state, None);
    let lock = take_lock(state, takes_over, patience, &mut |port| {
        // Recording needs no lock, so who connects need not wait for it.
        reception = Reception::as_agents_say(state, Some(port));
    })?;
    Ok(lock.map(|lock| Held { lock, reception }))
}

/// Gets the lock, from a running drainer if need be, which may hand over the port at which it listened.
pub(super) fn take_lock(
    state: &State,
    takes_over: bool,
    patience: Duration,
    take_port: &mut dyn FnMut(TcpListener),
) -> Result<Option<DrainLock>, Failure> {
    let began = Instant::now();
    loop {
        if let Some(lock) = DrainLock::try_acquire(state)? {
            return Ok(Some(lock));
        }
        if began.elapsed() > patience {
            return Ok(None);
        }
        if takes_over {
            let reply = ask_running_drainer(state, Request::MakeWay, patience);
            reply.and_then(|reply| reply.port).into_iter().for_each(&mut *take_port);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn once(state: State, drain: &Drain, config: Config) -> Result<Flushed, Failure> {
    let at_most = Duration::from_secs(drain.timeout);
    for refused in &config.refused {
        note(&format!("note: {} is not used: {}", refused.origin, refused.reason));
    }
    for waiting in &config.waiting {
        note(&format!("note: {}", waiting.reason));
    }
    let began = Instant::now();
    loop {
        let left = at_most.saturating_sub(began.elapsed());
        if let Some(lock) = DrainLock::try_acquire(&state)? {
            let mut drainer = Drainer::open(state, lock, config)?;
            if drain.dead_letters {
                put_dead_letters_back(&mut drainer)?;
            }
            return drainer.flush(left);
        }
        if drain.dead_letters {
            ask_running_drainer(&state, Request::MakeWay, TAKE_OVER_MAX);
        } else if let Some(flushed) = asked_to_flush(&state, &config, left) {
            return Ok(flushed);
        }
        if left.is_zero() {
            break;
        }
        // It just went away, or is only just coming up.
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(Failure::new(FailureKind::External, "the running drainer does not answer")
        .hint("it may be waiting for a slow receiver; ending the process `tacho drain` loses nothing"))
}

/// What the running drainer could not deliver, if there is one that knows the destinations; any other makes way.
fn asked_to_flush(state: &State, config: &Config, at_most: Duration) -> Option<Flushed> {
    let reply = ask_running_drainer(state, Request::Flush { at_most }, at_most + ANSWER_MAX)?;
    let is_known = |named: &Named| reply.endpoints.iter().any(|known| known == named.to.endpoint());
    if config.destinations.iter().all(is_known) {
        return Some(reply.flushed);
    }
    // It was started before that was said, or by somebody who does not say it; the next hook starts another.
    ask_running_drainer(state, Request::MakeWay, TAKE_OVER_MAX);
    None
}

fn put_dead_letters_back(drainer: &mut Drainer) -> Result<(), Failure> {
    let requests = drainer.put_dead_letters_back()?;
    let are = if requests == 1 { "is" } else { "are" };
    note(&format!("{} {are} in line again", words::plural(requests, "request")));
    Ok(())
}

/// What is left is a failure, unless nothing is to be sent.
fn report(output: Output, flushed: &Flushed, dead_letters: &Path, is_local: bool) -> Result<(), Failure> {
    let Flushed { waiting, unclaimed, refused } = flushed;
    if output.json {
        let version = crate::report::SCHEMA_VERSION;
        let report = json!({ "schema_version": version, "waiting": waiting, "unclaimed": unclaimed, "refused": refused });
        print(&format!("{report}\n"));
    }
    let is_unclaimed = *unclaimed > 0 && !is_local;
    if *waiting == 0 && !is_unclaimed && refused.is_empty() {
        return Ok(());
    }
    let refusals = refused.iter().map(|refused| {
        let items = words::plural(refused.items, "item");
        let [name, error] = [&refused.destination, &refused.error].map(|text| display_safe(text));
        format!("{name} refused {items} for good: {error}")
    });
    let waits =
        (*waiting > 0).then(|| format!("{} could not be delivered yet", words::plural(*waiting, "item")));
    let are_unclaimed = is_unclaimed.then(|| {
        format!("{} wait for destinations that are not named here", words::plural(*unclaimed, "item"))
    });
    let message: Vec<String> = refusals.chain(waits).chain(are_unclaimed).collect();
    let mut failure = Failure::new(FailureKind::External, message.join("; "));
    if !refused.is_empty() {
        failure = failure.hint(format!(
            "requests that were refused whole lie in {}; `tacho drain --once --dead-letters` sends them again",
            dead_letters.display()
        ));
    }
    if *waiting > 0 {
        failure = failure
            .hint("what waits stays in the store and is tried again; `tacho status` says what holds it up");
    }
    if is_unclaimed {
        failure = failure.hint("`tacho doctor` says which, and what to do");
    }
    Err(failure)
}

fn log(state: &Path, failure: &Failure) {
    let path = state.join(LOG);
    let is_full = path.metadata().is_ok_and(|metadata| metadata.len() > LOG_BYTES_MAX);
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(is_full).append(!is_full);
    // Nobody is left to be told when even the log cannot be written.
    if let Ok(mut file) = options.open(path) {
        let _ = writeln!(file, "{} {}", crate::drain::now().0, failure.render());
    }
}
