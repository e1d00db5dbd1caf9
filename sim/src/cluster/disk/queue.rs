//! The queue of the device: one flush step at a time, reads beside them, and nothing at all while it is stalled.

use std::collections::BTreeMap;
use std::rc::Rc;

use broker_core::time::Timestamp;
use tokio::sync::Notify;

/// An operation of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationId(u64);

/// Ends of operations are kept in the device's own time, which stands still during a stall: so a stall delays whatever is
/// under way without touching it.
///
/// Invariants:
/// * true time is the device's time plus `stood_still_us`, but for a stall that goes on.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// In the device's time: when it has finished all flush steps.
    free_at: u64,
    /// In the device's time.
    ends: BTreeMap<OperationId, u64>,
    next: u64,
    stood_still_us: u64,
    stalled_since: Option<Timestamp>,
    /// Told when a stall ends.
    stirred: Rc<Notify>,
}

impl Queue {
    fn device_time(&self, now: Timestamp) -> u64 {
        self.stalled_since.unwrap_or(now).0.saturating_sub(self.stood_still_us)
    }

    fn operation(&mut self, end: u64) -> OperationId {
        let id = OperationId(self.next);
        self.next += 1;
        self.ends.insert(id, end);
        id
    }

    /// Flush steps that take so many microseconds each: behind everything that was asked for before.
    pub(super) fn push(&mut self, now: Timestamp, steps: impl IntoIterator<Item = u64>) -> OperationId {
        self.free_at = self.free_at.max(self.device_time(now)) + steps.into_iter().sum::<u64>();
        self.operation(self.free_at)
    }

    /// A read, which waits for nobody.
    pub(super) fn push_beside(&mut self, now: Timestamp, takes_us: u64) -> OperationId {
        self.operation(self.device_time(now) + takes_us)
    }

    /// Another operation takes the place of this one, behind it: how long it would still have taken.
    pub(super) fn end_reading(&mut self, operation: OperationId, now: Timestamp) -> u64 {
        let end = self.ends.remove(&operation).unwrap_or(0);
        end.saturating_sub(self.device_time(now))
    }

    /// When an operation will be done, as far as can be told now; `None` while the device is stalled.
    pub(super) fn due(&self, operation: OperationId) -> Option<Timestamp> {
        (!self.is_stalled()).then(|| self.expected(operation))
    }

    /// When it would be done if the device were not, or not any longer, stalled.
    pub(super) fn expected(&self, operation: OperationId) -> Timestamp {
        // What was forgotten is nobody's to wait for.
        Timestamp(self.ends.get(&operation).map_or(0, |end| end + self.stood_still_us))
    }

    /// Nobody waits for it any more.
    pub(super) fn remove(&mut self, operation: OperationId) {
        self.ends.remove(&operation);
    }

    /// Nobody waits for anything any more: the process is dead. The device still does what it was told.
    pub(super) fn forget_waiting(&mut self) {
        self.ends.clear();
    }

    /// The device forgets what it was told: the power was lost.
    pub(super) fn clear(&mut self) {
        self.ends.clear();
        self.free_at = 0;
    }

    /// How many operations are not done before this time.
    pub(super) fn under_way(&self, now: Timestamp) -> u64 {
        let now = self.device_time(now);
        self.ends.values().filter(|end| now <= **end).count() as u64
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stalled_since.is_some()
    }

    /// Since when it is stalled; `now` if it is not.
    pub(super) fn last_active(&self, now: Timestamp) -> Timestamp {
        self.stalled_since.unwrap_or(now)
    }

    /// The device stops.
    pub(super) fn stall(&mut self, now: Timestamp) {
        self.stalled_since.get_or_insert(now);
    }

    /// The device goes on where it stopped.
    pub(super) fn go_on(&mut self, now: Timestamp) {
        if let Some(since) = self.stalled_since.take() {
            self.stood_still_us += now.0.saturating_sub(since.0);
            self.stirred.notify_waiters();
        }
    }

    /// Tells when a stall ends.
    pub(super) fn stirred(&self) -> Rc<Notify> {
        self.stirred.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_queue_and_reads_do_not() {
        let mut queue = Queue::default();
        let first = queue.push(Timestamp(10), [5, 5]);
        let second = queue.push(Timestamp(12), [7]);
        let read = queue.push_beside(Timestamp(12), 3);
        let due = |operation| queue.due(operation).unwrap().0;
        assert_eq!((due(first), due(second), due(read)), (20, 27, 15));
    }

    #[test]
    fn a_stall_delays_everything_by_its_length() {
        let mut queue = Queue::default();
        let before = queue.push(Timestamp(10), [5]);
        queue.stall(Timestamp(12));
        let meanwhile = queue.push(Timestamp(100), [5]);
        let read = queue.push_beside(Timestamp(200), 1);
        assert_eq!(queue.due(before), None);
        queue.go_on(Timestamp(1_012));
        assert_eq!(queue.due(before), Some(Timestamp(1_015)));
        assert_eq!(queue.due(meanwhile), Some(Timestamp(1_020)));
        assert_eq!(queue.due(read), Some(Timestamp(1_013)));
        let after = queue.push(Timestamp(2_000), [5]);
        assert_eq!(queue.due(after), Some(Timestamp(2_005)));
    }

    #[test]
    fn what_was_forgotten_is_over() {
        let mut queue = Queue::default();
        let flush = queue.push(Timestamp(10), [50]);
        queue.clear();
        assert_eq!((queue.due(flush), queue.under_way(Timestamp(0))), (Some(Timestamp(0)), 0));
        let next = queue.push(Timestamp(20), [1]);
        assert_eq!(queue.due(next), Some(Timestamp(21)));
    }
}
