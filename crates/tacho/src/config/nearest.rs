//! The name that somebody may have meant who wrote another.

use strsim::damerau_levenshtein;

/// What to say behind a complaint about a name: which of the known ones it resembles, or nothing.
pub(crate) fn hint(name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|candidate| (damerau_levenshtein(name, candidate), *candidate)).min();
    match nearest.filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3) {
        Some((_, candidate)) => format!("; did you mean {candidate}?"),
        None => String::new(),
    }
}

/// A complaint about an unknown key, as people put it, of one in which each name stands between backticks, the unknown one
/// first. Any other complaint stays as it is.
pub(super) fn of_unknown_key(complaint: &str) -> String {
    if !complaint.starts_with("unknown field") {
        return complaint.to_owned();
    }
    let names: Vec<&str> = complaint.split('`').skip(1).step_by(2).collect();
    let Some((unknown, known)) = names.split_first() else { return complaint.to_owned() };
    match hint(unknown, known).as_str() {
        "" => format!("unknown key {unknown}; the keys here are {}", known.join(", ")),
        hint => format!("unknown key {unknown}{hint}"),
    }
}
