//! The events a trigger can wait for.

use broker_core::event::Event;
use broker_core::types::{BrokerId, LeaderEpoch, TopicPartition};

use crate::cluster::Signal;
use crate::trace::TraceEvent;

/// Something a scenario can wait for.
pub struct EventKind {
    /// As scenarios write it.
    pub name: &'static str,
    /// On which host it happens.
    pub host: &'static str,
    /// Which hosts these can be.
    pub site: Site,
    /// What else a trigger may ask of it.
    pub detail: Detail,
    /// What happens, and what counts as one occurrence.
    pub doc: &'static str,
    /// What is true `before` and not yet so.
    pub before: &'static str,
    /// What it counts.
    pub(super) weigh: Weigh,
}

/// How many occurrences a signal is worth, and of what. `None`: it is another event.
pub(super) type Weigh = for<'a> fn(Signal<'a>) -> Option<Occurrence<'a>>;

/// Where an event can happen at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// On brokers.
    Brokers,
    /// On the controller.
    Controller,
    /// Where a producer runs.
    Producers,
    /// On brokers and the controller: what has a disk and answers requests.
    Servers,
    /// Anywhere.
    Hosts,
}

/// What tells the occurrences of an event apart, besides the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// `topic_partition`
    TopicPartition,
    /// `api`
    Api,
}

/// What a signal is worth to a trigger.
pub(super) struct Occurrence<'a> {
    pub count: u64,
    pub topic_partition: Option<&'a TopicPartition>,
    /// Kafka's api key, of requests.
    pub api: Option<i16>,
    /// Of an election: it counts only if the leader epoch is new.
    pub leader_epoch: Option<LeaderEpoch>,
}

impl std::fmt::Debug for EventKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for EventKind {
    fn eq(&self, other: &EventKind) -> bool {
        self.name == other.name
    }
}

fn once(topic_partition: &TopicPartition) -> Option<Occurrence<'_>> {
    times(topic_partition, 1)
}

fn times(topic_partition: &TopicPartition, count: u64) -> Option<Occurrence<'_>> {
    Some(Occurrence { count, topic_partition: Some(topic_partition), api: None, leader_epoch: None })
}

fn anywhere<'a>() -> Option<Occurrence<'a>> {
    Some(Occurrence { count: 1, topic_partition: None, api: None, leader_epoch: None })
}

fn of_api<'a>(api: i16) -> Option<Occurrence<'a>> {
    Some(Occurrence { count: 1, topic_partition: None, api: Some(api), leader_epoch: None })
}

/// A row for an event of a node that has a topic partition.
macro_rules! node_event {
    ($variant:ident) => {
        |event| match event {
            Signal::Traced(TraceEvent::Node(Event::$variant { topic_partition, .. })) => {
                once(topic_partition)
            }
            _ => None,
        }
    };
}

const NOT_SENT: &str = "nobody was told: no request and no response that follows from it has left the host";
const NOT_READ: &str = "the node has not seen it";
const NOT_ON_DISK: &str = "its disk is as it was; nothing of it leaves the host at once, so that nobody else can tell before from after";
const NOT_KNOWN: &str = "the host does not know it; nothing of it leaves the host at once, so that nobody else can tell before from after";

impl EventKind {
    /// The event with this name.
    pub fn named(name: &str) -> Option<&'static EventKind> {
        EVENTS.iter().find(|event| event.name == name)
    }
}

