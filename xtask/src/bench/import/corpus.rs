//! Transcripts of many sessions, as the CLI writes them (shapes and sizes of rows are those of 2.1.330): calls of the
//! model in one row a block, results of tools that are mostly long, subagents, and sessions that were forked, whose
//! rows are copies.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

/// Days over which the sessions are spread.
const DAYS: u64 = 30;
const PROJECTS: u64 = 24;
/// One session in so many is a fork: its rows begin with copies of another one's.
const FORKED: u64 = 12;
/// One call in so many starts a subagent.
const DELEGATED: u64 = 40;
const MODELS: [&str; 4] =
    ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5-20251001", "claude-opus-5-5"];
const WORDS: [&str; 24] = [
    "cursor",
    "the",
    "segment",
    "fn",
    "drain",
    "->",
    "Result<()>",
    "if",
    "offset",
    "==",
    "0",
    "returns",
    "a",
    "row",
    "that",
    "was",
    "torn",
    r#"\"name\""#,
    r"\n    ",
    r"\n",
    r"\t",
    "let",
    "session",
    "for",
];

/// What was made.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::bench) struct Corpus {
    pub(in crate::bench) files: u64,
    pub(in crate::bench) bytes: u64,
    /// Different calls of the model.
    pub(in crate::bench) calls: u64,
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Mostly small, sometimes large: up to `largest`, half of them below its square root.
    fn skewed(&mut self, largest: u64) -> u64 {
        let share = self.below(1 << 20) as f64 / f64::from(1 << 20);
        (largest as f64).powf(share) as u64
    }

    fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        let place = self.below(words.len() as u64) as usize;
        words.get(place).copied().unwrap_or_default()
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }

    /// So many bytes of text, as it stands in a JSON string.
    fn text(&mut self, bytes: u64) -> String {
        let mut text = String::with_capacity(bytes as usize + 16);
        while (text.len() as u64) < bytes {
            text.push_str(self.one_of(&WORDS));
            text.push(' ');
        }
        text
    }
}

/// Writes sessions below `directory/projects` until they have so many bytes.
pub(super) fn write(directory: &Path, bytes: u64) -> Result<Corpus> {
    let mut dice = Dice(2026);
    let mut corpus = Corpus::default();
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() - DAYS * 86_400;
    let mut before: Vec<String> = Vec::new();
    while corpus.bytes < bytes {
        let session = dice.uuid();
        let project = format!("/home/dev/work/project-{}", dice.below(PROJECTS));
        let folder =
            directory.join("projects").join(project.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let mut writer = Writer {
            dice: &mut dice,
            corpus: &mut corpus,
            session: &session,
            project: &project,
            subagents: folder.join(&session).join("subagents"),
            millis: 0,
            rows: Vec::new(),
        };
        writer.millis = (since + writer.dice.below((DAYS - 1) * 86_400)) * 1000;
        if writer.dice.below(FORKED) == 0 {
            writer.rows.extend(before.iter().map(|row| of_session(row, &session)));
        }
        let turns = 1 + writer.dice.skewed(40);
        for _ in 0..turns {
            writer.turn(None)?;
        }
        let rows = writer.rows;
        corpus.save(&folder.join(format!("{session}.jsonl")), &rows)?;
        before = rows;
    }
    Ok(corpus)
}

impl Corpus {
    fn save(&mut self, path: &Path, rows: &[String]) -> Result<()> {
        let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        let mut file = BufWriter::with_capacity(1 << 20, file);
        for row in rows {
            file.write_all(row.as_bytes())?;
            self.bytes += row.len() as u64;
        }
        file.flush()?;
        self.files += 1;
        Ok(())
    }
}

/// A row as it is copied into a fork.
fn of_session(row: &str, session: &str) -> String {
    const MARK: &str = r#""sessionId":""#;
    let copied = row.split_once(MARK).and_then(|(before, behind)| {
        let behind = behind.get(session.len()..)?;
        Some(format!("{before}{MARK}{session}{behind}"))
    });
    copied.unwrap_or_else(|| row.to_owned())
}

/// One file that is being written.
struct Writer<'a> {
    dice: &'a mut Dice,
    corpus: &'a mut Corpus,
    session: &'a str,
    project: &'a str,
    subagents: PathBuf,
    millis: u64,
    rows: Vec<String>,
}

