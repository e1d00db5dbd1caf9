//! Who leads, and that the rules are those of KIP-966.

use crate::controller::elect::{Election, EligibleLeaders, Rules, Target, Unclean, elect};
use crate::metadata::PartitionState;
use crate::types::{BrokerId, LeaderEpoch, PartitionEpoch};
use proptest::prelude::*;

const NOBODY: i32 = -1;

fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().map(|id| BrokerId(*id)).collect()
}

fn state(isr: &[i32], elr: &[i32], leader: i32, last_known_leader: i32) -> PartitionState {
    PartitionState {
        isr: ids(isr),
        elr: ids(elr),
        leader: BrokerId(leader),
        last_known_leader: BrokerId(last_known_leader),
        leader_epoch: LeaderEpoch(5),
        partition_epoch: PartitionEpoch(9),
        ..PartitionState::new(ids(&[1, 2, 3]))
    }
}

const KEPT: Rules = Rules { min_insync: 2, eligible: EligibleLeaders::Kept, unclean: Unclean::Forbidden };
const IGNORED: Rules = Rules { eligible: EligibleLeaders::Ignored, ..KEPT };

/// `live` may lead; the ISR is to become `isr`; `unclean` came back without a good-bye.
fn after(
    before: &PartitionState,
    rules: Rules,
    isr: &[i32],
    live: &[i32],
    unclean: Option<i32>,
) -> Option<Election> {
    let target = Target { isr: &ids(isr), unclean_shutdown: unclean.map(BrokerId) };
    elect(before, rules, target, |broker| live.contains(&broker.0))
}

/// Leader, ISR, ELR and last known leader.
fn summary(election: &Election) -> (i32, Vec<i32>, Vec<i32>, i32) {
    let numbers = |brokers: &[BrokerId]| brokers.iter().map(|broker| broker.0).collect();
    let state = &election.state;
    (state.leader.0, numbers(&state.isr), numbers(&state.elr), state.last_known_leader.0)
}

#[test]
fn a_fenced_leader_gives_way_to_the_first_live_member_of_the_isr() {
    let election = after(&state(&[1, 2, 3], &[], 1, NOBODY), KEPT, &[2, 3], &[2, 3], None).unwrap();
    assert_eq!(summary(&election), (2, vec![2, 3], vec![], NOBODY));
    assert_eq!(election.state.leader_epoch, LeaderEpoch(6));
    assert_eq!(election.state.partition_epoch, PartitionEpoch(10));
}

#[test]
fn a_smaller_isr_without_a_leader_change_keeps_the_leader_epoch() {
    let election = after(&state(&[1, 2, 3], &[], 1, NOBODY), KEPT, &[1, 3], &[1, 3], None).unwrap();
    assert_eq!((election.state.leader, election.state.leader_epoch), (BrokerId(1), LeaderEpoch(5)));
    assert_eq!(election.state.partition_epoch, PartitionEpoch(10));
}

#[test]
fn nothing_changes_when_nothing_has_to() {
    let before = state(&[1, 2, 3], &[], 1, NOBODY);
    let rules = Rules { unclean: Unclean::Allowed, ..KEPT };
    assert_eq!(after(&before, rules, &[1, 2, 3], &[1, 2, 3], None), None);
}

#[test]
fn without_elr_the_last_member_stays_in_the_isr_and_nobody_leads() {
    let election = after(&state(&[1], &[], 1, NOBODY), IGNORED, &[], &[2, 3], None).unwrap();
    assert_eq!(summary(&election), (NOBODY, vec![1], vec![], NOBODY));
    assert!(!election.unclean);
}

#[test]
fn who_leaves_an_isr_below_the_minimum_stays_eligible_and_leads_when_nobody_else_can() {
    let shrunk = after(&state(&[1, 2, 3], &[], 1, NOBODY), KEPT, &[1], &[1, 2, 3], None).unwrap();
    assert_eq!(summary(&shrunk), (1, vec![1], vec![2, 3], NOBODY));
    let elected = after(&shrunk.state, KEPT, &[], &[3], None).unwrap();
    assert_eq!(summary(&elected), (3, vec![3], vec![1, 2], NOBODY));
    assert!(!elected.unclean, "it lacks nothing");
    let expanded = after(&elected.state, KEPT, &[2, 3], &[2, 3], None).unwrap();
    assert_eq!(summary(&expanded), (3, vec![2, 3], vec![], NOBODY), "from now on others may lack something");
}

#[test]
fn when_nobody_is_left_the_last_leader_is_remembered_and_elected_uncleanly() {
    let gone = after(&state(&[3], &[2], 3, NOBODY), KEPT, &[], &[], None).unwrap();
    assert_eq!(summary(&gone), (NOBODY, vec![], vec![2, 3], 3));
    let dirty = after(&gone.state, KEPT, &[], &[], Some(3)).unwrap();
    assert_eq!(summary(&dirty), (NOBODY, vec![], vec![2], 3));
    assert_eq!(
        after(&dirty.state, KEPT, &[], &[1, 3], None),
        None,
        "broker 2 may still come back with everything"
    );
    let hopeless = after(&dirty.state, KEPT, &[], &[1, 3], Some(2)).unwrap();
    assert_eq!(summary(&hopeless), (3, vec![3], vec![], NOBODY));
    assert!(hopeless.unclean, "it may have lost what it had");
}

