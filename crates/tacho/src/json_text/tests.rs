//! What is set can be taken away again, and nothing else changes.

use super::JsonText;
use proptest::prelude::*;
use serde_json::json;

fn text(text: &str) -> JsonText {
    JsonText::parse(text).unwrap()
}

/// Sets two variables, in an object that is made if it is missing.
fn with_variables(before: &str) -> String {
    let mut after = text(before);
    if after.get(&["env"]).is_none() {
        after.set(&["env"], "{}");
    }
    after.set(&["env", "A"], "\"1\"");
    after.set(&["env", "B"], "\"2\"");
    after.as_str().to_owned()
}

/// Takes them away, and the object where it was not there.
fn without_variables(after: &str, has_object: bool) -> String {
    let mut before = text(after);
    before.remove(&["env", "A"]);
    before.remove(&["env", "B"]);
    if !has_object {
        before.remove(&["env"]);
    }
    before.as_str().to_owned()
}

#[test]
fn members_stand_as_their_neighbours_do() {
    for (before, after) in [
        ("", "{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}\n"),
        ("{}", "{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}"),
        ("{\"a\":1}", "{\"a\":1,\"env\":{\"A\":\"1\",\"B\":\"2\"}}"),
        (
            "{\n\t\"a\": [1, 2]\n}\n",
            "{\n\t\"a\": [1, 2],\n\t\"env\": {\n\t\t\"A\": \"1\",\n\t\t\"B\": \"2\"\n\t}\n}\n",
        ),
        (
            "{\r\n    \"a\" : 1.0e5\r\n}\r\n",
            "{\r\n    \"a\" : 1.0e5,\r\n    \"env\" : {\r\n        \"A\": \"1\",\r\n        \"B\": \"2\"\r\n    }\r\n}\r\n",
        ),
        (
            "{\n  \"env\": { \"X\": \"}\\\"{,\" },\n  \"z\": null\n}",
            "{\n  \"env\": { \"X\": \"}\\\"{,\", \"A\": \"1\", \"B\": \"2\" },\n  \"z\": null\n}",
        ),
        (
            "{\n  \"env\": {},\n  \"z\": {}\n}",
            "{\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  },\n  \"z\": {}\n}",
        ),
    ] {
        let changed = with_variables(before);
        assert_eq!(changed, after);
        let has_object = before.contains("env");
        let expected = if before.is_empty() { "{}\n" } else { before };
        assert_eq!(without_variables(&changed, has_object), expected);
    }
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    let mut changed = text("{\"a\": 1, \"a\": {\"b\": [true, {}]}, \"\\u0063\": \"x\"}");
    changed.set(&["a", "b"], "2");
    changed.set(&["c"], "[3]");
    assert_eq!(changed.as_str(), "{\"a\": 1, \"a\": {\"b\": 2}, \"\\u0063\": [3]}");
    assert_eq!(changed.get(&["a"]), Some(json!({ "b": 2 })));
}

#[test]
fn what_is_no_object_is_refused() {
    for wrong in ["[]", "1", "{", "{\"a\":1,}", "{} x", "// a\n{}", "\u{feff}{}"] {
        assert!(JsonText::parse(wrong).is_err(), "{wrong}");
    }
}

/// Any JSON, spelt in one of two ways.
fn settings() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|is_so| json!(is_so)),
        any::<i32>().prop_map(|number| json!(number)),
        "[a-z{}\\[\\],:\"\\\\ \n]{0,6}".prop_map(|text| json!(text)),
    ];
    let value = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            prop::collection::btree_map("[a-zA-Z{,\"]{0,4}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    });
    let object = prop::collection::btree_map("[a-zA-Z{,\"]{0,4}", value, 0..5);
    (object, any::<bool>()).prop_map(|(object, is_pretty)| {
        let object = json!(object);
        if is_pretty { serde_json::to_string_pretty(&object).unwrap() } else { object.to_string() }
    })
}

proptest! {
    #[test]
    fn what_is_set_is_there_and_goes_again(before in settings()) {
        let has_object = text(&before).get(&["env"]).is_some_and(|env| env.is_object());
        prop_assume!(has_object || text(&before).get(&["env"]).is_none());
        prop_assume!(text(&before).get(&["env", "A"]).is_none() && text(&before).get(&["env", "B"]).is_none());
        let after = with_variables(&before);
        let mut expected: serde_json::Value = serde_json::from_str(&before).unwrap();
        expected["env"]["A"] = json!("1");
        expected["env"]["B"] = json!("2");
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&after).unwrap(), expected);
        prop_assert_eq!(without_variables(&after, has_object), before);
    }
}
