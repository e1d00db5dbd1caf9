//! Where in a log lost records were: which part of it is gone.
//!
//! Offsets alone do not say. A log that loses its tail is written again from where it was cut, and then records of two lives
//! of it have the same offsets: what is above a lost record now need not have been above it then. A record that is above
//! it and was acknowledged there before the record that has its place now was even sent has been there all along, so
//! nothing was cut off in between.

use std::ops::Range;

use broker_core::types::Offset;

use super::index::{HistoryIndex, Outcome, Seen};

/// A part of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Nothing below it is left.
    Prefix,
    /// Something is left on both sides.
    Middle,
    /// Nothing above it is left of what was above it.
    Tail,
}

impl Part {
    const ALL: [(Part, &'static str); 3] =
        [(Part::Prefix, "prefix"), (Part::Middle, "middle"), (Part::Tail, "tail")];
}

/// What is left of a log.
pub(super) struct Left<'i> {
    index: &'i HistoryIndex,
    records: &'i [Seen],
    /// By place in `records`: the first acknowledgement of any record from there on.
    acknowledged: Vec<u64>,
}

impl<'i> Left<'i> {
    /// These records, in the order of offsets.
    pub(super) fn new(index: &'i HistoryIndex, records: &'i [Seen]) -> Left<'i> {
        let mut earliest = u64::MAX;
        let mut acknowledged: Vec<u64> = records
            .iter()
            .rev()
            .map(|seen| {
                let send = seen.message.and_then(|message| index.send_of(message));
                match send.map(|(_, send)| send.outcome) {
                    Some(Outcome::Ok { offset, completed }) if offset == Some(seen.offset) => {
                        earliest = earliest.min(completed);
                    }
                    _ => {}
                }
                earliest
            })
            .collect();
        acknowledged.reverse();
        Left { index, records, acknowledged }
    }

    /// Which part a lost record at this offset belonged to.
    pub(super) fn part(&self, offset: Offset) -> Part {
        let place = self.records.partition_point(|seen| seen.offset < offset);
        let above = self.records.partition_point(|seen| seen.offset <= offset);
        let taken_since = match self.records[place..above].first() {
            // Its place is empty: nothing was written there again.
            None => u64::MAX,
            Some(taker) => {
                let send = taker.message.and_then(|message| self.index.send_of(message));
                send.map_or(u64::MAX, |(_, send)| send.invoked)
            }
        };
        let stayed = match self.acknowledged.get(above) {
            None => false,
            Some(acknowledged) => taken_since == u64::MAX || *acknowledged < taken_since,
        };
        match (stayed, place == 0) {
            (false, _) => Part::Tail,
            (true, true) => Part::Prefix,
            (true, false) => Part::Middle,
        }
    }

    /// Which parts are gone: of each how many records, if there are several, and the offsets from its first to its last.
    /// `lost` is in order.
    pub(super) fn describe(&self, lost: &[Offset]) -> String {
        let of = |part: Part| -> Vec<Offset> {
            lost.iter().copied().filter(|offset| self.part(*offset) == part).collect()
        };
        let parts: Vec<(&str, Vec<Offset>)> = Part::ALL.map(|(part, name)| (name, of(part))).into();
        let gone: Vec<_> = parts.into_iter().filter(|(_, offsets)| !offsets.is_empty()).collect();
        let said = |(name, offsets): &(&str, Vec<Offset>)| {
            let Range { start, end } = span(offsets);
            let count = if gone.len() == 1 { String::new() } else { format!("{} in the ", offsets.len()) };
            format!("{count}{name}: offsets {start}..{end}")
        };
        gone.iter().map(said).collect::<Vec<_>>().join("; ")
    }
}

/// From the first to behind the last.
pub(super) fn span(offsets: &[Offset]) -> Range<Offset> {
    offsets[0]..offsets[offsets.len() - 1].plus(1)
}
