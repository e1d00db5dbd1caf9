//! Reads the batches of a log from its files, each once.

use broker_core::batch::HEADER_BYTES;
use broker_core::types::{LeaderEpoch, Offset, TopicPartition};

use crate::cluster::turmoil_platform::ProcessDisk;
use crate::snapshot::{BatchFacts, Records};

/// Where Kafka's record batch v2 says what it is.
const LENGTH_AT: usize = 8;
const AFTER_LENGTH: usize = 12;
const CHECKSUM_AT: usize = 17;
const CHECKED_FROM: usize = 21;
const LAST_OFFSET_DELTA_AT: usize = 23;
const SEGMENT: &str = ".log";

/// Whether bytes are what their checksum was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checksums {
    /// They were written a moment ago.
    Believed,
    /// Somebody may have lost some of them.
    Verified,
    /// Bits of these files have turned over: the leader epoch, which no checksum covers, cannot be believed.
    Doubted,
}

/// Where in the files of one log the next batch will be.
#[derive(Clone, Debug, Default)]
pub(super) struct LogFiles {
    /// Base offset of the segment, and position there; `None`: somewhere.
    next: Option<(Offset, u64)>,
    /// Up to where the disk has said that everything is durable: base offset of the segment, position there, and offset.
    durable: Option<(Offset, u64, Offset)>,
}

impl LogFiles {
    /// The log was cut: the next batch will be somewhere else.
    pub fn moved(&mut self) {
        *self = LogFiles::default();
    }

    /// Adds the batches from `from` to `to` to `records`. Where the files do not say what they hold, that stretch is
    /// unknown.
    pub fn read(
        &mut self,
        disk: &ProcessDisk,
        key: &TopicPartition,
        (from, to): (Offset, Offset),
        checksums: Checksums,
        records: &mut Records,
    ) {
        let mut at = from;
        let (mut segment, mut position) =
            self.next.or_else(|| segment_of(disk, key, from).map(|base| (base, 0))).unwrap_or((from, 0));
        while at < to {
            let bytes = disk.borrow().peek(&path(key, segment), position).unwrap_or_default();
            let mut rest = &bytes[..];
            while let Some((batch, len)) = parse(rest, checksums) {
                rest = &rest[len..];
                position += len as u64;
                if batch.base_offset == at && batch.end_offset <= to {
                    records.push(batch);
                    at = batch.end_offset;
                } else if at < batch.end_offset {
                    // Not what should follow here: it rotted where no checksum looks.
                    rest = &[];
                    break;
                }
            }
            if at < to && segment < at && rest.is_empty() && has(disk, key, at) {
                (segment, position) = (at, 0);
            } else {
                break;
            }
        }
        self.next = Some((segment, position));
        if at < to {
            let leader_epoch = LeaderEpoch::NONE;
            records.push(BatchFacts { base_offset: at, end_offset: to, leader_epoch, checksum: None });
            self.next = segment_of(disk, key, to).map(|base| (base, len(disk, key, base)));
        }
    }

    /// Up to which offset the disk has said that this log is durable, of what lies between `start` and `end`.
    pub fn said_durable(
        &mut self,
        disk: &ProcessDisk,
        key: &TopicPartition,
        (start, end): (Offset, Offset),
    ) -> Offset {
        let known = self.durable.map(|(base, ..)| base);
        for base in segments(disk, key).into_iter().filter(|base| known.is_none_or(|known| known <= *base)) {
            let (mut position, mut at) = match self.durable {
                Some((known, position, at)) if known == base => (position, at),
                _ => (0, base),
            };
            let durable = disk.borrow().said_durable(&path(key, base)).unwrap_or(0);
            let bytes = disk.borrow().peek(&path(key, base), position).unwrap_or_default();
            let mut rest = &bytes[..];
            while let Some((batch, len)) = parse(rest, Checksums::Believed)
                && position + len as u64 <= durable
            {
                (rest, position, at) = (&rest[len..], position + len as u64, batch.end_offset);
            }
            self.durable = Some((base, position, at));
            if !rest.is_empty() {
                return at.clamp(start, end);
            }
        }
        end
    }
}

fn path(key: &TopicPartition, base: Offset) -> String {
    format!("{key}/{:020}{SEGMENT}", base.0)
}

fn has(disk: &ProcessDisk, key: &TopicPartition, base: Offset) -> bool {
    disk.borrow().said_durable(&path(key, base)).is_some()
}

fn len(disk: &ProcessDisk, key: &TopicPartition, base: Offset) -> u64 {
    disk.borrow().peek(&path(key, base), 0).map_or(0, |bytes| bytes.len() as u64)
}

/// Base offsets of the segments, in order.
fn segments(disk: &ProcessDisk, key: &TopicPartition) -> Vec<Offset> {
    let names = disk.borrow().peek_names(&key.to_string());
    let base = |name: &String| name.strip_suffix(SEGMENT)?.parse().ok().map(Offset);
    names.iter().filter_map(base).collect()
}

/// The segment in which a record of this offset is, or would be.
fn segment_of(disk: &ProcessDisk, key: &TopicPartition, offset: Offset) -> Option<Offset> {
    segments(disk, key).into_iter().rfind(|base| *base <= offset)
}

/// The batch that `bytes` begin with, and how long it is; `None` if it is not whole.
fn parse(bytes: &[u8], checksums: Checksums) -> Option<(BatchFacts, usize)> {
    if bytes.len() < HEADER_BYTES {
        return None;
    }
    let word = |at: usize| bytes[at..at + 4].try_into().map(i32::from_be_bytes).expect("four bytes");
    let len = usize::try_from(word(LENGTH_AT)).ok()? + AFTER_LENGTH;
    let body = bytes.get(CHECKED_FROM..len)?;
    let base = bytes[..8].try_into().map(i64::from_be_bytes).expect("eight bytes");
    let delta = word(LAST_OFFSET_DELTA_AT);
    if base < 0 || delta < 0 {
        return None;
    }
    let checksum = word(CHECKSUM_AT) as u32;
    let is_right = checksums == Checksums::Believed || crc32c::crc32c(body) == checksum;
    let leader_epoch = match checksums {
        Checksums::Believed | Checksums::Verified => LeaderEpoch(word(AFTER_LENGTH)),
        Checksums::Doubted => LeaderEpoch::NONE,
    };
    let batch = BatchFacts {
        base_offset: Offset(base),
        end_offset: Offset(base).plus(i64::from(delta) + 1),
        leader_epoch,
        checksum: is_right.then_some(checksum),
    };
    Some((batch, len))
}
