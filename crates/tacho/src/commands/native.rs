//! Telling an agent to send its own telemetry here, in its user's own settings: with his word, and so that it can be undone.
//!
//! What was set is written down in the state directory, because a value that is ours may have stood there before.

mod made;

use super::agent_side::AgentSide;
use super::steps::{Action, Steps};
use crate::failure::{Failure, FailureKind};
use crate::json_text::JsonText;
use crate::keys;
use crate::place;
use crate::receiver::PORT;
use crate::terminal::note;
pub(super) use made::NOTE;
use made::{Made, Note};
use std::env;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tacho_agents::native::{NativeTarget, NativeTelemetry, NativeVariable};
use tempfile::NamedTempFile;

/// A file of settings, as it is.
struct Settings<'a> {
    side: &'a AgentSide,
    /// Where it lies, behind symbolic links.
    path: PathBuf,
    text: JsonText,
    is_there: bool,
}

/// Refuses what would overwrite what the user said himself, before anything is changed.
pub(super) fn check(side: &AgentSide) -> Result<(), Failure> {
    Settings::read(side)?.is_free()
}

/// Has the agent send its telemetry to this port; to the one it was told, or the usual one, unless somebody says another.
pub(super) fn switch_on(side: &AgentSide, port: Option<u16>, steps: &mut Steps) -> Result<(), Failure> {
    let settings = Settings::read(side)?;
    let state = if steps.is_dry() {
        place::existing_state_directory()
    } else {
        Some(place::open_state(None)?.path().to_owned())
    };
    settings.is_free()?;
    let note = Note::read(state.as_deref());
    let known = note.of(&settings.path).cloned().unwrap_or_else(|| settings.guess());
    let token = match &state {
        Some(state) if !steps.is_dry() => keys::receiver_token(state)?,
        state => state.as_deref().and_then(keys::existing_receiver_token).unwrap_or_default(),
    };
    let said = settings.native().target(settings.text.as_str());
    let port = port.or(said.map(|said| said.port)).unwrap_or(PORT);
    let target = NativeTarget { port, token };
    let missing = settings.missing(&target);
    if missing.is_empty() {
        steps.leave(Action::Write, format!("{} sends telemetry to 127.0.0.1:{port}", settings.place()));
        return Ok(());
    }
    steps.act(Action::Write, settings.step(&missing, &target), || {
        let made = settings.made(&missing, known);
        let Some(state) = &state else { return Ok(()) };
        // First, so that what is set can be taken away whatever happens between.
        note.with(&settings.path, Some(made)).write(state)?;
        let mut text = settings.text.clone();
        let member = settings.native().member;
        if text.get(&[member]).is_none() {
            text.set(&[member], "{}");
        }
        for variable in &missing {
            let value = serde_json::Value::from(variable.value_for(&target)).to_string();
            text.set(&[member, variable.name], &value);
        }
        settings.write(&text)
    })?;
    if !steps.is_dry() {
        settings.warn_of_readers();
    }
    Ok(())
}

/// Takes away what was set, as far as it is still what was set.
pub(super) fn switch_off(side: &AgentSide, steps: &mut Steps) -> Result<(), Failure> {
    // Without what was noted, it is what we would have set.
    let state = place::existing_state_directory();
    let note = Note::read(state.as_deref());
    let write = |note: &Note| state.as_ref().map_or(Ok(()), |state| note.write(state));
    let settings = match Settings::read(side) {
        Ok(settings) => settings,
        // Where nothing was set, it is nobody's business here what is wrong with the file.
        Err(_) if note.is_empty() => return Ok(()),
        Err(failure) => return Err(failure),
    };
    let made = note.of(&settings.path).cloned().unwrap_or_else(|| settings.guess());
    let note = note.with(&settings.path, None);
    let native = settings.native();
    let is_still_ours = |name: &String| {
        let variable = native.set.iter().find(|variable| variable.name == name);
        let value = settings.value(name);
        variable.is_some_and(|variable| value.is_some_and(|value| variable.is_ours(&value)))
    };
    // Whoever had it go elsewhere since, or other telemetry go with it, has made the rest his own.
    let address = settings.value(native.address);
    let is_his = address.is_some() && !is_still_ours(&native.address.to_owned());
    let has_others = native.other_exporters.iter().any(|name| settings.value(name).is_some());
    let is_in_use = |name: &String| has_others && name == native.switch;
    let gone = made.variables.iter().filter(|name| !is_his && is_still_ours(name) && !is_in_use(name));
    let gone: Vec<&String> = gone.collect();
    if gone.is_empty() {
        return if steps.is_dry() { Ok(()) } else { write(&note) };
    }
    let names = gone.iter().map(|name| format!("{}.{name}", native.member)).collect::<Vec<_>>().join(", ");
    steps.act(Action::Remove, format!("{names} from {}", settings.place()), || {
        let mut text = settings.text.clone();
        gone.iter().for_each(|name| text.remove(&[native.member, name]));
        let is_empty = |found: Option<serde_json::Value>| {
            found.is_some_and(|object| object.as_object().is_some_and(serde_json::Map::is_empty))
        };
        if made.object && is_empty(text.get(&[native.member])) {
            text.remove(&[native.member]);
        }
        if made.file && serde_json::from_str(text.as_str()).is_ok_and(|left| is_empty(Some(left))) {
            fs::remove_file(&settings.path).map_err(|error| settings.failed("remove", error))?;
        } else {
            settings.write(&text)?;
        }
        write(&note)
    })
}

