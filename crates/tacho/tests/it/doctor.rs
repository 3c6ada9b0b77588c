//! `tacho doctor`: faults planted one by one. It finds exactly that one, and its own advice, followed to the letter, mends
//! it.

use crate::fixture;
use crate::installed::Installed;
use crate::receiver::serving::free_port;
use serde_json::json;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};
use tacho_spool::lock::DrainLock;
use tacho_spool::loss;
use tacho_spool::read::segments;
use tacho_spool::state::State;
use tacho_testkit::otlp::{Answer, Receiver, Signal};

const OUR_PLUGIN: &str = "tachograph@tachograph";

/// Words before which a number is another in every run.
const COUNTED: [&str; 7] = ["B", "KiB", "MiB", "GiB", "%", "time", "times"];

/// A home in which all is well: the plugin is installed, a session was recorded and sent.
struct Patient {
    installed: Installed,
    receiver: Receiver,
}

impl Patient {
    fn healthy() -> Self {
        let installed = Installed::plugin();
        let receiver = Receiver::start().unwrap();
        installed.home.record(fixture::load("bash").an_hour_ago());
        let patient = Self { installed, receiver };
        fs::write(patient.place().join("token"), "a-token\n").unwrap();
        patient.follow(&format!(
            "tacho config set destination {} --token-stdin < token",
            patient.receiver.url()
        ));
        patient.follow("tacho drain --once");
        patient.is_well();
        patient
    }

    fn place(&self) -> PathBuf {
        self.installed.place()
    }

    fn in_state(&self, name: &str) -> PathBuf {
        self.installed.home.state().join(name)
    }

    /// Runs a command that must succeed.
    #[track_caller]
    fn follow(&self, line: &str) {
        let ran = self.installed.shell(line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
    }

    #[track_caller]
    fn is_well(&self) {
        let ran = self.installed.tacho(&["doctor"]);
        let ailing: Vec<&str> = ran.stdout.lines().filter(|line| !line.starts_with("ok ")).collect();
        let details = ailing.iter().all(|line| line.starts_with("       "));
        assert_eq!((ran.code, ran.stderr.as_str(), details), (Some(0), "", true), "{}", ran.stdout);
    }

    /// Compares all that doctor says, and returns what it advises about the one finding.
    #[track_caller]
    fn advice(&self, name: &str) -> String {
        let ran = self.installed.tacho(&["doctor"]);
        insta::assert_snapshot!(name, self.without_circumstances(&ran.stdout));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), "error: one thing is to be mended\n"));
        let advice: Vec<&str> =
            ran.stdout.lines().filter_map(|line| line.split_once(" do:  ")).map(|(_, do_)| do_).collect();
        let [advice] = advice[..] else { panic!("{advice:?}") };
        advice.to_owned()
    }

    /// The same, and the advice is a command.
    #[track_caller]
    fn is_mended_by_command(&self, name: &str) {
        let advice = self.advice(name);
        self.follow(&advice);
        self.is_well();
    }

    /// A text without places, times, sizes and numbers that are others in every run.
    fn without_circumstances(&self, text: &str) -> String {
        let text = self.installed.home.without_place(text).replace(&self.receiver.url(), "[receiver]");
        let mut lines = Vec::new();
        for line in text.lines() {
            let mut words: Vec<String> = Vec::new();
            for word in line.split(' ') {
                let is_counted = COUNTED.contains(&word.trim_matches(['(', ')', ',']));
                let is_pid = words.last().is_some_and(|last| last == "kill");
                let is_quota = words.last().is_some_and(|last| last.ends_with("_mib"));
                if let Some(number) = words.last_mut().filter(|_| is_counted) {
                    *number = "N".to_owned();
                }
                words.push(match word {
                    _ if is_pid => "PID".to_owned(),
                    _ if is_quota => "N".to_owned(),
                    "time" | "times" => "times".to_owned(),
                    other => long_numbers_masked(other),
                });
            }
            lines.push(words.join(" "));
        }
        lines.join("\n")
    }
}

