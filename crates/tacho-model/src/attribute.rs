//! Attributes: a name from the registry, its type, and how far its value may travel.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Type of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// UTF-8 text.
    String,
    /// Signed 64-bit integer.
    Int,
    /// IEEE 754 double.
    Double,
    /// True or false.
    Boolean,
    /// List of UTF-8 texts.
    StringList,
}

/// How far an attribute's value may travel; the privacy gate acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// May leave the machine at every capture level.
    Metadata,
    /// Words of a person, a file or a model: leaves only at level `full`.
    Content,
    /// A URL: leaves without user info, query and fragment.
    Url,
    /// Names a person: never leaves as it is.
    Identity,
}

/// The name of an attribute, with its type and class. Made only by the registry's generated table.
#[derive(Clone, Copy)]
pub struct Key {
    /// Its place among all names in their order, so that names need not be compared.
    rank: u16,
    name: &'static str,
    value_type: ValueType,
    class: Class,
}

impl Key {
    /// A row of the registry.
    #[must_use]
    pub(crate) const fn new(rank: u16, name: &'static str, value_type: ValueType, class: Class) -> Self {
        Self { rank, name, value_type, class }
    }

    /// The key of this name, if the registry has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = crate::semconv::ALL;
        all.binary_search_by(|key| key.name.cmp(name)).ok().and_then(|at| all.get(at)).copied()
    }

    /// The name as it is written on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The type every value of this attribute has.
    #[must_use]
    pub const fn value_type(self) -> ValueType {
        self.value_type
    }

    /// How far the value may travel.
    #[must_use]
    pub const fn class(self) -> Class {
        self.class
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// UTF-8 text, which a span and all that is sent of it share.
    String(Arc<str>),
    /// Signed 64-bit integer.
    Int(i64),
    /// IEEE 754 double.
    Double(f64),
    /// True or false.
    Boolean(bool),
    /// List of UTF-8 texts.
    StringList(Vec<String>),
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::String(text) => text.hash(state),
            Self::Int(number) => number.hash(state),
            Self::Double(number) => number.to_bits().hash(state),
            Self::Boolean(truth) => truth.hash(state),
            Self::StringList(texts) => texts.hash(state),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::String(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

/// Attributes of a span, an event or a resource, ordered by name.
#[derive(Clone, Default, PartialEq, Hash)]
pub struct Attributes(Vec<(Key, Value)>);

impl Attributes {
    /// None yet, with room for so many.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Sets an attribute, replacing an earlier value.
    pub fn set(&mut self, key: Key, value: impl Into<Value>) {
        // Copies come in their order.
        if self.0.last().is_none_or(|(last, _)| *last < key) {
            self.0.push((key, value.into()));
            return;
        }
        match self.place_of(key) {
            Ok(place) => {
                if let Some((_, earlier)) = self.0.get_mut(place) {
                    *earlier = value.into();
                }
            }
            Err(place) => self.0.insert(place, (key, value.into())),
        }
    }

    /// Sets an attribute whose value is known; an unknown one stays absent, never zero or empty.
    pub fn set_known(&mut self, key: Key, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Value> {
        let place = self.place_of(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// The text of an attribute that is one.
    #[must_use]
    pub fn text(&self, key: Key) -> Option<&str> {
        match self.get(key)? {
            Value::String(text) => Some(text),
            Value::Int(_) | Value::Double(_) | Value::Boolean(_) | Value::StringList(_) => None,
        }
    }

    /// The number of an attribute that is an integer.
    #[must_use]
    pub fn int(&self, key: Key) -> Option<i64> {
        match self.get(key)? {
            Value::Int(number) => Some(*number),
            Value::String(_) | Value::Double(_) | Value::Boolean(_) | Value::StringList(_) => None,
        }
    }

    /// Where an attribute stands, or where it would.
    fn place_of(&self, key: Key) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |(known, _)| *known)
    }

    /// Adds all of these, replacing earlier values.
    pub fn extend(&mut self, others: Self) {
        others.0.into_iter().for_each(|(key, value)| self.set(key, value));
    }

    /// All attributes in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Value)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

impl FromIterator<(Key, Value)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (Key, Value)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        let (least, most) = pairs.size_hint();
        let mut attributes = Self(Vec::with_capacity(most.unwrap_or(least)));
        pairs.for_each(|(key, value)| attributes.set(key, value));
        attributes
    }
}