/// Where the agent is told to send its telemetry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody told it to send any here.
    Nothing,
    /// It was told, and some of what was said is gone or another.
    Partly,
    /// To this port, with this token.
    Wholly(NativeTarget),
}

/// What the agent is told.
pub(super) fn told(side: &AgentSide) -> Told {
    let Ok(settings) = Settings::read(side) else { return Told::Nothing };
    let (native, text) = (settings.native(), settings.text.as_str());
    if let Some(target) = native.target(text) {
        return if native.lacking(text, &target).is_none() { Told::Wholly(target) } else { Told::Partly };
    }
    let note = Note::read(place::existing_state_directory().as_deref());
    let is_there = |name: &String| settings.value(name).is_some();
    let is_partly = note.of(&settings.path).is_some_and(|made| made.variables.iter().any(is_there));
    if is_partly { Told::Partly } else { Told::Nothing }
}

impl<'a> Settings<'a> {
    fn read(side: &'a AgentSide) -> Result<Self, Failure> {
        let path = side.config_directory.join(side.agent.owners_files.settings);
        let path = fs::canonicalize(&path).unwrap_or(path);
        let (text, is_there) = match fs::read_to_string(&path) {
            Ok(text) => (text, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (String::new(), false),
            Err(error) => return Err(Failure::external(format!("read {}", path.display()), error)),
        };
        let text = JsonText::parse(&text).map_err(|why| {
            Failure::new(FailureKind::Config, format!("{} cannot be read: {why}", path.display()))
                .hint("mend it first; nothing was changed in it")
        })?;
        Ok(Self { side, path, text, is_there })
    }

    const fn native(&self) -> &'static NativeTelemetry {
        &self.side.agent.setup.native
    }

