//! What a producer has to do for one topic partition: its batches in order, and their numbers.

use std::collections::VecDeque;
use std::time::Duration;

use super::batch::{BatchId, ProducerBatch};
use super::sequences::{Identity, Numbering, Sequences, UNRESOLVED_MAX};
use crate::io::ProducerRecord;
use crate::time::Timestamp;

/// What keeps the batches of a topic partition in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Nothing: a batch that is retried may land behind one that was sent after it.
    Unkept,
    /// One batch is in flight at a time (`max.in.flight.requests.per.connection = 1`).
    OneInFlight,
    /// Sequences, under this identity; nothing leaves before there is one.
    Sequences(Option<Identity>),
}

/// The batches of one topic partition that still need something.
///
/// * Every batch is either queued or in flight.
/// * Queued batches that are numbered stand first, in the order of their numbers.
/// * The first batch numbered under an identity is unresolved alone, unless all were numbered by
///   [`PartitionQueue::restart`]: then they leave one by one until one is acknowledged.
/// * The numbered and unresolved batches stand within [`UNRESOLVED_MAX`] consecutive ones, acknowledged ones between them
///   counted.
/// * A batch that may have been appended, behind one that was given up in doubt, keeps its numbers for good.
/// * A numbered batch that is queued (for it was sent before, or numbered anew) leaves only if no batch with smaller
///   numbers is in flight.
#[derive(Debug)]
pub(super) struct PartitionQueue {
    queue: VecDeque<ProducerBatch>,
    in_flight: Vec<ProducerBatch>,
    pub(super) sequences: Sequences,
}

impl PartitionQueue {
    pub(super) fn new() -> PartitionQueue {
        PartitionQueue { queue: VecDeque::new(), in_flight: Vec::new(), sequences: Sequences::new() }
    }

    /// Adds a record to the open batch, or to a new one under `next_id`; whether it was a new one.
    pub(super) fn append(
        &mut self,
        now: Timestamp,
        clock: Timestamp,
        record: &ProducerRecord,
        batch_size: usize,
        next_id: BatchId,
    ) -> bool {
        if let Some(open) = self.queue.back_mut()
            && open.has_room_for(record, batch_size)
        {
            open.push(clock, record);
            return false;
        }
        let mut batch = ProducerBatch::new(next_id, now, clock);
        batch.push(clock, record);
        self.queue.push_back(batch);
        true
    }

    /// The batch that leaves next.
    pub(super) fn head(&self) -> Option<&ProducerBatch> {
        self.queue.front()
    }

    /// When the head may leave as far as time goes: its pause is over, it has lingered, is full or followed.
    pub(super) fn head_ready_at(&self, linger: Duration, batch_size: usize) -> Option<Timestamp> {
        let head = self.queue.front()?;
        Some(if 0 < head.attempts {
            head.not_before
        } else if 1 < self.queue.len() || batch_size <= head.size() {
            head.created
        } else {
            head.created + linger
        })
    }

    /// Whether the head may leave as far as order goes (`Sender.shouldStopDrainBatchesForPartition`).
    pub(super) fn order_allows_head(&self, order: Order) -> bool {
        let Some(head) = self.queue.front() else { return false };
        match order {
            Order::Unkept => true,
            Order::OneInFlight => self.in_flight.is_empty(),
            Order::Sequences(None) => false,
            Order::Sequences(Some(identity)) => match head.numbering {
                Some(numbering) => self.sequences.trouble().is_none() && self.is_earliest(numbering),
                None => {
                    let earliest = self.unresolved().map(|numbering| numbering.index).min();
                    self.sequences.open()
                        && self.sequences.room(earliest)
                        && (earliest.is_none() || self.sequences.identity() == Some(identity))
                }
            },
        }
    }

