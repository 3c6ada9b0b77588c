//! Copies and comparisons of every short length, held against what slices do.

use super::{compare, copy};
use std::cmp::Ordering;

/// Lengths on both sides of every border.
const LENGTHS: usize = 300;

fn letters(len: usize) -> Vec<u8> {
    (0..len).map(|number| (number * 7 + number / 256) as u8).collect()
}

#[test]
fn ranges_are_copied_wherever_they_overlap() {
    for len in 0..LENGTHS {
        for to in [0, 1, 15, 16, 17, 63, 64, 65, 100, 128, 129, 350, 400] {
            let from = 100;
            let (mut expected, mut copied) = (letters(1000), letters(1000));
            expected.copy_within(from..from + len, to);
            let bytes = copied.as_mut_ptr();
            // SAFETY: both ranges lie within the 1000 bytes.
            unsafe { copy(bytes.add(to), bytes.add(from), len) };
            assert_eq!(copied, expected, "{len} bytes from {from} to {to}");
        }
    }
}

#[test]
fn the_first_byte_that_differs_decides() {
    for len in 0..LENGTHS {
        let left = letters(len);
        let result = |right: &[u8]| {
            // SAFETY: both are that long.
            unsafe { compare(left.as_ptr(), right.as_ptr(), len) }.cmp(&0)
        };
        assert_eq!(result(&left), Ordering::Equal, "{len} bytes");
        for at in 0..len {
            let mut right = left.clone();
            right[at] ^= 0x80;
            // What comes behind says the opposite.
            if let Some(behind) = right.get_mut(at + 1) {
                *behind = !left[at] & 0x80 | *behind & 0x7F;
            }
            assert_eq!(result(&right), left.cmp(&right), "{len} bytes that differ at {at}");
        }
    }
}
