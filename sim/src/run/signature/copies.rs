//! In which ways the copies of a lost record ended.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::event::Event;
use broker_core::time::Timestamp;
use broker_core::types::{LeaderEpoch, Offset, TopicPartition};

use crate::trace::{HostId, Stop, Trace, TraceEvent};

/// What a replica did last with the record at the offset.
#[derive(Default)]
struct Copies {
    /// Hosts that have something at the offset now.
    held: BTreeSet<HostId>,
    /// Hosts that ever had.
    ever: BTreeSet<HostId>,
    /// How hosts without power, or whose flush failed, may have come to lose what they had.
    weakened: BTreeMap<HostId, &'static str>,
    /// Hosts whose copy ended.
    ended: BTreeSet<HostId>,
    ends: BTreeSet<&'static str>,
    unclean_election: bool,
    /// From this leader epoch on the offset has another record.
    reused_in: Option<LeaderEpoch>,
}

impl Copies {
    fn appended(&mut self, host: HostId) {
        self.held.insert(host);
        self.ever.insert(host);
    }

    fn gone(&mut self, host: HostId, how: &'static str) {
        if self.held.remove(&host) {
            self.ended.insert(host);
            self.ends.insert(how);
        }
    }
}

/// `copies ended by power loss, truncation`, of the record that was at this offset when somebody was told so; `None` if no
/// replica ever had one.
pub(super) fn shape(
    trace: &Trace,
    (topic_partition, offset): (&TopicPartition, Offset),
    told: Timestamp,
) -> Option<String> {
    let is_it = |event: &TraceEvent| {
        let TraceEvent::Node(Event::RecordsAppended { topic_partition: of, base_offset, end_offset, .. }) =
            event
        else {
            return false;
        };
        of == topic_partition && (*base_offset..*end_offset).contains(&offset)
    };
    // Others may have been there before, and never acknowledged.
    let before = trace.entries().iter().rposition(|entry| entry.time <= told && is_it(&entry.event));
    // Of one that was only read nobody was told when.
    let appended = before.or_else(|| trace.entries().iter().position(|entry| is_it(&entry.event)))?;
    let mut copies = Copies::default();
    for entry in &trace.entries()[appended..] {
        let host = entry.host;
        match &entry.event {
            TraceEvent::HostStopped { how: Stop::PowerLost } => {
                copies.weakened.insert(host, "power loss");
            }
            TraceEvent::HostStopped { how: Stop::Wiped } => copies.gone(host, "wipe"),
            TraceEvent::HostStopped { how: Stop::Halted } => {
                copies.weakened.entry(host).or_insert("failed flush");
            }
            TraceEvent::Node(event) => observe(&mut copies, host, event, topic_partition, offset),
            _ => {}
        }
    }
    let mut ends: Vec<&str> = copies.ends.into_iter().collect();
    if !copies.held.is_subset(&copies.ended) {
        ends.push("being hidden");
    }
    let count = if copies.ever.len() == 1 { "the only copy ended" } else { "copies ended" };
    let election = if copies.unclean_election { "; unclean election" } else { "" };
    Some(format!("{count} by {}{election}", ends.join(", ")))
}

