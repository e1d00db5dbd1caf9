//! What an event says, in words: the only place that has them. The host is the subject of each sentence.

use broker_core::error::ErrorCode;
use broker_core::event::{Event, LogStartReason};
use broker_core::types::{BrokerId, ProducerId};

use super::operation::attempt_error;
use crate::trace::event::{Stop, TraceEvent};

/// An event by itself. [`Readable`](super::Readable) knows more about the end of a fault and about clients' operations.
pub(super) fn words(event: &TraceEvent) -> String {
    match event {
        TraceEvent::RequestSent { to, api, correlation, bytes } => {
            format!("sends {} to {to} (correlation {correlation}, {bytes} bytes)", request(*api))
        }
        TraceEvent::RequestReceived { connection, api, correlation, bytes } => {
            let request = request(*api);
            format!("gets {request} (connection {connection}, correlation {correlation}, {bytes} bytes)")
        }
        TraceEvent::ResponseSent { connection, bytes } => {
            format!("sends a response (connection {connection}, {bytes} bytes)")
        }
        TraceEvent::ResponseReceived { correlation, bytes } => {
            format!("gets a response (correlation {correlation}, {bytes} bytes)")
        }
        TraceEvent::RequestFailed { correlation, timed_out: true } => {
            format!("waits no longer for a response (correlation {correlation})")
        }
        TraceEvent::RequestFailed { correlation, timed_out: false } => {
            format!("loses the connection before a response (correlation {correlation})")
        }
        TraceEvent::HostStarted => "starts".to_owned(),
        TraceEvent::HostStopped { how } => stop(*how).to_owned(),
        TraceEvent::FaultStarted { description, .. } => format!("fault begins: {description}"),
        TraceEvent::FaultEnded { fault } => format!("fault ends: number {}", fault.0),
        TraceEvent::PhaseStarted { phase } => format!("phase {phase}"),
        TraceEvent::ClientOp { index } => format!("operation {index} of the history"),
        TraceEvent::DiskFlushStarted { flush } => format!("its disk begins flush {flush}"),
        TraceEvent::DiskFlushFinished { flush, ok: true } => format!("its disk has done flush {flush}"),
        TraceEvent::DiskFlushFinished { flush, ok: false } => format!("its disk fails in flush {flush}"),
        TraceEvent::Node(event) => node(event),
    }
}

/// How a host stops.
pub(super) fn stop(how: Stop) -> &'static str {
    match how {
        Stop::Killed => "is killed",
        Stop::PowerLost => "loses power",
        Stop::ShutDown => "has shut down",
        Stop::Halted => "gives up",
        Stop::Wiped => "loses its disk",
    }
}

