//! How the static program copies and compares bytes (`docs/adr/0013-copying-in-the-static-program.md`).
//!
//! These take the place of musl's functions, for SQLite and everything else in the program, on the one processor for
//! which musl copies with `rep movsq` and compares byte by byte.

#![expect(unsafe_code, reason = "functions of C take pointers and lengths")]

#[cfg(test)]
mod tests;

use core::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};

/// Bytes of a vector.
const VECTOR: usize = size_of::<__m128i>();
/// What the long loops copy at a time.
type Stride = [__m128i; 4];
const STRIDE: usize = size_of::<Stride>();
/// One bit for each byte in which two vectors are equal.
const ALL_EQUAL: i32 = 0xFFFF;

/// Copies `len` bytes between ranges that may overlap.
///
/// # Safety
/// `from` is valid for reading and `to` for writing `len` bytes.
#[inline(always)]
unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: every arm stays within `len` bytes.
    unsafe {
        match len {
            0 => {}
            1 => to.write(from.read()),
            2..4 => copy_ends::<u16>(to, from, len),
            4..8 => copy_ends::<u32>(to, from, len),
            8..16 => copy_ends::<u64>(to, from, len),
            16..=32 => copy_ends::<__m128i>(to, from, len),
            33..=64 => copy_ends::<[__m128i; 2]>(to, from, len),
            65..=128 => copy_ends::<Stride>(to, from, len),
            // From its start on, nothing is overwritten that is still to be read.
            _ if to.addr().wrapping_sub(from.addr()) >= len => copy_forward(to, from, len),
            _ => copy_backward(to, from, len),
        }
    }
}

/// Copies a range as its first and its last piece, both of which are read before either is written.
///
/// # Safety
/// As for [`copy`]; `len` is between one and two times the size of a piece.
#[inline(always)]
unsafe fn copy_ends<Piece: Copy>(to: *mut u8, from: *const u8, len: usize) {
    let last = len - size_of::<Piece>();
    // SAFETY: both pieces lie within the range.
    unsafe {
        let front: Piece = from.cast::<Piece>().read_unaligned();
        let back: Piece = from.add(last).cast::<Piece>().read_unaligned();
        to.cast::<Piece>().write_unaligned(front);
        to.add(last).cast::<Piece>().write_unaligned(back);
    }
}

/// Copies a range from its start to its end.
///
/// # Safety
/// As for [`copy`]; `len` is more than a stride.
unsafe fn copy_forward(to: *mut u8, from: *const u8, len: usize) {
    let last = len - STRIDE;
    // SAFETY: a stride from `at` on lies within the range as long as `at` is at most `last`.
    unsafe {
        let end: Stride = from.add(last).cast::<Stride>().read_unaligned();
        let mut at = 0;
        while at < last {
            to.add(at).cast::<Stride>().write_unaligned(from.add(at).cast::<Stride>().read_unaligned());
            at += STRIDE;
        }
        to.add(last).cast::<Stride>().write_unaligned(end);
    }
}

/// Copies a range from its end to its start.
///
/// # Safety
/// As for [`copy`]; `len` is more than a stride.
unsafe fn copy_backward(to: *mut u8, from: *const u8, len: usize) {
    // SAFETY: a stride before `end` lies within the range as long as `end` is at least a stride.
    unsafe {
        let start: Stride = from.cast::<Stride>().read_unaligned();
        let mut end = len;
        while end > STRIDE {
            end -= STRIDE;
            to.add(end).cast::<Stride>().write_unaligned(from.add(end).cast::<Stride>().read_unaligned());
        }
        to.cast::<Stride>().write_unaligned(start);
    }
}

/// How two ranges of `len` bytes compare: less than, equal to or greater than 0, by the first byte that differs.
///
/// # Safety
/// Both are valid for reading `len` bytes.
#[inline(always)]
unsafe fn compare(left: *const u8, right: *const u8, len: usize) -> i32 {
    // SAFETY: every arm stays within `len` bytes.
    unsafe {
        match len {
            0 => 0,
            1 => i32::from(left.read()) - i32::from(right.read()),
            2..4 => compare_ends(left, right, len, |at: *const [u8; 2]| u16::from_be_bytes(at.read()).into()),
            4..8 => compare_ends(left, right, len, |at: *const [u8; 4]| u32::from_be_bytes(at.read()).into()),
            8..16 => compare_ends(left, right, len, |at: *const [u8; 8]| u64::from_be_bytes(at.read())),
            _ => compare_long(left, right, len),
        }
    }
}

/// Compares the first and, if they are equal, the last piece of two ranges as numbers.
///
/// # Safety
/// As for [`compare`]; `len` is between one and two times the size of a piece, which `number` reads.
#[inline(always)]
unsafe fn compare_ends<Piece>(
    left: *const u8,
    right: *const u8,
    len: usize,
    number: impl Fn(*const Piece) -> u64,
) -> i32 {
    let last = len - size_of::<Piece>();
    // SAFETY: both pieces lie within the range.
    let pieces = unsafe { [(left.cast(), right.cast()), (left.add(last).cast(), right.add(last).cast())] };
    let [front, back] = pieces.map(|(left, right)| number(left).cmp(&number(right)));
    front.then(back) as i32
}

/// Compares vector by vector; the last one begins where it still fits.
///
/// # Safety
/// As for [`compare`]; `len` is at least that of a vector.
unsafe fn compare_long(left: *const u8, right: *const u8, len: usize) -> i32 {
    let last = len - VECTOR;
    let mut at = 0;
    // SAFETY: a vector from `at` on lies within the ranges, since `at` is at most `last`.
    unsafe {
        loop {
            let equal =
                _mm_cmpeq_epi8(_mm_loadu_si128(left.add(at).cast()), _mm_loadu_si128(right.add(at).cast()));
            let mask = _mm_movemask_epi8(equal);
            if mask != ALL_EQUAL {
                let differs = at + mask.trailing_ones() as usize;
                return i32::from(left.add(differs).read()) - i32::from(right.add(differs).read());
            }
            if at == last {
                return 0;
            }
            at = last.min(at + VECTOR);
        }
    }
}

/// The names under which a linker finds them before it looks into musl. Not optimised, they would call themselves.
#[cfg(not(test))]
mod exported {
    use core::ffi::{c_int, c_void};

    /// `memcpy(3)`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void {
        // SAFETY: what a caller of the function in C promises.
        unsafe { super::copy(to.cast(), from.cast(), len) };
        to
    }

    /// `memmove(3)`. With it, musl's own file for both is not linked at all.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, len: usize) -> *mut c_void {
        // SAFETY: what a caller of the function in C promises.
        unsafe { super::copy(to.cast(), from.cast(), len) };
        to
    }

    /// `memcmp(3)`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(left: *const c_void, right: *const c_void, len: usize) -> c_int {
        // SAFETY: what a caller of the function in C promises.
        unsafe { super::compare(left.cast(), right.cast(), len) }
    }

    /// `bcmp(3)`.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(left: *const c_void, right: *const c_void, len: usize) -> c_int {
        // SAFETY: what a caller of the function in C promises.
        unsafe { super::compare(left.cast(), right.cast(), len) }
    }
}
