//! Who made what is sent.

use crate::config::{Config, TrustedProject};
use std::env;
use tacho_model::attribute::Attributes;
use tacho_model::event::Repository;
use tacho_model::semconv as key;
use tacho_model::session::Session;

/// What every batch says about who made it.
#[derive(Clone, Copy)]
pub(crate) struct Resources<'a> {
    pub(crate) config: &'a Config,
    pub(crate) instance_id: &'a str,
}

impl Resources<'_> {
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
        let mut resource = Attributes::default();
        resource.set(key::SERVICE_NAME, agent_name.as_str());
        resource.set_known(key::SERVICE_VERSION, session.agent_version.clone());
        resource.set(key::SERVICE_INSTANCE_ID, self.instance_id);
        resource.set(key::GEN_AI_AGENT_NAME, agent_name.as_str());
        let of_git = repository.and_then(|seen| seen.user_name.clone());
        match of_git {
            Some(name) => {
                resource.set(key::USER_NAME, name);
                resource.set_known(key::USER_EMAIL, repository.and_then(|seen| seen.user_email.clone()));
                let source = repository.and_then(|seen| seen.user_source.clone());
                resource.set_known(key::TACHOGRAPH_USER_SOURCE, source);
            }
            None => resource.set_known(key::USER_NAME, user_name()),
        }
        resource.set_known(key::TACHOGRAPH_TEAM, self.config.team.as_ref().map(|said| said.value.as_str()));
        resource.set(key::TELEMETRY_SDK_NAME, "tachograph");
        resource.set(key::TELEMETRY_SDK_LANGUAGE, "rust");
        resource.set(key::TELEMETRY_SDK_VERSION, env!("CARGO_PKG_VERSION"));
        resource
    }
}

/// The name of the user this process runs for, as the operating system says.
fn user_name() -> Option<String> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    variable("USER").or_else(|| variable("LOGNAME"))
}
