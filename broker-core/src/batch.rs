//! Record batches in Kafka's format v2 (`DefaultRecordBatch`), kept as bytes.
//!
//! ```text
//!  0 base offset        8 │ 21 attributes         2 │ 43 producer id      8 │ 57 record count 4
//!  8 batch length       4 │ 23 last offset delta  4 │ 51 producer epoch   2 │ 61 records …
//! 12 leader epoch       4 │ 27 base timestamp     8 │ 53 base sequence    4 │
//! 16 magic (2)          1 │ 35 max timestamp      8 │                       │
//! 17 CRC32C of 21..     4 │                         │                       │
//! ```
//!
//! The checksum begins at byte 21, so base offset and leader epoch are patched in place without computing it anew.
//! A broker reads nothing but this header; [`RecordBatch::records`] is for clients and judges.
//!
//! Left out: compression, control batches, transactions (their bits are read, so that they can be refused); record
//! headers are skipped when read.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::error::BatchError;
use crate::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

/// Bytes of the header.
pub const HEADER_BYTES: usize = 61;
/// Room that a new batch has for records, and for the record that is being added.
const RECORDS_BYTES: usize = 512;
const RECORD_BYTES: usize = 128;
/// Bytes before and including the length field; the length counts what follows.
const LENGTH_END: usize = 12;
const CRC_START: usize = 21;
const MAGIC: i8 = 2;

/// One batch whose header, length and checksum are right.
///
/// * `bytes.len()` is what the length field says.
/// * At least one record; record count = last offset delta + 1 (no compaction here).
/// * The base offset is not negative, and the end offset is a number.
/// * Producer id, epoch and sequence are all set or all unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordBatch {
    bytes: Bytes,
}

impl RecordBatch {
    /// Takes the first batch off `bytes`, which is left at what follows; left as it was after an error.
    ///
    /// # Errors
    /// [`BatchError`] says what is wrong with the bytes.
    pub fn split_from(bytes: &mut Bytes) -> Result<RecordBatch, BatchError> {
        let length = batch_length(bytes)?;
        if bytes.len() < length {
            return Err(BatchError::Truncated { have: bytes.len(), need: length });
        }
        let batch = RecordBatch { bytes: bytes.slice(..length) };
        batch.check()?;
        bytes.advance(length);
        Ok(batch)
    }

