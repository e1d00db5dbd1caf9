//! A lost write: the life of the first record, and all lost records of the topic partition by fate.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::time::Timestamp;
use broker_core::types::Offset;

use super::biography::{Record, biography};
use super::conclusion::{conclusion, fates};
use super::explanation::{Fate, Finding, Moment};
use super::follow::follow;
use super::life::{How, Life, Wanted};
use super::meanwhile::meanwhile;
use super::scene::Scene;
use crate::checker::lost_write::{LostRecord, lost};
use crate::checker::{Anomaly, HistoryIndex};
use crate::trace::HostId;

/// Other fates than that of the record that is shown are told up to this many; the rest is counted.
const OTHER_FATES_MAX: usize = 3;

/// When each copy ended, and how: records that have it in common died of the same.
type Key = Vec<(HostId, Option<(usize, How)>)>;

pub(super) fn explain(scene: &Scene<'_>, index: &HistoryIndex) -> Option<Finding> {
    let (_, partition) = index.partitions().find(|(at, _)| *at == scene.topic_partition)?;
    let lost = lost(partition);
    let placed: Vec<(&LostRecord, Wanted)> =
        lost.iter().filter_map(|record| Some((record, wanted(scene, record)?))).collect();
    let wanted: Vec<Wanted> = placed.iter().map(|(_, wanted)| *wanted).collect();
    let lives = follow(scene.trace, scene.topic_partition, &wanted);
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (position, life) in lives.iter().enumerate() {
        groups.entry(key(life.as_ref())).or_default().push(position);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    // That of the first record first, then the most frequent.
    groups.sort_by_key(|group| (group[0] != 0, std::cmp::Reverse(group.len()), group[0]));
    let told = |group: &Vec<usize>| {
        let conclusion = match &lives[group[0]] {
            Some(life) => conclusion(scene, life, &fates(scene, life)),
            None => NEVER_APPENDED.to_owned(),
        };
        let offset = |at: &usize| wanted[*at].offset;
        let (first, last) = (offset(&group[0]), offset(group.last().expect("groups have members")));
        Fate { records: group.len() as u64, first, last, conclusion }
    };
    let mut all: Vec<Fate> = groups.iter().take(1 + OTHER_FATES_MAX).map(told).collect();
    let rest = groups.get(1 + OTHER_FATES_MAX..).unwrap_or_default();
    if !rest.is_empty() {
        let positions = || rest.iter().flatten().map(|at| wanted[*at].offset);
        all.push(Fate {
            records: rest.iter().map(|group| group.len() as u64).sum(),
            first: positions().min()?,
            last: positions().max()?,
            conclusion: format!("in {} other ways", rest.len()),
        });
    }
    let record = match placed.first() {
        Some((first, _)) => *first,
        None => lost.first()?,
    };
    let life = lives.first().and_then(Option::as_ref);
    let record = Record::new(scene, index, Some(record.message), record.offset, life);
    let mut finding = of_record(scene, record);
    finding.anomaly = Some(Anomaly::LostWrite);
    finding.fates = all;
    Some(finding)
}

const NEVER_APPENDED: &str = "no broker ever appended anything at its offset";

/// One record by itself, lost or not.
pub(super) fn of_record(scene: &Scene<'_>, record: Record<'_>) -> Finding {
    let Record { message, life, .. } = record;
    let (mut timeline, mut left_out) = biography(scene, record);
    let mut conclusion_text = NEVER_APPENDED.to_owned();
    let mut copies = Vec::new();
    if let Some(life) = life {
        copies = fates(scene, life);
        conclusion_text = conclusion(scene, life, &copies);
        conclusion_text.extend(too_early(scene, record));
        let hosts: BTreeSet<&str> = life.copies.iter().map(|copy| scene.host(copy.host)).collect();
        let until = if life.copies.iter().all(|copy| copy.end.is_some()) { life.last_end() } else { None };
        let to = until.unwrap_or(scene.trace.len() - 1);
        // What kept it from being appended may have decided its fate.
        let from = timeline.first().map_or(life.appended, |first| scene.position(first.event));
        let (between, skipped) = meanwhile(scene, (from.min(life.appended), to), &hosts);
        let is_new = |moment: &Moment| timeline.iter().all(|known| known.event != moment.event);
        let between: Vec<Moment> = between.into_iter().filter(is_new).collect();
        timeline.extend(between);
        left_out += skipped;
        timeline.sort_by_key(|moment| moment.event);
    }
    let offset = life.map(|life| life.offset);
    let name = message.map_or_else(|| "a record".to_owned(), |message| format!("message {message}"));
    let place = offset.map_or_else(String::new, |offset| format!(" at offset {offset}"));
    Finding {
        anomaly: None,
        topic_partition: scene.topic_partition.clone(),
        subject: format!("{name} of {}{place}", scene.topic_partition),
        message,
        offset,
        conclusion: conclusion_text,
        timeline,
        left_out,
        copies,
        fates: Vec::new(),
    }
}

/// Says so if its producer was told that it is safe before the leader counted it as committed.
fn too_early(scene: &Scene<'_>, record: Record<'_>) -> Option<String> {
    let (acknowledged, life) = (record.acknowledged(scene)?, record.life?);
    if life.committed.is_some_and(|committed| committed < acknowledged) {
        return None;
    }
    let holders: Vec<String> =
        life.copies_at(acknowledged).map(|copy| scene.host(copy.host).to_owned()).collect();
    let had = if holders.is_empty() {
        "nobody had it any more".to_owned()
    } else {
        format!("only {} had it", super::conclusion::listed(&holders))
    };
    Some(format!("; it was acknowledged before it was committed, when {had}"))
}

fn wanted(scene: &Scene<'_>, record: &LostRecord) -> Option<Wanted> {
    let operation = scene.history.operations().get(usize::try_from(record.shown).ok()?)?;
    let offset: Offset = record.offset?;
    let told: Timestamp = operation.time;
    Some(Wanted { offset, told })
}

fn key(life: Option<&Life>) -> Key {
    let Some(life) = life else { return Vec::new() };
    let ends = life.copies.iter().map(|copy| (copy.host, copy.end.as_ref().map(|end| (end.shown, end.how))));
    let mut key: Key = ends.collect();
    key.sort_unstable();
    key
}
