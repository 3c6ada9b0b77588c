//! What is remembered is never what is no longer so.

use super::*;

#[test]
fn changes_between_questions() {
    let room = Room::new();
    let path = room.repository("project");
    git(&path, &["branch", "other"]);
    let mut workplaces = Workplaces::new(room.account());
    let mut check = || {
        let checkout = workplaces.at(&path, now()).unwrap().checkout.unwrap();
        assert_eq!(checkout.head, head_by_git(&path));
    };
    let steps: &[&[&str]] = &[
        &["status"],
        &["commit", "-q", "--allow-empty", "-m", "two"],
        &["checkout", "-q", "other"],
        &["checkout", "-q", "main"],
        &["pack-refs", "--all"],
        &["reset", "-q", "--hard", "HEAD~1"],
        &["branch", "-m", "renamed"],
        &["checkout", "-q", "--detach"],
        &["commit", "-q", "--allow-empty", "-m", "three"],
        &["checkout", "-q", "--orphan", "lonely"],
        &["symbolic-ref", "HEAD", "refs/heads/renamed"],
    ];
    check();
    for step in steps {
        git(&path, step);
        check();
        check();
    }
}

/// Files of one size, replaced within one step of the file system's clock: inodes come back, times stay.
#[test]
fn changes_that_hardly_show() {
    let room = Room::new();
    let path = room.repository("project");
    let mut workplaces = Workplaces::new(room.account());
    for round in 1..200 {
        let id = format!("{round:040x}");
        fs::write(path.join(".git/new"), &id).unwrap();
        fs::rename(path.join(".git/new"), path.join(".git/refs/heads/main")).unwrap();
        let revision = workplaces.at(&path, now()).unwrap().checkout.unwrap().head.revision;
        assert_eq!(revision, Some(id));
    }
}

#[test]
fn changes_of_names() {
    let room = Room::new();
    let path = room.repository("project");
    let mut workplaces = Workplaces::new(room.account());
    let mut told = || {
        let workplace = workplaces.at(&path, now()).unwrap();
        (workplace.checkout.unwrap().repository.name.unwrap(), workplace.user.unwrap().name)
    };
    assert_eq!(told(), ("project".to_owned(), "dev".to_owned()));
    git(&path, &["remote", "add", "origin", "https://github.com/acme/widgets"]);
    fs::write(room.path("home/.gitconfig"), "[user]\nname = Dev\n").unwrap();
    assert_eq!(told(), ("widgets".to_owned(), "Dev".to_owned()));
    git(&path, &["remote", "remove", "origin"]);
    fs::remove_file(room.path("home/.gitconfig")).unwrap();
    assert_eq!(told(), ("project".to_owned(), "dev".to_owned()));
}

#[test]
fn another_repository_in_the_same_place() {
    let room = Room::new();
    let path = room.repository("project");
    let mut workplaces = Workplaces::new(room.account());
    let mut checkout = |cwd: &Path| workplaces.at(cwd, now()).unwrap().checkout;
    git(&path, &["worktree", "add", "-q", "-b", "one", "tree"]);
    let tree = path.join("tree");
    assert_eq!(checkout(&tree).unwrap().worktree.as_deref(), Some("tree"));
    git(&path, &["worktree", "remove", "tree"]);
    assert_eq!(checkout(&tree), None);
    git(&path, &["worktree", "add", "-q", "-b", "two", "tree"]);
    assert_eq!(checkout(&tree).unwrap().head.reference, branch("two"));
    // A repository of its own below one that is remembered.
    fs::create_dir(path.join("src")).unwrap();
    assert_eq!(checkout(&path.join("src")).unwrap().repository, local("project"));
    git(&path.join("src"), &["init", "-q"]);
    assert_eq!(checkout(&path.join("src")).unwrap().repository, local("src"));
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(checkout(&path), None);
    let again = room.repository("project");
    assert_eq!(checkout(&again).unwrap().head, head_by_git(&again));
}

/// What happened before somebody looked is told by that, not by what is there later.
#[test]
fn a_look_tells_what_was_before_it() {
    let room = Room::new();
    let path = room.repository("project");
    let (dot_git, elsewhere) = (path.join(".git"), room.path("elsewhere"));
    fs::rename(&dot_git, &elsewhere).unwrap();
    let mut workplaces = Workplaces::new(room.account());
    let earlier = now();
    assert_eq!(workplaces.at(&path, earlier).unwrap().checkout, None);
    fs::rename(&elsewhere, &dot_git).unwrap();
    assert_eq!(workplaces.at(&path, earlier).unwrap().checkout, None);
    assert_eq!(workplaces.at(&path, now()).unwrap().checkout.unwrap().repository, local("project"));
}

#[test]
fn more_repositories_than_are_remembered() {
    let room = Room::new();
    let template = room.repository("template");
    let mut workplaces = Workplaces::new(room.account());
    for number in 0..super::super::REPOSITORIES_MAX + 8 {
        let path = room.path(&format!("project-{number}"));
        for directory in ["objects", "refs"] {
            fs::create_dir_all(path.join(".git").join(directory)).unwrap();
        }
        fs::write(path.join(".git/HEAD"), format!("ref: refs/heads/branch-{number}\n")).unwrap();
        let head = workplaces.at(&path, now()).unwrap().checkout.unwrap().head;
        assert_eq!(head.reference, branch(&format!("branch-{number}")));
        assert_eq!(workplaces.at(&template, now()).unwrap().checkout.unwrap().head, head_by_git(&template));
    }
    assert_eq!(workplaces.repositories.len(), super::super::REPOSITORIES_MAX);
    // The one that is asked for all the time stays.
    assert!(workplaces.repositories.contains_key(&template.join(".git")));
}
