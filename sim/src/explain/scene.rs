//! Where records live: what the trace says of hosts, leaders and faults, apart from any one record.

use std::ops::Range;

use broker_core::event::Event;
use broker_core::types::{BrokerId, LeaderEpoch, Offset, TopicPartition};

use super::explanation::{Moment, MomentKind};
use super::life::Life;
use crate::history::{History, ProcessId};
use crate::trace::{HostId, Readable, Stop, Trace, TraceEntry, TraceEvent, seconds};

/// A topic partition's part of a run. Positions are those in the trace.
pub(super) struct Scene<'a> {
    pub trace: &'a Trace,
    pub history: &'a History,
    pub topic_partition: &'a TopicPartition,
    readable: Readable<'a>,
}

/// Who leads in the end, as the controller said it last.
pub(super) struct Leader {
    pub broker: BrokerId,
    pub isr: Vec<BrokerId>,
}

impl<'a> Scene<'a> {
    pub fn new(trace: &'a Trace, history: &'a History, topic_partition: &'a TopicPartition) -> Scene<'a> {
        Scene { trace, history, topic_partition, readable: Readable::new(trace).with(history, false) }
    }

    pub fn entry(&self, position: usize) -> &'a TraceEntry {
        &self.trace.entries()[position]
    }

    pub fn host(&self, host: HostId) -> &'a str {
        self.trace.host_name(host)
    }

    /// `4.082s`
    pub fn time(&self, position: usize) -> String {
        seconds(self.entry(position).time)
    }

    pub fn words(&self, position: usize) -> String {
        self.readable.words(&self.entry(position).event)
    }

    /// The event as a moment, in its own words.
    pub fn moment(&self, position: usize, kind: MomentKind) -> Moment {
        self.moment_as(position, kind, self.words(position))
    }

    /// The same in other words.
    pub fn moment_as(&self, position: usize, kind: MomentKind, words: String) -> Moment {
        let TraceEntry { number, time, host, .. } = self.entry(position);
        Moment { time_us: time.0, event: *number, host: self.host(*host).to_owned(), kind, words }
    }

    /// The events of a topic partition's nodes between two positions.
    pub fn nodes(
        &self,
        positions: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (usize, &'a TraceEntry, &'a Event)> {
        // A history may be of another run than the trace: then what should come later may not.
        let positions = positions.start..positions.end.max(positions.start);
        let entries = self.trace.entries()[positions.clone()].iter();
        let topic_partition = self.topic_partition;
        positions.zip(entries).filter_map(move |(position, entry)| match &entry.event {
            TraceEvent::Node(event) if event.topic_partition() == Some(topic_partition) => {
                Some((position, entry, event))
            }
            _ => None,
        })
    }

    /// How a host stopped, if that is what happened there.
    pub fn stop(&self, position: usize) -> Option<Stop> {
        match &self.entry(position).event {
            TraceEvent::HostStopped { how } => Some(*how),
            _ => None,
        }
    }

    /// Where the batch of a record begins.
    pub fn base_of(&self, life: &Life) -> Offset {
        match &self.entry(life.appended).event {
            TraceEvent::Node(Event::RecordsAppended { base_offset, .. }) => *base_offset,
            _ => unreachable!("a life begins with an append"),
        }
    }

    /// The last fault of this kind that began at this host before a position.
    pub fn fault_before(&self, kind: &str, host: HostId, before: usize) -> Option<usize> {
        let host = self.host(host);
        self.trace.entries()[..before].iter().rposition(|entry| match &entry.event {
            TraceEvent::FaultStarted { description, .. } => {
                description.split_whitespace().next() == Some(kind) && names(description, host)
            }
            _ => false,
        })
    }

    /// The last time that the host's disk failed.
    pub fn storage_failure(&self, host: HostId, within: Range<usize>) -> Option<usize> {
        self.failed_operation(host, within, |_, _| true)
    }

    /// The last time that a flush of this log failed there.
    pub fn failed_flush(&self, host: HostId, within: Range<usize>) -> Option<usize> {
        let directory = format!("{}/", self.topic_partition);
        self.failed_operation(host, within, |operation, path| {
            operation == "sync" && path.starts_with(&directory)
        })
    }

    fn failed_operation(
        &self,
        host: HostId,
        within: Range<usize>,
        is_it: impl Fn(&str, &str) -> bool,
    ) -> Option<usize> {
        let first = within.start;
        let last = self.trace.entries()[within].iter().rposition(|entry| match &entry.event {
            TraceEvent::Node(Event::StorageFailed { path, operation }) => {
                entry.host == host && is_it(operation, path)
            }
            _ => false,
        });
        last.map(|last| first + last)
    }

    /// Whether the leader of this leader epoch was elected from outside the ISR and the ELR.
    pub fn is_unclean(&self, epoch: LeaderEpoch) -> bool {
        self.nodes(0..self.trace.len()).any(|(_, _, event)| {
            matches!(event, Event::PartitionChanged { leader_epoch, unclean: true, .. } if *leader_epoch == epoch)
        })
    }

    /// Where the trace has the event of this number.
    pub fn position(&self, number: u64) -> usize {
        self.trace.entries().partition_point(|entry| entry.number < number)
    }

    /// When a broker began to lead in this leader epoch, and from which offset.
    pub fn leader_started(&self, name: &str, epoch: LeaderEpoch, until: usize) -> Option<(usize, Offset)> {
        self.nodes(0..until).rev().find_map(|(position, entry, event)| match event {
            Event::LeaderStarted { leader_epoch, start_offset, .. }
                if *leader_epoch == epoch && self.host(entry.host) == name =>
            {
                Some((position, *start_offset))
            }
            _ => None,
        })
    }

    /// Who leads in the end.
    pub fn leader_in_the_end(&self) -> Option<Leader> {
        self.nodes(0..self.trace.len()).rev().find_map(|(_, _, event)| match event {
            Event::PartitionChanged { leader, isr, .. } => Some(Leader { broker: *leader, isr: isr.clone() }),
            _ => None,
        })
    }

    /// When a host stopped that did not come back.
    pub fn down_since(&self, host: HostId) -> Option<usize> {
        let entries = self.trace.entries();
        let last = entries.iter().rposition(|entry| {
            entry.host == host
                && matches!(entry.event, TraceEvent::HostStopped { .. } | TraceEvent::HostStarted)
        })?;
        matches!(entries[last].event, TraceEvent::HostStopped { .. }).then_some(last)
    }

    /// Where the trace has an operation of the history.
    pub fn operation(&self, index: u64) -> Option<usize> {
        let is_it = |entry: &TraceEntry| entry.event == TraceEvent::ClientOp { index };
        self.trace.entries().iter().position(is_it)
    }

    /// The host of a client.
    pub fn client(&self, process: ProcessId) -> Option<HostId> {
        let name = &self.history.process(process)?.name;
        let position = self.trace.host_names().position(|host| host == name)?;
        u16::try_from(position).ok().map(HostId)
    }
}

/// Whether a fault's description names a host; `broker-1` is not in `broker-12`.
pub(super) fn names(description: &str, host: &str) -> bool {
    description.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == host)
}
