//! Who leaves the ISR, who joins it, and when.

use super::*;

const MOMENT: Duration = Duration::from_millis(1);

#[test]
fn a_silent_follower_is_to_leave_after_the_lag_and_not_before() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.pass(bench.lag_max() / 2);
    bench.asks(2, 1);
    bench.pass(bench.lag_max() / 2);
    assert_eq!(bench.proposal(), None, "exactly the lag is not more than it");
    bench.pass(bench.lag_max() / 2);
    assert_eq!(bench.proposed_isr(), Some(vec![1, 2]));
    assert_eq!(bench.proposal(), None, "asked once");
}

#[test]
fn it_looks_only_every_half_of_the_lag() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.pass(bench.lag_max() + MOMENT);
    bench.asks(2, 1);
    bench.asks(3, 1);
    bench.produce(Acks::Leader);
    assert_eq!(bench.proposed_isr(), Some(vec![1]), "both were late when it looked");

    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.pass(bench.lag_max());
    bench.pass(MOMENT);
    assert_eq!(bench.proposal(), None, "late, but nobody looks");
    assert_eq!(bench.replica.next_deadline(), Some(bench.now + (bench.lag_max() / 2 - MOMENT)));
}

#[test]
fn who_is_at_the_end_stays_however_long_nothing_happens() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.asks(2, 1);
    bench.asks(3, 1);
    bench.pass(bench.lag_max() * 3);
    assert_eq!(bench.proposal(), None);
}

#[test]
fn a_follower_always_one_step_behind_is_in_sync() {
    let mut bench = Bench::leading(2);
    for end in 1..=20 {
        bench.produce(Acks::Leader);
        // Each time it has what there was at its fetch before, and never what there is.
        bench.asks(2, end - 1);
        bench.asks(3, 0);
        bench.pass(bench.lag_max() / 4);
    }
    assert_eq!(bench.proposed_isr(), Some(vec![1, 2]), "broker 3 makes no progress");
}

#[test]
fn who_joins_must_have_the_high_watermark() {
    let mut bench = Bench::new(1, None);
    bench.metadata(1, &[1], 1, 1);
    bench.produce(Acks::All);
    bench.produce(Acks::All);
    assert_eq!(bench.high_watermark(), 2);
    bench.asks(2, 1);
    assert_eq!(bench.proposal(), None);
    bench.asks(2, 2);
    let proposal = bench.proposal().unwrap();
    assert_eq!((proposal.leader_epoch.0, proposal.partition_epoch.0), (1, 1));
    assert_eq!(proposal.isr, [(ME, BrokerEpoch(10)), (BrokerId(2), BrokerEpoch(20))]);
}

#[test]
fn who_joins_must_have_the_start_of_the_leader_epoch() {
    // Three records that the high watermark has not reached, then a new leader epoch begins above them.
    let mut bench = Bench::leading(2);
    for _ in 0..3 {
        bench.produce(Acks::Leader);
    }
    bench.metadata(1, &[1, 3], 2, 2);
    assert_eq!(bench.high_watermark(), 0);
    bench.asks(2, 1);
    assert_eq!(bench.proposal(), None, "above the high watermark, below the start (KAFKA-7128)");
    bench.asks(2, 3);
    assert_eq!(bench.proposed_isr(), Some(vec![1, 3, 2]));
}

#[test]
fn who_is_fenced_or_stopping_does_not_join() {
    for (fenced, in_controlled_shutdown) in [(true, false), (false, true)] {
        let mut bench = Bench::leading(2);
        bench.metadata(1, &[1, 3], 1, 2);
        let spoilt = BrokerRegistration { fenced, in_controlled_shutdown, ..registration(2) };
        bench.brokers.insert(BrokerId(2), spoilt);
        bench.asks(2, 0);
        assert_eq!(bench.proposal(), None, "KIP-841");
        bench.brokers.insert(BrokerId(2), registration(2));
        bench.asks(2, 0);
        assert_eq!(bench.proposed_isr(), Some(vec![1, 3, 2]));
    }
}

#[test]
fn who_fetches_under_another_registration_does_not_join() {
    let mut bench = Bench::leading(2);
    bench.metadata(1, &[1, 3], 1, 2);
    bench.asks_as(2, BrokerEpoch(19), 0);
    assert_eq!(bench.proposal(), None, "from before its restart (KIP-903)");
    bench.asks_as(2, BrokerEpoch(21), 0);
    assert_eq!(bench.proposal(), None, "metadata does not know of this one yet");
    assert!(!bench.asks(2, 0), "an old fetch that comes late says nothing");
    bench.brokers.get_mut(&BrokerId(2)).unwrap().epoch = BrokerEpoch(21);
    assert!(bench.asks(2, 0));
    assert_eq!(bench.proposal().unwrap().isr[2], (BrokerId(2), BrokerEpoch(21)));
}

#[test]
fn a_fetch_from_before_a_restart_is_no_progress() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.asks(3, 1);
    bench.brokers.get_mut(&BrokerId(2)).unwrap().epoch = BrokerEpoch(40);
    let before_the_restart = BrokerEpoch(20);
    assert!(!bench.asks_as(2, before_the_restart, 1), "metadata is enough to know that it is late");
    assert!(bench.asks(2, 0), "it lost its log");
    assert!(!bench.asks_as(2, before_the_restart, 1));
    assert_eq!(bench.high_watermark(), 0);
}

#[test]
fn strangers_are_no_followers() {
    let mut bench = Bench::leading(2);
    assert!(!bench.asks_as(9, BrokerEpoch(90), 0));
    assert!(!bench.asks_as(1, BrokerEpoch(10), 0), "nor is the leader itself");
    assert!(!Bench::following().asks(3, 0), "and who does not lead has none");
}

#[test]
fn while_one_change_is_pending_no_other_is_proposed() {
    let mut bench = Bench::new(1, None);
    bench.metadata(1, &[1], 1, 1);
    bench.asks(2, 0);
    let first = bench.proposal().unwrap();
    bench.asks(3, 0);
    bench.pass(bench.lag_max() * 2);
    assert_eq!(bench.proposal(), None);
    bench.answer(&first, changed(&[1, 2], 2));
    bench.asks(3, 0);
    assert_eq!(bench.proposed_isr(), Some(vec![1, 2, 3]));
}
