//! Where the state directory lies when the better places cannot be used.

use crate::scene::{Scene, fire, read_all, walk};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::thread;

const PAYLOAD: &[u8] = br#"{"session_id":"s","hook_event_name":"Stop"}"#;

/// Fires with this `TACHO_HOME` and a good `HOME`; says whether the record is below the latter.
fn falls_back_to_home(scene: &Scene, tacho_home: &OsStr) -> bool {
    let home = scene.folder().join("home");
    let work = scene.folder().join("work");
    fs::create_dir_all(&work).unwrap();
    fire(scene.hook().env("TACHO_HOME", tacho_home).env("HOME", &home).current_dir(&work), PAYLOAD);
    assert_eq!(walk(&work), Vec::<PathBuf>::new());
    read_all(&home.join(".local/state/tachograph")).0.len() == 1
}

#[test]
fn a_place_that_cannot_be_used_is_passed_over() {
    let scene = Scene::without_drainer();
    let file = scene.folder().join("file");
    fs::write(&file, "").unwrap();
    let link = scene.folder().join("link");
    symlink(scene.folder(), &link).unwrap();
    let long = "x".repeat(300);
    let deep = format!("/{}", "x/".repeat(3000));
    let places = [
        "",
        "state",
        ".",
        "../state",
        file.to_str().unwrap(),
        link.to_str().unwrap(),
        "/proc/none",
        "/dev/null",
        &long,
        &deep,
    ];
    for place in places {
        let scene = Scene::without_drainer();
        assert!(falls_back_to_home(&scene, place.as_ref()), "{place}");
    }
    assert!(falls_back_to_home(&scene, file.join("below").as_os_str()));
}

/// A directory that is there and cannot be written, as on a disk that is mounted read-only.
#[test]
fn a_read_only_place_is_passed_over() {
    let scene = Scene::without_drainer();
    fs::create_dir(scene.state()).unwrap();
    fs::set_permissions(scene.state(), Permissions::from_mode(0o500)).unwrap();
    // Whoever may do everything can write there all the same.
    let is_writable = fs::write(scene.state().join("probe"), "").is_ok();
    assert_eq!(falls_back_to_home(&scene, scene.state().as_os_str()), !is_writable);
    assert_eq!(scene.records().len(), usize::from(is_writable));
}

#[test]
fn the_last_place_is_temporary() {
    let scene = Scene::without_drainer();
    let runtime = scene.folder().join("runtime");
    fs::create_dir(&runtime).unwrap();
    fire(scene.hook().env_remove("TACHO_HOME").env("XDG_RUNTIME_DIR", &runtime), PAYLOAD);
    let user = rustix::process::geteuid().as_raw();
    assert_eq!(read_all(&runtime.join(format!("tachograph-{user}"))).0.len(), 1);
}

#[test]
fn others_cannot_write_to_what_the_hook_made_or_found() {
    let scene = Scene::without_drainer();
    fs::create_dir(scene.state()).unwrap();
    fs::set_permissions(scene.state(), Permissions::from_mode(0o777)).unwrap();
    for mask in ["umask 0", "umask 777", "umask 222"] {
        fire(&mut scene.hook_after(mask), PAYLOAD);
        fire(&mut scene.hook_after(mask), &[PAYLOAD, &[b' '; 60_000]].concat());
    }
    assert_eq!(scene.records().len(), 6);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&scene.state()), 0o755);
    let modes: Vec<_> = walk(&scene.state()).iter().map(|path| mode(path)).collect();
    assert_eq!(modes, vec![0o600; modes.len()]);
}

#[test]
fn hooks_may_race_to_make_the_state_directory() {
    let scene = Scene::without_drainer();
    let home = scene.folder().join("a/b/c");
    thread::scope(|scope| {
        for _ in 0..16 {
            let (scene, home) = (&scene, &home);
            scope.spawn(move || fire(scene.hook().env("TACHO_HOME", home), PAYLOAD));
        }
    });
    assert_eq!(read_all(&home).0.len(), 16);
}

#[test]
fn a_path_need_not_be_text() {
    let scene = Scene::without_drainer();
    let home = scene.folder().join(OsStr::from_bytes(b"caf\xE9"));
    fire(scene.hook().env("TACHO_HOME", &home), PAYLOAD);
    fs::write(home.join("notice"), "seen\n").unwrap();
    let start = br#"{"session_id":"s","hook_event_name":"SessionStart"}"#;
    assert_eq!(fire(scene.hook().env("TACHO_HOME", &home), start), "seen\n");
    assert_eq!(read_all(&home).0.len(), 2);
}
