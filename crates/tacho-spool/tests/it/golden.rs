//! Segments of every version of the format stay readable.

use crate::scene::{Scene, read_all, texts};
use tacho_spool::crc32c::crc32c;
use tacho_spool::frame::seal;

/// Written by the first hook: a payload, one that is cut, one in a blob, one that is no JSON, and none.
const V1: &str = include_str!("../../../../fixtures/spool/v1.jsonl");

#[test]
fn version_1() {
    let scene = Scene::set();
    let found = read_all(&scene.segment_of(V1.as_bytes()));
    let trailer = r#","crc":"00000000"}"#.len();
    let lines: Vec<_> = V1.lines().filter(|line| !line.is_empty()).collect();
    let objects: Vec<_> = lines.iter().map(|line| line[..line.len() - trailer].to_owned()).collect();
    let offsets: Vec<_> = lines.iter().map(|line| V1.find(line).unwrap() as u64).collect();
    assert_eq!((texts(&found), found.damaged, found.cursor), (objects.clone(), 0, V1.len() as u64));
    assert_eq!(found.records.iter().map(|record| record.offset).collect::<Vec<_>>(), offsets);

    let frames: Vec<_> = objects.iter().map(|object| seal(object.as_bytes())).collect();
    assert_eq!(String::from_utf8(frames.concat()).unwrap(), V1);
    // What each record holds instead of its number: the payload, or what stands for it.
    let bodies = objects.iter().map(|object| object.split_once(r#""/home/dev/project"},"#).unwrap().1);
    let kinds: Vec<_> = bodies.map(|body| body.split(':').next().unwrap()).collect();
    assert_eq!(kinds, [r#""raw""#, r#""bad""#, r#""len""#, r#""bad""#, r#""bad""#]);
}

#[test]
fn the_checksum_of_a_blob_of_version_1() {
    let payload = format!(
        r#"{{"session_id":"{}","hook_event_name":"PostToolUse","tool_use_id":"{}","agent_id":"a1","tool_response":"{}"}}"#,
        "0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11",
        "toolu_01A09q90qw90lq917835lq9x",
        "x".repeat(60_000)
    );
    let reference = format!(
        r#","len":{0},"raw_ref":{{"name":"43c23184fda-3f8e","len":{0},"crc":"{1:08x}"}},"#,
        payload.len(),
        crc32c(payload.as_bytes())
    );
    assert_eq!(V1.matches(&reference).count(), 1);
}
