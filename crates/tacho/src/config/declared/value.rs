//! Values of the file, after variables stand where it names them (data model of declarative configuration, "Environment
//! variable substitution").

use crate::config::environment::variable;
use serde_json::{Map, Value as Json};

/// The same with variables in every text; names of keys stay.
pub(super) fn substituted(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(with_variables(&text)),
        Json::Array(values) => Json::Array(values.into_iter().map(substituted).collect()),
        Json::Object(entries) => {
            let entry = |(key, value)| (key, substituted(value));
            Json::Object(entries.into_iter().map(entry).collect::<Map<_, _>>())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => value,
    }
}

/// `${NAME}`, `${env:NAME}` and `${NAME:-DEFAULT}`; `$$` is a `$`. What is none of these stays.
fn with_variables(text: &str) -> String {
    let (mut done, mut left) = (String::new(), text);
    while let Some((before, behind)) = left.split_once('$') {
        done.push_str(before);
        let reference = behind.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        left = if let Some(behind) = behind.strip_prefix('$') {
            done.push('$');
            behind
        } else if let Some((value, behind)) = reference.and_then(|(inner, behind)| Some((of(inner)?, behind)))
        {
            done.push_str(&value);
            behind
        } else {
            done.push('$');
            behind
        };
    }
    done.push_str(left);
    done
}

/// What stands for what is between braces.
fn of(inner: &str) -> Option<String> {
    let (name, default) = inner.split_once(":-").unwrap_or((inner, ""));
    let name = name.strip_prefix("env:").unwrap_or(name);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name =
        name.bytes().all(is_letter) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    is_name.then(|| variable(name).unwrap_or_else(|| default.to_owned()))
}

/// The entries of a mapping; none of anything else.
pub(super) fn entries(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}

/// The items of a list; none of anything else.
pub(super) fn list(value: &Json) -> impl Iterator<Item = &Json> {
    value.as_array().into_iter().flatten()
}

/// A value as text; `None` for what is empty, or no single value.
pub(super) fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A number, also one that a variable said.
pub(super) fn number(value: &Json) -> Option<f64> {
    text(value)?.trim().parse().ok()
}

/// Whether it is true or false, also where a variable says so.
pub(super) fn truth(value: &Json) -> Option<bool> {
    text(value)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_where_they_are_named() {
        let path = std::env::var("PATH").unwrap();
        for (text, expected) in [
            ("none", "none"),
            ("${PATH}", path.as_str()),
            ("<${env:PATH}>", &format!("<{path}>")),
            ("${TACHO_NO_SUCH}", ""),
            ("${TACHO_NO_SUCH:-a b}/${TACHO_NO_SUCH:-c}", "a b/c"),
            ("$${PATH} $ {PATH} ${1A} ${A B} ${PATH", "${PATH} $ {PATH} ${1A} ${A B} ${PATH"),
        ] {
            assert_eq!(with_variables(text), expected, "{text}");
        }
    }
}
