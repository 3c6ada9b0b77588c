//! Where Claude Code keeps its transcripts.
//!
//! `<config>/projects/<cwd>/<session>.jsonl`, and for each subagent `<session>/subagents/agent-<id>.jsonl` with
//! `agent-<id>.meta.json` beside it.

use crate::SubagentFile;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tacho_model::id::{SessionId, SubagentId};

#[derive(Deserialize)]
struct Pointer {
    transcript_path: Option<PathBuf>,
}

/// The transcript a hook payload names.
pub(super) fn transcript_of(payload: &[u8]) -> Option<PathBuf> {
    serde_json::from_slice::<Pointer>(payload).ok()?.transcript_path.filter(|path| path.is_absolute())
}

/// The directory of a session's subagents, beside its transcript.
pub(super) fn subagent_directory(transcript: &Path, session: &SessionId) -> PathBuf {
    transcript.with_file_name(session.as_str()).join("subagents")
}

/// What a file in that directory is, by its name.
pub(super) fn subagent_file(path: &Path) -> Option<SubagentFile> {
    let name = path.file_name()?.to_str()?.strip_prefix("agent-")?;
    if let Some(id) = name.strip_suffix(".meta.json") {
        return Some(SubagentFile::Description(SubagentId::from(id)));
    }
    name.strip_suffix(".jsonl").map(|id| SubagentFile::Transcript(SubagentId::from(id)))
}
