//! `leader-in-isr`: who leads is in sync.
//!
//! Formally, in every state of the controller, for every topic partition p: leader(p) = none, or leader(p) in isr(p).
//!
//! Source: `LeaderInIsr` is implied by every election rule of `PartitionChangeBuilder`; the TLA+ specifications of Kafka
//! replication by J. Gustafson and J. Vanlightly have it as a type invariant of the controller's state.
//!
//! No false alarm: it is judged in the controller's own image, which changes record by record, and each record carries leader
//! and ISR together. Brokers may lag behind it and are not asked.

use broker_core::types::BrokerId;

use super::all::{Findings, Oracle};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle; it remembers nothing.
pub struct LeaderInIsr;

impl Oracle for LeaderInIsr {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Partition { topic_partition, .. } = seen.change else { return };
        let Some(known) = seen.cluster.controller.as_ref().and_then(|known| known.get(topic_partition))
        else {
            return;
        };
        let (leader, isr) = (known.state.leader, &known.state.isr);
        if leader != BrokerId::NONE && !isr.contains(&leader) {
            findings.add(Anomaly::LeaderInIsr, topic_partition, seen, || {
                format!("broker-{leader} leads {topic_partition} and is not in the ISR {isr:?}")
            });
        }
    }
}
