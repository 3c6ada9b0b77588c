//! Tests of the pure parts: the scan, the check for UTF-8, the intake, the record around a payload, and trace context.

mod propagation;

use crate::envelope::{Circumstances, base64, open_object};
use crate::payload::{INLINE_BYTES_MAX, Intake, Kept};
use crate::scan::{Keys, Progress, Scan};
use crate::utf8::Utf8;
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use tacho_spool::append::Durability;
use tacho_spool::frame::{RECORD_BYTES_MAX, seal};

/// The names of the strings that are looked for, in the order of [`Keys`].
const NAMES: [&str; 5] = ["hook_event_name", "session_id", "tool_use_id", "agent_id", "prompt_id"];

fn scan(pieces: &[&[u8]]) -> (Progress, Keys) {
    let mut scan = Scan::default();
    pieces.iter().for_each(|piece| scan.feed(piece));
    (scan.progress(), scan.keys().clone())
}

/// `text` cut at every `length`th byte.
fn scan_by(text: &[u8], length: usize) -> (Progress, Keys) {
    scan(&text.chunks(length).collect::<Vec<_>>())
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// Whole texts.
const JSON: &[&str] = &[
    "{}",
    " {} \n",
    "[]",
    "[[],{}]",
    "null",
    "true",
    "false",
    "\"\"",
    "0",
    "-0",
    "12",
    "1.5",
    "1e9",
    "-1.25E+10",
    "0e-0",
    "1e999",
    "12 ",
    r#"{"a":1,"b":[true,null,"x"]}"#,
    r#"{"a":1,"a":2}"#,
    r#""\"\\\/\b\f\n\r\t\u00e9""#,
    r#""\ud83d""#,
    "\"\u{7f}\u{e9}\u{2028}\"",
];

/// Texts that more must follow.
const BEGINNINGS: &[&str] = &[
    "", " \t\r\n", "{", "[1,", "{\"a\"", "{\"a\":", "\"abc", "\"\\", "\"\\u12", "tru", "-", "1.", "1e", "1e+",
];

/// Texts that nothing can follow to make them whole.
const JUNK: &[&str] = &[
    "x",
    "\u{feff}{}",
    "\0",
    "{}\0",
    "{}{}",
    "{},",
    "1 2",
    "01",
    "+1",
    ".5",
    "1.e5",
    "1.5.5",
    "--1",
    "0x10",
    "NaN",
    "truE",
    "nulll",
    "'a'",
    "[1 2]",
    "[,1]",
    "[1,]",
    "[1}",
    "]",
    "}",
    "{]",
    "{\"a\" 1}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1:2}",
    "\"a\nb\"",
    "\"a\tb\"",
    r#""\q""#,
    r#""\u12g4""#,
    "/* */ 1",
];

#[test]
fn texts_that_are_json_and_texts_that_are_not() {
    let (deepest, too_deep) = (nested(512), nested(513));
    let members = format!("{}1{}", "{\"a\":[".repeat(200), "]}".repeat(200));
    check(JSON, Progress::Complete);
    check(BEGINNINGS, Progress::Incomplete);
    check(JUNK, Progress::Invalid);
    check(&[&deepest, &members], Progress::Complete);
    // The one text that we refuse and a reader without a limit takes.
    assert_eq!(scan(&[too_deep.as_bytes()]).0, Progress::Invalid);
}

#[track_caller]
fn check(texts: &[&str], expected: Progress) {
    for text in texts {
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        assert_eq!(is_json, expected == Progress::Complete, "{text}");
        for length in 1..=text.len().clamp(1, 20) {
            assert_eq!(scan_by(text.as_bytes(), length).0, expected, "{text} by {length}");
        }
    }
}

/// What is filed: event, session, tool use, subagent.
#[test]
fn keys_that_are_found() {
    let (longest, too_long) = ("x".repeat(128), "x".repeat(129));
    let escapes = r"\n".repeat(65);
    let quoted = |text: &str| format!(r#"{{"session_id":"{text}"}}"#);
    let session = |text: &str| format!("-|{text}|-|-");
    let table: &[(String, String)] = &[
        (
            r#"{"session_id":"s","hook_event_name":"Stop","tool_use_id":"t","agent_id":"a"}"#.into(),
            "Stop|s|t|a".into(),
        ),
        (r#" { "session_id" : "s" , "x" : { "session_id" : "inner" } } "#.into(), session("s")),
        (r#"{"x":{"session_id":"inner"},"y":["session_id","z"],"z":"session_id"}"#.into(), session("-")),
        (r#"[{"session_id":"inner"}]"#.into(), session("-")),
        (r#"{"session_id":"first","session_id":"last"}"#.into(), session("last")),
        (r#"{"session_id":"first","session_id":null}"#.into(), session("-")),
        (r#"{"session_id":"first","session_id":{"a":"b"}}"#.into(), session("-")),
        (r#"{"session_id":1,"agent_id":["a"],"tool_use_id":true}"#.into(), session("-")),
        (
            r#"{"session_ids":"x","session_i":"y","hook_event_name_":"z","Session_id":"w"}"#.into(),
            session("-"),
        ),
        (quoted(""), session("-")),
        (quoted(r"a\u0000\/\\"), session(r"a\u0000\/\\")),
        (quoted("\u{e9}"), session("\u{e9}")),
        (quoted(&longest), session(&longest)),
        (quoted(&too_long), session("-")),
        (quoted(&escapes), session("-")),
        (quoted(&format!("{too_long}{escapes}")), session("-")),
        (quoted(&format!(r"{longest}\u0041b")), session("-")),
        // A string that ends too early or wrongly is no value.
        (r#"{"session_id":"ab"#.into(), session("-")),
        (r#"{"session_id":"ab\"#.into(), session("-")),
        (r#"{"session_id":"ab\q"}"#.into(), session("-")),
        (r#"{"session_id":"ab\u00"#.into(), session("-")),
        ("{\"session_id\":\"ab\ncd\"}".into(), session("-")),
        (r#"{"session_id":"whole","x":tru"#.into(), session("whole")),
        (r#"{"session_id":"whole","session_id":"ha"#.into(), session("-")),
    ];
    for (text, expected) in table {
        for length in 1..=text.len() {
            let (_, keys) = scan_by(text.as_bytes(), length);
            let found = [&keys.event, &keys.session, &keys.tool_use, &keys.subagent]
                .map(|key| key.as_str().unwrap_or("-"))
                .join("|");
            assert_eq!(&found, expected, "{text} by {length}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let object = vec((any_name(), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            object.prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,12}", "[\\x00-\\x7f]{0,12}", "[a-f]{120,140}"]
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![prop::sample::select(&NAMES[..]).prop_map(str::to_owned), any_text()]
}

/// Where a text is cut, and the bytes that are changed before.
fn pieces<'a>(text: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

/// A top-level string as the scan should find it.
fn expected(json: &Value, name: &str) -> Option<String> {
    let quoted = serde_json::to_string(json.get(name)?.as_str()?).unwrap();
    let text = &quoted[1..quoted.len() - 1];
    (1..=128).contains(&text.len()).then(|| text.to_owned())
}

proptest! {
    #[test]
    fn json_is_understood_however_it_comes(
        json in any_json(),
        is_pretty in any::<bool>(),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let text = if is_pretty { serde_json::to_vec_pretty(&json) } else { serde_json::to_vec(&json) }.unwrap();
        let (progress, keys) = scan(&pieces(&text, &cuts));
        prop_assert_eq!(progress, Progress::Complete);
        let found = [&keys.event, &keys.session, &keys.tool_use, &keys.subagent, &keys.prompt]
            .map(|key| key.as_str().map(str::to_owned));
        prop_assert_eq!(found, NAMES.map(|name| expected(&json, name)));
    }

    #[test]
    fn the_judgement_is_that_of_serde_json_however_it_comes(
        json in any_json(),
        changes in vec((any::<prop::sample::Index>(), prop_oneof![
            any::<u8>(),
            prop::sample::select(&b"{}[]:,\"\\ \n-+.0159eEtfnu"[..]),
        ]), 0..4),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut text = serde_json::to_vec(&json).unwrap();
        for (place, byte) in changes {
            let place = place.index(text.len());
            text[place] = byte;
        }
        let whole = scan(&[&text]);
        let is_json = serde_json::from_slice::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(whole.0 == Progress::Complete, is_json);
        prop_assert_eq!(&scan(&pieces(&text, &cuts)), &whole);
        prop_assert_eq!(&scan_by(&text, 1), &whole);
        prop_assert_eq!(open(&[&text]), open(&pieces(&text, &cuts)));
        let record = [open(&[&text]), vec![b'}']].concat();
        prop_assert!(serde_json::from_slice::<IgnoredAny>(&record).is_ok());
    }

    #[test]
    fn utf8_is_judged_however_it_comes(
        text in "\\PC{0,20}",
        junk in vec(any::<u8>(), 0..3),
        place in any::<prop::sample::Index>(),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut bytes = text.into_bytes();
        let place = place.index(bytes.len() + 1);
        bytes.splice(place..place, junk);
        let mut utf8 = Utf8::default();
        pieces(&bytes, &cuts).into_iter().for_each(|piece| utf8.feed(piece));
        prop_assert_eq!(utf8.is_valid(), std::str::from_utf8(&bytes).is_ok());
    }
}

/// RFC 4648 section 10.
#[test]
fn base64_of_the_standard() {
    let vectors = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
        ("\u{ff}\u{fb}\u{3f0}", "w7/Du8+w"),
    ];
    for (text, expected) in vectors {
        let mut found = Vec::new();
        base64(&mut found, text.as_bytes());
        assert_eq!(String::from_utf8(found).unwrap(), expected, "{text}");
    }
}

fn circumstances() -> Circumstances {
    Circumstances {
        unix_ns: 1,
        boot_ns: 2,
        boot_id: "boot".into(),
        pid: 3,
        parent_pid: 4,
        agent_pid: None,
        agent_start_ticks: None,
        agent: None,
        variables: Vec::new(),
        parent: None,
    }
}

/// The open object for a payload that comes in these pieces and finds no room for a blob.
fn open(pieces: &[&[u8]]) -> Vec<u8> {
    let mut intake = Intake::new(&|| None);
    pieces.iter().for_each(|piece| intake.take(piece));
    open_object(&circumstances(), &intake.finish(Durability::Kernel))
}

#[test]
fn what_is_kept_of_a_payload_without_room_for_a_blob() {
    let kept = |payload: &[u8]| {
        let mut intake = Intake::new(&|| None);
        payload.chunks(5000).for_each(|piece| intake.take(piece));
        match intake.finish(Durability::Kernel).kept {
            Kept::Json(json) => (json.len(), None, None),
            Kept::Bytes { bytes, len, flaw } => (bytes.len(), Some(len), Some(flaw.name())),
            Kept::Blob { .. } => (0, None, None),
        }
    };
    let json = |length: usize| format!("\"{}\"", "a".repeat(length - 2)).into_bytes();
    let found =
        [json(INLINE_BYTES_MAX), json(INLINE_BYTES_MAX + 1), vec![b'x'; 32 * 1024], vec![b'x'; 40_000]]
            .map(|payload| kept(&payload));
    let expected = [
        (INLINE_BYTES_MAX, None, None),
        (32 * 1024, Some(INLINE_BYTES_MAX as u64 + 1), Some("cut")),
        (32 * 1024, Some(32 * 1024), Some("json")),
        (32 * 1024, Some(40_000), Some("json")),
    ];
    assert_eq!(found, expected);
}

/// The largest payload that stays in its record, in the largest surroundings.
#[test]
fn no_record_outgrows_one_write() {
    let key = "k".repeat(128);
    let keys = format!(
        r#"{{"hook_event_name":"{key}","session_id":"{key}","tool_use_id":"{key}","agent_id":"{key}","x":""#
    );
    let payload = format!("{keys}{}\"}}", "x".repeat(INLINE_BYTES_MAX - keys.len() - 2));
    let names =
        ["CLAUDE_PID", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_PROJECT_DIR", "CLAUDE_CONFIG_DIR", "TRACEPARENT"];
    let circumstances = Circumstances {
        unix_ns: u64::MAX,
        boot_ns: u64::MAX,
        boot_id: "b".repeat(512),
        pid: u32::MAX,
        parent_pid: u32::MAX,
        agent_pid: Some(u32::MAX),
        agent_start_ticks: Some(u64::MAX),
        agent: Some("\u{1}".repeat(64)),
        variables: names.map(|name| (name, "\u{1}".repeat(170))).to_vec(),
        parent: Some("\u{1}".repeat(128)),
    };
    let mut intake = Intake::new(&|| None);
    intake.take(payload.as_bytes());
    let object = open_object(&circumstances, &intake.finish(Durability::Kernel));
    let record = seal(&object);
    let json: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!((json["env"].as_object().unwrap().len(), json["raw"]["agent_id"].as_str()), (5, Some(&*key)));
    assert!(record.len() <= RECORD_BYTES_MAX, "{}", record.len());
}
