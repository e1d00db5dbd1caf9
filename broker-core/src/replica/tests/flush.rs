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

fn group_committing() -> Bench {
    let mut bench = Bench::with_policy(2, FlushPolicy { group_commit: true, ..FlushPolicy::default() });
    bench.metadata(1, &[1, 2, 3], 1, 1);
    // The names of a log that was just opened.
    bench.flush();
    bench
}

#[test]
fn with_group_commit_the_high_watermark_does_not_wait_for_the_flush_but_the_answer_does() {
    let mut bench = group_committing();
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    bench.asks(2, 1);
    bench.asks(3, 1);
    assert_eq!((bench.high_watermark(), bench.done()), (1, vec![]), "committed, readable, not acknowledged");
    bench.flush();
    assert_eq!(bench.done(), [(1, ErrorCode::NONE)]);
    assert_eq!(bench.produce(Acks::All), Produced::Later);
    bench.flush();
    assert_eq!(bench.done(), [], "durable here and nowhere else");
    bench.asks(2, 2);
    bench.asks(3, 2);
    assert_eq!(bench.done(), [(2, ErrorCode::NONE)]);
}

#[test]
fn with_group_commit_one_flush_answers_for_all_that_came_before_it_began() {
    let mut bench = group_committing();
    assert_eq!(bench.produce(Acks::None), ok(0));
    assert!(bench.replica.log().flush_due(), "as soon as there is something unflushed");
    let first = bench.replica.log_mut().start_flush().unwrap();
    assert_eq!(bench.produce(Acks::Leader), Produced::Later);
    assert_eq!(bench.produce(Acks::Leader), Produced::Later);
    assert!(!bench.replica.log().flush_due(), "one at a time");
    bench.storage.apply(&first.steps);
    bench.with_env(Replica::flushed);
    assert_eq!(bench.done(), []);
    assert!(bench.replica.log().flush_due());
    bench.flush();
    assert_eq!(bench.done(), [(2, ErrorCode::NONE), (3, ErrorCode::NONE)]);
    assert!(!bench.replica.log().flush_due(), "nothing to do");
}

#[test]
fn with_group_commit_a_duplicate_waits_for_the_flush_of_what_it_repeats() {
    let mut bench = group_committing();
    let batch = || testing::idempotent_batch(&["v"], 7, 0, 0);
    assert_eq!(bench.produce_batch(batch(), Acks::Leader), Produced::Later);
    assert_eq!(bench.produce_batch(batch(), Acks::Leader), Produced::Later);
    bench.flush();
    assert_eq!(bench.done(), [(1, ErrorCode::NONE), (2, ErrorCode::NONE)]);
    assert_eq!(bench.end(), 1);
}

#[test]
fn with_group_commit_a_follower_replicates_on_while_its_flush_is_under_way() {
    let mut bench = Bench::with_policy(2, FlushPolicy { group_commit: true, ..FlushPolicy::default() });
    bench.metadata(2, &[1, 2, 3], 1, 1);
    bench.replicate();
    assert!(bench.replica.log().flush_due());
    assert_eq!(bench.replica.fetch_position().map(|next| next.offset), Some(Offset(1)));
}
