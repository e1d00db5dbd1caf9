//! Every event has words, and the columns are where they should be.

use std::collections::BTreeSet;

use broker_core::error::{AttemptError, ErrorCode};
use broker_core::event::{Event, LogStartReason};
use broker_core::time::Timestamp;
use broker_core::types::{
    BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch, ProducerEpoch, ProducerId, Sequence,
    TopicPartition,
};

use super::{Readable, Standings, seconds};
use crate::history::{History, MessageId, ProcessId, ProcessInfo};
use crate::trace::event::{FaultId, Stop, TraceEvent, one_of_each};
use crate::trace::recorder::Trace;

const BASE: Offset = Offset(4);
const END: Offset = Offset(7);
const EPOCH: LeaderEpoch = LeaderEpoch(3);
const BROKER: BrokerId = BrokerId(2);
const ID: ProducerId = ProducerId(1000);

fn at() -> TopicPartition {
    TopicPartition::new("orders", 0)
}

/// What replicas say.
fn of_replicas() -> Vec<Event> {
    let (end_offset, leader_epoch, isr) = (END, EPOCH, vec![BROKER]);
    vec![
        Event::RecordsAppended {
            topic_partition: at(),
            base_offset: BASE,
            end_offset,
            leader_epoch,
            producer_id: ID,
            producer_epoch: ProducerEpoch(0),
            base_sequence: Sequence(9),
        },
        Event::DuplicateRecognised {
            topic_partition: at(),
            base_offset: BASE,
            producer_id: ID,
            base_sequence: Sequence(9),
        },
        Event::RecordsReplicated { topic_partition: at(), base_offset: BASE, end_offset, leader_epoch },
        Event::ProduceAnswered { topic_partition: at(), end_offset, error: ErrorCode::NONE },
        Event::HighWatermarkMoved { topic_partition: at(), high_watermark: END, leader: true },
        Event::LeaderStarted { topic_partition: at(), leader_epoch, start_offset: END },
        Event::FollowerStarted { topic_partition: at(), leader_epoch, leader: BROKER },
        Event::LeaderLost { topic_partition: at(), leader_epoch },
        Event::LogTruncated { topic_partition: at(), from: END, to: BASE },
        Event::LogTruncatedFully { topic_partition: at(), from: END, log_start_offset: BASE },
        Event::LogStartOffsetIncremented {
            topic_partition: at(),
            log_start_offset: BASE,
            reason: LogStartReason::SegmentDeletion,
        },
        Event::SegmentsDeleted { topic_partition: at(), segments: 2 },
        Event::ProducerIdExpired { topic_partition: at(), producer_id: ID },
        Event::SegmentRolled { topic_partition: at(), base_offset: BASE },
        Event::FlushStarted { topic_partition: at(), end_offset },
        Event::FlushFinished { topic_partition: at(), recovery_point: END },
        Event::RecoveryStarted { topic_partition: at(), recovery_point: BASE },
        Event::RecoveryFinished { topic_partition: at(), end_offset, cut_bytes: 12 },
        Event::LogDamaged { topic_partition: at(), offset: BASE },
        Event::LeadershipRefused { topic_partition: at(), leader_epoch },
        Event::RepairStarted { topic_partition: at() },
        Event::ReplicaRepaired { topic_partition: at(), end_offset },
        Event::DamageNoteRemoved { topic_partition: at() },
        Event::AlterPartitionSent {
            topic_partition: at(),
            leader_epoch,
            partition_epoch: PartitionEpoch(5),
            isr: isr.clone(),
        },
        Event::AlterPartitionAnswered { topic_partition: at(), error: ErrorCode::NONE },
        Event::IsrShrunk { topic_partition: at(), isr: isr.clone(), partition_epoch: PartitionEpoch(6) },
        Event::IsrExpanded { topic_partition: at(), isr, partition_epoch: PartitionEpoch(7) },
    ]
}

