//! Protobuf, written front to back without a message in memory: as much of its wire format as requests need.
//!
//! Fields are written in the order of their numbers, and none that has its default, as generated encoders do. Numbers are
//! below 16, where nothing else is said.

/// Room for the length of a message below 128 bytes.
pub(super) const SHORT: usize = 1;
/// Room for that of one below 16 KiB.
pub(super) const MEDIUM: usize = 2;
/// Room for that of one below 2 MiB.
pub(super) const LONG: usize = 3;

/// How a field lies on the wire.
#[derive(Clone, Copy)]
enum WireType {
    Varint = 0,
    Fixed64 = 1,
    Delimited = 2,
    Fixed32 = 5,
}

/// A message that is being written.
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A message as a field. Room is left for its length; where that takes more or less, what was written is moved.
    pub(super) fn message(&mut self, field: u8, room: usize, write: impl FnOnce(&mut Self)) {
        self.bytes.push(key(field, WireType::Delimited));
        let start = self.bytes.len();
        let behind = start + room;
        self.bytes.resize(behind, 0);
        write(self);
        let length = Varint::of((self.bytes.len() - behind) as u64);
        match self.bytes.get_mut(start..behind) {
            Some(left) if left.len() == length.digits().len() => left.copy_from_slice(length.digits()),
            _ => drop(self.bytes.splice(start..behind, length.digits().iter().copied())),
        }
    }

    /// What stands before a message of so many bytes, which follow.
    pub(super) fn head(&mut self, field: u8, bytes: usize) {
        let key = key(field, WireType::Delimited);
        match short(bytes) {
            Some(length) => self.bytes.extend_from_slice(&[key, length]),
            None => {
                self.bytes.push(key);
                self.varint(bytes as u64);
            }
        }
    }

    /// What stands before a message and its first field, each of so many bytes.
    pub(super) fn heads(&mut self, message: (u8, usize), first: (u8, usize)) {
        let keys = [message.0, first.0].map(|field| key(field, WireType::Delimited));
        match (keys, short(message.1), short(first.1)) {
            // Far the most are so short, and written at once they take half of the time.
            ([outer, inner], Some(all), Some(length)) => {
                self.bytes.extend_from_slice(&[outer, all, inner, length]);
            }
            _ => {
                self.head(message.0, message.1);
                self.head(first.0, first.1);
            }
        }
    }

    /// The bytes of a field whose head was written.
    pub(super) fn rest(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes or a text, unless they are none.
    pub(super) fn bytes(&mut self, field: u8, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.head(field, bytes.len());
            self.rest(bytes);
        }
    }

    /// A number of 64 bits, unless it is zero.
    pub(super) fn fixed64(&mut self, field: u8, number: u64) {
        if number != 0 {
            self.chosen_fixed64(field, number);
        }
    }

    /// A number of 32 bits, unless it is zero, as a field of any number.
    pub(super) fn fixed32(&mut self, field: u8, number: u32) {
        if number != 0 {
            self.varint(u64::from(field) << 3 | WireType::Fixed32 as u64);
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// A number of 64 bits, also zero: the one of several fields that is there.
    pub(super) fn chosen_fixed64(&mut self, field: u8, number: u64) {
        self.bytes.push(key(field, WireType::Fixed64));
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// A number that is short if it is small, also zero.
    pub(super) fn chosen_varint(&mut self, field: u8, number: u64) {
        self.bytes.push(key(field, WireType::Varint));
        self.varint(number);
    }

    fn varint(&mut self, number: u64) {
        self.bytes.extend_from_slice(Varint::of(number).digits());
    }
}

const fn key(field: u8, wire_type: WireType) -> u8 {
    field << 3 | wire_type as u8
}

/// A length that one byte says.
fn short(length: usize) -> Option<u8> {
    u8::try_from(length).ok().filter(|length| *length < 0x80)
}

/// How many bytes a field of so many bytes takes with what stands before it.
pub(super) const fn delimited_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}

/// How many bytes a number takes that is short if it is small.
pub(super) const fn varint_length(number: u64) -> usize {
    // Of its bits each seven take a byte, and zero takes one, too.
    let bits = 64 - (number | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// A number of which a byte says seven bits and whether more follow.
struct Varint {
    digits: [u8; 10],
    length: usize,
}

impl Varint {
    fn of(number: u64) -> Self {
        let (mut digits, mut length, mut left) = ([0; 10], 0, number);
        for digit in &mut digits {
            length += 1;
            *digit = (left & 0x7F) as u8;
            left >>= 7;
            if left == 0 {
                break;
            }
            *digit |= 0x80;
        }
        Self { digits, length }
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}
