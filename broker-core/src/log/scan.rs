//! Walks the batches of a segment's file, header by header.

use bytes::{Buf, Bytes};

use super::header::BatchHeader;
use crate::batch::{HEADER_BYTES, RecordBatch};
use crate::error::{BatchError, LogError};
use crate::io::{FileId, Storage};
use crate::types::Offset;

/// Bytes read at once. Bodies come along with the headers: many batches are smaller than this.
const CHUNK_BYTES: usize = 64 * 1024;

/// Where a batch is and what its header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanned {
    pub position: u64,
    pub header: BatchHeader,
}

/// Goes through a file from one batch boundary on, making sure that each batch begins where the one before it ended,
/// in bytes and in offsets. Checksums are checked only when asked for: [`BatchScanner::verify`].
#[derive(Debug)]
pub(super) struct BatchScanner {
    file: FileId,
    size: u64,
    position: u64,
    next_offset: Offset,
    /// What was read last.
    chunk: Bytes,
    /// Where in the file `chunk` begins.
    chunk_position: u64,
}

impl BatchScanner {
    /// Starts at `position`, where the batch with base offset `next_offset` must begin; the file has `size` bytes.
    pub fn new(file: FileId, size: u64, position: u64, next_offset: Offset) -> BatchScanner {
        BatchScanner { file, size, position, next_offset, chunk: Bytes::new(), chunk_position: position }
    }

    /// The next batch, `None` at the end of the file. After an error the scanner stays before the bad batch.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] if no whole batch with the next offset begins here; [`LogError::Storage`].
    pub fn next(&mut self, storage: &dyn Storage) -> Result<Option<Scanned>, LogError> {
        if self.position == self.size {
            return Ok(None);
        }
        self.load(storage, HEADER_BYTES)?;
        let header = self.parse().map_err(|reason| self.corrupt(reason))?;
        let scanned = Scanned { position: self.position, header };
        self.position += header.length as u64;
        self.next_offset = header.end_offset();
        Ok(Some(scanned))
    }

    fn parse(&self) -> Result<BatchHeader, BatchError> {
        let header = BatchHeader::parse(&self.loaded(), self.next_offset)?;
        let left = self.size - self.position;
        if left < header.length as u64 {
            return Err(BatchError::Truncated { have: left as usize, need: header.length });
        }
        Ok(header)
    }

    /// Reads the batch that [`BatchScanner::next`] just returned as a whole and checks its checksum; if it is wrong,
    /// goes back before it.
    ///
    /// # Errors
    /// As for [`BatchScanner::next`].
    pub fn verify(&mut self, storage: &dyn Storage, scanned: &Scanned) -> Result<(), LogError> {
        let after = (self.position, self.next_offset);
        (self.position, self.next_offset) = (scanned.position, scanned.header.base_offset);
        self.load(storage, scanned.header.length)?;
        if let Err(reason) = RecordBatch::split_from(&mut self.loaded()) {
            return Err(self.corrupt(reason));
        }
        (self.position, self.next_offset) = after;
        Ok(())
    }

    /// Makes at least `len` bytes from the position on available, as far as the file has them.
    fn load(&mut self, storage: &dyn Storage, len: usize) -> Result<(), LogError> {
        if self.loaded().len() < len {
            self.chunk = storage.read(self.file, self.position, len.max(CHUNK_BYTES))?;
            self.chunk_position = self.position;
        }
        Ok(())
    }

    /// What of the chunk is at or after the position.
    fn loaded(&self) -> Bytes {
        let mut chunk = self.chunk.clone();
        let skip = usize::try_from(self.position - self.chunk_position).unwrap_or(usize::MAX);
        chunk.advance(skip.min(chunk.len()));
        chunk
    }

    fn corrupt(&self, reason: BatchError) -> LogError {
        LogError::Corrupt { offset: self.next_offset.0, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, MemStorage};
    use crate::types::LeaderEpoch;

    fn file_with(batches: &[RecordBatch]) -> (MemStorage, FileId, u64) {
        let mut storage = MemStorage::default();
        let file = storage.open("t-0/file").unwrap();
        for batch in batches {
            storage.append(file, batch.bytes()).unwrap();
        }
        let size = storage.len(file).unwrap();
        (storage, file, size)
    }

    #[test]
    fn batches_larger_than_a_chunk_are_walked_and_verified() {
        let large = "x".repeat(CHUNK_BYTES + 17);
        let batches: Vec<_> = [large.as_str(), "small", large.as_str()]
            .iter()
            .enumerate()
            .map(|(at, value)| testing::batch(&[value]).placed_at(Offset(5 + at as i64), LeaderEpoch(0)))
            .collect();
        let (storage, file, size) = file_with(&batches);
        let mut scanner = BatchScanner::new(file, size, 0, Offset(5));
        for batch in &batches {
            let scanned = scanner.next(&storage).unwrap().unwrap();
            assert_eq!(scanned.header, BatchHeader::from(batch));
            scanner.verify(&storage, &scanned).unwrap();
        }
        assert!(scanner.next(&storage).unwrap().is_none());
        assert_eq!((scanner.position, scanner.next_offset), (size, Offset(8)));
    }

    #[test]
    fn a_gap_in_offsets_is_an_error_and_the_scanner_stays_before_it() {
        let first = testing::batch(&["a"]).placed_at(Offset(0), LeaderEpoch(0));
        let third = testing::batch(&["c"]).placed_at(Offset(2), LeaderEpoch(0));
        let (storage, file, size) = file_with(&[first.clone(), third]);
        let mut scanner = BatchScanner::new(file, size, 0, Offset(0));
        scanner.next(&storage).unwrap();
        let reason = BatchError::BaseOffset { expected: 1, actual: 2 };
        assert_eq!(scanner.next(&storage).unwrap_err(), LogError::Corrupt { offset: 1, reason });
        assert_eq!(scanner.position, first.bytes().len() as u64);
    }
}
