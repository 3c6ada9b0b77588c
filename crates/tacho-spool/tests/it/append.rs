//! Where a record goes when the first segment does not take it, and what state a state directory must be in.

use crate::scene::{HOST, Plant, Scene, object, pipe_at, record, to};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use tacho_spool::append::{Durability, append};
use tacho_spool::blob::{self, Blob, BlobWriter, PART_SUFFIX};
use tacho_spool::crc32c::crc32c;
use tacho_spool::layout::{BLOBS, SEGMENT_BYTES_MAX, SPOOL};
use tacho_spool::lock::{DRAIN_LOCK, DrainLock};
use tacho_spool::state::{Candidate, State, Tier};

#[test]
fn records_stand_one_behind_the_other() {
    let scene = Scene::set();
    (1..=3).for_each(|number| scene.append(number));
    assert_eq!(scene.all(), ((1..=3).map(object).collect(), 0));
    assert_eq!(fs::read(scene.segment(0)).unwrap(), [record(1), record(2), record(3)].concat());
}

#[test]
fn what_is_written_is_for_its_owner_alone() {
    let scene = Scene::set();
    append(&scene.state, to("s"), &record(1), Durability::Disk).unwrap();
    let mut blob = BlobWriter::create(&scene.state, "b".into()).unwrap();
    blob.push(b"x").unwrap();
    blob.finish(Durability::Disk).unwrap();
    let mode =
        |path: &Path| fs::metadata(scene.state.path().join(path)).unwrap().permissions().mode() & 0o777;
    let host = Path::new(SPOOL).join(HOST);
    let modes = [Path::new(""), "spool".as_ref(), SPOOL.as_ref(), &host, BLOBS.as_ref()].map(mode);
    assert_eq!(modes, [0o700; 5]);
    assert_eq!([mode(&scene.segment(0)), mode(&Path::new(BLOBS).join("b"))], [0o600; 2]);
}

/// Whatever bears the name of a segment and is none of ours stays as it is, and the record goes to the next name.
#[test]
fn a_taken_name_is_passed_over() {
    let target = "untouched";
    let plants: [(&str, Plant); 6] = [
        ("pipe", |path, _| pipe_at(path)),
        ("symbolic link", |path, target| symlink(target, path).unwrap()),
        ("hard link", |path, target| fs::hard_link(target, path).unwrap()),
        ("directory", |path, _| fs::create_dir(path).unwrap()),
        ("sealed segment", |path, _| {
            fs::write(path, "").unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o400)).unwrap();
        }),
        ("full segment", |path, _| File::create(path).unwrap().set_len(SEGMENT_BYTES_MAX).unwrap()),
    ];
    for (name, plant) in plants {
        let scene = Scene::set();
        scene.append(1);
        fs::remove_file(scene.segment(0)).unwrap();
        let outside = scene.outside("target");
        fs::write(&outside, target).unwrap();
        plant(&scene.segment(0), &outside);
        scene.append(2);
        assert_eq!(fs::read(scene.segment(1)).unwrap(), record(2), "{name}");
        assert_eq!(fs::read_to_string(&outside).unwrap(), target, "{name}");
    }
}

#[test]
fn a_segment_that_is_being_sealed_is_passed_over() {
    let scene = Scene::set();
    scene.append(1);
    let sealer = File::open(scene.segment(0)).unwrap();
    flock(&sealer, FlockOperation::NonBlockingLockExclusive).unwrap();
    scene.append(2);
    drop(sealer);
    scene.append(3);
    assert_eq!(fs::read(scene.segment(0)).unwrap(), [record(1), record(3)].concat());
    assert_eq!(fs::read(scene.segment(1)).unwrap(), record(2));
}

#[test]
fn no_record_leaves_the_state_directory_by_a_link() {
    let scene = Scene::set();
    let outside = scene.outside("elsewhere");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, scene.state.path().join("spool")).unwrap();
    let refused = append(&scene.state, to("s"), &record(1), Durability::Kernel).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(Errno::LOOP.raw_os_error()));
    let files = walk(&outside).into_iter().filter(|path| path.is_file()).count();
    assert_eq!(files, 0);
}

fn walk(path: &Path) -> Vec<std::path::PathBuf> {
    let below = fs::read_dir(path).into_iter().flatten().flatten().flat_map(|entry| walk(&entry.path()));
    below.chain([path.to_owned()]).collect()
}

