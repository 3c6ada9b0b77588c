//! Metrics: what is counted is what was recorded, once, whatever restarts, is said again or is made again.

use crate::fixture;
use crate::home::Home;
use crate::receiver::client::Request;
use crate::receiver::serving::Serving;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use prost::Message as _;
use std::collections::BTreeMap;
use tacho_testkit::otlp::{Receiver, Signal};

/// What Prometheus would get.
fn scraped(serving: &Serving) -> String {
    let mut request = Request::json("").with("accept", "text/plain");
    (request.method, request.path) = ("GET".to_owned(), "/metrics".to_owned());
    let answer = request.send(serving.port);
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).unwrap()
}

/// Its samples, by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        (series.to_owned(), value.parse().unwrap())
    };
    lines.map(sample).collect()
}

/// The sum of all series of this name, those with this label alone if one is said.
fn sum(samples: &BTreeMap<String, f64>, name: &str, label: &str) -> f64 {
    let of_name = samples.iter().filter(|(series, _)| series.split('{').next() == Some(name));
    of_name.filter(|(series, _)| series.contains(label)).map(|(_, value)| value).sum()
}

/// What was counted, without what is so only at the moment.
fn counted(text: &str) -> String {
    let is_counted = |line: &&str| {
        let name = line.split(['{', ' ']).next().unwrap();
        let is_of_moment = [
            "_active",
            "_repeated_failures",
            "_max_usd",
            "_waiting",
            "_max_seconds",
            "_rate",
            "_p99",
            "_used",
        ];
        !line.starts_with('#')
            && !line.starts_with("tachograph_")
            && !name.contains("_used_max")
            && !is_of_moment.iter().any(|end| name.ends_with(end))
    };
    text.lines().filter(is_counted).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_prometheus_gets() {
    let home = Home::new();
    let serving = Serving::start(&home);
    assert_eq!(counted(&scraped(&serving)), "", "nothing happened yet");
    for name in ["committed", "denied", "mcp", "rate_limited", "subagent"] {
        home.record(fixture::load(name).an_hour_ago());
    }
    home.drain();
    let first = samples(&scraped(&serving));
    assert_eq!(sum(&first, "claude_session_count_total", ""), 0.0, "a series begins with nothing");
    assert!(first.keys().any(|series| series.starts_with("claude_session_count_total")));
    let text = scraped(&serving);
    let user = samples(&text);
    let user = user.keys().find_map(|series| series.split("user_hash=\"").nth(1)?.split('"').next());
    let text = counted(&text).replace(user.unwrap_or("nobody"), "[user]");
    insta::assert_snapshot!("what_prometheus_gets", text);
}

/// Every sum is the one that `tacho cost` and `tacho sessions` show.
#[test]
fn sums_are_those_of_the_reports() {
    let home = Home::with(fixture::all().into_iter().map(fixture::Fixture::an_hour_ago));
    home.drain();
    let serving = Serving::start(&home);
    let samples = samples(&scraped(&serving));
    let totals = home.json_of(&["cost", "--json"])["totals"].clone();
    let number = |name: &str| totals[name].as_i64().unwrap() as f64;
    let tokens = |class: &str| sum(&samples, "claude_tokens_input", &format!("type=\"{class}\""));
    assert_eq!(tokens("input"), number("input_tokens"));
    assert_eq!(tokens("cache_read"), number("cache_read_tokens"));
    assert_eq!(tokens("cache_write_5m"), number("cache_write_5m_tokens"));
    assert_eq!(tokens("cache_write_1h"), number("cache_write_1h_tokens"));
    assert_eq!(sum(&samples, "claude_tokens_output", ""), number("output_tokens"));
    let nanos = (sum(&samples, "claude_cost_usd_total", "") * 1e9).round();
    assert_eq!(nanos, number("cost_usd_nanos"));
    assert_eq!(sum(&samples, "claude_llm_unpriced_calls_total", ""), number("unpriced_calls"));
    let list = home.json_of(&["sessions", "--json"]);
    let of_sessions = |name: &str| {
        let sessions = list["sessions"].as_array().unwrap();
        sessions.iter().map(|session| session[name].as_u64().unwrap()).sum::<u64>() as f64
    };
    assert_eq!(
        sum(&samples, "claude_session_count_total", ""),
        list["sessions"].as_array().unwrap().len() as f64
    );
    let refusals = sum(&samples, "claude_tool_refusals_total", "");
    assert_eq!(sum(&samples, "claude_tool_calls_total", "") + refusals, of_sessions("tool_calls"));
    assert_eq!(sum(&samples, "claude_tool_errors_total", "") + refusals, of_sessions("tool_errors"));
    assert_eq!(sum(&samples, "claude_llm_calls_total", ""), of_sessions("llm_calls"));
}

#[test]
fn what_is_made_again_counts_once() {
    let home = Home::with([fixture::load("subagents").an_hour_ago()]);
    home.drain();
    let of_home = |home: &Home| counted(&scraped(&Serving::start(home)));
    let before = of_home(&home);
    home.stdout_of(&["rebuild"]);
    assert_eq!(of_home(&home), before);
    home.drain();
    assert_eq!(of_home(&home), before);
}

/// What was over long ago when it was found is in the reports, and no rise of today.
#[test]
fn what_is_found_again_is_no_rise() {
    let home = Home::with([fixture::load("subagents")]);
    home.drain();
    let samples = samples(&scraped(&Serving::start(&home)));
    assert_eq!(sum(&samples, "claude_session_count_total", ""), 0.0);
    assert_eq!(sum(&samples, "claude_cost_usd_total", ""), 0.0);
}

/// The points of a series in the order of their arrival: when it began, when that was so, and the value.
fn points_of(receiver: &Receiver, name: &str) -> Vec<(bool, f64)> {
    let mut points = Vec::new();
    for request in receiver.requests().iter().filter(|request| request.signal == Signal::Metrics) {
        let message = ExportMetricsServiceRequest::decode(request.body.as_slice()).unwrap();
        let metrics = message.resource_metrics.into_iter().flat_map(|of| of.scope_metrics);
        for metric in metrics.flat_map(|scope| scope.metrics).filter(|metric| metric.name == name) {
            let Some(Data::Sum(sum)) = metric.data else { panic!("{metric:?}") };
            for point in sum.data_points {
                let value = match point.value.unwrap() {
                    Value::AsInt(value) => value as f64,
                    Value::AsDouble(value) => value,
                };
                points.push((point.start_time_unix_nano == point.time_unix_nano, value));
            }
        }
    }
    points
}

#[test]
fn a_destination_sees_every_series_begin() {
    let (home, receiver) = (Home::new(), Receiver::start().unwrap());
    home.configure(&format!("[[destination]]\nendpoint = {:?}\n", receiver.url()));
    home.drain();
    home.record(fixture::load("subagent").an_hour_ago());
    home.drain();
    home.drain();
    assert_eq!(points_of(&receiver, "claude.session.count"), [(true, 0.0), (false, 1.0)]);
    home.record(fixture::load("denied").an_hour_ago());
    home.drain();
    assert_eq!(
        points_of(&receiver, "claude.session.count"),
        [(true, 0.0), (false, 1.0), (false, 2.0)],
        "and is told again when it grows"
    );
    assert_eq!(receiver.problems(), Vec::<String>::new());
}

/// What was counted before anybody was told is where its series begin: none of it is a rise.
#[test]
fn a_new_destination_sees_no_rise() {
    let (home, receiver) =
        (Home::with([fixture::load("subagent").an_hour_ago()]), Receiver::start().unwrap());
    home.drain();
    home.configure(&format!("[[destination]]\nendpoint = {:?}\n", receiver.url()));
    home.drain();
    assert_eq!(points_of(&receiver, "claude.session.count"), [(false, 1.0)]);
}

/// A destination is told differences from when it began to be told so, and each once.
#[test]
fn differences_are_told_once() {
    let (home, receiver) = (Home::new(), Receiver::start().unwrap());
    let configure = |temporality: &str| {
        let text =
            format!("[[destination]]\nendpoint = {:?}\ntemporality = {temporality:?}\n", receiver.url());
        home.configure(&text);
    };
    configure("cumulative");
    home.drain();
    home.record(fixture::load("subagent").an_hour_ago());
    home.drain();
    configure("delta");
    home.drain();
    home.record(fixture::load("denied").an_hour_ago());
    home.drain();
    home.drain();
    home.record(fixture::load("bash").an_hour_ago());
    home.drain();
    let told: Vec<f64> =
        points_of(&receiver, "claude.session.count").into_iter().map(|(_, value)| value).collect();
    assert_eq!(told, [0.0, 1.0, 1.0, 1.0]);
}

/// What its project wants kept here is in no metric, also when it is let go later.
#[test]
fn what_is_kept_back_is_not_counted() {
    let home = Home::new();
    let project = home.path().join("project");
    std::fs::create_dir_all(project.join(".claude")).unwrap();
    let file = project.join(".claude/tachograph.local.md");
    std::fs::write(&file, "---\nenabled: false\n---\n").unwrap();
    home.record_in(&project, fixture::load("subagent").an_hour_ago());
    home.drain();
    let text = scraped(&Serving::start(&home));
    assert_eq!(sum(&samples(&text), "claude_session_count_total", ""), 0.0);
    assert!(!text.contains("tool=\""), "{text}");
}

/// The audit log is known by how long it is, wherever somebody keeps that.
#[test]
fn how_long_the_audit_log_is() {
    let home = Home::with([fixture::load("subagent").an_hour_ago()]);
    home.drain();
    let samples = samples(&scraped(&Serving::start(&home)));
    let entries = home.stdout_of(&["audit", "export"]).lines().count() as f64;
    let known = ["entries", "set_aside", "unsealed_seconds"];
    let known = known.map(|name| samples[&format!("tachograph_audit_{name}")]);
    assert_eq!(known, [entries, 0.0, 0.0]);
    assert!(samples["tachograph_prices_age_seconds"] > 0.0);
}

/// Destinations hear of themselves, and never what one is called.
#[test]
fn nobody_hears_where_else_things_go() {
    let (home, receiver) = (Home::new(), Receiver::start().unwrap());
    let secret = home.path().join("ada.lovelace");
    let text = format!(
        "[[destination]]\nendpoint = {:?}\n\n[[destination]]\nkind = \"file\"\npath = {secret:?}\n",
        receiver.url()
    );
    home.configure(&text);
    home.record(fixture::load("subagent").an_hour_ago());
    home.drain();
    let bodies: Vec<Vec<u8>> = receiver.requests().into_iter().map(|request| request.body).collect();
    let has =
        |word: &str| bodies.iter().any(|body| body.windows(word.len()).any(|part| part == word.as_bytes()));
    assert!(has("otlp-1") && !has("ada.lovelace") && !has("file-"));
}

/// A home whose metrics are written into a file, and the file.
fn with_textfile(home: Home) -> (Home, std::path::PathBuf) {
    let directory = home.path().join("textfile");
    std::fs::create_dir(&directory).unwrap();
    let file = directory.join("tacho.prom");
    home.configure(&format!("[[destination]]\nname = \"text\"\nkind = \"prometheus\"\npath = {file:?}\n"));
    (home, file)
}

#[test]
fn a_textfile_holds_what_is_scraped() {
    // Well within the hour of which gauges tell: both are asked at their own moments.
    let (home, file) = with_textfile(Home::with([fixture::load("subagent").ago(600)]));
    home.drain();
    let written = std::fs::read_to_string(&file).unwrap();
    let beside = std::fs::read_dir(file.parent().unwrap()).unwrap().count();
    let asked = scraped(&Serving::start(&home));
    assert!(sum(&samples(&written), "claude_session_count_total", "") > 0.0);
    assert_eq!(counted(&written), counted(&asked));
    let families = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("# TYPE")).map(str::to_owned).collect()
    };
    assert_eq!(families(&written), families(&asked));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!((mode & 0o777, beside), (0o644, 1));
}

