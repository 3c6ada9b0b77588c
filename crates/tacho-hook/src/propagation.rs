//! Trace context: the span that a turn lies below, and what the agent's commands are told of the turn they run in.
//!
//! Nothing is handed on unless its owner wants it, and no command does anything else for it. The forms are in
//! `docs/formats/propagation.md`, the ids in `docs/formats/ids.md`.

use crate::envelope::Circumstances;
use crate::process;
use crate::scan::Keys;
use crate::sha256::sha256;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, renameat, unlinkat};
use rustix::io::{Errno, read, write};
use rustix::process::geteuid;
use std::env;
use std::path::Path;
use tacho_spool::propagation::{TERMS, Terms, context_file, draft_file};
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
/// The trace flags that there are.
const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;
/// A commands' file that is longer is left alone.
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
    let Some(session) = keys.session.as_str().filter(|_| keys.subagent.as_str().is_none()) else { return };
    let agent = circumstances.agent.as_deref().unwrap_or(&terms.agent);
    let parent = circumstances.parent.as_deref();
    let context = keys
        .prompt
        .as_str()
        .filter(|_| terms.commands)
        .and_then(|prompt| context(terms.threshold, [agent, session, prompt], parent));
    let draft = draft_file(&format!("{:x}-{:x}", circumstances.boot_ns, circumstances.pid));
    let written = context.map(|context| replace(state, &context_file(session), &draft, context.as_bytes()));
    if !matches!(written, Some(Ok(()))) {
        // Better none than that of the turn before.
        take_back(state, keys);
    }
}

/// Leaves commands of the session nothing to read.
pub fn take_back(state: &State, keys: &Keys) {
    if let Some(session) = keys.session.as_str() {
        // Mostly there is none.
        let _ = unlinkat(state.fd(), &*context_file(session), AtFlags::empty());
    }
}

/// Puts a file in the place of another at once: shells read byte by byte.
fn replace(state: &State, name: &str, draft: &str, bytes: &[u8]) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = openat(state.fd(), draft, flags, Mode::RUSR | Mode::WUSR)?;
    let written = write(&file, bytes).and_then(|count| {
        if count == bytes.len() { renameat(state.fd(), draft, state.fd(), name) } else { Err(Errno::NOSPC) }
    });
    if written.is_err() {
        // One that stays is taken away in time.
        let _ = unlinkat(state.fd(), draft, AtFlags::empty());
    }
    written
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
    // Below a span that is not sampled, nothing is; whether a trace is random is for who began it to say.
    let said = match parent {
        Some((parent, _)) => u8::from_str_radix(parent.get(53..TRACEPARENT_BYTES)?, 16).ok()?,
        None => SAMPLED,
    };
    let flags = said & if random >= threshold { SAMPLED | RANDOM } else { RANDOM };
    // What a later version says may be longer, and no command has it as it is.
    let above = parent.map(|(parent, _)| parent).filter(|parent| parent.len() == TRACEPARENT_BYTES);
    let above = above.map(|above| format!(" {above}")).unwrap_or_default();
    Some(format!("00-{trace}-{span}-{flags:02x}{above}\n"))
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
/// `TRACEPARENT` that is already there stays, unless it is the parent of the turn, which is nearer. What fails in a redirection
/// of `read` itself is told by zsh past another one of `read`, hence the braces.
pub fn command_line(context: &str) -> Option<String> {
    let mut line = String::from("if { IFS=' ' read -r TACHO_TRACEPARENT TACHO_PARENT <'");
    for letter in context.chars() {
        match letter {
            '\'' => line.push_str(r"'\''"),
            '\0'..='\x1F' => return None,
            _ => line.push(letter),
        }
    }
    line.push_str(
        "'; } 2>/dev/null; then export TACHO_TRACEPARENT; case \"${TRACEPARENT-}\" in ''|\"$TACHO_PARENT\") export \
         TRACEPARENT=\"$TACHO_TRACEPARENT\";; esac; unset TACHO_PARENT; fi\n",
    );
    Some(line)
}

/// Appends a line to a file of this user, unless it stands there.
fn append_once(path: &Path, line: &str) -> Result<(), Errno> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = openat(CWD, path, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?;
    let stat = fstat(&file)?;
    let is_ours_alone = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && stat.st_uid == geteuid().as_raw()
        && stat.st_nlink == 1;
    let mut before = [0; COMMANDS_BYTES_MAX];
    if !is_ours_alone || usize::try_from(stat.st_size).is_ok_and(|bytes| bytes > before.len()) {
        return Ok(());
    }
    let count = read(&file, &mut before)?;
    let before = before.get(..count).unwrap_or_default();
    if before.windows(line.len()).any(|known| known == line.as_bytes()) {
        return Ok(());
    }
    let gap = if before.last().is_none_or(|last| *last == b'\n') { "" } else { "\n" };
    write(&file, [gap, line].concat().as_bytes()).map(drop)
}
