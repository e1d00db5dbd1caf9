//! `leader-in-isr`: who leads is in sync.
//!
//! Formally, in every state of the controller, for every topic partition p: leader(p) = none, or leader(p) in isr(p).
//!
//! Source: `PartitionChangeBuilder`: whoever it elects from outside the ISR is the whole ISR afterwards, also by an unclean
//! election; `ReplicationControlManager.validateAlterPartitionData` refuses an ISR without the leader. KIP-966 keeps both.
//!
//! No false alarm: it is judged in the controller's own image, which changes record by record, and each record carries leader
//! and ISR together. Brokers may lag behind it and are not asked.

use broker_core::types::BrokerId;

use super::all::{Findings, Oracle};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle; it remembers nothing.
#[derive(Default)]
pub struct LeaderInIsr;

impl Oracle for LeaderInIsr {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Partition { topic_partition, .. } = seen.change else { return };
        let Some(known) = seen.cluster.decided(topic_partition) else { return };
        let (leader, isr) = (known.state.leader, &known.state.isr);
        if leader != BrokerId::NONE && !isr.contains(&leader) {
            findings.add(Anomaly::LeaderInIsr, topic_partition, None, seen, || {
                let epoch = known.state.partition_epoch;
                format!(
                    "broker-{leader} leads {topic_partition} and is not in the ISR {}, as of partition epoch {epoch}",
                    listed(isr)
                )
            });
        }
    }
}

/// `[1, 2]`.
pub(super) fn listed(brokers: &[BrokerId]) -> String {
    let ids: Vec<String> = brokers.iter().map(BrokerId::to_string).collect();
    format!("[{}]", ids.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Scene, epoch, ids};

    #[test]
    fn nobody_may_lead_and_whoever_leads_is_in_sync() {
        let mut scene = Scene::new();
        scene.decide(|known| (known.leader, known.isr) = (BrokerId::NONE, ids(&[2])));
        scene.decide(|known| (known.leader, known.leader_epoch) = (BrokerId(2), epoch(2)));
        assert_eq!(scene.found(), []);
        scene.decide(|known| known.isr = ids(&[1, 3]));
        assert_eq!(scene.found(), [Anomaly::LeaderInIsr]);
        let summary = "broker-2 leads orders-0 and is not in the ISR [1, 3], as of partition epoch 3";
        assert_eq!(scene.first(Anomaly::LeaderInIsr), summary);
    }
}
