//! Trace context: the span that a turn lies below, and what the agent's commands are told of the turn they run in.
//!
//! Nothing is handed on unless its owner wants it, and no command does anything else for it. The forms are in
//! `docs/formats/propagation.md`, the ids in `docs/formats/ids.md`.

use crate::envelope::Circumstances;
use crate::process;
use crate::scan::Keys;
use crate::sha256::sha256;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, unlinkat};
use rustix::io::{Errno, read, write};
use std::env;
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
/// What stands where there is none.
const NO_TRACEPARENT: &str = "                                                       ";
/// What of the commands' file is looked through for what was written there before.
const COMMANDS_BYTES_MAX: usize = 64 * 1024;

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
    let derived = hex(&id("trace", [agent, session, prompt]), 16);
    let trace = parent.map_or(derived.as_str(), |(_, trace)| trace);
    let span = hex(&id("turn", [agent, session, prompt]), 8);
    let random = u64::from_str_radix(trace.get(18..)?, 16).ok()?;
    let flags = if random >= threshold { "01" } else { "00" };
    let above = parent.map(|(parent, _)| parent).filter(|parent| parent.len() == TRACEPARENT_BYTES);
    let above = above.unwrap_or(NO_TRACEPARENT);
    Some(["00-", trace, "-", &span, "-", flags, " ", above, "\n"].concat())
}

/// The hash that an id is the beginning of.
pub fn id(kind: &str, key: [&str; 3]) -> [u8; 32] {
    let mut text = Vec::with_capacity(512);
    for part in ["tachograph/1", kind].into_iter().chain(key) {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    sha256(&text)
}

/// The first bytes in hex.
pub fn hex(hash: &[u8; 32], bytes: usize) -> String {
    let digits = hash.iter().take(bytes).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The trace in a value as W3C Trace Context has it; `None` for what is no such value.
pub fn trace_of(traceparent: &str) -> Option<&str> {
    let bytes = traceparent.as_bytes();
    let is_hyphen = |at: usize| bytes.get(at) == Some(&b'-');
    let is_hex = |digits: &[u8]| digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let is_named = |digits: &[u8]| is_hex(digits) && digits.iter().any(|digit| *digit != b'0');
    let (version, flags) = (bytes.get(..2)?, bytes.get(53..TRACEPARENT_BYTES)?);
    let is_whole = bytes.len() == TRACEPARENT_BYTES || version != b"00" && is_hyphen(TRACEPARENT_BYTES);
    let is_shaped = is_hyphen(2) && is_hyphen(35) && is_hyphen(52) && is_hex(version) && is_hex(flags);
    let is_valid = is_shaped && is_whole && version != b"ff" && is_named(bytes.get(36..52)?);
    traceparent.get(3..35).filter(|trace| is_valid && is_named(trace.as_bytes()))
}

/// What a shell runs ahead of a command: one compound command that succeeds, says nothing and leaves two variables behind. A
/// `TRACEPARENT` that is already there stays, unless it is the parent of the turn, which is nearer.
pub fn command_line(context: &str) -> Option<String> {
    let mut line = String::from("if IFS=' ' read -r TACHO_TRACEPARENT TACHO_PARENT 2>/dev/null <'");
    for letter in context.chars() {
        match letter {
            '\'' => line.push_str(r"'\''"),
            '\0'..='\x1F' => return None,
            _ => line.push(letter),
        }
    }
    line.push_str(
        "'; then export TACHO_TRACEPARENT; case \"${TRACEPARENT-}\" in ''|\"$TACHO_PARENT\") export \
         TRACEPARENT=\"$TACHO_TRACEPARENT\";; esac; unset TACHO_PARENT; fi\n",
    );
    Some(line)
}

/// Appends a line to a file, unless it stands there.
fn append_once(path: &Path, line: &str) -> Result<(), Errno> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(CWD, path, flags, Mode::RUSR | Mode::WUSR)?;
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Ok(());
    }
    let mut before = [0; COMMANDS_BYTES_MAX];
    let count = read(&file, &mut before)?;
    let before = before.get(..count).unwrap_or_default();
    if before.windows(line.len()).any(|known| known == line.as_bytes()) {
        return Ok(());
    }
    let gap = if before.last().is_none_or(|last| *last == b'\n') { "" } else { "\n" };
    write(&file, [gap, line].concat().as_bytes()).map(drop)
}
