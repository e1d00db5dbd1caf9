//! What became of one record and of each of its copies, as positions in the trace.

use broker_core::time::Timestamp;
use broker_core::types::{LeaderEpoch, Offset};

use crate::trace::HostId;

/// A record to follow. Its offset alone would not do: later leaders may give it to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where it was.
    pub offset: Offset,
    /// When somebody was told so, or read it there: whoever is appended there later is another.
    pub told: Timestamp,
}

/// The life of one record.
///
/// Invariants:
/// * A host has at most one copy at a time: of its copies all but the last have ended.
/// * Positions rise: a copy is born at or after `appended`, and flushed and ended after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Where it was.
    pub offset: Offset,
    /// The leader's append of its batch.
    pub appended: usize,
    /// In which leader epoch.
    pub leader_epoch: LeaderEpoch,
    /// When the high watermark of a leader that had it passed it.
    pub committed: Option<usize>,
    /// When another record was first appended at its offset.
    pub reused: Option<usize>,
    /// The leader's own, then those of followers, as they were born.
    pub copies: Vec<Copy>,
}

/// What one host had of it, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Where.
    pub host: HostId,
    /// When it was written.
    pub born: usize,
    /// When a flush first said that it is durable there.
    pub flushed: Option<usize>,
    /// How it ended; `None` if it is still there.
    pub end: Option<End>,
}

/// How a copy ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The event that shows it.
    pub shown: usize,
    /// What it shows.
    pub how: How,
    /// The host's latest loss of power after the record was appended, or else the first time it gave up.
    pub weakened: Option<usize>,
    /// The host's last stop before.
    pub stopped: Option<usize>,
    /// When this log was opened before, and the copy was there.
    pub opened: Option<usize>,
    /// When the host said that this log is damaged, if that is why it was cut.
    pub damaged: Option<usize>,
    /// Whom it followed then.
    pub following: Option<usize>,
    /// Up to where the log had been flushed.
    pub durable: Offset,
}

/// What an event shows of the end of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// A follower cut its log.
    Truncated,
    /// A follower dropped its log and began anew.
    Dropped,
    /// The log start moved above it.
    Deleted,
    /// The disk was emptied.
    Wiped,
    /// When the log was opened, it ended below.
    Recovered,
    /// When the host was back, it had no log.
    Vanished,
    /// The host wrote something else there, and nothing says why it could.
    Overwritten,
}

impl End {
    /// What weakened the host since it had last opened the log: what the copy survived did not kill it.
    pub fn weakened_since(&self) -> Option<usize> {
        self.weakened.filter(|at| self.opened.is_none_or(|opened| opened < *at))
    }

    /// What happened before it was shown and made it possible, if the host says so.
    pub fn cause(&self) -> Option<usize> {
        match self.how {
            How::Recovered | How::Vanished => self.damaged.or(self.weakened_since()).or(self.stopped),
            How::Truncated | How::Dropped | How::Deleted | How::Wiped | How::Overwritten => None,
        }
    }
}

impl Life {
    /// Whether some copy was there after this many events.
    pub fn copies_at(&self, position: usize) -> impl Iterator<Item = &Copy> {
        self.copies.iter().filter(move |copy| {
            copy.born <= position && copy.end.as_ref().is_none_or(|end| position < end.shown)
        })
    }

    /// The copy that a host has now.
    pub(super) fn alive(&mut self, host: HostId) -> Option<&mut Copy> {
        self.copies.iter_mut().find(|copy| copy.host == host && copy.end.is_none())
    }

    /// The last event that any copy ended with.
    pub fn last_end(&self) -> Option<usize> {
        self.copies.iter().filter_map(|copy| Some(copy.end.as_ref()?.shown)).max()
    }
}
