//! Which leader epoch wrote which part of the log: Kafka's `LeaderEpochFileCache` (KIP-101, KIP-279).

use crate::types::{LeaderEpoch, Offset};

/// A leader epoch and the first offset it wrote, or would have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochStart {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// Its first offset.
    pub start_offset: Offset,
}

/// Where a leader epoch ends, as `OffsetForLeaderEpoch` and diverging fetches answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnd {
    /// The epoch asked for, or the largest one known below it.
    pub epoch: LeaderEpoch,
    /// The offset after its last record.
    pub end_offset: Offset,
}

/// Leader epochs of one log with their start offsets.
///
/// * Epochs rise strictly, and so do start offsets.
/// * Every epoch is known (not -1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderEpochCache {
    entries: Vec<EpochStart>,
}

impl LeaderEpochCache {
    /// A cache of these entries, `None` if they do not rise strictly in both numbers or an epoch is negative.
    pub fn from_entries(entries: Vec<EpochStart>) -> Option<LeaderEpochCache> {
        let known = entries.iter().all(|entry| entry.epoch.known().is_some());
        (known && rising(&entries)).then_some(LeaderEpochCache { entries })
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &[EpochStart] {
        &self.entries
    }

    /// The newest epoch.
    pub fn latest(&self) -> Option<LeaderEpoch> {
        self.entries.last().map(|entry| entry.epoch)
    }

    /// Takes note that `epoch` has a record, or begins, at `start`; entries that contradict this go. Returns whether
    /// anything changed. Nothing does if the epoch at `start` is already known to be this one.
    pub fn assign(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        if epoch.known().is_none() || self.epoch_at(start) == Some(epoch) {
            return false;
        }
        let kept = self.entries.partition_point(|entry| entry.epoch <= epoch && entry.start_offset < start);
        self.entries.truncate(kept);
        if self.latest() != Some(epoch) {
            self.entries.push(EpochStart { epoch, start_offset: start });
        }
        assert!(rising(&self.entries), "leader epochs out of order: {:?}", self.entries);
        true
    }

    /// The epoch that wrote the record at `offset`, or would have; `None` below the first one known.
    pub(super) fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        let above = self.entries.partition_point(|entry| entry.start_offset <= offset);
        self.entries[..above].last().map(|entry| entry.epoch)
    }

    /// Where `epoch` ends in a log that ends at `log_end`, by the rules of `LeaderEpochFileCache.endOffsetFor`:
    ///
    /// * the latest epoch ends where the log does;
    /// * an epoch above all known ones has no end: `None`, as for -1 and for an empty cache;
    /// * an epoch below all known ones ends where the first known one starts;
    /// * otherwise the largest epoch at or below it answers, which ends where the next one starts.
    pub fn end_offset_for(&self, epoch: LeaderEpoch, log_end: Offset) -> Option<EpochEnd> {
        let epoch = epoch.known()?;
        if self.latest()? == epoch {
            return Some(EpochEnd { epoch, end_offset: log_end });
        }
        let above = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let end_offset = self.entries.get(above)?.start_offset;
        let floor = self.entries[..above].last().map_or(epoch, |entry| entry.epoch);
        Some(EpochEnd { epoch: floor, end_offset })
    }

    /// Forgets epochs that start at `end` or later. Returns whether there were any. To be called with the log end
    /// even if no record goes, since an epoch may have begun there without writing anything (KAFKA-10706).
    pub fn truncate_from_end(&mut self, end: Offset) -> bool {
        let before = self.entries.len();
        self.entries.truncate(self.entries.partition_point(|entry| entry.start_offset < end));
        self.entries.len() < before
    }

