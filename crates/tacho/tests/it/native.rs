//! `tacho install --native-telemetry`: the user's settings of the agent, changed with his word and as they were afterwards.

use crate::installed::Installed;
use crate::receiver::serving::token;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

const ON: &str = "tacho install claude-code --native-telemetry on";
const OFF: &str = "tacho install claude-code --native-telemetry off";

/// A home in which the plugin is installed, and these settings of the user.
fn home_with(settings: &str) -> (Installed, PathBuf) {
    let installed = Installed::plugin();
    let path = installed.place().join(".claude/settings.json");
    fs::write(&path, settings).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    (installed, path)
}

fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

/// The steps about settings of a command that must succeed.
#[track_caller]
fn steps(installed: &Installed, line: &str) -> String {
    let ran = installed.shell(line);
    assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
    let told = installed.home.without_place(&ran.stdout);
    told.lines().filter(|line| line.contains("settings.json")).collect::<Vec<_>>().join("\n")
}

/// What is set is exactly what was told before, and goes again to the last byte, whatever the file looked like.
#[test]
fn on_and_off() {
    for before in [
        "{}",
        "{}\n",
        "{\n  \"enabledPlugins\": {\n    \"tachograph@tachograph\": true\n  }\n}\n",
        "{\"model\":\"opus\",\"env\":{\"A\":\"1\"}}",
        "{\r\n\t\"z\": [1,  2],\r\n\t\"env\": {\r\n\t\t\"A\": \"\\u00fc\"\r\n\t},\r\n\t\"a\": 1.50\r\n}",
        "{\n    \"env\": {},\n    \"b\": {}\n}\n",
        "{\n  \"env\": {\n    \"CLAUDE_CODE_ENABLE_TELEMETRY\": \"1\",\n    \"OTEL_METRICS_EXPORTER\": \"otlp\"\n  }\n}\n",
        "{\n  \"env\": {\n    \"OTEL_LOGS_EXPORT_INTERVAL\": \"9000\"\n  }\n}\n",
    ] {
        let (installed, path) = home_with(before);
        steps(&installed, &format!("{ON} --dry-run"));
        assert_eq!(read(&path), before, "a rehearsal");
        steps(&installed, ON);
        let after: serde_json::Value = serde_json::from_str(&read(&path)).unwrap();
        let env = &after["env"];
        assert_eq!(env["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"], "http://127.0.0.1:4327/v1/logs");
        let header = format!("Authorization=Bearer%20{}", token(&installed.home));
        assert_eq!(env["OTEL_EXPORTER_OTLP_LOGS_HEADERS"], header);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        let set = read(&path);
        assert!(steps(&installed, ON).starts_with("unchanged "), "the second time");
        steps(&installed, "tacho install claude-code");
        assert_eq!(read(&path), set, "without the flag it stays as it is");
        steps(&installed, OFF);
        assert_eq!(read(&path), before, "off");
        steps(&installed, ON);
        assert_eq!(read(&path), set, "on again");
        steps(&installed, "tacho uninstall claude-code");
        assert_eq!(read(&path), before, "uninstalled");
    }
}

/// What is told is what is set; the token is not told.
#[test]
fn what_would_be_set() {
    let (installed, _) = home_with("{}");
    insta::assert_snapshot!(steps(&installed, &format!("{ON} --dry-run")));
    assert_eq!(steps(&installed, &format!("{OFF} --dry-run")), "");
    steps(&installed, ON);
    insta::assert_snapshot!(
        "what_would_be_set_elsewhere",
        steps(&installed, &format!("{ON} --receiver-port 4400 --dry-run"))
    );
    insta::assert_snapshot!("what_would_be_taken_away", steps(&installed, &format!("{OFF} --dry-run")));
}

/// Where nothing was, nothing is left.
#[test]
fn without_a_file() {
    let installed = Installed::plugin();
    let path = installed.place().join(".claude/settings.json");
    fs::remove_file(&path).unwrap();
    steps(&installed, ON);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    steps(&installed, OFF);
    assert!(!path.exists());
}

/// Settings that are kept elsewhere stay there.
#[test]
fn behind_a_link() {
    let (installed, path) = home_with("{}\n");
    let real = installed.place().join("dotfiles.json");
    fs::rename(&path, &real).unwrap();
    symlink(&real, &path).unwrap();
    steps(&installed, ON);
    assert_eq!(fs::read_link(&path).unwrap(), real);
    assert!(read(&real).contains("OTEL_LOGS_EXPORTER"));
    steps(&installed, OFF);
    assert_eq!(read(&real), "{}\n");
}

