//! The record of one call, byte by byte, and the blob beside it.

use crate::scene::{Scene, fire, open_objects};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tacho_spool::blob;
use tacho_spool::crc32c::crc32c;
use tacho_spool::layout::{BLOBS, host_directory};

const PAYLOAD: &[u8] = br#"{"session_id":"s","hook_event_name":"Stop"}"#;

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

/// Fires once and returns the open object with what differs from run to run checked and cut off.
fn record_of(scene: &Scene, hook: &mut Command, payload: &[u8]) -> String {
    let before = now_ns();
    fire(hook, payload);
    let after = now_ns();
    let (objects, damaged) = open_objects(&scene.state());
    assert_eq!((objects.len(), damaged), (1, 0));
    let object = String::from_utf8(objects.concat()).unwrap();
    let record: Value = serde_json::from_str(&format!("{object}}}")).unwrap();
    assert!((before..=after).contains(&record["t"].as_u64().unwrap()), "{object}");
    assert!(record["pid"].as_u64().unwrap() > 1 && record["b"].as_u64().unwrap() > 0, "{object}");
    assert_eq!(record["boot"], fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim());
    assert_eq!(record["ppid"], std::process::id());
    let start = format!(
        r#"{{"v":1,"t":{},"b":{},"boot":{},"pid":{},"ppid":{}"#,
        record["t"], record["b"], record["boot"], record["pid"], record["ppid"]
    );
    object.strip_prefix(&start).unwrap().to_owned()
}

