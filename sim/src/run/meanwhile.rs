//! What happened while a fault lasted: perhaps because of it.

use std::collections::BTreeMap;

use broker_core::event::Event;
use broker_core::types::{BrokerId, LeaderEpoch, TopicPartition};

use crate::report::{FaultReport, PhaseReport};
use crate::trace::{Trace, TraceEvent};

/// Moments of each thing that is counted, in order.
#[derive(Default)]
struct Moments {
    elections: Vec<u64>,
    isr_changes: Vec<u64>,
    failed_requests: Vec<u64>,
    truncations: Vec<u64>,
}

/// Fills in [`FaultReport::meanwhile`]. A fault that nobody ended lasts until the run is over.
pub(super) fn count(faults: &mut [FaultReport], phases: &[PhaseReport], trace: &Trace) {
    let moments = moments(trace);
    let end_of_run = phases.last().map_or(0, |phase| phase.ended_us);
    for fault in faults {
        let Some(from) = fault.started_us else { continue };
        let to = fault.ended_us.unwrap_or(end_of_run);
        let within = |times: &[u64]| {
            let before = |end: u64| times.partition_point(|time| *time < end);
            (before(to + 1) - before(from)) as u64
        };
        fault.meanwhile = BTreeMap::from([
            ("elections".to_owned(), within(&moments.elections)),
            ("failed_requests".to_owned(), within(&moments.failed_requests)),
            ("isr_changes".to_owned(), within(&moments.isr_changes)),
            ("truncations".to_owned(), within(&moments.truncations)),
        ]);
    }
}

fn moments(trace: &Trace) -> Moments {
    let mut moments = Moments::default();
    let mut epochs: BTreeMap<&TopicPartition, LeaderEpoch> = BTreeMap::new();
    for entry in trace.entries() {
        let time = entry.time.0;
        match &entry.event {
            TraceEvent::RequestFailed { .. } => moments.failed_requests.push(time),
            TraceEvent::Node(Event::IsrShrunk { .. } | Event::IsrExpanded { .. }) => {
                moments.isr_changes.push(time);
            }
            TraceEvent::Node(Event::LogTruncated { .. } | Event::LogTruncatedFully { .. }) => {
                moments.truncations.push(time);
            }
            TraceEvent::Node(Event::PartitionChanged { topic_partition, leader, leader_epoch, .. }) => {
                let known = epochs.insert(topic_partition, *leader_epoch);
                if *leader != BrokerId::NONE && known != Some(*leader_epoch) {
                    moments.elections.push(time);
                }
            }
            _ => {}
        }
    }
    // Between hosts time may go back by less than a tick.
    for times in [
        &mut moments.elections,
        &mut moments.failed_requests,
        &mut moments.isr_changes,
        &mut moments.truncations,
    ] {
        times.sort_unstable();
    }
    moments
}
