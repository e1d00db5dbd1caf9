//! Producer state in a file, so that opening and truncating a log need not replay all of it (KAFKA-9892, KAFKA-7190).
//!
//! ```text
//!   00000000000000000118.snapshot: the state after everything below offset 118
//!
//!   version 2 │ CRC-32C of the rest 4 │ leader epoch 4 │ producers 4 │ producer …
//!   producer:   id 8 │ epoch 2 │ last timestamp 8 │ batches 1 │ batch …
//!   batch:      base sequence 4 │ last sequence 4 │ base offset 8 │ last offset 8
//! ```
//!
//! Two differences from Kafka's format. All five batches of a producer are in it and not only the last one, so that a
//! retry is recognised after a restart as before. And it names the leader epoch of the record before its offset: two
//! logs that have the same epoch there agree on everything below, and a file that is left from a history that was cut
//! gives itself away.

use std::collections::BTreeMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::epoch_cache::LeaderEpochCache;
use super::file_name;
use super::producer_state::{BATCHES_RETAINED, ProducerEntry, ProducerStateManager, RetainedBatch};
use super::segment::Segment;
use crate::error::{LogError, StorageError};
use crate::io::{FileId, FlushStep, Storage};
use crate::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

const SUFFIX: &str = ".snapshot";
const VERSION: i16 = 1;
/// Version and checksum.
const PREAMBLE_BYTES: usize = 6;

/// The path of the snapshot at this offset.
pub(super) fn path(directory: &str, offset: Offset) -> String {
    file_name::path(directory, offset, SUFFIX)
}

/// Offsets of the snapshots in a directory, rising.
fn offsets(storage: &dyn Storage, directory: &str) -> Result<Vec<Offset>, StorageError> {
    Ok(storage.list(directory)?.iter().filter_map(|name| file_name::offset(name, SUFFIX)).collect())
}

/// The step that writes what is known of producers below `offset`, in a log with these leader epochs.
pub(super) fn write(
    directory: &str,
    offset: Offset,
    epochs: &LeaderEpochCache,
    producers: &ProducerStateManager,
) -> FlushStep {
    let epoch = epochs.epoch_at(offset.plus(-1)).unwrap_or(LeaderEpoch::NONE);
    FlushStep::Replace { path: path(directory, offset), content: encode(epoch, producers) }
}

/// The same into a file in the page cache, for the flush of a roll: like a new segment it is durable once the file and
/// its directory are synced (`ProducerStateManager.writeSnapshot` does not sync directories).
///
/// # Errors
/// If the disk fails.
pub(super) fn append(
    storage: &mut dyn Storage,
    directory: &str,
    offset: Offset,
    epochs: &LeaderEpochCache,
    producers: &ProducerStateManager,
) -> Result<FileId, StorageError> {
    let epoch = epochs.epoch_at(offset.plus(-1)).unwrap_or(LeaderEpoch::NONE);
    let file = storage.open(&path(directory, offset))?;
    storage.truncate(file, 0)?;
    storage.append(file, &encode(epoch, producers))?;
    Ok(file)
}

/// The snapshots there are, by their offsets.
pub(super) fn files(
    storage: &mut dyn Storage,
    directory: &str,
) -> Result<BTreeMap<Offset, FileId>, StorageError> {
    let offsets = offsets(storage, directory)?.into_iter();
    offsets.map(|offset| Ok((offset, storage.open(&path(directory, offset))?))).collect()
}

/// Removes every snapshot.
pub(super) fn remove_all(storage: &mut dyn Storage, directory: &str) -> Result<(), StorageError> {
    for offset in offsets(storage, directory)? {
        storage.remove(&path(directory, offset))?;
    }
    Ok(())
}

/// The producer state of a log.
#[derive(Debug)]
pub(super) struct Restored {
    pub producers: ProducerStateManager,
    /// Whether snapshots were removed: of another history, unreadable, or of no further use.
    pub removed: bool,
}

