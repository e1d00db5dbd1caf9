//! A damaged replica does not lead before others have repaired it.

use proptest::prelude::*;

use super::*;

fn damaged() -> Bench {
    let mut bench = Bench::new(1, None);
    bench.replica = bench.replica.damaged();
    bench
}

#[test]
fn one_that_is_elected_says_that_its_disk_is_to_blame() {
    let mut bench = damaged();
    bench.metadata(1, &[1], 1, 1);
    assert!(!bench.replica.is_leader());
    assert_eq!(bench.events("leadership_refused"), 1);
    assert_eq!(bench.produce(Acks::All), refused(ErrorCode::KAFKA_STORAGE_ERROR));
    assert_eq!(bench.replica.latest_visible(None), Err(ErrorCode::KAFKA_STORAGE_ERROR));
    let request = ReadRequest {
        reader: Reader::Follower,
        offset: Offset(0),
        current_leader_epoch: Some(LeaderEpoch(1)),
        last_fetched_epoch: None,
        max_bytes: 100,
    };
    let read = bench.replica.read(&bench.storage, &request).unwrap();
    assert_eq!(read.error, ErrorCode::KAFKA_STORAGE_ERROR, "nobody truncates to what is left here");
    assert_eq!(bench.replica.fetch_position(), None);
    assert_eq!(bench.proposal(), None);
}

#[test]
fn outside_the_isr_and_taken_in_by_another_leader_it_is_repaired() {
    let mut bench = damaged();
    bench.metadata(2, &[2, 3], 1, 1);
    assert_eq!(bench.replica.damage(), Some(Damage::Repairing));
    bench.replicate();
    assert!(!bench.replica.log().flush_due(), "it follows as any other");
    bench.metadata(2, &[1, 2, 3], 1, 2);
    assert_eq!(bench.events("replica_repaired"), 1);
    assert!(!bench.replica.is_note_obsolete(), "not before it is durable");
    assert!(bench.replica.log().flush_due(), "whatever the policy");
    bench.flush();
    assert!(bench.replica.is_note_obsolete());
    bench.replica.note_removed();
    bench.metadata(1, &[1, 2, 3], 2, 3);
    assert!(bench.replica.is_leader());
}

#[test]
fn an_isr_that_still_speaks_of_the_log_before_the_damage_repairs_nothing() {
    let mut bench = damaged();
    bench.metadata(2, &[1, 2, 3], 1, 1);
    assert_eq!(bench.replica.damage(), Some(Damage::Damaged));
    bench.metadata(1, &[1], 2, 2);
    assert!(!bench.replica.is_leader());
}

#[test]
fn who_is_elected_because_nobody_else_is_left_is_not_repaired() {
    let mut bench = damaged();
    bench.metadata(2, &[2], 1, 1);
    bench.metadata(1, &[1], 2, 2);
    assert_eq!((bench.replica.is_leader(), bench.events("leadership_refused")), (false, 1));
    bench.metadata(2, &[1, 2], 3, 3);
    assert_eq!(bench.replica.damage(), Some(Damage::Damaged), "it has to leave the ISR first");
    bench.metadata(2, &[2], 3, 4);
    bench.metadata(2, &[1, 2], 3, 5);
    assert!(matches!(bench.replica.damage(), Some(Damage::Repaired(_))));
}

#[test]
fn taken_in_and_elected_between_two_looks_it_leads() {
    let mut bench = damaged();
    bench.metadata(2, &[2], 1, 1);
    let state = PartitionState { isr: ids(&[1, 2]), ..bench.replica.state().clone() };
    bench.with_env(|replica, env| replica.witness(env, &state));
    bench.metadata(1, &[1], 2, 3);
    assert!(bench.replica.is_leader());
}

proptest! {
    #[test]
    fn whoever_leads_was_taken_in_by_another_leader_after_having_been_outside(
        states in prop::collection::vec((0i32..4, prop::collection::btree_set(1i32..4, 1..4)), 1..12),
    ) {
        let mut bench = damaged();
        let (mut outside, mut repaired) = (false, false);
        for (index, (leader, mut isr)) in states.into_iter().enumerate() {
            let leader = if leader == 0 { -1 } else { leader };
            if leader != -1 {
                isr.insert(leader);
            }
            repaired = repaired || outside && isr.contains(&1) && leader != -1 && leader != 1;
            outside = !isr.contains(&1);
            let isr: Vec<i32> = isr.into_iter().collect();
            bench.metadata(leader, &isr, index as i32 + 1, index as i32 + 1);
            prop_assert_eq!(bench.replica.is_leader(), leader == 1 && repaired);
        }
    }
}
