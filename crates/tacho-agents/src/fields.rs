//! A JSON object read one field at a time: agents change the types of fields without notice, and a field that is not
//! what was expected must be lost alone, not with all that stands beside it.

use crate::json::{Malformed, Scanner};
use memchr::memchr;
use serde::Deserialize;
use std::borrow::Cow;
use tacho_model::clip::{VALUE_BYTES_MAX, json_within, text_within};
use tacho_model::event::Json;

/// Most objects have no more fields than this.
const FIELDS_USUAL: usize = 16;
/// So have most of those in which others are opened.
const OPENED_FIELDS_USUAL: usize = 32;
/// The longest word an agent uses for a kind of thing; what is longer is a text.
const WORD_BYTES_MAX: usize = 64;

/// The fields of an object in their order: they are few, and most are asked for once at most. Of two fields of the same
/// name the last one counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

#[derive(Clone, Debug)]
enum Value<'a> {
    /// Not looked into yet.
    Written(&'a str),
    /// An object that was opened in the same pass.
    Object(Fields<'a>),
    /// The objects of a list that was.
    Objects(Vec<Fields<'a>>),
}

/// Which fields of an object are opened in the same pass as it, and which of theirs: objects, or lists of them. What is
/// in another one is passed over, and once more when it is asked for.
#[derive(Debug)]
pub(crate) struct Shape(pub(crate) &'static [(&'static str, Shape)]);

impl Shape {
    /// Nothing is opened.
    pub(crate) const FLAT: &'static Self = &Self(&[]);

    fn of(&self, name: &str) -> Option<&'static Self> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, shape)| shape)
    }
}

impl<'a> Fields<'a> {
    /// The fields of a JSON text, which must be an object.
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, Malformed> {
        Self::read_as(text, Shape::FLAT)
    }

    /// The fields of a JSON text, which must be an object, with those of objects in it.
    pub(crate) fn read_as(text: &'a [u8], shape: &'static Shape) -> Result<Self, Malformed> {
        let mut scanner = Scanner::new(text)?;
        let fields = Self::next(&mut scanner, shape)?;
        scanner.end()?;
        Ok(fields)
    }

    /// The fields of the object that is next in a text.
    fn next(scanner: &mut Scanner<'a>, shape: &'static Shape) -> Result<Self, Malformed> {
        let usual = if shape.0.is_empty() { FIELDS_USUAL } else { OPENED_FIELDS_USUAL };
        let mut fields = Vec::with_capacity(usual);
        scanner.object(|scanner, name| {
            let value = match shape.of(&name) {
                Some(shape) => Value::next(scanner, shape)?,
                None => Value::Written(scanner.value()?),
            };
            fields.push((name, value));
            Ok(())
        })?;
        Ok(Self(fields))
    }

    /// The names of all fields.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// A field, if it is there and is what is expected; nothing where it was opened.
    pub(crate) fn get<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        let value: Option<T> = serde_json::from_str(self.json_text(name)?).ok()?;
        value
    }

    /// A text, however long it is.
    pub(crate) fn whole_text(&self, name: &str) -> Option<Cow<'a, str>> {
        let written = self.json_text(name)?;
        match plain_text(written) {
            Some(plain) => Some(Cow::Borrowed(plain)),
            None => serde_json::from_str(written).ok().map(Cow::Owned),
        }
    }

    /// A text, cut if it is long.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = self.whole_text(name)?;
        Some(if text.len() <= VALUE_BYTES_MAX {
            text.into_owned()
        } else {
            text_within(&text, VALUE_BYTES_MAX).into_owned()
        })
    }

    /// A field as it is written.
    fn json_text(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            Value::Written(value) => Some(value),
            Value::Object(_) | Value::Objects(_) => None,
        }
    }

    fn value(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A text that names something; an empty one names nothing.
    pub(crate) fn id<I: for<'t> From<&'t str>>(&self, name: &str) -> Option<I> {
        self.text(name).filter(|text| !text.is_empty()).map(|text| I::from(&text))
    }

    /// One word of few, such as may leave the machine. A text that is no word is some `other` one.
    pub(crate) fn word(&self, name: &str) -> Option<String> {
        let is_word = |text: &str| {
            (1..=WORD_BYTES_MAX).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:+".contains(&byte))
        };
        self.text(name).map(|text| if is_word(&text) { text } else { "other".to_owned() })
    }

    /// A number of things, without its fraction.
    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        let from_fraction = || {
            let number: f64 = self.get(name)?;
            (0.0..1e18).contains(&number).then_some(number as u64)
        };
        self.json_text(name)?.parse().ok().or_else(from_fraction)
    }

    /// A number of things that may be written as a text.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.count(name).or_else(|| self.whole_text(name)?.parse().ok())
    }

    /// Whether something is said to be true.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.json_text(name) == Some("true")
    }

    /// A value of any type but null as it is written, cut if it is long.
    pub(crate) fn json(&self, name: &str) -> Option<Json> {
        let text = self.json_text(name).filter(|text| *text != "null")?;
        Some(json_within(Json(text.to_owned()), VALUE_BYTES_MAX))
    }

    /// An object; empty where there is none.
    pub(crate) fn object(&self, name: &str) -> Cow<'_, Self> {
        self.existing_object(name).unwrap_or_default()
    }

    /// An object, if there is one.
    pub(crate) fn existing_object(&self, name: &str) -> Option<Cow<'_, Self>> {
        match self.value(name)? {
            Value::Written(value) => Self::next(&mut Scanner::of(value), Shape::FLAT).ok().map(Cow::Owned),
            Value::Object(fields) => Some(Cow::Borrowed(fields)),
            Value::Objects(_) => None,
        }
    }

    /// The objects of a list.
    pub(crate) fn objects(&self, name: &str) -> Cow<'_, [Self]> {
        match self.value(name) {
            Some(Value::Objects(objects)) => Cow::Borrowed(objects),
            Some(Value::Written(value)) => {
                objects(&mut Scanner::of(value), Shape::FLAT).map(Cow::Owned).unwrap_or_default()
            }
            Some(Value::Object(_)) | None => Cow::default(),
        }
    }
}

impl<'a> Value<'a> {
    /// Opens the value that is next in a text, whatever it is.
    fn next(scanner: &mut Scanner<'a>, shape: &'static Shape) -> Result<Self, Malformed> {
        match scanner.peek() {
            Some(b'{') => Fields::next(scanner, shape).map(Self::Object),
            Some(b'[') => objects(scanner, shape).map(Self::Objects),
            _ => scanner.value().map(Self::Written),
        }
    }
}

/// The objects of the list that is next in a text.
fn objects<'a>(scanner: &mut Scanner<'a>, shape: &'static Shape) -> Result<Vec<Fields<'a>>, Malformed> {
    let mut objects = Vec::new();
    scanner.list(|scanner| {
        match scanner.peek() {
            Some(b'{') => objects.push(Fields::next(scanner, shape)?),
            _ => drop(scanner.value()?),
        }
        Ok(())
    })?;
    Ok(objects)
}

/// What a JSON string says that is written as it is; `None` for one with escapes, and for what is no string.
fn plain_text(json: &str) -> Option<&str> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    memchr(b'\\', inside.as_bytes()).is_none().then_some(inside)
}
