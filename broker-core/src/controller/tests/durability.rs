//! Nobody hears of what a power loss could take back.

use super::*;
use crate::batch::RecordBatch;
use crate::metadata::{MetadataImage, decode_batch};

impl Rig {
    /// The image somebody gets who reads from `offset` on; `None` while the controller does not answer.
    fn fetched(&mut self, connection: ConnectionId) -> Option<(i16, Vec<i64>)> {
        let mut response = self.answer::<FetchRequest>(connection)?;
        let partition = response.responses.remove(0).partitions.remove(0);
        let batches = RecordBatch::all_from(partition.records.unwrap()).unwrap();
        let records = batches.iter().flat_map(|batch| decode_batch(batch).unwrap());
        Some((partition.error_code, records.map(|(offset, _)| offset.0).collect()))
    }
}

#[test]
fn nothing_is_answered_before_it_is_flushed_not_even_a_refusal() {
    let mut rig = Rig::new();
    let registered = rig.send(&registration(1, 1));
    let refused = rig.send(&heartbeat(9, 0, 0));
    assert!(rig.answers.is_empty(), "a refusal may rest on what is not durable yet");
    assert_eq!(rig.flushes.len(), 1, "one at a time");
    let (flush, steps) = rig.flushes.remove(0);
    rig.storage.borrow_mut().apply(&steps);
    assert!(rig.answers.is_empty());
    rig.handle(Input::Flushed { flush, result: Ok(()) });
    assert_eq!(rig.answer::<BrokerRegistrationRequest>(registered).unwrap().error_code, 0);
    let refused = rig.answer::<BrokerHeartbeatRequest>(refused).unwrap();
    assert_eq!(ErrorCode(refused.error_code), ErrorCode::BROKER_ID_NOT_REGISTERED);
}

#[test]
fn what_came_during_a_flush_waits_for_the_next_one() {
    let mut rig = Rig::new();
    let first = rig.send(&registration(1, 1));
    let second = rig.send(&registration(2, 1));
    let (flush, steps) = rig.flushes.remove(0);
    rig.storage.borrow_mut().apply(&steps);
    rig.handle(Input::Flushed { flush, result: Ok(()) });
    assert!(rig.answer::<BrokerRegistrationRequest>(first).is_some());
    assert!(rig.answer::<BrokerRegistrationRequest>(second).is_none());
    assert_eq!(rig.flushes.len(), 1);
    rig.finish_flushes();
    assert!(rig.answer::<BrokerRegistrationRequest>(second).is_some());
}

#[test]
fn after_a_failed_flush_it_stops_and_answers_nobody() {
    let mut rig = Rig::new();
    rig.send(&registration(1, 1));
    let flush = rig.flushes.remove(0).0;
    let error = crate::error::StorageError {
        operation: "sync",
        path: "log".to_owned(),
        kind: std::io::ErrorKind::Other,
        errno: Some(5),
    };
    rig.controller.handle(rig.now, Input::Flushed { flush, result: Err(error) });
    let effects: Vec<_> = std::iter::from_fn(|| rig.controller.poll_effect()).collect();
    assert!(matches!(effects.last(), Some(Effect::Halt { .. })));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Respond { .. })));
    assert_eq!(rig.controller.next_deadline(), None);
}

#[test]
fn a_fetch_reads_durable_records_only_and_waits_for_more() {
    let mut rig = Rig::new();
    let waiting = rig.send(&metadata_fetch(0));
    rig.send(&registration(1, 1));
    assert_eq!(rig.fetched(waiting), None, "the record is there, but not durable");
    rig.finish_flushes();
    assert_eq!(rig.fetched(waiting), Some((0, vec![0])));

    let waiting = rig.send(&metadata_fetch(1));
    rig.pass(Duration::from_millis(999));
    assert_eq!(rig.fetched(waiting), None);
    assert_eq!(rig.controller.next_deadline(), Some(Timestamp::from_duration(Duration::from_secs(1))));
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.fetched(waiting), Some((0, vec![])), "nothing new, but time is up");
    assert_eq!(rig.controller.next_deadline(), None);
}