/// Dates, times and every number of five digits and more as `N`.
fn long_numbers_masked(word: &str) -> String {
    let is_time = |part: &str| {
        part.len() >= 8 && part.chars().all(|letter| letter.is_ascii_digit() || "-:".contains(letter))
    };
    if is_time(word.trim_end_matches(',')) {
        return "TIME".to_owned();
    }
    let mut masked = String::new();
    let mut digits = String::new();
    for letter in word.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        masked.push_str(if digits.len() >= 5 { "N" } else { &digits });
        digits.clear();
        masked.extend((letter != '\0').then_some(letter));
    }
    masked
}

fn set_modified(path: &Path, at: SystemTime) {
    File::open(path).unwrap().set_modified(at).unwrap();
}

fn append(path: &Path, text: &str) {
    File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn the_audit_policy_cannot_be_read() {
    let patient = Patient::healthy();
    let session = fixture::load("bash").session;
    patient.follow(&format!("tacho audit hold {}", session.as_str()));
    patient.follow("tacho audit retain 6y");
    let policy = fs::read_to_string(patient.in_state("audit/policy.json")).unwrap();
    fs::write(patient.in_state("audit/policy.json"), "nonsense").unwrap();
    patient.is_mended_by_command("the_audit_policy_cannot_be_read");
    let again = fs::read_to_string(patient.in_state("audit/policy.json")).unwrap();
    assert_eq!(without_seconds(&again), without_seconds(&policy));
}

/// What is held since a time is held since then by the log, too, where a moment passed in between.
fn without_seconds(policy: &str) -> Vec<&str> {
    policy.lines().filter(|line| !line.contains("\"since\"")).collect()
}

#[test]
fn the_audit_log_is_damaged() {
    let patient = Patient::healthy();
    fs::write(patient.in_state("audit/log/checkpoint"), "nonsense").unwrap();
    patient.is_mended_by_command("the_audit_log_is_damaged");
}

#[test]
fn a_healthy_installation() {
    let patient = Patient::healthy();
    let ran = patient.installed.tacho(&["doctor", "--probe"]);
    insta::assert_snapshot!(patient.without_circumstances(&ran.stdout));
    assert_eq!(ran.code, Some(0));
}

#[test]
fn nothing_is_installed() {
    let installed = Installed::nothing();
    let ran = installed.tacho(&["doctor"]);
    assert_eq!(ran.code, Some(3));
    let wrong: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("WRONG")).collect();
    assert_eq!(wrong, ["WRONG  plugin         claude-code has no plugin of ours"]);
}

#[test]
fn what_is_wrong_with_the_installation() {
    let patient = Patient::healthy();
    let plugin = patient.installed.folder().join("plugins/claude-code");

    fs::remove_file(plugin.join("bin/tacho-hook")).unwrap();
    patient.is_mended_by_command("a_program_is_missing");

    fs::set_permissions(plugin.join("bin/tacho-hook"), Permissions::from_mode(0o600)).unwrap();
    patient.is_mended_by_command("a_program_may_not_be_started");

    fs::write(plugin.join("bin/tacho-hook"), "#!/bin/sh\n").unwrap();
    patient.is_mended_by_command("a_program_does_nothing");

    patient.installed.note_plugins(&[OUR_PLUGIN], &json!({ "disableAllHooks": true }));
    let advice = patient.advice("hooks_are_switched_off");
    let settings = patient.place().join(".claude/settings.json");
    assert_eq!(advice, format!("edit {}: take out disableAllHooks", settings.display()));
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("\"disableAllHooks\":true,", "")).unwrap();
    patient.is_well();

    patient.installed.note_plugins(&[OUR_PLUGIN, "tachograph@elsewhere"], &json!({}));
    let advice = patient.advice("there_are_two_copies");
    patient.follow(&advice);
    assert!(patient.installed.told().ends_with("plugin uninstall tachograph@elsewhere --scope user\n"));
    // What the real CLI does then.
    patient.installed.note_plugins(&[OUR_PLUGIN], &json!({}));
    patient.is_well();

    let long_ago = SystemTime::now() - Duration::from_secs(3 * 3600);
    let transcript = patient.place().join(".claude/projects/-project/session.jsonl");
    fs::create_dir_all(transcript.parent().unwrap()).unwrap();
    fs::write(&transcript, "{}\n").unwrap();
    for segment in segments(&patient.installed.home.state()).unwrap() {
        set_modified(&segment, long_ago);
    }
    set_modified(&patient.installed.folder(), long_ago);
    assert_eq!(
        patient.advice("the_agent_works_unrecorded"),
        "type /reload-plugins in sessions that run already, or start them anew"
    );
    patient.installed.home.record(fixture::load("denied").an_hour_ago());
    patient.follow("tacho drain --once");
    patient.is_well();
}

