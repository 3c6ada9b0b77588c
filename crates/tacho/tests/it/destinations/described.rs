//! What the owner's file says of destinations.

use super::shown;
use crate::home::Home;

#[test]
fn every_key_of_a_destination() {
    let home = Home::new();
    home.configure(
        r#"
debug_file = "/tmp/payloads.log"
resource_attributes = { "deployment.environment.name" = "prod", "user.id" = "ada" }

[[destination]]
name = "work"
endpoint = "https://otlp.example.com"
protocol = "http/json"
compression = "none"
timeout_s = 2.5
level = "full"
signals = ["traces"]
sampling = 0.25
sample_errors = false
temporality = "delta"
token = "a-token"
headers = { X-Scope-OrgID = "a" }

[[destination]]
preset = "dash0"
region = "eu-west-1.aws"
token = "a-token"
dataset = "agents"

[[destination]]
preset = "grafana-cloud"
endpoint = "http://localhost:4318"
token = "1:a-token"
signals = ["traces", "logs"]

[[destination]]
kind = "console"
sampling = 0.5

[[destination]]
kind = "file"
path = "/var/log/tacho"
"#,
    );
    insta::assert_snapshot!(shown(&home, &[]));
}

/// Every mistake is told with its line, and with what was perhaps meant; the others are used.
#[test]
fn mistakes_are_told_with_their_lines() {
    let home = Home::new();
    home.configure(
        r#"[[destination]]
endpoint = "https://a.example.com"
protocol = "http/protobof"

[[destination]]
preset = "dash"

[[destination]]
preset = "signoz"

[[destination]]
name = "nowhere"

[[destination]]
kind = "fil"

[[destination]]
kind = "file"
path = "relative"

[[destination]]
endpoint = "https://b.example.com"
sampling = 2

[[destination]]
endpoint = "https://c.example.com"
signals = ["spans"]

[[destination]]
endpoint = "https://d.example.com"
timeout_s = 0

[[destination]]
endpoint = "https://e.example.com"
name = "same"

[[destination]]
endpoint = "https://f.example.com"
name = "same"

[[destination]]
kind = "prometheus"
path = "/tmp/tacho.prom"
temporality = "delta"

[[destination]]
kind = "prometheus"
path = "/tmp/tacho.prom"
signals = ["traces"]
"#,
    );
    insta::assert_snapshot!(shown(&home, &[]));
    home.configure("[[destination]]\nendpoint = \"https://a.example.com\"\ncompresion = \"none\"\n");
    insta::assert_snapshot!(shown(&home, &[]));
}

#[test]
fn destinations_are_typed_into_the_file() {
    let home = Home::new();
    for arguments in [
        &["https://otlp.example.com", "--name", "work", "--signals", "traces,logs", "--sampling", "0.5"][..],
        &["dash0", "--region", "eu-west-1.aws", "--dataset", "agents"],
        &["console"],
        &["file:/var/log/tacho", "--compression", "none", "--timeout-s", "3"],
        &["work", "--temporality", "delta"],
        &["prometheus:/var/lib/node_exporter/textfile/tacho.prom"],
        &["debug:/tmp/payloads.log"],
    ] {
        home.stdout_of(&[&["config", "set", "destination"], arguments].concat());
    }
    home.stdout_of(&["config", "unset", "destination", "debug:/tmp/payloads.log"]);
    insta::assert_snapshot!(std::fs::read_to_string(home.config_file()).unwrap());
    let mut told = String::new();
    for arguments in [
        &["destination", "honeycom"][..],
        &["destination", "console", "--signals", "trace"],
        &["destination", "https://a.example.com", "--preset", "signos"],
        &["tema", "payments"],
    ] {
        let ran = home.run(&[&["config", "set"], arguments].concat());
        told += &format!("{}: {:?}\n{}", arguments.join(" "), ran.code, home.without_place(&ran.stderr));
    }
    insta::assert_snapshot!(told);
}
