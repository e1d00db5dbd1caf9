//! Stories: for each way of dying a trace in which a record dies so, and nothing else says how.

use broker_core::event::{Event, LogStartReason};
use broker_core::time::Timestamp;
use broker_core::types::{
    BrokerId, LeaderEpoch, Offset, PartitionEpoch, ProducerEpoch, ProducerId, Sequence, TopicPartition,
};

use super::tell::{explain, explain_message, explain_offset};
use super::{Cause, Finding, MomentKind};
use crate::checker::check_all;
use crate::history::{History, MessageId, PolledRecord, ProcessId, ProcessInfo, Reading};
use crate::trace::{FaultId, Stop, Trace, TraceEvent};

mod deaths;
mod duplicates;
mod model;
mod others;

/// A run told event by event; one event a millisecond.
pub(super) struct Tale {
    pub trace: Trace,
    pub history: History,
}

const PRODUCER: ProcessId = ProcessId(0);
const READER: ProcessId = ProcessId(9);

pub(super) fn orders() -> TopicPartition {
    TopicPartition::new("orders", 0)
}

impl Tale {
    pub fn new() -> Tale {
        let mut history = History::new();
        for (process, name) in [(PRODUCER, "producer-0"), (READER, "reader")] {
            history.declare(ProcessInfo { process, name: name.to_owned(), promise: None });
        }
        Tale { trace: Trace::new(), history }
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.trace.len() as u64 * 1000)
    }

    pub fn tell(&mut self, host: &str, event: impl Into<TraceEvent>) {
        let (now, host) = (self.now(), self.trace.host(host));
        self.trace.record(now, host, event);
    }

    /// Sends a message, which nobody has appended yet.
    pub fn send(&mut self, message: u32, sequence: i32, attempt: u32) {
        if attempt == 1 {
            let now = self.now();
            let index = self.history.send_invoked(now, PRODUCER, orders(), MessageId::new(0, message));
            self.tell("producer-0", TraceEvent::ClientOp { index });
        }
        let (topic_partition, base_sequence) = (orders(), Sequence(sequence));
        self.tell(
            "producer-0",
            Event::BatchSent { topic_partition, base_sequence, records: 1, attempt, to: BrokerId(1) },
        );
    }

    pub fn acknowledged(&mut self, message: u32, offset: i64) {
        let outcome = broker_core::io::SendOutcome::Ok { offset: Some(Offset(offset)) };
        let (now, message) = (self.now(), MessageId::new(0, message));
        let index = self.history.send_completed(now, PRODUCER, orders(), message, outcome);
        self.tell("producer-0", TraceEvent::ClientOp { index });
    }

    /// A batch of one record.
    pub fn appends(&mut self, host: &str, offset: i64, epoch: i32, sequence: i32) {
        self.tell(
            host,
            Event::RecordsAppended {
                topic_partition: orders(),
                base_offset: Offset(offset),
                end_offset: Offset(offset + 1),
                leader_epoch: LeaderEpoch(epoch),
                producer_id: ProducerId(if sequence < 0 { -1 } else { 7 }),
                producer_epoch: ProducerEpoch(0),
                base_sequence: Sequence(sequence),
            },
        );
    }

    pub fn copies(&mut self, host: &str, offset: i64, epoch: i32) {
        let (base_offset, end_offset) = (Offset(offset), Offset(offset + 1));
        let leader_epoch = LeaderEpoch(epoch);
        self.tell(
            host,
            Event::RecordsReplicated { topic_partition: orders(), base_offset, end_offset, leader_epoch },
        );
    }

    pub fn commits(&mut self, host: &str, end: i64) {
        let high_watermark = Offset(end);
        self.tell(
            host,
            Event::HighWatermarkMoved { topic_partition: orders(), high_watermark, leader: true },
        );
    }

    pub fn lies(&mut self, host: &str) {
        let description = format!("fsync_lie {host}");
        self.tell("harness", TraceEvent::FaultStarted { fault: FaultId(9), description });
    }

    pub fn flushes(&mut self, host: &str, end: i64) {
        self.tell(host, Event::FlushFinished { topic_partition: orders(), recovery_point: Offset(end) });
    }

    pub fn stops(&mut self, host: &str, how: Stop) {
        self.tell(host, TraceEvent::HostStopped { how });
    }

    pub fn opens(&mut self, host: &str, end: i64, cut_bytes: u64) {
        self.tell(host, TraceEvent::HostStarted);
        let end_offset = Offset(end);
        self.tell(host, Event::RecoveryFinished { topic_partition: orders(), end_offset, cut_bytes });
    }

    pub fn leads(&mut self, broker: i32, epoch: i32, start: i64, isr: &[i32], unclean: bool) {
        self.tell(
            "controller",
            Event::PartitionChanged {
                topic_partition: orders(),
                leader: BrokerId(broker),
                leader_epoch: LeaderEpoch(epoch),
                partition_epoch: PartitionEpoch(epoch),
                isr: isr.iter().map(|id| BrokerId(*id)).collect(),
                elr: Vec::new(),
                unclean,
            },
        );
        let (leader_epoch, start_offset) = (LeaderEpoch(epoch), Offset(start));
        self.tell(
            &format!("broker-{broker}"),
            Event::LeaderStarted { topic_partition: orders(), leader_epoch, start_offset },
        );
    }

    pub fn follows(&mut self, host: &str, leader: i32, epoch: i32) {
        let (leader_epoch, leader) = (LeaderEpoch(epoch), BrokerId(leader));
        self.tell(host, Event::FollowerStarted { topic_partition: orders(), leader_epoch, leader });
    }

    pub fn truncates(&mut self, host: &str, from: i64, to: i64) {
        let (from, to) = (Offset(from), Offset(to));
        self.tell(host, Event::LogTruncated { topic_partition: orders(), from, to });
    }

    /// Messages 0 to 4 are appended by broker-1 in leader epoch 0, copied by the others, committed and acknowledged.
    pub fn five() -> Tale {
        let mut tale = Tale::new();
        tale.leads(1, 0, 0, &[1, 2, 3], false);
        for message in 0..5_u32 {
            let offset = i64::from(message);
            tale.send(message, i32::try_from(message).expect("few"), 1);
            tale.appends("broker-1", offset, 0, i32::try_from(message).expect("few"));
            for follower in ["broker-2", "broker-3"] {
                tale.copies(follower, offset, 0);
            }
            tale.commits("broker-1", offset + 1);
            tale.acknowledged(message, offset);
        }
        tale
    }

    /// The final reads find these messages; then everything is judged and the first violation explained.
    pub fn finding(&mut self, left: &[(i64, u32)]) -> Finding {
        let records: Vec<PolledRecord> = left
            .iter()
            .map(|(offset, message)| PolledRecord {
                offset: Offset(*offset),
                message: Some(MessageId::new(0, *message)),
            })
            .collect();
        let (now, end) = (self.now(), Offset(left.iter().map(|(offset, _)| offset + 1).max().unwrap_or(0)));
        self.history.polled(now, READER, orders(), records, Reading::Final);
        self.history.final_read_completed(now, READER, orders(), Offset(0), end);
        let violations = check_all(&self.history).expect("the tale is consistent").violations;
        explain(&self.history, &self.trace, &violations).findings.swap_remove(0)
    }
}

/// Host and cause of each copy that died.
pub(super) fn causes(finding: &Finding) -> Vec<(&str, Cause)> {
    let cause = |copy: &super::CopyFate| Some(copy.death.as_ref()?.cause);
    finding.copies.iter().filter_map(|copy| Some((copy.host.as_str(), cause(copy)?))).collect()
}