#[expect(clippy::too_many_lines, reason = "an arm for each event, so that none is without words")]
fn node(event: &Event) -> String {
    match event {
        Event::RecordsAppended {
            topic_partition: at,
            base_offset,
            end_offset,
            leader_epoch,
            producer_id,
            producer_epoch,
            base_sequence,
        } => {
            let batch = if *producer_id == ProducerId::NONE {
                "no producer id".to_owned()
            } else {
                format!(
                    "producer id {producer_id}, producer epoch {producer_epoch}, sequence {base_sequence}"
                )
            };
            format!("appends {base_offset}..{end_offset} to {at} in leader epoch {leader_epoch} ({batch})")
        }
        Event::DuplicateRecognised { topic_partition: at, base_offset, producer_id, base_sequence } => {
            format!(
                "has a batch already, at {base_offset} in {at} (producer id {producer_id}, sequence {base_sequence})"
            )
        }
        Event::RecordsReplicated { topic_partition: at, base_offset, end_offset, leader_epoch } => {
            format!("copies {base_offset}..{end_offset} of {at} in leader epoch {leader_epoch}")
        }
        Event::ProduceAnswered { topic_partition: at, end_offset, error: ErrorCode::NONE } => {
            format!("tells a producer that {at} has everything up to {end_offset}")
        }
        Event::ProduceAnswered { topic_partition: at, end_offset, error } => {
            format!("refuses a producer's batch for {at}, which ends at {end_offset}: {error}")
        }
        Event::HighWatermarkMoved { topic_partition: at, high_watermark, leader } => {
            let whose = if *leader { "the" } else { "its copy of the" };
            format!("moves {whose} high watermark of {at} to {high_watermark}")
        }
        Event::LeaderStarted { topic_partition: at, leader_epoch, start_offset } => {
            format!("leads {at} in leader epoch {leader_epoch} from offset {start_offset}")
        }
        Event::FollowerStarted { topic_partition: at, leader_epoch, leader } => {
            format!("follows broker-{leader} in {at} in leader epoch {leader_epoch}")
        }
        Event::LeaderLost { topic_partition: at, leader_epoch } => {
            format!("has no leader for {at} in leader epoch {leader_epoch}")
        }
        Event::LogTruncated { topic_partition: at, from, to } => {
            format!("truncates {at} from {from} to {to}")
        }
        Event::LogTruncatedFully { topic_partition: at, from, log_start_offset } => {
            format!("drops {at}, which ended at {from}, and begins anew at {log_start_offset}")
        }
        Event::LogStartOffsetIncremented { topic_partition: at, log_start_offset, reason } => {
            let why = match reason {
                LogStartReason::SegmentDeletion => "",
                LogStartReason::LeaderOffsetIncremented => ", as its leader does",
            };
            format!("lets {at} start at {log_start_offset}{why}")
        }
        Event::SegmentsDeleted { topic_partition: at, segments } => {
            format!("deletes {segments} segments of {at}")
        }
        Event::ProducerIdExpired { topic_partition: at, producer_id } => {
            format!("forgets producer id {producer_id} in {at}")
        }
        Event::SegmentRolled { topic_partition: at, base_offset } => {
            format!("begins a segment of {at} at {base_offset}")
        }
        Event::FlushStarted { topic_partition: at, end_offset } => {
            format!("begins to flush {at} up to {end_offset}")
        }
        Event::FlushFinished { topic_partition: at, recovery_point } => {
            format!("has flushed {at}: durable up to {recovery_point}")
        }
        Event::RecoveryStarted { topic_partition: at, recovery_point } => {
            format!("recovers {at} from {recovery_point}")
        }
        Event::RecoveryFinished { topic_partition: at, end_offset, cut_bytes } => {
            format!("opens {at}, which ends at {end_offset} ({cut_bytes} bytes cut)")
        }
        Event::LogDamaged { topic_partition: at, offset } => format!("finds {at} damaged at offset {offset}"),
        Event::LeadershipRefused { topic_partition: at, leader_epoch } => {
            format!("does not lead {at} in leader epoch {leader_epoch}: its log is damaged")
        }
        Event::RepairStarted { topic_partition: at } => format!("repairs {at}, outside its ISR"),
        Event::ReplicaRepaired { topic_partition: at, end_offset } => {
            format!("has everything in {at} again, up to {end_offset}")
        }
        Event::DamageNoteRemoved { topic_partition: at } => {
            format!("has what it repaired of {at} on its disk, and strikes the note of the damage")
        }
        Event::AlterPartitionSent { topic_partition: at, leader_epoch, partition_epoch, isr } => format!(
            "asks for ISR {} of {at} (leader epoch {leader_epoch}, partition epoch {partition_epoch})",
            list(isr)
        ),
        Event::AlterPartitionAnswered { topic_partition: at, error: ErrorCode::NONE } => {
            format!("is granted the ISR of {at} that it asked for")
        }
        Event::AlterPartitionAnswered { topic_partition: at, error } => {
            format!("is refused the ISR of {at} that it asked for: {error}")
        }
        Event::IsrShrunk { topic_partition: at, isr, .. } => {
            format!("knows that the ISR of {at} is {}", list(isr))
        }
        Event::IsrExpanded { topic_partition: at, isr, .. } => {
            format!("knows that the ISR of {at} has grown to {}", list(isr))
        }
        Event::BrokerStarted { broker, broker_epoch } => {
            format!("is registered as broker {broker} with broker epoch {broker_epoch}")
        }
        Event::BrokerRegistered { broker, broker_epoch, unclean } => {
            let how = if *unclean { ", after an unclean stop" } else { "" };
            format!("registers broker-{broker} with broker epoch {broker_epoch}{how}")
        }
        Event::BrokerUnfenced { broker } => format!("unfences broker-{broker}"),
        Event::BrokerFenced { broker } => format!("fences broker-{broker}"),
        Event::PartitionChanged { topic_partition: at, leader, leader_epoch, isr, elr, unclean, .. } => {
            let how = if *unclean { ", elected uncleanly" } else { "" };
            let leader = match *leader {
                BrokerId::NONE => "nobody".to_owned(),
                leader => format!("broker-{leader}"),
            };
            let elr = if elr.is_empty() { String::new() } else { format!(", ELR {}", list(elr)) };
            format!("{leader} leads {at} in leader epoch {leader_epoch}{how}, ISR {}{elr}", list(isr))
        }
        Event::SnapshotWritten { end_offset } => format!("has a metadata snapshot up to {end_offset}"),
        Event::SnapshotLoaded { end_offset } => {
            format!("begins from the metadata snapshot that ends at {end_offset}")
        }
        Event::SnapshotUnreadable { path } => format!("passes over the damaged metadata snapshot {path}"),
        Event::AlterPartitionRefused { topic_partition: at, broker, error } => {
            format!("refuses broker-{broker} another ISR of {at}: {error}")
        }
        Event::ProducerIdAssigned { producer_id, producer_epoch } => {
            format!("gets producer id {producer_id} with producer epoch {producer_epoch}")
        }
        Event::BatchSent { topic_partition: at, base_sequence, records, attempt, to } => {
            let sequence =
                if base_sequence.0 < 0 { String::new() } else { format!(", sequence {base_sequence}") };
            format!("sends {records} records for {at} to broker-{to} (attempt {attempt}{sequence})")
        }
        Event::BatchAttemptFailed { topic_partition: at, base_sequence, error } => {
            let error = attempt_error(*error);
            format!("cannot tell that its batch for {at} arrived (sequence {base_sequence}): {error}")
        }
        Event::ConsumerTruncated { topic_partition: at, from, to } => {
            format!("goes back from {from} to {to} in {at}, whose log has changed")
        }
        Event::ConsumerOffsetReset { topic_partition: at, from, to } => {
            format!("goes on at {to} in {at}, which has no {from} any more")
        }
        Event::StorageFailed { path, operation } => format!("disk fails to {operation} {path}"),
    }
}

fn list(brokers: &[BrokerId]) -> String {
    let ids: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(", "))
}

/// Kafka's name of a request, if nodes here send it.
fn request(api: i16) -> String {
    let name = match api {
        0 => "Produce",
        1 => "Fetch",
        2 => "ListOffsets",
        3 => "Metadata",
        18 => "ApiVersions",
        19 => "CreateTopics",
        22 => "InitProducerId",
        23 => "OffsetForLeaderEpoch",
        56 => "AlterPartition",
        62 => "BrokerRegistration",
        63 => "BrokerHeartbeat",
        67 => "AllocateProducerIds",
        api => return format!("a request with api key {api}"),
    };
    name.to_owned()
}
