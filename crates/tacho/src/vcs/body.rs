//! A workplace as the body of an observation. Must not add to what the workplace says.

use super::{Checkout, Head, Reference, ReferenceKind, Repository, User, UserSource, Workplace};
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    vcs: Facts<'a>,
}

#[derive(Default, Serialize)]
struct Facts<'a> {
    cwd: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ref_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ref_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worktree: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_source: Option<&'static str>,
}

impl Workplace {
    /// The body of the observation that says it.
    pub(crate) fn observation_body(&self) -> Vec<u8> {
        let mut facts = Facts { cwd: &self.cwd, ..Facts::default() };
        if let Some(checkout) = &self.checkout {
            facts.take_checkout(checkout);
        }
        if let Some(User { name, email, source }) = &self.user {
            facts.user_name = Some(name);
            facts.user_email = email.as_deref();
            facts.user_source = Some(source.as_str());
        }
        // Strings under fixed keys can always be written down.
        serde_json::to_vec(&Body { vcs: facts }).unwrap_or_default()
    }
}

impl<'a> Facts<'a> {
    fn take_checkout(&mut self, checkout: &'a Checkout) {
        let Repository { url, name, owner, provider } = &checkout.repository;
        let Head { reference, revision } = &checkout.head;
        self.repository_url = url.as_deref();
        self.repository_name = name.as_deref();
        self.owner_name = owner.as_deref();
        self.provider_name = *provider;
        self.revision = revision.as_deref();
        self.worktree = checkout.worktree.as_deref();
        if let Some(Reference { name, kind }) = reference {
            self.ref_name = Some(name);
            self.ref_type = Some(kind.as_str());
        }
    }
}

impl ReferenceKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
        }
    }
}

impl UserSource {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::System => "os",
        }
    }
}
