//! The front matter of a project's file: YAML between two lines `---` at its beginning.

use super::value::Value;
use super::{Rules, Wishes};
use crate::vcs::text;
use std::collections::BTreeMap;
use tacho_model::event::PROJECT_PREFIX;

/// What a project may say of itself.
const ATTRIBUTES_MAX: usize = 16;
const ATTRIBUTE_NAME_BYTES_MAX: usize = 64;
const ATTRIBUTE_BYTES_MAX: usize = 256;

/// What the front matter says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub(super) rules: Rules,
    pub(super) wishes: Wishes,
    pub(super) problems: Vec<String>,
}

impl FrontMatter {
    /// Reads a file; one without front matter says nothing.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, String> {
        let text = str::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
        let Some(yaml) = between_marks(text)? else { return Ok(Self::default()) };
        // Not the error's own rendering: it shows the line, and the line may hold a token.
        let values: Option<BTreeMap<String, Value>> =
            serde_saphyr::from_str_with_options(yaml, without_aliases())
                .map_err(|_| "its front matter is not the YAML of names and values".to_owned())?;
        let mut read = Self::default();
        for (name, value) in values.unwrap_or_default() {
            read.take(&name.to_ascii_lowercase(), value);
        }
        if read.wishes.token.is_some() && read.wishes.endpoint.is_none() {
            read.wishes.token = None;
            read.problems.push("auth_token belongs to an otlp_url beside it".to_owned());
        }
        Ok(read)
    }

    fn take(&mut self, name: &str, value: Value) {
        let problem = match (name, value) {
            (_, Value::Nothing) => None,
            ("attributes", Value::Map(attributes)) => {
                attributes.into_iter().for_each(|(name, value)| self.take_attribute(&name, value));
                None
            }
            (_, Value::Text(text)) => self.take_text(name, text),
            (_, Value::Map(_) | Value::List) => {
                Some(self.take_text(name, String::new()).unwrap_or("has no value"))
            }
        };
        self.problems.extend(problem.map(|problem| format!("{} {problem}", shown(name))));
    }

    /// Takes a setting; returns what is wrong with it.
    fn take_text(&mut self, name: &str, text: String) -> Option<&'static str> {
        let Self { rules, wishes, .. } = self;
        match name {
            "enabled" => narrow(&mut rules.withheld, is_true(&text).map(|enabled| !enabled)),
            "omit_io" => narrow(&mut rules.omits_content, is_true(&text)),
            "omit_user_info" => narrow(&mut rules.omits_names, is_true(&text)),
            "capture_level" => {
                narrow(&mut rules.omits_content, choice(&text, &["metadata", "redacted"], "full"))
            }
            "user_info" => narrow(&mut rules.omits_names, choice(&text, &["hash"], "name")),
            "otlp_url" | "otlp_endpoint" => wish(&mut wishes.endpoint, text),
            "auth_token" => wish(&mut wishes.token, text),
            "dataset" => wish(&mut wishes.dataset, text),
            "agent_name" => wish(&mut wishes.agent_name, text),
            _ => Some("is nothing that a project may say"),
        }
    }

    fn take_attribute(&mut self, name: &str, value: Value) {
        let attributes = &mut self.rules.attributes;
        let name = name.strip_prefix(PROJECT_PREFIX).unwrap_or(name);
        let problem = match value {
            _ if !is_name(name) => "is no name: small letters, digits and _ are, with dots between them",
            _ if attributes.len() >= ATTRIBUTES_MAX => "is one too many: 16 are taken",
            Value::Text(value) if value.len() > ATTRIBUTE_BYTES_MAX => "is longer than 256 bytes",
            Value::Text(value) => {
                let value = text::value(value.as_bytes(), ATTRIBUTE_BYTES_MAX);
                attributes.extend(value.map(|value| (name.to_owned(), value)));
                return;
            }
            Value::Nothing => return,
            Value::Map(_) | Value::List => "has a value that is no text",
        };
        self.problems.push(format!("attribute {} {problem}", shown(name)));
    }
}

/// Aliases make little text into much; nobody needs them here.
fn without_aliases() -> serde_saphyr::Options {
    let alias_limits = serde_saphyr::alias_limits! { max_total_replayed_events: 0 };
    serde_saphyr::options! { alias_limits: alias_limits }
}

/// What stands between the first line and the next that is `---`; `None` where the first line is another.
fn between_marks(text: &str) -> Result<Option<&str>, String> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else { return Ok(None) };
    let mut end = first.len();
    for line in lines {
        if line.trim_end() == "---" {
            return Ok(text.get(first.len()..end));
        }
        end += line.len();
    }
    Err("its front matter has no end: a line ---".to_owned())
}

fn shown(name: &str) -> String {
    text::bounded(name.as_bytes(), ATTRIBUTE_NAME_BYTES_MAX).unwrap_or_default()
}

/// Takes something away if that is said, and also where nobody can tell what is said.
fn narrow(narrowing: &mut bool, said: Option<bool>) -> Option<&'static str> {
    *narrowing |= said != Some(false);
    said.is_none().then_some("has a value that is not understood, so the strictest is taken")
}

fn is_true(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Whether one of the narrow values stands there, or the wide one.
fn choice(text: &str, narrow: &[&str], wide: &str) -> Option<bool> {
    narrow.contains(&text).then_some(true).or((text == wide).then_some(false))
}

fn wish(wish: &mut Option<String>, text: String) -> Option<&'static str> {
    *wish = Some(text).filter(|text| !text.trim().is_empty());
    wish.is_none().then_some("has no value")
}

fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !part.is_empty() && part.bytes().all(is_letter)
    };
    name.len() <= ATTRIBUTE_NAME_BYTES_MAX && name.split('.').all(is_part)
}
