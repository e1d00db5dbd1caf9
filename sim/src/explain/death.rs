//! Of what a copy died: what the end that a trace shows came of, and the words for it.

use broker_core::event::Event;
use broker_core::types::{BrokerId, LeaderEpoch, Offset};
use serde::{Deserialize, Serialize};

use super::life::{Copy, End, How, Life};
use super::scene::Scene;
use crate::trace::{Stop, TraceEvent};

/// How a copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It was not flushed when the power failed.
    PowerLoss,
    /// When the power failed a part of its batch was on the disk, or of one before it.
    Torn,
    /// A disk that lied had said that it was flushed, and the power took it nevertheless.
    FlushLied,
    /// Its broker counted it as durable, and the power took it nevertheless, though its disk had not lied.
    NotFlushed,
    /// The file had never got a name that survives a power loss.
    Vanished,
    /// Its flush had failed; a later one had nothing left to write, said yes, and the power took it.
    FlushFailed,
    /// Its host gave up after a disk error, and came back without it.
    FailedDisk,
    /// Bits turned over where it was, or before it.
    Rotted,
    /// The log was damaged there or before, and nobody saw bits turn over.
    Damaged,
    /// Gone after a restart, and nothing says why.
    Restart,
    /// Its host followed a leader that did not have it.
    Truncated,
    /// Its host dropped the whole log, to begin where its leader's begins or ends.
    Dropped,
    /// Retention deleted it.
    Deleted,
    /// The disk was emptied.
    Wiped,
    /// Something else was written there.
    Overwritten,
}

/// How and when a copy ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Death {
    /// Of what.
    pub cause: Cause,
    /// When that was: of a power loss, not when it showed.
    pub time_us: u64,
    /// The event that shows it.
    pub shown_by: u64,
    /// Why it could be, if more is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Cause {
    /// Fits "by …".
    pub fn noun(self) -> &'static str {
        match self {
            Cause::PowerLoss => "the power loss",
            Cause::Torn => "a torn write at the power loss",
            Cause::FlushLied => "a lying flush and the power loss",
            Cause::NotFlushed => "the power loss though it counted as flushed",
            Cause::Vanished => "vanishing with its directory",
            Cause::FlushFailed => "a failed flush and the power loss",
            Cause::FailedDisk => "a disk error",
            Cause::Rotted => "bit rot",
            Cause::Damaged => "damage to its log",
            Cause::Restart => "a restart",
            Cause::Truncated => "truncation",
            Cause::Dropped => "dropping the whole log",
            Cause::Deleted => "retention",
            Cause::Wiped => "the wipe of its disk",
            Cause::Overwritten => "being written over",
        }
    }
}

/// Finds out how a copy of this life ended.
pub(super) fn death(scene: &Scene<'_>, life: &Life, copy: &Copy, end: &End) -> Death {
    let shown = scene.entry(end.shown);
    let (cause, at, why) = match end.how {
        How::Recovered => recovered(scene, life, copy, end),
        How::Vanished => (Cause::Vanished, end.stopped.unwrap_or(end.shown), None),
        How::Truncated => (Cause::Truncated, end.shown, outvoted(scene, life, end)),
        How::Dropped => (Cause::Dropped, end.shown, outvoted(scene, life, end)),
        How::Deleted => (Cause::Deleted, end.shown, None),
        How::Wiped => (Cause::Wiped, end.shown, None),
        How::Overwritten => (Cause::Overwritten, end.shown, None),
    };
    Death { cause, time_us: scene.entry(at).time.0, shown_by: shown.number, why }
}

