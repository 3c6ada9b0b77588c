//! A state directory of every version of the format: today's reader reads it, and today's writer writes the same.

use crate::scene::{Scene, read_all, texts};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io::read_to_string;
use std::path::{Path, PathBuf};
use tacho_spool::append::{Destination, Durability, append};
use tacho_spool::blob::{self, BlobWriter};
use tacho_spool::crc32c::crc32c;
use tacho_spool::layout::{host_directory, segment_name};
use tacho_spool::lock::DrainLock;
use tacho_spool::loss::{self, Loss};
use tacho_spool::read::{seal, segments};
use tacho_spool::state::State;

const SESSION: &str = "0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11";
const BOOT: &str = "e81f163c-89eb-42cb-b112-b73aed552d83";
const SECONDS: u64 = 1_795_296_530;

/// The files below `fixtures/spool/v1`: all kinds there are.
const V1: [&str; 10] = [
    "blobs/43c23184fda-3f8e",
    "blobs/43c23184fdb-3f8f.part",
    "drain.lock",
    "losses",
    "spool/v1/b570dbec-7a8cdf20/0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11.498693.1.jsonl",
    "spool/v1/b570dbec-7a8cdf20/0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11.498693.jsonl",
    "spool/v1/b570dbec-7a8cdf20/h2bef2c0bbbdefdfa.498693.jsonl",
    "spool/v1/b570dbec-7a8cdf20/none.498693.jsonl",
    "spool/v1/sealed/b570dbec-7a8cdf20.0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11.498692.jsonl",
    "spool/v1/sealed/b570dbec-7a8cdf20.0b5e3a9e-54c7-4d5b-9a55-0d6f2f9a7c11.498692~1.jsonl",
];
/// The one that the first hook wrote: a payload, one that is cut, one in a blob, one that is no JSON, and none.
const OF_THE_HOOK: &str = V1[5];

#[test]
fn version_1_is_read() {
    let scene = Scene::set();
    let state = scene.state.path();
    for (path, bytes) in V1.iter().zip(golden()) {
        fs::create_dir_all(state.join(path).parent().unwrap()).unwrap();
        fs::write(state.join(path), bytes).unwrap();
    }

    let found = segments(state).unwrap();
    assert_eq!(found, V1[4..].iter().map(|path| state.join(path)).collect::<Vec<_>>());
    for (path, segment) in V1[4..].iter().zip(&found) {
        let text = fs::read_to_string(segment).unwrap();
        let chunk = read_all(segment);
        assert_eq!((texts(&chunk), chunk.damaged, chunk.cursor), (objects(&text), 0, text.len() as u64));
        let offsets: Vec<_> = chunk.records.iter().map(|record| record.offset as usize).collect();
        assert_eq!(offsets, text.match_indices(r#"{"v":1,"#).map(|(at, _)| at).collect::<Vec<_>>(), "{path}");
    }

    let payload = read_to_string(blob::open(state, "43c23184fda-3f8e").unwrap()).unwrap();
    let reference = format!(
        r#""len":{0},"raw_ref":{{"name":"43c23184fda-3f8e","len":{0},"crc":"{1:08x}"}},"#,
        payload.len(),
        crc32c(payload.as_bytes())
    );
    assert_eq!(fs::read_to_string(state.join(OF_THE_HOOK)).unwrap().matches(&reference).count(), 1);
    assert_eq!(payload, in_a_blob());

    let expected = [
        Loss { reason: "errno28".into(), count: 2, first_unix_ns: 1_000, last_unix_ns: 2_000 },
        Loss { reason: "error".into(), count: 1, first_unix_ns: u64::MAX, last_unix_ns: u64::MAX },
    ];
    assert_eq!(loss::read(state).unwrap(), expected);
    assert!(DrainLock::try_acquire(&scene.state).unwrap().is_some());
}

#[test]
fn version_1_is_written() {
    let scene = Scene::set();
    let state = &scene.state;
    let host_directory = host_directory(b"vm", BOOT.as_bytes());
    let write = |session: &str, unix_seconds: u64, object: &str| {
        let to = Destination { host_directory: &host_directory, session, unix_seconds };
        append(state, to, &tacho_spool::frame::seal(object.as_bytes()), Durability::Disk).unwrap();
    };
    let open = |number| {
        let name = segment_name(SESSION, SECONDS, number);
        state.path().join(tacho_spool::layout::SPOOL).join(&host_directory).join(name)
    };

    let [earlier, again] = [V1[8], V1[9]].map(|path| fs::read_to_string(in_fixtures(path)).unwrap());
    for segment in [earlier, again] {
        objects(&segment).iter().for_each(|object| write(SESSION, SECONDS - 3600, object));
        let path = segments(state.path()).unwrap().swap_remove(0);
        seal(state, &path, segment.len() as u64).unwrap().unwrap();
    }
    let of = |path| objects(&fs::read_to_string(in_fixtures(path)).unwrap());
    of(OF_THE_HOOK).iter().for_each(|object| write(SESSION, SECONDS, object));
    let sealer = File::open(open(0)).unwrap();
    flock(&sealer, FlockOperation::NonBlockingLockExclusive).unwrap();
    of(V1[4]).iter().for_each(|object| write(SESSION, SECONDS, object));
    of(V1[6]).iter().for_each(|object| write("../../etc/passwd", SECONDS, object));
    of(V1[7]).iter().for_each(|object| write("none", SECONDS, object));

    let mut whole = BlobWriter::create(state, "43c23184fda-3f8e".into()).unwrap();
    whole.push(in_a_blob().as_bytes()).unwrap();
    whole.finish(Durability::Disk).unwrap();
    let mut part = BlobWriter::create(state, "43c23184fdb-3f8f".into()).unwrap();
    part.push(&in_a_blob().as_bytes()[..100]).unwrap();

    loss::prepare(state).unwrap();
    loss::count(state, 16_270, "errno28", 1_000).unwrap();
    loss::count(state, 16_270, "errno30", 2_000).unwrap();
    loss::count(state, 16_271, "error", u64::MAX).unwrap();
    DrainLock::try_acquire(state).unwrap().unwrap();

    assert_eq!(files_below(state), V1);
    for (path, bytes) in V1.iter().zip(golden()) {
        assert_eq!(fs::read(state.path().join(path)).unwrap(), bytes, "{path}");
    }
}

/// The payload that is too large for its record.
fn in_a_blob() -> String {
    format!(
        r#"{{"session_id":"{SESSION}","hook_event_name":"PostToolUse","tool_use_id":"{}","agent_id":"a1","tool_response":"{}"}}"#,
        "toolu_01A09q90qw90lq917835lq9x",
        "x".repeat(60_000)
    )
}

fn in_fixtures(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/spool/v1").join(path)
}

fn golden() -> impl Iterator<Item = Vec<u8>> {
    V1.iter().map(|path| fs::read(in_fixtures(path)).unwrap())
}

/// The open objects of a segment, cut out by hand.
fn objects(segment: &str) -> Vec<String> {
    let trailer = r#","crc":"00000000"}"#.len();
    let lines = segment.lines().filter(|line| !line.is_empty());
    lines.map(|line| line[..line.len() - trailer].to_owned()).collect()
}

fn files_below(state: &State) -> Vec<String> {
    let mut files = Vec::new();
    let mut directories = vec![state.path().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path.strip_prefix(state.path()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}