    /// All batches in `bytes`, which must hold nothing else. As a follower reads a fetch response, whose last batch may
    /// be cut short by the size limit: that one is ignored.
    ///
    /// # Errors
    /// [`BatchError`] of the first batch that is wrong, other than a truncated last one.
    pub fn all_from(mut bytes: Bytes) -> Result<Vec<RecordBatch>, BatchError> {
        let mut batches = Vec::new();
        while !bytes.is_empty() {
            match RecordBatch::split_from(&mut bytes) {
                Ok(batch) => batches.push(batch),
                Err(BatchError::Truncated { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(batches)
    }

    fn check(&self) -> Result<(), BatchError> {
        let magic = self.bytes[16] as i8;
        if magic != MAGIC {
            return Err(BatchError::Magic(magic));
        }
        let expected = self.u32_at(17);
        let actual = crc32c::crc32c(&self.bytes[CRC_START..]);
        if expected != actual {
            return Err(BatchError::Checksum { expected, actual });
        }
        let count = self.record_count();
        if count <= 0 || self.i32_at(23) != count - 1 {
            return Err(BatchError::RecordCount(count));
        }
        let base = self.base_offset().0;
        if base < 0 || base.checked_add(i64::from(count)).is_none() {
            return Err(BatchError::BaseOffset { expected: 0, actual: base });
        }
        let (producer_id, epoch, sequence) =
            (self.producer_id(), self.producer_epoch(), self.base_sequence());
        let unset = (producer_id.0 < 0, epoch.0 < 0, sequence.0 < 0);
        if unset != (true, true, true) && unset != (false, false, false) {
            return Err(BatchError::Producer {
                producer_id: producer_id.0,
                epoch: epoch.0,
                sequence: sequence.0,
            });
        }
        Ok(())
    }

    /// The same batch at another place in the log: base offset and leader epoch patched, checksum untouched.
    pub fn placed_at(self, base_offset: Offset, leader_epoch: LeaderEpoch) -> RecordBatch {
        let mut bytes = self.bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        bytes[0..8].copy_from_slice(&base_offset.0.to_be_bytes());
        bytes[12..16].copy_from_slice(&leader_epoch.0.to_be_bytes());
        RecordBatch { bytes: bytes.freeze() }
    }

    /// The batch as it is stored and sent.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Offset of the first record.
    pub fn base_offset(&self) -> Offset {
        Offset(self.i64_at(0))
    }

    /// Offset of the last record.
    pub fn last_offset(&self) -> Offset {
        self.base_offset().plus(i64::from(self.i32_at(23)))
    }

    /// The offset after the last record.
    pub fn end_offset(&self) -> Offset {
        self.last_offset().plus(1)
    }

    /// Epoch of the leader that appended it first.
    pub fn leader_epoch(&self) -> LeaderEpoch {
        LeaderEpoch(self.i32_at(12))
    }

    /// Largest record timestamp, milliseconds.
    pub fn max_timestamp_ms(&self) -> i64 {
        self.i64_at(35)
    }

    /// Producer id, [`ProducerId::NONE`] without idempotence.
    pub fn producer_id(&self) -> ProducerId {
        ProducerId(self.i64_at(43))
    }

    /// Producer epoch, [`ProducerEpoch::NONE`] without idempotence.
    pub fn producer_epoch(&self) -> ProducerEpoch {
        ProducerEpoch(i16::from_be_bytes(self.array_at(51)))
    }

    /// Sequence of the first record, [`Sequence::NONE`] without idempotence.
    pub fn base_sequence(&self) -> Sequence {
        Sequence(self.i32_at(53))
    }

    /// Sequence of the last record, [`Sequence::NONE`] without idempotence.
    pub fn last_sequence(&self) -> Sequence {
        let base = self.base_sequence();
        if base.0 < 0 { base } else { base.plus(self.record_count() - 1) }
    }

    /// How many records.
    pub fn record_count(&self) -> i32 {
        self.i32_at(57)
    }

    /// Whether records are compressed.
    pub fn compression(&self) -> Compression {
        if self.attributes() & 0x07 == 0 { Compression::None } else { Compression::Some }
    }

    /// Whether it is a control batch, which only a broker may write.
    pub fn is_control(&self) -> bool {
        self.attributes() & 0x20 != 0
    }

    fn attributes(&self) -> i16 {
        i16::from_be_bytes(self.array_at(21))
    }

    /// Whether what follows the header is the records it says, which the checksum does not tell: the writer may have
    /// been wrong.
    ///
    /// # Errors
    /// [`BatchError::RecordCount`] if it is not.
    pub fn check_records(&self) -> Result<(), BatchError> {
        self.each_record(drop)
    }

    /// The records, decoded.
    ///
    /// # Errors
    /// As [`RecordBatch::check_records`].
    pub fn records(&self) -> Result<Vec<Record>, BatchError> {
        let most = self.bytes.len() - HEADER_BYTES;
        let mut records = Vec::with_capacity(usize::try_from(self.record_count()).unwrap_or(0).min(most));
        self.each_record(|record| records.push(record))?;
        Ok(records)
    }

    fn each_record(&self, mut take: impl FnMut(Record)) -> Result<(), BatchError> {
        let mut body = self.bytes.slice(HEADER_BYTES..);
        let count = self.record_count();
        for delta in 0..i64::from(count) {
            take(decode_record(&mut body, self.base_offset(), delta).ok_or(BatchError::RecordCount(count))?);
        }
        if body.is_empty() { Ok(()) } else { Err(BatchError::RecordCount(count)) }
    }

    fn array_at<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes[at..at + N].try_into().expect("the slice has N bytes")
    }

    fn i64_at(&self, at: usize) -> i64 {
        i64::from_be_bytes(self.array_at(at))
    }

    fn i32_at(&self, at: usize) -> i32 {
        i32::from_be_bytes(self.array_at(at))
    }

    fn u32_at(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.array_at(at))
    }
}

/// Size in bytes of the batch that starts with `header`, as its length field says.
///
/// # Errors
/// If there are not even enough bytes to tell, or the length is impossible.
pub fn batch_length(header: &[u8]) -> Result<usize, BatchError> {
    if header.len() < HEADER_BYTES {
        return Err(BatchError::Truncated { have: header.len(), need: HEADER_BYTES });
    }
    let length = i32::from_be_bytes(header[8..LENGTH_END].try_into().expect("four bytes"));
    let total = usize::try_from(length).map_err(|_| BatchError::Length(length))? + LENGTH_END;
    if total < HEADER_BYTES { Err(BatchError::Length(length)) } else { Ok(total) }
}

/// Whether the records of a batch are compressed. With which codec matters to nobody here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// They are not.
    None,
    /// They are, or a codec is named that does not exist.
    Some,
}

/// One record of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its offset.
    pub offset: Offset,
    /// Its key; empty if it has none.
    pub key: Bytes,
    /// Its value; empty if it has none.
    pub value: Bytes,
}

