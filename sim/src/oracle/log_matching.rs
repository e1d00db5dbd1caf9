//! `log-divergence`: below both high watermarks two logs are equal (*log matching*).
//!
//! Formally, at every moment, for all replicas a and b of a topic partition, of running brokers, and every offset o in
//! max(start(a), start(b))..min(hw(a), hw(b)): the batch at o in log(a) is that at o in log(b) - the same offsets, leader epoch
//! and checksum.
//!
//! Source: J. Vanlightly's `LogMatchingProperty`, whose `ConsistentReadProperty` says the same of what was read before; KIP-101,
//! KIP-279 and KIP-320 were written because it did not hold.
//!
//! How: every log is compared with one that is [`Committed`] - of a replica only what its high watermark has just passed, and all of
//! it when a process opens it. A new leader that lacks some of it is `leader-completeness`'s business: what it has counts from
//! then on, so that a loss is no divergence unless somebody still has what was lost.
//!
//! No false alarm: a follower's high watermark is at most its leader's, in a leader epoch in which the leader has checked that
//! their logs agree below; a checkpointed one is clipped to the log, and below it nothing is ever cut for another leader. Between
//! high watermarks nothing is judged. A batch that rotted or was torn is unknown and equals anything. Retention: judged
//! from the later start on.

use std::collections::BTreeMap;

use broker_core::types::{BrokerId, Offset, TopicPartition};

use super::all::{Findings, Oracle};
use super::committed::{Committed, leads_on, what_is_at};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation, Records, ReplicaSnapshot};

/// The oracle.
#[derive(Default)]
pub struct LogMatching {
    partitions: BTreeMap<TopicPartition, Committed>,
}

impl Oracle for LogMatching {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Replica { broker, topic_partition, was } = seen.change else { return };
        let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
        let known = was.map_or(Offset::ZERO, |was| {
            was.high_watermark.min(was.truncated_to.unwrap_or(was.high_watermark))
        });
        let (from, to) = (known.max(replica.log_start), replica.high_watermark);
        let leads_on = leads_on(replica, was.as_ref());
        let begins = replica.is_leader && leads_on.is_none();
        let deleted = leads_on.is_some_and(|was| was.log_start < replica.log_start);
        if to <= from && !begins && !deleted {
            return;
        }
        let committed = self.partitions.entry(topic_partition.clone()).or_default();
        if let Some(at) = committed.missing_at_start(replica, was.as_ref()) {
            committed.rebase(at, replica.leader_epoch);
        }
        if let Some(at) = committed.first_missing(&replica.records, from, to) {
            findings.add(Anomaly::LogDivergence, topic_partition, Some(*broker), seen, || {
                differ(topic_partition, (*broker, replica), at, committed.log(), "somebody")
            });
            if replica.is_leader {
                committed.rebase(at, replica.leader_epoch);
            }
        }
        if replica.is_leader {
            if let Some(new) = committed.extend(replica) {
                compare_others(seen, topic_partition, (*broker, replica), new, findings);
            }
            committed.forget_below(replica.log_start);
        }
    }
}

/// Who has a high watermark above `new` has it from another history, and may keep other records below it.
fn compare_others(
    seen: Observation<'_>,
    topic_partition: &TopicPartition,
    (leader, own): (BrokerId, &ReplicaSnapshot),
    new: Offset,
    findings: &mut Findings,
) {
    for (broker, other) in seen.cluster.replicas(topic_partition) {
        if broker == leader || other.high_watermark <= new {
            continue;
        }
        let (from, to) =
            (new.max(other.log_start).max(own.log_start), own.high_watermark.min(other.high_watermark));
        if let Some(at) = own.records.first_missing_in(&other.records, from, to) {
            findings.add(Anomaly::LogDivergence, topic_partition, Some(broker), seen, || {
                differ(topic_partition, (broker, other), at, &own.records, &format!("broker-{leader}"))
            });
        }
    }
}

