//! The longest time in which some topic partition acknowledged nothing although a send waited for it.

use std::collections::BTreeMap;

use broker_core::config::Acks;
use broker_core::time::Timestamp;
use broker_core::types::TopicPartition;

use crate::history::{History, OpF, OpKind, ProcessId};

#[derive(Default)]
struct Partition {
    outstanding: u64,
    /// Since when somebody waits in vain.
    waiting_since: Option<Timestamp>,
    longest_us: u64,
}

impl Partition {
    fn ends(&mut self, at: Timestamp) {
        if let Some(since) = self.waiting_since {
            self.longest_us = self.longest_us.max(at.0.saturating_sub(since.0));
        }
    }
}

/// The longest such time of any topic partition, in microseconds, probes left out. A send that fails or is given up ends nobody's waiting:
/// only an acknowledgement does, or the end of the run.
pub fn longest_unavailable_us(history: &History, end: Timestamp) -> u64 {
    let mut partitions: BTreeMap<&TopicPartition, Partition> = BTreeMap::new();
    for operation in history.operations() {
        let OpF::Send { topic_partition, .. } = &operation.f else { continue };
        if history.is_probe(operation.process) || !waits_for_acknowledgements(history, operation.process) {
            continue;
        }
        let partition = partitions.entry(topic_partition).or_default();
        match operation.kind {
            OpKind::Invoke => {
                partition.outstanding += 1;
                partition.waiting_since.get_or_insert(operation.time);
            }
            OpKind::Ok => {
                partition.outstanding = partition.outstanding.saturating_sub(1);
                partition.ends(operation.time);
                partition.waiting_since = (0 < partition.outstanding).then_some(operation.time);
            }
            OpKind::Fail | OpKind::Info => {
                partition.outstanding = partition.outstanding.saturating_sub(1);
            }
        }
    }
    for partition in partitions.values_mut() {
        partition.ends(end);
    }
    partitions.values().map(|partition| partition.longest_us).max().unwrap_or(0)
}

/// Nobody waits for an answer to acks=0.
fn waits_for_acknowledgements(history: &History, process: ProcessId) -> bool {
    let promise = history.process(process).and_then(|info| info.promise);
    promise.is_none_or(|promise| promise.acks != Acks::None)
}

#[cfg(test)]
mod tests {
    use broker_core::io::SendOutcome;
    use broker_core::types::Offset;

    use super::*;
    use crate::history::{MessageId, Order, ProcessInfo, Promise};

    #[test]
    fn waiting_ends_with_an_acknowledgement_and_not_with_a_failure() {
        let mut history = History::new();
        let process = ProcessId(0);
        history.declare(ProcessInfo { process, name: "producer-0".to_owned(), promise: None });
        let key = TopicPartition::new("orders", 0);
        let mut send = |ordinal: u32, from: u64, to: u64, outcome: SendOutcome| {
            let message = MessageId::new(0, ordinal);
            history.send_invoked(Timestamp(from), process, key.clone(), message);
            history.send_completed(Timestamp(to), process, key.clone(), message, outcome);
        };
        send(0, 10, 20, SendOutcome::Ok { offset: Some(Offset(0)) });
        // Nobody waits between 20 and 100.
        send(1, 100, 150, SendOutcome::Fail { errors: Vec::new() });
        send(2, 160, 190, SendOutcome::Ok { offset: Some(Offset(1)) });
        // Nobody ever answers this one.
        let process = ProcessId(1);
        let promise = Promise { acks: Acks::None, idempotent: false, order: Order::Any };
        history.declare(ProcessInfo { process, name: "producer-1".to_owned(), promise: Some(promise) });
        history.send_invoked(Timestamp(300), process, key.clone(), MessageId::new(1, 0));
        assert_eq!(longest_unavailable_us(&history, Timestamp(1_000)), 90);
    }
}
