//! Following: what is appended, what is cut, what is dropped.

use proptest::prelude::*;

use super::*;

/// An answer with these batches.
fn records(batches: &[RecordBatch], high_watermark: i64) -> Fetched {
    let bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().to_vec()).collect();
    Fetched {
        error: ErrorCode::NONE,
        high_watermark: Offset(high_watermark),
        diverging: None,
        records: bytes.into(),
    }
}

/// One record at `offset`, written in `leader_epoch`.
fn record(offset: i64, leader_epoch: i32) -> RecordBatch {
    testing::batch(&["v"]).placed_at(Offset(offset), LeaderEpoch(leader_epoch))
}

fn diverging(epoch: i32, end_offset: i64) -> Fetched {
    let diverging = Diverging { epoch: LeaderEpoch(epoch), end_offset: Offset(end_offset) };
    Fetched { diverging: Some(diverging), ..records(&[], 1_000) }
}

impl Bench {
    fn position(&self) -> FetchPosition {
        self.replica.fetch_position().expect("it follows")
    }

    fn fetched(&mut self, asked: &FetchPosition, fetched: Fetched) {
        self.with_env(|replica, env| replica.fetched(env, asked, fetched)).unwrap();
    }

    /// The leader answers what is asked now.
    fn receives(&mut self, fetched: Fetched) {
        let asked = self.position();
        self.fetched(&asked, fetched);
    }

    fn epochs(&self) -> Vec<(i32, i64)> {
        let entries = self.replica.log().epochs().entries();
        entries.iter().map(|entry| (entry.epoch.0, entry.start_offset.0)).collect()
    }
}

#[test]
fn it_asks_from_its_log_end_and_says_which_epoch_is_before_that() {
    let mut bench = Bench::following();
    let first = FetchPosition {
        leader: BrokerId(2),
        leader_epoch: LeaderEpoch(1),
        offset: Offset(0),
        last_fetched_epoch: None,
    };
    assert_eq!(bench.position(), first);
    bench.receives(records(&[record(0, 0), record(1, 1)], 0));
    let last_fetched_epoch = Some(LeaderEpoch(1));
    assert_eq!(bench.position(), FetchPosition { offset: Offset(2), last_fetched_epoch, ..first });
}

#[test]
fn its_high_watermark_is_the_leaders_clipped_to_its_own_end() {
    let mut bench = Bench::following();
    bench.receives(records(&[record(0, 1), record(1, 1)], 1));
    assert_eq!((bench.end(), bench.high_watermark()), (2, 1));
    bench.receives(records(&[], 9));
    assert_eq!(bench.high_watermark(), 2);
}

#[test]
fn a_batch_cut_short_by_the_size_limit_is_asked_for_again() {
    let mut bench = Bench::following();
    let mut answer = records(&[record(0, 1), record(1, 1)], 0);
    answer.records.truncate(answer.records.len() - 1);
    bench.receives(answer);
    assert_eq!(bench.position().offset, Offset(1));
}

#[test]
fn a_gap_is_not_appended_and_makes_it_pause() {
    let mut bench = Bench::following();
    bench.receives(records(&[record(0, 1), record(2, 1)], 3));
    assert_eq!((bench.end(), bench.high_watermark()), (1, 1));
    assert_eq!(bench.replica.fetch_position(), None, "it backs off");
    let deadline = bench.replica.next_deadline().unwrap();
    bench.pass(deadline.since(bench.now));
    assert_eq!(bench.position().offset, Offset(1));
    assert_eq!(bench.replica.next_deadline(), None);
}

#[test]
fn damaged_records_are_not_appended() {
    let mut bench = Bench::following();
    let mut bytes = record(0, 1).bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    bench.receives(Fetched { records: bytes.into(), ..records(&[], 0) });
    assert_eq!((bench.end(), bench.replica.fetch_position()), (0, None));
}

