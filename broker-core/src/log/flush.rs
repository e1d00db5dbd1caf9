//! What of a log is durable, what is on its way there, and what replication may count meanwhile.
//!
//! ```text
//!   0 ─────────── recovery point ───────── held at ───────── log end
//!   durable                      may count          waits for the flush it tripped
//! ```

use super::segment::Segment;
use crate::config::FlushPolicy;
use crate::io::{FileId, FlushStep};
use crate::types::Offset;

/// What must be made durable, and what will be durable then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlushPlan {
    /// The recovery point once all steps are durable.
    pub end_offset: Offset,
    /// To be carried out in this order.
    pub steps: Vec<FlushStep>,
    /// Whether it makes a truncation durable: the recovery point on disk may be too high and has to be replaced with it.
    pub truncation: bool,
}

/// Whether the names of all segment files are durable (KAFKA-3968).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    Synced,
    Changed,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    end_offset: Offset,
    names: Names,
    /// Whether it makes a truncation durable.
    truncation: bool,
}

/// The flush state of one log.
///
/// * Recovery point <= held at <= log end, and what is under way ends at or below the log end.
/// * The recovery point goes back only when the log is truncated below it.
/// * One flush at a time.
/// * A truncation wants a flush at once, of the file that was cut.
/// * What replication may count goes back only when the log is truncated.
#[derive(Clone, Debug)]
pub(super) struct FlushState {
    policy: FlushPolicy,
    recovery_point: Offset,
    /// The log end before the append that brought `interval_messages` unflushed records together. In Kafka that append
    /// does not return before it has flushed, so nothing from here on exists for replication yet.
    held_at: Option<Offset>,
    /// A segment was rolled, or somebody asked: either wants a flush whatever the policy.
    wanted: bool,
    names: Names,
    /// Where the log was cut, and no flush has begun since: the file that holds this offset has a new length, which a
    /// power loss would undo.
    cut_at: Option<Offset>,
    /// Where the log ended when it was opened after an unclean stop, and no flush has begun since: the process before may
    /// have cut the file that holds this offset and died before that was durable.
    opened_at: Option<Offset>,
    under_way: Option<UnderWay>,
}

impl FlushState {
    /// The state of a log that was just opened and ends at `end`.
    pub fn new(policy: FlushPolicy, recovery_point: Offset, end: Offset, names: Names) -> FlushState {
        assert!(recovery_point <= end, "recovery point {recovery_point} above log end {end}");
        let mut state = FlushState {
            policy,
            recovery_point,
            held_at: None,
            wanted: false,
            names,
            cut_at: None,
            opened_at: (names == Names::Changed).then_some(end),
            under_way: None,
        };
        state.hold(end, recovery_point);
        state
    }

    /// Another policy is in force for a log that ends at `end`.
    pub fn configure(&mut self, policy: FlushPolicy, end: Offset) {
        self.policy = policy;
        self.hold(end, self.recovery_point);
    }

    pub fn recovery_point(&self) -> Offset {
        self.recovery_point
    }

    /// The end of what replication may count in a log that ends at `end`.
    pub fn countable_end(&self, end: Offset) -> Offset {
        self.held_at.unwrap_or(end)
    }

    /// The end of what a leader may acknowledge in a log that ends at `end`: with group commit only what is durable.
    pub fn acknowledgeable_end(&self, end: Offset) -> Offset {
        if self.policy.group_commit { self.recovery_point } else { end }
    }

    /// Whether a flush of a log that ends at `end` is to begin now.
    pub fn due(&self, end: Offset) -> bool {
        let wanted = self.wanted || self.held_at.is_some() || self.cut_at.is_some();
        self.under_way.is_none() && (wanted || self.policy.group_commit && self.unflushed(end))
    }

    /// Whether a truncation is not durable yet.
    pub fn truncation_pending(&self) -> bool {
        self.cut_at.is_some() || self.under_way.is_some_and(|flush| flush.truncation)
    }

