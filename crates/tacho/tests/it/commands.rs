//! What all commands have in common.

use crate::fixture;
use crate::home::Home;
use std::fs::File;
use std::os::unix::fs::symlink;

/// What is cut short must not pass for the whole.
#[test]
fn data_that_cannot_be_written_is_a_failure() {
    let home = Home::with([fixture::load("bash")]);
    for arguments in
        [&["sessions"][..], &["cost", "--json"], &["audit", "export"], &["tail"], &["completions", "bash"]]
    {
        let mut command = home.command(arguments);
        let ran = command.stdout(File::options().write(true).open("/dev/full").unwrap()).output().unwrap();
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(String::from_utf8(ran.stderr).unwrap(), @r"
            error: write to standard output
              because: No space left on device (os error 28)
            ");
        }
    }
}

/// An answer about another directory than the one that is meant would be wrong.
#[test]
fn nothing_is_said_of_another_state_than_the_one_that_is_meant() {
    let home = Home::with([fixture::load("bash")]);
    let link = home.path().join("link");
    symlink(home.state(), &link).unwrap();
    for arguments in [&["sessions"][..], &["tail"], &["cost", "--fail-over", "1"], &["alerts"], &["coverage"]]
    {
        let ran = home.run_with(arguments, &[("TACHO_HOME", link.to_str().unwrap())]);
        assert_eq!(ran.code, Some(1), "{arguments:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(home.without_place(&ran.stderr), @r"
            error: the state directory [home]/link cannot be used: Not a directory (os error 20)
              hint: `tacho doctor` says where is recorded instead
            ");
        }
    }
    let relative = home.run_with(&["sessions"], &[("TACHO_HOME", "state")]);
    assert_eq!(
        (relative.code, relative.stderr.as_str()),
        (Some(2), "error: TACHO_HOME is no absolute path\n")
    );
}
