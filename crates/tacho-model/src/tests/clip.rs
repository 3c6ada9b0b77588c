//! Tests of cutting long strings.

use crate::clip::{Clipper, UNCUT_BYTES_MAX, is_cut, json_within, quoted, text_within};
use crate::event::Json as JsonText;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// A character that is whole as an escape of two units may end so far behind the limit, and one byte less.
const OVERHANG_BYTES_MAX: usize = r"\ud83d\ude00".len() - 1;

fn clipped(limit: usize, pieces: &[&[u8]]) -> Vec<u8> {
    let mut clipper = Clipper::new(limit);
    let mut kept = Vec::new();
    pieces.iter().for_each(|piece| clipper.feed(piece, &mut kept));
    kept
}

fn check(limit: usize, text: &str, expected: &str) {
    assert_eq!(String::from_utf8(clipped(limit, &[text.as_bytes()])).unwrap(), expected);
}

#[test]
fn long_strings_are_cut_and_say_by_how_much() {
    check(
        4,
        r#"{"a": ["abcd", "abcde", 12345.6, true]}"#,
        "{\"a\": [\"abcd\", \"abcd\u{2026}[1 bytes cut]\", 12345.6, true]}",
    );
    check(0, r#"["", "a"]"#, "[\"\", \"\u{2026}[1 bytes cut]\"]");
    check(2, r#""a\"b\"c""#, "\"a\\\"\u{2026}[4 bytes cut]\"");
    check(3, r#""ab\u00e9cd""#, "\"ab\\u00e9\u{2026}[2 bytes cut]\"");
    check(3, r#""ab\ud83d\ude00cd""#, "\"ab\\ud83d\\ude00\u{2026}[2 bytes cut]\"");
    check(3, "\"ab\u{e9}cd\"", "\"ab\u{e9}\u{2026}[2 bytes cut]\"");
    check(3, "\"ab\u{1f600}cd\"", "\"ab\u{1f600}\u{2026}[2 bytes cut]\"");
}

#[test]
fn a_value_is_cut_where_it_is_long() {
    let json = JsonText(format!("{{\"a\":{},\"b\":[1,2],\"c\":\"short\"}}", quoted(&"x".repeat(3000))));
    let within = |bytes_max| json_within(json.clone(), bytes_max).0;
    assert_eq!(within(4000), json.0);
    let cut =
        format!("{{\"a\":\"{}\u{2026}[2105 bytes cut]\",\"b\":[1,2],\"c\":\"short\"}}", "x".repeat(895));
    assert_eq!(within(1000), cut);
    // Without strings it is still too long: its beginning is left.
    assert_eq!(within(90), format!("\"{{\\\"a\\\":\\\"{}\u{2026}[3004 bytes cut]\"", "x".repeat(20)));
}

/// What was cut before counts too.
#[test]
fn a_second_cut_knows_of_the_first() {
    let once = clipped(20, &[format!("\"{}\"", "x".repeat(1_000_000)).as_bytes()]);
    let twice = clipped(10, &[&once]);
    assert_eq!(String::from_utf8(twice).unwrap(), "\"xxxxxxxxxx\u{2026}[999990 bytes cut]\"");
    let text = format!("{}\u{2026}[500 bytes cut]", "x".repeat(100));
    assert_eq!(text_within(&text, 40), "xxxxx\u{2026}[595 bytes cut]");
}

/// The lines of a file are short, and may be more than can be kept. What stands around them stays.
#[test]
fn long_lists_are_cut_and_say_by_how_much() {
    let lines: Vec<String> = (0..100_000).map(|number| format!("+ line [{number}] \"}}, \\")).collect();
    let patch = |lines: &[String]| json!([{ "lines": lines, "nested": [[1, "a"], {"b": []}], "start": 7 }]);
    let text = json!({ "before": [1, 2], "patch": patch(&lines), "tool": "x" }).to_string();
    let kept = clipped(100, &[text.as_bytes()]);
    let said: Json = serde_json::from_slice(&kept).unwrap();
    let (mark, first) = said["patch"][0]["lines"].as_array().unwrap().split_last().unwrap();
    let first: Vec<String> = first.iter().map(|line| line.as_str().unwrap().to_owned()).collect();
    assert_eq!(lines[..first.len()], first);
    let mut expected = first.clone();
    expected.push(mark.as_str().unwrap().to_owned());
    assert_eq!(said, json!({ "before": [1, 2], "patch": patch(&expected), "tool": "x" }));
    // From behind the comma up to the bracket.
    let left = json!(lines[first.len()..]).to_string().len() - "[]".len();
    assert_eq!(mark, &format!("\u{2026}[{left} bytes cut]"));
    let length = json!(first).to_string().len();
    assert!((UNCUT_BYTES_MAX - 50..UNCUT_BYTES_MAX + 50).contains(&length), "{length}");
    assert_eq!(clipped(100, &[&kept]), kept);
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(7).collect();
    assert_eq!(clipped(100, &pieces), kept);
}

/// Lists that are not so long by themselves are cut where they are too many.
#[test]
fn what_is_kept_of_many_lists_has_an_end() {
    let hunks = vec![json!({ "lines": vec!["+ a line"; 5_000] }); 400];
    let text = json!({ "patch": hunks, "tool": "x" }).to_string();
    let kept = clipped(100, &[text.as_bytes()]);
    let said: Json = serde_json::from_slice(&kept).unwrap();
    assert_eq!((said["patch"].as_array().unwrap().len(), &said["tool"]), (400, &json!("x")));
    assert!(text.len() > 20_000_000 && kept.len() < UNCUT_BYTES_MAX + 500_000, "{}", kept.len());
    assert_eq!(clipped(100, &[&kept]), kept);
}

/// A list of other things is kept: what is asked of a tool, or came of it, may be among them.
#[test]
fn lists_of_objects_are_not_cut() {
    let text = json!(vec![json!({ "type": "text", "text": "x" }); 50_000]).to_string();
    assert_eq!(clipped(100, &[text.as_bytes()]), text.as_bytes());
}

#[test]
fn a_cut_text_says_so() {
    for (text, is_one) in [
        (text_within(&"x".repeat(100), 60).as_ref(), true),
        ("the end\u{2026}[7 bytes cut]", true),
        ("the end\u{2026}[ bytes cut]", false),
        ("7 bytes cut]", false),
        ("", false),
    ] {
        assert_eq!(is_cut(text), is_one, "{text}");
    }
}

/// JSON text in which each character is spelt plainly or as an escape.
fn json_text() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        string_text(),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("null".to_owned()),
        Just("true".to_owned()),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let list =
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , ")));
        let object = prop::collection::vec((string_text(), inner), 0..4).prop_map(|fields| {
            let fields: Vec<String> =
                fields.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
            format!("{{{}}}", fields.join(","))
        });
        prop_oneof![list, object]
    })
}

fn string_text() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        4 => prop::char::range('a', 'z'),
        1 => any::<char>(),
        1 => prop::sample::select(vec!['"', '\\', '\n', '\u{e9}', '\u{20ac}', '\u{1f600}', '\u{0}']),
    ];
    prop::collection::vec((letter, any::<bool>()), 0..24).prop_map(|letters| {
        let spelt: String = letters.into_iter().map(|(letter, escaped)| spelt(letter, escaped)).collect();
        format!("\"{spelt}\"")
    })
}