/// What the user changed of it since is his.
#[test]
fn what_was_changed_since_stays() {
    let (installed, path) = home_with("{\"model\":\"opus\"}");
    steps(&installed, ON);
    fs::write(&path, read(&path).replace("\"otlp\"", "\"console\"")).unwrap();
    assert_eq!(installed.shell(ON).code, Some(2));
    steps(&installed, "tacho uninstall claude-code");
    assert_eq!(read(&path), "{\"model\":\"opus\",\"env\":{\"OTEL_LOGS_EXPORTER\":\"console\"}}");
}

/// Who has it go elsewhere since, or other telemetry go with it, still needs the rest.
#[test]
fn what_is_built_upon_stays() {
    let (installed, path) = home_with("{}");
    steps(&installed, ON);
    let elsewhere = read(&path).replace("http://127.0.0.1:4327/v1/logs", "https://otlp.example.com");
    fs::write(&path, &elsewhere).unwrap();
    steps(&installed, OFF);
    assert_eq!(read(&path), elsewhere);

    let (installed, path) = home_with("{}");
    steps(&installed, ON);
    let mut settings: serde_json::Value = serde_json::from_str(&read(&path)).unwrap();
    settings["env"]["OTEL_METRICS_EXPORTER"] = "otlp".into();
    fs::write(&path, settings.to_string()).unwrap();
    steps(&installed, OFF);
    let left: serde_json::Value = serde_json::from_str(&read(&path)).unwrap();
    let expected =
        serde_json::json!({ "OTEL_METRICS_EXPORTER": "otlp", "CLAUDE_CODE_ENABLE_TELEMETRY": "1" });
    assert_eq!(left["env"], expected);
}

/// Of two members of one name the last counts, and a number is its digits, as for the agent.
#[test]
fn what_is_told_is_what_counts() {
    let (installed, path) = home_with(r#"{"env":{},"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":1}}"#);
    steps(&installed, ON);
    assert!(read(&path).contains("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"));
    let health = installed.tacho(&["doctor"]).stdout;
    assert!(health.contains("the drainer that a hook starts listens at 127.0.0.1:4327"), "{health}");
}

/// Whoever takes all of it out himself has switched it off.
#[test]
fn taken_out_by_hand() {
    let (installed, path) = home_with("{}");
    steps(&installed, ON);
    let health = || installed.tacho(&["doctor"]).stdout;
    assert!(health().contains("the drainer that a hook starts listens at 127.0.0.1:4327"));
    fs::write(&path, "{}").unwrap();
    assert!(health().contains("claude-code is not told to send its own here"));
    steps(&installed, OFF);
    assert_eq!(
        (read(&path).as_str(), installed.home.state().join("native-telemetry.json").exists()),
        ("{}", false)
    );
}

/// Another port and a lost token are set anew, in the place of what was set.
#[test]
fn set_anew() {
    let before = "{\n  \"model\": \"opus\"\n}\n";
    let (installed, path) = home_with(before);
    steps(&installed, ON);
    steps(&installed, &format!("{ON} --receiver-port 4400"));
    assert!(read(&path).contains("http://127.0.0.1:4400/v1/logs"));
    fs::remove_dir_all(installed.home.state()).unwrap();
    steps(&installed, ON);
    assert!(read(&path).contains("http://127.0.0.1:4400/v1/logs"), "the port stays");
    assert!(read(&path).contains(&token(&installed.home)));
    steps(&installed, OFF);
    assert_eq!(read(&path), before);
}

/// Whoever sends his logs elsewhere keeps them, and nothing at all is changed.
#[test]
fn what_is_not_touched() {
    let elsewhere = r#"{"env":{"OTEL_LOGS_EXPORTER":"otlp","OTEL_EXPORTER_OTLP_LOGS_ENDPOINT":"https://otlp.example.com"}}"#;
    for (name, settings) in [
        ("logs_go_elsewhere", elsewhere),
        (
            "logs_go_where_all_goes",
            r#"{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"1","OTEL_LOGS_EXPORTER":"otlp","OTEL_EXPORTER_OTLP_ENDPOINT":"http://collector:4317"}}"#,
        ),
        ("others_would_wake", r#"{"env":{"OTEL_METRICS_EXPORTER":"otlp"}}"#),
        ("switched_off", r#"{"env":{"CLAUDE_CODE_ENABLE_TELEMETRY":"0"}}"#),
        ("no_json", "{\"env\":{},}"),
        ("no_object", "[]"),
        ("no_variables", r#"{"env":"A=1"}"#),
    ] {
        let (installed, path) = home_with(settings);
        let told = installed.told();
        let ran = installed.shell(ON);
        insta::assert_snapshot!(name, installed.home.without_place(&ran.stderr));
        assert_eq!((ran.code, read(&path).as_str()), (Some(2), settings));
        assert_eq!(installed.told(), told, "{name}");
        assert_eq!(installed.shell("tacho uninstall claude-code").code, Some(0), "{name}");
        assert_eq!(read(&path), settings);
    }
}
