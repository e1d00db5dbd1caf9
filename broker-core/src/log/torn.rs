//! Appends that a power loss cut short, told from batches that rot, where nobody knows how far the log was flushed.
//!
//! ```text
//!   batch │ batch │ bad …                  end of the file
//!                 ├── cut short: the file ends inside a batch whose header is all right
//!                 ├── a hole: one of its sectors is nothing but zeros, it was never written
//!                 └── anything else was written and has changed since: rot
//! ```
//!
//! Left out: older bytes in a sector that was never written, which a cut tail that was not flushed may leave. They look
//! like rot: on the safe side.

use bytes::Bytes;

use super::header::BatchHeader;
use crate::batch::{HEADER_BYTES, RecordBatch};
use crate::types::Offset;

/// What a disk writes wholly or not at all, at multiples of it.
const SECTOR_BYTES: usize = 512;
/// Base offset and length: not all zero in a batch, wherever it is.
const NEVER_ZERO_BYTES: usize = 12;
/// Where in a batch its checksum is, and what it covers.
const CHECKSUM_AT: usize = 17;
const CHECKED_FROM: usize = 21;

/// Whether `tail`, everything in the file from `position` on, where no whole batch with base offset `expected` begins,
/// may be what a power loss left of appends.
pub(super) fn is_torn(tail: &Bytes, position: u64, expected: Offset) -> bool {
    has_hole(tail, position, expected) || is_cut_short(tail, expected)
}

/// Whether a sector of the first batch is missing; of its header and what is next, if that cannot be read.
fn has_hole(tail: &[u8], position: u64, expected: Offset) -> bool {
    let length = BatchHeader::parse(tail, expected).map_or(HEADER_BYTES + 2, |header| header.length);
    let batch = &tail[..length.min(tail.len())];
    let past = usize::try_from(position % SECTOR_BYTES as u64).expect("less than a sector");
    let (first, others) = batch.split_at((SECTOR_BYTES - past).min(batch.len()));
    let empty = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    // A base offset begins with zeros, and a batch ends with one.
    let first_missing = empty(first) && NEVER_ZERO_BYTES <= first.len();
    first_missing || others.chunks(SECTOR_BYTES).any(|sector| 1 < sector.len() && empty(sector))
}

/// Whether the file ends before its last batch does. If only the length has rotted, the batch is whole after all, or
/// others come after it.
fn is_cut_short(tail: &Bytes, expected: Offset) -> bool {
    if tail.len() < HEADER_BYTES {
        return true;
    }
    let cut = BatchHeader::parse(tail, expected).is_ok_and(|header| tail.len() < header.length);
    let checksum = u32::from_be_bytes(tail[CHECKSUM_AT..CHECKED_FROM].try_into().expect("four bytes"));
    let whole = crc32c::crc32c(&tail[CHECKED_FROM..]) == checksum;
    let later = |at: usize| {
        let next = RecordBatch::split_from(&mut tail.slice(at..));
        next.is_ok_and(|batch| expected < batch.base_offset())
    };
    cut && !whole && !(1..tail.len() - HEADER_BYTES).any(later)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::io::Storage;
    use crate::testing::{self, Draws, MemStorage, PowerLoss};
    use crate::types::LeaderEpoch;

    /// Batches with values of these sizes, in a file after `position` other bytes.
    fn written(sizes: &[usize]) -> Vec<RecordBatch> {
        let batch = |(at, size): (usize, &usize)| {
            testing::batch(&[&"x".repeat(*size)]).placed_at(Offset(300 + at as i64), LeaderEpoch(1))
        };
        sizes.iter().enumerate().map(batch).collect()
    }

    /// Where the first batch is that is not as it was written, and what begins there.
    fn first_bad(batches: &[RecordBatch], mut left: Bytes) -> Option<(Offset, usize, Bytes)> {
        let mut position = 0;
        for batch in batches {
            let before = left.clone();
            if RecordBatch::split_from(&mut left).ok().as_ref() != Some(batch) {
                return Some((batch.base_offset(), position, before));
            }
            position += batch.bytes().len();
        }
        None
    }

    fn sizes() -> impl Strategy<Value = Vec<usize>> {
        prop::collection::vec(prop_oneof![1usize..100, 400usize..1_500], 1..6)
    }

    proptest! {
        #[test]
        fn what_a_power_loss_leaves_is_torn(sizes in sizes(), in_order in any::<bool>(), seed in any::<u64>()) {
            let batches = written(&sizes);
            let mut storage = MemStorage::default();
            let file = storage.open("file").unwrap();
            batches.iter().for_each(|batch| storage.append(file, batch.bytes()).unwrap());
            let how = if in_order { PowerLoss::Torn } else { PowerLoss::Reordered };
            storage.lose_power(how, SECTOR_BYTES, &mut Draws::new(seed));
            let left = storage.read_file("file").unwrap().unwrap_or_default();
            if let Some((expected, position, tail)) = first_bad(&batches, left) {
                let zeros = tail.iter().take_while(|byte| **byte == 0).count();
                // All of the sector that is missing may be the zeros that a batch begins with.
                prop_assume!(!(6..NEVER_ZERO_BYTES).contains(&zeros));
                prop_assert!(is_torn(&tail, position as u64, expected), "at {position}: {:?}", &tail[..]);
            }
        }

        #[test]
        fn what_rots_is_not(sizes in sizes(), rot in (any::<Index>(), 0u8..8)) {
            let batches = written(&sizes);
            let mut bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().to_vec()).collect();
            let at = rot.0.index(bytes.len());
            bytes[at] ^= 1 << rot.1;
            if let Some((expected, position, tail)) = first_bad(&batches, bytes.into()) {
                prop_assert!(!is_torn(&tail, position as u64, expected), "byte {at}");
            }
        }
    }
}
