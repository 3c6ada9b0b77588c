//! Programs that run another one, whose work is what counts.

use super::programs::base_name;

/// A program that runs another one.
struct Prefix {
    name: &'static str,
    /// Options whose value is a word of its own.
    valued: &'static [&'static str],
    /// Words before the program that are no options.
    words: usize,
}

const fn prefix(name: &'static str, valued: &'static [&'static str]) -> Prefix {
    Prefix { name, valued, words: 0 }
}

const PREFIXES: &[Prefix] = &[
    prefix("builtin", &[]),
    prefix("caffeinate", &["-t", "-w"]),
    prefix("chronic", &[]),
    prefix("command", &[]),
    prefix("doas", &["-u", "-C"]),
    prefix("env", &["-u", "--unset", "-C", "--chdir", "-S", "--split-string"]),
    prefix("exec", &["-a"]),
    prefix("ionice", &["-c", "-n", "-p"]),
    prefix("nice", &["-n", "--adjustment"]),
    prefix("nohup", &[]),
    prefix("setsid", &[]),
    prefix("stdbuf", &["-i", "-o", "-e"]),
    prefix(
        "sudo",
        &[
            "-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "-D", "-r", "-t", "-T",
            "-U",
        ],
    ),
    prefix("time", &["-f", "--format", "-o", "--output"]),
    Prefix { words: 1, ..prefix("timeout", &["-s", "--signal", "-k", "--kill-after"]) },
    prefix("unbuffer", &[]),
    prefix("xargs", &["-I", "-n", "-P", "-d", "-L", "-s", "-E", "-a"]),
];

/// Long options of shells whose value is a word of its own.
const VALUED: [&str; 2] = ["--init-file", "--rcfile"];
/// Shells that run what stands behind `-c`.
const SHELLS: &[&str] = &["bash", "dash", "fish", "ksh", "sh", "zsh"];

/// The words without variables in front and without programs that only run the rest.
pub(super) fn unwrapped(words: Vec<String>) -> Vec<String> {
    let mut words = words.as_slice();
    loop {
        words = without_assignments(words);
        let Some((program, rest)) = words.split_first() else { break };
        let Some(prefix) = PREFIXES.iter().find(|prefix| prefix.name == base_name(program)) else { break };
        let wrapped = prefix.wrapped(rest);
        // Alone it does something of its own: `env` lists variables.
        if without_assignments(wrapped).is_empty() {
            break;
        }
        words = wrapped;
    }
    words.to_vec()
}

/// The line that a shell is told to run.
pub(super) fn inner_line(words: &[String]) -> Option<String> {
    let (program, rest) = words.split_first()?;
    if program == "eval" {
        return Some(rest.join(" "));
    }
    if !SHELLS.contains(&base_name(program)) {
        return None;
    }
    let mut rest = rest.iter();
    while let Some(option) = rest.next().filter(|word| word.starts_with(['-', '+'])) {
        let letters = option.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        if letters.is_some_and(|letters| letters.contains('c')) {
            return rest.next().cloned();
        }
        // The name of what `-o` switches, and the file of a long option.
        if VALUED.contains(&option.as_str()) || !option.starts_with("--") && option.ends_with(['o', 'O']) {
            rest.next();
        }
    }
    None
}

impl Prefix {
    /// What stands behind its own options.
    fn wrapped<'w>(&self, mut words: &'w [String]) -> &'w [String] {
        while let Some((option, rest)) = words.split_first()
            && option.starts_with('-')
        {
            words =
                if self.valued.contains(&option.as_str()) { rest.get(1..).unwrap_or_default() } else { rest };
            if option == "--" {
                break;
            }
        }
        without_assignments(words).get(self.words..).unwrap_or_default()
    }
}

fn without_assignments(words: &[String]) -> &[String] {
    let first = words.iter().position(|word| !is_assignment(word)).unwrap_or(words.len());
    words.get(first..).unwrap_or_default()
}

/// `NAME=value`
fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    !name.is_empty()
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
