//! What is taken for JSON is what `serde_json` takes for it, and its fields are the same.

use super::RECORDED;
use crate::fields::Fields;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Bytes that mean something somewhere in JSON, and some that never do.
const BYTES: &[u8] = b"\"\\/{}[]:,-+.0123456789eEtrufalsn \t\n\r\x00\x1f\x7f\x80\xc3\xa9\xff";

const TEXTS: &[&str] = &[
    "{}",
    " { \"a\" : 1 , \"b\" : [ ] } ",
    r#"{"a":"","a":"b\"c","\u00e9\n":"\ud83d\ude00","lone":"\ud800","c":"\/\\\b"}"#,
    r#"{"n":[0,-0,10,-1.50,1e5,1E-5,2.5e+30,123456789012345678901234567890]}"#,
    r#"{"w":[true,false,null],"d":[[[{"x":[{"y":{}}]}]]],"e":{}}"#,
    r#"{"long":"exactly as long as several words of eight","longer":"a text\nwith escapes \u0041 in the middle of it"}"#,
];

fn check(text: &[u8]) {
    let shown = String::from_utf8_lossy(text);
    let wanted = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text);
    let Ok(fields) = Fields::read(text) else {
        assert!(wanted.is_err(), "{shown}");
        return;
    };
    let wanted = wanted.unwrap_or_else(|error| panic!("{error}: {shown}"));
    let wanted: BTreeMap<&str, &str> =
        wanted.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
    let written = |name| fields.get::<&RawValue>(name).map_or("null", RawValue::get);
    let found: BTreeMap<&str, &str> = fields.names().map(|name| (name, written(name))).collect();
    assert_eq!(found, wanted, "{shown}");
}

#[test]
fn recorded_lines_are_taken_apart() {
    TEXTS.iter().for_each(|text| check(text.as_bytes()));
    RECORDED.iter().for_each(|line| check(line.as_bytes()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn small_texts_with_errors(
        text in select(TEXTS),
        errors in prop::collection::vec((any::<Index>(), select(BYTES), 0..3_u8), 1..4),
    ) {
        check(&damaged(text.as_bytes().to_vec(), &errors));
    }

    #[test]
    fn recorded_lines_with_errors(
        line in any::<Index>(),
        errors in prop::collection::vec((any::<Index>(), select(BYTES), 0..4_u8), 1..3),
    ) {
        check(&damaged(line.get::<String>(&RECORDED).clone().into_bytes(), &errors));
    }
}

/// The text with bytes that are changed, missing, too many, or the last ones.
fn damaged(mut text: Vec<u8>, errors: &[(Index, u8, u8)]) -> Vec<u8> {
    for (place, byte, kind) in errors {
        let place = place.index(text.len() + 1);
        match kind {
            0 => text.insert(place, *byte),
            1 if place < text.len() => text[place] = *byte,
            2 if place < text.len() => drop(text.remove(place)),
            3 => text.truncate(place),
            _ => {}
        }
    }
    text
}
