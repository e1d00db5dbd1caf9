//! `isr-within-replicas`: who is in sync, or eligible, holds a replica, and nobody is both.
//!
//! Formally, in every state of the controller, for every topic partition p: isr(p) and elr(p) are subsets of replicas(p), and
//! the intersection of isr(p) and elr(p) is empty.
//!
//! Source: `PartitionChangeBuilder`, KIP-966; J. Vanlightly's `ValidControllerIsrAndElr`, its first three parts.
//!
//! No false alarm: it is judged in the controller's own image, where one record carries all three sets. There is no
//! reassignment, so no moment in which replicas come or go.

use super::all::{Findings, Oracle};
use super::leader_in_isr::listed;
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle; it remembers nothing.
#[derive(Default)]
pub struct IsrWithinReplicas;

impl Oracle for IsrWithinReplicas {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Partition { topic_partition, .. } = seen.change else { return };
        let Some(known) = seen.cluster.decided(topic_partition) else { return };
        let state = &known.state;
        let within = state.isr.iter().chain(&state.elr).all(|member| state.replicas.contains(member));
        let apart = !state.elr.iter().any(|member| state.isr.contains(member));
        if within && apart {
            return;
        }
        findings.add(Anomaly::IsrWithinReplicas, topic_partition, None, seen, || {
            let (isr, elr, replicas) = (listed(&state.isr), listed(&state.elr), listed(&state.replicas));
            let epoch = state.partition_epoch;
            format!(
                "{topic_partition} has ISR {isr} and ELR {elr} of replicas {replicas}, as of partition epoch {epoch}"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use broker_core::metadata::PartitionState;

    use super::*;
    use crate::oracle::testing::{Scene, ids};

    fn found(change: fn(&mut PartitionState)) -> Vec<Anomaly> {
        let mut scene = Scene::new();
        scene.decide(change);
        scene.found()
    }

    #[test]
    fn members_hold_replicas_and_are_in_one_set_only() {
        assert_eq!(found(|known| (known.isr, known.elr) = (ids(&[1]), ids(&[2, 3]))), []);
        assert_eq!(found(|known| known.isr = ids(&[1, 2, 4])), [Anomaly::IsrWithinReplicas]);
        let stranger = |known: &mut PartitionState| (known.isr, known.elr) = (ids(&[1]), ids(&[4]));
        assert_eq!(found(stranger), [Anomaly::IsrWithinReplicas]);
        let both = |known: &mut PartitionState| (known.isr, known.elr) = (ids(&[1]), ids(&[1]));
        assert_eq!(found(both), [Anomaly::IsrWithinReplicas]);
    }

    #[test]
    fn says_who() {
        let mut scene = Scene::new();
        scene.decide(|known| known.isr = ids(&[1, 4]));
        let summary = "orders-0 has ISR [1, 4] and ELR [] of replicas [1, 2, 3], as of partition epoch 1";
        assert_eq!(scene.first(Anomaly::IsrWithinReplicas), summary);
    }
}