/// Every event there is, besides `fault_started` and `fault_ended`, which are not of one host.
pub const EVENTS: &[EventKind] = &[
    EventKind {
        name: "record_appended",
        host: "the leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A leader appends records of a producer to its log; each record counts.",
        before: NOT_SENT,
        weigh: |event| match event {
            Signal::Traced(TraceEvent::Node(Event::RecordsAppended {
                topic_partition,
                base_offset,
                end_offset,
                ..
            })) => times(topic_partition, end_offset.since(*base_offset).unsigned_abs()),
            _ => None,
        },
    },
    EventKind {
        name: "record_replicated",
        host: "a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A follower appends records it fetched to its log; each record counts.",
        before: NOT_SENT,
        weigh: |event| match event {
            Signal::Traced(TraceEvent::Node(Event::RecordsReplicated {
                topic_partition,
                base_offset,
                end_offset,
                ..
            })) => times(topic_partition, end_offset.since(*base_offset).unsigned_abs()),
            _ => None,
        },
    },
    EventKind {
        name: "record_acknowledged",
        host: "a producer's host",
        site: Site::Producers,
        detail: Detail::TopicPartition,
        doc: "A producer is told that its record is acknowledged; each record counts.",
        before: "the producer does not know it: if it dies now, nobody ever will",
        weigh: |signal| match signal {
            Signal::Acknowledged(topic_partition) => once(topic_partition),
            Signal::Traced(_) => None,
        },
    },
    EventKind {
        name: "produce_answered",
        host: "the leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A leader answers a produce request, well or not; each topic partition in it counts.",
        before: NOT_SENT,
        weigh: node_event!(ProduceAnswered),
    },
    EventKind {
        name: "duplicate_recognised",
        host: "the leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A leader recognises a batch that it already has, and appends nothing.",
        before: NOT_SENT,
        weigh: node_event!(DuplicateRecognised),
    },
    EventKind {
        name: "batch_sent",
        host: "a producer's host",
        site: Site::Producers,
        detail: Detail::TopicPartition,
        doc: "A producer sends a batch to a leader, for the first time or again; each batch counts.",
        before: NOT_SENT,
        weigh: node_event!(BatchSent),
    },
    EventKind {
        name: "high_watermark_advanced",
        host: "the leader or a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A replica's high watermark moves; a follower's moves back when it truncates.",
        before: NOT_SENT,
        weigh: node_event!(HighWatermarkMoved),
    },
    EventKind {
        name: "isr_shrunk",
        host: "the leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A leader learns that its ISR lost members.",
        before: NOT_SENT,
        weigh: node_event!(IsrShrunk),
    },
    EventKind {
        name: "isr_expanded",
        host: "the leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A leader learns that its ISR gained members.",
        before: NOT_KNOWN,
        weigh: node_event!(IsrExpanded),
    },
    EventKind {
        name: "alter_partition_sent",
        host: "the leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A leader asks the controller for another ISR (AlterPartition).",
        before: NOT_SENT,
        weigh: node_event!(AlterPartitionSent),
    },
    EventKind {
        name: "alter_partition_answered",
        host: "the leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "The controller's answer to AlterPartition arrives at the leader.",
        before: NOT_SENT,
        weigh: node_event!(AlterPartitionAnswered),
    },
    EventKind {
        name: "alter_partition_refused",
        host: "the controller",
        site: Site::Controller,
        detail: Detail::TopicPartition,
        doc: "The controller refuses an AlterPartition.",
        before: NOT_SENT,
        weigh: node_event!(AlterPartitionRefused),
    },
    EventKind {
        name: "leader_elected",
        host: "the controller",
        site: Site::Controller,
        detail: Detail::TopicPartition,
        doc: "The controller elects a leader, which begins a new leader epoch. Nobody is told before it is durable.",
        before: NOT_ON_DISK,
        weigh: |event| match event {
            Signal::Traced(TraceEvent::Node(Event::PartitionChanged {
                topic_partition,
                leader,
                leader_epoch,
                ..
            })) if *leader != BrokerId::NONE => {
                Some(Occurrence { leader_epoch: Some(*leader_epoch), ..once(topic_partition)? })
            }
            _ => None,
        },
    },
    EventKind {
        name: "epoch_started",
        host: "the new leader",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A broker learns that it leads in a new leader epoch, and begins to.",
        before: NOT_SENT,
        weigh: node_event!(LeaderStarted),
    },
    EventKind {
        name: "following_started",
        host: "a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A broker learns whom to follow in a new leader epoch, and begins to.",
        before: NOT_SENT,
        weigh: node_event!(FollowerStarted),
    },
    EventKind {
        name: "log_truncated",
        host: "a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A follower cuts off what its leader does not have, or drops its whole log.",
        before: NOT_ON_DISK,
        weigh: |event| match event {
            Signal::Traced(TraceEvent::Node(
                Event::LogTruncated { topic_partition, .. }
                | Event::LogTruncatedFully { topic_partition, .. },
            )) => once(topic_partition),
            _ => None,
        },
    },
    EventKind {
        name: "segment_rolled",
        host: "the leader or a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A log begins a new segment.",
        before: NOT_SENT,
        weigh: node_event!(SegmentRolled),
    },
    EventKind {
        name: "segments_deleted",
        host: "the leader or a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "Retention deletes segments of a log.",
        before: NOT_ON_DISK,
        weigh: node_event!(SegmentsDeleted),
    },
    EventKind {
        name: "flush_started",
        host: "the leader or a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A flush of a log begins: by policy, when a segment is full, or on request.",
        before: "the disk was not told to flush",
        weigh: node_event!(FlushStarted),
    },
    EventKind {
        name: "flush_finished",
        host: "the leader or a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A flush of a log ends, and its broker learns it.",
        before: "nothing of it is durable",
        weigh: node_event!(FlushFinished),
    },
    EventKind {
        name: "disk_flush_finished",
        host: "any host with a disk",
        site: Site::Servers,
        detail: Detail::None,
        doc: "A disk ends a flush, of whatever file.",
        before: "nothing of it is durable",
        weigh: |event| {
            matches!(event, Signal::Traced(TraceEvent::DiskFlushFinished { .. })).then(anywhere)?
        },
    },
    EventKind {
        name: "recovery_started",
        host: "the leader or a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A broker that did not shut down in good order begins to recover a log from its recovery point.",
        before: NOT_KNOWN,
        weigh: node_event!(RecoveryStarted),
    },
    EventKind {
        name: "recovery_finished",
        host: "the leader or a follower",
        site: Site::Brokers,
        detail: Detail::TopicPartition,
        doc: "A broker has opened a log.",
        before: NOT_KNOWN,
        weigh: node_event!(RecoveryFinished),
    },
    EventKind {
        name: "broker_registered",
        host: "the controller",
        site: Site::Controller,
        detail: Detail::None,
        doc: "The controller registers a broker that has just started.",
        before: NOT_ON_DISK,
        weigh: |event| {
            matches!(event, Signal::Traced(TraceEvent::Node(Event::BrokerRegistered { .. })))
                .then(anywhere)?
        },
    },
    EventKind {
        name: "broker_fenced",
        host: "the controller",
        site: Site::Controller,
        detail: Detail::None,
        doc: "The controller ends a broker's session: it leads nothing any more.",
        before: NOT_ON_DISK,
        weigh: |event| {
            matches!(event, Signal::Traced(TraceEvent::Node(Event::BrokerFenced { .. }))).then(anywhere)?
        },
    },
    EventKind {
        name: "broker_unfenced",
        host: "the controller",
        site: Site::Controller,
        detail: Detail::None,
        doc: "The controller lets a broker lead and be in ISRs again.",
        before: NOT_ON_DISK,
        weigh: |event| {
            matches!(event, Signal::Traced(TraceEvent::Node(Event::BrokerUnfenced { .. }))).then(anywhere)?
        },
    },
    EventKind {
        name: "producer_id_assigned",
        host: "a producer's host",
        site: Site::Producers,
        detail: Detail::None,
        doc: "A producer gets its producer id.",
        before: NOT_SENT,
        weigh: |event| {
            matches!(event, Signal::Traced(TraceEvent::Node(Event::ProducerIdAssigned { .. })))
                .then(anywhere)?
        },
    },
    EventKind {
        name: "snapshot_written",
        host: "the controller",
        site: Site::Controller,
        detail: Detail::None,
        doc: "A snapshot of the metadata is durable.",
        before: NOT_SENT,
        weigh: |event| {
            matches!(event, Signal::Traced(TraceEvent::Node(Event::SnapshotWritten { .. }))).then(anywhere)?
        },
    },
    EventKind {
        name: "request_sent",
        host: "any host",
        site: Site::Hosts,
        detail: Detail::Api,
        doc: "A request leaves; `api` says which, such as `api = \"Fetch\"`.",
        before: "the request has not left",
        weigh: |event| match event {
            Signal::Traced(TraceEvent::RequestSent { api, .. }) => of_api(*api),
            _ => None,
        },
    },
    EventKind {
        name: "request_received",
        host: "any server",
        site: Site::Servers,
        detail: Detail::Api,
        doc: "A request arrives; `api` says which, such as `api = \"Produce\"`.",
        before: NOT_READ,
        weigh: |event| match event {
            Signal::Traced(TraceEvent::RequestReceived { api, .. }) => of_api(*api),
            _ => None,
        },
    },
    EventKind {
        name: "host_started",
        host: "any host",
        site: Site::Hosts,
        detail: Detail::None,
        doc: "A process begins to run.",
        before: "nothing: before and after are the same moment, in which the process has done nothing yet",
        weigh: |event| matches!(event, Signal::Traced(TraceEvent::HostStarted)).then(anywhere)?,
    },
];
