//! `elr-empty`: with a full ISR nobody outside it is eligible.
//!
//! Formally, in every state of the controller, for every topic partition p: if |isr(p)| >= min.insync.replicas(p), then elr(p)
//! is empty; where min.insync.replicas counts as at most the number of replicas.
//!
//! Source: KIP-966 - from then on records are acknowledged without those outside the ISR; `PartitionChangeBuilder`; J.
//! Vanlightly's `ValidControllerIsrAndElr`, its last part.
//!
//! No false alarm: ISR and ELR change with one record of the controller's own image, and the settings of a topic never change.

use super::all::{Findings, Oracle};
use super::leader_in_isr::listed;
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle; it remembers nothing.
#[derive(Default)]
pub struct ElrEmpty;

impl Oracle for ElrEmpty {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Partition { topic_partition, .. } = seen.change else { return };
        let Some(known) = seen.cluster.decided(topic_partition) else { return };
        let (state, min_insync) = (&known.state, known.min_insync);
        if state.isr.len() < min_insync || state.elr.is_empty() {
            return;
        }
        findings.add(Anomaly::ElrEmpty, topic_partition, None, seen, || {
            let (isr, elr, epoch) = (listed(&state.isr), listed(&state.elr), state.partition_epoch);
            format!(
                "{topic_partition} has ELR {elr} although its ISR {isr} has min.insync.replicas = {min_insync} members, as of \
                 partition epoch {epoch}"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::{Scene, ids};

    #[test]
    fn the_eligible_are_forgotten_once_the_isr_is_large_enough() {
        let mut scene = Scene::new();
        scene.decide(|known| (known.isr, known.elr) = (ids(&[1]), ids(&[2, 3])));
        scene.decide(|known| (known.isr, known.elr) = (ids(&[1, 3]), ids(&[])));
        assert_eq!(scene.found(), []);
        scene.decide(|known| known.elr = ids(&[2]));
        assert_eq!(scene.found(), [Anomaly::ElrEmpty]);
        let summary = "orders-0 has ELR [2] although its ISR [1, 3] has min.insync.replicas = 2 members, as of partition \
                       epoch 3";
        assert_eq!(scene.first(Anomaly::ElrEmpty), summary);
    }
}