/// Takes the record with this offset delta off `body`. `None` if it is not one, to its last byte.
fn decode_record(body: &mut Bytes, base_offset: Offset, delta: i64) -> Option<Record> {
    let length = usize::try_from(get_varint(body)?).ok()?;
    if body.len() < length {
        return None;
    }
    let mut record = body.split_to(length);
    record.try_get_i8().ok()?; // attributes
    get_varint(&mut record)?; // timestamp delta
    if get_varint(&mut record)? != delta {
        return None;
    }
    let key = get_bytes(&mut record)?;
    let value = get_bytes(&mut record)?;
    for _ in 0..usize::try_from(get_varint(&mut record)?).ok()? {
        get_bytes(&mut record)?;
        get_bytes(&mut record)?;
    }
    record.is_empty().then(|| Record { offset: base_offset.plus(delta), key, value })
}

fn get_bytes(body: &mut Bytes) -> Option<Bytes> {
    let length = get_varint(body)?;
    if length < 0 {
        return Some(Bytes::new());
    }
    let length = usize::try_from(length).ok()?;
    (length <= body.len()).then(|| body.split_to(length))
}

fn get_varint(body: &mut Bytes) -> Option<i64> {
    let mut raw: u64 = 0;
    for shift in (0..64).step_by(7) {
        let byte = body.try_get_u8().ok()?;
        raw |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((raw >> 1) as i64 ^ -((raw & 1) as i64));
        }
    }
    None
}

fn put_varint(out: &mut BytesMut, value: i64) {
    let mut raw = ((value << 1) ^ (value >> 63)) as u64;
    while 0x80 <= raw {
        out.put_u8((raw & 0x7f) as u8 | 0x80);
        raw >>= 7;
    }
    out.put_u8(raw as u8);
}

/// Collects records into a batch, as a producer does before it knows offset and leader epoch.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    records: BytesMut,
    count: i32,
    base_timestamp_ms: i64,
    max_timestamp_ms: i64,
    scratch: BytesMut,
}

impl BatchBuilder {
    /// A batch without records whose timestamps are relative to `timestamp_ms`.
    pub fn new(timestamp_ms: i64) -> BatchBuilder {
        BatchBuilder {
            records: BytesMut::with_capacity(RECORDS_BYTES),
            count: 0,
            base_timestamp_ms: timestamp_ms,
            max_timestamp_ms: timestamp_ms,
            scratch: BytesMut::with_capacity(RECORD_BYTES),
        }
    }

    /// Adds a record.
    pub fn push(&mut self, timestamp_ms: i64, key: &[u8], value: &[u8]) {
        let out = &mut self.scratch;
        out.clear();
        out.put_i8(0);
        put_varint(out, timestamp_ms - self.base_timestamp_ms);
        put_varint(out, i64::from(self.count));
        for field in [key, value] {
            put_varint(out, field.len() as i64);
            out.put_slice(field);
        }
        put_varint(out, 0); // no headers
        put_varint(&mut self.records, out.len() as i64);
        self.records.put_slice(out);
        self.count += 1;
        self.max_timestamp_ms = self.max_timestamp_ms.max(timestamp_ms);
    }

    /// How many records so far.
    pub fn record_count(&self) -> i32 {
        self.count
    }

    /// Size of the batch in bytes if it were built now.
    pub fn size(&self) -> usize {
        HEADER_BYTES + self.records.len()
    }