/// What everybody else says, and brokers about themselves.
fn of_others() -> Vec<Event> {
    let (broker, broker_epoch, end_offset) = (BROKER, BrokerEpoch(40), END);
    vec![
        Event::BrokerStarted { broker, broker_epoch },
        Event::BrokerRegistered { broker, broker_epoch, unclean: true },
        Event::BrokerUnfenced { broker },
        Event::BrokerFenced { broker },
        Event::PartitionChanged {
            topic_partition: at(),
            leader: BrokerId::NONE,
            leader_epoch: EPOCH,
            partition_epoch: PartitionEpoch(8),
            isr: Vec::new(),
            elr: vec![BrokerId(1), BROKER],
            unclean: false,
        },
        Event::SnapshotWritten { end_offset },
        Event::SnapshotLoaded { end_offset },
        Event::SnapshotUnreadable { path: "a.checkpoint".to_owned() },
        Event::AlterPartitionRefused { topic_partition: at(), broker, error: ErrorCode::FENCED_LEADER_EPOCH },
        Event::ProducerIdAssigned { producer_id: ID, producer_epoch: ProducerEpoch(0) },
        Event::BatchSent {
            topic_partition: at(),
            base_sequence: Sequence(9),
            records: 3,
            attempt: 1,
            to: BROKER,
        },
        Event::BatchAttemptFailed {
            topic_partition: at(),
            base_sequence: Sequence(9),
            error: AttemptError::TimedOut,
        },
        Event::ConsumerTruncated { topic_partition: at(), from: END, to: BASE },
        Event::ConsumerOffsetReset { topic_partition: at(), from: BASE, to: END },
        Event::StorageFailed { path: "orders-0/0.log".to_owned(), operation: "append".to_owned() },
    ]
}

/// Of all events, in the order above.
const WORDS: &str = "\
appends 4..7 to orders-0 in leader epoch 3 (producer id 1000, producer epoch 0, sequence 9)
has a batch already, at 4 in orders-0 (producer id 1000, sequence 9)
copies 4..7 of orders-0 in leader epoch 3
tells a producer that orders-0 has everything up to 7
moves the high watermark of orders-0 to 7
leads orders-0 in leader epoch 3 from offset 7
follows broker-2 in orders-0 in leader epoch 3
has no leader for orders-0 in leader epoch 3
truncates orders-0 from 7 to 4
drops orders-0, which ended at 7, and begins anew at 4
lets orders-0 start at 4
deletes 2 segments of orders-0
forgets producer id 1000 in orders-0
begins a segment of orders-0 at 4
begins to flush orders-0 up to 7
has flushed orders-0: durable up to 7
recovers orders-0 from 4
opens orders-0, which ends at 7 (12 bytes cut)
finds orders-0 damaged at offset 4
does not lead orders-0 in leader epoch 3: its log is damaged
repairs orders-0, outside its ISR
has everything in orders-0 again, up to 7
has what it repaired of orders-0 on its disk, and strikes the note of the damage
asks for ISR [2] of orders-0 (leader epoch 3, partition epoch 5)
is granted the ISR of orders-0 that it asked for
knows that the ISR of orders-0 is [2]
knows that the ISR of orders-0 has grown to [2]
is registered as broker 2 with broker epoch 40
registers broker-2 with broker epoch 40, after an unclean stop
unfences broker-2
fences broker-2
nobody leads orders-0 in leader epoch 3, ISR [], ELR [1, 2]
has a metadata snapshot up to 7
begins from the metadata snapshot that ends at 7
passes over the damaged metadata snapshot a.checkpoint
refuses broker-2 another ISR of orders-0: FENCED_LEADER_EPOCH
gets producer id 1000 with producer epoch 0
sends 3 records for orders-0 to broker-2 (attempt 1, sequence 9)
cannot tell that its batch for orders-0 arrived (sequence 9): timed out
goes back from 7 to 4 in orders-0, whose log has changed
goes on at 7 in orders-0, which has no 4 any more
disk fails to append orders-0/0.log
sends Produce to broker-1 (correlation 1, 10 bytes)
gets Produce (connection 3, correlation 1, 10 bytes)
sends a response (connection 3, 11 bytes)
gets a response (correlation 1, 11 bytes)
waits no longer for a response (correlation 1)
starts
is killed
fault begins: kill broker-1
fault ends: number 0
phase faults
operation 5 of the history
its disk begins flush 2
its disk has done flush 2
moves the high watermark of orders-0 to 7";

#[test]
fn every_event_has_words() {
    let nodes = of_replicas().into_iter().chain(of_others()).map(TraceEvent::Node);
    let events: Vec<TraceEvent> = nodes.chain(one_of_each()).collect();
    let said: BTreeSet<&str> = events.iter().map(TraceEvent::name).collect();
    let names: BTreeSet<&str> = TraceEvent::names().collect();
    assert_eq!(said, names, "an event is missing here");
    let trace = Trace::new();
    let words: Vec<String> = events.iter().map(|event| Readable::new(&trace).words(event)).collect();
    assert_eq!(words.join("\n"), WORDS);
}

