//! The few events that lead to a violation, out of the many of a trace.

use std::collections::BTreeMap;

use broker_core::event::Event;
use broker_core::types::{BrokerId, TopicPartition};

use crate::trace::{Stop, Trace, TraceEntry, TraceEvent};

/// More lines than this are a log and not a story: the middle is left out.
const LINES_MAX: usize = 24;

/// What happened to one topic partition and to hosts, in order, one line each.
pub(super) fn tell(trace: &Trace, topic_partition: &TopicPartition) -> Vec<String> {
    let mut faults = BTreeMap::new();
    let lines: Vec<String> = trace
        .entries()
        .iter()
        .filter_map(|entry| {
            if let TraceEvent::FaultStarted { fault, description } = &entry.event {
                faults.insert(*fault, description.as_str());
            }
            let what = match &entry.event {
                TraceEvent::FaultEnded { fault } => format!("fault ends: {}", faults.get(fault)?),
                _ => describe(entry, topic_partition)?,
            };
            let millis = entry.time.as_millis();
            let host = trace.host_name(entry.host);
            Some(format!("{:>3}.{:03}s  {host}: {what}", millis / 1000, millis % 1000))
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

fn describe(entry: &TraceEntry, wanted: &TopicPartition) -> Option<String> {
    let concerns = |topic_partition: &TopicPartition| topic_partition == wanted;
    match &entry.event {
        TraceEvent::FaultStarted { description, .. } => Some(format!("fault begins: {description}")),
        TraceEvent::HostStopped { how: Stop::PowerLost } => Some("loses power".to_owned()),
        TraceEvent::HostStopped { how: Stop::Wiped } => Some("loses its disk".to_owned()),
        TraceEvent::HostStopped { how: Stop::ShutDown } => Some("has shut down".to_owned()),
        TraceEvent::HostStopped { how: Stop::Halted } => Some("gives up".to_owned()),
        TraceEvent::PhaseStarted { phase } => Some(format!("phase {phase}")),
        TraceEvent::Node(event) => describe_node(event, concerns),
        _ => None,
    }
}

fn describe_node(event: &Event, concerns: impl Fn(&TopicPartition) -> bool) -> Option<String> {
    match event {
        Event::LeaderStarted { topic_partition, leader_epoch, start_offset } if concerns(topic_partition) => {
            Some(format!("leads {topic_partition} in leader epoch {leader_epoch} from offset {start_offset}"))
        }
        Event::LogTruncated { topic_partition, from, to } if concerns(topic_partition) => {
            Some(format!("truncates {topic_partition} from {from} to {to}"))
        }
        Event::LogTruncatedFully { topic_partition, from, log_start_offset } if concerns(topic_partition) => {
            Some(format!(
                "drops {topic_partition}, which ended at {from}, and begins anew at {log_start_offset}"
            ))
        }
        Event::LogStartOffsetIncremented { topic_partition, log_start_offset, .. }
            if concerns(topic_partition) =>
        {
            Some(format!("lets {topic_partition} start at {log_start_offset}"))
        }
        Event::RecoveryFinished { topic_partition, end_offset, cut_bytes } if concerns(topic_partition) => {
            Some(format!("opens {topic_partition}, which ends at {end_offset} ({cut_bytes} bytes cut)"))
        }
        Event::LogDamaged { topic_partition, offset } if concerns(topic_partition) => {
            Some(format!("finds {topic_partition} damaged at offset {offset}"))
        }
        Event::LeadershipRefused { topic_partition, leader_epoch } if concerns(topic_partition) => Some(
            format!("does not lead {topic_partition} in leader epoch {leader_epoch}: its log is damaged"),
        ),
        Event::ReplicaRepaired { topic_partition, end_offset } if concerns(topic_partition) => {
            Some(format!("has everything in {topic_partition} again, up to {end_offset}"))
        }
        Event::IsrShrunk { topic_partition, isr, .. } if concerns(topic_partition) => {
            Some(format!("knows that the ISR of {topic_partition} is {}", list(isr)))
        }
        Event::PartitionChanged { topic_partition, leader, leader_epoch, isr, elr, unclean, .. }
            if concerns(topic_partition) =>
        {
            let how = if *unclean { ", elected uncleanly" } else { "" };
            let leader = match *leader {
                BrokerId::NONE => "nobody".to_owned(),
                leader => format!("broker-{leader}"),
            };
            let elr = if elr.is_empty() { String::new() } else { format!(", ELR {}", list(elr)) };
            Some(format!(
                "{leader} leads {topic_partition} in leader epoch {leader_epoch}{how}, ISR {}{elr}",
                list(isr)
            ))
        }
        Event::StorageFailed { path, operation } => Some(format!("disk fails to {operation} {path}")),
        _ => None,
    }
}

fn list(brokers: &[BrokerId]) -> String {
    let ids: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(", "))
}
