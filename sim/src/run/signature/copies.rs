//! In which ways the copies of a lost record ended.

use std::collections::BTreeSet;

use broker_core::event::Event;
use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};

use crate::explain::{End, How, Wanted, follow};
use crate::trace::{HostId, Stop, Trace, TraceEvent};

/// `copies ended by power loss, truncation`, of the record that was at this offset when somebody was told so; `None` if no
/// replica ever had one.
pub(super) fn shape(
    trace: &Trace,
    (topic_partition, offset): (&TopicPartition, Offset),
    told: Timestamp,
) -> Option<String> {
    let life = follow(trace, topic_partition, &[Wanted { offset, told }]).pop()??;
    let mut ends = BTreeSet::new();
    let mut ended: BTreeSet<HostId> = BTreeSet::new();
    for copy in &life.copies {
        if let Some(way) = copy.end.as_ref().and_then(|end| way(trace, end)) {
            ends.insert(way);
            ended.insert(copy.host);
        }
    }
    let ever: BTreeSet<HostId> = life.copies.iter().map(|copy| copy.host).collect();
    let mut ends: Vec<&str> = ends.into_iter().collect();
    if ended != ever {
        ends.push("being hidden");
    }
    let is_unclean = trace.entries()[life.appended..].iter().any(|entry| {
        matches!(&entry.event, TraceEvent::Node(Event::PartitionChanged { topic_partition: at, unclean: true, .. })
            if at == topic_partition)
    });
    let count = if ever.len() == 1 { "the only copy ended" } else { "copies ended" };
    let election = if is_unclean { "; unclean election" } else { "" };
    Some(format!("{count} by {}{election}", ends.join(", ")))
}

/// A copy is hidden, and not gone, as long as no event says where it went.
fn way(trace: &Trace, end: &End) -> Option<&'static str> {
    Some(match end.how {
        How::Truncated => "truncation",
        How::Dropped => "log dropped",
        How::Deleted => "retention",
        How::Wiped => "wipe",
        How::Recovered => match end.weakened.map(|at| &trace.entries()[at].event) {
            Some(TraceEvent::HostStopped { how: Stop::PowerLost }) => "power loss",
            Some(_) => "failed flush",
            None => "restart",
        },
        How::Vanished | How::Overwritten => return None,
    })
}

#[cfg(test)]
mod tests {
    use broker_core::types::{LeaderEpoch, ProducerEpoch, ProducerId, Sequence};

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
