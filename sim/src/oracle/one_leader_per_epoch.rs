//! `one-leader-per-epoch`: a leader epoch has one leader, for ever.
//!
//! Formally, for every topic partition p and leader epoch e, over the whole run and not only at one moment: the set of
//! brokers b such that b ever led p in e, or the controller ever named b leader of p in e, has at most one member.
//!
//! Source: KIP-101 and KIP-320 rest on it - a record is known by its offset and leader epoch only if one broker alone wrote
//! in that epoch; `PartitionChangeBuilder` raises the leader epoch with every change of the leader. Raft calls it *election
//! safety*.
//!
//! No false alarm: the same broker may lead again in the same epoch, after a restart. A decision that nobody was told of may be
//! lost with the controller's process and made again otherwise, so when that ends, what it said is remembered only up to the
//! newest leader epoch that a broker has learned: brokers learn nothing that is not durable.

use std::collections::BTreeMap;

use broker_core::types::{BrokerId, LeaderEpoch, TopicPartition};

use super::all::{Findings, Oracle};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle.
#[derive(Default)]
pub struct OneLeaderPerEpoch {
    partitions: BTreeMap<TopicPartition, Leaders>,
}

/// Leaders of one topic partition. Grows with its elections.
struct Leaders {
    by_epoch: BTreeMap<LeaderEpoch, BrokerId>,
    /// The newest leader epoch that a broker knows.
    learned: LeaderEpoch,
}

impl Default for Leaders {
    fn default() -> Leaders {
        Leaders { by_epoch: BTreeMap::new(), learned: LeaderEpoch::NONE }
    }
}

impl Oracle for OneLeaderPerEpoch {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let (topic_partition, accused, leader, epoch) = match seen.change {
            Change::Replica { broker, topic_partition, was } => {
                let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
                let now = (replica.is_leader, replica.leader_epoch);
                if was.is_some_and(|was| (was.is_leader, was.leader_epoch) == now) {
                    return;
                }
                let leaders = self.partitions.entry(topic_partition.clone()).or_default();
                leaders.learned = leaders.learned.max(replica.leader_epoch);
                (
                    topic_partition,
                    Some(*broker),
                    if replica.is_leader { *broker } else { BrokerId::NONE },
                    replica.leader_epoch,
                )
            }
            Change::Partition { topic_partition, .. } => {
                let Some(known) = seen.cluster.decided(topic_partition) else { return };
                (topic_partition, None, known.state.leader, known.state.leader_epoch)
            }
            Change::ControllerStopped { .. } => {
                for leaders in self.partitions.values_mut() {
                    leaders.by_epoch.retain(|epoch, _| *epoch <= leaders.learned);
                }
                return;
            }
            Change::BrokerStarted { .. } | Change::BrokerStopped { .. } | Change::ControllerStarted => return,
        };
        if leader == BrokerId::NONE {
            return;
        }
        let leaders = self.partitions.entry(topic_partition.clone()).or_default();
        let first = *leaders.by_epoch.entry(epoch).or_insert(leader);
        if first != leader {
            findings.add(Anomaly::OneLeaderPerEpoch, topic_partition, accused, seen, || {
                format!("broker-{leader} leads {topic_partition} in leader epoch {epoch}, which is broker-{first}'s")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::Scene;
    use crate::trace::Stop;

    #[test]
    fn the_same_broker_may_lead_again_in_its_epoch() {
        let mut scene = Scene::new();
        scene.stop(1, Stop::Killed);
        scene.reopen(1);
        scene.lead(1, 0);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn another_broker_may_not_even_later() {
        let mut scene = Scene::new();
        scene.stop(1, Stop::Killed);
        scene.lead(2, 0);
        assert_eq!(scene.found(), [Anomaly::OneLeaderPerEpoch]);
        let summary = "broker-2 leads orders-0 in leader epoch 0, which is broker-1's";
        assert_eq!(scene.first(Anomaly::OneLeaderPerEpoch), summary);
    }

    #[test]
    fn the_controller_may_not_name_two() {
        let mut scene = Scene::new();
        scene.elect(2, 1);
        scene.decide(|known| known.leader = BrokerId(3));
        assert_eq!(scene.found(), [Anomaly::OneLeaderPerEpoch]);
    }

    #[test]
    fn a_decision_that_nobody_heard_of_may_be_lost_and_made_otherwise() {
        let mut scene = Scene::new();
        let before = scene.decided();
        scene.elect(2, 1);
        scene.stop_controller(Stop::PowerLost);
        scene.start_controller(before);
        scene.elect(3, 1);
        assert_eq!(scene.found(), []);
    }

    #[test]
    fn a_decision_that_somebody_heard_of_stands() {
        let mut scene = Scene::new();
        let before = scene.decided();
        scene.elect(2, 1);
        scene.learn(3);
        scene.stop_controller(Stop::PowerLost);
        scene.start_controller(before);
        scene.elect(3, 1);
        assert!(scene.found().contains(&Anomaly::OneLeaderPerEpoch), "{:?}", scene.found());
    }
}
