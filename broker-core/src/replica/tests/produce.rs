//! What a producer is promised, and when.

use super::*;

#[test]
fn who_does_not_lead_refuses_and_appends_nothing() {
    for mut bench in [Bench::new(1, None), Bench::following()] {
        for acks in [Acks::None, Acks::Leader, Acks::All] {
            assert_eq!(bench.produce(acks), refused(ErrorCode::NOT_LEADER_OR_FOLLOWER));
        }
        assert_eq!(bench.end(), 0);
    }
}

#[test]
fn acks_all_is_refused_while_the_isr_is_too_small_and_acks_1_is_not() {
    let mut bench = Bench::new(2, None);
    bench.metadata(1, &[1], 1, 1);
    assert_eq!(bench.produce(Acks::All), refused(ErrorCode::NOT_ENOUGH_REPLICAS));
    assert_eq!(bench.end(), 0, "nothing was appended");
    assert_eq!(bench.produce(Acks::Leader), ok(0));
    assert_eq!(bench.end(), 1);
}

#[test]
fn a_proposed_member_does_not_make_the_isr_large_enough() {
    let mut bench = Bench::new(2, None);
    bench.metadata(1, &[1], 1, 1);
    bench.asks(2, 0);
    assert_eq!(bench.proposed_isr(), Some(vec![1, 2]));
    assert_eq!(bench.produce(Acks::All), refused(ErrorCode::NOT_ENOUGH_REPLICAS));
}

#[test]
fn min_insync_above_the_replication_factor_means_everybody() {
    let mut bench = Bench::leading(5);
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    bench.metadata(1, &[1, 2], 1, 2);
    assert_eq!(bench.produce(Acks::All), refused(ErrorCode::NOT_ENOUGH_REPLICAS));
}

#[test]
fn acks_all_waits_for_the_high_watermark_and_others_do_not() {
    let mut bench = Bench::leading(2);
    assert_eq!(bench.produce(Acks::None), ok(0));
    assert_eq!(bench.produce(Acks::Leader), ok(1));
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    bench.asks(2, 4);
    assert_eq!(bench.done(), [], "broker 3 is in sync too");
    bench.asks(3, 3);
    assert_eq!(bench.done(), [(3, ErrorCode::NONE)], "the fourth record is not on broker 3");
    bench.asks(3, 4);
    assert_eq!(bench.done(), [(4, ErrorCode::NONE)]);
}

#[test]
fn a_batch_is_done_when_its_last_record_is() {
    let mut bench = Bench::leading(2);
    assert_eq!(bench.produce_batch(testing::batch(&["a", "b", "c"]), Acks::All), Produced::Later);
    for end in [1, 2] {
        bench.asks(2, end);
        bench.asks(3, end);
        assert_eq!((bench.high_watermark(), bench.done()), (end, vec![]));
    }
    bench.asks(2, 3);
    bench.asks(3, 3);
    assert_eq!(bench.done(), [(1, ErrorCode::NONE)]);
}

#[test]
fn a_duplicate_appends_nothing_and_still_waits() {
    let batch = |sequence| testing::idempotent_batch(&["a", "b"], 9, 0, sequence);
    let mut bench = Bench::leading(2);
    assert_eq!(bench.produce_batch(batch(0), Acks::All), Produced::Later);
    assert_eq!(bench.produce_batch(batch(0), Acks::All), Produced::Later, "not replicated yet");
    assert_eq!(bench.produce_batch(batch(0), Acks::Leader), ok(0));
    assert_eq!((bench.end(), bench.events("duplicate_recognised")), (2, 2));
    bench.asks(2, 2);
    bench.asks(3, 2);
    let offsets: Vec<_> = bench.out.produced.iter().map(|(.., result)| result.base_offset).collect();
    assert_eq!(offsets, [Some(Offset(0)), Some(Offset(0))]);
    assert_eq!(bench.done(), [(1, ErrorCode::NONE), (2, ErrorCode::NONE)]);
    assert_eq!(bench.produce_batch(batch(0), Acks::All), ok(0), "now it is");
    let gap = batch(4);
    assert_eq!(bench.produce_batch(gap, Acks::All), refused(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER));
    assert_eq!(bench.end(), 2);
}

#[test]
fn a_failed_append_changes_nothing_that_a_retry_would_run_into() {
    let batch = testing::idempotent_batch(&["a"], 9, 0, 0);
    let mut bench = Bench::leading(2);
    bench.storage.limit_capacity(Some(10));
    let (token, deadline) = (ProduceToken(1), bench.now + PATIENCE);
    let failed =
        bench.with_env(|replica, env| replica.produce(env, batch.clone(), Acks::All, token, deadline));
    assert!(failed.is_err());
    assert_eq!((bench.end(), bench.events("records_appended")), (0, 0));
    let check = bench.replica.log().producers().check(&batch);
    assert_eq!(check, Ok(crate::log::SequenceCheck::Accept), "it is no duplicate (KAFKA-6683)");
}

#[test]
fn who_waited_too_long_is_told_so_and_the_record_may_still_commit() {
    let mut bench = Bench::leading(2);
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    assert_eq!(bench.replica.next_deadline(), Some(bench.now + PATIENCE));
    bench.pass(PATIENCE - Duration::from_millis(1));
    assert_eq!(bench.done(), []);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.done(), [(1, ErrorCode::REQUEST_TIMED_OUT)]);
    bench.asks(2, 1);
    bench.asks(3, 1);
    assert_eq!((bench.high_watermark(), bench.done()), (1, vec![]), "nobody is answered twice");
}

#[test]
fn who_is_answered_after_the_isr_became_too_small_is_told_so() {
    // In Kafka the ISR may shrink between the high watermark's move and the answer. Here one follows from the other at
    // once, so the moment in between has to be made.
    let mut bench = Bench::leading(2);
    let produce = purgatory::DelayedProduce {
        token: ProduceToken(1),
        base_offset: Offset(0),
        end_offset: Offset(1),
        deadline: bench.now,
    };
    bench.produce(Acks::All);
    for (isr, error) in
        [(vec![1, 2], ErrorCode::NONE), (vec![1], ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND)]
    {
        let partition_epoch = bench.replica.state().partition_epoch.0 + 1;
        bench.metadata(1, &isr, 1, partition_epoch);
        let result = bench.with_env(|replica, env| replica.replicated(env, &produce));
        assert_eq!(result, ProduceResult { error, base_offset: Some(Offset(0)) }, "it is in the log");
    }
}

#[test]
fn while_the_isr_is_too_small_nothing_that_waits_is_acknowledged() {
    let mut bench = Bench::leading(2);
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    bench.fence(3);
    bench.metadata(1, &[1], 1, 2);
    bench.pass(Duration::from_secs(1));
    assert_eq!((bench.high_watermark(), bench.done()), (0, vec![]), "the leader alone is not enough");
    bench.asks(2, 1);
    assert_eq!(bench.done(), [], "broker 2 has it, but is not in the ISR yet");
    let proposal = bench.proposal().unwrap();
    bench.answer(&proposal, changed(&[1, 2], 3));
    assert_eq!(bench.done(), [(1, ErrorCode::NONE)]);
}