#[track_caller]
fn check(payload: &[u8], expected: &str) {
    let scene = Scene::set();
    let found = record_of(&scene, &mut scene.hook(), payload);
    assert_eq!(found, format!(r#","pv":"{}"{expected}"#, env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_payload_stands_in_its_record_as_it_came() {
    check(
        br#"{"session_id":"s","hook_event_name":"PreToolUse","tool_use_id":"t","agent_id":"a","x":[1.50,"\u00e9"]}"#,
        r#","ev":"PreToolUse","sid":"s","tuid":"t","aid":"a","raw":{"session_id":"s","hook_event_name":"PreToolUse","tool_use_id":"t","agent_id":"a","x":[1.50,"\u00e9"]}"#,
    );
    check(b"{\r\n  \"a\": 1\n}\n", r#","raw":{    "a": 1 } "#);
    check(b"12", r#","raw":12"#);
    check(
        br#"{"session_id":"a","session_id":"b"}"#,
        r#","sid":"b","raw":{"session_id":"a","session_id":"b"}"#,
    );
}

#[test]
fn a_payload_that_is_no_json_is_kept_byte_by_byte() {
    check(b"", r#","bad":"empty","raw_b64":"""#);
    check(b"\n", r#","bad":"cut","raw_b64":"Cg==""#);
    check(b"hello", r#","bad":"json","raw_b64":"aGVsbG8=""#);
    check(b"{}\0", r#","bad":"json","raw_b64":"e30A""#);
    check(b"\"\xFF\"", r#","bad":"utf8","raw_b64":"Iv8i""#);
    check(br#"{"session_id":"s","x"#, r#","sid":"s","bad":"cut","raw_b64":"eyJzZXNzaW9uX2lkIjoicyIsIng=""#);
}

/// The end of a payload within a string that is filed must not reach the record, which would be no JSON then.
#[test]
fn a_session_that_is_cut_is_none() {
    check(br#"{"session_id":"a\"#, r#","bad":"cut","raw_b64":"eyJzZXNzaW9uX2lkIjoiYVw=""#);
    check(br#"{"session_id":"a\u00"#, r#","bad":"cut","raw_b64":"eyJzZXNzaW9uX2lkIjoiYVx1MDA=""#);
    check(br#"{"session_id":"a\q"}"#, r#","bad":"json","raw_b64":"eyJzZXNzaW9uX2lkIjoiYVxxIn0=""#);
}

#[test]
fn nesting_ends_at_512() {
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    // Deeper than what serde_json follows in a value, so the text is looked at.
    let scene = Scene::set();
    scene.fire(&nested(512));
    let (objects, damaged) = open_objects(&scene.state());
    let raw = [br#","raw":"#, &*nested(512)].concat();
    assert_eq!((objects.len(), damaged, objects[0].ends_with(&raw)), (1, 0, true));

    let scene = Scene::set();
    scene.fire(&nested(513));
    scene.fire(&nested(100_000));
    assert_eq!(scene.records().iter().map(|record| &record["bad"]).collect::<Vec<_>>(), ["json", "json"]);
}

#[test]
fn the_agent_is_what_the_command_line_names() {
    let check = |arguments: &[&OsStr], expected: &str| {
        let scene = Scene::set();
        let found = record_of(&scene, scene.hook().args(arguments), b"{}");
        assert_eq!(found, format!(r#"{expected},"pv":"{}","raw":{{}}"#, env!("CARGO_PKG_VERSION")));
    };
    let long = "x".repeat(65);
    check(&["--agent".as_ref(), "some-agent".as_ref()], r#","agent":"some-agent""#);
    check(&["x".as_ref(), "--agent".as_ref(), "a\"\\\n".as_ref(), "y".as_ref()], r#","agent":"a\"\\\u000a""#);
    check(&["--agent".as_ref()], "");
    check(&["--agent".as_ref(), "".as_ref()], "");
    check(&["--agent".as_ref(), long.as_ref()], "");
    check(&["--agent".as_ref(), OsStr::from_bytes(b"\xFF")], "");
    check(&[OsStr::from_bytes(b"\xFF"), "--help".as_ref()], "");
}

#[test]
fn five_variables_are_recorded_and_no_others() {
    let check = |variables: &[(&str, &OsStr)], expected: &str| {
        let scene = Scene::set();
        let found = record_of(&scene, scene.hook().envs(variables.iter().copied()), b"{}");
        let version = format!(r#","pv":"{}""#, env!("CARGO_PKG_VERSION"));
        assert_eq!(found.replace(&version, ""), format!(r#"{expected},"raw":{{}}"#));
    };
    let long = "x".repeat(1023);
    check(
        &[
            ("CLAUDE_PID", "4000000000".as_ref()),
            ("CLAUDE_CODE_ENTRYPOINT", "cli".as_ref()),
            ("CLAUDE_PROJECT_DIR", "/home/dev/a \"b\"\n".as_ref()),
            ("CLAUDE_CONFIG_DIR", "/home/dev/.claude".as_ref()),
            ("TRACEPARENT", "00-1-2-01".as_ref()),
            ("CLAUDE_CODE_OAUTH_TOKEN", "secret".as_ref()),
            ("ANTHROPIC_API_KEY", "secret".as_ref()),
        ],
        concat!(
            r#","apid":4000000000,"env":{"CLAUDE_PID":"4000000000","CLAUDE_CODE_ENTRYPOINT":"cli","#,
            r#""CLAUDE_PROJECT_DIR":"/home/dev/a \"b\"\u000a","CLAUDE_CONFIG_DIR":"/home/dev/.claude","#,
            r#""TRACEPARENT":"00-1-2-01"}"#,
        ),
    );
    check(&[("CLAUDE_PID", "x".as_ref())], r#","env":{"CLAUDE_PID":"x"}"#);
    check(&[("CLAUDE_PID", "".as_ref()), ("TRACEPARENT", long.as_ref())], "");
    check(&[("CLAUDE_PROJECT_DIR", OsStr::from_bytes(b"/caf\xE9"))], "");
}

#[test]
fn the_agents_process_is_told_from_a_later_one_of_its_number() {
    let scene = Scene::set();
    fire(scene.hook().env("CLAUDE_PID", std::process::id().to_string()), b"{}");
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let start: u64 = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().parse().unwrap();
    let record = scene.record();
    assert_eq!((&record["apid"], &record["ast"]), (&json!(std::process::id()), &json!(start)));
}

#[test]
fn a_segment_is_named_by_session_and_hour() {
    let check = |session: &str, expected: &str| {
        let scene = Scene::set();
        scene.fire(format!(r#"{{"session_id":"{session}"}}"#).as_bytes());
        let record = scene.record();
        let host = rustix::system::uname();
        let host = host_directory(host.nodename().to_bytes(), record["boot"].as_str().unwrap().as_bytes());
        let hour = record["t"].as_u64().unwrap() / 1_000_000_000 / 3600;
        let expected = scene.state().join(format!("spool/v1/{host}/{expected}.{hour}.jsonl"));
        assert_eq!(scene.segments(), [expected]);
    };
    check("0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11", "0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11");
    check("", "none");
    check(&"x".repeat(129), "none");
    check("../../../up", "h117efd2d597a6a8d");
    check("/etc/passwd", "h8cd5faba57335497");
    check(r"a\u0000", "h08d0f9085dd08bcf");
}

/// A payload as a file, so that no writer's pace comes into it.
fn fire_file(scene: &Scene, payload: &[u8]) -> Value {
    let path = scene.folder().join("payload");
    fs::write(&path, payload).unwrap();
    let output = scene.hook().stdin(fs::File::open(&path).unwrap()).output().unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]));
    scene.record()
}

fn sized_json(length: usize) -> Vec<u8> {
    let start = r#"{"session_id":"s","x":""#;
    format!("{start}{}\"}}", "x".repeat(length - start.len() - 2)).into_bytes()
}

/// What of the record stands for the payload; the name of a blob is the one that is there.
fn body(scene: &Scene, record: &Value) -> Value {
    let mut body = json!({});
    for name in ["bad", "len", "raw_ref"] {
        if let Some(value) = record.get(name) {
            body[name] = value.clone();
        }
    }
    if let Some(reference) = body.get_mut("raw_ref") {
        let name = reference["name"].take();
        let names: Vec<_> = fs::read_dir(scene.state().join(BLOBS))
            .unwrap()
            .map(|entry| Value::from(entry.unwrap().file_name().into_string().unwrap()))
            .collect();
        assert_eq!(names, [name]);
    }
    body
}

#[test]
fn a_payload_too_large_for_a_record_lies_beside_it() {
    for length in [48 * 1024 + 1, 64 * 1024, 300_000] {
        let scene = Scene::set();
        let payload = sized_json(length);
        let record = fire_file(&scene, &payload);
        let crc = format!("{:08x}", crc32c(&payload));
        let expected = json!({"len": length, "raw_ref": {"name": null, "len": length, "crc": crc}});
        assert_eq!((body(&scene, &record), &record["sid"]), (expected, &json!("s")));
        let name = record["raw_ref"]["name"].as_str().unwrap();
        let mut blob = blob::open(&scene.state(), name).unwrap();
        assert_eq!(std::io::read_to_string(&mut blob).unwrap().into_bytes(), payload);
    }
    let scene = Scene::set();
    let record = fire_file(&scene, &sized_json(48 * 1024));
    assert_eq!(body(&scene, &record), json!({}));
}

#[test]
fn no_byte_of_a_bad_payload_is_dropped_silently() {
    let check = |payload: &[u8], flaw: &str, kept: usize| {
        let scene = Scene::set();
        let record = fire_file(&scene, payload);
        let crc = format!("{:08x}", crc32c(&payload[..kept]));
        let reference = json!({"name": null, "len": kept, "crc": crc});
        let expected = json!({"bad": flaw, "len": payload.len(), "raw_ref": reference});
        assert_eq!(body(&scene, &record), expected);
    };
    let junk = vec![b'x'; 40_000];
    check(&junk, "json", junk.len());
    let cut = &sized_json(90_000)[..80_000];
    check(cut, "cut", cut.len());
    // The bytes of a character fall into two reads.
    let mut split = sized_json(100_000);
    split.splice(65_535..65_537, [0xC3, 0x28]);
    check(&split, "utf8", split.len());
    let mut whole = sized_json(100_000);
    whole.splice(65_535..65_537, [0xC3, 0xA9]);
    let scene = Scene::set();
    assert_eq!(fire_file(&scene, &whole).get("bad"), None);
}

/// Of what is no JSON at all, a blob keeps the first MiB; the record says how much there was.
#[test]
fn junk_without_end_does_not_fill_the_disk() {
    let scene = Scene::set();
    let record = fire_file(&scene, &vec![b'x'; 3 * 1024 * 1024]);
    let kept = record["raw_ref"]["len"].as_u64().unwrap();
    assert_eq!((&record["bad"], &record["len"]), (&json!("json"), &json!(3 * 1024 * 1024)));
    assert!((1024 * 1024..1024 * 1024 + 65_536).contains(&kept), "{kept}");
}

#[test]
fn with_the_sync_marker_the_record_is_the_same() {
    let scene = Scene::set();
    fs::write(scene.state().join("sync"), "").unwrap();
    let found = record_of(&scene, &mut scene.hook(), PAYLOAD);
    let expected = r#","ev":"Stop","sid":"s","raw":{"session_id":"s","hook_event_name":"Stop"}"#;
    assert_eq!(found, format!(r#","pv":"{}"{expected}"#, env!("CARGO_PKG_VERSION")));
    let scene = Scene::set();
    fs::write(scene.state().join("sync"), "").unwrap();
    let record = fire_file(&scene, &sized_json(100_000));
    assert_eq!(body(&scene, &record)["raw_ref"]["len"], 100_000);
}
