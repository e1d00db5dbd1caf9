//! The policy `sync`: a leader counts only what is durable.

use super::*;

fn leading() -> Bench {
    let mut bench = Bench::new(2, Some(1));
    bench.metadata(1, &[1, 2, 3], 1, 1);
    bench
}

#[test]
fn the_high_watermark_waits_for_the_leaders_flush() {
    let mut bench = leading();
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    bench.asks(2, 1);
    bench.asks(3, 1);
    assert_eq!((bench.high_watermark(), bench.done()), (0, vec![]), "two of three are not all");
    bench.flush();
    assert_eq!((bench.high_watermark(), bench.done()), (1, vec![(1, ErrorCode::NONE)]));
}

#[test]
fn acks_1_waits_for_the_flush_and_acks_0_does_not() {
    let mut bench = leading();
    assert_eq!(bench.produce(Acks::None), ok(0));
    assert_eq!(bench.produce(Acks::Leader), Produced::Later);
    bench.flush();
    assert_eq!(bench.done(), [(2, ErrorCode::NONE)]);
}

#[test]
fn a_flush_that_began_before_an_append_does_not_answer_for_it() {
    let mut bench = leading();
    bench.produce(Acks::Leader);
    let first = bench.replica.log_mut().start_flush().unwrap();
    bench.produce(Acks::Leader);
    bench.storage.apply(&first.steps);
    bench.with_env(Replica::flushed);
    assert_eq!(bench.done(), [(1, ErrorCode::NONE)]);
    bench.flush();
    assert_eq!(bench.done(), [(2, ErrorCode::NONE)]);
}

#[test]
fn who_waits_for_a_flush_is_told_of_a_demotion_and_of_a_timeout_too() {
    let mut bench = leading();
    bench.produce(Acks::Leader);
    bench.pass(PATIENCE);
    assert_eq!(bench.done(), [(1, ErrorCode::REQUEST_TIMED_OUT)]);
    bench.produce(Acks::Leader);
    bench.metadata(2, &[2, 3], 2, 2);
    assert_eq!(bench.done(), [(2, ErrorCode::NOT_LEADER_OR_FOLLOWER)]);
    bench.flush();
    assert_eq!(bench.done(), []);
}
