//! A JSON object read one field at a time: agents change the types of fields without notice, and a field that is not
//! what was expected must be lost alone, not with all that stands beside it.

use memchr::memchr;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
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
    Written(&'a RawValue),
    /// An object that was opened in the same pass.
    Object(Fields<'a>),
    /// The objects of a list that was.
    Objects(Vec<Fields<'a>>),
    /// A text that was to be opened.
    Text(Cow<'a, str>),
    /// What was to be opened, and is none of these.
    Other,
}

/// Which fields of an object are opened in the same pass as it, and which of theirs: objects, or lists of them. Every
/// other one is passed over, and once more when it is asked for.
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
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        Self::read_as(text, Shape::FLAT)
    }

    /// The fields of a JSON text, which must be an object, with those of objects in it.
    pub(crate) fn read_as(text: &'a [u8], shape: &'static Shape) -> Result<Self, serde_json::Error> {
        match std::str::from_utf8(text) {
            // Known to be text as a whole, it need not be judged piece by piece.
            Ok(text) => Self::all_of(serde_json::Deserializer::from_str(text), shape),
            Err(_) => Self::all_of(serde_json::Deserializer::from_slice(text), shape),
        }
    }

    fn all_of<R: serde_json::de::Read<'a>>(
        mut text: serde_json::Deserializer<R>,
        shape: &'static Shape,
    ) -> Result<Self, serde_json::Error> {
        let fields = text.deserialize_map(FieldsVisitor(shape))?;
        text.end()?;
        Ok(fields)
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
        let written = match self.value(name)? {
            Value::Written(written) => written.get(),
            Value::Text(text) => return Some(text.clone()),
            Value::Object(_) | Value::Objects(_) | Value::Other => return None,
        };
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
            Value::Written(value) => Some(value.get()),
            Value::Object(_) | Value::Objects(_) | Value::Text(_) | Value::Other => None,
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
        self.get(name).or_else(from_fraction)
    }

    /// A number of things that may be written as a text.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.count(name).or_else(|| self.whole_text(name)?.parse().ok())
    }

    /// Whether something is said to be true.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(true)
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
            Value::Written(value) => serde_json::from_str(value.get()).ok().map(Cow::Owned),
            Value::Object(fields) => Some(Cow::Borrowed(fields)),
            Value::Objects(_) | Value::Text(_) | Value::Other => None,
        }
    }

    /// The objects of a list.
    pub(crate) fn objects(&self, name: &str) -> Cow<'_, [Self]> {
        match self.value(name) {
            Some(Value::Objects(objects)) => Cow::Borrowed(objects),
            Some(Value::Written(value)) => {
                let items: Vec<&'a RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
                items.into_iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect()
            }
            Some(Value::Object(_) | Value::Text(_) | Value::Other) | None => Cow::default(),
        }
    }
}

/// What a JSON string says that is written as it is; `None` for one with escapes, and for what is no string.
fn plain_text(json: &str) -> Option<&str> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    memchr(b'\\', inside.as_bytes()).is_none().then_some(inside)
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(Shape::FLAT))
    }
}

/// A name, borrowed unless it holds escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct FieldsVisitor(&'static Shape);

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let usual = if self.0.0.is_empty() { FIELDS_USUAL } else { OPENED_FIELDS_USUAL };
        let mut fields = Vec::with_capacity(usual);
        while let Some(Name(name)) = map.next_key()? {
            let value = match self.0.of(&name) {
                Some(shape) => map.next_value_seed(Opening(shape))?,
                None => Value::Written(map.next_value()?),
            };
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

/// Opens a value, whatever it is.
struct Opening(&'static Shape);

impl<'de> DeserializeSeed<'de> for Opening {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Opening {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
        FieldsVisitor(self.0).visit_map(map).map(Value::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let mut objects = Vec::new();
        while let Some(item) = list.next_element_seed(Self(self.0))? {
            if let Value::Object(fields) = item {
                objects.push(fields);
            }
        }
        Ok(Value::Objects(objects))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }
}