    /// Forgets epochs that end at `start` or below; the one that spans it begins there now, so that who asks about an
    /// older one is sent to the log start. Returns whether anything changed.
    pub fn truncate_from_start(&mut self, start: Offset) -> bool {
        let at_or_below = self.entries.partition_point(|entry| entry.start_offset <= start);
        let Some(spanning) = at_or_below.checked_sub(1) else { return false };
        let changed = 0 < spanning || self.entries[spanning].start_offset < start;
        self.entries.drain(..spanning);
        self.entries[0].start_offset = start;
        changed
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

fn rising(entries: &[EpochStart]) -> bool {
    entries
        .windows(2)
        .all(|pair| pair[0].epoch < pair[1].epoch && pair[0].start_offset < pair[1].start_offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cache(entries: &[(i32, i64)]) -> LeaderEpochCache {
        let mut cache = LeaderEpochCache::default();
        for (epoch, start) in entries {
            assert!(cache.assign(LeaderEpoch(*epoch), Offset(*start)));
        }
        cache
    }

    fn numbers(cache: &LeaderEpochCache) -> Vec<(i32, i64)> {
        cache.entries().iter().map(|entry| (entry.epoch.0, entry.start_offset.0)).collect()
    }

    #[test]
    fn each_of_the_four_rules_of_end_offset_for() {
        let cache = cache(&[(2, 0), (5, 10), (7, 20)]);
        let end = |epoch| {
            let end = cache.end_offset_for(LeaderEpoch(epoch), Offset(33))?;
            Some((end.epoch.0, end.end_offset.0))
        };
        assert_eq!(end(7), Some((7, 33)), "latest: the log end");
        assert_eq!(end(8), None, "above all: undefined");
        assert_eq!(end(-1), None, "no epoch: undefined");
        assert_eq!(end(1), Some((1, 0)), "below all: the first start");
        assert_eq!(end(5), Some((5, 20)));
        assert_eq!(end(6), Some((5, 20)), "unknown between: the one below it");
        assert_eq!(LeaderEpochCache::default().end_offset_for(LeaderEpoch(0), Offset(0)), None);
    }

    #[test]
    fn an_epoch_that_wrote_nothing_gives_way_to_the_next() {
        let mut cache = cache(&[(1, 0), (2, 10)]);
        assert!(cache.assign(LeaderEpoch(3), Offset(10)));
        assert_eq!(numbers(&cache), [(1, 0), (3, 10)]);
        assert!(!cache.assign(LeaderEpoch(3), Offset(15)), "its start stays");
        assert!(cache.truncate_from_end(Offset(10)));
        assert!(!cache.truncate_from_end(Offset(10)));
        assert_eq!(numbers(&cache), [(1, 0)]);
    }

    #[test]
    fn the_epoch_that_spans_the_log_start_begins_there() {
        let mut cache = cache(&[(1, 0), (4, 10), (6, 20)]);
        assert!(cache.truncate_from_start(Offset(15)));
        assert_eq!(numbers(&cache), [(4, 15), (6, 20)]);
        assert!(!cache.truncate_from_start(Offset(15)), "nothing is left to forget");
        assert!(!cache.truncate_from_start(Offset(3)), "the start does not go back");
        let end = cache.end_offset_for(LeaderEpoch(1), Offset(30));
        assert_eq!(end, Some(EpochEnd { epoch: LeaderEpoch(1), end_offset: Offset(15) }));
        assert!(cache.truncate_from_start(Offset(20)));
        assert_eq!(numbers(&cache), [(6, 20)]);
    }

    #[test]
    fn what_a_batch_says_beats_a_stale_entry() {
        let mut cache = cache(&[(4, 0), (5, 100), (6, 150)]);
        assert!(!cache.assign(LeaderEpoch(5), Offset(120)), "already known");
        assert!(cache.assign(LeaderEpoch(4), Offset(100)));
        assert_eq!(numbers(&cache), [(4, 0)]);
    }

    #[test]
    fn entries_that_do_not_rise_are_no_cache() {
        let entry = |epoch, start| EpochStart { epoch: LeaderEpoch(epoch), start_offset: Offset(start) };
        for wrong in [[entry(1, 0), entry(1, 5)], [entry(1, 5), entry(2, 5)], [entry(-1, 0), entry(2, 5)]] {
            assert_eq!(LeaderEpochCache::from_entries(wrong.to_vec()), None, "{wrong:?}");
        }
        assert!(LeaderEpochCache::from_entries(vec![entry(0, 0), entry(2, 5)]).is_some());
    }

    /// The naive cache knows the epoch of every single record; the first `start` are deleted.
    fn naive_end(log: &[i32], start: usize, epoch: i32) -> Option<(i32, i64)> {
        let latest = *log.last()?;
        if latest < epoch {
            return None;
        }
        if latest == epoch {
            return Some((epoch, log.len() as i64));
        }
        let left = &log[start..];
        let floor = left.iter().copied().filter(|known| *known <= epoch).max().unwrap_or(epoch);
        let above = left.iter().position(|known| epoch < *known).unwrap_or(left.len());
        Some((floor, (start + above) as i64))
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append { raise: i32, records: usize },
        TruncateEnd { records: usize },
        TruncateStart { records: usize },
    }

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0i32..3, 0usize..6).prop_map(|(raise, records)| Step::Append { raise, records }),
            2 => (0usize..6).prop_map(|records| Step::TruncateEnd { records }),
            1 => (0usize..6).prop_map(|records| Step::TruncateStart { records }),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_a_list_of_every_records_epoch(steps in prop::collection::vec(steps(), 1..40)) {
            let (mut log, mut start): (Vec<i32>, usize) = (Vec::new(), 0);
            let mut cache = LeaderEpochCache::default();
            for step in steps {
                match step {
                    Step::Append { raise, records } => {
                        let epoch = log.last().copied().unwrap_or(0) + raise;
                        for _ in 0..records {
                            cache.assign(LeaderEpoch(epoch), Offset(log.len() as i64));
                            log.push(epoch);
                        }
                    }
                    // One record stays: what an empty log knows of epochs is told above.
                    Step::TruncateEnd { records } => {
                        log.truncate(log.len().saturating_sub(records).max(log.len().min(start + 1)));
                        cache.truncate_from_end(Offset(log.len() as i64));
                    }
                    Step::TruncateStart { records } => {
                        start = (start + records).min(log.len().saturating_sub(1)).max(start);
                        cache.truncate_from_start(Offset(start as i64));
                    }
                }
                for epoch in 0..log.last().copied().unwrap_or(0) + 3 {
                    let end = cache.end_offset_for(LeaderEpoch(epoch), Offset(log.len() as i64));
                    let end = end.map(|end| (end.epoch.0, end.end_offset.0));
                    prop_assert_eq!(end, naive_end(&log, start, epoch), "epoch {} in {:?} from {}", epoch, log, start);
                }
            }
        }
    }
}
