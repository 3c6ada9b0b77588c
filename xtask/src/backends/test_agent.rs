//! Datadog's test agent, which takes OTLP over all three protocols and tells what it got; and rotel, a collector, before it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::received::Received;
use super::recording::Recording;
use super::running::{Running, free_ports, request};
use super::{Bench, Finding, install};

const VERSION: &str = "1.69.1";
const ROTEL_VERSION: &str = "0.0.1a15";

/// The agent keeps what comes with one value of this header apart from what comes with another.
const SESSION_HEADER: &str = "X-Datadog-Test-Session-Token";

/// A running agent.
pub(super) struct TestAgent {
    _running: Running,
    /// Of Datadog's own protocols.
    pub(super) port: u16,
    http: u16,
    grpc: u16,
    _folder: TempDir,
}

pub(super) fn protobuf(bench: &Bench) -> Result<Vec<Finding>> {
    let agent = TestAgent::start(bench)?;
    agent.compare(bench, "http/protobuf", agent.http)
}

pub(super) fn json(bench: &Bench) -> Result<Vec<Finding>> {
    let agent = TestAgent::start(bench)?;
    agent.compare(bench, "http/json", agent.http)
}

pub(super) fn grpc(bench: &Bench) -> Result<Vec<Finding>> {
    let agent = TestAgent::start(bench)?;
    agent.compare(bench, "grpc", agent.grpc)
}

/// A collector that hands on what it gets to the agent.
pub(super) fn rotel(bench: &Bench) -> Result<Vec<Finding>> {
    let agent = TestAgent::start(bench)?;
    let installed = install::python(&bench.workspace, "rotel", ROTEL_VERSION)?;
    let program = find_below(&installed.join("lib"), "rotel-agent").context("rotel has no rotel-agent")?;
    let [http, grpc] = free_ports()?;
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(program);
    command.args(["start", "--exporter", "otlp", "--otlp-exporter-protocol", "http"]);
    command.args(["--otlp-exporter-endpoint", &format!("http://127.0.0.1:{}", agent.http)]);
    command.args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")]);
    command.args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")]);
    command.arg("--pid-file").arg(folder.path().join("pid"));
    let rotel = Running::start(&mut command, &folder.path().join("log"))?;
    rotel.await_port(http)?;
    let recording = Recording::sent_to(
        bench,
        &format!("endpoint = \"http://127.0.0.1:{http}\"\nprotocol = \"http/protobuf\""),
    )?;
    recording.compare(|| agent.received(None))
}

impl TestAgent {
    pub(super) fn start(bench: &Bench) -> Result<Self> {
        let installed = install::python(&bench.workspace, "ddapm-test-agent", VERSION)?;
        Self::run(Command::new(installed.join("bin/ddapm-test-agent")))
    }

    /// The same with what Datadog ships beside it: LLM Observability's questions, asked of what it got.
    pub(super) fn start_with_questions(bench: &Bench) -> Result<Self> {
        let installed = install::python(&bench.workspace, "ddapm-test-agent", VERSION)?;
        let mut command = Command::new(installed.join("bin/python3"));
        command.args(["-m", "lapdog.server"]);
        Self::run(command)
    }

    fn run(mut command: Command) -> Result<Self> {
        let [port, http, grpc] = free_ports()?;
        let folder = tempfile::tempdir()?;
        command.env("HOME", folder.path());
        command.args(["--host", "127.0.0.1", "--web-ui-port", "0", "--disable-llmobs-data-forwarding"]);
        for (name, port) in [("--port", port), ("--otlp-http-port", http), ("--otlp-grpc-port", grpc)] {
            command.args([name, &port.to_string()]);
        }
        command.arg("--snapshot-dir").arg(folder.path());
        let running = Running::start(&mut command, &folder.path().join("log"))?;
        running.await_answer(port, "/info")?;
        running.await_port(http)?;
        running.await_port(grpc)?;
        Ok(Self { _running: running, port, http, grpc, _folder: folder })
    }

    fn compare(&self, bench: &Bench, protocol: &str, port: u16) -> Result<Vec<Finding>> {
        let destination = format!(
            "endpoint = \"http://127.0.0.1:{port}\"\nprotocol = {protocol:?}\nheaders = {{ {SESSION_HEADER} = \"tacho\" }}"
        );
        let recording = Recording::sent_to(bench, &destination)?;
        recording.compare(|| self.received(Some("tacho")))
    }

    /// All that came with this token, or with none.
    fn received(&self, token: Option<&str>) -> Result<Received> {
        let mut received = Received::default();
        let headers: Vec<(&str, &str)> = token.map(|token| (SESSION_HEADER, token)).into_iter().collect();
        for signal in ["traces", "metrics", "logs"] {
            let path = format!("/test/session/{signal}");
            received.add(&serde_json::from_str(&request(self.http, "GET", &path, &headers, "")?)?);
        }
        Ok(received)
    }
}

/// The first file of this name below a folder.
fn find_below(folder: &Path, name: &str) -> Option<PathBuf> {
    for entry in fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        let found = match path.is_dir() {
            true => find_below(&path, name),
            false => path.file_name().is_some_and(|file| file == name).then_some(path),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}