/// One who reads the file again and again sees what is new rise from nothing.
#[test]
fn a_textfile_shows_how_series_begin() {
    let (home, file) = with_textfile(Home::with([fixture::load("subagent").an_hour_ago()]));
    let serving = Serving::start(&home);
    let began = std::time::Instant::now();
    while !file.exists() {
        assert!(began.elapsed().as_secs() < 60, "nothing is written");
        std::thread::yield_now();
    }
    let first = samples(&std::fs::read_to_string(&file).unwrap());
    drop(serving);
    assert!(first.keys().any(|series| series.starts_with("claude_session_count_total")));
    assert_eq!(sum(&first, "claude_session_count_total", ""), 0.0);
}

/// Trying one writes no sample in the place of what is true.
#[test]
fn a_textfile_is_tried_with_what_is_true() {
    let (home, file) = with_textfile(Home::with([fixture::load("subagent").an_hour_ago()]));
    let tried = home.stdout_of(&["test-destination", "text"]);
    assert_eq!(
        tried.replace(&home.path().display().to_string(), "[home]"),
        "prometheus:[home]/textfile/tacho.prom (prometheus)\n\nSIGNAL   ANSWER\nmetrics  taken\n"
    );
    let before = std::fs::read_to_string(&file).unwrap();
    home.stdout_of(&["test-destination", "text"]);
    assert_eq!(counted(&std::fs::read_to_string(&file).unwrap()), counted(&before));
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    assert_eq!(home.run(&["test-destination", "text"]).code, Some(1));
}

