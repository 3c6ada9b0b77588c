//! One rule a file of `fixtures/usage`: transcripts, what they come to, and the sum worked out by hand.

use super::{cost, import};
use crate::home::Home;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it is about.
    #[serde(rename = "rule")]
    _rule: String,
    /// Rows by the path of their file below the configuration directory; a text is written as it is.
    files: BTreeMap<PathBuf, Vec<Json>>,
    totals: Map<String, Json>,
    #[serde(rename = "worked_out")]
    _worked_out: String,
    unpriced_models: Vec<String>,
    unreadable_rows: Option<u64>,
    /// Rows of another list than that of days, and their keys.
    by: Option<String>,
    #[serde(default)]
    keys: Vec<String>,
    /// Why what each session came to differs from what the agent said of it.
    why: Option<BTreeMap<String, Json>>,
}

impl Case {
    fn write(&self, path: &Path, directory: &Path) {
        let to = directory.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let line = |row: &Json| match row {
            Json::String(text) => text.clone(),
            row @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                format!("{row}\n")
            }
        };
        fs::write(to, self.files[path].iter().map(line).collect::<String>()).unwrap();
    }
}

fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/usage");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let case = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let case = serde_json::from_str(&fs::read_to_string(path).unwrap());
        (name.clone(), case.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    paths.iter().map(case).collect()
}

#[test]
fn each_rule() {
    for (name, case) in cases() {
        let (home, files) = (Home::new(), Home::new());
        case.files.keys().for_each(|path| case.write(path, files.path()));
        let imported = import(&home, files.path());
        assert_eq!(imported["unreadable_rows"], case.unreadable_rows.unwrap_or(0), "{name}");
        let costs = cost(&home, case.by.as_deref().unwrap_or("daily"));
        for (key, expected) in &case.totals {
            assert_eq!(costs["totals"][key], *expected, "{name}: {key}");
        }
        assert_eq!(costs["unpriced_models"], Json::from(case.unpriced_models), "{name}");
        if !case.keys.is_empty() {
            let mut keys: Vec<&str> =
                costs["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
            keys.sort_unstable();
            assert_eq!(keys, case.keys, "{name}");
        }
        if let Some(expected) = case.why {
            let compared = home.json_of(&["cost", "session", "--reconcile", "--json"]);
            let compared = compared["reconciliation"].as_array().unwrap().clone();
            let why =
                compared.iter().map(|one| (one["session"].as_str().unwrap().to_owned(), one["why"].clone()));
            assert_eq!(why.collect::<BTreeMap<_, _>>(), expected, "{name}");
        }
    }
}

/// In whatever order files come, and how often: the lists are the same.
#[test]
fn order_and_repetition_change_nothing() {
    for (name, case) in cases() {
        let (home, files) = (Home::new(), Home::new());
        case.files.keys().for_each(|path| case.write(path, files.path()));
        import(&home, files.path());
        let (one_by_one, growing) = (Home::new(), Home::new());
        for path in case.files.keys().rev() {
            case.write(path, growing.path());
            if growing.path().join("projects").exists() {
                import(&one_by_one, growing.path());
                import(&one_by_one, growing.path());
            }
        }
        for by in ["session", "agent"] {
            assert_eq!(cost(&home, by), cost(&one_by_one, by), "{name}: {by}");
        }
    }
}
