//! What kind of work a shell command is: by the program that it runs first, read as a shell reads it.
//!
//! Only names of the fixed list in `programs.rs` come out of here; any other program is [`OTHER`], since the names of
//! somebody's own scripts are his own. Must not guess what a variable holds, and never fails.

mod commands;
mod making;
mod prefixes;
mod programs;

use commands::simple_commands;
use tacho_model::event::ShellCommand;

#[cfg(test)]
mod tests;

/// Stands for a program that is not on the list.
pub(crate) const OTHER: &str = "other";

/// How often a shell may be told to run a shell before it is too much.
const NESTED_MAX: usize = 4;

/// What a command line is and makes; `None` for one that runs nothing.
pub(crate) fn read(line: &str) -> Option<ShellCommand> {
    let mut programs = Vec::new();
    gather(line, NESTED_MAX, &mut programs);
    // What only prepares the shell says little; where there is nothing else, it is what was done.
    let family = programs.iter().find(|words| !is_preparing(words)).or(programs.first())?;
    Some(ShellCommand {
        family: family.first().map_or(OTHER, |program| programs::family(program)),
        makes: programs
            .iter()
            .map(|words| making::made_by(words))
            .fold(Default::default(), |all, one| all | one),
    })
}

/// The words of every program that the line runs, in order, each without what it is wrapped in.
fn gather(line: &str, depth: usize, programs: &mut Vec<Vec<String>>) {
    for words in simple_commands(line) {
        let words = prefixes::unwrapped(words);
        match prefixes::inner_line(&words) {
            Some(inner) if depth > 0 => gather(&inner, depth - 1, programs),
            Some(_) | None if words.is_empty() => {}
            Some(_) | None => programs.push(words),
        }
    }
}

fn is_preparing(words: &[String]) -> bool {
    words.first().is_some_and(|program| programs::PREPARING.contains(&program.as_str()))
}
