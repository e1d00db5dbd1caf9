//! `strong-isr`: what is committed is on every member of the maximal ISR.
//!
//! Formally, at every moment, for every replica l of a running broker that believes to lead, and every r in the maximal ISR
//! of l whose broker runs and has it open: every batch of log(l) with a record in max(start(l), start(r))..hw(l) is in log(r),
//! unless r came back after its machine lost power, its disk was emptied or its process gave up, and has not been as far again since.
//!
//! Source: J. Gustafson's `StrongIsr` (`KafkaReplication.tla`), by the leader's maximal ISR instead of the controller's ISR, which
//! KIP-497 made the weaker demand on r (`ValidHighWatermark` in `AsyncIsr.tla`); J. Vanlightly's
//! `ReplicationQuorumSupersetProperty` is why that is enough.
//!
//! How: judged for what is new - records when the high watermark of l passes them, a member when l begins to count it, a log
//! when r opens it, cuts it or has got it back.
//!
//! No false alarm:
//! * The high watermark waits for what every member has asked to be sent next, and a member has everything below that.
//! * A member that lost power, was wiped or gave up over its disk may come back with less, until the controller hears of
//!   it; leaders may still count on what it had said before. It never said more than where its log ended, so it is judged again once its
//!   log ends there. A killed process finds its page cache as it was and is not excused; if it cut its log because that
//!   rotted, it does lack what it cut.
//! * A deposed leader is judged as any other: what is below its high watermark was acknowledged by whoever was elected next, as by
//!   every member, so a follower that truncates for the new leader keeps it: two logs with the same leader epoch at an offset are
//!   the same below, and truncation ends where they are. If the new leader does lack it, the alarm is true, and
//!   `leader-completeness` names the cause.

use std::collections::BTreeMap;

use broker_core::types::{BrokerId, Offset, TopicPartition};

use super::all::{Findings, Oracle};
use super::committed::{leads_on, what_is_at};
use super::leader_in_isr::listed;
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation, ReplicaBefore, ReplicaSnapshot};
use crate::trace::Stop;

/// The oracle.
#[derive(Default)]
pub struct StrongIsr {
    partitions: BTreeMap<TopicPartition, Copies>,
}

/// The copies of one topic partition.
#[derive(Default)]
struct Copies {
    /// By leader: whom it counted at the last look.
    counted: BTreeMap<BrokerId, Vec<BrokerId>>,
    /// By broker: where its log ended at the last look, whether it runs or not.
    ends: BTreeMap<BrokerId, Offset>,
    /// By broker whose disk took something: how far its log has to come before it is judged again.
    excused: BTreeMap<BrokerId, Offset>,
}

impl Oracle for StrongIsr {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        match seen.change {
            Change::Replica { broker, topic_partition, was } => {
                let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
                let copies = self.partitions.entry(topic_partition.clone()).or_default();
                let case = Case { seen, topic_partition, broker: *broker, replica };
                let returned = copies.log_ends(*broker, replica.log_end);
                copies.judge_as_leader(&case, was.as_ref(), findings);
                let from = match was {
                    None => Some(Offset::ZERO),
                    Some(_) if returned => Some(Offset::ZERO),
                    Some(was) => was.truncated_to.map(|to| to.min(replica.log_end)),
                };
                if let Some(from) = from {
                    copies.judge_as_member(&case, from, findings);
                }
            }
            Change::BrokerStopped { broker, how } => {
                for copies in self.partitions.values_mut() {
                    copies.stopped(*broker, *how);
                }
            }
            Change::BrokerStarted { .. }
            | Change::ControllerStarted
            | Change::ControllerStopped { .. }
            | Change::Partition { .. } => {}
        }
    }
}

/// A replica that changed.
struct Case<'a> {
    seen: Observation<'a>,
    topic_partition: &'a TopicPartition,
    broker: BrokerId,
    replica: &'a ReplicaSnapshot,
}

impl Copies {
    /// Takes note of where a log ends; whether its broker is excused no more because of that.
    fn log_ends(&mut self, broker: BrokerId, end: Offset) -> bool {
        self.ends.insert(broker, end);
        let returned = self.excused.get(&broker).is_some_and(|claimed| *claimed <= end);
        if returned {
            self.excused.remove(&broker);
        }
        returned
    }

    fn stopped(&mut self, broker: BrokerId, how: Stop) {
        self.counted.remove(&broker);
        let Some(end) = self.ends.get(&broker) else { return };
        match how {
            Stop::Killed | Stop::ShutDown => {}
            Stop::PowerLost | Stop::Halted | Stop::Wiped => {
                let claimed = self.excused.entry(broker).or_insert(*end);
                *claimed = (*claimed).max(*end);
            }
        }
    }

    /// Members that it counted before have to have what is new, others everything.
    fn judge_as_leader(&mut self, case: &Case<'_>, was: Option<&ReplicaBefore>, findings: &mut Findings) {
        let (broker, replica) = (case.broker, case.replica);
        if !replica.is_leader {
            if was.is_none_or(|was| was.is_leader) {
                self.counted.remove(&broker);
            }
            return;
        }
        let led = leads_on(replica, was);
        if led.is_some_and(|led| !led.isr_changed && replica.high_watermark <= led.high_watermark) {
            return;
        }
        let counted = self.counted.remove(&broker).filter(|_| led.is_some()).unwrap_or_default();
        for member in replica.maximal_isr.iter().filter(|member| **member != broker) {
            let known = led.filter(|_| counted.contains(member));
            let from = known.map_or(Offset::ZERO, |led| led.high_watermark);
            self.judge(case, (broker, replica), *member, from, findings);
        }
        self.counted.insert(broker, replica.maximal_isr.clone());
    }

