//! What requests of every signal have in common: they are made of batches, counted, encoded, and parted again.

use super::EncodeError;
use super::values::class_of;
use crate::destination::{Compression, Protocol};
use crate::gzip::in_form;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tacho_model::attribute::Class;
use tacho_model::batch::Batch;

/// Items that make one request, or halves that make two.
pub(super) trait Portion: Sized {
    /// How many items they are.
    fn items(&self) -> usize;

    /// The request before compression.
    fn body(&self, protocol: Protocol) -> Result<Vec<u8>, EncodeError>;

    /// Both halves of them.
    fn halves(self) -> [Self; 2];
}

/// An export request of one signal.
pub(super) trait Request:
    prost::Message + Default + Clone + PartialEq + Serialize + DeserializeOwned
{
    /// The items of the signal in these batches.
    fn of(batches: &[&Batch]) -> Self;

    /// How many items it holds.
    fn count(&self) -> usize;

    /// Keeps the items for which `keeps`, called for each in order, says so, and nothing that is empty without them.
    fn retain(&mut self, keeps: &mut dyn FnMut() -> bool);

    /// Keeps the attributes for which `keeps` says so: of the resource, of every item, and of what happened in it.
    fn retain_attributes(&mut self, keeps: &dyn Fn(&KeyValue) -> bool);

    /// Takes out the attributes of these classes.
    fn drop_classes(&mut self, classes: &[Class]) {
        self.retain_attributes(&|pair| !classes.contains(&class_of(pair)));
    }

    /// Reads a body that was encoded here.
    fn decode_body(bytes: &[u8], protocol: Protocol) -> Result<Self, EncodeError> {
        let body = in_form(bytes, Compression::None)?;
        match protocol {
            Protocol::HttpProtobuf | Protocol::Grpc => Ok(Self::decode(&*body)?),
            Protocol::HttpJson => Ok(serde_json::from_slice(&body)?),
        }
    }
}

impl<R: Request> Portion for R {
    fn items(&self) -> usize {
        self.count()
    }

    fn body(&self, protocol: Protocol) -> Result<Vec<u8>, EncodeError> {
        Ok(match protocol {
            Protocol::HttpProtobuf | Protocol::Grpc => self.encode_to_vec(),
            Protocol::HttpJson => serde_json::to_vec(self)?,
        })
    }

    fn halves(self) -> [Self; 2] {
        let half = self.count() / 2;
        let (mut front, mut back) = (self.clone(), self);
        let mut numbers = 0..;
        front.retain(&mut || numbers.next().is_some_and(|number| number < half));
        let mut numbers = 0..;
        back.retain(&mut || numbers.next().is_some_and(|number| number >= half));
        [front, back]
    }
}
