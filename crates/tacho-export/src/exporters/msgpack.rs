//! MessagePack, as much of it as traces need: maps, arrays, texts and numbers, always in the longest form of their kind.

/// Writes values one after the other; whoever begins a map or an array writes as many as it said.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// Begins an array of so many values.
    pub(super) fn array(&mut self, length: usize) {
        self.headed(0xDD, length);
    }

    /// Begins a map of so many pairs.
    pub(super) fn map(&mut self, length: usize) {
        self.headed(0xDF, length);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.headed(0xDB, text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn unsigned(&mut self, number: u64) {
        self.0.push(0xCF);
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.0.push(0xD3);
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    pub(super) fn float(&mut self, number: f64) {
        self.0.push(0xCB);
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn headed(&mut self, kind: u8, length: usize) {
        self.0.push(kind);
        // A request holds far less than the 4 GiB that the length can say.
        self.0.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }
}
