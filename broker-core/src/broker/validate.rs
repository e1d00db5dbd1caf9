//! What a producer may send (`ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords`, `LogValidator`).
//!
//! In two steps, because Kafka asks in between whether this broker leads: first whether there is exactly one batch, then
//! whether it is a good one.

use bytes::Bytes;

use crate::batch::{Compression, HEADER_BYTES, RecordBatch};
use crate::error::{BatchError, ErrorCode};
use crate::types::Offset;

/// Larger batches are refused (`max.message.bytes`, whose default is a mebibyte and the twelve bytes before the rest).
const BATCH_BYTES_MAX: usize = (1 << 20) + 12;
/// Bytes before and including the length field, and before and including the magic byte.
const LENGTH_END: usize = 12;
const MAGIC_END: usize = 17;
/// What remains of the smallest message of magic 0 after its length field: whatever is shorter is no batch of any format.
const OLDEST_MESSAGE_BYTES: usize = 14;
const MAGIC: u8 = 2;

/// The bytes of the one batch there must be for a topic partition. What is cut short behind it is ignored.
///
/// # Errors
/// INVALID_RECORD if there is none, a second one, or one of an older format; CORRUPT_MESSAGE if it is of no format.
pub(super) fn sole_batch(records: Option<Bytes>) -> Result<Bytes, ErrorCode> {
    let records = records.unwrap_or_default();
    let Some(size) = next_batch(&records)? else { return Err(ErrorCode::INVALID_RECORD) };
    let first = records.slice(..size);
    if first[MAGIC_END - 1] != MAGIC || next_batch(&records[size..])?.is_some() {
        return Err(ErrorCode::INVALID_RECORD);
    }
    Ok(first)
}

/// Size of the batch these bytes begin with; `None` if it is not all there (`ByteBufferLogInputStream.nextBatch`).
fn next_batch(bytes: &[u8]) -> Result<Option<usize>, ErrorCode> {
    let Some(length) = bytes.get(8..LENGTH_END) else { return Ok(None) };
    let length = i32::from_be_bytes(length.try_into().expect("four bytes"));
    let length = usize::try_from(length).ok().filter(|length| OLDEST_MESSAGE_BYTES <= *length);
    let size = length.ok_or(ErrorCode::CORRUPT_MESSAGE)? + LENGTH_END;
    match bytes.get(MAGIC_END - 1) {
        Some(magic) if MAGIC < *magic => Err(ErrorCode::CORRUPT_MESSAGE),
        Some(_) if size <= bytes.len() => Ok(Some(size)),
        _ => Ok(None),
    }
}

/// Whether these bytes, if they are a batch, say that they belong to a transaction.
pub(super) fn is_transactional(records: Option<&Bytes>) -> bool {
    let header = records.and_then(|records| records.get(..HEADER_BYTES));
    header.is_some_and(|header| header[MAGIC_END - 1] == MAGIC && header[22] & 0x10 != 0)
}

/// The batch, if a leader may append it as far as it can tell from the batch alone.
///
/// # Errors
/// MESSAGE_TOO_LARGE, CORRUPT_MESSAGE, INVALID_RECORD, UNSUPPORTED_COMPRESSION_TYPE.
pub(super) fn check(mut bytes: Bytes) -> Result<RecordBatch, ErrorCode> {
    if BATCH_BYTES_MAX < bytes.len() {
        return Err(ErrorCode::MESSAGE_TOO_LARGE);
    }
    let batch = RecordBatch::split_from(&mut bytes).map_err(code)?;
    if batch.base_offset() != Offset::ZERO || batch.is_control() {
        return Err(ErrorCode::INVALID_RECORD);
    }
    if batch.compression() == Compression::Some {
        // Kafka decompresses to validate. This broker has no codecs, and will not store what it cannot vouch for.
        return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    }
    batch.check_records().map_err(|_| ErrorCode::INVALID_RECORD)?;
    Ok(batch)
}

fn code(error: BatchError) -> ErrorCode {
    match error {
        BatchError::RecordCount(_)
        | BatchError::Producer { .. }
        | BatchError::BaseOffset { .. }
        | BatchError::LeaderEpoch { .. } => ErrorCode::INVALID_RECORD,
        BatchError::Truncated { .. }
        | BatchError::Length(_)
        | BatchError::Magic(_)
        | BatchError::Checksum { .. } => ErrorCode::CORRUPT_MESSAGE,
    }
}
