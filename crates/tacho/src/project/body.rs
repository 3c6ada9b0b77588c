//! A project's file as the body of an observation. Must not hold what is only wished for: it may be a token.

use super::ProjectFile;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Not;

#[derive(Serialize)]
struct Body<'a> {
    project: Facts<'a>,
}

#[derive(Default, Serialize)]
struct Facts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Not::not")]
    withheld: bool,
    #[serde(skip_serializing_if = "Not::not")]
    omits_content: bool,
    #[serde(skip_serializing_if = "Not::not")]
    omits_names: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<&'a BTreeMap<String, String>>,
}

/// The body; of a project without a file an empty one.
pub(crate) fn observation_body(file: Option<&ProjectFile>) -> Vec<u8> {
    let project = file.map(facts).unwrap_or_default();
    // Texts and truths have a JSON each.
    serde_json::to_vec(&Body { project }).unwrap_or_default()
}

fn facts(file: &ProjectFile) -> Facts<'_> {
    let rules = &file.rules;
    Facts {
        file: Some(file.path.to_string_lossy().into_owned()),
        sha256: Some(&file.sha256),
        withheld: rules.withheld,
        omits_content: rules.omits_content,
        omits_names: rules.omits_names,
        attributes: Some(&rules.attributes).filter(|attributes| !attributes.is_empty()),
    }
}
