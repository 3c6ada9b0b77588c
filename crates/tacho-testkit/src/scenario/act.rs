//! What a person does at a terminal: data only.

use serde::Deserialize;

/// One thing that a person does, or waits for before he goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// Types a line and sends it.
    Type(String),
    /// Presses a key, by its name in tmux.
    Press(String),
    /// Presses Enter until the screen shows a text: a dialog takes no key in its first moments.
    Confirm(String),
    /// Waits until the screen shows a text.
    Shown(String),
    /// Waits until the screen shows a text no more.
    Gone(String),
    /// Waits until the API was asked for a step, `SCRIPT#STEP`.
    Asked(String),
    /// Waits until there is a file in the project.
    File(String),
}