fn observe(copies: &mut Copies, host: HostId, event: &Event, wanted: &TopicPartition, offset: Offset) {
    match event {
        Event::RecordsAppended { topic_partition, base_offset, end_offset, leader_epoch, .. }
            if topic_partition == wanted && (*base_offset..*end_offset).contains(&offset) =>
        {
            if copies.ever.is_empty() {
                copies.appended(host);
            } else {
                copies.reused_in.get_or_insert(*leader_epoch);
            }
        }
        Event::RecordsReplicated { topic_partition, base_offset, end_offset, leader_epoch }
            if topic_partition == wanted
                && (*base_offset..*end_offset).contains(&offset)
                && copies.reused_in.is_none_or(|reused| *leader_epoch < reused) =>
        {
            copies.appended(host);
        }
        Event::LogTruncated { topic_partition, from, to }
            if topic_partition == wanted && (*to..*from).contains(&offset) =>
        {
            copies.gone(host, "truncation");
        }
        Event::LogTruncatedFully { topic_partition, from, .. }
            if topic_partition == wanted && offset < *from =>
        {
            copies.gone(host, "log dropped");
        }
        Event::LogStartOffsetIncremented { topic_partition, log_start_offset, .. }
            if topic_partition == wanted && offset < *log_start_offset =>
        {
            copies.gone(host, "retention");
        }
        Event::RecoveryFinished { topic_partition, end_offset, .. }
            if topic_partition == wanted && *end_offset <= offset =>
        {
            let how = copies.weakened.get(&host).copied().unwrap_or("restart");
            copies.gone(host, how);
        }
        Event::PartitionChanged { topic_partition, unclean: true, .. }
            if topic_partition == wanted && !copies.ever.is_empty() =>
        {
            copies.unclean_election = true;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use broker_core::types::{ProducerEpoch, ProducerId, Sequence};

    use super::*;

    fn orders() -> TopicPartition {
        TopicPartition::new("orders", 0)
    }

    fn appended(end: i64) -> TraceEvent {
        TraceEvent::Node(Event::RecordsAppended {
            topic_partition: orders(),
            base_offset: Offset(end - 1),
            end_offset: Offset(end),
            leader_epoch: LeaderEpoch(0),
            producer_id: ProducerId(1),
            producer_epoch: ProducerEpoch(0),
            base_sequence: Sequence(0),
        })
    }

    fn replicated(end: i64) -> TraceEvent {
        TraceEvent::Node(Event::RecordsReplicated {
            topic_partition: orders(),
            base_offset: Offset(end - 1),
            end_offset: Offset(end),
            leader_epoch: LeaderEpoch(0),
        })
    }

    fn recovered(end: i64) -> TraceEvent {
        let end_offset = Offset(end);
        TraceEvent::Node(Event::RecoveryFinished { topic_partition: orders(), end_offset, cut_bytes: 0 })
    }

    fn told(events: &[(&str, TraceEvent)]) -> Option<String> {
        told_at(u64::MAX, events)
    }

    fn told_at(told_at: u64, events: &[(&str, TraceEvent)]) -> Option<String> {
        let mut trace = Trace::new();
        for (time, (host, event)) in (0..).zip(events) {
            let host = trace.host(host);
            trace.record(Timestamp(time), host, event.clone());
        }
        shape(&trace, (&orders(), Offset(4)), Timestamp(told_at))
    }

    #[test]
    fn every_way_in_which_copies_end_is_named_once() {
        let power = TraceEvent::HostStopped { how: Stop::PowerLost };
        let truncated = TraceEvent::Node(Event::LogTruncated {
            topic_partition: orders(),
            from: Offset(5),
            to: Offset(3),
        });
        let events = [
            ("broker-1", appended(5)),
            ("broker-2", replicated(5)),
            ("broker-3", replicated(5)),
            ("broker-1", power.clone()),
            ("broker-2", power),
            ("broker-1", recovered(4)),
            ("broker-2", recovered(2)),
            ("broker-3", truncated),
        ];
        assert_eq!(told(&events).as_deref(), Some("copies ended by power loss, truncation"));
        assert_eq!(told(&events[..1]).as_deref(), Some("the only copy ended by being hidden"));
        assert_eq!(told(&events[3..]), None);
    }

    #[test]
    fn a_power_loss_that_the_record_survived_is_no_end_of_it() {
        let power = TraceEvent::HostStopped { how: Stop::PowerLost };
        let wiped = TraceEvent::HostStopped { how: Stop::Wiped };
        let events =
            [("broker-1", appended(5)), ("broker-1", power), ("broker-1", recovered(5)), ("broker-1", wiped)];
        assert_eq!(told(&events).as_deref(), Some("the only copy ended by wipe"));
    }

    #[test]
    fn the_record_that_was_acknowledged_counts_and_not_what_was_there_before_or_after() {
        let power = TraceEvent::HostStopped { how: Stop::PowerLost };
        let truncated = TraceEvent::Node(Event::LogTruncated {
            topic_partition: orders(),
            from: Offset(5),
            to: Offset(4),
        });
        let events = [
            ("broker-1", appended(5)),
            ("broker-1", truncated),
            ("broker-2", appended(5)),
            ("broker-2", power),
            ("broker-2", recovered(4)),
            ("broker-3", appended(5)),
        ];
        assert_eq!(told_at(1, &events).as_deref(), Some("the only copy ended by truncation"));
        assert_eq!(told_at(3, &events).as_deref(), Some("the only copy ended by power loss"));
    }
}
