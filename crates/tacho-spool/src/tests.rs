//! Tests of what needs no disk: checksum, frame, names and places.

mod model;

use crate::crc32c::{Crc32c, crc32c};
use crate::frame::{Line, seal};
use crate::layout::{host_directory, segment_name};
use crate::state::{Tier, candidates};
use proptest::collection::vec;
use proptest::prelude::*;
use rustix::process::geteuid;
use std::ffi::OsString;

/// RFC 3720 appendix B.4.
#[test]
fn checksums_of_the_standard() {
    let ascending: Vec<u8> = (0..32).collect();
    let descending: Vec<u8> = (0..32).rev().collect();
    let scsi_read = [
        0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0,
        0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
    ];
    let vectors: [(&[u8], u32); 7] = [
        (&[0; 32], 0x8A91_36AA),
        (&[0xFF; 32], 0x62A8_AB43),
        (&ascending, 0x46DD_794E),
        (&descending, 0x113F_DB5C),
        (&scsi_read, 0xD996_3A56),
        (b"123456789", 0xE306_9283),
        (b"", 0),
    ];
    let found = vectors.map(|(bytes, _)| crc32c(bytes));
    assert_eq!(found, vectors.map(|(_, checksum)| checksum));
}

proptest! {
    #[test]
    fn a_checksum_over_pieces_is_that_of_the_whole(pieces in vec(vec(any::<u8>(), 0..40), 0..8)) {
        let mut checksum = Crc32c::default();
        pieces.iter().for_each(|piece| checksum.update(piece));
        prop_assert_eq!(checksum.value(), crc32c(&pieces.concat()));
    }

    #[test]
    fn a_framed_record_is_read_as_it_was(text in open_object()) {
        let framed = seal(&text);
        let lines: Vec<_> = framed.split(|byte| *byte == b'\n').map(Line::judge).collect();
        prop_assert_eq!(lines, [Line::Blank, Line::Record(&text), Line::Blank]);
    }

    /// Whatever a payload holds, a framed record within it included, it is one record, and one byte changed at any
    /// place costs at most the record whose frame it is in.
    #[test]
    fn damage_costs_the_damaged_record_only(
        objects in vec(open_object(), 1..6),
        place in any::<prop::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let frames: Vec<_> = objects.iter().map(|object| seal(object)).collect();
        let intact = frames.concat();
        prop_assert_eq!(records(&intact), objects.clone());

        let place = place.index(intact.len());
        let mut damaged = intact;
        damaged[place] ^= change;
        let mut ends = frames.iter().scan(0, |end, frame| { *end += frame.len(); Some(*end) });
        let hit = ends.position(|end| place < end).unwrap();
        let mut others = objects.clone();
        others.remove(hit);
        prop_assert_eq!(records(&damaged), others);
    }
}

/// An open object as a writer may make it: one line, and any text, also text that looks like a frame.
fn open_object() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        "[ -~]{0,200}",
        "\\PC{0,60}",
        Just(r#","crc":"00000000"}"#.to_owned()),
        "[a-z]{0,9}".prop_map(|name| String::from_utf8(seal(format!("{{\"{name}\":1").as_bytes())).unwrap()),
    ];
    text.prop_map(|text| format!(r#"{{"v":1,"raw":{}"#, text.replace('\n', " ")).into_bytes())
}

fn records(segment: &[u8]) -> Vec<Vec<u8>> {
    let lines = segment.split(|byte| *byte == b'\n').map(Line::judge);
    lines
        .filter_map(|line| if let Line::Record(object) = line { Some(object.to_vec()) } else { None })
        .collect()
}

#[test]
fn lines_that_are_no_records() {
    let sealed = seal(br#"{"v":1"#);
    let line = std::str::from_utf8(&sealed).unwrap().trim();
    assert_eq!(Line::judge(line.as_bytes()), Line::Record(br#"{"v":1"#));
    let damaged = [
        r#","crc":"00000000"}"#.to_owned(),
        line.to_uppercase(),
        line.replace("\"crc\"", "\"CRC\""),
        format!(" {line}"),
        format!("{line} "),
        line.trim_end_matches('}').to_owned(),
        "\0\0\0\0".to_owned(),
        "{".to_owned(),
    ];
    let found = damaged.each_ref().map(|line| Line::judge(line.as_bytes()));
    assert_eq!(found, [const { Line::Damaged }; 8]);
}

#[test]
fn names_of_segments() {
    let long = "x".repeat(65);
    let names = [
        ("0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11", 0, 0),
        ("a_B-9", 3600 * 498_693 + 3599, 3),
        ("../../etc/passwd", 0, 0),
        ("a/b", 0, 63),
        (r"a\u0000b", 0, 0),
        ("", 0, 0),
        (&long, u64::MAX, 0),
    ]
    .map(|(session, seconds, number)| segment_name(session, seconds, number));
    assert_eq!(
        names,
        [
            "0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11.0.jsonl",
            "a_B-9.498693.3.jsonl",
            "h2bef2c0bbbdefdfa.0.jsonl",
            "he620c3190468cf61.0.63.jsonl",
            "hcba2d637695d56f7.0.jsonl",
            "hcbf29ce484222325.0.jsonl",
            "h7d70a52549704607.5124095576030431.jsonl",
        ]
    );
    assert_eq!(host_directory(b"vm", b"e81f163c-89eb-42cb-b112-b73aed552d83"), "b570dbec-7a8cdf20");
}

#[test]
fn places_of_the_state_directory() {
    let user = geteuid().as_raw();
    let check = |variables: &[(&str, &str)], expected: &[(Tier, &str)]| {
        let value = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let found: Vec<_> =
            candidates(value).map(|found| (found.tier, found.path.display().to_string())).collect();
        let last = (Tier::Temporary, format!("/tmp/tachograph-{user}"));
        let expected: Vec<_> = expected
            .iter()
            .map(|(tier, path)| (*tier, path.replace("UID", &user.to_string())))
            .chain([last])
            .collect();
        assert_eq!(found, expected, "{variables:?}");
    };
    check(&[], &[]);
    check(&[("HOME", "/home/dev")], &[(Tier::StateHome, "/home/dev/.local/state/tachograph")]);
    check(
        &[
            ("XDG_RUNTIME_DIR", "/run/user/1"),
            ("CLAUDE_PLUGIN_DATA", "/home/dev/data"),
            ("HOME", "/home/dev"),
            ("XDG_STATE_HOME", "/home/dev/state"),
            ("TACHO_HOME", "/srv/tacho"),
        ],
        &[
            (Tier::Named, "/srv/tacho"),
            (Tier::StateHome, "/home/dev/state/tachograph"),
            (Tier::StateHome, "/home/dev/.local/state/tachograph"),
            (Tier::PluginData, "/home/dev/data"),
            (Tier::Temporary, "/run/user/1/tachograph-UID"),
        ],
    );
    // A relative path would lie wherever the agent works, and an empty variable says nothing.
    check(
        &[("TACHO_HOME", "state"), ("HOME", ""), ("XDG_STATE_HOME", "."), ("CLAUDE_PLUGIN_DATA", "../x")],
        &[],
    );
}
