//! The log start: who moves it, and what becomes of a follower it has passed.

use super::*;

fn appended(offset: i64, leader_epoch: i32) -> RecordBatch {
    testing::batch(&["v"]).placed_at(Offset(offset), LeaderEpoch(leader_epoch))
}

fn fetched(batches: &[RecordBatch], high_watermark: i64, log_start_offset: i64) -> Fetched {
    let bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().to_vec()).collect();
    Fetched {
        error: ErrorCode::NONE,
        high_watermark: Offset(high_watermark),
        log_start_offset: Offset(log_start_offset),
        diverging: None,
        records: bytes.into(),
    }
}

impl Bench {
    fn gets(&mut self, fetched: Fetched) {
        let asked = self.replica.fetch_position().expect("it fetches");
        self.with_env(|replica, env| replica.fetched(env, &asked, fetched)).unwrap();
    }

    /// It is outside the leader's log.
    fn is_refused(&mut self) {
        let error = ErrorCode::OFFSET_OUT_OF_RANGE;
        self.gets(Fetched { error, ..fetched(&[], -1, -1) });
        assert_eq!(self.replica.fetch_position(), None, "first it has to find back");
    }

    fn is_told(&mut self, wanted: OffsetWanted, answer: Result<i64, ErrorCode>) {
        let asked = self.replica.offset_question().expect("it asks");
        assert_eq!(asked.wanted, wanted);
        self.with_env(|replica, env| replica.offset_answered(env, &asked, answer.map(Offset))).unwrap();
    }

    fn start(&self) -> i64 {
        self.replica.log().start_offset().0
    }
}

/// Follows broker 2 and has offsets 0 to 3, of which 3 is not committed.
fn four() -> Bench {
    let mut bench = Bench::following();
    bench.gets(fetched(&[0, 1, 2, 3].map(|offset| appended(offset, 1)), 3, 0));
    bench
}

#[test]
fn a_follower_takes_the_leaders_log_start_up_to_its_own_high_watermark() {
    let mut bench = four();
    bench.gets(fetched(&[], 3, 2));
    assert_eq!((bench.start(), bench.high_watermark(), bench.end()), (2, 3, 4));
    bench.gets(fetched(&[], 3, 4));
    assert_eq!(bench.start(), 3, "never above the high watermark");
    bench.gets(fetched(&[], 3, 0));
    assert_eq!(
        (bench.start(), bench.events("log_start_offset_incremented")),
        (3, 2),
        "and it does not go back"
    );
}

#[test]
fn a_leader_refuses_who_asks_below_its_log_start_whatever_the_epoch() {
    let mut bench = four();
    bench.gets(fetched(&[], 4, 3));
    bench.metadata(1, &[1, 2, 3], 2, 2);
    for epoch in [None, Some(LeaderEpoch(0)), Some(LeaderEpoch(1))] {
        let request = ReadRequest {
            reader: Reader::Follower,
            offset: Offset(2),
            current_leader_epoch: None,
            last_fetched_epoch: epoch,
            max_bytes: 1_000,
        };
        assert_eq!(
            bench.replica.read(&bench.storage, &request).unwrap().error,
            ErrorCode::OFFSET_OUT_OF_RANGE
        );
        let from_the_start = ReadRequest { offset: Offset(3), ..request };
        let result = bench.replica.read(&bench.storage, &from_the_start).unwrap();
        assert!(result.is_progress() && !result.records.is_empty(), "{epoch:?}");
    }
}

#[test]
fn a_follower_whose_end_the_leaders_start_has_passed_begins_anew_there() {
    let mut bench = four();
    bench.is_refused();
    bench.is_told(OffsetWanted::End, Ok(90));
    bench.is_told(OffsetWanted::Start, Ok(70));
    assert_eq!((bench.start(), bench.high_watermark(), bench.end()), (70, 70, 70));
    assert_eq!(bench.events("log_truncated_fully"), 1);
    assert_eq!(bench.replica.fetch_position(), None, "not before that is durable");
    bench.flush();
    let position = bench.replica.fetch_position().unwrap();
    assert_eq!((position.offset, position.last_fetched_epoch), (Offset(70), None));
    bench.gets(fetched(&[appended(70, 1)], 71, 70));
    assert_eq!((bench.start(), bench.high_watermark(), bench.end()), (70, 71, 71));
}

#[test]
fn a_follower_beyond_the_leaders_end_is_cut_there() {
    let mut bench = four();
    bench.is_refused();
    bench.is_told(OffsetWanted::End, Ok(2));
    assert_eq!((bench.high_watermark(), bench.end()), (2, 2));
    bench.flush();
    assert_eq!(bench.replica.fetch_position().unwrap().offset, Offset(2));
}

#[test]
fn a_follower_whose_own_start_is_beyond_the_leaders_end_begins_anew_too() {
    let mut bench = four();
    bench.gets(fetched(&[], 4, 3));
    bench.is_refused();
    bench.is_told(OffsetWanted::End, Ok(1));
    assert_eq!((bench.start(), bench.high_watermark(), bench.end()), (1, 1, 1));
}

#[test]
fn a_follower_inside_the_leaders_log_after_all_pauses_and_asks_again() {
    let mut bench = four();
    bench.is_refused();
    bench.is_told(OffsetWanted::End, Err(ErrorCode::NOT_LEADER_OR_FOLLOWER));
    assert_eq!(bench.replica.offset_question(), None, "it backs off");
    let pause = bench.replica.next_deadline().unwrap().since(bench.now);
    bench.pass(pause);
    bench.is_told(OffsetWanted::End, Ok(4));
    bench.is_told(OffsetWanted::Start, Ok(4));
    assert_eq!((bench.start(), bench.end()), (0, 4));
    assert_eq!(bench.replica.fetch_position(), None);
    bench.pass(pause);
    assert_eq!(bench.replica.fetch_position().unwrap().offset, Offset(4));
}

#[test]
fn an_offset_of_another_leader_epoch_is_dropped() {
    let mut bench = four();
    bench.is_refused();
    let asked = bench.replica.offset_question().unwrap();
    bench.metadata(3, &[1, 2, 3], 2, 2);
    bench.with_env(|replica, env| replica.offset_answered(env, &asked, Ok(Offset(0)))).unwrap();
    assert_eq!((bench.end(), bench.replica.offset_question()), (4, None));
    assert!(bench.replica.fetch_position().is_some(), "the new leader may have what the old one had not");
}
