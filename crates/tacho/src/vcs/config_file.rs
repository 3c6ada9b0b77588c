//! Reading the syntax of git-config(1), as git does, byte for byte. What git refuses is refused; `include` is an entry
//! like any other and is not followed.

/// One variable. Its name is as git has it: section and key in lower case, between them whatever is quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `remote.origin.url`
    pub(super) name: Vec<u8>,
    /// `None` where only the name stands there, which means true.
    pub(super) value: Option<Vec<u8>>,
}

impl Entry {
    /// What stands between the section and the key: `origin`.
    pub(super) fn between(&self, section: &str, key: &str) -> Option<&[u8]> {
        let rest = self.name.strip_prefix(section.as_bytes())?.strip_prefix(b".")?;
        rest.strip_suffix(key.as_bytes())?.strip_suffix(b".")
    }
}

/// All variables of a file; `None` for one that git would not take.
pub(super) fn read(text: &[u8]) -> Option<Vec<Entry>> {
    let mut reader = Cursor { rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text), is_at_end: false };
    let mut entries = Vec::new();
    let mut section = Vec::new();
    loop {
        match reader.next() {
            b'\n' if reader.is_at_end => return Some(entries),
            byte if is_space(byte) => {}
            b'#' | b';' => reader.skip_line(),
            b'[' => {
                section = reader.section()?;
                section.push(b'.');
            }
            byte if byte.is_ascii_alphabetic() => entries.push(reader.entry(&section, byte)?),
            _ => return None,
        }
    }
}

/// The rest of a file. Behind its end there is a line feed.
struct Cursor<'a> {
    rest: &'a [u8],
    is_at_end: bool,
}

impl Cursor<'_> {
    fn next(&mut self) -> u8 {
        let Some((byte, rest)) = self.rest.split_first() else {
            self.is_at_end = true;
            return b'\n';
        };
        self.rest = rest;
        match (*byte, rest.split_first()) {
            (b'\r', Some((b'\n', behind))) => {
                self.rest = behind;
                b'\n'
            }
            (byte, _) => byte,
        }
    }

    fn skip_line(&mut self) {
        while self.next() != b'\n' {}
    }

    /// The name of a section, behind its bracket: `[remote "origin"]`, or `[remote.origin]` as in old files.
    fn section(&mut self) -> Option<Vec<u8>> {
        let mut name = Vec::new();
        loop {
            match self.next() {
                b']' => return Some(name),
                b'\n' => return None,
                byte if is_space(byte) => break,
                byte if is_key(byte) || byte == b'.' => name.push(byte.to_ascii_lowercase()),
                _ => return None,
            }
        }
        name.push(b'.');
        let mut byte = self.next();
        while byte != b'\n' && is_space(byte) {
            byte = self.next();
        }
        if byte != b'"' {
            return None;
        }
        loop {
            let byte = match self.next() {
                b'"' => break,
                b'\\' => self.next(),
                byte => byte,
            };
            if byte == b'\n' {
                return None;
            }
            name.push(byte);
        }
        (self.next() == b']').then_some(name)
    }

    /// A variable, behind the first letter of its key.
    fn entry(&mut self, section: &[u8], first: u8) -> Option<Entry> {
        let mut name = section.to_vec();
        let mut byte = first;
        while is_key(byte) {
            name.push(byte.to_ascii_lowercase());
            byte = self.next();
        }
        while matches!(byte, b' ' | b'\t') {
            byte = self.next();
        }
        match byte {
            b'\n' => Some(Entry { name, value: None }),
            b'=' => Some(Entry { name, value: Some(self.value()?) }),
            _ => None,
        }
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        // Where the white space begins that ends the value, if it is the end.
        let mut trimmed = None;
        let mut is_quoted = false;
        loop {
            let byte = match self.next() {
                b'\n' if is_quoted => return None,
                b'\n' => break,
                byte if is_space(byte) && !is_quoted => {
                    if !value.is_empty() {
                        trimmed = trimmed.or(Some(value.len()));
                        value.push(byte);
                    }
                    continue;
                }
                b'#' | b';' if !is_quoted => {
                    self.skip_line();
                    break;
                }
                byte => byte,
            };
            trimmed = None;
            match byte {
                b'"' => is_quoted = !is_quoted,
                b'\\' => value.extend(self.escape()?),
                byte => value.push(byte),
            }
        }
        value.truncate(trimmed.unwrap_or(value.len()));
        Some(value)
    }

    /// What a backslash stands for; nothing at the end of a line.
    fn escape(&mut self) -> Option<Option<u8>> {
        match self.next() {
            b'\n' => Some(None),
            b't' => Some(Some(b'\t')),
            b'b' => Some(Some(0x08)),
            b'n' => Some(Some(b'\n')),
            byte @ (b'\\' | b'"') => Some(Some(byte)),
            _ => None,
        }
    }
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
