//! What is said about the repository the agent works in.

/// The state of a working directory at one moment. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository {
    /// The directory that was looked at. Content.
    pub directory: Option<String>,
    /// Address of the remote.
    pub url: Option<String>,
    /// Name of the repository.
    pub name: Option<String>,
    /// Who owns it at its host.
    pub owner: Option<String>,
    /// The host, as the conventions spell it: `github`, `gitlab`, …
    pub provider: Option<String>,
    /// Name of the branch or tag that is checked out.
    pub ref_name: Option<String>,
    /// `branch` or `tag`.
    pub ref_type: Option<String>,
    /// The commit that is checked out.
    pub revision: Option<String>,
    /// Name of the worktree, if it is not the main one.
    pub worktree: Option<String>,
    /// Who commits here, by name. Identity.
    pub user_name: Option<String>,
    /// Who commits here, by e-mail address. Identity.
    pub user_email: Option<String>,
    /// Who says so: `git`, …
    pub user_source: Option<String>,
}
