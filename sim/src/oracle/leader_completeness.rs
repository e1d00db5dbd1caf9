//! `leader-completeness`: a new leader has everything that was committed.
//!
//! Formally, whenever a replica r becomes leader in leader epoch e: every batch that was below the high watermark of some
//! leader in a leader epoch up to e, and does not end at or below start(r), is in log(r).
//!
//! Source: J. Vanlightly's `LeaderCompletenessProperty`, of which `LeaderCandidateCompletenessProperty` is the cause; J.
//! Gustafson's `StrongIsr` is there to imply it; the *leader completeness* of Raft.
//!
//! How: what was below its own high watermark is [`super::log_matching`]'s business, so only what lies between that and the
//! highest one is looked up. After a violation the new leader's log is what is committed.
//!
//! No false alarm: judged when the replica begins to lead, and by what leaders of later leader epochs did not commit - a broker
//! may learn late that it was elected, and lead behind the back of its successor. What a deposed leader commits afterwards was
//! acknowledged by its successor before, so it is there. The last known leader and unclean elections do violate it: that
//! is what they are for.

use std::collections::BTreeMap;

use broker_core::types::TopicPartition;

use super::all::{Findings, Oracle};
use super::committed::{Committed, leads_on, what_is_at};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation, ReplicaBefore};

/// The oracle.
#[derive(Default)]
pub struct LeaderCompleteness {
    partitions: BTreeMap<TopicPartition, Committed>,
}

impl Oracle for LeaderCompleteness {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Replica { broker, topic_partition, was } = seen.change else { return };
        let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
        let leads_on = leads_on(replica, was.as_ref());
        let nothing_new = |was: &ReplicaBefore| {
            (was.high_watermark, was.log_start) == (replica.high_watermark, replica.log_start)
        };
        if !replica.is_leader || leads_on.is_some_and(nothing_new) {
            return;
        }
        let committed = self.partitions.entry(topic_partition.clone()).or_default();
        if let Some(at) = committed.missing_at_start(replica, was.as_ref()) {
            let epoch = replica.leader_epoch;
            findings.add(Anomaly::LeaderCompleteness, topic_partition, Some(*broker), seen, || {
                let (has, lacks) = (what_is_at(&replica.records, at), what_is_at(committed.log(), at));
                let end = committed.end_up_to(epoch);
                format!(
                    "broker-{broker} leads {topic_partition} in leader epoch {epoch} and has {has} at offset {at}, where \
                     {lacks} was committed, and all up to {end}"
                )
            });
            committed.rebase(at, epoch);
        }
        committed.extend(replica);
        committed.forget_below(replica.log_start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Scene, epoch, offset};
    use crate::trace::Stop;

    /// Both batches are on brokers 1 and 2, the first also on 3; the leader's high watermark has passed both, and no other one.
    fn committed() -> Scene {
        let mut scene = Scene::new();
        scene.shrink(&[1, 2]);
        scene.append(1, 2);
        scene.replicate(1, 3);
        scene.append(1, 3);
        scene.replicate(1, 2);
        scene.commit(1, 5);
        scene
    }

    #[test]
    fn whoever_has_everything_may_lead() {
        let mut scene = committed();
        scene.lead(2, 1);
        scene.append(2, 1);
        scene.learn(1);
        scene.replicate(2, 1);
        scene.commit(2, 6);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn whoever_lacks_something_may_not() {
        let mut scene = committed();
        scene.lead(3, 1);
        assert_eq!(scene.found(), [Anomaly::LeaderCompleteness]);
        let summary = "broker-3 leads orders-0 in leader epoch 1 and has nothing at offset 2, where 2..5 of leader epoch 0 with \
                       checksum 00000002 was committed, and all up to 5";
        assert_eq!(scene.first(Anomaly::LeaderCompleteness), summary);
    }

    #[test]
    fn it_is_said_once_for_each_loss() {
        let mut scene = committed();
        scene.lead(3, 1);
        scene.stop(1, Stop::Killed);
        scene.stop(2, Stop::Killed);
        scene.append(3, 1);
        scene.commit(3, 3);
        scene.stop(3, Stop::Killed);
        scene.reopen(3);
        scene.lead(3, 2);
        assert_eq!(scene.count(Anomaly::LeaderCompleteness), 1);
    }

    #[test]
    fn a_process_that_opens_its_log_and_leads_at_once_is_judged_too() {
        let mut scene = committed();
        scene.stop(1, Stop::PowerLost);
        scene.truncate(1, 2);
        scene.reopen_as(1, |replica| {
            (replica.is_leader, replica.leader_epoch) = (true, epoch(1));
        });
        assert!(scene.found().contains(&Anomaly::LeaderCompleteness), "{:?}", scene.found());
    }

    #[test]
    fn who_learns_late_that_it_was_elected_need_not_have_what_its_successor_committed() {
        let mut scene = committed();
        scene.lead(2, 2);
        scene.shrink(&[2]);
        scene.append(2, 1);
        scene.commit(2, 6);
        scene.lead(1, 1);
        assert_eq!(scene.found(), [], "leader epoch 1 was over when offset 5 was committed");
    }

    #[test]
    fn what_retention_deleted_nobody_has_to_have() {
        let mut scene = committed();
        scene.set(1, |replica| replica.log_start = offset(5));
        scene.stop(3, Stop::Killed);
        scene.reopen(3);
        scene.lead(3, 1);
        assert_eq!(scene.found(), []);
    }
}
