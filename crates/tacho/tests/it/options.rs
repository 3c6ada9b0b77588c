//! The plugin's options on a terminal, where no hook hands them on: they are read where the CLI keeps them.

use crate::fixture;
use crate::installed::Installed;
use serde_json::{Value as Json, json};
use tacho_testkit::otlp::Receiver;

const PLUGIN: &str = "tachograph@tachograph";
const OTHER: &str = "other@other";

/// Writes down what the CLI keeps of options, in this directory below the home.
fn keep(installed: &Installed, directory: &str, endpoint: &str) {
    let options = json!({ "OTLP_ENDPOINT": endpoint, "DATASET": "a-dataset", "AGENT_NAME": "an-agent" });
    let other = json!({ "OTLP_ENDPOINT": "http://127.0.0.1:1" });
    let configs: Json = json!({ PLUGIN: { "options": options }, OTHER: { "options": other } });
    let settings = json!({ "pluginConfigs": configs, "enabledPlugins": { PLUGIN: true } });
    installed.write(&format!("{directory}/settings.json"), &settings);
    let secrets = json!({ "pluginSecrets": { PLUGIN: { "AUTH_TOKEN": "a-token" } } });
    installed.write(&format!("{directory}/.credentials.json"), &secrets);
}

fn recorded() -> Installed {
    let installed = Installed::plugin();
    installed.home.record(fixture::load("bash").an_hour_ago());
    installed
}

/// What a command says, without places.
#[track_caller]
fn told(installed: &Installed, line: &str, receiver: &str) -> String {
    let ran = installed.shell(line);
    installed.home.without_place(&ran.stdout).replace(receiver, "[receiver]")
}

/// The lines of the status that are about sending.
#[track_caller]
fn sending(installed: &Installed, variables: &str, receiver: &str) -> String {
    let status = told(installed, &format!("{variables} tacho status"), receiver);
    let is_meant =
        |line: &&str| ["sends to", "not used", "waits"].iter().any(|start| line.starts_with(start));
    status.lines().filter(is_meant).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_options_count_on_a_terminal() {
    let (installed, receiver) = (recorded(), Receiver::start().unwrap());
    keep(&installed, ".claude", &receiver.url());
    assert_eq!(installed.tacho(&["drain", "--once"]).code, Some(0));
    let requests = receiver.item_requests();
    assert_eq!(requests.iter().map(|request| request.spans.len()).sum::<usize>(), 4);
    let headers = ["authorization", "dash0-dataset"];
    for request in &requests {
        assert_eq!(headers.map(|name| request.header(name)), [Some("Bearer a-token"), Some("a-dataset")]);
    }
    insta::assert_snapshot!(sending(&installed, "", &receiver.url()), @"sends to   [receiver]: 12 delivered, 0 waiting, 0 rejected");
    insta::assert_snapshot!(told(&installed, "tacho config show", &receiver.url()));
    let ran = installed.tacho(&["install", "claude-code"]);
    let telemetry = ran.stdout.lines().find(|line| line.starts_with("Telemetry")).unwrap();
    insta::assert_snapshot!(
        installed.home.without_place(telemetry).replace(&receiver.url(), "[receiver]"),
        @"Telemetry goes to [receiver] at level metadata (names, numbers, times and outcomes; no prompt, answer, argument or result); named in [home]/.claude/settings.json."
    );
}

/// Whoever sets the variable is unknown, wherever it leads.
#[test]
fn a_configuration_that_was_moved_is_nobodys_word() {
    let (installed, receiver) = (recorded(), Receiver::start().unwrap());
    keep(&installed, ".claude", "http://127.0.0.1:2");
    keep(&installed, "moved", &receiver.url());
    let moved = "CLAUDE_CONFIG_DIR=$HOME/moved";
    insta::assert_snapshot!(sending(&installed, moved, &receiver.url()), @"sends to   [receiver]: 0 delivered, 0 waiting, 0 rejected");
    keep(&installed, "moved", "https://otlp.example.com");
    insta::assert_snapshot!(
        sending(&installed, moved, &receiver.url()),
        @"not used   [home]/moved/settings.json: https://otlp.example.com is not on this machine, and what the environment says may come from a repository; if you named it, say so: tacho trust, with the address"
    );
    let ran = installed.shell(&format!("{moved} tacho install claude-code"));
    let telling: Vec<&str> = ran.stdout.lines().filter(|line| line.contains("otlp.example.com")).collect();
    insta::assert_snapshot!(
        installed.home.without_place(&telling.join("\n")),
        @"Not used, from [home]/moved/settings.json: https://otlp.example.com is not on this machine, and what the environment says may come from a repository; if you named it, say so: tacho trust, with the address"
    );
}

#[test]
fn what_a_hook_was_handed_counts_beside_what_is_kept() {
    let installed = recorded();
    let (kept, handed) = (Receiver::start().unwrap(), Receiver::start().unwrap());
    keep(&installed, ".claude", &kept.url());
    let variables =
        format!("CLAUDE_PLUGIN_OPTION_OTLP_ENDPOINT={} CLAUDE_PLUGIN_OPTION_TEAM=x", handed.url());
    assert_eq!(installed.shell(&format!("{variables} tacho drain --once")).code, Some(0));
    let token = |receiver: &Receiver| receiver.item_requests()[0].header("authorization").map(str::to_owned);
    assert_eq!([token(&kept), token(&handed)], [Some("Bearer a-token".to_owned()), None]);
}