    /// Its log from `from` on may be other than leaders believe.
    fn judge_as_member(&self, case: &Case<'_>, from: Offset, findings: &mut Findings) {
        for (leader, replica) in case.seen.cluster.replicas(case.topic_partition) {
            if replica.is_leader && leader != case.broker && replica.maximal_isr.contains(&case.broker) {
                self.judge(case, (leader, replica), case.broker, from, findings);
            }
        }
    }

    fn judge(
        &self,
        case: &Case<'_>,
        (leader, own): (BrokerId, &ReplicaSnapshot),
        member: BrokerId,
        from: Offset,
        findings: &mut Findings,
    ) {
        let Some(copy) = case.seen.cluster.replica(member, case.topic_partition) else { return };
        if self.excused.contains_key(&member) {
            return;
        }
        let (from, to) = (from.max(own.log_start).max(copy.log_start), own.high_watermark);
        let Some(at) = own.records.first_missing_in(&copy.records, from, to) else { return };
        findings.add(Anomaly::StrongIsr, case.topic_partition, Some(member), case.seen, || {
            let (has, lacks) = (what_is_at(&copy.records, at), what_is_at(&own.records, at));
            format!(
                "broker-{member} is in the maximal ISR {} of broker-{leader}, which leads {} in leader epoch {} with high \
                 watermark {to}, and has {has} at offset {at} instead of {lacks}",
                listed(&own.maximal_isr),
                case.topic_partition,
                own.leader_epoch
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Scene, ids};

    /// One batch is on all three replicas and committed, another one on brokers 1 and 2.
    fn replicated() -> Scene {
        let mut scene = Scene::new();
        scene.append(1, 2);
        scene.replicate(1, 2);
        scene.replicate(1, 3);
        scene.commit(1, 2);
        scene.append(1, 3);
        scene.replicate(1, 2);
        scene
    }

    #[test]
    fn the_high_watermark_waits_for_everybody() {
        let mut scene = replicated();
        assert_eq!(scene.found(), []);
        scene.commit(1, 5);
        assert_eq!(scene.found(), [Anomaly::StrongIsr]);
        let summary = "broker-3 is in the maximal ISR [1, 2, 3] of broker-1, which leads orders-0 in leader epoch 0 with high \
                       watermark 5, and has nothing at offset 2 instead of 2..5 of leader epoch 0 with checksum 00000002";
        assert_eq!(scene.first(Anomaly::StrongIsr), summary);
        assert_eq!(scene.accused(Anomaly::StrongIsr), [Some(BrokerId(3))]);
    }

    #[test]
    fn who_is_not_counted_need_not_have_it() {
        let mut scene = replicated();
        scene.shrink(&[1, 2]);
        scene.commit(1, 5);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn who_is_counted_again_has_to_have_all_of_it() {
        let mut scene = replicated();
        scene.shrink(&[1, 2]);
        scene.commit(1, 5);
        scene.replicate(1, 3);
        scene.set(1, |replica| replica.maximal_isr = ids(&[1, 2, 3]));
        assert_eq!(scene.found(), []);

        let mut scene = replicated();
        scene.shrink(&[1, 2]);
        scene.commit(1, 5);
        scene.set(1, |replica| replica.maximal_isr = ids(&[1, 2, 3]));
        assert_eq!(scene.found(), [Anomaly::StrongIsr]);
    }

    #[test]
    fn a_member_cuts_only_what_is_not_committed() {
        let mut scene = replicated();
        scene.truncate(2, 2);
        assert_eq!(scene.found(), []);
        scene.truncate(3, 0);
        assert_eq!(scene.found(), [Anomaly::StrongIsr]);
    }

    #[test]
    fn a_killed_member_comes_back_with_everything() {
        let mut scene = replicated();
        scene.stop(2, Stop::Killed);
        scene.reopen(2);
        assert_eq!(scene.found(), []);
        scene.stop(2, Stop::Killed);
        scene.truncate(2, 0);
        scene.reopen(2);
        assert_eq!(scene.found(), [Anomaly::StrongIsr]);
    }

    #[test]
    fn a_member_without_power_may_come_back_with_less_until_it_has_been_there_again() {
        let mut scene = replicated();
        scene.replicate(1, 3);
        scene.stop(3, Stop::PowerLost);
        scene.truncate(3, 0);
        scene.reopen(3);
        scene.commit(1, 5);
        assert_eq!(scene.found(), [], "the leader still counts on what it said");
        scene.replicate(1, 3);
        assert_eq!(scene.found(), [], "it has everything again");
        scene.truncate(3, 2);
        assert_eq!(scene.found(), [Anomaly::StrongIsr], "and no excuse");
    }

    #[test]
    fn a_member_that_comes_back_with_other_records_is_seen_when_it_is_as_long_again() {
        let mut scene = replicated();
        scene.stop(2, Stop::PowerLost);
        scene.truncate(2, 0);
        scene.reopen(2);
        scene.append(2, 5);
        assert_eq!(scene.found(), [Anomaly::StrongIsr]);
    }

    #[test]
    fn a_machine_that_loses_power_after_its_process_was_killed_is_excused_too() {
        let mut scene = replicated();
        scene.stop(2, Stop::Killed);
        scene.stop(2, Stop::PowerLost);
        scene.truncate(2, 0);
        scene.reopen(2);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn a_deposed_leader_is_judged_too() {
        let mut scene = replicated();
        scene.replicate(1, 3);
        scene.lead(2, 1);
        scene.commit(1, 5);
        assert_eq!(scene.found(), [], "its successor has it");
        scene.truncate(3, 2);
        assert_eq!(scene.found(), [Anomaly::StrongIsr]);
    }
}
