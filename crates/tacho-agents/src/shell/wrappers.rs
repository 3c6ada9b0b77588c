//! Programs that run another one, whose work is what counts.

use super::programs::base_name;

/// A program that runs another one.
struct Wrapper {
    name: &'static str,
    /// Options whose value is a word of its own.
    valued: &'static [&'static str],
    /// Words before the program that are no options.
    words: usize,
}

const fn wrapper(name: &'static str, valued: &'static [&'static str]) -> Wrapper {
    Wrapper { name, valued, words: 0 }
}

const WRAPPERS: &[Wrapper] = &[
    wrapper("builtin", &[]),
    wrapper("caffeinate", &["-t", "-w"]),
    wrapper("chronic", &[]),
    wrapper("command", &[]),
    wrapper("doas", &["-u", "-C"]),
    wrapper("env", &["-u", "--unset", "-C", "--chdir", "-S", "--split-string"]),
    wrapper("exec", &["-a"]),
    wrapper("ionice", &["-c", "-n", "-p"]),
    wrapper("nice", &["-n", "--adjustment"]),
    wrapper("nohup", &[]),
    wrapper("setsid", &[]),
    wrapper("stdbuf", &["-i", "-o", "-e"]),
    wrapper(
        "sudo",
        &[
            "-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "-D", "-r", "-t", "-T",
            "-U",
        ],
    ),
    wrapper("time", &["-f", "--format", "-o", "--output"]),
    Wrapper { words: 1, ..wrapper("timeout", &["-s", "--signal", "-k", "--kill-after"]) },
    wrapper("unbuffer", &[]),
    wrapper("xargs", &["-I", "-n", "-P", "-d", "-L", "-s", "-E", "-a"]),
];

/// Shells that run what stands behind `-c`.
const SHELLS: &[&str] = &["bash", "dash", "fish", "ksh", "sh", "zsh"];

/// The words without variables in front and without programs that only run the rest.
pub(super) fn unwrapped(words: Vec<String>) -> Vec<String> {
    let mut words = words.as_slice();
    loop {
        words = without_assignments(words);
        let Some((program, rest)) = words.split_first() else { break };
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == base_name(program)) else { break };
        let wrapped = wrapper.wrapped(rest);
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
    let is_command = |word: &&String| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
    let mut options = rest.iter().skip_while(|word| !is_command(word) && word.starts_with('-'));
    options.next().filter(is_command)?;
    options.next().cloned()
}

impl Wrapper {
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
