//! `monotonic-epochs`: what was learned or decided is not forgotten.
//!
//! Formally, for every topic partition p:
//! * in one process of a broker, leader epoch and partition epoch of its replica never go back, and its recovery point only
//!   to where its log was cut;
//! * in one process of the controller, leader epoch and partition epoch of p never go back;
//! * a new process of the controller knows epochs of p at least as high as any broker has ever learned;
//! * no broker learns epochs of p higher than the controller ever had.
//!
//! Source: KIP-497 (the partition epoch is what AlterPartition compares and sets), KIP-631 (brokers replay a log that only
//! grows), `Partition.makeLeader` and `makeFollower`, which ignore what is older; the recovery point: `LogManager`, which
//! lowers it in `truncateTo` and `truncateFullyAndStartAt` only. J. Vanlightly: `MetadataLogMatchingProperty` - what a broker has read
//! is a prefix of what the controller wrote.
//!
//! No false alarm: a restarted process may know less of everything, so only one process is compared with itself, and the
//! controller's next one with what brokers were told, which was durable before it left the host. Decisions that were lost before
//! anybody heard of them are not asked for.

use std::collections::BTreeMap;

use broker_core::metadata::PartitionState;
use broker_core::types::{LeaderEpoch, PartitionEpoch, TopicPartition};

use super::all::{Findings, Oracle};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation, PartitionSnapshot, ReplicaBefore, ReplicaSnapshot};

/// The oracle.
#[derive(Default)]
pub struct MonotonicEpochs {
    partitions: BTreeMap<TopicPartition, Newest>,
}

/// The newest epochs of one topic partition.
struct Newest {
    decided: Epochs,
    learned: Epochs,
}

/// Both epochs of a topic partition. They go up together, so neither may be less.
#[derive(Clone, Copy)]
struct Epochs {
    leader: LeaderEpoch,
    partition: PartitionEpoch,
}

impl Epochs {
    const NONE: Epochs = Epochs { leader: LeaderEpoch::NONE, partition: PartitionEpoch(-1) };

    fn of(state: &PartitionState) -> Epochs {
        Epochs { leader: state.leader_epoch, partition: state.partition_epoch }
    }

    fn reach(self, others: Epochs) -> bool {
        others.leader <= self.leader && others.partition <= self.partition
    }

    fn with(self, others: Epochs) -> Epochs {
        let (leader, partition) = (self.leader.max(others.leader), self.partition.max(others.partition));
        Epochs { leader, partition }
    }

    fn told(self) -> String {
        format!("leader epoch {} and partition epoch {}", self.leader, self.partition)
    }
}

impl Oracle for MonotonicEpochs {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let (topic_partition, accused, wrong) = match seen.change {
            Change::Replica { broker, topic_partition, was } => {
                let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
                let wrong = self.learned(topic_partition, replica, was.as_ref());
                (topic_partition, Some(*broker), wrong.map(|wrong| format!("broker-{broker} {wrong}")))
            }
            Change::Partition { topic_partition, was } => {
                let Some(known) = seen.cluster.decided(topic_partition) else { return };
                let wrong = self.decided(topic_partition, known, was.as_ref());
                (topic_partition, None, wrong.map(|wrong| format!("the controller {wrong}")))
            }
            Change::BrokerStarted { .. }
            | Change::BrokerStopped { .. }
            | Change::ControllerStarted
            | Change::ControllerStopped { .. } => return,
        };
        if let Some(wrong) = wrong {
            findings.add(Anomaly::MonotonicEpochs, topic_partition, accused, seen, || {
                format!("{wrong} of {topic_partition}")
            });
        }
    }
}

impl MonotonicEpochs {
    fn newest(&mut self, topic_partition: &TopicPartition) -> &mut Newest {
        let new = || Newest { decided: Epochs::NONE, learned: Epochs::NONE };
        self.partitions.entry(topic_partition.clone()).or_insert_with(new)
    }

