//! A strict JSON scan that keeps nothing but five top-level strings.
//!
//! It takes a payload in pieces of any size in constant memory, so that the keys of a payload of 100 MB are found
//! although they stand at its end. Grammar: RFC 8259; UTF-8 is the caller's to check.

/// The top-level strings a record is filed under, and that of the prompt, as they stand in the payload: still escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// `hook_event_name`.
    pub event: Captured,
    /// `session_id`.
    pub session: Captured,
    /// `tool_use_id`.
    pub tool_use: Captured,
    /// `agent_id`.
    pub subagent: Captured,
    /// `prompt_id`.
    pub prompt: Captured,
}

/// A string of a payload; empty when absent or longer than [`CAPTURED_BYTES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured(Vec<u8>);

/// Longer strings than this are not what an agent files its events under.
const CAPTURED_BYTES_MAX: usize = 128;
/// Deeper nesting than this is treated as no JSON.
const DEPTH_MAX: usize = 512;
/// Room for the longest key that is looked for, and one byte more to tell a longer one.
const KEY_BYTES_MAX: usize = 16;
/// Room for a captured string, and one byte more to tell a longer one.
const VALUE_BYTES_MAX: usize = CAPTURED_BYTES_MAX + 1;

impl Captured {
    /// The string, if there is one.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok().filter(|text| !text.is_empty())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Event,
    Session,
    ToolUse,
    Subagent,
    Prompt,
}

impl Key {
    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"hook_event_name" => Some(Self::Event),
            b"session_id" => Some(Self::Session),
            b"tool_use_id" => Some(Self::ToolUse),
            b"agent_id" => Some(Self::Subagent),
            b"prompt_id" => Some(Self::Prompt),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    Colon,
    CommaOrEnd,
    Text { is_key: bool },
    Escape { is_key: bool },
    Unicode { is_key: bool, digits_left: u8 },
    Number(Number),
    Word { rest: &'static [u8] },
    Nothing,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Sign,
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

/// How far a payload has been understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More must come.
    Incomplete,
    /// One whole JSON value was seen, and nothing but white space behind it.
    Complete,
    /// It is no JSON.
    Invalid,
}

/// The scan of one payload.
#[derive(Debug)]
pub struct Scan {
    expect: Expect,
    depth: usize,
    /// One bit a level: whether the level is an object.
    objects: [u64; DEPTH_MAX / 64],
    key: Vec<u8>,
    capturing: Option<Key>,
    /// What of the captured string has come; it counts only once its closing quote is there.
    value: Vec<u8>,
    keys: Keys,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            expect: Expect::Value,
            depth: 0,
            objects: [0; DEPTH_MAX / 64],
            key: Vec::with_capacity(KEY_BYTES_MAX),
            capturing: None,
            value: Vec::with_capacity(VALUE_BYTES_MAX),
            keys: Keys::default(),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a state machine names the states it acts on")]
impl Scan {
    /// Takes the next bytes in.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let [byte, behind @ ..] = rest {
            rest = match self.expect {
                Expect::Failed => return,
                Expect::Text { is_key } => self.text(rest, is_key),
                Expect::Escape { .. } | Expect::Unicode { .. } => {
                    self.escape(*byte);
                    behind
                }
                Expect::Number(number) => match self.number(number, *byte) {
                    Taken::Yes => behind,
                    Taken::No => rest,
                },
                Expect::Word { rest: word } => {
                    self.word(word, *byte);
                    behind
                }
                _ => {
                    self.structure(*byte);
                    behind
                }
            };
        }
    }

    /// How far the payload has been understood.
    pub fn progress(&self) -> Progress {
        match self.expect {
            Expect::Failed => Progress::Invalid,
            Expect::Nothing => Progress::Complete,
            Expect::Number(number) if self.depth == 0 && number.may_end() => Progress::Complete,
            _ => Progress::Incomplete,
        }
    }

