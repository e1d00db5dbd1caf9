//! The few events that lead to a violation, out of the many of a trace.

use broker_core::event::Event;
use broker_core::types::TopicPartition;

use crate::trace::{Readable, Stop, Trace, TraceEvent};

/// More lines than this are a log and not a story: the middle is left out.
const LINES_MAX: usize = 24;

/// What happened to one topic partition and to hosts, in order, one line each.
pub(super) fn tell(trace: &Trace, topic_partition: &TopicPartition) -> Vec<String> {
    let readable = Readable::new(trace);
    let lines: Vec<String> = trace
        .entries()
        .iter()
        .filter(|entry| belongs(&entry.event, topic_partition))
        .map(|entry| {
            let millis = entry.time.as_millis();
            let (host, words) = (trace.host_name(entry.host), readable.words(&entry.event));
            format!("{:>3}.{:03}s  {host}: {words}", millis / 1000, millis % 1000)
        })
        .collect();
    if lines.len() <= LINES_MAX {
        return lines;
    }
    let (head, tail) = (LINES_MAX / 2, LINES_MAX / 2);
    let left_out = format!("… {} more, see trace.jsonl …", lines.len() - head - tail);
    let end = lines[lines.len() - tail..].to_vec();
    lines.into_iter().take(head).chain([left_out]).chain(end).collect()
}

/// Whether an event is part of the story. A kill loses nothing that was written, and the fault that kills says so.
fn belongs(event: &TraceEvent, wanted: &TopicPartition) -> bool {
    match event {
        TraceEvent::FaultStarted { .. } | TraceEvent::FaultEnded { .. } | TraceEvent::PhaseStarted { .. } => {
            true
        }
        TraceEvent::HostStopped { how } => *how != Stop::Killed,
        TraceEvent::Node(Event::StorageFailed { .. }) => true,
        TraceEvent::Node(
            event @ (Event::LeaderStarted { .. }
            | Event::LogTruncated { .. }
            | Event::LogTruncatedFully { .. }
            | Event::LogStartOffsetIncremented { .. }
            | Event::RecoveryFinished { .. }
            | Event::LogDamaged { .. }
            | Event::LeadershipRefused { .. }
            | Event::ReplicaRepaired { .. }
            | Event::IsrShrunk { .. }
            | Event::PartitionChanged { .. }),
        ) => event.topic_partition() == Some(wanted),
        _ => false,
    }
}
