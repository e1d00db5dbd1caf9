//! All records that wait or are in flight, by topic partition (`RecordAccumulator`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::batch::{BatchId, ProducerBatch};
use super::partition::PartitionQueue;
use crate::config::ProducerConfig;
use crate::io::ProducerRecord;
use crate::time::{Timestamp, earliest};
use crate::types::TopicPartition;

/// The queues of all topic partitions a producer ever sent to.
///
/// * Batch ids are unique and rise in the order of creation.
#[derive(Debug)]
pub(super) struct Accumulator {
    partitions: BTreeMap<TopicPartition, PartitionQueue>,
    next_id: BatchId,
    batch_size: usize,
    linger: Duration,
    delivery_timeout: Duration,
}

impl Accumulator {
    pub(super) fn new(config: &ProducerConfig) -> Accumulator {
        Accumulator {
            partitions: BTreeMap::new(),
            next_id: BatchId(0),
            batch_size: config.batch_size,
            linger: config.linger,
            delivery_timeout: config.delivery_timeout,
        }
    }

    /// `clock` is the timestamp of the record.
    pub(super) fn append(&mut self, now: Timestamp, clock: Timestamp, record: &ProducerRecord) {
        let partition =
            self.partitions.entry(record.topic_partition.clone()).or_insert_with(PartitionQueue::new);
        if partition.append(now, clock, record, self.batch_size, self.next_id) {
            self.next_id.0 += 1;
        }
    }

    /// From now on nothing waits for more records.
    pub(super) fn stop_lingering(&mut self) {
        self.linger = Duration::ZERO;
    }

    /// When the head of this queue may leave as far as time goes.
    pub(super) fn head_ready_at(&self, partition: &PartitionQueue) -> Option<Timestamp> {
        partition.head_ready_at(self.linger, self.batch_size)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&TopicPartition, &PartitionQueue)> {
        self.partitions.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&TopicPartition, &mut PartitionQueue)> {
        self.partitions.iter_mut()
    }

    /// The queue of a topic partition that was sent to.
    pub(super) fn get_mut(&mut self, topic_partition: &TopicPartition) -> &mut PartitionQueue {
        self.partitions.get_mut(topic_partition).expect("batches have a queue")
    }

    pub(super) fn next_expiry(&self) -> Option<Timestamp> {
        let expiries = self.partitions.values().map(|partition| partition.next_expiry(self.delivery_timeout));
        expiries.fold(None, earliest)
    }

    pub(super) fn expire(&mut self, now: Timestamp, mut each: impl FnMut(&mut ProducerBatch)) {
        for partition in self.partitions.values_mut() {
            partition.expire(now, self.delivery_timeout, &mut each);
        }
    }
}