#[test]
fn where_it_parts_from_the_leader_it_is_cut_to_the_first_of_three_offsets() {
    // Own log: epoch 0 at 0 and 1, epoch 3 at 2 and 3. The high watermark is 3.
    for (epoch, end, expected) in [
        (3, 3, 3), // the leader's end of the epoch
        (0, 5, 2), // its own end of the epoch
        (2, 4, 2), // its own end of the largest epoch it knows below
        (3, 9, 4), // its log end
        (0, 1, 1), // below the high watermark, which the leader knows better
    ] {
        let mut bench = Bench::following();
        bench.metadata(2, &[1, 2, 3], 3, 2);
        bench.receives(records(&[record(0, 0), record(1, 0), record(2, 3), record(3, 3)], 3));
        bench.receives(diverging(epoch, end));
        assert_eq!(bench.end(), expected, "epoch {epoch} ends at {end}");
        assert_eq!(bench.high_watermark(), expected.min(3), "the answer's 1000 is not about this log");
        if expected < 4 {
            assert_eq!(bench.replica.fetch_position(), None, "not before the cut is durable");
            assert!(bench.replica.log().flush_due());
            bench.flush();
            assert_eq!(bench.position().offset, Offset(expected), "and it asks again");
        } else {
            assert_eq!(
                bench.replica.fetch_position(),
                None,
                "nothing was cut: at once it would be told the same"
            );
        }
        assert_eq!(bench.events("log_truncated"), 1);
    }
}

#[test]
fn a_cut_is_as_durable_as_what_comes_after_it() {
    let mut bench = Bench::following();
    bench.receives(records(&[record(0, 0), record(1, 0), record(2, 0)], 0));
    bench.flush();
    bench.receives(diverging(0, 1));
    bench.flush();
    bench.receives(records(&[record(1, 1)], 0));
    // The record of epoch 1 was not flushed; what was cut must not come back in its place.
    bench.storage.lose_unflushed();
    let orders = bench.replica.topic_partition().clone();
    let config = LogConfig::from(&bench.replica.config);
    let (log, _) = Log::open(&mut bench.storage, orders, config, Opening::Unclean, Offset(3)).unwrap();
    assert_eq!((log.end_offset(), log.latest_epoch()), (Offset(1), Some(LeaderEpoch(0))));
}

#[test]
fn an_epoch_without_records_is_cut_too() {
    let mut bench = Bench::following();
    bench.receives(records(&[record(0, 0)], 0));
    bench.metadata(1, &[1, 2, 3], 2, 2);
    bench.metadata(2, &[1, 2, 3], 3, 3);
    assert_eq!(bench.epochs(), [(0, 0), (2, 1)]);
    assert_eq!(bench.position().last_fetched_epoch, Some(LeaderEpoch(2)));
    bench.receives(diverging(0, 1));
    assert_eq!((bench.end(), bench.epochs()), (1, vec![(0, 0)]), "no record goes (KAFKA-10706)");
    bench.receives(records(&[record(1, 1)], 0));
    assert_eq!((bench.end(), bench.epochs()), (2, vec![(0, 0), (1, 1)]));
}

#[test]
fn an_answer_of_another_leader_epoch_is_dropped() {
    let mut bench = Bench::following();
    let asked = bench.position();
    bench.metadata(2, &[1, 2, 3], 2, 2);
    bench.fetched(&asked, records(&[record(0, 1)], 1));
    bench.fetched(&asked, diverging(0, 0));
    assert_eq!((bench.end(), bench.high_watermark()), (0, 0), "KAFKA-7786");
    assert!(bench.replica.fetch_position().is_some());
}

#[test]
fn an_answer_about_another_offset_is_dropped() {
    let mut bench = Bench::following();
    let asked = bench.position();
    bench.receives(records(&[record(0, 1), record(1, 1)], 2));
    bench.fetched(&asked, records(&[record(0, 1)], 1));
    bench.fetched(&asked, diverging(0, 0));
    assert_eq!((bench.end(), bench.high_watermark()), (2, 2));
}

#[test]
fn a_leader_drops_what_it_had_asked_for_as_a_follower() {
    let mut bench = Bench::following();
    let asked = bench.position();
    bench.metadata(1, &[1, 2, 3], 2, 2);
    bench.fetched(&asked, records(&[record(0, 1)], 1));
    assert_eq!((bench.end(), bench.replica.fetch_position()), (0, None));
}

#[test]
fn an_error_makes_it_pause() {
    for error in [ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::UNKNOWN_LEADER_EPOCH] {
        let mut bench = Bench::following();
        bench.receives(Fetched { error, ..records(&[record(0, 1)], 1) });
        assert_eq!((bench.end(), bench.replica.fetch_position()), (0, None));
    }
}