#[test]
fn what_is_wrong_with_the_configuration() {
    let patient = Patient::healthy();
    let config = patient.installed.home.config_file();

    let sound = fs::read_to_string(&config).unwrap();
    append(&config, "levle = \"a-secret\"\n");
    let advice = patient.advice("the_configuration_has_an_unknown_key");
    assert_eq!(advice, format!("edit {}: mend or take out what is named", config.display()));
    fs::write(&config, sound).unwrap();
    patient.is_well();

    fs::set_permissions(&config, Permissions::from_mode(0o644)).unwrap();
    patient.is_mended_by_command("a_token_can_be_read_by_others");

    patient.follow("tacho config set retention.store_mib 1000000000");
    let advice = patient.advice("more_may_be_recorded_than_the_disk_has_room_for");
    patient.follow(advice.split_once("or keep less: ").unwrap().1);
    patient.is_well();
    // What is there already does not grow, blobs among it.
    patient.follow("tacho config set retention.spool_mib 10000000");
    let blobs = patient.in_state("blobs");
    fs::create_dir_all(&blobs).unwrap();
    File::create(blobs.join("sparse")).unwrap().set_len(10_000_000 * 1024 * 1024).unwrap();
    patient.is_well();
    fs::remove_file(blobs.join("sparse")).unwrap();
    patient.follow("tacho config unset retention.spool_mib");

    fs::set_permissions(patient.installed.home.state(), Permissions::from_mode(0o755)).unwrap();
    patient.is_mended_by_command("the_state_can_be_entered_by_others");

    let led_to = patient.in_state("config.toml");
    fs::write(&led_to, "[[destination]]\nendpoint = \"http://192.0.2.1:4318\"\n").unwrap();
    patient.advice("a_destination_is_refused");
    fs::remove_file(led_to).unwrap();
    patient.is_well();
}

#[test]
fn what_is_wrong_with_the_variables() {
    let patient = Patient::healthy();
    let wrong = "export TACHO_TRACEPARENT=00-1-2-01;";
    let ran = patient.installed.shell(&format!("{wrong} tacho doctor"));
    insta::assert_snapshot!("a_parent_is_none", patient.without_circumstances(&ran.stdout));
    assert_eq!(ran.code, Some(3));
    patient.follow(&format!("{wrong} unset TACHO_TRACEPARENT; tacho doctor"));
}

#[test]
fn what_is_wrong_with_the_project() {
    let patient = Patient::healthy();
    let file = patient.place().join(".claude/tachograph.local.md");
    fs::write(&file, "---\nagent_name: another\n---\n").unwrap();
    let advice = patient.advice("a_projects_file_is_not_trusted");
    assert_eq!(
        advice,
        format!("tacho trust {}, if you wrote it; else take it out of the file", file.display())
    );
    fs::write(&file, "---\nomit_oi: true\n---\n").unwrap();
    patient.advice("a_projects_file_says_what_none_may");
    fs::write(&file, "---\nomit_io: true\n---\n").unwrap();
    patient.is_well();
}

