//! The grammar of `tacho audit`.

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The types that entries have (docs/formats/audit.md).
const TYPES: [&str; 20] = [
    "tool_call",
    "tool_skip",
    "response_generated",
    "safety_block",
    "permission_requested",
    "permission_decided",
    "config_changed",
    "model_switched",
    "compaction",
    "session_started",
    "session_ended",
    "recorder_gap",
    "recorder_touched",
    "log_started",
    "key_rotated",
    "hold_set",
    "hold_released",
    "retention_changed",
    "entries_given_up",
    "session_forgotten",
];
/// Who or what decides.
const DECIDERS: [&str; 9] =
    ["person", "rule", "mode", "hook", "classifier", "safety_check", "sandbox", "agent", "model"];

#[derive(Debug, Subcommand)]
pub(crate) enum AuditAction {
    /// List what was decided, or show one entry with what was kept beside it.
    ///
    /// An entry has names, numbers and times. Of arguments, results and answers it has commitments: hashes that tell
    /// nobody what was said, and by which what was kept can be shown to be what was said.
    #[command(
        after_help = "Examples:\n  tacho audit show                             the last 50 decisions\n  tacho audit show 4711                        \
        one of them, whole\n  tacho audit show --decider person            what people decided\n  tacho audit show --type safety_block --json"
    )]
    Show {
        /// The number of an entry.
        #[arg(conflicts_with_all = ["session", "kind", "tool", "decider", "since", "until", "limit"])]
        entry: Option<u64>,
        #[command(flatten)]
        filter: Filter,
        /// At most this many, the last ones.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Check that the log is what was signed: every entry, every hash, every signature, every checkpoint that can be found.
    ///
    /// Exits 0 if it is intact, 3 if something was tampered with, 4 if something is missing, 1 if there never was a log.
    /// Without a checkpoint from elsewhere nobody can tell that the end was cut off, or that the whole log was made anew with
    /// another key; give one with --against: log records that your telemetry backend exports, or a file that `tacho audit
    /// anchor` wrote.
    #[command(
        after_help = "Examples:\n  tacho audit verify\n  tacho audit verify --against exported-logs.jsonl\n  tacho audit verify --log \
        /media/evidence/log --key \"$(cat first-key)\""
    )]
    Verify {
        /// Checkpoints that somebody else holds: OTLP JSON (lines), or checkpoints as they are.
        #[arg(long, value_name = "FILE")]
        against: Vec<PathBuf>,
        /// The first key of the log, as `tacho audit key show` told it when the log was begun.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// A copy of a log, instead of this machine's.
        #[arg(long, value_name = "DIR")]
        log: Option<PathBuf>,
    },
    /// Print a proof that an entry is in the log, which reveals no other entry.
    ///
    /// The proof is a text of about 2 KiB in the format c2sp.org/tlog-proof. It holds the entry, and can be checked
    /// years later and elsewhere, with nothing but the log's key.
    #[command(after_help = "Example:\n  tacho audit prove 4711 > decision.tlog-proof")]
    Prove {
        /// The number of the entry.
        entry: u64,
    },
    /// Check a proof, without the log it is of.
    ///
    /// Prints the entry. Exits 0 if it holds, 3 if it does not. Name the keys you trust; without --key it is those of this
    /// machine's log.
    #[command(after_help = "Example:\n  tacho audit verify-proof decision.tlog-proof --key \"$(cat key)\"")]
    VerifyProof {
        /// The proof.
        file: PathBuf,
        /// A key of the log, as `tacho audit key show` prints it.
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
    /// Print entries for another program.
    ///
    /// `jsonl` is each entry as it is in the log, `csv` a table, `document` the record
    /// {timestamp, sessionId, userId, decisionType, toolName, reasoning, inputHash, outputHash, metadata}, which knows four types of decisions.
    #[command(
        after_help = "Examples:\n  tacho audit export > audit.jsonl\n  tacho audit export --format csv --since 2026-11-01T00:00:00Z\n  tacho audit export \
        --format document --session 5f0c2f7e"
    )]
    Export {
        /// In which form.
        #[arg(long, value_enum, default_value_t)]
        format: ExportFormat,
        /// In the form `document`: hashes of the content itself, where it is still there, instead of commitments.
        ///
        /// The first 16 hex digits of SHA-256 without a nonce: whoever can guess a content can see that it was that.
        #[arg(long)]
        content_hashes: bool,
        #[command(flatten)]
        filter: Filter,
    },
    /// Keep all that is known of a session, whatever retention and quotas say, until it is released.
    #[command(
        after_help = "Example:\n  tacho audit hold 5f0c2f7e-54c7-4d5b-9a55-0d6f2f9a7c11 --reason \"case 12\""
    )]
    Hold {
        /// The session's id or the beginning of it.
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        session: String,
        /// Why. It stands in the log.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Let a session go that was held.
    Release {
        /// The session's id or the beginning of it.
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        session: String,
    },
    /// Say for how long entries are kept: 183d, 400d, 6y, any other number of days, or forever.
    ///
    /// What is older is given up, 256 entries at a time, the oldest first; hashes stay, so that the log verifies and
    /// every proof holds. What is held is not given up, and nothing behind it. Without an argument: what is in force.
    #[command(
        after_help = "Examples:\n  tacho audit retain            what is in force\n  tacho audit retain 183d       six months\n  \
        tacho audit retain 6y"
    )]
    Retain {
        /// For how long.
        age: Option<String>,
        /// Puts in force again what the log says, holds too: for a policy that was damaged or changed behind its back.
        #[arg(long, conflicts_with = "age")]
        from_log: bool,
    },
    /// Destroy what opens a session's commitments, and its content wherever it lies here. The log stays verifiable.
    ///
    /// Afterwards nobody can show, or find out by guessing, what was said. What of it waits to be sent, or was refused, is sent
    /// nowhere any more; the agent's own files are the agent's.
    Forget {
        /// The session's id or the beginning of it.
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        session: String,
    },
    /// Print the newest signed checkpoint: how many entries there are, and the root over them.
    Checkpoint,
    /// Show or change the key that signs.
    #[command(subcommand)]
    Key(KeyAction),
    /// Put the newest checkpoint where somebody who changes the log cannot reach.
    ///
    /// Checkpoints also go with all telemetry. `verify` reads again what was anchored in files and git notes.
    #[command(
        after_help = "Examples:\n  tacho audit anchor --file /mnt/other/checkpoints\n  tacho audit anchor --git-note ~/project\n  tacho audit anchor \
        --timestamp-query checkpoint.tsq\n  curl -sH 'Content-Type: application/timestamp-query' \\\n    \
        --data-binary @checkpoint.tsq URL > checkpoint.tsr"
    )]
    Anchor(Anchor),
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Filter {
    /// Only sessions whose id begins so; `last` is the latest session.
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// Only decisions of this type.
    #[arg(long = "type", value_name = "TYPE", value_parser = PossibleValuesParser::new(TYPES))]
    pub(crate) kind: Option<String>,
    /// Only decisions about this tool.
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Option<String>,
    /// Only what this decided.
    #[arg(long, value_name = "WHO", value_parser = PossibleValuesParser::new(DECIDERS))]
    pub(crate) decider: Option<String>,
    /// Only what was decided at this time or later, in RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Only what was decided before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<jiff::Timestamp>,
}

