//! What is handed on of traces: what was said of it, and how the hook gets to know, which reads no configuration.

use crate::config::{Config, Said};
use std::fs::{self, Metadata};
use std::io::{self, Write as _};
use std::path::Path;
use tacho_agents::AGENTS;
use tacho_export::otlp::Signal;
use tacho_spool::propagation::{PROPAGATION, TERMS, Terms, is_context};
use tempfile::NamedTempFile;

/// What is handed on of traces, and what is taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Propagation {
    /// Whether commands of the agent get the context of the turn that they run in.
    pub(crate) commands: Said<bool>,
    /// Whether a turn lies below the span that `TRACEPARENT` names.
    pub(crate) inbound: Said<bool>,
}

/// Makes known to hooks what the configuration says, if that is known. Without a wish for it, there is nothing left that a
/// command could read.
pub(crate) fn make_known(state: &Path, config: &Config) -> io::Result<()> {
    if !config.knows_wishes() {
        return Ok(());
    }
    let (directory, path) = (state.join(PROPAGATION), state.join(TERMS));
    let Some(terms) = terms(config) else { return forget_all(state) };
    if !terms.commands {
        forget_contexts(state, |_| true)?;
    }
    let terms = terms.to_string();
    if fs::read_to_string(&path).is_ok_and(|known| known == terms) {
        return Ok(());
    }
    fs::create_dir_all(&directory)?;
    let mut draft = NamedTempFile::new_in(&directory)?;
    draft.write_all(terms.as_bytes())?;
    draft.persist(path)?;
    Ok(())
}

/// Has nothing handed on any more.
pub(crate) fn forget_all(state: &Path) -> io::Result<()> {
    match fs::remove_dir_all(state.join(PROPAGATION)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes contexts of sessions. One that cannot be removed keeps no other; the first failure is returned.
pub(crate) fn forget_contexts(state: &Path, is_meant: impl Fn(&Metadata) -> bool) -> io::Result<()> {
    let directory = state.join(PROPAGATION);
    // What a link leads to is none of ours.
    let is_there = fs::symlink_metadata(&directory).is_ok_and(|metadata| metadata.is_dir());
    let entries = is_there.then(|| fs::read_dir(directory)).transpose()?.into_iter().flatten().flatten();
    let contexts = entries.filter(|entry| {
        let is_context = entry.file_name().to_str().is_some_and(is_context);
        is_context && entry.metadata().is_ok_and(|metadata| metadata.is_file() && is_meant(&metadata))
    });
    let removed: Vec<io::Result<()>> = contexts.map(|entry| fs::remove_file(entry.path())).collect();
    removed.into_iter().collect()
}

/// The terms, where anything is wanted. A trace counts as sampled where a destination gets it by its id; where none gets
/// traces, none leaves any out.
fn terms(config: &Config) -> Option<Terms> {
    let Propagation { commands, inbound } = &config.propagation;
    let destinations = config.destinations.iter().map(|named| &named.to);
    let of_traces = destinations.filter(|to| to.signals.contains(Signal::Traces));
    let terms = Terms {
        agent: AGENTS.first()?.name.to_owned(),
        threshold: of_traces.map(|to| to.sampling.threshold()).min().unwrap_or(0),
        commands: commands.value,
        inbound: inbound.value,
    };
    (terms.commands || terms.inbound).then_some(terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Author, Unread};
    use std::collections::BTreeSet;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use tempfile::tempdir;

    /// What a file has made known, and whether the context of a session is left that was there before.
    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let state = tempdir().unwrap();
        fs::create_dir(state.path().join(PROPAGATION)).unwrap();
        let context = state.path().join("propagation/session.context");
        fs::write(&context, "").unwrap();
        for _ in 0..2 {
            make_known(state.path(), &config::of_owner(text)).unwrap();
        }
        let found = fs::read_to_string(state.path().join(TERMS)).ok();
        assert_eq!((found.as_deref(), context.exists()), (expected, text.contains("commands = true")));
    }

    #[test]
    fn hooks_get_to_know_what_is_wanted() {
        check("", None);
        check("propagation.commands = false", None);
        check("propagation.commands = true", Some("1 claude-code 00000000000000 commands\n"));
        check("propagation.inbound = true", Some("1 claude-code 00000000000000 inbound\n"));
    }

    #[test]
    fn what_is_wanted_stays_while_nobody_knows_better() {
        let state = tempdir().unwrap();
        make_known(state.path(), &config::of_owner("propagation.commands = true")).unwrap();
        let terms = || fs::read_to_string(state.path().join(TERMS)).ok();
        let known = terms();
        let mut config = Config::local_only();
        config.unread.push(Unread {
            path: PathBuf::new(),
            author: Author::Owner,
            reason: String::new(),
            may_forbid: false,
        });
        make_known(state.path(), &config).unwrap();
        assert_eq!((terms(), known.is_some()), (known, true));
        config.unread.clear();
        make_known(state.path(), &config).unwrap();
        assert_eq!(terms(), None);
    }

    #[test]
    fn only_contexts_are_forgotten() {
        let state = tempdir().unwrap();
        let directory = state.path().join(PROPAGATION);
        fs::create_dir_all(directory.join("a.context")).unwrap();
        for name in ["b.context", ".1f-2a", "terms", "mine.txt"] {
            fs::write(directory.join(name), "").unwrap();
        }
        let left = |of: &Path| {
            let names =
                fs::read_dir(of).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<BTreeSet<_>>()
        };
        let names = |names: &[&str]| names.iter().copied().map(str::to_owned).collect();
        forget_contexts(state.path(), |_| false).unwrap();
        assert_eq!(left(&directory).len(), 5);
        forget_contexts(state.path(), |_| true).unwrap();
        assert_eq!(left(&directory), names(&["a.context", "mine.txt", "terms"]));
        let elsewhere = tempdir().unwrap();
        fs::write(elsewhere.path().join("b.context"), "").unwrap();
        fs::remove_dir_all(&directory).unwrap();
        symlink(elsewhere.path(), &directory).unwrap();
        forget_contexts(state.path(), |_| true).unwrap();
        assert_eq!(left(elsewhere.path()), names(&["b.context"]));
    }

    #[test]
    fn a_trace_is_sampled_that_any_destination_gets() {
        let to = |port: u16, rest: &str| {
            format!("[[destination]]\nendpoint = \"http://localhost:{port}\"\n{rest}\n")
        };
        let wanted = "propagation = { commands = true, inbound = true }\n";
        let check = |destinations: &[String], threshold: &str| {
            let text = format!("{wanted}{}", destinations.concat());
            check(&text, Some(&format!("1 claude-code {threshold} commands inbound\n")));
        };
        check(&[to(1, "sampling = 0.25")], "c0000000000000");
        check(&[to(1, "sampling = 0.25"), to(2, "sampling = 0.5")], "80000000000000");
        check(&[to(1, "sampling = 0.25"), to(2, "signals = [\"logs\"]")], "c0000000000000");
        check(&[to(1, "sampling = 0.0")], "100000000000000");
        check(&[to(1, "sampling = 0.25"), to(2, "")], "00000000000000");
    }
}
