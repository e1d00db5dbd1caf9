//! What followers and consumers may read.

use super::*;

fn follower(offset: i64) -> ReadRequest {
    ReadRequest {
        reader: Reader::Follower,
        offset: Offset(offset),
        current_leader_epoch: None,
        last_fetched_epoch: None,
        max_bytes: 10_000,
    }
}

fn consumer(offset: i64) -> ReadRequest {
    ReadRequest { reader: Reader::Consumer, ..follower(offset) }
}

impl Bench {
    fn read(&self, request: &ReadRequest) -> ReadResult {
        self.replica.read(&self.storage, request).unwrap()
    }

    /// Offsets of the records a read gives.
    fn reads(&self, request: &ReadRequest) -> Vec<i64> {
        let result = self.read(request);
        assert!(result.is_progress(), "{result:?}");
        let batches = RecordBatch::all_from(result.records).unwrap();
        let records = batches.iter().flat_map(|batch| batch.records().unwrap());
        records.map(|record| record.offset.0).collect()
    }
}

/// Epoch 1 at 0 and 1, epoch 3 at 2; the high watermark is 1.
fn two_epochs() -> Bench {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::Leader);
    bench.produce(Acks::Leader);
    bench.asks(2, 1);
    bench.asks(3, 1);
    bench.metadata(2, &[1, 2, 3], 2, 2);
    bench.metadata(1, &[1, 2, 3], 3, 3);
    bench.produce(Acks::Leader);
    bench
}

#[test]
fn a_consumer_reads_below_the_high_watermark_and_a_follower_everything() {
    let bench = two_epochs();
    assert_eq!(bench.reads(&consumer(0)), [0]);
    assert_eq!(bench.reads(&consumer(1)), [0; 0]);
    assert_eq!(bench.reads(&consumer(3)), [0; 0], "within the log: wait");
    assert_eq!(bench.reads(&follower(0)), [0, 1, 2]);
    assert_eq!(bench.reads(&ReadRequest { max_bytes: 1, ..follower(1) }), [1], "one batch at least");
}

#[test]
fn outside_the_log_there_is_nothing_to_read() {
    let bench = two_epochs();
    for offset in [-1, 4, 900] {
        for request in [follower(offset), consumer(offset)] {
            assert_eq!(bench.read(&request).error, ErrorCode::OFFSET_OUT_OF_RANGE, "{request:?}");
        }
    }
}

#[test]
fn leader_epochs_that_are_not_the_current_one_are_refused() {
    let bench = two_epochs();
    let asked = |epoch| ReadRequest { current_leader_epoch: Some(LeaderEpoch(epoch)), ..consumer(0) };
    assert_eq!(bench.read(&asked(2)).error, ErrorCode::FENCED_LEADER_EPOCH);
    assert_eq!(bench.read(&asked(3)).error, ErrorCode::NONE);
    assert_eq!(bench.read(&asked(4)).error, ErrorCode::UNKNOWN_LEADER_EPOCH);
    let following = Bench::following();
    assert_eq!(following.read(&consumer(0)).error, ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

#[test]
fn a_reader_with_another_history_gets_the_point_of_divergence_and_no_records() {
    let bench = two_epochs();
    let asked = |offset, epoch| {
        bench.read(&ReadRequest { last_fetched_epoch: Some(LeaderEpoch(epoch)), ..follower(offset) })
    };
    for (offset, epoch, expected) in [
        (3, 1, Some((1, 2))), // its third record is of epoch 1, here of epoch 3
        (2, 2, Some((1, 2))), // an epoch this leader never saw
        (4, 3, Some((3, 3))), // longer than this log
        (2, 0, Some((0, 0))), // an epoch below all that are known
        (2, 1, None),
        (3, 3, None),
    ] {
        let result = asked(offset, epoch);
        let point = result.diverging.map(|point| (point.epoch.0, point.end_offset.0));
        assert_eq!(point, expected, "asked for {offset} after epoch {epoch}");
        assert!(result.diverging.is_none() || result.records.is_empty());
        assert_eq!(result.is_progress(), expected.is_none(), "KAFKA-13141");
    }
    assert_eq!(asked(3, 9).error, ErrorCode::OFFSET_OUT_OF_RANGE, "an epoch above all: undefined");
}

#[test]
fn the_latest_offset_is_not_told_before_this_leader_epoch_has_committed() {
    let mut bench = two_epochs();
    assert_eq!(bench.replica.latest_visible(None), Err(ErrorCode::OFFSET_NOT_AVAILABLE));
    bench.asks(2, 2);
    bench.asks(3, 2);
    assert_eq!(bench.replica.latest_visible(None), Ok(Offset(2)));
    let fenced = bench.replica.latest_visible(Some(LeaderEpoch(2)));
    assert_eq!(fenced, Err(ErrorCode::FENCED_LEADER_EPOCH));
}