#[test]
fn the_last_known_leader_must_live() {
    let nobody = state(&[], &[], NOBODY, 3);
    assert_eq!(after(&nobody, KEPT, &[], &[1, 2], None), None, "KAFKA-19522");
    let allowed = Rules { unclean: Unclean::Allowed, ..KEPT };
    let any = after(&nobody, allowed, &[], &[1, 2], None).unwrap();
    assert_eq!(summary(&any), (1, vec![1], vec![], NOBODY));
    let last = after(&nobody, allowed, &[], &[1, 2, 3], None).unwrap();
    assert_eq!(summary(&last).0, 3, "it is preferred to any other");
}

#[test]
fn an_unclean_election_makes_a_live_replica_the_whole_isr() {
    let allowed = Rules { unclean: Unclean::Allowed, ..IGNORED };
    let election = after(&state(&[1], &[], 1, NOBODY), allowed, &[], &[2, 3], None).unwrap();
    assert_eq!(summary(&election), (2, vec![2], vec![], NOBODY));
    assert!(election.unclean);
}

/// The rules once more, as a table from best to worst: who may lead is whoever fits the first line that fits anybody.
fn naive(before: &PartitionState, rules: Rules, target: Target<'_>, live: &[BrokerId]) -> (BrokerId, bool) {
    let kept = rules.eligible == EligibleLeaders::Kept;
    let isr = target.isr;
    let below = isr.len() < rules.min_insync;
    let elr: Vec<BrokerId> = [&before.elr[..], &before.isr[..]].concat();
    let elr: Vec<BrokerId> = elr
        .into_iter()
        .filter(|member| kept && below && !isr.contains(member) && target.unclean_shutdown != Some(*member))
        .collect();
    let may = |ranks: &[bool]| ranks.iter().position(|fits| *fits);
    let rank = |replica: BrokerId| {
        may(&[
            isr.contains(&replica) && replica == before.leader,
            isr.contains(&replica),
            isr.is_empty() && elr.contains(&replica),
            kept && isr.is_empty() && elr.is_empty() && replica == before.last_known_leader,
            rules.unclean == Unclean::Allowed,
        ])
    };
    let candidates = before.replicas.iter().filter(|replica| live.contains(replica));
    let best = candidates.filter_map(|replica| Some((rank(*replica)?, *replica)));
    // The first of the best, in the order of the replicas.
    best.min_by_key(|(rank, _)| *rank).map_or((BrokerId::NONE, false), |(rank, replica)| (replica, 3 <= rank))
}

fn some_of(set: u8) -> Vec<BrokerId> {
    (1..=4).filter(|id| set & (1 << id) != 0).map(BrokerId).collect()
}

proptest! {
    #[test]
    fn it_elects_as_a_naive_reading_of_the_rules_would(
        (isr, elr, leader, last) in (0u8..32, 0u8..32, 0usize..4, 1i32..5),
        (goes, unclean, live) in (0u8..32, 0i32..5, 0u8..32),
        (min_insync, kept, allowed) in (1usize..5, any::<bool>(), any::<bool>()),
    ) {
        let rules = Rules {
            min_insync,
            eligible: if kept { EligibleLeaders::Kept } else { EligibleLeaders::Ignored },
            unclean: if allowed { Unclean::Allowed } else { Unclean::Forbidden },
        };
        let mut isr = some_of(isr);
        if isr.is_empty() && !kept {
            isr = vec![BrokerId(1)];
        }
        let mut elr = some_of(elr);
        elr.retain(|member| kept && isr.len() < min_insync && !isr.contains(member));
        let leader = isr.get(leader).copied().unwrap_or(BrokerId::NONE);
        let last_known_leader = if isr.is_empty() { BrokerId(last) } else { BrokerId::NONE };
        let before = PartitionState {
            isr, elr, leader, last_known_leader, ..PartitionState::new(some_of(0b1_1110))
        };
        let unclean_shutdown = (unclean != 0).then_some(BrokerId(unclean));
        let gone = some_of(goes);
        let target: Vec<BrokerId> = before.isr.iter().copied()
            .filter(|member| !gone.contains(member) && unclean_shutdown != Some(*member)).collect();
        // Whoever goes does not live.
        let live: Vec<BrokerId> = some_of(live).into_iter()
            .filter(|broker| !gone.contains(broker) && unclean_shutdown != Some(*broker)).collect();
        let target = Target { isr: &target, unclean_shutdown };
        let election = elect(&before, rules, target, |broker| live.contains(&broker));
        let expected = naive(&before, rules, target, &live);
        let found = election.as_ref().map_or((before.leader, false), |done| (done.state.leader, done.unclean));
        prop_assert_eq!(found, expected);
        if let Some(Election { state, .. }) = election {
            prop_assert!(state.leader == BrokerId::NONE || state.isr.contains(&state.leader));
            prop_assert!(state.elr.iter().all(|member| !state.isr.contains(member)));
            let lost = unclean_shutdown.is_some_and(|member| state.elr.contains(&member));
            prop_assert!(!lost, "who stopped uncleanly is eligible");
            prop_assert_eq!(state.partition_epoch.0, before.partition_epoch.0 + 1);
        }
    }
}
