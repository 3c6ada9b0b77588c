//! What is handed on of traces: what was said of it, and how the hook gets to know, which reads no configuration.

use crate::config::{Config, Said};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use tacho_agents::AGENTS;
use tacho_export::otlp::Signal;
use tacho_spool::propagation::{PROPAGATION, TERMS, Terms};
use tempfile::NamedTempFile;

/// What is handed on of traces, and what is taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Propagation {
    /// Whether commands of the agent get the context of the turn that they run in.
    pub(crate) commands: Said<bool>,
    /// Whether a turn lies below the span that `TRACEPARENT` names.
    pub(crate) inbound: Said<bool>,
}

/// Makes known to hooks what the configuration says. Without terms, there is nothing left that a command could read.
pub(crate) fn make_known(state: &Path, config: &Config) -> io::Result<()> {
    let (directory, path) = (state.join(PROPAGATION), state.join(TERMS));
    let Some(terms) = terms(config).map(|terms| terms.to_string()) else {
        return match fs::remove_dir_all(directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    if fs::read_to_string(&path).is_ok_and(|known| known == terms) {
        return Ok(());
    }
    fs::create_dir_all(&directory)?;
    let mut draft = NamedTempFile::new_in(&directory)?;
    draft.write_all(terms.as_bytes())?;
    draft.persist(path)?;
    Ok(())
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
    use crate::config;
    use tempfile::tempdir;

    /// What a file has made known, and what is left of the context of a session that was there before.
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
        assert_eq!((found.as_deref(), context.exists()), (expected, expected.is_some()));
    }

    #[test]
    fn hooks_get_to_know_what_is_wanted() {
        check("", None);
        check("propagation.commands = false", None);
        check("propagation.commands = true", Some("1 claude-code 00000000000000 commands\n"));
        check("propagation.inbound = true", Some("1 claude-code 00000000000000 inbound\n"));
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
