//! The life of one record as moments: sent, appended, copied, committed, acknowledged, read, flushed, died.

use broker_core::event::Event;
use broker_core::types::Offset;

use super::attempts::attempts;
use super::batch::{Batch, appends};
use super::death::death;
use super::explanation::{Moment, MomentKind};
use super::life::Life;
use super::scene::Scene;
use crate::checker::{HistoryIndex, Outcome, SendRecord};
use crate::history::{MessageId, OpKind};

/// So many attempts to send are told from the beginning, and so many from the end.
const ATTEMPTS_MAX: usize = 2;

/// Who it is about.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub message: Option<MessageId>,
    pub send: Option<&'a SendRecord>,
    /// Index of the first poll that returned it.
    pub read: Option<u64>,
    pub life: Option<&'a Life>,
}

impl<'a> Record<'a> {
    /// Looks up in the history what is known of a message at this offset.
    pub fn new(
        scene: &Scene<'_>,
        index: &'a HistoryIndex,
        message: Option<MessageId>,
        offset: Option<Offset>,
        life: Option<&'a Life>,
    ) -> Record<'a> {
        let seen =
            index.partitions().find(|(at, _)| *at == scene.topic_partition).and_then(|(_, partition)| {
                let seen = partition.seen.by_offset();
                let first = seen.partition_point(|seen| Some(seen.offset) < offset);
                seen[first..]
                    .iter()
                    .take_while(|seen| Some(seen.offset) == offset)
                    .find(|seen| seen.message == message)
            });
        let send = message.and_then(|message| Some(index.send_of(message)?.1));
        Record { message, send, read: seen.map(|seen| seen.operation), life }
    }

    /// Where the trace has its acknowledgement.
    pub fn acknowledged(&self, scene: &Scene<'_>) -> Option<usize> {
        match self.send?.outcome {
            Outcome::Ok { completed, .. } => scene.operation(completed),
            Outcome::Fail | Outcome::Info => None,
        }
    }
}

/// Everything that happened to a record, in order; and how much of it is left out.
pub(super) fn biography(scene: &Scene<'_>, record: Record<'_>) -> (Vec<Moment>, u64) {
    let mut moments = Vec::new();
    let mut left_out = 0;
    if let Some(send) = record.send {
        let sent = attempts(scene, send, record.life);
        let (head, tail) = (ATTEMPTS_MAX.min(sent.len()), sent.len().saturating_sub(ATTEMPTS_MAX));
        left_out = tail.saturating_sub(head) as u64;
        moments.extend(sent[..head].iter().chain(&sent[tail.max(head)..]).cloned());
        moments.extend(ending(scene, record));
    }
    if let Some(read) = record.read.and_then(|read| scene.operation(read)) {
        moments.push(scene.moment(read, MomentKind::Read));
    }
    if let Some(life) = record.life {
        moments.extend(recognised(scene, life));
        moments.extend(alive(scene, life));
    }
    moments.sort_by_key(|moment| moment.event);
    moments.dedup();
    (moments, left_out)
}

/// What brokers did with it.
fn alive(scene: &Scene<'_>, life: &Life) -> Vec<Moment> {
    let mut moments = vec![scene.moment(life.appended, MomentKind::Appended)];
    moments.extend(life.committed.map(|at| scene.moment(at, MomentKind::Committed)));
    moments.extend(life.reused.map(|at| scene.moment(at, MomentKind::Reused)));
    for copy in &life.copies {
        if copy.born != life.appended {
            moments.push(scene.moment(copy.born, MomentKind::Copied));
        }
        moments.extend(copy.flushed.map(|at| scene.moment(at, MomentKind::Flushed)));
        if let Some(end) = &copy.end {
            let death = death(scene, life, copy, end);
            let words = format!("{}: its copy died by {}", scene.words(end.shown), death.cause.noun());
            moments.push(scene.moment_as(end.shown, MomentKind::Died, words));
            moments.extend(end.cause().map(|at| scene.moment(at, MomentKind::Meanwhile)));
        }
    }
    moments
}

/// How its send ended.
fn ending(scene: &Scene<'_>, record: Record<'_>) -> Option<Moment> {
    let send = record.send?;
    let history = scene.history.operations();
    let (position, kind) = match record.acknowledged(scene) {
        Some(at) => (at, MomentKind::Acknowledged),
        None => {
            let given_up = history.iter().skip(usize::try_from(send.invoked).ok()? + 1).find(|operation| {
                operation.process == send.process
                    && matches!(operation.kind, OpKind::Fail | OpKind::Info)
                    && matches!(&operation.f, crate::history::OpF::Send { message, .. } if *message == send.message)
            })?;
            (scene.operation(given_up.index)?, MomentKind::GivenUp)
        }
    };
    let copies = record.life.map(|life| life.copies_at(position).map(|copy| scene.host(copy.host)).collect());
    let words = match copies {
        Some(copies) if kind == MomentKind::Acknowledged => {
            let copies: Vec<&str> = copies;
            format!("{}; copies: {}", scene.words(position), copies.join(", "))
        }
        _ => scene.words(position),
    };
    Some(scene.moment_as(position, kind, words))
}

/// Each time a leader recognised its batch as one that it has.
fn recognised(scene: &Scene<'_>, life: &Life) -> Vec<Moment> {
    let batch = batch_of(scene, life);
    let until = life.last_end().unwrap_or(scene.trace.len());
    let again = scene.nodes(life.appended..until).filter(|(_, _, event)| {
        matches!(event, Event::DuplicateRecognised { base_offset, producer_id, base_sequence, .. }
            if (*base_offset, *producer_id, *base_sequence) == (batch.base, batch.identity.0, batch.identity.2))
    });
    again.take(ATTEMPTS_MAX).map(|(at, ..)| scene.moment(at, MomentKind::Recognised)).collect()
}

/// The batch that it came in.
pub(super) fn batch_of(scene: &Scene<'_>, life: &Life) -> Batch {
    appends(scene.trace, scene.topic_partition)
        .find(|batch| batch.position == life.appended)
        .expect("a life begins with an append")
}