/// In which form entries are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Each entry as it is, one a line.
    #[default]
    Jsonl,
    /// A table.
    Csv,
    /// Records of another shape.
    Document,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// The keys that check the log, the first first. Keep the first where the log cannot change it.
    Show,
    /// Sign with a new key from now on. The old one signs that, and its secret is removed.
    Rotate,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Anchor {
    /// Add it to a file, best on another machine's disk.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Add it as a git note (refs/notes/tachograph) to the last commit of this repository.
    #[arg(long, value_name = "DIR")]
    pub(crate) git_note: Option<PathBuf>,
    /// Write it and a query for a time stamp of RFC 3161 over it, to be sent to an authority.
    #[arg(long, value_name = "FILE")]
    pub(crate) timestamp_query: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split('`').skip(1).step_by(2).collect()
    }

    #[test]
    fn the_words_are_those_of_the_format() {
        let format = include_str!("../../../../docs/formats/audit.md");
        let table = format.split_once("| type | is |\n|---|---|\n").unwrap().1;
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let types = rows.flat_map(|row| words(row.split('|').nth(1).unwrap()));
        assert_eq!(types.collect::<Vec<_>>(), TYPES);
        let row = format.lines().find(|line| line.starts_with("| `decider` |")).unwrap();
        assert_eq!(words(row.split('|').nth(2).unwrap()), DECIDERS);
    }
}
