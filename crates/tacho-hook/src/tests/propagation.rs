//! Ids, values of `traceparent`, and what commands are told.

use crate::propagation::{command_line, context, hex, id, parent, trace_of};
use crate::sha256::sha256;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use sha2::{Digest as _, Sha256};
use tacho_spool::propagation::Terms;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// FIPS 180-2 appendix B, and lengths around which padding takes another block.
#[test]
fn hashes_of_the_standard() {
    let check =
        |text: &str, expected: &str| assert_eq!(hex(&sha256(text.as_bytes()), 32), expected, "{text}");
    check("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
    check(&"a".repeat(55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    check(&"a".repeat(64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    check(&"a".repeat(1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

proptest! {
    #[test]
    fn a_hash_is_what_others_make_of_it(text in vec(any::<u8>(), 0..=300)) {
        let expected: [u8; 32] = Sha256::digest(&text).into();
        prop_assert_eq!(sha256(&text), expected);
    }
}

#[test]
fn ids_match_the_golden_vectors() {
    let vectors = include_str!("../../../../fixtures/ids.tsv");
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let [kind, agent, session, key, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}");
        };
        let id = id(kind, [agent, session, key]);
        let found = if kind == "trace" { hex(&id, 16) } else { hex(&id, 8) };
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn a_traceparent_names_a_trace_or_nothing() {
    let values = include_str!("../../../../fixtures/traceparents.tsv");
    for line in values.lines().filter(|line| !line.starts_with('#')) {
        let (value, rest) = line.split_once('\t').unwrap();
        let expected = rest.split('\t').next().filter(|trace| *trace != "-");
        assert_eq!(trace_of(value), expected, "{line}");
    }
}

#[test]
fn what_a_turn_lies_below() {
    let other = PARENT.replace("b7ad", "0000");
    let check = |own: &str, common: &str, inbound: bool, expected: Option<&str>| {
        let terms = Terms { agent: String::new(), threshold: 0, commands: true, inbound };
        let variable = |name: &str| match name {
            "TACHO_TRACEPARENT" => Some(own.to_owned()),
            "TRACEPARENT" => Some(common.to_owned()),
            _ => None,
        };
        assert_eq!(parent(Some(&terms), variable).as_deref(), expected);
        assert_eq!(parent(None, variable).as_deref(), Some(own).filter(|own| !own.is_empty()));
    };
    check("", "", true, None);
    check(PARENT, &other, true, Some(PARENT));
    check("", PARENT, false, None);
    check("", PARENT, true, Some(PARENT));
    // What is wrong is told, unless something else is right.
    check("x", PARENT, true, Some(PARENT));
    check("x", PARENT, false, Some("x"));
    check("x", "y", true, Some("x"));
    assert_eq!(parent(None, |_| Some("x".repeat(129))), None);
}

#[test]
fn what_commands_are_told_of_a_turn() {
    let ids = ["claude-code", "740b323b-e450-417b-aec0-701644039b07", "d67eb7c0-99cc-4c12-9d6f-d9dfa06cf6ee"];
    let check = |threshold, parent: Option<&str>, trace: &str, flags: &str, above: &str| {
        let expected = format!("00-{trace}-20d9c7742d9f81c6-{flags}{above}\n");
        assert_eq!(context(threshold, ids, parent), Some(expected));
    };
    let own = "e8231690678849c73e87c62f22cddf71";
    check(0, None, own, "01", "");
    check(0x87_c62f_22cd_df71, None, own, "01", "");
    check(0x87_c62f_22cd_df72, None, own, "00", "");
    check(1 << 56, None, own, "00", "");
    check(0, Some("x"), own, "01", "");
    // What its parent says of a trace holds below it: whether it is random, and that it is not sampled.
    for (said, threshold, flags) in [
        ("01", 0, "01"),
        ("00", 0, "00"),
        ("02", 0, "02"),
        ("03", 0, "03"),
        ("03", 1 << 56, "02"),
        ("01", 1 << 56, "00"),
        ("ff", 0, "03"),
    ] {
        let parent = PARENT.replace("-01", &format!("-{said}"));
        check(threshold, Some(&parent), "0af7651916cd43dd8448eb211c80319c", flags, &format!(" {parent}"));
        // No value of a later version is compared with what a command has: it may be of any length.
        let later = format!("cc{}-more", &parent[2..]);
        check(threshold, Some(&later), "0af7651916cd43dd8448eb211c80319c", flags, "");
    }
    assert_eq!(context(0, ["a", r"\u0061", "p"], None), None);
    assert_eq!(context(0, ["a", "s", r"\u0061"], None), None);
}

#[test]
fn a_place_that_no_line_can_name() {
    assert_eq!(command_line("/home/dev/a\nb/x"), None);
    assert!(command_line("/home/dev/it's/x").is_some());
}
