//! A program that runs while something is tried with it, and how it is spoken to.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::workspace;

/// How long something may take to begin, or to show what it was sent.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// A program that ends with this value.
pub(super) struct Running {
    child: Mutex<Child>,
    is_group: bool,
    log: PathBuf,
}

impl Running {
    /// Starts one that starts others, which end with it.
    pub(super) fn start_group(command: &mut Command, log: &Path) -> Result<Self> {
        let mut running = Self::start(command.process_group(0), log)?;
        running.is_group = true;
        Ok(running)
    }

    /// Starts it, with all that it says in a file.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        command.stdout(file.try_clone()?).stderr(file);
        let name = command.get_program().to_owned();
        let child = command.spawn().with_context(|| format!("cannot start {}", name.display()))?;
        Ok(Self { child: Mutex::new(child), is_group: false, log: log.to_owned() })
    }

    /// Waits until it answers a request with success.
    pub(super) fn await_answer(&self, port: u16, path: &str) -> Result<()> {
        self.await_that(&format!("an answer to {path}"), || get(port, path).is_ok())
    }

    /// Waits until it listens.
    pub(super) fn await_port(&self, port: u16) -> Result<()> {
        self.await_that("somebody who listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    fn await_that(&self, what: &str, is_so: impl Fn() -> bool) -> Result<()> {
        let found = until(what, || {
            if let Ok(mut child) = self.child.lock()
                && let Some(status) = child.try_wait()?
            {
                bail!("it ended with {status}");
            }
            Ok(is_so().then_some(()))
        });
        found.with_context(|| format!("it said: {}", self.last_words()))
    }

    fn last_words(&self) -> String {
        let said = workspace::read(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().rev().take(10).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            // It may have ended already.
            if self.is_group {
                _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            }
            _ = child.kill();
            _ = child.wait();
        }
    }
}

/// Asks again and again until there is an answer.
pub(super) fn until<Answer>(what: &str, mut ask: impl FnMut() -> Result<Option<Answer>>) -> Result<Answer> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        ensure!(Instant::now() < end, "waited {} s in vain for {what}", PATIENCE.as_secs());
        thread::sleep(LOOK_PAUSE);
    }
}

/// Ports of the loopback that nobody has.
pub(super) fn free_ports<const COUNT: usize>() -> Result<[u16; COUNT]> {
    let mut held = Vec::new();
    let mut ports = [0; COUNT];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// The body of the answer to a GET, which must be a success.
pub(super) fn get(port: u16, path: &str) -> Result<String> {
    request(port, "GET", path, &[], "")
}

/// The same with headers and a body.
pub(super) fn request(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the answer ends with the connection, in one piece.
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a body")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(status.starts_with('2'), "{method} {path} was answered {status}: {body}");
    Ok(body.to_owned())
}

/// The JSON of the answer to a GET.
pub(super) fn get_json(port: u16, path: &str) -> Result<Value> {
    serde_json::from_str(&get(port, path)?).with_context(|| format!("the answer to {path} is no JSON"))
}

/// A text as a part of a URL.
pub(super) fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
