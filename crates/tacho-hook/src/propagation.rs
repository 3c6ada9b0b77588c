//! Trace context: the span that a turn lies below, and what the agent's commands are told of the turn they run in.
//!
//! Nothing is handed on unless its owner wants it, and no command does anything else for it. The forms are in
//! `docs/formats/propagation.md`, the ids in `docs/formats/ids.md`.

use crate::envelope::Circumstances;
use crate::process;
use crate::scan::Keys;
use crate::sha256::sha256;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, unlinkat};
use rustix::io::write;
use std::env;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use tacho_spool::propagation::{TERMS, Terms, context_file};
use tacho_spool::state::State;

/// The variable that names the parent of turns wherever it is set.
const OWN_VARIABLE: &str = "TACHO_TRACEPARENT";
/// The variable that does where the owner wants it: the agent puts its own trace there, too.
const COMMON_VARIABLE: &str = "TRACEPARENT";
/// The file that the agent runs ahead of each command of the session.
const COMMANDS_FILE: &str = "CLAUDE_ENV_FILE";
/// Bytes of a traceparent, and what is kept of a variable that holds none.
const TRACEPARENT_BYTES: usize = 55;
const VARIABLE_BYTES_MAX: usize = 128;
/// What of the commands' file is looked through for what was written there before.
const COMMANDS_BYTES_MAX: u64 = 64 * 1024;

/// What the owner wants to be handed on, if anything.
pub fn terms(state: &State) -> Option<Terms> {
    Terms::parse(&process::first_text(state.open_to_read(TERMS).ok()?)?)
}

/// The span that a turn which begins now lies below: what names one, else what tries to, so that somebody hears of it.
pub fn parent(terms: Option<&Terms>, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let inbound = terms.is_some_and(|terms| terms.inbound).then_some(COMMON_VARIABLE);
    let said = |name| variable(name).filter(|value| (1..=VARIABLE_BYTES_MAX).contains(&value.len()));
    let mut said: Vec<String> = [OWN_VARIABLE].into_iter().chain(inbound).filter_map(said).collect();
    let best = said.iter().position(|value| trace_of(value).is_some()).unwrap_or(0);
    (best < said.len()).then(|| said.swap_remove(best))
}

/// Has the agent run what reads the context of a turn ahead of every command of the session.
pub fn lead_commands(state: &State, terms: &Terms, keys: &Keys) {
    let Some(session) = keys.session.as_str().filter(|_| terms.commands) else { return };
    let Some(commands) = env::var_os(COMMANDS_FILE).filter(|path| Path::new(path).is_absolute()) else {
        return;
    };
    let Some(line) = state.path().join(context_file(session)).to_str().and_then(command_line) else { return };
    // A session may begin several times; commands that get no context do all the same what they are to do.
    let _ = append_once(Path::new(&commands), &line);
}

/// Tells commands of the turn that begins.
pub fn hand_on(state: &State, terms: &Terms, circumstances: &Circumstances, keys: &Keys) {
    let is_meant = terms.commands && keys.subagent.as_str().is_none();
    let Some(session) = keys.session.as_str().filter(|_| is_meant) else { return };
    let file = context_file(session);
    let agent = circumstances.agent.as_deref().unwrap_or(&terms.agent);
    let parent = circumstances.parent.as_deref();
    let written = keys.prompt.as_str().and_then(|prompt| {
        let context = context(terms.threshold, [agent, session, prompt], parent)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(state.fd(), &*file, flags, Mode::RUSR | Mode::WUSR).ok()?;
        // Every context has the same length, so that a command that begins meanwhile reads one or the other.
        write(file, context.as_bytes()).ok()
    });
    if written.is_none() {
        // Better none than that of the turn before.
        let _ = unlinkat(state.fd(), &*file, AtFlags::empty());
    }
}

/// The context of a turn as commands read it: its own span, and the span that it lies below, if any. `None` for ids that are
/// spelt with escapes.
pub fn context(threshold: u64, [agent, session, prompt]: [&str; 3], parent: Option<&str>) -> Option<String> {
    if [session, prompt].iter().any(|id| id.contains('\\')) {
        return None;
    }
    let parent = parent.and_then(|parent| Some((parent, trace_of(parent)?)));
    let derived = hex::<16>(&id("trace", [agent, session, prompt]));
    let trace = parent.map_or(derived.as_str(), |(_, trace)| trace);
    let span = hex::<8>(&id("turn", [agent, session, prompt]));
    let random = u64::from_str_radix(trace.get(18..)?, 16).ok()?;
    let sampled = u8::from(random >= threshold);
    let above = parent.map(|(parent, _)| parent).filter(|parent| parent.len() == TRACEPARENT_BYTES);
    Some(format!("00-{trace}-{span}-{sampled:02x} {:TRACEPARENT_BYTES$}\n", above.unwrap_or_default()))
}

pub fn id(kind: &str, key: [&str; 3]) -> [u8; 32] {
    let mut text = Vec::with_capacity(512);
    for part in ["tachograph/1", kind].into_iter().chain(key) {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part.as_bytes());
    }
    sha256(&text)
}

pub fn hex<const BYTES: usize>(hash: &[u8; 32]) -> String {
    let digits = hash.iter().take(BYTES).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The trace in a value as W3C Trace Context has it; `None` for what is no such value.
pub fn trace_of(traceparent: &str) -> Option<&str> {
    let (value, rest) = traceparent.split_at_checked(TRACEPARENT_BYTES)?;
    let mut fields = value.split('-');
    let fields = [(); 4].map(|()| fields.next().unwrap_or_default());
    let [version, trace, span, _] = fields;
    let is_hex = |field: &str| field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_named = |id: &str| id.bytes().any(|byte| byte != b'0');
    let is_whole = rest.is_empty() || version != "00" && rest.starts_with('-');
    let is_shaped = fields.map(str::len) == [2, 32, 16, 2] && fields.into_iter().all(is_hex) && is_whole;
    (is_shaped && version != "ff" && is_named(trace) && is_named(span)).then_some(trace)
}

/// What a shell runs ahead of a command: one compound command that succeeds, says nothing and leaves two variables behind. A
/// `TRACEPARENT` that is already there stays, unless it is the parent of the turn, which is nearer.
pub fn command_line(context: &str) -> Option<String> {
    let place = context.replace('\'', r"'\''");
    let line = format!(
        "if IFS=' ' read -r TACHO_TRACEPARENT TACHO_PARENT 2>/dev/null <'{place}'; then export TACHO_TRACEPARENT; \
         case \"${{TRACEPARENT-}}\" in ''|\"$TACHO_PARENT\") export TRACEPARENT=\"$TACHO_TRACEPARENT\";; esac; \
         unset TACHO_PARENT; fi\n"
    );
    (!context.contains(char::is_control)).then_some(line)
}

/// Appends a line to a file, unless it stands there.
fn append_once(path: &Path, line: &str) -> io::Result<()> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(openat(CWD, path, flags, Mode::RUSR | Mode::WUSR)?);
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    let mut before = String::new();
    (&file).take(COMMANDS_BYTES_MAX).read_to_string(&mut before)?;
    if before.contains(line) {
        return Ok(());
    }
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{gap}{line}").as_bytes())
}
