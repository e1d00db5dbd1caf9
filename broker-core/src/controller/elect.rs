//! Who leads a topic partition (`PartitionChangeBuilder` in Kafka).

use crate::metadata::PartitionState;
use crate::types::{BrokerId, LeaderEpoch, PartitionEpoch};

/// Whether somebody outside the ISR may lead when nobody in it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclean {
    /// `unclean.leader.election.enable = true`.
    Allowed,
    /// The default.
    Forbidden,
}

/// How a leader was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Election {
    /// The state after it.
    pub state: PartitionState,
    /// Whether the leader was outside the ISR: acknowledged records may be gone.
    pub unclean: bool,
}

/// The state after the ISR became `target_isr` (never empty: an empty one means that the last member is going, and
/// the ISR stays as it is) and only brokers for which `acceptable` says so may lead. `None` if nothing changes.
///
/// The leader stays if it may; else the first replica in the ISR leads; else, if allowed, the first live replica, which
/// then is the whole ISR; else nobody. Leader epoch +1 if the leader changes, partition epoch +1 in any case.
pub fn elect(
    before: &PartitionState,
    target_isr: &[BrokerId],
    acceptable: impl Fn(BrokerId) -> bool,
    unclean: Unclean,
) -> Option<Election> {
    let in_order = |isr: &[BrokerId]| -> Vec<BrokerId> {
        before.replicas.iter().copied().filter(|replica| isr.contains(replica)).collect()
    };
    let mut isr = if target_isr.is_empty() { before.isr.clone() } else { in_order(target_isr) };
    let may_lead = |replica: BrokerId, isr: &[BrokerId]| isr.contains(&replica) && acceptable(replica);
    let mut elected_uncleanly = false;
    let leader = if may_lead(before.leader, &isr) {
        before.leader
    } else if let Some(clean) = before.replicas.iter().find(|replica| may_lead(**replica, &isr)) {
        *clean
    } else if let Some(any) = before.replicas.iter().find(|replica| acceptable(**replica))
        && unclean == Unclean::Allowed
    {
        elected_uncleanly = true;
        isr = vec![*any];
        *any
    } else {
        BrokerId::NONE
    };
    if leader == before.leader && isr == before.isr {
        return None;
    }
    let leader_epoch = LeaderEpoch(before.leader_epoch.0 + i32::from(leader != before.leader));
    let partition_epoch = PartitionEpoch(before.partition_epoch.0 + 1);
    let state =
        PartitionState { replicas: before.replicas.clone(), isr, leader, leader_epoch, partition_epoch };
    Some(Election { state, unclean: elected_uncleanly })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[i32]) -> Vec<BrokerId> {
        ids.iter().map(|id| BrokerId(*id)).collect()
    }

    fn state(isr: &[i32], leader: i32) -> PartitionState {
        PartitionState {
            replicas: ids(&[1, 2, 3]),
            isr: ids(isr),
            leader: BrokerId(leader),
            leader_epoch: LeaderEpoch(5),
            partition_epoch: PartitionEpoch(9),
        }
    }

    fn after(before: &PartitionState, isr: &[i32], live: &[i32], unclean: Unclean) -> Option<Election> {
        elect(before, &ids(isr), |broker| live.contains(&broker.0), unclean)
    }

    #[test]
    fn a_fenced_leader_gives_way_to_the_first_live_member_of_the_isr() {
        let election = after(&state(&[1, 2, 3], 1), &[2, 3], &[2, 3], Unclean::Forbidden).unwrap();
        assert_eq!((election.state.leader, election.state.isr), (BrokerId(2), ids(&[2, 3])));
        assert_eq!(election.state.leader_epoch, LeaderEpoch(6));
        assert_eq!(election.state.partition_epoch, PartitionEpoch(10));
    }

    #[test]
    fn a_smaller_isr_without_a_leader_change_keeps_the_leader_epoch() {
        let election = after(&state(&[1, 2, 3], 1), &[1, 3], &[1, 3], Unclean::Forbidden).unwrap();
        assert_eq!((election.state.leader, election.state.leader_epoch), (BrokerId(1), LeaderEpoch(5)));
        assert_eq!(election.state.partition_epoch, PartitionEpoch(10));
    }

    #[test]
    fn the_last_member_stays_in_the_isr_and_nobody_leads() {
        let election = after(&state(&[1], 1), &[], &[2, 3], Unclean::Forbidden).unwrap();
        assert_eq!((election.state.leader, election.state.isr), (BrokerId::NONE, ids(&[1])));
        assert!(!election.unclean);
    }

    #[test]
    fn an_unclean_election_makes_a_live_replica_the_whole_isr() {
        let election = after(&state(&[1], 1), &[], &[2, 3], Unclean::Allowed).unwrap();
        assert_eq!((election.state.leader, election.state.isr), (BrokerId(2), ids(&[2])));
        assert!(election.unclean);
    }

    #[test]
    fn nothing_changes_when_nothing_has_to() {
        assert_eq!(after(&state(&[1, 2, 3], 1), &[1, 2, 3], &[1, 2, 3], Unclean::Allowed), None);
    }
}
