//! How an agent is told, by variables in its user's own settings, to send its own telemetry to this machine; and whether it
//! was told so.

use std::collections::BTreeMap;

/// What stands for the port in a value, and for the token.
const PORT: &str = "{port}";
const TOKEN: &str = "{token}";

/// How an agent is told.
#[derive(Debug)]
pub struct NativeTelemetry {
    /// The member of the settings that holds variables.
    pub member: &'static str,
    /// The variables that settings hold. Settings that cannot be read hold none.
    pub variables: fn(&str) -> BTreeMap<String, String>,
    /// What is set.
    pub set: &'static [NativeVariable],
    /// That one of them which says where telemetry goes.
    pub address: &'static str,
    /// That one of them which says that it goes anywhere: without our address, the user has it go elsewhere.
    pub exporter: &'static str,
    /// That one of them without which the agent exports nothing at all.
    pub switch: &'static str,
    /// Variables by which a user has the agent export other telemetry, once it exports any.
    pub other_exporters: &'static [&'static str],
}

/// A variable that is set.
#[derive(Debug)]
pub struct NativeVariable {
    /// Its name.
    pub name: &'static str,
    /// Its value, in which `{port}` and `{token}` stand for those of the receiver.
    pub value: &'static str,
    /// Other values with which telemetry arrives just as well.
    pub or: &'static [&'static str],
    /// Whether nothing would arrive without it; of any other the user's own value stays.
    pub is_needed: bool,
}

/// Where telemetry is sent, and with which token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeTarget {
    /// The port on this machine.
    pub port: u16,
    /// The token.
    pub token: String,
}

impl NativeTelemetry {
    /// Where settings have telemetry sent; `None` where that is not this machine with a token.
    #[must_use]
    pub fn target(&self, settings: &str) -> Option<NativeTarget> {
        let variables = (self.variables)(settings);
        let said = |variable: &NativeVariable| variable.said_in(variables.get(variable.name)?);
        let said: Vec<Said<'_>> = self.set.iter().filter_map(said).collect();
        let port = said.iter().find_map(|said| if let Said::Port(port) = said { Some(*port) } else { None });
        let token =
            said.iter().find_map(|said| if let Said::Token(token) = said { Some(*token) } else { None });
        Some(NativeTarget { port: port?.parse().ok()?, token: token?.to_owned() })
    }

    /// The first variable without which nothing arrives there as settings are, if there is one.
    #[must_use]
    pub fn lacking(&self, settings: &str, target: &NativeTarget) -> Option<&NativeVariable> {
        let variables = (self.variables)(settings);
        let serves = |variable: &NativeVariable| {
            variables.get(variable.name).is_some_and(|value| variable.serves(value, target))
        };
        self.set.iter().find(|variable| variable.is_needed && !serves(variable))
    }
}

/// What a value says beside what it always says.
enum Said<'a> {
    Nothing,
    Port(&'a str),
    Token(&'a str),
}

impl NativeVariable {
    /// Its value for this target.
    #[must_use]
    pub fn value_for(&self, target: &NativeTarget) -> String {
        self.value.replace(PORT, &target.port.to_string()).replace(TOKEN, &target.token)
    }

    /// Whether telemetry gets to this target by a value.
    #[must_use]
    pub fn serves(&self, value: &str, target: &NativeTarget) -> bool {
        value == self.value_for(target) || self.or.contains(&value)
    }

    /// Whether a value is of the kind that is set, whatever port and token it names.
    #[must_use]
    pub fn is_ours(&self, value: &str) -> bool {
        match self.said_in(value) {
            _ if self.or.contains(&value) => true,
            Some(Said::Nothing) => true,
            Some(Said::Port(port)) => port.parse::<u16>().is_ok(),
            Some(Said::Token(token)) => {
                token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            None => false,
        }
    }

    fn said_in<'a>(&self, value: &'a str) -> Option<Said<'a>> {
        let between = |(before, behind): (&str, &str)| value.strip_prefix(before)?.strip_suffix(behind);
        match (self.value.split_once(PORT), self.value.split_once(TOKEN)) {
            (Some(around), _) => between(around).map(Said::Port),
            (_, Some(around)) => between(around).map(Said::Token),
            (None, None) => (value == self.value).then_some(Said::Nothing),
        }
    }
}
