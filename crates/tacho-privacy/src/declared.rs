//! What may be said of who sends under names that others chose: of machines and deployments, never of people, and nothing that
//! stands for what the recorder itself says.

use std::collections::BTreeMap;
use tacho_model::attribute::Key;
use tacho_model::event::PROJECT_PREFIX;
use tacho_model::semconv as key;

/// So many are taken.
const COUNT_MAX: usize = 64;
/// Lengths at most, in bytes.
const NAME_BYTES_MAX: usize = 128;
const VALUE_BYTES_MAX: usize = 256;
/// Names of which no others may begin alike: what says who a person is, and what is the recorder's own.
const RESERVED: [Key; 5] = [
    key::USER_NAME,
    key::TELEMETRY_SDK_NAME,
    key::TACHOGRAPH_TEAM,
    key::GEN_AI_AGENT_NAME,
    key::CLAUDE_CODE_TOOL_OUTCOME,
];
/// The same of conventions that the recorder does not use.
const PERSON: &str = "enduser";

/// Whether an attribute may be declared.
#[must_use]
pub fn may_be_declared(name: &str, value: &str) -> bool {
    let is_sound = |text: &str, bytes_max: usize| {
        (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    let namespace = |name: &str| name.split('.').next().map(str::to_owned);
    let is_reserved = RESERVED.iter().any(|key| namespace(key.name()) == namespace(name));
    is_sound(name, NAME_BYTES_MAX)
        && is_sound(value, VALUE_BYTES_MAX)
        && Key::named(name).is_none()
        && !is_reserved
        && namespace(name).as_deref() != Some(PERSON)
}

/// Those that may be; what a project says of itself was bounded where it was read.
pub(crate) fn clear_declared(declared: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let may =
        |(name, value): &(&String, &String)| name.starts_with(PROJECT_PREFIX) || may_be_declared(name, value);
    let kept = declared.iter().filter(may).take(COUNT_MAX);
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_declared() {
        let long = "a".repeat(257);
        for (name, value, expected) in [
            ("deployment.environment.name", "prod", true),
            ("k8s.pod.name", "a b, c", true),
            ("service.name", "another", false),
            ("service.instance.id", "another", false),
            ("vcs.ref.head.name", "another", false),
            ("user.id", "ada", false),
            ("enduser.id", "ada", false),
            ("telemetry.anything", "a", false),
            ("", "a", false),
            ("a", "", false),
            ("a", "two\nlines", false),
            ("a", long.as_str(), false),
        ] {
            assert_eq!(may_be_declared(name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn what_a_project_says_stays_beside_it() {
        let said = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let declared =
            said(&[("project.area", "payments"), ("cloud.region", "eu"), ("user.email", "ada@example.com")]);
        let expected = said(&[("project.area", "payments"), ("cloud.region", "eu")]);
        assert_eq!(clear_declared(&declared), expected);
    }
}
