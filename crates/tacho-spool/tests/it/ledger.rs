//! Tests of the loss ledger.

use crate::scene::{Plant, Scene, pipe_at};
use std::fs;
use std::os::unix::fs::symlink;
use tacho_spool::loss::{LOSS_LEDGER, Loss, count, prepare, read};

fn loss(reason: &str, count: u64, first_unix_ns: u64, last_unix_ns: u64) -> Loss {
    Loss { reason: reason.into(), count, first_unix_ns, last_unix_ns }
}

#[test]
fn losses_add_up_by_slot() {
    let scene = Scene::set();
    assert_eq!(read(scene.state.path()).unwrap(), []);
    prepare(&scene.state).unwrap();
    count(&scene.state, 7, "errno28", 1_000).unwrap();
    count(&scene.state, 64 + 7, "errno30", 2_000).unwrap();
    count(&scene.state, 3, "errno30", 3_000).unwrap();
    prepare(&scene.state).unwrap();
    let expected = [loss("errno30", 1, 3_000, 3_000), loss("errno28", 2, 1_000, 2_000)];
    assert_eq!(read(scene.state.path()).unwrap(), expected);
    assert_eq!(fs::metadata(scene.state.path().join(LOSS_LEDGER)).unwrap().len(), 4096);
}

#[test]
fn a_loss_makes_the_ledger_it_needs() {
    let scene = Scene::set();
    count(&scene.state, 7, "errno40", 1_000).unwrap();
    assert_eq!(read(scene.state.path()).unwrap(), [loss("errno40", 1, 1_000, 1_000)]);
    assert_eq!(fs::read_dir(scene.state.path()).unwrap().count(), 1);
}

#[test]
fn no_value_outgrows_a_slot() {
    let scene = Scene::set();
    prepare(&scene.state).unwrap();
    let slot = format!("{:64}", format!("x {} 1 2", u64::MAX));
    fs::write(scene.state.path().join(LOSS_LEDGER), slot).unwrap();
    count(&scene.state, 0, "x", u64::MAX).unwrap();
    count(&scene.state, 1, "a long reason \u{e9}\n", u64::MAX).unwrap();
    count(&scene.state, 2, "\n", 5).unwrap();
    let expected =
        [loss("x", 999_999_999, 1, u64::MAX), loss("alongreaso", 1, u64::MAX, u64::MAX), loss("-", 1, 5, 5)];
    assert_eq!(read(scene.state.path()).unwrap(), expected);
}

/// What bears the ledger's name and is none is neither waited for nor written to; a ledger takes its place.
#[test]
fn what_is_no_ledger_is_replaced() {
    let plants: [(&str, Plant); 3] = [
        ("pipe", |path, _| pipe_at(path)),
        ("symbolic link", |path, target| symlink(target, path).unwrap()),
        ("hard link", |path, target| fs::hard_link(target, path).unwrap()),
    ];
    for (name, plant) in plants {
        let scene = Scene::set();
        let outside = scene.outside("target");
        fs::write(&outside, "untouched").unwrap();
        plant(&scene.state.path().join(LOSS_LEDGER), &outside);
        count(&scene.state, 1, "errno28", 9).unwrap();
        assert_eq!(read(scene.state.path()).unwrap(), [loss("errno28", 1, 9, 9)], "{name}");
        assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched", "{name}");
    }
}