    /// What was found.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Takes the part of a string up to its end, an escape or the end of the piece.
    fn text<'a>(&mut self, bytes: &'a [u8], is_key: bool) -> &'a [u8] {
        let plain =
            bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F)).unwrap_or(bytes.len());
        let (part, rest) = bytes.split_at(plain);
        self.keep(part, is_key);
        let [stop, behind @ ..] = rest else { return rest };
        match stop {
            b'"' if is_key => {
                self.capturing = if self.depth == 1 { Key::named(&self.key) } else { None };
                self.expect = Expect::Colon;
            }
            b'"' => {
                self.capture();
                self.value_ended();
            }
            b'\\' => {
                self.keep(b"\\", is_key);
                self.expect = Expect::Escape { is_key };
            }
            _ => self.expect = Expect::Failed,
        }
        behind
    }

    fn escape(&mut self, byte: u8) {
        let (is_key, next) = match self.expect {
            Expect::Escape { is_key } => match byte {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => (is_key, Expect::Text { is_key }),
                b'u' => (is_key, Expect::Unicode { is_key, digits_left: 4 }),
                _ => (is_key, Expect::Failed),
            },
            Expect::Unicode { is_key, digits_left } if byte.is_ascii_hexdigit() => match digits_left {
                1 => (is_key, Expect::Text { is_key }),
                _ => (is_key, Expect::Unicode { is_key, digits_left: digits_left - 1 }),
            },
            _ => (false, Expect::Failed),
        };
        self.keep(&[byte], is_key);
        self.expect = next;
    }

    /// Keeps a part of a string if it is a key or the value of one that is looked for.
    fn keep(&mut self, part: &[u8], is_key: bool) {
        let (kept, bytes_max) = match self.capturing {
            _ if is_key => (&mut self.key, KEY_BYTES_MAX),
            Some(_) => (&mut self.value, VALUE_BYTES_MAX),
            None => return,
        };
        let room = bytes_max - kept.len();
        kept.extend(part.iter().take(room));
    }

    /// Files the string that just ended under its key.
    fn capture(&mut self) {
        if let Some(key) = self.capturing
            && self.value.len() <= CAPTURED_BYTES_MAX
        {
            self.captured(key).0 = std::mem::take(&mut self.value);
        }
    }

    fn captured(&mut self, key: Key) -> &mut Captured {
        match key {
            Key::Event => &mut self.keys.event,
            Key::Session => &mut self.keys.session,
            Key::ToolUse => &mut self.keys.tool_use,
            Key::Subagent => &mut self.keys.subagent,
            Key::Prompt => &mut self.keys.prompt,
        }
    }

    fn number(&mut self, number: Number, byte: u8) -> Taken {
        match number.next(byte) {
            Some(next) => {
                self.expect = Expect::Number(next);
                Taken::Yes
            }
            None if number.may_end() => {
                self.value_ended();
                Taken::No
            }
            None => {
                self.expect = Expect::Failed;
                Taken::Yes
            }
        }
    }

    fn word(&mut self, word: &'static [u8], byte: u8) {
        match word {
            [last] if *last == byte => self.value_ended(),
            [next, rest @ ..] if *next == byte => self.expect = Expect::Word { rest },
            _ => self.expect = Expect::Failed,
        }
    }

    fn structure(&mut self, byte: u8) {
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return;
        }
        match (self.expect, byte) {
            (Expect::Value | Expect::ValueOrEnd, _) if byte != b']' => self.value_began(byte),
            (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.level_ended(),
            (Expect::KeyOrEnd | Expect::Key, b'"') => {
                self.key.clear();
                self.expect = Expect::Text { is_key: true };
            }
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::CommaOrEnd, b',') => {
                self.expect = if self.in_object() { Expect::Key } else { Expect::Value };
            }
            (Expect::CommaOrEnd, b'}') if self.in_object() => self.level_ended(),
            (Expect::CommaOrEnd, b']') if !self.in_object() => self.level_ended(),
            _ => self.expect = Expect::Failed,
        }
    }

    fn value_began(&mut self, byte: u8) {
        // A key said twice: the later value counts, as it does for every JSON reader.
        if let Some(key) = self.capturing {
            self.captured(key).0.clear();
            self.value.clear();
        }
        self.expect = match byte {
            b'"' => Expect::Text { is_key: false },
            b'{' => return self.level_began(true),
            b'[' => return self.level_began(false),
            b'-' => Expect::Number(Number::Sign),
            b'0' => Expect::Number(Number::Zero),
            b'1'..=b'9' => Expect::Number(Number::Digits),
            b't' => Expect::Word { rest: b"rue" },
            b'f' => Expect::Word { rest: b"alse" },
            b'n' => Expect::Word { rest: b"ull" },
            _ => Expect::Failed,
        };
    }

    fn value_ended(&mut self) {
        self.capturing = None;
        self.expect = if self.depth == 0 { Expect::Nothing } else { Expect::CommaOrEnd };
    }

    fn level_began(&mut self, is_object: bool) {
        self.capturing = None;
        let Some(word) = self.objects.get_mut(self.depth / 64) else {
            self.expect = Expect::Failed;
            return;
        };
        let bit = 1 << (self.depth % 64);
        *word = if is_object { *word | bit } else { *word & !bit };
        self.depth += 1;
        self.expect = if is_object { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
    }

    fn level_ended(&mut self) {
        self.depth -= 1;
        self.value_ended();
    }

    fn in_object(&self) -> bool {
        let level = self.depth.wrapping_sub(1);
        self.objects.get(level / 64).is_some_and(|word| word >> (level % 64) & 1 == 1)
    }
}

enum Taken {
    Yes,
    No,
}

impl Number {
    const fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Sign, b'0') => Self::Zero,
            (Self::Sign | Self::Digits, b'0'..=b'9') => Self::Digits,
            (Self::Zero | Self::Digits, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Digits | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::ExponentSign,
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => Self::ExponentDigits,
            _ => return None,
        })
    }

    const fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Digits | Self::Fraction | Self::ExponentDigits)
    }
}