fn spelt(letter: char, escaped: bool) -> String {
    match letter {
        '"' | '\\' if !escaped => format!("\\{letter}"),
        '\n' if !escaped => "\\n".to_owned(),
        letter if escaped || letter < ' ' => {
            letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
        letter => letter.to_string(),
    }
}

/// The strings of a JSON text in order, as they stand in it, without their quotes.
fn strings(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, inside)) = rest.split_once('"') {
        let mut is_escaped = false;
        let end = inside.find(|letter| {
            let ends = letter == '"' && !is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            ends
        });
        let (string, behind) = inside.split_at(end.unwrap());
        found.push(string);
        rest = &behind[1..];
    }
    found
}

/// The part of a string that was kept, and how many bytes it says were cut.
fn parted(string: &str) -> Option<(&str, usize)> {
    let (kept, mark) = string.rsplit_once("\u{2026}[")?;
    Some((kept, mark.strip_suffix(" bytes cut]")?.parse().unwrap()))
}

proptest! {
    #[test]
    fn what_has_its_lists_cut_is_still_json(text in json_text(), limit in 0..30_usize, uncut in 0..90_usize, list_min in 0..30_usize) {
        let clip = |text: &[u8], piece: usize| {
            let (mut clipper, mut kept) = (Clipper::with_limits(limit, uncut, list_min), Vec::new());
            text.chunks(piece).for_each(|piece| clipper.feed(piece, &mut kept));
            kept
        };
        let kept = clip(text.as_bytes(), usize::MAX);
        prop_assert!(serde_json::from_slice::<Json>(&kept).is_ok(), "{}", String::from_utf8_lossy(&kept));
        prop_assert_eq!(clip(text.as_bytes(), 1), kept);
    }

    #[test]
    fn what_is_cut_is_still_json(text in json_text(), limit in 0..30_usize) {
        let kept = String::from_utf8(clipped(limit, &[text.as_bytes()])).unwrap();
        prop_assert!(serde_json::from_str::<Json>(&text).is_ok());
        prop_assert!(serde_json::from_str::<Json>(&kept).is_ok(), "{kept}");
        let (before, after) = (strings(&text), strings(&kept));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.into_iter().zip(after) {
            if before == after {
                prop_assert!(after.len() <= limit + OVERHANG_BYTES_MAX);
                continue;
            }
            let (kept, cut) = parted(after).unwrap();
            prop_assert!(before.len() > limit && before.starts_with(kept));
            prop_assert_eq!(kept.len() + cut, before.len());
            prop_assert!((limit..=limit + OVERHANG_BYTES_MAX).contains(&kept.len()));
            // A character that was parted would not read back.
            let kept_text = format!("\"{kept}\"");
            prop_assert!(serde_json::from_str::<String>(&kept_text).is_ok());
        }
    }

    #[test]
    fn what_is_short_stays_as_it_is(text in json_text()) {
        let limit = strings(&text).iter().map(|string| string.len()).max().unwrap_or(0);
        prop_assert_eq!(clipped(limit, &[text.as_bytes()]), text.as_bytes());
    }

    #[test]
    fn pieces_make_no_difference(text in json_text(), limit in 0..30_usize, cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let bytes = text.as_bytes();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        ends.sort_unstable();
        let starts = [0].into_iter().chain(ends.iter().copied());
        let pieces: Vec<&[u8]> =
            starts.zip(ends.iter().copied().chain([bytes.len()])).map(|(start, end)| &bytes[start..end]).collect();
        prop_assert_eq!(clipped(limit, &pieces), clipped(limit, &[bytes]));
    }

    #[test]
    fn bytes_that_are_no_json_are_taken_too(bytes in prop::collection::vec(any::<u8>(), 0..200), limit in 0..30_usize) {
        prop_assert!(clipped(limit, &[&bytes]).len() <= bytes.len() + bytes.len() * " bytes cut[]".len() * 2);
    }

    #[test]
    fn a_value_within_a_limit_is_json(text in json_text(), repeated in 1..200_usize, bytes_max in 100..2000_usize) {
        let long = JsonText(format!("[{}]", vec![text; repeated].join(",")));
        let kept = json_within(long.clone(), bytes_max).0;
        prop_assert!(kept.len() <= bytes_max, "{} of {bytes_max}: {kept}", kept.len());
        prop_assert!(serde_json::from_str::<Json>(&kept).is_ok(), "{kept}");
        if long.0.len() <= bytes_max {
            prop_assert_eq!(kept, long.0);
        }
    }

    #[test]
    fn a_text_within_a_limit_keeps_its_beginning(text in any::<String>(), bytes_max in 40..200_usize) {
        let kept = text_within(&text, bytes_max);
        prop_assert!(kept.len() <= bytes_max);
        prop_assert_eq!(is_cut(&kept), text.len() > bytes_max);
        prop_assert_eq!(kept == text, text.len() <= bytes_max);
    }

    #[test]
    fn a_quoted_text_reads_back(text in any::<String>()) {
        prop_assert_eq!(serde_json::from_str::<String>(&quoted(&text)).unwrap(), text);
    }
}
