//! Changing members of a JSON object in its text, so that everything else stays as somebody wrote it: order, indentation,
//! line ends, and how numbers and strings are spelt.

use std::ops::Range;

/// How deep a member begins that nobody has indented before.
const INDENTATION: &str = "  ";

/// A text that is a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonText(String);

/// A member: where its name and its value stand, quotation marks included.
#[derive(Clone, Debug)]
struct Member {
    name: Range<usize>,
    value: Range<usize>,
}

/// An object: where it stands, and its members.
#[derive(Debug)]
struct Object {
    range: Range<usize>,
    members: Vec<Member>,
}

impl JsonText {
    /// The text, if it is an object; an empty one stands for an object without members.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = if text.trim().is_empty() { "{}\n" } else { text };
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if value.is_object() { Ok(Self(text.to_owned())) } else { Err("it is no JSON object".to_owned()) }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of a member as JSON, if it is there; below a path of objects.
    pub(crate) fn get(&self, path: &[&str]) -> Option<serde_json::Value> {
        let (last, above) = path.split_last()?;
        let object = self.object_at(above)?;
        let member = object.members.iter().rev().find(|member| self.is_named(member, last))?;
        serde_json::from_str(self.0.get(member.value.clone())?).ok()
    }

    /// Gives a member a value, which is JSON; below a path of objects that are there. One that is new stands behind the others.
    pub(crate) fn set(&mut self, path: &[&str], value: &str) {
        let Some((last, above)) = path.split_last() else { return };
        let Some(object) = self.object_at(above) else { return };
        match object.members.iter().rev().find(|member| self.is_named(member, last)) {
            Some(member) => self.0.replace_range(member.value.clone(), value),
            None => self.append(&object, last, value),
        }
    }

    /// Takes a member away, if it is there.
    pub(crate) fn remove(&mut self, path: &[&str]) {
        let Some((last, above)) = path.split_last() else { return };
        let Some(object) = self.object_at(above) else { return };
        let Some(index) = object.members.iter().rposition(|member| self.is_named(member, last)) else {
            return;
        };
        let (before, after) = (index.checked_sub(1), index + 1);
        let [before, here, after] =
            [before, Some(index), Some(after)].map(|index| object.members.get(index?));
        let Some(here) = here else { return };
        let range = match (before, after) {
            (_, Some(after)) => here.name.start..after.name.start,
            (Some(before), None) => before.value.end..here.value.end,
            (None, None) => object.range.start + 1..object.range.end - 1,
        };
        self.0.replace_range(range, "");
    }

    fn append(&mut self, object: &Object, name: &str, value: &str) {
        let name = serde_json::Value::from(name);
        let Some(last) = object.members.last() else {
            let inside = object.range.start + 1..object.range.end - 1;
            let text = if self.is_on_one_line() {
                format!("{name}:{value}")
            } else {
                let (outer, line_end) = (self.indentation_at(object.range.start), self.line_end());
                format!("{line_end}{outer}{}{name}: {value}{line_end}{outer}", self.indentation())
            };
            self.0.replace_range(inside, &text);
            return;
        };
        // As the last one stands behind what is before it, and its value behind its name.
        let text = |range: Range<usize>| self.0.get(range).unwrap_or_default();
        let before = text(0..last.name.start);
        let lead = before.rsplit([',', '{']).next().unwrap_or_default();
        let between = text(last.name.end..last.value.start);
        let added = format!(",{lead}{name}{between}{value}");
        self.0.insert_str(last.value.end, &added);
    }

    fn is_on_one_line(&self) -> bool {
        let body = self.0.trim();
        body != "{}" && !body.contains('\n')
    }

    fn line_end(&self) -> &'static str {
        if self.0.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// How the first member is indented.
    fn indentation(&self) -> String {
        let first = self.object_at(&[]).and_then(|object| object.members.first().cloned());
        let found = first.map(|member| self.indentation_at(member.name.start));
        found.filter(|found| !found.is_empty()).unwrap_or_else(|| INDENTATION.to_owned())
    }

    /// What stands before everything else on the line of a place.
    fn indentation_at(&self, at: usize) -> String {
        let before = self.0.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect()
    }

    fn is_named(&self, member: &Member, name: &str) -> bool {
        let spelt = self.0.get(member.name.clone()).unwrap_or_default();
        serde_json::from_str::<String>(spelt).is_ok_and(|found| found == name)
    }

    fn object_at(&self, path: &[&str]) -> Option<Object> {
        let start = skip_space(self.0.as_bytes(), 0);
        let mut object = object_from(self.0.as_bytes(), start)?;
        for name in path {
            let member = object.members.iter().rev().find(|member| self.is_named(member, name))?;
            object = object_from(self.0.as_bytes(), member.value.start)?;
        }
        Some(object)
    }
}

/// The object that begins here. The text is known to be JSON.
fn object_from(text: &[u8], start: usize) -> Option<Object> {
    if text.get(start) != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    let mut at = skip_space(text, start + 1);
    while *text.get(at)? == b'"' {
        let name = at..value_end(text, at)?;
        let colon = skip_space(text, name.end);
        let value_start = skip_space(text, colon + 1);
        let value = value_start..value_end(text, value_start)?;
        at = skip_space(text, value.end);
        if text.get(at) == Some(&b',') {
            at = skip_space(text, at + 1);
        }
        members.push(Member { name, value });
    }
    Some(Object { range: start..at + 1, members })
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Where the value ends that begins here.
fn value_end(text: &[u8], start: usize) -> Option<usize> {
    let (mut depth, mut is_in_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate().skip(start) {
        if is_in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => is_in_string = false,
                _ => {}
            }
            if !is_in_string && depth == 0 {
                return Some(at + 1);
            }
            continue;
        }
        match byte {
            b'"' => is_in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(if depth == 1 { at + 1 } else { at }),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return Some(at),
            other if depth == 0 && other.is_ascii_whitespace() => return Some(at),
            _ => {}
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests;