    /// The batch, with base offset 0 and no leader epoch. The builder stays as it is: a batch whose sequence changes
    /// (KIP-360) is built again.
    ///
    /// # Panics
    /// If it has no records.
    pub fn build(
        &self,
        producer_id: ProducerId,
        epoch: ProducerEpoch,
        base_sequence: Sequence,
    ) -> RecordBatch {
        assert!(0 < self.count, "a batch has at least one record");
        let mut out = BytesMut::with_capacity(self.size());
        out.put_i64(0);
        out.put_i32((self.size() - LENGTH_END) as i32);
        out.put_i32(LeaderEpoch::NONE.0);
        out.put_i8(MAGIC);
        out.put_u32(0);
        out.put_i16(0);
        out.put_i32(self.count - 1);
        out.put_i64(self.base_timestamp_ms);
        out.put_i64(self.max_timestamp_ms);
        out.put_i64(producer_id.0);
        out.put_i16(epoch.0);
        out.put_i32(base_sequence.0);
        out.put_i32(self.count);
        out.put_slice(&self.records);
        let crc = crc32c::crc32c(&out[CRC_START..]);
        out[17..21].copy_from_slice(&crc.to_be_bytes());
        RecordBatch { bytes: out.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::records::RecordBatchDecoder;
    use proptest::prelude::*;

    use super::*;

    fn build(values: &[Vec<u8>], sequence: i32) -> RecordBatch {
        let mut builder = BatchBuilder::new(1_000);
        for (index, value) in values.iter().enumerate() {
            builder.push(1_000 + index as i64, b"key", value);
        }
        assert_eq!(builder.record_count(), values.len() as i32);
        builder.build(ProducerId(7), ProducerEpoch(1), Sequence(sequence))
    }

    proptest! {
        #[test]
        fn an_independent_decoder_reads_what_was_built_and_placed(
            values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20),
            base in 0i64..1 << 40,
            epoch in 0i32..1000,
        ) {
            let batch = build(&values, 3).placed_at(Offset(base), LeaderEpoch(epoch));
            let decoded = RecordBatchDecoder::decode(&mut batch.bytes().clone()).unwrap();
            prop_assert_eq!(decoded.records.len(), values.len());
            for (index, (theirs, ours)) in decoded.records.iter().zip(batch.records().unwrap()).enumerate() {
                prop_assert_eq!(theirs.offset, base + index as i64);
                prop_assert_eq!(theirs.offset, ours.offset.0);
                prop_assert_eq!(theirs.partition_leader_epoch, epoch);
                prop_assert_eq!((theirs.producer_id, theirs.producer_epoch), (7, 1));
                prop_assert_eq!(theirs.value.as_ref().unwrap(), &values[index]);
                prop_assert_eq!(&ours.value, &values[index]);
                prop_assert_eq!(&ours.key[..], b"key");
            }
            prop_assert_eq!(batch.end_offset(), Offset(base + values.len() as i64));
            prop_assert_eq!(batch.last_sequence(), Sequence(3 + values.len() as i32 - 1));
        }

        #[test]
        fn any_flipped_bit_after_the_checksum_is_noticed(
            values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..5),
            at in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let batch = build(&values, 0);
            let mut bytes = batch.bytes().to_vec();
            let at = CRC_START + at.index(bytes.len() - CRC_START);
            bytes[at] ^= 1 << bit;
            let damaged = RecordBatch::split_from(&mut Bytes::from(bytes));
            prop_assert!(matches!(damaged, Err(BatchError::Checksum { .. })), "{:?}", damaged);
        }

        #[test]
        fn random_bytes_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(RecordBatch::split_from(&mut Bytes::from(bytes)).is_err());
        }
    }

    #[test]
    fn a_batch_cut_short_is_not_a_batch_but_ends_a_fetched_run() {
        let whole = build(&[b"a".to_vec(), b"b".to_vec()], 0);
        let mut run = BytesMut::from(&whole.bytes()[..]);
        run.extend_from_slice(&whole.bytes()[..whole.bytes().len() - 1]);
        assert_eq!(RecordBatch::all_from(run.clone().freeze()).unwrap().len(), 1);
        let mut rest = run.freeze().slice(whole.bytes().len()..);
        assert!(matches!(RecordBatch::split_from(&mut rest), Err(BatchError::Truncated { .. })));
    }
}
