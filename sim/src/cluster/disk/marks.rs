//! What was appended to one file when: how long it takes to become durable, and how many records die with it.

use broker_core::time::Timestamp;

/// One batch of a segment, or one append to any other file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where it begins.
    pub position: u64,
    /// When it was appended.
    at: Timestamp,
    /// Offset of its first record; of no meaning if there are no records.
    base_offset: i64,
    /// How many records.
    pub records: u32,
}

/// The marks of one file, in the order of their positions.
///
/// What was cut and came back with a power loss has no marks: only the platter knows it.
///
/// Invariants:
/// * positions rise;
/// * the first `settled` ones are durable, or lost for good by a flush that failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    marks: Vec<Mark>,
    settled: usize,
}

/// Where Kafka's record batch v2 says what it is: base offset, length of what follows it, number of records.
const LENGTH_AT: usize = 8;
const AFTER_LENGTH: usize = 12;
const RECORDS_AT: usize = 57;

impl Marks {
    /// `bytes` are appended at `position`; those of segments are whole batches.
    pub(super) fn append(&mut self, mut position: u64, at: Timestamp, bytes: &[u8], is_segment: bool) {
        let mut rest = bytes;
        while is_segment && let Some((base_offset, records, len)) = batch(rest) {
            self.marks.push(Mark { position, at, base_offset, records });
            position += len as u64;
            rest = &rest[len..];
        }
        if !rest.is_empty() {
            self.marks.push(Mark { position, at, base_offset: 0, records: 0 });
        }
    }

    /// The file was cut to `len` bytes.
    pub(super) fn truncate(&mut self, len: u64) {
        let kept = self.marks.partition_point(|mark| mark.position < len);
        self.marks.truncate(kept);
        self.settled = self.settled.min(kept);
    }

    /// Everything below `to` is durable now, of a file of `len` bytes: tells of each mark how long that took.
    pub(super) fn settle(&mut self, to: u64, len: u64, now: Timestamp, took: &mut Vec<u64>) {
        while self.settled < self.marks.len() && self.end(self.settled, len) <= to {
            took.push(now.0.saturating_sub(self.marks[self.settled].at.0));
            self.settled += 1;
        }
    }

    /// What begins below `to` will never be durable.
    pub(super) fn give_up(&mut self, to: u64) {
        self.settled = self.settled.max(self.marks.partition_point(|mark| mark.position < to));
    }

    /// Where what was appended until `then` ends, in a file of `len` bytes; 0 if there is none of it.
    pub(super) fn appended_until(&self, then: Timestamp, len: u64) -> u64 {
        let old = self.settled + self.marks[self.settled..].partition_point(|mark| mark.at <= then);
        match old.checked_sub(1) {
            Some(last) => self.end(last, len),
            None => 0,
        }
    }

    /// When the oldest of what is not settled was appended.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.marks.get(self.settled).map(|mark| mark.at)
    }

    /// Marks that lie in `[from, len)` at least in part, with their ends.
    pub(super) fn from(&self, from: u64, len: u64) -> impl Iterator<Item = (Mark, u64)> {
        let first = self.marks.partition_point(|mark| mark.position <= from).saturating_sub(1);
        (first..self.marks.len())
            .map(move |index| (self.marks[index], self.end(index, len)))
            .filter(move |(_, end)| from < *end)
    }

    /// The bytes of the batch that holds the record of this offset, in a file of `len` bytes.
    pub(super) fn batch_of(&self, offset: i64, len: u64) -> Option<(u64, u64)> {
        let holds = |mark: &Mark| {
            let behind = mark.base_offset + i64::from(mark.records);
            mark.base_offset <= offset && offset < behind
        };
        let index = self.marks.iter().position(holds)?;
        Some((self.marks[index].position, self.end(index, len)))
    }

    fn end(&self, index: usize, len: u64) -> u64 {
        self.marks.get(index + 1).map_or(len, |next| next.position)
    }
}

/// Base offset, records and bytes of the batch that `bytes` begin with.
fn batch(bytes: &[u8]) -> Option<(i64, u32, usize)> {
    let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let base_offset = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
    let len = usize::try_from(word(LENGTH_AT)?).ok()? + AFTER_LENGTH;
    let records = word(RECORDS_AT)?;
    (RECORDS_AT + 4 <= len && len <= bytes.len()).then_some((base_offset, records, len))
}

#[cfg(test)]
mod tests {
    use broker_core::batch::BatchBuilder;
    use broker_core::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

    use super::*;

    fn batch_at(offset: i64, records: i32) -> Vec<u8> {
        let mut builder = BatchBuilder::new(0);
        (0..records).for_each(|_| builder.push(0, b"key", b"value"));
        let batch = builder.build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE);
        batch.placed_at(Offset(offset), LeaderEpoch(0)).bytes().to_vec()
    }

    /// Two batches of 2 and 3 records at 1 ms, one of 1 record at 5 ms.
    fn three() -> (Marks, [u64; 4]) {
        let (a, b, c) = (batch_at(10, 2), batch_at(12, 3), batch_at(15, 1));
        let ends = [a.len(), a.len() + b.len(), a.len() + b.len() + c.len()].map(|end| end as u64);
        let mut marks = Marks::default();
        marks.append(0, Timestamp(1_000), &[a, b].concat(), true);
        marks.append(ends[1], Timestamp(5_000), &c, true);
        (marks, [0, ends[0], ends[1], ends[2]])
    }

    #[test]
    fn each_batch_of_an_append_has_a_mark() {
        let (marks, [a, b, c, end]) = three();
        let records: Vec<_> =
            marks.from(0, end).map(|(mark, end)| (mark.position, end, mark.records)).collect();
        assert_eq!(records, [(a, b, 2), (b, c, 3), (c, end, 1)]);
        assert_eq!(marks.from(b + 1, end).count(), 2, "a batch of which a part is there");
        assert_eq!(marks.batch_of(13, end), Some((b, c)));
        assert_eq!(marks.batch_of(16, end), None);
    }

    #[test]
    fn what_is_durable_says_how_long_it_took_once() {
        let (mut marks, [_, b, c, end]) = three();
        let mut took = Vec::new();
        marks.settle(b + 1, end, Timestamp(9_000), &mut took);
        assert_eq!((took.as_slice(), marks.oldest()), (&[8_000][..], Some(Timestamp(1_000))));
        assert_eq!(marks.appended_until(Timestamp(4_000), end), c);
        marks.give_up(c);
        marks.settle(end, end, Timestamp(9_000), &mut took);
        assert_eq!((took.as_slice(), marks.oldest()), (&[8_000, 4_000][..], None));
    }

    #[test]
    fn other_files_have_one_mark_for_each_append() {
        let mut marks = Marks::default();
        marks.append(0, Timestamp(1), b"text", false);
        marks.append(4, Timestamp(1), &batch_at(0, 3), false);
        assert!(marks.from(0, 99).all(|(mark, _)| mark.records == 0));
        marks.truncate(4);
        assert_eq!(marks.from(0, 4).count(), 1);
        assert_eq!(marks.appended_until(Timestamp(0), 4), 0);
    }
}
