//! Explains violations, or any one record.

use std::fmt;

use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};

use super::biography::Record;
use super::explanation::{Explanation, Finding};
use super::follow::follow;
use super::life::Wanted;
use super::scene::Scene;
use super::{lost, other, repeat};
use crate::checker::{Anomaly, HistoryIndex, Outcome, Violation};
use crate::history::{History, MessageId};
use crate::trace::Trace;

/// How it came to each of these violations. A history that contradicts itself explains nothing.
pub fn explain(history: &History, trace: &Trace, violations: &[Violation]) -> Explanation {
    let Ok(index) = HistoryIndex::new(history) else { return Explanation::default() };
    let finding = |violation: &Violation| {
        let scene = Scene::new(trace, history, &violation.topic_partition);
        let told = match violation.anomaly {
            anomaly if anomaly.is_of_state() => return other::of_state(&scene, violation),
            Anomaly::LostWrite => lost::explain(&scene, &index),
            Anomaly::Duplicate => repeat::explain(&scene, &index, violation),
            _ => None,
        };
        let mut told = told.unwrap_or_else(|| other::of_history(&scene, &index, violation));
        let is_part_of_loss = |other: &Violation| {
            other.anomaly == Anomaly::LostWrite && other.topic_partition == violation.topic_partition
        };
        if violation.anomaly == Anomaly::InconsistentOffsets && violations.iter().any(is_part_of_loss) {
            // The lost write tells it all already.
            told.timeline.clear();
            told.left_out = 0;
        }
        told
    };
    Explanation { findings: violations.iter().map(finding).collect() }
}

/// Why there is no biography. Fits "error: {error}".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRecord {
    /// The history contradicts itself.
    Malformed(String),
    /// Nobody sent this message.
    NeverSent(MessageId),
    /// No leader ever appended anything there.
    NeverAppended(TopicPartition, Offset),
}

impl fmt::Display for NoRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoRecord::Malformed(reason) => write!(f, "the history contradicts itself: {reason}"),
            NoRecord::NeverSent(message) => write!(f, "nobody sent a message {message} in this run"),
            NoRecord::NeverAppended(topic_partition, offset) => {
                write!(f, "no leader ever appended anything at offset {offset} of {topic_partition}")
            }
        }
    }
}

/// The biography of a message, lost or not.
///
/// # Errors
/// If nobody sent it.
pub fn explain_message(history: &History, trace: &Trace, message: MessageId) -> Result<Finding, NoRecord> {
    let index = HistoryIndex::new(history).map_err(|malformed| NoRecord::Malformed(malformed.to_string()))?;
    let (topic_partition, send) = index.send_of(message).ok_or(NoRecord::NeverSent(message))?;
    let scene = Scene::new(trace, history, topic_partition);
    let partition = index.partitions().find(|(at, _)| *at == topic_partition).map(|(_, partition)| partition);
    let seen = partition.and_then(|partition| {
        partition.seen.by_offset().iter().find(|seen| seen.message == Some(message)).copied()
    });
    let time = |operation: u64| -> Option<Timestamp> {
        Some(history.operations().get(usize::try_from(operation).ok()?)?.time)
    };
    let wanted = match (send.outcome, seen) {
        (Outcome::Ok { offset: Some(offset), completed }, _) => Some((offset, completed)),
        (Outcome::Ok { .. } | Outcome::Info | Outcome::Fail, Some(seen)) => {
            Some((seen.offset, seen.operation))
        }
        (_, None) => None,
    };
    let wanted = wanted.and_then(|(offset, operation)| Some(Wanted { offset, told: time(operation)? }));
    let lives = wanted.map(|wanted| follow(trace, topic_partition, &[wanted])).unwrap_or_default();
    let life = lives.first().and_then(Option::as_ref);
    let record = Record::new(&scene, &index, Some(message), wanted.map(|wanted| wanted.offset), life);
    Ok(lost::of_record(&scene, record))
}

/// The biography of the record that was at an offset last.
///
/// # Errors
/// If there never was one.
pub fn explain_offset(
    history: &History,
    trace: &Trace,
    topic_partition: &TopicPartition,
    offset: Offset,
) -> Result<Finding, NoRecord> {
    let index = HistoryIndex::new(history).map_err(|malformed| NoRecord::Malformed(malformed.to_string()))?;
    let scene = Scene::new(trace, history, topic_partition);
    let lives = follow(trace, topic_partition, &[Wanted { offset, told: Timestamp(u64::MAX) }]);
    let life = lives.first().and_then(Option::as_ref);
    let life = life.ok_or_else(|| NoRecord::NeverAppended(topic_partition.clone(), offset))?;
    let appended = scene.entry(life.appended).time;
    let message = index.partitions().find(|(at, _)| *at == topic_partition).and_then(|(_, partition)| {
        let acknowledged = partition.sends.iter().find_map(|send| match send.outcome {
            Outcome::Ok { offset: Some(at), completed } if at == offset => {
                let told = history.operations().get(usize::try_from(completed).ok()?)?.time;
                (appended <= told).then_some(send.message)
            }
            _ => None,
        });
        let read = || {
            let seen = partition.seen.by_offset().iter().rev();
            seen.clone().find(|seen| seen.offset == offset).and_then(|seen| seen.message)
        };
        acknowledged.or_else(read)
    });
    Ok(lost::of_record(&scene, Record::new(&scene, &index, message, Some(offset), Some(life))))
}
