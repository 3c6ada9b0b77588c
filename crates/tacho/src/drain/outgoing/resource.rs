//! Who made what is sent.

use crate::config::{Config, TrustedProject, owner};
use crate::shared_account::names_nobody;
use std::collections::BTreeMap;
use std::env;
use tacho_agents::AGENTS;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::event::Repository;
use tacho_model::metric::Labels;
use tacho_model::metrics;
use tacho_model::semconv as key;
use tacho_model::session::Session;
use tacho_privacy::as_name;
use tacho_privacy::identity::IdentityKey;

/// The source of a name that the operating system told.
const OF_SYSTEM: &str = "os";

/// What every batch says about who made it.
#[derive(Clone, Copy)]
pub(crate) struct Resources<'a> {
    pub(crate) config: &'a Config,
    pub(crate) instance_id: &'a str,
}

impl Resources<'_> {
    /// What is said of the recorder itself.
    pub(in crate::drain) fn of_recorder(self) -> Attributes {
        let mut resource = self.of_installation();
        resource.set(key::SERVICE_NAME, "tachograph");
        resource
    }

    /// What is said of a session.
    pub(super) fn of(
        self,
        session: &Session,
        repository: Option<&Repository>,
        project: Option<&TrustedProject>,
    ) -> Attributes {
        let named = project.and_then(|project| project.agent_name.as_ref());
        let named = named.or(self.config.agent_name.as_ref().map(|said| &said.value));
        let agent_name = named.unwrap_or(&session.agent);
        let mut resource = self.of_installation();
        resource.set(key::SERVICE_NAME, agent_name.as_str());
        resource.set_known(key::SERVICE_VERSION, session.agent_version.as_deref());
        resource.set(key::GEN_AI_AGENT_NAME, agent_name.as_str());
        user(&mut resource, repository);
        resource.set_known(key::TACHOGRAPH_TEAM, self.config.team.as_ref().map(|said| said.value.as_str()));
        resource
    }

    /// What is said of metrics, which are of all sessions.
    pub(crate) fn of_metrics(self) -> Attributes {
        let mut resource = self.of_installation();
        let named = self.config.agent_name.as_ref().map(|said| said.value.as_str());
        let known = AGENTS.first().map(|agent| agent.name);
        resource.set_known(key::SERVICE_NAME, named.or(known));
        resource
    }

    /// What the owner says of who sends under names of his own.
    pub(crate) fn declared(self) -> BTreeMap<String, String> {
        self.config.resource_attributes.as_ref().map(|said| said.value.clone()).unwrap_or_default()
    }

    fn of_installation(self) -> Attributes {
        let mut resource = Attributes::default();
        resource.set(key::SERVICE_INSTANCE_ID, self.instance_id);
        resource.set(key::TELEMETRY_SDK_NAME, "tachograph");
        resource.set(key::TELEMETRY_SDK_LANGUAGE, "rust");
        resource.set(key::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION"));
        resource
    }
}

/// What a resource says of a session, as labels of its metrics.
pub(crate) fn labels(resource: &Attributes, identity_key: &IdentityKey) -> Labels {
    let text = |key| match resource.get(key) {
        Some(Value::String(text)) => Some(text.to_string()),
        _ => None,
    };
    let user = text(key::USER_NAME).map(|name| identity_key.pseudonym(&name));
    let named = [
        (metrics::LABEL_AGENT, text(key::SERVICE_NAME)),
        (metrics::LABEL_TEAM, text(key::TACHOGRAPH_TEAM)),
        (metrics::LABEL_USER_HASH, user),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), as_name(value?)))).collect()
}

/// Who the person is and who says so: git, else the operating system, unless the account is nobody's own.
fn user(resource: &mut Attributes, repository: Option<&Repository>) {
    let is_of_system = |seen: &Repository| seen.user_source.as_deref() == Some(OF_SYSTEM);
    let seen = repository.and_then(|seen| Some((seen.user_name.clone()?, seen)));
    // What was written down may be older than this rule.
    match seen.filter(|(name, seen)| !is_of_system(seen) || !names_nobody(name)) {
        Some((name, seen)) => {
            resource.set(key::USER_NAME, name);
            resource.set_known(key::USER_EMAIL, seen.user_email.as_deref());
            resource.set_known(key::TACHOGRAPH_USER_SOURCE, seen.user_source.as_deref());
        }
        None => {
            let Some(name) = named_by_variables().filter(|name| !names_nobody(name)) else { return };
            resource.set(key::USER_NAME, name);
            resource.set(key::TACHOGRAPH_USER_SOURCE, OF_SYSTEM);
        }
    }
}

/// What the person is called.
pub(super) fn user_name(repository: Option<&Repository>) -> Option<String> {
    let mut said = Attributes::default();
    user(&mut said, repository);
    match said.get(key::USER_NAME)? {
        Value::String(name) => Some(name.to_string()),
        Value::Int(_) | Value::Double(_) | Value::Boolean(_) | Value::StringList(_) => None,
    }
}

/// The name of the user this process runs for, where the system's user database lacks the account.
fn named_by_variables() -> Option<String> {
    if owner::account().name.is_some() {
        return None;
    }
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    variable("USER").or_else(|| variable("LOGNAME"))
}