#[test]
fn what_is_wrong_with_the_destination() {
    let patient = Patient::healthy();
    let home = &patient.installed.home;

    patient.receiver.answer_next(Signal::Traces, Answer::error(401));
    home.record(fixture::load("denied").an_hour_ago());
    assert_eq!(patient.installed.tacho(&["drain", "--once"]).code, Some(1));
    patient.is_mended_by_command("the_token_is_wrong");

    fs::write(patient.in_state("dead-letters.jsonl"), "{}\n").unwrap();
    let advice = patient.advice("requests_were_refused_for_good");
    patient.follow(advice.split_once("or forget it: ").unwrap().1);
    patient.is_well();

    patient.receiver.answer_next(Signal::Traces, Answer::error(500));
    patient.receiver.answer_next(Signal::Logs, Answer::error(500));
    home.record(fixture::load("files").an_hour_ago());
    assert_eq!(patient.installed.tacho(&["drain", "--once"]).code, Some(1));
    let ran = patient.installed.tacho(&["doctor"]);
    insta::assert_snapshot!("a_destination_refuses_all_it_gets", patient.without_circumstances(&ran.stdout));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), "error: 2 things are to be mended\n"));
    patient.follow("tacho drain --once --dead-letters");
    patient.is_well();

    // A port that no other test is given while nobody listens on it: those come from the ephemeral range.
    let ports = (0..1000).map(|number| 28_000 + (std::process::id() as u16 % 3 * 1000) + number);
    let down =
        ports.map(|port| Receiver::start_at(([127, 0, 0, 1], port).into())).find_map(Result::ok).unwrap();
    let (url, address) = (down.url(), down.address());
    drop(down);
    patient.follow(&format!("tacho config set destination {url}"));
    assert_eq!(patient.installed.tacho(&["drain", "--once", "--timeout", "1"]).code, Some(1));
    let advice = patient.advice("nobody_answers");
    assert_eq!(advice, format!("see that {url} answers; then tacho drain --once"));
    let _up = Receiver::start_at(address).unwrap();
    patient.follow("tacho drain --once");
    patient.is_well();

    patient.follow(&format!("tacho config unset destination {url}"));
    patient.is_well();
}

#[test]
fn what_is_wrong_with_the_agents_own_telemetry() {
    let patient = Patient::healthy();
    let port = free_port();
    patient.follow(&format!("tacho install claude-code --native-telemetry on --receiver-port {port}"));
    patient.is_well();
    let settings = patient.place().join(".claude/settings.json");

    // Whoever listens there, it is not us.
    let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    patient.is_mended_by_command("another_program_has_the_port");
    drop(stranger);
    patient.is_well();

    fs::remove_file(patient.in_state("keys/receiver")).unwrap();
    patient.is_mended_by_command("the_agent_was_told_another_token");

    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("OTEL_LOGS_EXPORTER", "OTEL_LOGS")).unwrap();
    patient.is_mended_by_command("of_what_the_agent_was_told_something_is_gone");

    patient.follow("tacho install claude-code --native-telemetry off");
    patient.is_well();
}

#[test]
fn what_is_wrong_with_the_spool() {
    let patient = Patient::healthy();
    let home = &patient.installed.home;

    home.record(fixture::load("denied").an_hour_ago());
    patient.is_mended_by_command("nobody_takes_the_spool_in");

    let segment = segments(&home.state()).unwrap().remove(0);
    append(&segment, "\n{\"v\":1,\"t\":17\n");
    patient.follow("tacho drain --once");
    patient.is_mended_by_command("a_line_is_damaged");

    let state = State::open(&home.state()).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    loss::count(&state, 1, "errno28", now).unwrap();
    let advice = patient.advice("records_were_lost");
    patient.follow(advice.strip_prefix("mend that, then forget it: ").unwrap());
    patient.is_well();

    let mut holder = lock_holder(&state);
    patient.is_mended_by_command("the_lock_is_held_by_who_does_not_answer");
    assert!(!holder.wait().unwrap().success());
}

/// A process that holds the drainer's lock and is no drainer.
fn lock_holder(state: &State) -> Child {
    let mut command = Command::new("flock");
    command.arg("--no-fork").arg(state.path().join("drain.lock")).args(["sleep", "1000"]);
    let child = command.spawn().unwrap();
    while DrainLock::try_acquire(state).unwrap().is_some() {
        std::thread::yield_now();
    }
    child
}

#[test]
fn what_is_wrong_with_the_store() {
    let patient = Patient::healthy();
    let store = patient.installed.home.store_file();

    let sound = fs::read(&store).unwrap();
    fs::write(
        &store,
        "not a database, and long enough to be looked at as one by whoever opens it".repeat(20),
    )
    .unwrap();
    patient.is_mended_by_command("the_store_is_damaged");

    // The schema's number is the header's field at offset 60 (SQLite's file format, section 1.3).
    let mut newer = sound;
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&store, newer).unwrap();
    let advice = patient.advice("the_store_is_newer");
    patient.follow(advice.split_once("what the spool still has: ").unwrap().1);
    patient.is_well();
}
