//! Our own encoder and the sender that the drainer's couriers have, one after the other.

use anyhow::{Result, ensure};
use tacho_export::delivery::Outcome;
use tacho_export::destination::{Compression, Destination, Protocol};
use tacho_export::exporters::{Request, Sender};
use tacho_export::otlp::{Signal, encode};
use tacho_model::batch::Batch;
use tacho_privacy::{CaptureLevel, Cleared};

use super::sender::Exports;

pub(super) struct Ours {
    destination: Destination,
    sender: Sender,
}

impl Ours {
    pub(super) fn new(url: &str, compression: Compression) -> Result<Self> {
        let mut destination =
            Destination::new(url, Protocol::HttpProtobuf, Vec::new(), CaptureLevel::default())?;
        destination.compression = compression;
        Ok(Self { destination, sender: Sender::default() })
    }
}

impl Exports for Ours {
    type Spans = Vec<Cleared<Batch>>;

    fn made_of(&mut self, batches: Vec<Cleared<Batch>>) -> Self::Spans {
        batches
    }

    fn export(&mut self, batches: Self::Spans) -> Result<()> {
        let to = &self.destination;
        let (name, content_type) = (Signal::Traces.name(), to.protocol.content_type());
        for batch in batches {
            for encoded in encode(&[batch], Signal::Traces, to.protocol, to.compression)? {
                let outcome = self.sender.send(to, Request { name, content_type, body: &encoded.bytes });
                let is_taken = matches!(outcome, Outcome::Taken { rejected: 0, .. });
                ensure!(is_taken, "a request was not taken: {outcome:?}");
            }
        }
        Ok(())
    }
}