/// The state after all batches of these segments: the newest snapshot that belongs to them, and what comes after it. One
/// snapshot for each segment stays, at its base offset, and the newest.
///
/// # Errors
/// If the disk fails, or a batch that is replayed is not as it was written. An unreadable snapshot is no error.
pub(super) fn restore(
    storage: &mut dyn Storage,
    directory: &str,
    segments: &[Segment],
    epochs: &LeaderEpochCache,
) -> Result<Restored, LogError> {
    let start = segments[0].base_offset();
    let end = segments[segments.len() - 1].end_offset();
    let mut newest = None;
    let mut removed = false;
    for offset in offsets(storage, directory)?.into_iter().rev() {
        let at_a_base = segments.binary_search_by_key(&offset, Segment::base_offset).is_ok();
        let fits = start <= offset && offset <= end && (at_a_base || newest.is_none());
        let path = path(directory, offset);
        let usable = if !fits {
            None
        } else if newest.is_some() {
            continue;
        } else {
            let here = epochs.epoch_at(offset.plus(-1));
            let content = storage.read_file(&path)?.unwrap_or_default();
            // Where nothing is left of the record before it, or nothing was left then, epochs cannot be compared.
            let agrees =
                |there: LeaderEpoch| there.known().is_none_or(|there| here.is_none_or(|here| here == there));
            decode(&content).filter(|(epoch, _)| agrees(*epoch))
        };
        if let Some((_, producers)) = usable {
            newest = Some((offset, producers));
        } else {
            storage.remove(&path)?;
            removed = true;
        }
    }
    let (from, mut producers) = newest.unwrap_or((start, ProducerStateManager::default()));
    for segment in segments.iter().filter(|segment| from < segment.end_offset()) {
        let mut scanner = segment.scan();
        while let Some(scanned) = scanner.next(storage)? {
            if from <= scanned.header.base_offset {
                // Below the recovery point nobody has looked: a sequence that rots would make the next batch a duplicate.
                scanner.verify(storage, &scanned)?;
                producers.replay(&scanned.header);
            }
        }
    }
    Ok(Restored { producers, removed })
}

fn encode(epoch: LeaderEpoch, state: &ProducerStateManager) -> Bytes {
    let mut rest = BytesMut::new();
    rest.put_i32(epoch.0);
    rest.put_u32(u32::try_from(state.producers.len()).expect("fewer producers than that"));
    for (id, entry) in &state.producers {
        rest.put_i64(id.0);
        rest.put_i16(entry.epoch.0);
        rest.put_i64(entry.last_timestamp_ms);
        rest.put_u8(u8::try_from(entry.batches.len()).expect("at most five"));
        for batch in &entry.batches {
            rest.put_i32(batch.base_sequence.0);
            rest.put_i32(batch.last_sequence.0);
            rest.put_i64(batch.base_offset.0);
            rest.put_i64(batch.last_offset.0);
        }
    }
    let mut content = BytesMut::with_capacity(PREAMBLE_BYTES + rest.len());
    content.put_i16(VERSION);
    content.put_u32(crc32c::crc32c(&rest));
    content.extend_from_slice(&rest);
    content.freeze()
}

/// `None` if `content` is not what [`encode`] writes.
fn decode(mut content: &[u8]) -> Option<(LeaderEpoch, ProducerStateManager)> {
    let version = content.try_get_i16().ok()?;
    let checksum = content.try_get_u32().ok()?;
    if version != VERSION || checksum != crc32c::crc32c(content) {
        return None;
    }
    let epoch = LeaderEpoch(content.try_get_i32().ok()?);
    let mut state = ProducerStateManager::default();
    for _ in 0..content.try_get_u32().ok()? {
        let (id, entry) = decode_producer(&mut content)?;
        state.producers.insert(id, entry);
    }
    content.is_empty().then_some((epoch, state))
}

fn decode_producer(content: &mut &[u8]) -> Option<(ProducerId, ProducerEntry)> {
    let id = ProducerId(content.try_get_i64().ok()?);
    let epoch = ProducerEpoch(content.try_get_i16().ok()?);
    let last_timestamp_ms = content.try_get_i64().ok()?;
    let count = usize::from(content.try_get_u8().ok()?);
    if !(1..=BATCHES_RETAINED).contains(&count) {
        return None;
    }
    let batches = (0..count).map(|_| {
        Some(RetainedBatch {
            base_sequence: Sequence(content.try_get_i32().ok().filter(|sequence| 0 <= *sequence)?),
            last_sequence: Sequence(content.try_get_i32().ok().filter(|sequence| 0 <= *sequence)?),
            base_offset: Offset(content.try_get_i64().ok()?),
            last_offset: Offset(content.try_get_i64().ok()?),
        })
    });
    let batches = batches.collect::<Option<_>>()?;
    Some((id, ProducerEntry { epoch, last_timestamp_ms, batches }))
}

#[cfg(test)]
#[path = "producer_snapshot_tests.rs"]
mod tests;
