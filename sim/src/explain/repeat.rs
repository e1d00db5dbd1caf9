//! A duplicate: both appends, and why the second was not recognised.

use std::collections::BTreeSet;

use broker_core::event::Event;
use broker_core::time::Timestamp;
use broker_core::types::{Offset, ProducerId};

use super::batch::{Batch, appends};
use super::biography::{Record, batch_of, biography};
use super::explanation::{Finding, Moment, MomentKind};
use super::follow::follow;
use super::life::{Life, Wanted};
use super::meanwhile::meanwhile;
use super::scene::Scene;
use crate::checker::{Anomaly, HistoryIndex, Violation};
use crate::trace::TraceEvent;

/// How many batches of a producer a broker remembers (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
const REMEMBERED: usize = 5;

pub(super) fn explain(scene: &Scene<'_>, index: &HistoryIndex, violation: &Violation) -> Option<Finding> {
    let message = violation.examples.first()?.message?;
    let (_, partition) = index.partitions().find(|(at, _)| *at == scene.topic_partition)?;
    let places = partition.final_reads.by_message();
    let first = places.partition_point(|(seen, _)| *seen < message);
    let offsets = places[first..].iter().take_while(|(seen, _)| *seen == message).map(|(_, offset)| *offset);
    let last = |offset: Offset| Wanted { offset, told: Timestamp(u64::MAX) };
    let wanted: Vec<Wanted> = offsets.take(2).map(last).collect();
    let lives: Vec<Life> =
        follow(scene.trace, scene.topic_partition, &wanted).into_iter().flatten().collect();
    let [one, other] = lives.as_slice() else { return None };
    let (one, other) = if one.appended < other.appended { (one, other) } else { (other, one) };
    let batches = (batch_of(scene, one), batch_of(scene, other));
    let told = |life: &Life| {
        biography(scene, Record::new(scene, index, Some(message), Some(life.offset), Some(life)))
    };
    let ((mut timeline, left_out), (second, _)) = (told(one), told(other));
    timeline.extend(second);
    // What became of the copies after the second append explains nothing.
    timeline.retain(|moment| {
        moment.event <= scene.entry(other.appended).number
            || matches!(moment.kind, MomentKind::Acknowledged | MomentKind::GivenUp | MomentKind::Read)
    });
    let hosts: BTreeSet<&str> =
        [one, other].iter().flat_map(|life| &life.copies).map(|copy| scene.host(copy.host)).collect();
    timeline.sort_by_key(|moment| moment.event);
    let from = timeline.first().map_or(one.appended, |first| scene.position(first.event));
    let (between, skipped) = meanwhile(scene, (from.min(one.appended), other.appended), &hosts);
    timeline.extend(between);
    timeline.sort_by_key(|moment| moment.event);
    timeline.dedup_by_key(|moment: &mut Moment| moment.event);
    let place = |life: &Life, batch: &Batch| {
        format!(
            "at offset {} by {} in leader epoch {} at {}",
            life.offset,
            scene.host(batch.host),
            batch.leader_epoch,
            scene.time(batch.position)
        )
    };
    let conclusion = format!(
        "appended {} and again {}: {}",
        place(one, &batches.0),
        place(other, &batches.1),
        unrecognised(scene, (one, &batches.0), &batches.1)
    );
    Some(Finding {
        anomaly: Some(Anomaly::Duplicate),
        topic_partition: scene.topic_partition.clone(),
        subject: format!("message {message} of {}", scene.topic_partition),
        message: Some(message),
        offset: Some(one.offset),
        conclusion,
        timeline,
        left_out: left_out + skipped,
        copies: Vec::new(),
        fates: Vec::new(),
    })
}

/// Why nobody saw that the second append is the first once more.
fn unrecognised(scene: &Scene<'_>, (life, first): (&Life, &Batch), second: &Batch) -> String {
    let ((id, epoch, sequence), (later_id, later_epoch, later_sequence)) = (first.identity, second.identity);
    if !first.is_numbered() || !second.is_numbered() {
        return "the producer is not idempotent, so that a retry looks like a new batch".to_owned();
    }
    if id != later_id {
        return format!("the producer had another producer id by then ({later_id} after {id})");
    }
    if epoch != later_epoch {
        return format!("the producer had another producer epoch by then ({later_epoch} after {epoch})");
    }
    if sequence != later_sequence {
        return format!("it came under another sequence ({later_sequence} after {sequence})");
    }
    let leader = scene.host(second.host);
    let same =
        format!("the same producer id {id}, producer epoch {epoch} and sequence {sequence}, but {leader}");
    if life.copies_at(second.position).all(|copy| copy.host != second.host) {
        let had = life.copies.iter().any(|copy| copy.host == second.host && copy.born < second.position);
        let lacked = if had { "had lost the first" } else { "never had the first" };
        return format!("{same} {lacked}");
    }
    if let Some(expired) = expired(scene, first, second, id) {
        return format!("{same} had forgotten the producer at {}", scene.time(expired));
    }
    let between = appends(scene.trace, scene.topic_partition)
        .filter(|batch| first.position < batch.position && batch.position < second.position)
        .filter(|batch| batch.identity.0 == id)
        .count();
    if REMEMBERED <= between {
        return format!("{same} remembers five batches of a producer, and {between} came between");
    }
    let started = scene.trace.entries()[first.position..second.position]
        .iter()
        .rposition(|entry| entry.host == second.host && entry.event == TraceEvent::HostStarted);
    if let Some(started) = started {
        let at = scene.time(first.position + started);
        return format!("{same} had restarted at {at} and did not know the producer's batches any more");
    }
    if first.host != second.host {
        return format!(
            "{same} had it only in its log, copied from {}, and not among the producer's batches",
            scene.host(first.host)
        );
    }
    format!("{same} did not recognise what it had appended itself")
}

fn expired(scene: &Scene<'_>, first: &Batch, second: &Batch, id: ProducerId) -> Option<usize> {
    scene.nodes(first.position..second.position).rev().find_map(|(at, entry, event)| match event {
        Event::ProducerIdExpired { producer_id, .. } if *producer_id == id && entry.host == second.host => {
            Some(at)
        }
        _ => None,
    })
}