#[test]
fn producers_are_tracked_so_that_a_failover_still_knows_duplicates() {
    let batch = || testing::idempotent_batch(&["a", "b"], 9, 0, 0);
    let mut bench = Bench::following();
    bench.receives(records(&[batch().placed_at(Offset(0), LeaderEpoch(1))], 2));
    bench.metadata(1, &[1, 2, 3], 2, 2);
    assert_eq!(bench.produce_batch(batch(), Acks::All), ok(0));
    assert_eq!(bench.end(), 2);
}

#[test]
fn a_truncated_batch_is_no_duplicate_any_more() {
    let batch = || testing::idempotent_batch(&["a"], 9, 0, 0);
    let mut bench = Bench::following();
    bench.receives(records(&[batch().placed_at(Offset(0), LeaderEpoch(1))], 0));
    bench.receives(diverging(0, 0));
    bench.metadata(1, &[1, 2, 3], 2, 2);
    assert_eq!(bench.produce_batch(batch(), Acks::Leader), ok(0));
    assert_eq!((bench.end(), bench.events("duplicate_recognised")), (1, 0));
}

#[test]
fn with_sync_flush_the_next_fetch_waits_for_the_flush() {
    let mut bench = Bench::new(2, Some(1));
    bench.metadata(2, &[1, 2, 3], 1, 1);
    bench.receives(records(&[record(0, 1)], 0));
    assert_eq!(bench.replica.fetch_position(), None, "it would say that it has the record");
    bench.flush();
    assert_eq!(bench.position().offset, Offset(1));
    bench.storage.lose_unflushed();
    let path = "orders-0/00000000000000000000.log";
    let durable = crate::io::Storage::read_file(&bench.storage, path).unwrap().unwrap();
    assert_eq!(durable, record(0, 1).bytes(), "and now it really has");
}

#[test]
fn what_no_leader_of_this_epoch_can_have_is_not_appended() {
    for (name, batch) in [
        ("from a later leader epoch (KAFKA-18723)", record(2, 2)),
        ("from an older leader epoch than the log's last", record(2, 0)),
        ("without a leader epoch", record(2, -1)),
        ("after a gap", record(3, 1)),
        ("from before the log's end", record(1, 1)),
        ("at the end of all offsets", record(i64::MAX - 1, 1)),
    ] {
        let mut bench = Bench::following();
        bench.receives(records(&[record(0, 0), record(1, 1)], 2));
        bench.receives(records(&[batch], 2));
        assert_eq!(bench.end(), 2, "{name}");
        assert_eq!(bench.replica.fetch_position(), None, "{name}: it asks later");
    }
}

fn hostile() -> impl Strategy<Value = i64> {
    prop_oneof![Just(-1), Just(i64::MIN), Just(i64::MAX), 0i64..6, any::<i64>()]
}

proptest! {
    #[test]
    fn whatever_a_leader_answers_the_log_stays_in_order(
        answers in prop::collection::vec(
            (
                prop::option::weighted(0.3, (-2i32..5, hostile())),
                hostile(),
                prop::collection::vec((hostile(), -2i32..5), 0..3),
                0usize..3,
            ),
            1..12,
        ),
    ) {
        let mut bench = Bench::following();
        bench.metadata(2, &[1, 2, 3], 3, 2);
        for (parts, high_watermark, batches, cut) in answers {
            let asked = FetchPosition {
                leader: BrokerId(2),
                leader_epoch: LeaderEpoch(3),
                offset: Offset(bench.end()),
                last_fetched_epoch: bench.replica.log().latest_epoch(),
            };
            // Every other batch follows on.
            let mut end = bench.end();
            let batches = batches.into_iter().map(|(base, epoch)| {
                let base = if base % 2 == 0 { base } else { end };
                end = end.saturating_add(1);
                record(base, epoch)
            });
            let mut fetched = records(&batches.collect::<Vec<_>>(), high_watermark);
            fetched.records.truncate(fetched.records.len().saturating_sub(cut));
            fetched.diverging = parts
                .map(|(epoch, end)| Diverging { epoch: LeaderEpoch(epoch), end_offset: Offset(end) });
            bench.fetched(&asked, fetched);
            let epochs = bench.epochs();
            prop_assert!(epochs.is_sorted() && epochs.iter().all(|(epoch, _)| (0..=3).contains(epoch)));
            prop_assert!((0..=bench.end()).contains(&bench.high_watermark()));
            if bench.replica.log().flush_due() {
                bench.flush();
            }
        }
    }
}
