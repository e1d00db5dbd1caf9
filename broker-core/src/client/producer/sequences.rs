//! The numbers of one topic partition's batches (`TxnPartitionEntry`).

use crate::types::{ProducerEpoch, ProducerId, Sequence};

/// A broker remembers this many batches per producer (`ProducerStateEntry.NUM_BATCHES_TO_RETAIN`).
pub(super) const UNRESOLVED_MAX: usize = 5;

/// Who a producer is to the brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: ProducerId,
    pub(super) epoch: ProducerEpoch,
}

/// A sequence that does not wrap: counts the records of one topic partition under one [`Identity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ordinal(pub(super) u64);

impl Ordinal {
    pub(super) fn plus(self, records: i32) -> Ordinal {
        Ordinal(self.0 + u64::try_from(records).expect("counts are not negative"))
    }

    /// As the wire writes it: wraps from 2^31-1 to 0 (`DefaultRecordBatch.incrementSequence`).
    pub(super) fn to_sequence(self) -> Sequence {
        Sequence((self.0 % (1 << 31)) as i32)
    }
}

/// What a batch carries so that the broker can recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbering {
    pub(super) identity: Identity,
    pub(super) base: Ordinal,
    /// How many batches were numbered before it under this identity.
    pub(super) index: u64,
}

/// Why the numbering of a topic partition cannot go on as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is a gap that nobody will close: the producer epoch must rise (KIP-360).
    Gap,
    /// The producer epoch itself was refused: a new producer id is needed.
    Fenced,
}

/// Numbers handed out for one topic partition.
///
/// * Under one identity every number is given to one record only.
/// * `acked_end <= next`.
/// * While something is `unresolved`, or there is `trouble`, no new number is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequences {
    identity: Option<Identity>,
    next: Ordinal,
    next_index: u64,
    acked_end: Ordinal,
    unresolved: bool,
    trouble: Option<Trouble>,
}

impl Sequences {
    pub(super) fn new() -> Sequences {
        let (next, acked_end) = (Ordinal(0), Ordinal(0));
        Sequences { identity: None, next, next_index: 0, acked_end, unresolved: false, trouble: None }
    }

    /// From sequence 0, under a new identity.
    pub(super) fn restart(&mut self, identity: Identity) {
        assert!(self.identity != Some(identity), "numbers would be used twice");
        *self = Sequences { identity: Some(identity), ..Sequences::new() };
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// Numbers for the next `records` records.
    pub(super) fn take(&mut self, records: i32) -> Numbering {
        assert!(!self.unresolved && self.trouble.is_none(), "numbering {records} records after a gap");
        self.number(records)
    }

    /// As [`Sequences::take`], for a batch whose numbers are given anew after a restart.
    pub(super) fn number(&mut self, records: i32) -> Numbering {
        let identity = self.identity.expect("a numbering has an identity");
        let base = self.next;
        self.next = base.plus(records);
        let index = self.next_index;
        self.next_index += 1;
        Numbering { identity, base, index }
    }

    /// The broker has the batch with these numbers.
    pub(super) fn acknowledged(&mut self, numbering: Numbering, records: i32) {
        if self.identity == Some(numbering.identity) {
            self.acked_end = self.acked_end.max(numbering.base.plus(records));
            assert!(self.acked_end <= self.next, "acknowledged what was never sent");
        }
    }

    /// A batch that was sent has been given up without knowing whether the broker has it.
    pub(super) fn mark_unresolved(&mut self) {
        self.unresolved = true;
    }

    /// The numbering cannot go on.
    pub(super) fn mark_trouble(&mut self, trouble: Trouble) {
        if self.trouble != Some(Trouble::Fenced) {
            self.trouble = Some(trouble);
        }
    }

    /// Every batch that was numbered is resolved: if a later one was acknowledged, what was given up had arrived;
    /// otherwise nobody knows and there may be a gap (`TransactionManager.maybeResolveSequences`).
    pub(super) fn resolve(&mut self) {
        if self.unresolved && self.trouble.is_none() {
            self.unresolved = false;
            if self.acked_end < self.next {
                self.trouble = Some(Trouble::Gap);
            }
        }
    }

    /// What is behind a batch with these numbers was acknowledged before it: the broker had forgotten the producer, for an
    /// unknown producer id may begin with any sequence. Numbered anew it would land behind what it was sent before, so there
    /// is no gap to close: it is sent as it is until it expires, in doubt (`TransactionManager.canRetry`, which raises the
    /// epoch only for the batch behind the last acknowledged one). Kafka asks once, when the broker refuses the batch; what
    /// is in flight then may still be acknowledged, so this asks again when it has landed.
    pub(super) fn forgive_overtaken(&mut self, earliest: Numbering) {
        let overtaken = self.identity == Some(earliest.identity) && earliest.base < self.acked_end;
        if overtaken && self.trouble == Some(Trouble::Gap) {
            self.trouble = None;
        }
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    /// Whether the broker will still recognise the batch with index `earliest`, the first that is unresolved, if another
    /// one is numbered now.
    ///
    /// A broker remembers the last five batches, so the window is a range and not a count: batches acknowledged by a new
    /// leader push one that hangs at the old leader out of its memory. And an unknown producer id may begin with any
    /// sequence, so nothing follows the first batch before that one is acknowledged: it could overtake. Kafka's producer
    /// has neither rule and can duplicate or reorder there.
    pub(super) fn room(&self, earliest: Option<u64>) -> bool {
        earliest.is_none_or(|earliest| {
            Ordinal(0) < self.acked_end && self.next_index - earliest < UNRESOLVED_MAX as u64
        })
    }

    /// Whether a batch with these numbers was given up in doubt, and none behind it has been acknowledged.
    pub(super) fn unresolved(&self) -> bool {
        self.unresolved
    }

    /// Whether a new batch may be numbered.
    pub(super) fn open(&self) -> bool {
        !self.unresolved && self.trouble.is_none()
    }

    #[cfg(test)]
    pub(super) fn skip_to(&mut self, next: Ordinal) {
        (self.next, self.acked_end) = (next, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_is_resolved_only_by_a_later_acknowledgement() {
        let identity = Identity { id: ProducerId(1), epoch: ProducerEpoch(0) };
        for (later_acknowledged, expected) in [(true, None), (false, Some(Trouble::Gap))] {
            let mut sequences = Sequences::new();
            sequences.restart(identity);
            sequences.take(3);
            let second = sequences.take(2);
            sequences.mark_unresolved();
            assert!(!sequences.open());
            if later_acknowledged {
                sequences.acknowledged(second, 2);
            }
            sequences.resolve();
            assert_eq!(sequences.trouble(), expected);
            assert_eq!(sequences.open(), later_acknowledged);
        }
    }
}