    /// What is wrong with what a broker knows.
    fn learned(
        &mut self,
        topic_partition: &TopicPartition,
        replica: &ReplicaSnapshot,
        was: Option<&ReplicaBefore>,
    ) -> Option<String> {
        let now = Epochs { leader: replica.leader_epoch, partition: replica.partition_epoch };
        if let Some(was) = was {
            let before = Epochs { leader: was.leader_epoch, partition: was.partition_epoch };
            if !now.reach(before) {
                return Some(format!("went back from {} to {}", before.told(), now.told()));
            }
            let cut = was.truncated_to.map_or(replica.log_end, |to| to.min(replica.log_end));
            let floor =
                if was.truncated_to.is_some() { was.recovery_point.min(cut) } else { was.recovery_point };
            if replica.recovery_point < floor {
                let (before, now) = (was.recovery_point, replica.recovery_point);
                return Some(format!("went back from recovery point {before} to {now}"));
            }
            if before.reach(now) {
                return None;
            }
        }
        let newest = self.newest(topic_partition);
        newest.learned = newest.learned.with(now);
        let decided = newest.decided;
        (!decided.reach(now)).then(|| {
            format!("knows {}, which nobody decided: the controller had {}", now.told(), decided.told())
        })
    }

    /// What is wrong with what the controller knows.
    fn decided(
        &mut self,
        topic_partition: &TopicPartition,
        known: &PartitionSnapshot,
        was: Option<&PartitionSnapshot>,
    ) -> Option<String> {
        let now = Epochs::of(&known.state);
        let newest = self.newest(topic_partition);
        newest.decided = newest.decided.with(now);
        let before = was.map_or(newest.learned, |was| Epochs::of(&was.state));
        (!now.reach(before)).then(|| {
            let what = if was.is_some() { "went back" } else { "forgot what brokers know, and went back" };
            format!("{what} from {} to {}", before.told(), now.told())
        })
    }
}

#[cfg(test)]
mod tests {
    use broker_core::types::{BrokerId, Offset};

    use super::*;
    use crate::oracle::testing::Scene;
    use crate::trace::Stop;

    #[test]
    fn epochs_go_up() {
        let mut scene = Scene::new();
        scene.elect(2, 1);
        scene.learn(2);
        scene.learn(3);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn a_process_never_knows_less_and_a_new_one_may() {
        let mut scene = Scene::new();
        scene.stop(2, Stop::Killed);
        scene.reopen(2);
        assert_eq!(scene.found(), [], "it has yet to learn");
        scene.learn(2);
        scene.set(2, |replica| replica.partition_epoch = PartitionEpoch(-1));
        assert_eq!(scene.found(), [Anomaly::MonotonicEpochs]);
        let summary = "broker-2 went back from leader epoch 0 and partition epoch 0 to leader epoch 0 and partition \
                       epoch -1 of orders-0";
        assert_eq!(scene.first(Anomaly::MonotonicEpochs), summary);
        assert_eq!(scene.accused(Anomaly::MonotonicEpochs), [Some(BrokerId(2))]);
    }

    #[test]
    fn a_recovery_point_goes_back_only_with_the_log() {
        let mut scene = Scene::new();
        scene.append(1, 2);
        scene.append(1, 2);
        scene.replicate(1, 2);
        scene.flush(2);
        scene.truncate(2, 3);
        assert_eq!(scene.found(), []);
        scene.set(2, |replica| replica.recovery_point = Offset(1));
        assert_eq!(scene.found(), [Anomaly::MonotonicEpochs]);
    }

    #[test]
    fn a_log_that_begins_anew_has_a_new_recovery_point() {
        let mut scene = Scene::new();
        scene.append(1, 4);
        scene.replicate(1, 2);
        scene.flush(2);
        scene.begin_anew(2, 1);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn the_controller_keeps_what_it_told() {
        let mut scene = Scene::new();
        let before = scene.decided();
        scene.elect(2, 1);
        scene.learn(2);
        scene.stop_controller(Stop::PowerLost);
        scene.start_controller(before);
        assert_eq!(scene.found(), [Anomaly::MonotonicEpochs]);
        assert_eq!(scene.accused(Anomaly::MonotonicEpochs), [None], "it was the controller");
    }

    #[test]
    fn the_controller_may_lose_what_it_told_nobody() {
        let mut scene = Scene::new();
        let before = scene.decided();
        scene.elect(2, 1);
        scene.stop_controller(Stop::PowerLost);
        scene.start_controller(before);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn the_controller_does_not_go_back() {
        let mut scene = Scene::new();
        scene.elect(2, 1);
        scene.decide(|known| known.partition_epoch = PartitionEpoch(0));
        assert_eq!(scene.found(), [Anomaly::MonotonicEpochs]);
    }

    #[test]
    fn nobody_knows_what_was_not_decided() {
        let mut scene = Scene::new();
        scene.set(3, |replica| replica.partition_epoch = PartitionEpoch(5));
        assert_eq!(scene.found(), [Anomaly::MonotonicEpochs]);
    }
}
