//! What a producer did to send a record.

use broker_core::event::Event;

use super::batch::Batch;
use super::biography::batch_of;
use super::explanation::{Moment, MomentKind};
use super::life::Life;
use super::scene::Scene;
use crate::checker::{Outcome, SendRecord};
use crate::trace::{HostId, TraceEvent};

/// Kafka's key of a produce request.
const PRODUCE: i16 = 0;

/// Every attempt to send its batch, and how those ended that failed. Of a batch without a sequence only the attempt that was
/// appended is known: nothing tells the others from those of other batches.
pub(super) fn attempts(scene: &Scene<'_>, send: &SendRecord, life: Option<&Life>) -> Vec<Moment> {
    let Some(invoked) = scene.operation(send.invoked) else { return Vec::new() };
    let (Some(life), Some(producer)) = (life, scene.client(send.process)) else {
        return vec![scene.moment(invoked, MomentKind::Sent)];
    };
    let batch = batch_of(scene, life);
    if !batch.is_numbered() {
        return appended_attempt(scene, producer, &batch).unwrap_or_default();
    }
    let until = match send.outcome {
        Outcome::Ok { completed, .. } => scene.operation(completed),
        Outcome::Fail | Outcome::Info => None,
    };
    let theirs = scene.nodes(invoked..until.unwrap_or(scene.trace.len()));
    let attempt =
        theirs.filter(|(_, entry, _)| entry.host == producer).filter_map(|(at, _, event)| match event {
            Event::BatchSent { base_sequence, .. } if *base_sequence == batch.identity.2 => {
                Some(scene.moment(at, MomentKind::Sent))
            }
            Event::BatchAttemptFailed { base_sequence, .. } if *base_sequence == batch.identity.2 => {
                Some(scene.moment(at, MomentKind::Failed))
            }
            _ => None,
        });
    attempt.collect()
}

/// The request that a leader appended a batch from, found by its correlation id.
fn appended_attempt(scene: &Scene<'_>, producer: HostId, batch: &Batch) -> Option<Vec<Moment>> {
    let entries = scene.trace.entries();
    let leader = scene.host(batch.host);
    let received = entries[..batch.position].iter().rev().filter(|entry| entry.host == batch.host);
    let wanted = received.into_iter().find_map(|entry| match &entry.event {
        TraceEvent::RequestReceived { api: PRODUCE, correlation, .. } => Some(*correlation),
        _ => None,
    })?;
    let sent = entries[..batch.position].iter().rposition(|entry| {
        let TraceEvent::RequestSent { to, api: PRODUCE, correlation, .. } = &entry.event else {
            return false;
        };
        entry.host == producer && *correlation == wanted && **to == *leader
    })?;
    let left = scene
        .nodes(0..sent)
        .rev()
        .find(|(_, entry, event)| entry.host == producer && matches!(event, Event::BatchSent { .. }));
    let failed = entries[sent..].iter().position(|entry| {
        let TraceEvent::RequestFailed { correlation, .. } = &entry.event else { return false };
        entry.host == producer && *correlation == wanted
    });
    let mut moments = vec![scene.moment(left?.0, MomentKind::Sent)];
    moments.extend(failed.map(|after| scene.moment(sent + after, MomentKind::Failed)));
    Some(moments)
}
