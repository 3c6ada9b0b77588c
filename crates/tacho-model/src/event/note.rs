//! Statements that change nothing in the tree and are worth a record of their own.

/// What happened beside the turns, calls and tools. Which fields a kind has is the agent's choice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What happened.
    pub kind: NoteKind,
    /// Which sort of it, one word of few: `idle_prompt`, `user_settings`, `slash_command`.
    pub sort: Option<String>,
    /// Through whom or why, one word of few: `command`, `session_start`.
    pub cause: Option<String>,
    /// The name of what it is about: a command, a model, a task, a teammate, a worktree.
    pub subject: Option<String>,
    /// What was there before, where something was exchanged.
    pub before: Option<String>,
    /// The file or directory it is about. Content.
    pub path: Option<String>,
    /// Words of a person or a model. Content.
    pub text: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// The agent told its user something.
    Notified,
    /// A command was put in the place of its name in a prompt.
    CommandExpanded,
    /// Settings were changed.
    SettingsChanged,
    /// A file with instructions was read.
    InstructionsLoaded,
    /// A task was put on the agent's list.
    TaskCreated,
    /// A task of the list was done.
    TaskCompleted,
    /// An agent that works along has nothing to do.
    TeammateIdle,
    /// The agent went to another directory.
    DirectoryChanged,
    /// The agent may work in one directory more.
    DirectoryAdded,
    /// A file was changed by somebody else.
    FileChanged,
    /// The agent was set up without a session's work.
    SetUp,
    /// Another model is about to be used.
    ModelSwitching,
    /// Another model is used.
    ModelSwitched,
    /// A worktree was made.
    WorktreeCreated,
    /// A worktree was removed.
    WorktreeRemoved,
    /// A piece of an answer was shown.
    MessageShown,
}
