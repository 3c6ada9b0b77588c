//! What happens by chance, decided in advance so that a case can be played again.

use std::fmt;

/// Bytes that decide, one after the other. Behind the last one everything goes the plainest way: nothing that was
/// not asked for reaches the disk, so that a case shrinks to what matters.
#[derive(Clone)]
pub struct Luck(Vec<u8>);

impl Luck {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn draws(&self) -> Draws<'_> {
        Draws(self.0.iter())
    }
}

impl fmt::Debug for Luck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Luck::new(vec!{:?})", self.0)
    }
}

/// The decisions of one action.
pub struct Draws<'a>(std::slice::Iter<'a, u8>);

impl Draws<'_> {
    fn next(&mut self) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0))
    }

    pub fn coin(&mut self) -> bool {
        self.next() % 2 == 1
    }

    pub fn rarely(&mut self) -> bool {
        self.next() >= 0xF0
    }

    /// From `least` to `most`, and each of them often.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        match self.next() {
            0..0x60 => least,
            0x60..0xC0 => most,
            _ => least + (most - least) * self.next() / 0xFF,
        }
    }
}
