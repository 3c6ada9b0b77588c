//! Hook events that change nothing in the tree, as a table: which field of a payload says what.

use crate::fields::Fields;
use tacho_model::event::{Note, NoteKind};

/// Where an event says what a note holds. An empty name is a field that the event does not have.
struct Row {
    event: &'static str,
    kind: NoteKind,
    sort: &'static str,
    cause: &'static str,
    subject: &'static str,
    before: &'static str,
    path: &'static str,
    text: &'static str,
}

const fn row(event: &'static str, kind: NoteKind) -> Row {
    Row { event, kind, sort: "", cause: "", subject: "", before: "", path: "", text: "" }
}

/// The fields are those of the CLI's own schemas, version 2.1.330.
const ROWS: &[Row] = &[
    Row { sort: "notification_type", text: "message", ..row("Notification", NoteKind::Notified) },
    Row {
        sort: "expansion_type",
        cause: "command_source",
        subject: "command_name",
        text: "command_args",
        ..row("UserPromptExpansion", NoteKind::CommandExpanded)
    },
    Row { sort: "source", path: "file_path", ..row("ConfigChange", NoteKind::SettingsChanged) },
    Row {
        sort: "memory_type",
        cause: "load_reason",
        path: "file_path",
        ..row("InstructionsLoaded", NoteKind::InstructionsLoaded)
    },
    Row { subject: "task_id", text: "task_subject", ..row("TaskCreated", NoteKind::TaskCreated) },
    Row { subject: "task_id", text: "task_subject", ..row("TaskCompleted", NoteKind::TaskCompleted) },
    Row { subject: "teammate_name", ..row("TeammateIdle", NoteKind::TeammateIdle) },
    Row { path: "new_cwd", ..row("CwdChanged", NoteKind::DirectoryChanged) },
    Row { cause: "source", path: "directory", ..row("DirectoryAdded", NoteKind::DirectoryAdded) },
    Row { sort: "event", path: "file_path", ..row("FileChanged", NoteKind::FileChanged) },
    Row { sort: "trigger", ..row("Setup", NoteKind::SetUp) },
    Row {
        cause: "source",
        subject: "to_model",
        before: "from_model",
        ..row("PreModelSwitch", NoteKind::ModelSwitching)
    },
    Row {
        cause: "source",
        subject: "to_model",
        before: "from_model",
        ..row("PostModelSwitch", NoteKind::ModelSwitched)
    },
    Row { subject: "name", ..row("WorktreeCreate", NoteKind::WorktreeCreated) },
    Row { path: "worktree_path", ..row("WorktreeRemove", NoteKind::WorktreeRemoved) },
    Row { text: "delta", ..row("MessageDisplay", NoteKind::MessageShown) },
];

/// The note in a payload, if its event is one.
pub(super) fn note(event: &str, payload: &Fields<'_>) -> Option<Note> {
    let row = ROWS.iter().find(|row| row.event == event)?;
    Some(Note {
        kind: row.kind,
        sort: payload.word(row.sort),
        cause: payload.word(row.cause),
        subject: payload.text(row.subject),
        before: payload.text(row.before),
        path: payload.text(row.path),
        text: payload.text(row.text),
    })
}
