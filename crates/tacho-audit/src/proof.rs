//! Proofs that an entry is in a tree and that one tree grew out of another (RFC 6962, section 2.1; checked as RFC 9162,
//! sections 2.1.3.2 and 2.1.4.2, says). Pure: what a proof is made of is asked for.

use crate::hash::Hash;

/// Tells the root over the entries from the first number up to, but without, the second.
pub type RootOf<'a, E> = &'a mut dyn FnMut(u64, u64) -> Result<Hash, E>;

/// The hashes that lead from an entry to the root of the tree of this size, from the entry's neighbour up.
///
/// # Errors
/// When a root cannot be told.
pub fn inclusion<E>(index: u64, size: u64, root_of: RootOf<'_, E>) -> Result<Vec<Hash>, E> {
    let (mut first, mut end) = (0, size);
    let mut path = Vec::new();
    while end.saturating_sub(first) > 1 {
        let middle = first + split(end - first);
        if index < middle {
            path.push(root_of(middle, end)?);
            end = middle;
        } else {
            path.push(root_of(first, middle)?);
            first = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The hashes by which the tree of the new size is seen to have grown out of the one of the old size.
///
/// # Errors
/// When a root cannot be told.
pub fn consistency<E>(old: u64, new: u64, root_of: RootOf<'_, E>) -> Result<Vec<Hash>, E> {
    let (mut first, mut end) = (0, new);
    let mut path = Vec::new();
    while old < end && old > first {
        let middle = first + split(end - first);
        if old <= middle {
            path.push(root_of(middle, end)?);
            end = middle;
        } else {
            path.push(root_of(first, middle)?);
            first = middle;
        }
    }
    if first > 0 {
        path.push(root_of(first, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether the entry with this hash is in the tree of this size and root.
#[must_use]
pub fn is_included(entry: Hash, index: u64, size: u64, root: Hash, path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = entry;
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = Hash::of_pair(*sibling, hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::of_pair(hash, *sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// A tree, as a checkpoint names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// How many entries it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Whether the new tree grew out of the old one.
#[must_use]
pub fn is_consistent(old: TreeHead, new: TreeHead, path: &[Hash]) -> bool {
    if old.size == 0 || old.size >= new.size {
        let is_same = old.size == new.size && old.root == new.root;
        return path.is_empty() && (is_same || (old.size == 0 && old.root == Hash::of_nothing()));
    }
    let mut hashes = path.iter().copied();
    let (mut place, mut last) = (old.size - 1, new.size - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    // Of a tree that is a power of two large, the proof leaves out what is its root.
    let begin = if old.size.is_power_of_two() { Some(old.root) } else { hashes.next() };
    let Some(begin) = begin else { return false };
    let (mut before, mut now) = (begin, begin);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            before = Hash::of_pair(hash, before);
            now = Hash::of_pair(hash, now);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            now = Hash::of_pair(now, hash);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && before == old.root && now == new.root
}

/// The largest power of two below `size`, which is at least 2: where RFC 6962 divides a tree.
pub(crate) const fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}