#[test]
fn writers_may_race_to_make_the_directories() {
    let scene = Scene::set();
    let path = scene.outside("a/b/c/d");
    thread::scope(|scope| {
        for number in 0..16 {
            let path = &path;
            scope.spawn(move || {
                let state = State::open(path).unwrap();
                append(&state, to("s"), &record(number), Durability::Kernel).unwrap();
            });
        }
    });
    let segment = path.join(SPOOL).join(HOST).join("s.0.jsonl");
    assert_eq!(crate::scene::read_all(&segment).records.len(), 16);
}

#[test]
fn others_lose_write_access_to_a_state_directory() {
    let scene = Scene::set();
    let path = scene.outside("shared");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    State::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    // One that is meant for many, such as /tmp, is none of ours to narrow.
    fs::set_permissions(&path, Permissions::from_mode(0o1777)).unwrap();
    assert!(State::open(&path).is_err());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o1777);
}

#[test]
fn the_first_place_that_can_be_used_is_taken() {
    let scene = Scene::set();
    let [file, link, read_only, good] = ["file", "link", "read-only", "good"].map(|name| scene.outside(name));
    fs::write(&file, "").unwrap();
    symlink(scene.state.path(), &link).unwrap();
    fs::create_dir(&read_only).unwrap();
    fs::set_permissions(&read_only, Permissions::from_mode(0o500)).unwrap();
    // Whoever may do everything can write there all the same.
    let expected = if fs::write(read_only.join("probe"), "").is_ok() { &read_only } else { &good };
    let places = [file.join("below"), file, link, read_only.clone(), good.clone()];
    let candidates = places.map(|path| Candidate { tier: Tier::Named, path });
    let (state, _) = State::open_first(candidates.clone().into_iter()).unwrap();
    assert_eq!(state.path(), expected);
    assert!(State::open_first(candidates[..3].iter().cloned()).is_none());
}

#[test]
fn one_drainer_at_a_time() {
    let scene = Scene::set();
    let first = DrainLock::try_acquire(&scene.state).unwrap();
    let held = DrainLock::try_acquire(&scene.state).unwrap().is_none();
    drop(first);
    let free = DrainLock::try_acquire(&scene.state).unwrap().is_some();
    assert_eq!((held, free), (true, true));
}

/// Whoever meets it must not have to guess where it lies and whether it may go.
#[test]
fn what_is_in_the_way_of_the_lock_is_named() {
    let plants: [(Errno, Plant); 3] = [
        (Errno::ISDIR, |path, _| fs::create_dir(path).unwrap()),
        (Errno::LOOP, |path, target| symlink(target, path).unwrap()),
        (Errno::NXIO, |path, _| drop(UnixListener::bind(path).unwrap())),
    ];
    for (errno, plant) in plants {
        let scene = Scene::set();
        let path = scene.state.path().join(DRAIN_LOCK);
        plant(&path, &scene.outside("target"));
        let error = DrainLock::try_acquire(&scene.state).unwrap_err().to_string();
        let path = path.display();
        assert_eq!(error, format!("{path} is in the way of the drainer's lock ({errno}); remove it"));
    }
}

#[test]
fn a_blob_has_its_name_once_it_is_whole() {
    let scene = Scene::set();
    let names = || {
        let entries = fs::read_dir(scene.state.path().join(BLOBS)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let mut blob = BlobWriter::create(&scene.state, "b".into()).unwrap();
    assert!(blob.is_empty());
    assert!(BlobWriter::create(&scene.state, "b".into()).is_err());
    blob.push(b"first ").unwrap();
    blob.push(b"second").unwrap();
    assert_eq!(names(), [format!("b{PART_SUFFIX}")]);
    let finished = blob.finish(Durability::Disk).unwrap();
    assert_eq!(finished, Blob { name: "b".into(), len: 12, crc: crc32c(b"first second") });
    BlobWriter::create(&scene.state, "c".into()).unwrap().discard();
    assert_eq!(names(), ["b"]);

    let read = |name: &str| blob::open(scene.state.path(), name).and_then(std::io::read_to_string).ok();
    symlink(scene.state.path().join(BLOBS).join("b"), scene.state.path().join(BLOBS).join("link")).unwrap();
    pipe_at(&scene.state.path().join(BLOBS).join("pipe"));
    fs::write(scene.state.path().join("secret"), "secret").unwrap();
    let found = ["b", "link", "pipe", "../secret", ".", "", "b/", "none"].map(read);
    assert_eq!(found, [Some("first second".into()), None, None, None, None, None, None, None]);
}
