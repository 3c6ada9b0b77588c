//! Spans and log records as OTLP requests in protobuf, written from where they lie: nothing else is sent in such numbers, and
//! messages in between would take most of the time. What stands in a request is what `traces.rs` and `logs.rs` say of it.

use super::protobuf::{LONG, MEDIUM, SHORT, Writer, delimited_length, varint_length};
use super::request::{Portion, Request};
use super::{EncodeError, REQUEST_BYTES_MAX, SCHEMA_URL, SCOPE, SCOPE_VERSION};
use crate::destination::Protocol;
use tacho_model::attribute::{Attributes, Value};
use tacho_model::batch::Batch;

/// Numbers of fields, as the protocol's definition has them. They are the same for all signals.
mod field {
    pub(super) const OF_RESOURCES: u8 = 1;

    pub(super) const RESOURCE: u8 = 1;
    pub(super) const OF_SCOPES: u8 = 2;
    pub(super) const RESOURCE_SCHEMA_URL: u8 = 3;

    pub(super) const RESOURCE_ATTRIBUTES: u8 = 1;

    pub(super) const SCOPE: u8 = 1;
    pub(super) const ITEMS: u8 = 2;
    pub(super) const SCOPE_SCHEMA_URL: u8 = 3;

    pub(super) const SCOPE_NAME: u8 = 1;
    pub(super) const SCOPE_VERSION: u8 = 2;

    pub(super) const KEY: u8 = 1;
    pub(super) const VALUE: u8 = 2;

    pub(super) const STRING: u8 = 1;
    pub(super) const BOOL: u8 = 2;
    pub(super) const INT: u8 = 3;
    pub(super) const DOUBLE: u8 = 4;
    pub(super) const ARRAY: u8 = 5;

    pub(super) const ARRAY_VALUES: u8 = 1;
}

/// What a batch has many of.
pub(super) trait Item: Sized {
    /// The request that their messages make.
    type Request: Request;

    /// More bytes than one takes on average, so that what is written is seldom moved.
    const USUAL_BYTES: usize;

    /// Those that a batch has.
    fn of(batch: &Batch) -> &[Self];

    /// Writes the fields of its message.
    fn write(&self, writer: &mut Writer);
}

/// Items as they lie in their batches.
pub(super) struct Items<'a, T>(Vec<(&'a Batch, &'a [T])>);

impl<'a, T: Item> Items<'a, T> {
    /// All that are in these batches.
    pub(super) fn of(batches: &[&'a Batch]) -> Self {
        Self(batches.iter().map(|batch| (*batch, T::of(batch))).collect())
    }
}

impl<T: Item> Portion for Items<'_, T> {
    fn items(&self) -> usize {
        self.0.iter().map(|(_, items)| items.len()).sum()
    }

    /// In protobuf, whichever protocol it is for.
    fn body(&self, _: Protocol) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer::with_capacity((self.items() * T::USUAL_BYTES).min(REQUEST_BYTES_MAX));
        for (batch, items) in &self.0 {
            writer.message(field::OF_RESOURCES, LONG, |writer| of_resource(writer, batch, items));
        }
        Ok(writer.into_bytes())
    }

    fn halves(self) -> [Self; 2] {
        let mut left = self.items() / 2;
        let (mut front, mut back) = (Vec::new(), Vec::new());
        for (batch, items) in self.0 {
            let (before, behind) = items.split_at(left.min(items.len()));
            left -= before.len();
            front.extend((!before.is_empty()).then_some((batch, before)));
            back.extend((!behind.is_empty()).then_some((batch, behind)));
        }
        [Self(front), Self(back)]
    }
}

fn of_resource(writer: &mut Writer, batch: &Batch, items: &[impl Item]) {
    writer.message(field::RESOURCE, MEDIUM, |writer| {
        attributes(writer, field::RESOURCE_ATTRIBUTES, &batch.resource);
        for (name, value) in &batch.declared {
            pair(writer, field::RESOURCE_ATTRIBUTES, name, &value.as_str().into());
        }
    });
    writer.message(field::OF_SCOPES, LONG, |writer| {
        writer.message(field::SCOPE, SHORT, |writer| {
            writer.bytes(field::SCOPE_NAME, SCOPE.as_bytes());
            writer.bytes(field::SCOPE_VERSION, SCOPE_VERSION.as_bytes());
        });
        for item in items {
            writer.message(field::ITEMS, MEDIUM, |writer| item.write(writer));
        }
        writer.bytes(field::SCOPE_SCHEMA_URL, SCHEMA_URL.as_bytes());
    });
    writer.bytes(field::RESOURCE_SCHEMA_URL, SCHEMA_URL.as_bytes());
}

/// The attributes of a message, in its field of this number.
pub(super) fn attributes(writer: &mut Writer, field: u8, attributes: &Attributes) {
    attributes.iter().for_each(|(key, value)| pair(writer, field, key.name(), value));
}

/// An attribute, whose name is never empty. Most of a request are such pairs, so how long they are is known before they
/// are written.
fn pair(writer: &mut Writer, field: u8, name: &str, value: &Value) {
    let value_bytes = length(value);
    let pair_bytes = delimited_length(name.len()) + delimited_length(value_bytes);
    writer.heads((field, pair_bytes), (field::KEY, name.len()));
    writer.rest(name.as_bytes());
    match value {
        Value::String(text) => {
            writer.heads((field::VALUE, value_bytes), (field::STRING, text.len()));
            writer.rest(text.as_bytes());
        }
        Value::Int(number) => {
            writer.head(field::VALUE, value_bytes);
            writer.chosen_varint(field::INT, number.cast_unsigned());
        }
        Value::Double(number) => {
            writer.head(field::VALUE, value_bytes);
            writer.chosen_fixed64(field::DOUBLE, number.to_bits());
        }
        Value::Boolean(truth) => {
            writer.head(field::VALUE, value_bytes);
            writer.chosen_varint(field::BOOL, u64::from(*truth));
        }
        Value::StringList(texts) => {
            writer.heads((field::VALUE, value_bytes), (field::ARRAY, array_length(texts)));
            for text in texts {
                let text_bytes = delimited_length(text.len());
                writer.heads((field::ARRAY_VALUES, text_bytes), (field::STRING, text.len()));
                writer.rest(text.as_bytes());
            }
        }
    }
}

/// How many bytes a value takes.
fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => delimited_length(text.len()),
        Value::Int(number) => 1 + varint_length(number.cast_unsigned()),
        Value::Double(_) => 1 + size_of::<u64>(),
        Value::Boolean(truth) => 1 + varint_length(u64::from(*truth)),
        Value::StringList(texts) => delimited_length(array_length(texts)),
    }
}

fn array_length(texts: &[String]) -> usize {
    texts.iter().map(|text| delimited_length(delimited_length(text.len()))).sum()
}