    pub fn unflushed(&self, end: Offset) -> bool {
        let names_under_way = self.under_way.is_some_and(|flush| flush.names == Names::Changed);
        self.recovery_point < end
            || self.names == Names::Changed
            || names_under_way
            || self.truncation_pending()
    }

    /// An append moved the log end from `base` to `end`.
    pub fn appended(&mut self, base: Offset, end: Offset) {
        self.hold(end, base);
    }

    /// A segment was added.
    pub fn rolled(&mut self) {
        self.wanted = true;
        self.names = Names::Changed;
    }

    /// Somebody needs to know that everything is durable.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// Segments were removed: if the power fails now, their files come back.
    pub fn removed(&mut self) {
        self.names = Names::Changed;
    }

    /// The log was cut to `end`. What is appended from there on is not what a flush under way covers.
    pub fn truncated(&mut self, end: Offset) {
        self.recovery_point = self.recovery_point.min(end);
        self.cut_at = Some(self.cut_at.map_or(end, |before| before.min(end)));
        self.held_at = self.held_at.map(|held| held.min(end));
        if let Some(flush) = &mut self.under_way {
            flush.end_offset = flush.end_offset.min(end);
        }
        self.hold(end, end);
    }

    /// Nothing is left of the log, and it begins anew at `at`: the new segment and the names have to be made durable.
    pub fn restarted(&mut self, at: Offset) {
        self.recovery_point = at;
        self.held_at = None;
        self.names = Names::Changed;
        self.cut_at = Some(at);
        if let Some(flush) = &mut self.under_way {
            flush.end_offset = flush.end_offset.min(at);
        }
    }

    /// Begins a flush of everything, unless one is under way or there is nothing to do.
    pub fn start(&mut self, segments: &[Segment], directory: &str) -> Option<FlushPlan> {
        if self.under_way.is_some() {
            return None;
        }
        self.wanted = false;
        let end_offset = segments.last().expect("a log has a segment").end_offset();
        let cut_at = [self.cut_at, self.opened_at.take()].into_iter().flatten().min();
        let from = cut_at.map_or(self.recovery_point, |cut| cut.min(self.recovery_point));
        let first = match cut_at {
            // The segment that was cut ends where it was cut, and may be empty now.
            Some(_) => segments.partition_point(|segment| segment.end_offset() < from),
            None => segments.partition_point(|segment| segment.end_offset() <= from),
        };
        let cut = cut_at.is_some();
        let files =
            segments[first..].iter().filter(|segment| cut || segment.base_offset() < segment.end_offset());
        let mut steps: Vec<FlushStep> =
            files.map(Segment::file).map(|file: FileId| FlushStep::File(file)).collect();
        if self.names == Names::Changed {
            steps.push(FlushStep::Directory(directory.to_owned()));
            // The directory of a new log is itself a name in the one above.
            steps.push(FlushStep::Directory(String::new()));
        }
        if steps.is_empty() {
            return None;
        }
        let truncation = self.cut_at.take().is_some();
        self.under_way = Some(UnderWay { end_offset, names: self.names, truncation });
        self.names = Names::Synced;
        Some(FlushPlan { end_offset, steps, truncation })
    }

    /// The flush under way is durable; the log ends at `end` now.
    pub fn finish(&mut self, end: Offset) {
        let flush = self.under_way.take().expect("a flush is under way");
        assert!(flush.end_offset <= end, "flushed {} of a log that ends at {end}", flush.end_offset);
        self.recovery_point = self.recovery_point.max(flush.end_offset);
        self.hold(end, self.recovery_point);
    }

    /// Decides anew whether appends are held back: as before if they were, else from `since` on.
    fn hold(&mut self, end: Offset, since: Offset) {
        let trips =
            self.policy.interval_messages.is_some_and(|limit| limit <= end.since(self.recovery_point));
        self.held_at = trips.then(|| self.held_at.unwrap_or(since).max(self.recovery_point));
        assert!(self.held_at.is_none_or(|held| held <= end), "held at {:?} above {end}", self.held_at);
    }
}