fn trace(entries: Vec<(u64, &str, TraceEvent)>) -> Trace {
    let mut trace = Trace::new();
    for (millis, host, event) in entries {
        let host = trace.host(host);
        trace.record(Timestamp(millis * 1000), host, event);
    }
    trace
}

fn node(event: Event) -> TraceEvent {
    TraceEvent::Node(event)
}

/// A leader of one topic partition that follows in another loses power.
fn failover() -> Trace {
    let lead = |partition, epoch, start_offset| {
        let topic_partition = TopicPartition::new("orders", partition);
        node(Event::LeaderStarted { topic_partition, leader_epoch: LeaderEpoch(epoch), start_offset })
    };
    let follow = |partition, epoch, leader| {
        let topic_partition = TopicPartition::new("orders", partition);
        node(Event::FollowerStarted { topic_partition, leader_epoch: LeaderEpoch(epoch), leader })
    };
    let fault = FaultId(0);
    trace(vec![
        (71, "broker-1", TraceEvent::HostStarted),
        (71, "broker-2", TraceEvent::HostStarted),
        (77, "broker-1", lead(0, 0, Offset(0))),
        (77, "broker-1", follow(1, 0, BROKER)),
        (77, "broker-2", follow(0, 0, BrokerId(1))),
        (3082, "harness", TraceEvent::FaultStarted { fault, description: "power_loss broker-1".to_owned() }),
        (3082, "broker-1", TraceEvent::HostStopped { how: Stop::PowerLost }),
        (3486, "broker-2", lead(0, 1, END)),
        (
            3490,
            "broker-2",
            node(Event::HighWatermarkMoved { topic_partition: at(), high_watermark: END, leader: true }),
        ),
        (5082, "harness", TraceEvent::FaultEnded { fault }),
        (5082, "broker-1", TraceEvent::HostStarted),
    ])
}

#[test]
fn lines_have_columns_and_roles() {
    let trace = failover();
    let lines: Vec<String> = Readable::new(&trace).lines(|entry| 2 <= entry.number).collect();
    let expected = "  \
  0.077s   2  broker-1  L0    leads orders-0 in leader epoch 0 from offset 0
  0.077s   3  broker-1  F0    follows broker-2 in orders-1 in leader epoch 0
  0.077s   4  broker-2  F0    follows broker-1 in orders-0 in leader epoch 0
  3.082s   5  harness   -     fault begins: power_loss broker-1
  3.082s   6  broker-1  1L1F  loses power
  3.486s   7  broker-2  L1    leads orders-0 in leader epoch 1 from offset 7
  3.490s   8  broker-2  L1    moves the high watermark of orders-0 to 7
  5.082s   9  harness   -     fault ends: power_loss broker-1
  5.082s  10  broker-1  -     starts";
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn standings_are_those_of_the_time_asked_for() {
    let trace = failover();
    let lines = |millis: u64| Standings::at(&trace, Timestamp(millis * 1000)).lines(&trace).join("\n");
    let before = "\
broker-1  orders-0 L0   log end 0, high watermark ?
          orders-1 F0   log end ?, high watermark ?
broker-2  orders-0 F0   log end ?, high watermark ?";
    let after = "\
broker-1  down: loses power at 3.082s
broker-2  orders-0 L1   log end 7, high watermark 7";
    assert_eq!((lines(3081).as_str(), lines(4000).as_str()), (before, after));
    assert!(lines(9000).starts_with("broker-1  up\n"));
}

#[test]
fn clients_operations_are_told_from_the_history_and_colours_are_the_hosts() {
    let mut history = History::new();
    let process = ProcessId(0);
    history.declare(ProcessInfo { process, name: "producer-0".to_owned(), promise: None });
    history.send_invoked(Timestamp(1000), process, at(), MessageId::new(0, 3));
    let trace = trace(vec![(1, "producer-0", TraceEvent::ClientOp { index: 0 })]);
    let lines = |color| Readable::new(&trace).with(&history, color).lines(|_| true).next().unwrap();
    assert_eq!(lines(false), "  0.001s  0  producer-0  -     is asked to send 0/3 to orders-0");
    assert!(lines(true).contains("\u{1b}[36mproducer-0\u{1b}[0m"), "{}", lines(true));
    let event = &trace.entries()[0].event;
    assert_eq!(Readable::new(&trace).with(&history, false).topic_partition(event), Some(&at()));
}

#[test]
fn times_are_as_exact_as_they_have_to_be() {
    assert_eq!(seconds(Timestamp(3_082_000)), "3.082s");
    assert_eq!(seconds(Timestamp(3_082_001)), "3.082001s");
}
