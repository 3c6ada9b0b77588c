//! Whether bytes that come in pieces are UTF-8.

/// The judgement so far.
#[derive(Debug, Default)]
pub struct Utf8 {
    /// The beginning of a character whose end has not come yet.
    pending: Vec<u8>,
    is_broken: bool,
}

impl Utf8 {
    /// Takes the next bytes in.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !self.is_broken && !self.pending.is_empty() {
            let [byte, behind @ ..] = rest else { return };
            self.pending.push(*byte);
            rest = behind;
            self.settle_pending();
        }
        if self.is_broken {
            return;
        }
        if let Err(error) = std::str::from_utf8(rest) {
            self.is_broken |= error.error_len().is_some();
            self.pending.extend(rest.iter().skip(error.valid_up_to()).take(4));
        }
    }

    fn settle_pending(&mut self) {
        match std::str::from_utf8(&self.pending) {
            Ok(_) => self.pending.clear(),
            Err(error) => self.is_broken = error.error_len().is_some(),
        }
    }

    /// Whether all bytes taken in are whole characters.
    pub fn is_valid(&self) -> bool {
        !self.is_broken && self.pending.is_empty()
    }
}