fn differ(
    topic_partition: &TopicPartition,
    (broker, replica): (BrokerId, &ReplicaSnapshot),
    at: Offset,
    committed: &Records,
    by: &str,
) -> String {
    let (own, other) = (what_is_at(&replica.records, at), what_is_at(committed, at));
    let high_watermark = replica.high_watermark;
    format!(
        "at offset {at} of {topic_partition}, below its high watermark {high_watermark}, broker-{broker} has {own}, where {by} \
         has committed {other}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Scene, offset};
    use crate::trace::Stop;

    /// Two batches are on all three replicas, below all high watermarks.
    fn committed() -> Scene {
        let mut scene = Scene::new();
        scene.append(1, 2);
        scene.append(1, 3);
        scene.replicate(1, 2);
        scene.replicate(1, 3);
        scene.commit(1, 5);
        scene.commit(2, 5);
        scene
    }

    #[test]
    fn followers_see_what_the_leader_committed() {
        let mut scene = committed();
        scene.commit(3, 5);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn uncommitted_records_may_differ() {
        let mut scene = committed();
        scene.append(3, 2);
        scene.append(1, 1);
        scene.commit(3, 5);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn other_bytes_are_seen_when_a_high_watermark_passes_them() {
        let mut scene = committed();
        scene.alter(3, 2, 77);
        scene.commit(3, 5);
        assert_eq!(scene.found(), [Anomaly::LogDivergence]);
        let summary = "at offset 2 of orders-0, below its high watermark 5, broker-3 has 2..5 of leader epoch 0 with checksum \
                       0000004d, where somebody has committed 2..5 of leader epoch 0 with checksum 00000002";
        assert_eq!(scene.first(Anomaly::LogDivergence), summary);
        assert_eq!(scene.accused(Anomaly::LogDivergence), [Some(BrokerId(3))]);
    }

    #[test]
    fn other_bytes_are_seen_when_a_log_is_opened() {
        let mut scene = committed();
        scene.shrink(&[1, 3]);
        scene.stop(2, Stop::Killed);
        scene.alter(2, 0, 77);
        scene.reopen(2);
        assert_eq!(scene.found(), [Anomaly::LogDivergence]);
    }

    #[test]
    fn rotten_bytes_are_unknown() {
        let mut scene = committed();
        scene.stop(2, Stop::Killed);
        scene.rot(2, 0);
        scene.reopen(2);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn what_retention_deleted_is_not_asked_for() {
        let mut scene = committed();
        scene.set(1, |replica| replica.log_start = offset(2));
        scene.stop(2, Stop::Killed);
        scene.alter(2, 0, 77);
        scene.reopen(2);
        assert_eq!(scene.found(), [], "the leader's log starts behind it");
        scene.alter(3, 2, 77);
        scene.set(3, |replica| (replica.log_start, replica.high_watermark) = (offset(5), offset(5)));
        assert_eq!(scene.found(), [], "nor what a follower has deleted");
    }

    #[test]
    fn a_loss_is_no_divergence_until_somebody_comes_back_with_what_was_lost() {
        let mut scene = committed();
        scene.stop(1, Stop::Killed);
        scene.stop(2, Stop::Killed);
        scene.truncate(3, 2);
        scene.lead(3, 1);
        scene.append(3, 3);
        scene.commit(3, 5);
        assert_eq!(scene.count(Anomaly::LogDivergence), 0);
        scene.reopen(2);
        assert_eq!(scene.count(Anomaly::LogDivergence), 1);
    }

    #[test]
    fn a_leader_that_commits_something_else_is_seen_and_believed_from_then_on() {
        let mut scene = committed();
        scene.append(1, 1);
        scene.append(2, 2);
        scene.lead(2, 1);
        assert_eq!(scene.found(), [], "nothing of it is committed");
        scene.commit(1, 6);
        scene.commit(2, 7);
        assert_eq!(scene.count(Anomaly::LogDivergence), 2, "with the history, and with broker-1 itself");
        scene.stop(1, Stop::Killed);
        scene.append(2, 1);
        scene.commit(2, 8);
        assert_eq!(scene.count(Anomaly::LogDivergence), 2, "it is the history now");
    }

    #[test]
    fn a_leader_that_lacks_something_differs_from_who_still_has_it() {
        let mut scene = committed();
        scene.append(1, 1);
        scene.commit(1, 6);
        scene.append(2, 2);
        scene.lead(2, 1);
        assert_eq!(scene.count(Anomaly::LogDivergence), 0, "nothing of it is committed");
        scene.commit(2, 7);
        assert_eq!(scene.count(Anomaly::LogDivergence), 1, "broker-1 still leads");
    }
}