/// Labels stay as they were when something was counted, whoever took it in.
#[test]
fn who_looks_first_counts_as_the_drainer_does() {
    let home = Home::new();
    home.configure("team = \"green\"\n");
    home.record(fixture::load("bash").an_hour_ago());
    home.stdout_of(&["sessions"]);
    let serving = Serving::start(&home);
    let samples = samples(&scraped(&serving));
    let counted = || samples.keys().filter(|series| series.starts_with("claude_session_count_total"));
    assert_eq!((counted().count(), counted().all(|series| series.contains("team=\"green\""))), (1, true));
}

/// A counter says when something happened: the history of a session that is recorded from some time on adds nothing.
#[test]
fn what_happened_before_anything_was_recorded_is_not_counted() {
    let home = Home::new();
    let mut fixture = fixture::load("bash").ago(20 * 86_400);
    let recent = fixture::load("bash").ago(60);
    let last = recent.hooks.len() - 2;
    fixture.hooks = recent.hooks.into_iter().skip(last).collect();
    let serving = Serving::start(&home);
    home.record(fixture);
    home.drain();
    let counted = samples(&scraped(&serving));
    let series = |name: &str| counted.keys().filter(|series| series.starts_with(name)).count();
    assert_eq!((series("claude_session_count_total"), series("claude_llm_calls_total")), (1, 0));
}
