//! Our own encoder and the sender that the drainer's couriers have.

use std::sync::mpsc::{Receiver, Sender as Line, channel};
use std::thread;

use anyhow::{Context, Result, ensure};
use tacho_export::delivery::Outcome;
use tacho_export::destination::{Compression, Destination, Protocol};
use tacho_export::exporters::{Request, Sender};
use tacho_export::otlp::{Encoded, Signal, encode};
use tacho_model::batch::Batch;
use tacho_privacy::{CaptureLevel, Cleared};

use super::sender::Exports;

/// Encodes on one thread, as the drainer does, and sends on another, as a courier does: one request at a time, which comes
/// back with what became of it.
pub(super) struct Ours {
    destination: Destination,
    line: Line<Encoded>,
    back: Receiver<(Encoded, Outcome)>,
    is_busy: bool,
}

impl Ours {
    pub(super) fn new(url: &str, compression: Compression) -> Result<Self> {
        let mut destination =
            Destination::new(url, Protocol::HttpProtobuf, Vec::new(), CaptureLevel::default())?;
        destination.compression = compression;
        let ((line, in_line), (carried, back)) = (channel::<Encoded>(), channel());
        let to = destination.clone();
        thread::spawn(move || {
            let mut sender = Sender::default();
            for encoded in in_line {
                let content_type = to.protocol.content_type();
                let request = Request { name: Signal::Traces.name(), content_type, body: &encoded.bytes };
                let outcome = sender.send(&to, request);
                if carried.send((encoded, outcome)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { destination, line, back, is_busy: false })
    }

    /// Waits until the request that is under way was taken.
    fn settle(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_busy) {
            let (_, outcome) = self.back.recv().context("the courier is gone")?;
            let is_taken = matches!(outcome, Outcome::Taken { rejected: 0, .. });
            ensure!(is_taken, "a request was not taken: {outcome:?}");
        }
        Ok(())
    }
}

impl Exports for Ours {
    type Spans = Vec<Cleared<Batch>>;

    fn made_of(&mut self, batches: Vec<Cleared<Batch>>) -> Self::Spans {
        batches
    }

    fn export(&mut self, batches: Self::Spans) -> Result<()> {
        for batch in batches {
            let (protocol, compression) = (self.destination.protocol, self.destination.compression);
            for encoded in encode(&[batch], Signal::Traces, protocol, compression)? {
                self.settle()?;
                self.line.send(encoded)?;
                self.is_busy = true;
            }
        }
        self.settle()
    }
}
