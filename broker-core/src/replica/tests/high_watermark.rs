//! What the high watermark waits for.

use super::*;

#[test]
fn it_is_where_the_last_member_of_the_isr_asked() {
    let mut bench = Bench::leading(2);
    for _ in 0..5 {
        bench.produce(Acks::Leader);
    }
    for (follower, asked, high_watermark) in [(2, 5, 0), (3, 2, 2), (3, 4, 4), (3, 5, 5)] {
        bench.asks(follower, asked);
        assert_eq!(bench.high_watermark(), high_watermark, "after broker {follower} asked for {asked}");
    }
}

#[test]
fn what_was_sent_does_not_count_before_the_next_is_asked_for() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    let request = ReadRequest {
        reader: Reader::Follower,
        offset: Offset(0),
        current_leader_epoch: Some(LeaderEpoch(1)),
        last_fetched_epoch: None,
        max_bytes: 1000,
    };
    for follower in [2, 3] {
        assert!(!bench.replica.read(&bench.storage, &request).unwrap().records.is_empty());
        bench.asks(follower, 0);
    }
    assert_eq!(bench.high_watermark(), 0);
}

#[test]
fn it_never_goes_back_because_a_follower_does() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.asks(2, 1);
    bench.asks(3, 1);
    bench.asks(3, 0);
    assert_eq!(bench.high_watermark(), 1);
}

#[test]
fn it_stands_still_while_the_isr_is_below_min_insync() {
    let mut bench = Bench::new(2, None);
    bench.metadata(1, &[1], 1, 1);
    bench.produce(Acks::Leader);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.high_watermark(), 0, "one of two (KAFKA-15583)");
    bench.metadata(1, &[1, 2], 1, 2);
    bench.asks(2, 1);
    assert_eq!(bench.high_watermark(), 1);
}

#[test]
fn alone_with_min_insync_of_one_it_is_the_log_end() {
    let mut bench = Bench::new(1, None);
    bench.metadata(1, &[1], 1, 1);
    assert_eq!(bench.produce(Acks::All), ok(0));
    assert_eq!(bench.high_watermark(), 1);
}

#[test]
fn a_proposed_member_is_waited_for() {
    let mut bench = Bench::new(1, None);
    bench.metadata(1, &[1], 1, 1);
    bench.asks(2, 0);
    let proposal = bench.proposal().expect("broker 2 has everything");
    assert_eq!(bench.maximal_isr(), [1, 2]);
    bench.now = bench.now + bench.lag_max() * 2; // so that only the proposal speaks for broker 2
    bench.produce(Acks::All);
    assert_eq!(bench.high_watermark(), 0, "the controller may already have agreed (KIP-497)");
    bench.answer(&proposal, AlterPartitionOutcome::Refused(ErrorCode::INELIGIBLE_REPLICA));
    bench.produce(Acks::Leader);
    assert_eq!(bench.high_watermark(), 2, "it has not");
}

#[test]
fn who_is_about_to_leave_is_waited_for_until_the_controller_agreed() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.pass(bench.lag_max());
    bench.asks(2, 1);
    bench.pass(bench.lag_max() / 2);
    let proposal = bench.proposal().unwrap();
    assert_eq!(proposal.isr, [(ME, BrokerEpoch(10)), (BrokerId(2), BrokerEpoch(20))]);
    assert_eq!((bench.maximal_isr(), bench.high_watermark()), (vec![1, 2, 3], 0));
    bench.answer(&proposal, changed(&[1, 2], 2));
    assert_eq!((bench.maximal_isr(), bench.high_watermark()), (vec![1, 2], 1));
}

#[test]
fn a_follower_that_is_caught_up_and_will_soon_be_in_the_isr_is_waited_for() {
    let mut bench = Bench::new(1, None);
    bench.metadata(1, &[1, 3], 1, 1);
    bench.asks(2, 0);
    bench.asks(3, 0);
    let proposal = bench.proposal().unwrap();
    bench.answer(&proposal, AlterPartitionOutcome::Refused(ErrorCode::INELIGIBLE_REPLICA));
    bench.produce(Acks::Leader);
    bench.asks(3, 1);
    assert_eq!(bench.high_watermark(), 0, "broker 2 was caught up a moment ago");
    bench.fence(2);
    bench.asks(3, 1);
    assert_eq!(bench.high_watermark(), 1, "but now it cannot join");
}

#[test]
fn a_checkpoint_above_the_log_is_clipped() {
    let bench = Bench::new(1, None);
    let opened = Log::open(
        &mut MemStorage::default(),
        TopicPartition::new("t", 0),
        LogConfig::from(&bench.config.topic_defaults),
        Opening::Clean,
        Offset::ZERO,
    );
    let topic = bench.config.topic_defaults.clone();
    let replica = Replica::new(TopicId(7), ME, topic, opened.unwrap().0, Offset(50));
    assert_eq!(replica.high_watermark(), Offset(0));
}
