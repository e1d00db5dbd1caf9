//! One file of a log: Kafka's `LogSegment`.

use bytes::Bytes;

use super::epoch_cache::LeaderEpochCache;
use super::file_name;
use super::header::BatchHeader;
use super::index::{INDEX_INTERVAL_BYTES, IndexEntry, SparseIndex};
use super::scan::{BatchScanner, Scanned};
use crate::batch::{HEADER_BYTES, RecordBatch};
use crate::error::{BatchError, LogError, StorageError};
use crate::io::{FileId, Storage};
use crate::types::Offset;

const SUFFIX: &str = ".log";

/// Consecutive batches in one file, named after the offset of the first.
///
/// * The file holds `size` bytes: whole batches from `base_offset` to `end_offset` without a gap.
/// * Base offset = end offset exactly if it is empty.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    base_offset: Offset,
    end_offset: Offset,
    file: FileId,
    size: u64,
    index: SparseIndex,
}

/// Path of the segment with this base offset.
pub(super) fn path(directory: &str, base_offset: Offset) -> String {
    file_name::path(directory, base_offset, SUFFIX)
}

/// The base offset a file name stands for, `None` if it is not that of a segment.
pub(super) fn parse_name(name: &str) -> Option<Offset> {
    file_name::offset(name, SUFFIX)
}

impl Segment {
    /// Opens the file with nothing of it known yet: [`Segment::observe`] is told each batch it holds.
    pub fn open(
        storage: &mut dyn Storage,
        directory: &str,
        base_offset: Offset,
    ) -> Result<Segment, StorageError> {
        let file = storage.open(&path(directory, base_offset))?;
        Ok(Segment { base_offset, end_offset: base_offset, file, size: 0, index: SparseIndex::default() })
    }

    pub fn base_offset(&self) -> Offset {
        self.base_offset
    }

    /// The offset after its last record; its base offset if it is empty.
    pub fn end_offset(&self) -> Offset {
        self.end_offset
    }

    pub fn file(&self) -> FileId {
        self.file
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes note of the next batch in the file.
    pub fn observe(&mut self, header: &BatchHeader) {
        assert_eq!(header.base_offset, self.end_offset, "batches follow on");
        self.index.observe(self.end_offset, self.size);
        self.size += header.length as u64;
        self.end_offset = header.end_offset();
    }

    /// Appends a batch that begins at the end offset.
    ///
    /// # Errors
    /// If the disk fails. The file is brought back to what it was, if the disk lets us; the segment is unchanged.
    pub fn append(&mut self, storage: &mut dyn Storage, batch: &RecordBatch) -> Result<(), StorageError> {
        if let Err(error) = storage.append(self.file, batch.bytes()) {
            // Part of the batch may be there. If it cannot be cut now, recovery does it.
            let _ = storage.truncate(self.file, self.size);
            return Err(error);
        }
        self.observe(&BatchHeader::from(batch));
        Ok(())
    }

    /// Walks all batches.
    pub fn scan(&self) -> BatchScanner {
        BatchScanner::new(self.file, self.size, 0, self.base_offset)
    }

    /// Whole batches from the one that contains `from` on, none of which ends above `to`, with their checksums checked:
    /// who gets them would only find out later, or never, and Kafka leaves it to them. Leader epochs are outside the
    /// checksum: `epochs` knows them. At most `max_bytes`, but at
    /// least one batch if there is one. One read of the file, two if the first batch alone is larger than `max_bytes`.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] if the file does not hold the batches it should; [`LogError::Storage`].
    pub fn read(
        &self,
        storage: &dyn Storage,
        from: Offset,
        to: Offset,
        max_bytes: usize,
        epochs: &LeaderEpochCache,
    ) -> Result<Bytes, LogError> {
        assert!(self.base_offset <= from && from < self.end_offset, "{from} is not in this segment");
        let IndexEntry { offset, position } = self.index.floor(from).expect("the segment is not empty");
        let limit = self.index.ceiling(to).map_or(self.size, |entry| entry.position);
        // What is asked for starts less than an index interval after the entry.
        let slack = INDEX_INTERVAL_BYTES as usize;
        let available = usize::try_from(limit.saturating_sub(position)).unwrap_or(usize::MAX);
        let wanted = max_bytes.max(HEADER_BYTES).saturating_add(slack).min(available);
        let bytes = storage.read(self.file, position, wanted)?;

        let (mut start, mut expected) = (0, offset);
        let first = loop {
            let header = header_at(&bytes, start, expected)?;
            if from < header.end_offset() {
                break header;
            }
            start += header.length;
            expected = header.end_offset();
        };
        if to < first.end_offset() {
            return Ok(Bytes::new());
        }
        if bytes.len() - start < first.length {
            let batch = storage.read(self.file, position + start as u64, first.length)?;
            return verified(batch, first.base_offset, epochs);
        }
        let mut end = start + first.length;
        expected = first.end_offset();
        while HEADER_BYTES <= bytes.len() - end {
            let header = header_at(&bytes, end, expected)?;
            let next_end = end + header.length;
            if to < header.end_offset() || bytes.len() < next_end || max_bytes < next_end - start {
                break;
            }
            (end, expected) = (next_end, header.end_offset());
        }
        verified(bytes.slice(start..end), first.base_offset, epochs)
    }

    /// Cuts away every batch that ends above `to`, which lies in the segment.
    ///
    /// # Errors
    /// As for [`Segment::read`]; the segment is unchanged then.
    pub fn truncate_to(&mut self, storage: &mut dyn Storage, to: Offset) -> Result<(), LogError> {
        assert!(self.base_offset <= to && to <= self.end_offset, "{to} is not in this segment");
        let Some(IndexEntry { offset, position }) = self.index.floor(to) else { return Ok(()) };
        let mut scanner = BatchScanner::new(self.file, self.size, position, offset);
        let mut cut = (self.size, self.end_offset);
        while let Some(Scanned { position, header }) = scanner.next(storage)? {
            if to < header.end_offset() {
                cut = (position, header.base_offset);
                break;
            }
        }
        storage.truncate(self.file, cut.0)?;
        (self.size, self.end_offset) = cut;
        self.index.truncate(self.size);
        Ok(())
    }
}

/// These bytes, if they are nothing but batches as they were written; the first begins at `offset`.
fn verified(batches: Bytes, mut offset: Offset, epochs: &LeaderEpochCache) -> Result<Bytes, LogError> {
    let mut rest = batches.clone();
    while !rest.is_empty() {
        let corrupt = |reason| LogError::Corrupt { offset: offset.0, reason };
        let batch = RecordBatch::split_from(&mut rest).map_err(corrupt)?;
        let actual = batch.leader_epoch();
        if let Some(known) = epochs.epoch_at(offset).filter(|known| *known != actual) {
            return Err(corrupt(BatchError::LeaderEpoch { previous: known.0, actual: actual.0 }));
        }
        offset = batch.end_offset();
    }
    Ok(batches)
}

fn header_at(bytes: &Bytes, at: usize, expected: Offset) -> Result<BatchHeader, LogError> {
    let bytes = bytes.get(at..).unwrap_or_default();
    BatchHeader::parse(bytes, expected).map_err(|reason| LogError::Corrupt { offset: expected.0, reason })
}
