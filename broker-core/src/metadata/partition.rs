//! Who holds, follows and leads one topic partition, as the controller decided (`PartitionRegistration`).

use serde::{Deserialize, Serialize};

use crate::types::{BrokerId, LeaderEpoch, PartitionEpoch};

/// Who holds, follows and leads one topic partition.
///
/// * ISR and ELR are within the replicas and have no member in common.
/// * The leader, if there is one, is in the ISR; the ISR may be empty only while nobody leads.
/// * A last known leader is a replica, and remembered only while nobody leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionState {
    /// Brokers that hold it, preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// In-sync replicas, in the order of the replicas.
    pub isr: Vec<BrokerId>,
    /// Eligible leader replicas (KIP-966), in the order of the replicas: they left the ISR when it was below
    /// min.insync.replicas, so nothing was acknowledged since that they lack.
    pub elr: Vec<BrokerId>,
    /// Who led when the ISR became empty (the single member of Kafka's `LastKnownElr`); [`BrokerId::NONE`] otherwise.
    pub last_known_leader: BrokerId,
    /// Leader; [`BrokerId::NONE`] if nobody may lead.
    pub leader: BrokerId,
    /// Raised at each leader change.
    pub leader_epoch: LeaderEpoch,
    /// Raised at each change.
    pub partition_epoch: PartitionEpoch,
}

impl PartitionState {
    /// A partition that was never anything else: everybody is in sync, the first replica leads.
    ///
    /// # Panics
    /// Without replicas.
    pub fn new(replicas: Vec<BrokerId>) -> PartitionState {
        PartitionState {
            isr: replicas.clone(),
            elr: Vec::new(),
            last_known_leader: BrokerId::NONE,
            leader: *replicas.first().expect("somebody holds it"),
            leader_epoch: LeaderEpoch(0),
            partition_epoch: PartitionEpoch(0),
            replicas,
        }
    }

    /// Asserts the invariants.
    pub(super) fn check(&self) {
        let within = |members: &[BrokerId]| members.iter().all(|member| self.replicas.contains(member));
        assert!(within(&self.isr), "ISR outside replicas: {self:?}");
        assert!(within(&self.elr), "ELR outside replicas: {self:?}");
        assert!(!self.elr.iter().any(|member| self.isr.contains(member)), "in ISR and ELR: {self:?}");
        let nobody_leads = self.leader == BrokerId::NONE;
        assert!(nobody_leads || self.isr.contains(&self.leader), "leader outside the ISR: {self:?}");
        let last = self.last_known_leader;
        assert!(
            last == BrokerId::NONE || nobody_leads && self.replicas.contains(&last),
            "last known leader: {self:?}"
        );
    }
}