impl Writer<'_> {
    fn timestamp(&mut self) -> String {
        self.millis += 1 + self.dice.below(4000);
        let at = jiff::Timestamp::from_millisecond(self.millis as i64).unwrap_or_default();
        format!("{at:.3}")
    }

    /// What every row ends with.
    fn tail(&mut self) -> String {
        format!(
            r#""uuid":"{}","timestamp":"{}","userType":"external","entrypoint":"cli","cwd":"{}","sessionId":"{}","version":"2.1.330","gitBranch":"main"}}"#,
            self.dice.uuid(),
            self.timestamp(),
            self.project,
            self.session
        ) + "\n"
    }

    /// A prompt and the calls that answer it.
    fn turn(&mut self, subagent: Option<&str>) -> Result<()> {
        let of_agent = subagent.map_or_else(
            || r#""isSidechain":false"#.to_owned(),
            |id| format!(r#""isSidechain":true,"agentId":"{id}""#),
        );
        let bytes = 40 + self.dice.skewed(4000);
        let (prompt, text, parent) = (self.dice.uuid(), self.dice.text(bytes), self.dice.uuid());
        let tail = self.tail();
        self.rows.push(format!(
            r#"{{"parentUuid":"{parent}",{of_agent},"promptId":"{prompt}","type":"user","message":{{"role":"user","content":"{text}"}},"permissionMode":"default","promptSource":"typed",{tail}"#
        ));
        let model = self.dice.one_of(&MODELS);
        let steps = 1 + self.dice.skewed(30);
        let mut context = 12_000 + self.dice.skewed(60_000);
        for step in 0..steps {
            let is_last = step + 1 == steps;
            let written = 100 + self.dice.skewed(8_000);
            self.call(&of_agent, model, context, written, is_last);
            context += written;
            if !is_last {
                self.result(&of_agent, &prompt);
                if subagent.is_none() && self.dice.below(DELEGATED) == 0 {
                    self.subagent()?;
                }
            }
        }
        Ok(())
    }

    fn call(&mut self, of_agent: &str, model: &str, read: u64, written: u64, is_last: bool) {
        self.corpus.calls += 1;
        let (id, reference) = (self.dice.next(), self.dice.uuid());
        let at = self.timestamp();
        let betas = r#"["claude-code-20250219","interleaved-thinking-2025-05-14","context-management-2025-06-27","per-turn-control-2026-07-01","mid-conversation-tool-changes-2026-07-01","thinking-token-count-2026-05-13","advanced-tool-use-2025-11-20","effort-2025-11-24","thinking-display-updates-2026-08-18"]"#;
        let digest = format!(
            "{:016x}{:016x}{:016x}{:016x}",
            self.dice.next(),
            self.dice.next(),
            self.dice.next(),
            self.dice.next()
        );
        self.rows.push(format!(
            "{{\"type\":\"api-request\",\"sessionId\":\"{}\",\"id\":\"{reference}\",\"timestamp\":\"{at}\",\"version\":\"2.1.330\",\"querySource\":\"repl_main_thread\",\"shapeHash\":\"{digest}\",\"params\":{{\"model\":\"{model}\",\"betas\":{betas},\"max_tokens\":128000,\"thinking\":{{\"type\":\"adaptive\",\"display\":\"updates\"}},\"output_config\":{{\"effort\":\"medium\"}}}},\"keep\":2,\"tail\":[\"{digest}\",\"{digest}\"],\"cacheControl\":[{{\"path\":[\"system\",0],\"value\":{{\"type\":\"ephemeral\"}}}},{{\"path\":[\"system\",1],\"value\":{{\"type\":\"ephemeral\"}}}}],\"requestDigest\":\"{digest}\"}}\n",
            self.session
        ));
        let stop = if is_last { "end_turn" } else { "tool_use" };
        let is_hour = self.dice.below(3) == 0;
        let (hour, five_minutes) = if is_hour { (written, 0) } else { (0, written) };
        let (input, output) = (1 + self.dice.below(20), 20 + self.dice.skewed(4_000));
        let usage = format!(
            r#"{{"input_tokens":{input},"cache_creation_input_tokens":{written},"cache_read_input_tokens":{read},"output_tokens":{output},"output_tokens_details":{{"thinking_tokens":0}},"server_tool_use":{{"web_search_requests":0,"web_fetch_requests":0}},"service_tier":"standard","cache_creation":{{"ephemeral_1h_input_tokens":{hour},"ephemeral_5m_input_tokens":{five_minutes}}},"inference_geo":"not_available","iterations":[],"speed":"standard","fallback_credit":null}}"#
        );
        let thinking = (self.dice.below(3) == 0).then(|| {
            let (bytes, signed) = (100 + self.dice.skewed(3_000), self.dice.text(400));
            format!(r#"{{"type":"thinking","thinking":"{}","signature":"{signed}"}}"#, self.dice.text(bytes))
        });
        let bytes = 60 + self.dice.skewed(2_500);
        let text = (is_last || self.dice.below(3) == 0)
            .then(|| format!(r#"{{"type":"text","text":"{}"}}"#, self.dice.text(bytes)));
        let bytes = 80 + self.dice.skewed(6_000);
        let tool = (!is_last).then(|| {
            format!(
                r#"{{"type":"tool_use","id":"toolu_01{:022x}","name":"Bash","input":{{"command":"{}","description":"Look"}}}}"#,
                self.dice.next(),
                self.dice.text(bytes)
            )
        });
        for (index, block) in [thinking, text, tool].into_iter().flatten().enumerate() {
            let parent = self.dice.uuid();
            let tail = self.tail();
            self.rows.push(format!(
                r#"{{"parentUuid":"{parent}",{of_agent},"message":{{"id":"msg_01{id:022x}","type":"message","role":"assistant","model":"{model}","content":[{block}],"stop_reason":"{stop}","stop_sequence":null,"usage":{usage},"stop_details":null}},"apiBlockIndex":{index},"requestId":"req_01{id:022x}","requestRef":"{reference}","requestedModel":"{model}","promptCacheRequested":"5m","type":"assistant","effort":"medium","madeBy":"model",{tail}"#
            ));
        }
    }

    fn result(&mut self, of_agent: &str, prompt: &str) {
        let bytes = 200 + self.dice.skewed(30_000);
        let (text, parent, source) = (self.dice.text(bytes), self.dice.uuid(), self.dice.uuid());
        let tool = self.dice.next();
        let tail = self.tail();
        self.rows.push(format!(
            r#"{{"parentUuid":"{parent}",{of_agent},"promptId":"{prompt}","type":"user","message":{{"role":"user","content":[{{"tool_use_id":"toolu_01{tool:022x}","type":"tool_result","content":"{text}","is_error":false}}]}},"toolUseResult":{{"stdout":"{text}","stderr":"","interrupted":false,"isImage":false,"noOutputExpected":false}},"sandboxed":false,"sourceToolAssistantUUID":"{source}","permissionDecision":{{"decision":"accept","source":"config","reasonType":"mode"}},{tail}"#
        ));
    }

    fn subagent(&mut self) -> Result<()> {
        let id = format!("a{:016x}", self.dice.next());
        let own = std::mem::take(&mut self.rows);
        self.turn(Some(&id))?;
        let rows = std::mem::replace(&mut self.rows, own);
        fs::create_dir_all(&self.subagents)?;
        self.corpus.save(&self.subagents.join(format!("agent-{id}.jsonl")), &rows)?;
        let tool = self.dice.next();
        let description = format!(
            r#"{{"agentType":"Explore","description":"Look","toolUseId":"toolu_01{tool:022x}","spawnDepth":1}}"#
        );
        fs::write(self.subagents.join(format!("agent-{id}.meta.json")), description)?;
        Ok(())
    }
}