#[test]
fn a_fetch_above_the_end_is_told_so_at_once() {
    let mut rig = Rig::with_brokers(1);
    let lost = rig.send(&metadata_fetch(90));
    assert_eq!(rig.fetched(lost), Some((ErrorCode::OFFSET_OUT_OF_RANGE.0, vec![])));
}

#[test]
fn a_closed_connection_is_forgotten() {
    let mut rig = Rig::new();
    let connection = rig.send(&metadata_fetch(0));
    rig.handle(Input::ConnectionClosed { connection });
    rig.pass(Duration::from_secs(2));
    assert!(rig.answers.is_empty());
}

#[test]
fn a_restart_gives_the_same_image_even_after_a_power_loss() {
    let (mut rig, _) = Rig::with_topic(3, &[("min.insync.replicas", "2")]);
    rig.producer_ids(2);
    rig.only_alive(&[2, 3]);
    let before = rig.controller.image().clone();
    rig.restart();
    assert_eq!(*rig.controller.image(), before);
    rig.storage.borrow_mut().lose_unflushed();
    rig.restart();
    assert_eq!(*rig.controller.image(), before, "everything had been answered, so everything was durable");
    assert_ne!(before, MetadataImage::default());
}

#[test]
fn what_was_never_answered_may_be_lost_to_a_power_loss() {
    let mut rig = Rig::with_brokers(1);
    let before = rig.controller.image().clone();
    rig.send(&registration(2, 1));
    rig.storage.borrow_mut().lose_unflushed();
    rig.restart();
    assert_eq!(*rig.controller.image(), before);
}

#[test]
fn blocks_of_producer_ids_never_overlap_not_even_across_a_restart() {
    let mut rig = Rig::with_brokers(2);
    let mut blocks = vec![rig.producer_ids(1), rig.producer_ids(2), rig.producer_ids(1)];
    rig.restart();
    rig.finish_flushes();
    blocks.push(rig.producer_ids(2));
    rig.storage.borrow_mut().lose_unflushed();
    rig.restart();
    rig.finish_flushes();
    blocks.push(rig.producer_ids(1));
    for pair in blocks.windows(2) {
        assert!(pair[0].end <= pair[1].start && pair[1].start < pair[1].end, "{blocks:?}");
    }
}

#[test]
fn a_broker_of_another_epoch_gets_no_producer_ids() {
    let mut rig = Rig::with_brokers(1);
    let stale = AllocateProducerIdsRequest::default().with_broker_id(1.into()).with_broker_epoch(77);
    assert_eq!(ErrorCode(rig.ask(&stale).error_code), ErrorCode::STALE_BROKER_EPOCH);
}

#[test]
fn who_does_not_speak_the_protocol_is_disconnected() {
    let mut rig = Rig::new();
    for frame in [&b""[..], b"what?", &[0xff; 40]] {
        let connection = ConnectionId(1_000);
        rig.handle(Input::Request { connection, frame: Bytes::from_static(frame) });
        assert_eq!(rig.closed.pop(), Some(connection));
    }
    let consumer = rig.send(&kafka_protocol::messages::MetadataRequest::default());
    assert_eq!(rig.closed, [consumer], "metadata is the brokers' business");
}

// Bytes below 0x80 keep array lengths small, for which kafka-protocol allocates at once.
proptest::proptest! {
    #[test]
    fn random_frames_never_panic(
        key in 0i16..80, version in 0i16..18,
        rest in proptest::collection::vec(0u8..0x80, 0..120),
    ) {
        let mut rig = Rig::with_brokers(1);
        let frame = [&key.to_be_bytes()[..], &version.to_be_bytes()[..], &rest[..]].concat();
        rig.handle(Input::Request { connection: ConnectionId(500), frame: frame.into() });
        rig.finish_flushes();
        rig.pass(Duration::from_secs(60));
    }
}
