//! How processes went through topic partitions while they read: what they passed over, and where they went back.
//!
//! A *run* is what one process is given of one topic partition from a seek, or the beginning, to the next seek. Final reads
//! are runs of their own, although the process may have read before: they begin at the start by definition.

use std::collections::BTreeMap;

use broker_core::types::Offset;

use super::index::{PartitionIndex, Seen};
use crate::history::{ProcessId, Reading};

/// A process went on at `to` although the next offset of its run was `from`, which is lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Who.
    pub process: ProcessId,
    /// Index of the poll.
    pub operation: u64,
    /// The first offset that it was not given.
    pub from: Offset,
    /// The offset that it was given instead.
    pub to: Offset,
}

/// A process was given a record that is not above the one before, in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewind {
    /// Who.
    pub process: ProcessId,
    /// The record.
    pub seen: Seen,
    /// The offset of the one before.
    pub after: Offset,
}

/// Where a process stands in one run.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// One above the highest offset it was given, or the offset it went to; `None` before the first record of a run that
    /// begins nobody knows where.
    next: Option<Offset>,
    /// The offset it was given last.
    last: Option<Offset>,
    /// Which stretch of the topic partition it is in.
    stretch: Option<usize>,
}

/// Where all processes stand.
#[derive(Debug, Default)]
pub(super) struct Passages {
    /// By process and the number of the topic partition.
    positions: BTreeMap<(ProcessId, usize, Reading), Position>,
}

impl Passages {
    /// A process was given records.
    pub(super) fn polled(
        &mut self,
        process: ProcessId,
        reading: Reading,
        number: usize,
        partition: &mut PartitionIndex,
        records: impl Iterator<Item = Seen>,
    ) {
        let position = self.positions.entry((process, number, reading)).or_default();
        for seen in records {
            let Seen { offset, operation, .. } = seen;
            if let Some(after) = position.last.filter(|last| offset <= *last) {
                partition.rewinds.push(Rewind { process, seen, after });
                position.stretch = None;
            }
            if let Some(from) = position.next.filter(|next| *next < offset) {
                partition.gaps.push(Gap { process, operation, from, to: offset });
            }
            position.next = position.next.max(Some(offset.plus(1)));
            position.last = Some(offset);
            let stretches = &mut partition.stretches;
            let stretch = *position.stretch.get_or_insert_with(|| {
                stretches.push((offset, offset));
                stretches.len() - 1
            });
            stretches[stretch].1 = offset;
        }
    }

    /// A process was told that it reads elsewhere: in one topic partition, or in all of them.
    pub(super) fn sought(&mut self, process: ProcessId, number: Option<usize>, offset: Option<Offset>) {
        let anew = Position { next: offset, ..Position::default() };
        match number {
            Some(number) => {
                for reading in [Reading::Ongoing, Reading::Final] {
                    self.positions.insert((process, number, reading), anew);
                }
            }
            None => {
                let all = (process, 0, Reading::Ongoing)..=(process, usize::MAX, Reading::Final);
                self.positions.range_mut(all).for_each(|(_, position)| *position = Position::default());
            }
        }
    }
}