/// The log ended below the record when it was opened.
fn recovered(scene: &Scene<'_>, life: &Life, copy: &Copy, end: &End) -> (Cause, usize, Option<String>) {
    let TraceEvent::Node(Event::RecoveryFinished { end_offset, cut_bytes, .. }) =
        &scene.entry(end.shown).event
    else {
        unreachable!("an end that recovery shows is shown by recovery");
    };
    if let Some(damaged) = end.damaged {
        let rot = scene.fault_before("bit_rot", copy.host, damaged);
        let found = match &scene.entry(damaged).event {
            TraceEvent::Node(Event::LogDamaged { offset, .. }) => {
                format!("found bad from offset {offset} on")
            }
            _ => unreachable!("damage is what a host says of it"),
        };
        let cause = if rot.is_some() { Cause::Rotted } else { Cause::Damaged };
        return (cause, rot.unwrap_or(damaged), Some(found));
    }
    let stop = end.stopped.unwrap_or(end.shown);
    // The power may have failed before a later stop, while the process was dead already.
    let weakened = end.weakened_since().filter(|at| copy.born < *at);
    let power_lost = weakened.filter(|at| scene.stop(*at) == Some(Stop::PowerLost));
    let torn = || {
        if *end_offset == scene.base_of(life) {
            "only a part of its batch was on the disk".to_owned()
        } else {
            format!("the batch at offset {end_offset}, before it, was not whole")
        }
    };
    if let Some(at) = power_lost {
        let flushed = copy.flushed.filter(|flushed| *flushed < at);
        let failed = scene.failed_flush(copy.host, copy.born..at);
        return match (flushed, failed) {
            (Some(flushed), Some(failed)) if failed < flushed => {
                let (failed, flushed) = (scene.time(failed), scene.time(flushed));
                let why =
                    format!("it failed at {failed}, and the one at {flushed} had nothing left to write");
                (Cause::FlushFailed, at, Some(why))
            }
            (Some(_), _) if scene.fault_before("fsync_lie", copy.host, at).is_some() => {
                let why = "although its disk had said that it was durable".to_owned();
                (Cause::FlushLied, at, Some(why))
            }
            (Some(_), _) => {
                let why = "its broker counted it as durable, and its disk had not lied: a bug of the broker"
                    .to_owned();
                (Cause::NotFlushed, at, Some(why))
            }
            (None, _) if 0 < *cut_bytes => (Cause::Torn, at, Some(torn())),
            (None, Some(failed)) => {
                (Cause::PowerLoss, at, Some(format!("its flush had failed at {}", scene.time(failed))))
            }
            (None, None) => (Cause::PowerLoss, at, Some(unflushed(end.durable, life.offset))),
        };
    }
    let failed = scene.storage_failure(copy.host, copy.born..end.shown);
    if let Some(failed) = failed.filter(|_| weakened.is_some()) {
        return (Cause::FailedDisk, failed, Some(scene.words(failed)));
    }
    let cut = (0 < *cut_bytes).then(torn);
    (Cause::Restart, stop, cut)
}

/// How far a log was flushed that lost what was not.
fn unflushed(durable: Offset, offset: Offset) -> String {
    match durable {
        Offset::ZERO => "never flushed there".to_owned(),
        durable if durable <= offset => format!("flushed only up to {durable} there"),
        _ => "not flushed there since it was written".to_owned(),
    }
}

/// Whom the host followed, and why that leader's log was another.
fn outvoted(scene: &Scene<'_>, life: &Life, end: &End) -> Option<String> {
    let TraceEvent::Node(Event::FollowerStarted { leader_epoch, leader, .. }) =
        &scene.entry(end.following?).event
    else {
        return None;
    };
    Some(leads(scene, life, *leader, *leader_epoch, end.shown))
}

/// `because broker-1, which no longer had it, led leader epoch 2 from offset 0`
fn leads(scene: &Scene<'_>, life: &Life, leader: BrokerId, epoch: LeaderEpoch, until: usize) -> String {
    let name = format!("broker-{leader}");
    let Some((began, start)) = scene.leader_started(&name, epoch, until) else {
        return format!("because {name} led leader epoch {epoch}");
    };
    let host = scene.entry(began).host;
    let had = life.copies.iter().any(|copy| copy.host == host && copy.born < began);
    let has = life.copies_at(began).any(|copy| copy.host == host);
    let which = match (has, had) {
        (true, _) => "which still had it",
        (false, true) => "which no longer had it",
        (false, false) => "which never had it",
    };
    let unclean = if scene.is_unclean(epoch) { "was elected uncleanly and " } else { "" };
    format!("because {name}, {which}, {unclean}led leader epoch {epoch} from offset {start}")
}
