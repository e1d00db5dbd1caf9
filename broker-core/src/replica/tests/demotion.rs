//! What happens to promises when a leadership ends.

use super::*;

#[test]
fn every_produce_that_waits_is_completed_at_demotion() {
    for leader in [2, BrokerId::NONE.0] {
        let mut bench = Bench::leading(2);
        bench.produce(Acks::All);
        bench.produce(Acks::All);
        bench.metadata(leader, &[2, 3], 2, 2);
        let error = ErrorCode::NOT_LEADER_OR_FOLLOWER;
        assert_eq!(bench.done(), [(1, error), (2, error)]);
        assert!(!bench.replica.is_leader());
        assert!(!bench.out.readable.is_empty(), "a fetch that waits must learn of it");
    }
}

#[test]
fn the_high_watermark_of_a_later_leader_epoch_completes_nothing_of_an_earlier_one() {
    // Re-elected without having noticed that nobody led in leader epoch 2.
    let mut bench = Bench::leading(2);
    bench.produce(Acks::All);
    bench.metadata(1, &[1, 2], 3, 3);
    assert_eq!(bench.done(), [(1, ErrorCode::NOT_LEADER_OR_FOLLOWER)]);
    bench.asks(2, 1);
    assert_eq!(bench.high_watermark(), 1);
    assert_eq!(bench.done(), [], "the promise was broken once and for all");
}

#[test]
fn a_new_leader_starts_with_a_clean_slate() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.asks(2, 1);
    bench.metadata(2, &[1, 2, 3], 2, 2);
    bench.metadata(1, &[1, 2, 3], 3, 3);
    bench.asks(3, 1);
    assert_eq!(bench.high_watermark(), 0, "broker 2 may have truncated since");
    bench.asks(2, 1);
    assert_eq!(bench.high_watermark(), 1);
}

#[test]
fn a_leader_that_is_elected_again_still_knows_its_followers() {
    // Nobody led in leader epoch 2; this broker never followed anybody, so what its followers have is its own log.
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.asks(2, 1);
    bench.pass(bench.lag_max() * 2);
    bench.metadata(1, &[1, 2], 3, 3);
    assert_eq!(bench.high_watermark(), 1, "broker 3 was not caught up and is in no ISR");
    bench.produce(Acks::Leader);
    bench.pass(bench.lag_max());
    assert_eq!(bench.proposal(), None, "the time of broker 2 began anew");
}

#[test]
fn metadata_with_an_older_partition_epoch_is_ignored() {
    let mut bench = Bench::leading(2);
    bench.metadata(1, &[1, 2], 1, 5);
    for (leader, leader_epoch, partition_epoch) in [(1, 1, 4), (2, 1, 5), (2, 0, 3)] {
        bench.metadata(leader, &[1, 2, 3], leader_epoch, partition_epoch);
        assert!(bench.replica.is_leader());
        assert_eq!((bench.isr(), bench.replica.state().partition_epoch.0), (vec![1, 2], 5));
    }
}

#[test]
fn a_leader_epoch_without_a_record_is_remembered() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.metadata(2, &[1, 2, 3], 2, 2);
    bench.metadata(1, &[1, 2, 3], 3, 3);
    let entries = bench.replica.log().epochs().entries();
    let epochs: Vec<_> = entries.iter().map(|entry| (entry.epoch.0, entry.start_offset.0)).collect();
    assert_eq!(epochs, [(1, 0), (3, 1)]);
    assert!(bench.replica.log_mut().take_epoch_checkpoint().is_some(), "and written down");
}

#[test]
fn a_shrunk_isr_in_the_same_leader_epoch_keeps_the_leadership_and_what_waits() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::All);
    bench.asks(2, 1);
    bench.fence(3);
    bench.metadata(1, &[1, 2], 1, 2);
    assert_eq!(bench.done(), [(1, ErrorCode::NONE)], "broker 3 need not be waited for any more");
    assert_eq!(bench.events("leader_started"), 1);
    assert_eq!(bench.events("isr_shrunk"), 1);
}
