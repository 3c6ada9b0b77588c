//! Objects that are opened in one pass say what they say when they are opened one after the other.

use crate::fields::{Fields, Shape};

const OPENED: &Shape = &Shape(&[("value", Shape(&[("inner", Shape(&[]))]))]);

/// All that can be asked of a field.
fn said(fields: &Fields<'_>, name: &str) -> Vec<String> {
    let names = |fields: &Fields<'_>| fields.names().map(str::to_owned).collect::<Vec<_>>();
    let object = fields.object(name);
    vec![
        format!("{:?}", names(&object)),
        format!("{:?} {:?}", object.whole_text("text"), object.count("count")),
        format!("{:?}", fields.existing_object(name).is_some()),
        format!("{:?}", fields.objects(name).iter().map(names).collect::<Vec<_>>()),
        format!("{:?} {:?}", fields.whole_text(name), fields.id::<String>(name)),
    ]
}

#[test]
fn one_pass_says_the_same() {
    for value in [
        "null",
        "true",
        "-1",
        "1.5",
        "18446744073709551616",
        r#""a text""#,
        r#""a \"text\" \u00e9""#,
        r#""""#,
        "[]",
        r#"[1, {"a": 1, "text": "t"}, "b", [{"c": 2}], null, {}]"#,
        "{}",
        r#"{"text": "t\n", "count": 7, "inner": {"text": "deep"}, "list": [{"x": 1}]}"#,
        r#"{"inner": [{"text": "deep"}], "inner": {"count": 1}}"#,
    ] {
        let text = format!(r#"{{"before": [1], "value": {value}, "behind": {{"a": 1}}}}"#);
        let flat = Fields::read(text.as_bytes()).unwrap();
        let opened = Fields::read_as(text.as_bytes(), OPENED).unwrap();
        for name in ["before", "value", "behind", "absent"] {
            assert_eq!(said(&opened, name), said(&flat, name), "{value}: {name}");
        }
        assert_eq!(said(&opened.object("value"), "inner"), said(&flat.object("value"), "inner"), "{value}");
    }
}

#[test]
fn what_is_no_object_is_refused_whatever_is_opened() {
    for text in
        ["", "1", "[]", r#"{"value": }"#, r#"{"value": {}"#, r#"{"value": {}} 1"#, r#"{"value": {"a"}}"#]
    {
        assert!(Fields::read(text.as_bytes()).is_err(), "{text}");
        assert!(Fields::read_as(text.as_bytes(), OPENED).is_err(), "{text}");
    }
}
