//! What every recorded session looks like to its user.

use crate::fixture;
use crate::home::Home;
use tacho_assemble::price::Prices;

/// The reports about one session, whole.
#[track_caller]
fn check(name: &str) {
    let fixture = fixture::load(name);
    let session = fixture.session.clone();
    let home = Home::with([fixture]);
    home.drain();
    let json = home.json_of(&["show", session.as_str(), "--json"]);
    // The list grows; the rows that are there do not change.
    let json = serde_json::to_string_pretty(&json).unwrap().replace(&Prices::list().version(), "<table>");
    let tree = home.stdout_of(&["show", session.as_str()]);
    insta::assert_snapshot!(format!("{name}-tree"), home.without_place(&tree));
    insta::assert_snapshot!(format!("{name}-json"), home.without_place(&json));
}

macro_rules! sessions {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*

        #[test]
        fn no_recorded_session_is_left_out() {
            assert_eq!(fixture::names(), [$(stringify!($name)),*]);
        }
    };
}

sessions![
    bad_request,
    bash,
    bash_fails,
    bash_in_background,
    blocked_by_hook,
    committed,
    compacted,
    denied,
    denied_by_classifier,
    denied_by_mode,
    elicitation,
    files,
    interactive,
    interactive_cleared,
    interrupted,
    killed,
    max_tokens,
    mcp,
    measured,
    nested,
    oldest_version,
    parallel,
    rate_limited,
    refusal,
    server_error,
    subagent,
    subagent_in_background,
    subagents,
    tasks,
    thinking,
    timeout,
    told_twice,
    unauthorised,
];
