//! What command lines are taken for.

use super::read;
use proptest::prelude::*;
use tacho_model::event::Makes;

fn family(line: &str) -> Option<&'static str> {
    read(line).map(|command| command.family)
}

const FAMILIES: &[(&str, &str)] = &[
    ("make", "make"),
    ("cd x && make -j8", "make"),
    ("cd x; FOO=1 BAR='a b' make", "make"),
    ("export A=b\nmake", "make"),
    ("mkdir -p out && cmake -B out", "cmake"),
    ("cd /srv", "cd"),
    ("mkdir -p a", "mkdir"),
    ("sudo -u deploy systemctl restart x", "systemctl"),
    ("sudo --user deploy -- systemctl restart x", "systemctl"),
    ("sudo", "sudo"),
    ("env A=b C=d cargo test", "cargo"),
    ("env -u A -i cargo test", "cargo"),
    ("env", "env"),
    ("nice -n 10 cargo build", "cargo"),
    ("nice cargo build", "cargo"),
    ("time -p pytest -q", "pytest"),
    ("timeout 5 curl -s x", "curl"),
    ("timeout -k 1 --signal KILL 5m sudo npm test", "npm"),
    ("A=1 timeout 5 env B=2 nice go test ./...", "go"),
    ("xargs -n 1 -P 4 rm", "rm"),
    ("find . -name x | xargs rm", "find"),
    ("cat a b | grep c | wc -l", "cat"),
    ("(cd sub && npm ci)", "npm"),
    ("{ cd sub; npm ci; }", "npm"),
    ("$(which python3) -V", "other"),
    ("x=$(git rev-parse HEAD)", "git"),
    ("x=`git rev-parse HEAD`; echo $x", "git"),
    ("echo \"$(date) (a; b)\"", "echo"),
    ("bash -c \"cd x && make -j8\"", "make"),
    ("bash -lc 'npm run build && echo done'", "npm"),
    ("/bin/sh -e -c 'make'", "make"),
    ("bash script.sh", "bash"),
    ("sudo bash -c 'apt-get update'", "apt-get"),
    ("bash -o pipefail -c 'make | tee log'", "make"),
    ("bash -euo pipefail -c 'make'", "make"),
    ("bash --rcfile x +o posix -ce make", "make"),
    ("bash -o pipefail script.sh -c make", "bash"),
    ("FILES=(a b); make", "make"),
    ("FILES+=(\n  'rm' # all\n  make\n)\nls", "ls"),
    ("FILES=($(git ls-files)); make", "git"),
    ("printf $'it\\'s; rm\\n' && make", "printf"),
    ("echo $\"a; b\"", "echo"),
    ("eval \"make all\"", "make"),
    ("\"make\" all", "make"),
    ("'/usr/bin/make' all", "make"),
    ("ma\\\nke all", "make"),
    ("cargo \\\n  test", "cargo"),
    ("# a comment; rm -rf /\nls", "ls"),
    ("ls # | make", "ls"),
    ("cat <<EOF > x\nmake all; it's \"odd\nEOF\nls", "cat"),
    ("cat <<-'EOF' | sh\n\trm x\n\tEOF\n", "cat"),
    ("python3 - <<'PY'\nimport os\nPY", "python"),
    ("python3.12 -m pytest", "python"),
    ("> out 2>&1 make", "make"),
    ("2>/dev/null make", "make"),
    ("make &> log", "make"),
    ("make >&2 | tee", "make"),
    ("diff <(ls a) <(ls b)", "diff"),
    ("grep x <<< \"$y\"", "grep"),
    ("if test -f x; then make; fi", "test"),
    ("if [ -f x ]; then make; fi", "test"),
    ("for f in *.c; do gcc -c \"$f\"; done", "gcc"),
    ("while true; do curl x; done", "curl"),
    ("case $x in a) make;; b|c) ls;; esac", "make"),
    ("f() { make; }; f", "make"),
    ("! grep -q x y", "grep"),
    ("make & wait", "make"),
    ("/usr/local/bin/node x.js", "node"),
    ("node_modules/.bin/jest", "jest"),
    (".venv/bin/python x.py", "python"),
    ("./gradlew build", "gradle"),
    ("./script.sh", "other"),
    ("./test", "other"),
    ("scripts/make", "other"),
    ("~/bin/deploy-secret", "other"),
    ("acme-internal --token x", "other"),
    ("cd x && acme-internal && make", "other"),
    ("$CMD x", "other"),
    ("\"$HOME\"/bin/x", "other"),
    ("gmake", "make"),
    ("[[ -f x ]] && ls", "test"),
    ("x=$((1 + (2 * 3))); make", "make"),
    ("for ((i = 0; i < 3; i++)); do make; done", "make"),
    ("((x > 1)) && make", "make"),
    ("echo $((1 + 2)) && make", "echo"),
    ("x=$( (cd a; make) )", "make"),
    ("source .venv/bin/activate && pytest", "pytest"),
    ("git commit -m \"$(cat <<'EOF'\nFix (it) \"now\", don't wait\nEOF\n)\" && git push", "git"),
    ("echo 'unclosed", "echo"),
    ("echo \"unclosed $(", "echo"),
];

#[test]
fn families() {
    for (line, expected) in FAMILIES {
        assert_eq!(family(line), Some(*expected), "{line}");
    }
}

#[test]
fn the_list_is_in_order() {
    assert!(super::programs::KNOWN.is_sorted());
}

#[test]
fn lines_that_run_nothing() {
    for line in ["", "  \n\t", "# only a comment", "A=b", ";;&&", "<<EOF\nmake\nEOF", "()", ">x"] {
        assert_eq!(family(line), None, "{line}");
    }
}

#[test]
fn what_commands_make() {
    for (line, expected) in [
        ("git commit -m x", Makes::COMMIT),
        ("git -C sub -c user.name=x commit -m 'gh pr create'", Makes::COMMIT),
        ("cd x && git add -A && git --no-pager commit -F - <<'EOF'\ngh pr create\nEOF", Makes::COMMIT),
        ("bash -c 'git commit -m x'", Makes::COMMIT),
        ("git commit -m x && git push && gh pr create --fill", Makes::COMMIT | Makes::CHANGE),
        ("url=$(gh pr create --fill)", Makes::CHANGE),
        ("gh -R a/b pr create", Makes::CHANGE),
        ("gh issue create -t x", Makes::ISSUE),
        ("glab mr create --fill", Makes::CHANGE),
        ("git commit -m \"$(cat <<'EOF'\nFix (it), don't\n\nEOF\n)\"", Makes::COMMIT),
        ("git commit -m \"$(cat <<'EOF'\nFix (it)\nEOF\n)\"; gh issue create", Makes::COMMIT | Makes::ISSUE),
        ("git log --grep commit", Makes::NOTHING),
        ("echo git commit", Makes::NOTHING),
        ("echo 'x; git commit'", Makes::NOTHING),
        ("gh pr view 3", Makes::NOTHING),
        ("cat <<EOF\ngit commit\nEOF", Makes::NOTHING),
        ("git pull", Makes::NOTHING),
    ] {
        assert_eq!(read(line).map(|command| command.makes), Some(expected), "{line}");
    }
}

proptest! {
    /// Whatever stands there: it ends, and says no word that is not on the list.
    #[test]
    fn any_line(line in "[a-z$(){}<>|&;'\"`\\\\ \n#=!-]{0,60}") {
        if let Some(command) = read(&line) {
            prop_assert!(super::programs::family(command.family) == command.family);
        }
    }
}