    fn place(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// The value of a variable; what is no text is spelt as JSON.
    fn value(&self, name: &str) -> Option<String> {
        let value = self.text.get(&[self.native().member, name])?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// Refuses to overwrite what the user said himself.
    fn is_free(&self) -> Result<(), Failure> {
        let member = self.native().member;
        if self.text.get(&[member]).is_some_and(|object| !object.is_object()) {
            return Err(Failure::new(
                FailureKind::Config,
                format!("{member} in {} is no object", self.place()),
            )
            .hint("mend it first; nothing was changed in it"));
        }
        let is_others = |variable: &&NativeVariable| {
            let value = self.value(variable.name);
            variable.is_needed && value.is_some_and(|value| !variable.is_ours(&value))
        };
        let native = self.native();
        let mut others: Vec<&str> =
            native.set.iter().filter(is_others).map(|variable| variable.name).collect();
        // Where an address is named for all signals, or by the environment, logs go there by the exporter alone.
        if others.is_empty() && self.value(native.address).is_none() && self.said(native.exporter).is_some() {
            others.push(native.exporter);
        }
        if others.is_empty() {
            return self.wakes_nothing();
        }
        let names = others.join(", ");
        let message =
            format!("{} already says otherwise ({member}.{names}); nothing was changed", self.place());
        Err(Failure::new(FailureKind::Config, message).hint(
            "to have the agent's logs come here, take these out of the file and do it again; to leave them as they are, leave out --native-telemetry",
        ))
    }

    /// Refuses to begin what the user did not ask for: that the agent exports other telemetry, where he had only said how.
    fn wakes_nothing(&self) -> Result<(), Failure> {
        let native = self.native();
        let is_asleep = self.said(native.switch).is_none();
        let others = native.other_exporters.iter().filter(|name| self.said(name).is_some());
        let others: Vec<&str> = others.filter(|_| is_asleep).copied().collect();
        if others.is_empty() {
            return Ok(());
        }
        let (names, switch) = (others.join(", "), native.switch);
        let message = format!("the agent would also begin to export what {names} names; nothing was changed");
        Err(Failure::new(FailureKind::Config, message).hint(format!(
            "if it is to, set {switch} to 1 in {0} and do it again; if not, set {names} to none there",
            self.place()
        )))
    }

    /// The value of a variable as the agent sees it: of its settings, else of the environment. One that is `none` says
    /// nothing.
    fn said(&self, name: &str) -> Option<String> {
        let value = self.value(name).or_else(|| env::var(name).ok());
        value.filter(|value| !value.is_empty() && value != "none")
    }

    /// What is to be set so that telemetry gets there.
    fn missing(&self, target: &NativeTarget) -> Vec<&'static NativeVariable> {
        let is_missing = |variable: &&NativeVariable| match self.value(variable.name) {
            None => true,
            Some(value) => variable.is_needed && !variable.serves(&value, target),
        };
        self.native().set.iter().filter(is_missing).collect()
    }

    /// What will have been made of what there is, once these are set.
    fn made(&self, missing: &[&NativeVariable], mut made: Made) -> Made {
        made.file |= !self.is_there;
        made.object |= self.text.get(&[self.native().member]).is_none();
        let known = made.variables.clone();
        let is_new = |name: &&str| !known.iter().any(|known| known == name);
        let names = missing.iter().map(|variable| variable.name).filter(is_new);
        made.variables.extend(names.map(str::to_owned));
        made
    }

    /// What must have been made, where nobody wrote it down: nothing unless telemetry is sent here in our words.
    fn guess(&self) -> Made {
        let is_ours = |variable: &&NativeVariable| {
            self.value(variable.name).is_some_and(|value| variable.is_ours(&value))
        };
        let native = self.native();
        let is_all =
            native.set.iter().filter(|variable| variable.is_needed).all(|variable| is_ours(&variable));
        if !is_all {
            return Made::default();
        }
        let variables = native.set.iter().filter(is_ours).map(|variable| variable.name.to_owned());
        Made { variables: variables.collect(), object: true, file: false }
    }

    /// What is set, without the token.
    fn step(&self, missing: &[&NativeVariable], target: &NativeTarget) -> String {
        let target = NativeTarget { port: target.port, token: "(the receiver's token)".to_owned() };
        let member = self.native().member;
        let set = |variable: &&NativeVariable| {
            format!("{member}.{}={}", variable.name, variable.value_for(&target))
        };
        format!("{}: {}", self.place(), missing.iter().map(set).collect::<Vec<_>>().join(", "))
    }

    /// Replaces the file as a whole, with the mode it has.
    fn write(&self, text: &JsonText) -> Result<(), Failure> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let write = || {
            fs::create_dir_all(directory)?;
            let mut draft = NamedTempFile::new_in(directory)?;
            draft.write_all(text.as_str().as_bytes())?;
            if let Ok(metadata) = fs::metadata(&self.path) {
                draft.as_file().set_permissions(metadata.permissions())?;
            }
            draft.as_file().sync_all()?;
            draft.persist(&self.path).map(drop).map_err(|error| error.error)
        };
        write().map_err(|error| self.failed("write", error))
    }

    fn failed(&self, what: &str, error: io::Error) -> Failure {
        Failure::external(format!("{what} {}", self.place()), error)
    }

    fn warn_of_readers(&self) {
        let is_readable = |permissions: Permissions| permissions.mode() & 0o044 != 0;
        if fs::metadata(&self.path).is_ok_and(|found| is_readable(found.permissions())) {
            note(&format!(
                "note: others can read {0} and the receiver's token in it; they could send telemetry in your name: chmod 600 {0}",
                self.place()
            ));
        }
    }
}
