//! Whether the configuration can be read, keeps its secrets, and names nothing that is refused.

use super::super::here;
use super::Verdict;
use super::ground::{Ground, typed};
use crate::config::{Origin, Refused};
use crate::place::{self, ConfigFile, MANAGED_FILE};
use crate::prices;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use tacho_model::traceparent;
use toml::Table;

/// Rights of anybody but the owner.
const OF_OTHERS: u32 = 0o077;

/// The files.
pub(super) fn files(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for unread in &ground.config.unread {
        let why = if unread.may_forbid {
            "nothing is sent until it is known whether it forbids that"
        } else {
            "nothing that it says counts"
        };
        let remedy = format!("edit {}: mend or take out what is named", typed(&unread.path));
        verdict.find(unread.reason.clone(), why, remedy);
    }
    own_files().for_each(|file| verdict.note(file.path.display().to_string()));
    let prices = prices::load();
    if let (Some(file), Some(problem)) = (prices.file.filter(|file| file.exists()), prices.problem) {
        let remedy = format!("edit {}; tacho prices check says whether it is right", typed(&file));
        verdict.find(
            problem,
            "nothing of your own prices counts: calls are priced by the list alone",
            remedy,
        );
    }
    if verdict.detail.is_empty() {
        verdict.note("no file; everything is as it is unless somebody says otherwise");
    }
    let parent = env::var("TACHO_TRACEPARENT").ok().filter(|parent| !parent.is_empty());
    if parent.is_some_and(|parent| traceparent::parse(&parent).is_none()) {
        let why = "what the agent does begins traces of its own where it should lie below another span";
        verdict.find("TACHO_TRACEPARENT is no traceparent", why, "unset TACHO_TRACEPARENT");
    }
    if !Path::new(MANAGED_FILE).exists() {
        return verdict;
    }
    if place::managed_file().is_some() {
        verdict.note(format!("{MANAGED_FILE} is there{}", locks()));
    } else {
        let what = format!("{MANAGED_FILE} is not obeyed: others than root may have written it");
        let remedy = format!("sudo chown root:root {MANAGED_FILE} && sudo chmod 644 {MANAGED_FILE}");
        verdict.find(what, "whoever manages the machine thinks that it counts", remedy);
    }
    verdict
}

/// What the managed file keeps others from.
fn locks() -> String {
    let contents: Table = fs::read_to_string(MANAGED_FILE).unwrap_or_default().parse().unwrap_or_default();
    let mut locks = String::new();
    if contents.get("only_managed_destinations").and_then(toml::Value::as_bool) == Some(true) {
        locks.push_str("; only destinations that it names are used");
    }
    if let Some(level) = contents.get("level_max").and_then(toml::Value::as_str) {
        locks.push_str(&format!("; no destination gets more than {level}"));
    }
    locks
}

/// Files with tokens that others may read.
pub(super) fn secrets(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    let of_agents =
        ground.sides.iter().map(|side| side.config_directory.join(side.agent.owners_files.secrets));
    for path in own_files().flat_map(secret_files).chain(of_agents) {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let mode = metadata.mode() & 0o777;
        if mode & OF_OTHERS != 0 {
            let what =
                format!("{} can be read by others (mode {mode:03o}) and holds a token", path.display());
            verdict.find(
                what,
                "whoever has the token can send in your name",
                format!("chmod 600 {}", typed(&path)),
            );
        }
    }
    if verdict.findings.is_empty() {
        verdict.note("no file with a token can be read by others");
    }
    verdict
}

/// The files that are no business of whoever manages the machine, if they are there.
fn own_files() -> impl Iterator<Item = ConfigFile> {
    let files = [place::owners_file(), place::file_by_variables()].into_iter().flatten();
    files.filter(|file| file.path.exists())
}

/// The configuration file, if it holds a token or a header, and the files of tokens that it names.
fn secret_files(file: ConfigFile) -> Vec<PathBuf> {
    let text = fs::read_to_string(&file.path).unwrap_or_default();
    let Ok(contents) = text.parse::<Table>() else {
        // Nobody can tell what is in it.
        return if text.is_empty() { Vec::new() } else { vec![file.path] };
    };
    let destinations = contents.get("destination").and_then(toml::Value::as_array).into_iter().flatten();
    let destinations: Vec<&Table> = destinations.filter_map(toml::Value::as_table).collect();
    let named = |to: &Table, key: &str| to.get(key).and_then(toml::Value::as_str).map(PathBuf::from);
    let of_one = |to: &&Table| ["token_file", "client_key"].map(|key| named(to, key));
    let mut files: Vec<PathBuf> = destinations.iter().flat_map(of_one).flatten().collect();
    if destinations.iter().any(|to| to.contains_key("token") || to.contains_key("headers")) {
        files.push(file.path);
    }
    files
}

/// Destinations that were named and are not used.
pub(super) fn refused(ground: &Ground) -> Verdict {
    let mut verdict = Verdict::default();
    for refused in &ground.config.refused {
        let what = format!("{} is not used: {}", refused.origin, refused.reason);
        if is_meant_for_all(&refused.origin) {
            verdict.note(what);
            continue;
        }
        verdict.find(what, "it counts as little as if nobody had said it", remedy_of(refused));
    }
    for project in here::projects(&ground.config) {
        let file = typed(Path::new(&project.file));
        for reason in &project.refused {
            let what = format!("of {}, something is not used: {reason}", project.file);
            let remedy = if reason.contains("tacho trust") {
                format!("tacho trust {file}, if you wrote it; else take it out of the file")
            } else {
                format!("edit {file}: mend it or take it out")
            };
            verdict.find(what, "the project is recorded as if the file did not say it", remedy);
        }
    }
    if verdict.findings.is_empty() && verdict.detail.is_empty() {
        verdict.note("nothing that was named is refused");
    }
    verdict
}

/// Whether a variable is read by every exporter, so that whoever set it may have meant others.
fn is_meant_for_all(origin: &Origin) -> bool {
    origin.is_exporter()
}

fn remedy_of(refused: &Refused) -> String {
    let Refused { origin, reason } = refused;
    let address = reason.split_whitespace().find(|word| word.contains("://"));
    let address = address.map(|word| word.trim_end_matches([',', ':']));
    match (reason.contains("tacho trust"), address, origin) {
        (true, Some(address), _) => {
            format!("tacho trust {address}, if you named it; else take it out of {origin}")
        }
        (true, None, _) => format!("tacho trust {origin}, if you changed it; else see what is in it"),
        (false, _, Origin::PluginSettings { agent, .. }) => {
            format!("tacho install {agent} with --endpoint, --level or --token-stdin, whichever is wrong")
        }
        (false, _, _) => format!("mend or take out {origin}"),
    }
}