    /// Takes the head off the queue as a batch in flight.
    pub(super) fn send_head(&mut self, order: Order) -> &ProducerBatch {
        assert!(self.order_allows_head(order), "sent out of order");
        let mut batch = self.queue.pop_front().expect("there is a head");
        if let Order::Sequences(Some(identity)) = order
            && batch.numbering.is_none()
        {
            if self.sequences.identity() != Some(identity) {
                self.sequences.restart(identity);
            }
            batch.numbering = Some(self.sequences.take(batch.record_count()));
        }
        batch.attempts += 1;
        self.in_flight.push(batch);
        assert!(
            matches!(order, Order::Unkept | Order::OneInFlight)
                || self.unresolved().count() <= UNRESOLVED_MAX
        );
        self.in_flight.last().expect("just pushed")
    }

    /// The attempt of this batch has ended.
    pub(super) fn land(&mut self, id: BatchId) -> ProducerBatch {
        let index = self.in_flight.iter().position(|batch| batch.id == id).expect("the batch is in flight");
        self.in_flight.remove(index)
    }

    /// Puts a batch whose attempt failed back: in the order of its numbers, or at the front if it has none.
    pub(super) fn requeue(&mut self, batch: ProducerBatch) {
        assert!(!batch.completed() && 0 < batch.attempts);
        let before = |queued: &ProducerBatch| match (queued.numbering, batch.numbering) {
            (Some(queued), Some(own)) => queued.base < own.base,
            _ => false,
        };
        let index = self.queue.iter().take_while(|queued| before(queued)).count();
        self.queue.insert(index, batch);
    }

    /// Whether no batch with smaller numbers is unresolved.
    pub(super) fn is_earliest(&self, numbering: Numbering) -> bool {
        self.unresolved().all(|other| numbering.base <= other.base)
    }

    fn unresolved(&self) -> impl Iterator<Item = Numbering> {
        self.queue.iter().chain(&self.in_flight).filter_map(|batch| batch.numbering)
    }

    /// Whether the numbering is in trouble and nothing in flight depends on it any more.
    pub(super) fn wants_restart(&mut self) -> bool {
        if !self.in_flight.is_empty() {
            return false;
        }
        match self.unresolved().min_by_key(|numbering| numbering.base) {
            None => self.sequences.resolve(),
            Some(earliest) => self.sequences.forgive_overtaken(earliest),
        }
        self.sequences.trouble().is_some()
    }

    /// Numbers what is unresolved anew, from sequence 0 (`TxnPartitionEntry.startSequencesAtBeginning`). The broker's word
    /// that a batch is out of order says that neither it nor anything behind it is in the log. Only if a batch before them
    /// was given up in doubt, that may change: should it turn up late, the others can turn up behind it. Then what may have
    /// been appended goes to `give_up` and is taken out.
    pub(super) fn restart(&mut self, identity: Identity, mut give_up: impl FnMut(&mut ProducerBatch)) {
        assert!(self.in_flight.is_empty(), "a batch in flight keeps its numbers");
        let may_turn_up = self.sequences.unresolved();
        self.sequences.restart(identity);
        for batch in self.queue.iter_mut().filter(|batch| batch.numbering.is_some()) {
            if may_turn_up && batch.in_doubt() {
                give_up(batch);
                assert!(batch.completed());
            } else {
                batch.numbering = Some(self.sequences.number(batch.record_count()));
            }
        }
        self.queue.retain(|batch| !batch.completed());
    }

    /// When the next batch expires.
    pub(super) fn next_expiry(&self, delivery_timeout: Duration) -> Option<Timestamp> {
        self.queue.iter().chain(&self.in_flight).filter_map(|batch| batch.expires(delivery_timeout)).min()
    }

    /// Batches whose delivery timeout is over. Queued ones are taken out; those in flight stay until they land.
    pub(super) fn expire(
        &mut self,
        now: Timestamp,
        delivery_timeout: Duration,
        mut each: impl FnMut(&mut ProducerBatch),
    ) {
        let over = |batch: &ProducerBatch| batch.expires(delivery_timeout).is_some_and(|end| end <= now);
        for batch in self.queue.iter_mut().chain(&mut self.in_flight).filter(|batch| over(batch)) {
            each(batch);
            assert!(batch.completed());
            if batch.numbering.is_some() {
                self.sequences.mark_unresolved();
            }
        }
        self.queue.retain(|batch| !batch.completed());
    }
}
