//! Where Claude Code keeps its transcripts.
//!
//! `<config>/projects/<cwd>/<session>.jsonl`, and for each subagent `<session>/subagents/agent-<id>.jsonl` with
//! `agent-<id>.meta.json` beside it.

use crate::fields::Fields;
use crate::{SubagentFile, Surroundings, TranscriptPlace};
use std::path::{Component, Path, PathBuf};
use tacho_model::id::{SessionId, SubagentId};

/// The transcript and the working directory that a hook payload names.
pub(super) fn surroundings(payload: &Fields<'_>) -> Surroundings {
    let path = |name| {
        let path = PathBuf::from(payload.whole_text(name)?.into_owned());
        path.is_absolute().then_some(path)
    };
    Surroundings { transcript: path("transcript_path"), directory: path("cwd") }
}

/// The directory of a session's subagents, beside its transcript. The id comes from a payload: only a plain file
/// name may lead anywhere.
pub(super) fn subagent_directory(transcript: &Path, session: &SessionId) -> Option<PathBuf> {
    let mut components = Path::new(session.as_str()).components();
    let (Some(Component::Normal(name)), None) = (components.next(), components.next()) else { return None };
    Some(transcript.with_file_name(name).join("subagents"))
}

/// What a file in that directory is, by its name.
pub(super) fn subagent_file(path: &Path) -> Option<SubagentFile> {
    let name = path.file_name()?.to_str()?.strip_prefix("agent-")?;
    if let Some(id) = name.strip_suffix(".meta.json") {
        return Some(SubagentFile::Description(SubagentId::from(id)));
    }
    name.strip_suffix(".jsonl").map(|id| SubagentFile::Transcript(SubagentId::from(id)))
}

/// What a file below the configuration directory is the transcript of: `projects/<cwd>/<session>.jsonl`, and with
/// any folders between them `projects/<cwd>/<session>/**/agent-<id>.jsonl`. Versions before 2.1 put the files of subagents
/// beside those of sessions, and only their rows say whose they are.
pub(super) fn transcript_place(path: &Path) -> Option<TranscriptPlace> {
    let mut parts = path.components().map(|part| part.as_os_str().to_str());
    let (_, _) = (parts.next()?.filter(|part| *part == "projects")?, parts.next()?);
    let session = parts.next()??;
    let subagent = match subagent_file(path) {
        Some(SubagentFile::Transcript(id)) => Some(id),
        Some(SubagentFile::Description(_)) => return None,
        None => None,
    };
    let session = match (parts.next(), &subagent) {
        (None, _) => session.strip_suffix(".jsonl")?,
        (Some(_), Some(_)) => session,
        (Some(_), None) => return None,
    };
    Some(TranscriptPlace { session: SessionId::from(session), subagent, subagent_kind: None })
}

/// The type of a subagent in the text of its description.
pub(super) fn description_kind(text: &[u8]) -> Option<String> {
    Fields::read(text).ok()?.text("agentType").filter(|kind| !kind.is_empty())
}
