//! What is committed: one log of each topic partition, written by the high watermarks of those who lead it.

use std::collections::BTreeMap;

use broker_core::types::{LeaderEpoch, Offset};

use crate::snapshot::{Records, ReplicaBefore, ReplicaSnapshot};

/// The committed records of one topic partition, as far as the leaders have them: a few bytes for each batch.
///
/// * Goes on where it ends: what a leader has below an end that another one reached is compared and not taken.
/// * After a violation it is continued from where that began, by the leader of the newest leader epoch; leaders of older
///   leader epochs add no more, so that one loss is one finding and not two histories for ever.
pub(super) struct Committed {
    log: Records,
    end: Offset,
    /// How far the high watermark came in each leader epoch.
    reached: BTreeMap<LeaderEpoch, Offset>,
    /// Leaders of older leader epochs add nothing.
    since: LeaderEpoch,
}

impl Default for Committed {
    fn default() -> Committed {
        let (log, reached) = (Records::default(), BTreeMap::new());
        Committed { log, end: Offset::ZERO, reached, since: LeaderEpoch::NONE }
    }
}

impl Committed {
    /// The batches.
    pub fn log(&self) -> &Records {
        &self.log
    }

    /// The first committed batch that a replica lacks which begins to lead, if it does. What is below the high watermark
    /// that it had before was compared when that moved, and what was committed in later leader epochs it need not have.
    pub fn missing_at_start(&self, replica: &ReplicaSnapshot, was: Option<&ReplicaBefore>) -> Option<Offset> {
        if !replica.is_leader || leads_on(replica, was).is_some() {
            return None;
        }
        let known = was.map_or(Offset::ZERO, |was| was.high_watermark);
        self.first_missing(
            &replica.records,
            known.max(replica.log_start),
            self.end_up_to(replica.leader_epoch),
        )
    }

    /// Up to where something was committed in leader epochs up to `epoch`.
    pub fn end_up_to(&self, epoch: LeaderEpoch) -> Offset {
        self.reached.range(..=epoch).map(|(_, reached)| *reached).max().unwrap_or(Offset::ZERO)
    }

    /// The first committed batch with a record in `from..to` that is not as it should be in `records`.
    pub fn first_missing(&self, records: &Records, from: Offset, to: Offset) -> Option<Offset> {
        self.log.first_missing_in(records, from, to.min(self.end))
    }

    /// What this leader has below its high watermark is committed. From where on that is new, if any of it is.
    pub fn extend(&mut self, leader: &ReplicaSnapshot) -> Option<Offset> {
        if leader.leader_epoch < self.since {
            return None;
        }
        let reached = self.reached.entry(leader.leader_epoch).or_insert(leader.high_watermark);
        *reached = leader.high_watermark.max(*reached);
        let from = self.end;
        if leader.high_watermark <= from {
            return None;
        }
        for batch in leader.records.between(from, leader.high_watermark) {
            let mut batch = *batch;
            if batch.base_offset < self.end {
                // Only part of it is new: no batch that anybody could have.
                (batch.base_offset, batch.checksum) = (self.end, None);
            }
            self.end = batch.end_offset;
            self.log.push(batch);
        }
        self.end = self.end.max(leader.high_watermark);
        Some(from)
    }

    /// From `at` on the leader of `epoch` says what is committed, if nobody committed anything in a newer one.
    pub fn rebase(&mut self, at: Offset, epoch: LeaderEpoch) {
        if self.reached.keys().next_back().is_some_and(|newest| epoch < *newest) {
            return;
        }
        self.log.truncate(at);
        self.end = at;
        self.since = epoch;
        for reached in self.reached.values_mut() {
            *reached = at.min(*reached);
        }
    }

    /// Nobody needs what is below `start` any more.
    pub fn forget_below(&mut self, start: Offset) {
        self.log.delete_below(start);
    }
}

/// What a leader was, if it was leader before in the same leader epoch and process.
pub(super) fn leads_on<'w>(
    replica: &ReplicaSnapshot,
    was: Option<&'w ReplicaBefore>,
) -> Option<&'w ReplicaBefore> {
    was.filter(|was| replica.is_leader && was.is_leader && was.leader_epoch == replica.leader_epoch)
}

/// What `records` have at an offset, for people.
pub(super) fn what_is_at(records: &Records, offset: Offset) -> String {
    let Some(batch) = records.at(offset) else { return "nothing".to_owned() };
    let (base, end, epoch) = (batch.base_offset, batch.end_offset, batch.leader_epoch);
    match batch.checksum {
        Some(checksum) => format!("{base}..{end} of leader epoch {epoch} with checksum {checksum:08x}"),
        None => format!("{base}..{end} unreadable"),
    }
}
