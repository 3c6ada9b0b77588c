//! `tacho destinations presets`: the receivers that are known by name.

use super::table::table;
use crate::cli::Output;
use crate::config::presets::{self, Preset, TokenForm};
use crate::failure::{Failure, FailureKind};
use crate::report::SCHEMA_VERSION;
use crate::terminal::print;
use serde_json::{Value as Json, json};

/// Lists the presets.
pub(super) fn run(output: Output) -> Result<(), Failure> {
    let known = all()?;
    if output.json {
        let rows: Vec<Json> = known.iter().map(|(name, preset)| report(name, preset)).collect();
        print(&format!("{}\n", json!({ "schema_version": SCHEMA_VERSION, "presets": rows })));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = known.iter().map(|(name, preset)| row(name, preset)).collect();
    print(&table(&["PRESET", "OF", "ENDPOINT", "TOKEN IN", "SIGNALS"], &[], &rows));
    for (name, preset) in &known {
        if let Some(note) = &preset.note {
            print(&format!("\n{name}: {note}\n"));
        }
    }
    Ok(())
}

fn all() -> Result<Vec<(&'static str, Preset)>, Failure> {
    let preset = |name| presets::named(name).map(|preset| (name, preset));
    let all: Result<Vec<_>, String> = presets::names().map(preset).collect();
    all.map_err(|reason| Failure::new(FailureKind::Config, reason))
}

/// What stands in the table of a preset, here and in `docs/configuration.md`.
fn row(name: &str, preset: &Preset) -> Vec<String> {
    let header = preset.token_header.as_deref().unwrap_or("Authorization");
    let token = match preset.token {
        TokenForm::Bearer => format!("{header}: Bearer"),
        TokenForm::Basic => format!("{header}: Basic"),
        TokenForm::Plain => header.to_owned(),
    };
    let signals = preset.signals.as_ref().map_or_else(|| "all".to_owned(), |signals| signals.join(" "));
    [name, &preset.title, &preset.endpoint, &token, &signals].map(str::to_owned).to_vec()
}

fn report(name: &str, preset: &Preset) -> Json {
    json!({
        "name": name,
        "title": preset.title,
        "note": preset.note,
        "kind": preset.kind,
        "endpoint": preset.endpoint,
        "region_example": preset.region_example,
        "token_header": preset.token_header.as_deref().unwrap_or("Authorization"),
        "dataset_header": preset.dataset_header,
        "headers": preset.headers,
        "protocol": preset.protocol,
        "signals": preset.signals,
        "temporality": preset.temporality,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn at_root(path: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
    }

    /// Every file can be read, and none is left out.
    #[test]
    fn every_preset_is_known() {
        let files = fs::read_dir(at_root("presets")).unwrap();
        let stem = |file: fs::DirEntry| file.path().file_stem().unwrap().to_string_lossy().into_owned();
        let mut files: Vec<String> = files.map(|file| stem(file.unwrap())).collect();
        files.sort();
        let known: Vec<&str> = all().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(known, files);
    }

    /// The table in the documentation says what the files say.
    #[test]
    fn the_documentation_has_every_preset() {
        let mut expected = String::new();
        for (name, preset) in all().unwrap() {
            let cells = row(name, &preset);
            let note = preset.note.as_deref().unwrap_or_default();
            expected += &format!(
                "| `{}` | {} | `{}` | `{}` | {} | {note} |\n",
                cells[0], cells[1], cells[2], cells[3], cells[4]
            );
        }
        let text = fs::read_to_string(at_root("docs/configuration.md")).unwrap();
        let (_, behind) = text.split_once("<!-- presets -->\n").unwrap();
        let (_, rows) = behind.split_once("|---|---|---|---|---|---|\n").unwrap();
        let (table, _) = rows.split_once("\n\n").unwrap();
        assert_eq!(format!("{table}\n"), expected);
    }
}
