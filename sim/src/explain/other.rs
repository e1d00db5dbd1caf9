//! All other anomalies: the lives of the messages at the scene, or the last events before a property of state was broken.

use std::collections::BTreeSet;

use broker_core::event::Event;
use broker_core::time::Timestamp;

use super::biography::{Record, biography};
use super::explanation::{Finding, Moment, MomentKind};
use super::follow::follow;
use super::life::{Life, Wanted};
use super::scene::Scene;
use crate::checker::{Anomaly, HistoryIndex, MessageRef, Outcome, Violation};
use crate::trace::TraceEvent;

/// Messages of an anomaly that are told.
const MESSAGES_MAX: usize = 2;

/// Events before a property of state was broken.
const EVENTS_MAX: usize = 14;

/// Of an anomaly of the history: what its first messages went through.
pub(super) fn of_history(scene: &Scene<'_>, index: &HistoryIndex, violation: &Violation) -> Finding {
    let mut examples: Vec<&MessageRef> = violation.examples.iter().take(MESSAGES_MAX).collect();
    examples.sort_by_key(|example| example.offset);
    let placed: Vec<&MessageRef> =
        examples.iter().copied().filter(|example| example.offset.is_some()).collect();
    let wanted: Vec<Wanted> = placed.iter().filter_map(|example| wanted(scene, index, example)).collect();
    let lives = follow(scene.trace, scene.topic_partition, &wanted);
    let life_of = |example: &MessageRef| -> Option<&Life> {
        placed.iter().position(|placed| std::ptr::eq(*placed, example)).and_then(|at| lives.get(at)?.as_ref())
    };
    let mut timeline: Vec<Moment> = Vec::new();
    let mut left_out = 0;
    for example in &examples {
        let record = Record::new(scene, index, example.message, example.offset, life_of(example));
        let (moments, skipped) = biography(scene, record);
        timeline.extend(moments);
        left_out += skipped;
    }
    timeline.sort_by_key(|moment| moment.event);
    timeline.dedup_by_key(|moment| moment.event);
    let conclusion = match lives.as_slice() {
        [Some(one), Some(other)] if violation.anomaly == Anomaly::InconsistentOffsets => {
            format!("{}; {}", violation.summary, reused(scene, one, other))
        }
        _ => violation.summary.clone(),
    };
    let subject = match violation.examples.first() {
        Some(MessageRef { message: Some(message), .. }) => {
            format!("message {message} of {}", violation.topic_partition)
        }
        _ => violation.topic_partition.to_string(),
    };
    Finding {
        anomaly: Some(violation.anomaly),
        topic_partition: violation.topic_partition.clone(),
        subject,
        message: violation.examples.first().and_then(|example| example.message),
        offset: violation.examples.first().and_then(|example| example.offset),
        conclusion,
        timeline,
        left_out,
        copies: Vec::new(),
        fates: Vec::new(),
    }
}

/// How one offset came to two records.
fn reused(scene: &Scene<'_>, one: &Life, other: &Life) -> String {
    let (one, other) = if one.appended < other.appended { (one, other) } else { (other, one) };
    let left = one.copies_at(other.appended).count();
    let gone = match (left, one.copies.len()) {
        (0, _) => "when no copy of the first was left".to_owned(),
        (left, all) => format!("when the first had {left} of {all} copies left"),
    };
    format!(
        "the first was appended there in leader epoch {} at {}, the second in leader epoch {} at {}, {gone}",
        one.leader_epoch,
        scene.time(one.appended),
        other.leader_epoch,
        scene.time(other.appended)
    )
}

/// When the message was first said to be at its offset.
fn wanted(scene: &Scene<'_>, index: &HistoryIndex, example: &MessageRef) -> Option<Wanted> {
    let shown = example.message.and_then(|message| Some(index.send_of(message)?.1)).map(|send| send.outcome);
    let operation = match shown {
        Some(Outcome::Ok { completed, .. }) => completed,
        _ => example.operation,
    };
    let told: Timestamp = scene.history.operations().get(usize::try_from(operation).ok()?)?.time;
    Some(Wanted { offset: example.offset?, told })
}

/// Of a property of state: the last events of the topic partition before it was seen to be broken.
pub(super) fn of_state(scene: &Scene<'_>, violation: &Violation) -> Finding {
    let entries = scene.trace.entries();
    let end = violation
        .seen
        .map_or(entries.len(), |seen| entries.partition_point(|entry| entry.number < seen.event));
    let hosts: BTreeSet<&str> = scene.nodes(0..end).map(|(_, entry, _)| scene.host(entry.host)).collect();
    let belongs = |position: &usize| match &entries[*position].event {
        TraceEvent::HostStarted | TraceEvent::HostStopped { .. } => {
            hosts.contains(scene.host(entries[*position].host))
        }
        TraceEvent::FaultStarted { .. } => true,
        TraceEvent::Node(event) => {
            event.topic_partition() == Some(scene.topic_partition)
                && matches!(
                    event,
                    Event::LeaderStarted { .. }
                        | Event::FollowerStarted { .. }
                        | Event::PartitionChanged { .. }
                        | Event::IsrShrunk { .. }
                        | Event::IsrExpanded { .. }
                        | Event::LogTruncated { .. }
                        | Event::LogTruncatedFully { .. }
                        | Event::LogDamaged { .. }
                        | Event::RecoveryFinished { .. }
                )
        }
        _ => false,
    };
    let found: Vec<usize> = (0..end).rev().filter(belongs).collect();
    let kept = found.iter().take(EVENTS_MAX).rev();
    let mut timeline: Vec<Moment> =
        kept.map(|position| scene.moment(*position, MomentKind::Meanwhile)).collect();
    // The very event that broke it, whatever it is.
    if let Some(last) = violation.seen.and(end.checked_sub(1)).filter(|last| found.first() != Some(last)) {
        timeline.push(scene.moment(last, MomentKind::Meanwhile));
    }
    Finding {
        anomaly: Some(violation.anomaly),
        topic_partition: violation.topic_partition.clone(),
        subject: violation.topic_partition.to_string(),
        message: None,
        offset: None,
        conclusion: violation.summary.clone(),
        timeline,
        left_out: found.len().saturating_sub(EVENTS_MAX) as u64,
        copies: Vec::new(),
        fates: Vec::new(),
    }
}
