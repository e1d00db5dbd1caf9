//! Who holds, follows and leads one topic partition, as the controller decided (`PartitionRegistration`).

use serde::{Deserialize, Serialize};

use super::check::known;
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
    /// Eligible leader replicas (KIP-966), in the order of the replicas: they left an ISR that has been below
    /// min.insync.replicas ever since, so nothing was acknowledged that they lack.
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

    /// Whether this can be, whatever was before.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let once = |members: &[BrokerId]| {
            let earlier = |index: usize| &members[..index];
            members.iter().enumerate().all(|(index, id)| 0 <= id.0 && !earlier(index).contains(id))
        };
        let within = |members: &[BrokerId]| members.iter().all(|member| self.replicas.contains(member));
        let nobody_leads = self.leader == BrokerId::NONE;
        let last = self.last_known_leader;
        known(once(&self.replicas) && once(&self.isr) && once(&self.elr), "a replica twice, or none")?;
        known(within(&self.isr), "an ISR outside the replicas")?;
        known(within(&self.elr), "an ELR outside the replicas")?;
        known(!self.elr.iter().any(|member| self.isr.contains(member)), "a replica in ISR and ELR")?;
        known(nobody_leads || self.isr.contains(&self.leader), "a leader outside the ISR")?;
        known(last == BrokerId::NONE || nobody_leads, "a last known leader beside a leader")?;
        known(last == BrokerId::NONE || within(&[last]), "a last known leader outside the replicas")?;
        known(0 <= self.leader_epoch.0 && 0 <= self.partition_epoch.0, "a negative epoch")
    }
}
