//! How a job of a CI service is known: in one, an account names nobody.

/// Variables by which jobs of CI services know where they are. The hook hands them on to the drainer that it starts.
pub const VARIABLES: [&str; 8] = [
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "BUILDKITE",
    "TF_BUILD",
    "TEAMCITY_VERSION",
    "CODEBUILD_BUILD_ID",
];
