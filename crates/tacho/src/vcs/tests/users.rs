//! Who the user is, and the rewriting of URLs that the user asked git for.

use super::*;

fn user(name: &str, email: Option<&str>, source: UserSource) -> Option<User> {
    Some(User { name: name.to_owned(), email: email.map(str::to_owned), source })
}

fn user_in(room: &Room) -> Option<User> {
    room.workplace(&room.path("home"), now()).unwrap().user
}

#[test]
fn the_users_own_configuration() {
    let room = Room::new();
    assert_eq!(user_in(&room), user("dev", None, UserSource::System));
    fs::create_dir_all(room.path("home/.config/git")).unwrap();
    fs::write(room.path("home/.config/git/config"), "[User]\nName = First\nemail = first@example.com")
        .unwrap();
    assert_eq!(user_in(&room), user("First", Some("first@example.com"), UserSource::Git));
    fs::write(room.path("home/.gitconfig"), "[user]\n\tname = Ana \"  Lucía \" # me\n[user]\nname\n")
        .unwrap();
    assert_eq!(user_in(&room), user("Ana   Lucía", Some("first@example.com"), UserSource::Git));
}

#[test]
fn an_address_without_a_name() {
    let room = Room::new();
    fs::write(room.path("home/.gitconfig"), "[user]\nemail = dev@example.com\nname = \"\"\n").unwrap();
    assert_eq!(user_in(&room), user("dev", Some("dev@example.com"), UserSource::System));
    let mut nameless = Workplaces::new(Account { name: None, ..room.account() });
    assert_eq!(nameless.at(&room.path("home"), now()).unwrap().user, None);
}

#[test]
fn configuration_that_git_would_refuse() {
    let room = Room::new();
    fs::write(room.path("home/.gitconfig"), "[user]\nname = Dev\n[broken\n").unwrap();
    assert_eq!(user_in(&room), user("dev", None, UserSource::System));
}

#[test]
fn includes_are_not_followed() {
    let room = Room::new();
    fs::write(room.path("home/other"), "[user]\nname = Other\n").unwrap();
    fs::write(room.path("home/.gitconfig"), "[user]\nname = Dev\n[include]\npath = other\n").unwrap();
    assert_eq!(user_in(&room), user("Dev", None, UserSource::Git));
}

#[test]
fn linked_settings_are_read() {
    let room = Room::new();
    fs::write(room.path("dotfile"), "[user]\nname = Dev\n").unwrap();
    std::os::unix::fs::symlink(room.path("dotfile"), room.path("home/.gitconfig")).unwrap();
    assert_eq!(user_in(&room), user("Dev", None, UserSource::Git));
    fs::remove_file(room.path("home/.gitconfig")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", room.path("home/.gitconfig")).unwrap();
    assert_eq!(user_in(&room), user("dev", None, UserSource::System));
}

#[test]
fn a_repository_does_not_say_who_the_user_is() {
    let room = Room::new();
    let path = room.repository("project");
    git(&path, &["config", "user.name", "Somebody Else"]);
    let workplace = room.workplace(&path, now()).unwrap();
    assert_eq!(workplace.user, user("dev", None, UserSource::System));
}

#[test]
fn names_without_control_characters_and_end() {
    let room = Room::new();
    let name = format!("a\\n\u{1b}[2J{}", "ü".repeat(600));
    fs::write(room.path("home/.gitconfig"), format!("[user]\nname = {name}\n")).unwrap();
    let expected = format!("a\u{fffd}\u{fffd}[2J{}", "ü".repeat(600));
    let found = user_in(&room).unwrap().name;
    assert!(found.len() <= 512 && expected.starts_with(&found) && found.len() > 500, "{found}");
}

#[test]
fn rewritten_urls() {
    let room = Room::new();
    let path = room.repository("project");
    let config = concat!(
        "[url \"git@github.com:\"]\n\tinsteadOf = gh:\n\tinsteadOf = hub:\n",
        "[url \"https://oauth2:hunter2@gitlab.com/\"]\n\tinsteadOf = https://gitlab.com/\n",
        "[url \"https://bitbucket.org/team/\"]\n\tinsteadOf = gh:team/\n",
        "[url \"https://unused.example/\"]\n\tpushInsteadOf = gh:\n",
    );
    fs::write(room.path("home/.gitconfig"), config).unwrap();
    let check = |url: &str, expected: &str| {
        git(&path, &["config", "remote.origin.url", url]);
        let repository = room.checkout(&path).unwrap().repository;
        assert_eq!(repository.url.as_deref(), Some(expected), "{url}");
    };
    check("gh:acme/widgets", "https://github.com/acme/widgets");
    check("hub:acme/widgets", "https://github.com/acme/widgets");
    check("gh:team/widgets", "https://bitbucket.org/team/widgets");
    check("https://gitlab.com/acme/widgets", "https://gitlab.com/acme/widgets");
}
