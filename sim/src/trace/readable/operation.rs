//! What a client did or was told, in words.

use broker_core::error::AttemptError;

use crate::history::{OpF, OpKind, Operation};

/// An operation of the history; its client is the subject.
pub(super) fn operation(operation: &Operation) -> String {
    match (&operation.f, operation.kind) {
        (OpF::Send { topic_partition, message, .. }, OpKind::Invoke) => {
            format!("is asked to send {message} to {topic_partition}")
        }
        (OpF::Send { topic_partition, message, offset, .. }, OpKind::Ok) => {
            let place = offset.map_or_else(String::new, |offset| format!(" at {offset}"));
            format!("has the acknowledgement: {message} is in {topic_partition}{place}")
        }
        (OpF::Send { topic_partition, message, errors, .. }, OpKind::Fail) => {
            format!("gives up: {message} is not in {topic_partition}{}", because(errors))
        }
        (OpF::Send { topic_partition, message, errors, .. }, OpKind::Info) => {
            format!("gives up: {message} may be in {topic_partition}{}", because(errors))
        }
        (OpF::Poll { topic_partition, records, .. }, _) => match (records.first(), records.last()) {
            (Some(first), Some(last)) => {
                let end = last.offset.plus(1);
                format!("reads {}..{end} of {topic_partition} ({} records)", first.offset, records.len())
            }
            _ => format!("reads nothing of {topic_partition}"),
        },
        (OpF::Seek { topic_partition, offset }, _) => {
            let what = topic_partition.as_ref().map_or_else(|| "all".to_owned(), ToString::to_string);
            let place = offset.map_or_else(|| "elsewhere".to_owned(), |offset| format!("at {offset}"));
            format!("is told that it reads on {place} in {what}")
        }
        (OpF::FinalRead { topic_partition, start, end }, _) => {
            format!("has read all of {topic_partition}, {start}..{end}")
        }
    }
}

fn because(errors: &[AttemptError]) -> String {
    let last = errors.last().map(|error| format!(", lastly {}", attempt_error(*error)));
    last.map_or_else(String::new, |last| format!(" ({} failed attempts{last})", errors.len()))
}

/// How an attempt to send ended.
pub(super) fn attempt_error(error: AttemptError) -> String {
    match error {
        AttemptError::Code(code) => code.to_string(),
        AttemptError::Disconnected => "disconnected".to_owned(),
        AttemptError::TimedOut => "timed out".to_owned(),
        AttemptError::Expired => "expired".to_owned(),
        AttemptError::NoAcks => "sent with acks=0".to_owned(),
    }
}
