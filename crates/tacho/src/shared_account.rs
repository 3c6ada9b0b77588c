//! Accounts that name nobody: those that whole teams and machines share, and every one in a CI job. Where the operating
//! system is all that says who the user is, such an account is no answer.

use std::env;
use tacho_spool::ci;

/// What images of systems, clouds and CI services call their accounts.
const SHARED: &[&str] = &[
    "admin",
    "administrator",
    "azureuser",
    "bitnami",
    "build",
    "builder",
    "buildkite-agent",
    "centos",
    "ci",
    "circleci",
    "cloud-user",
    "cloudshell-user",
    "codebuild-user",
    "codespace",
    "container",
    "core",
    "debian",
    "default",
    "developer",
    "docker",
    "ec2-user",
    "fedora",
    "gitlab-runner",
    "gitpod",
    "guest",
    "jenkins",
    "jovyan",
    "node",
    "nobody",
    "opc",
    "pi",
    "rocky",
    "root",
    "runner",
    "runneradmin",
    "sandbox",
    "teamcity",
    "travis",
    "ubuntu",
    "user",
    "vagrant",
    "vscode",
    "vsts",
];

/// Whether the account's name tells no person, here and now.
pub(crate) fn names_nobody(account: &str) -> bool {
    is_shared(account) || is_ci(|name| env::var(name).ok())
}

fn is_shared(account: &str) -> bool {
    SHARED.contains(&account.to_ascii_lowercase().as_str())
}

/// Whether this is a job of a CI service, by variables. `CI=false` is how some say that it is none.
fn is_ci(variable: impl Fn(&str) -> Option<String>) -> bool {
    let says_so = |value: String| !matches!(value.to_ascii_lowercase().as_str(), "" | "0" | "false");
    ci::VARIABLES.iter().any(|name| variable(name).is_some_and(says_so))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_name_nobody() {
        for (account, expected) in [
            ("root", true),
            ("Runner", true),
            ("ec2-user", true),
            ("ada", false),
            ("", false),
            ("roots", false),
        ] {
            assert_eq!(is_shared(account), expected, "{account}");
        }
        assert!(SHARED.iter().all(|name| name.to_ascii_lowercase() == *name));
    }

    #[test]
    fn jobs_of_ci_services() {
        for (name, value, expected) in [
            ("CI", "true", true),
            ("CI", "1", true),
            ("CI", "false", false),
            ("CI", "", false),
            ("JENKINS_URL", "https://ci.example.com", true),
            ("TERM", "xterm", false),
        ] {
            let is_job = is_ci(|asked| (asked == name).then(|| value.to_owned()));
            assert_eq!(is_job, expected, "{name}={value}");
        }
    }
}
