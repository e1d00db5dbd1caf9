//! Watches one process of a broker.

use std::collections::BTreeMap;

use broker_core::broker::Broker;
use broker_core::replica::Replica;
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, Offset, TopicPartition};

use super::files::{Checksums, LogFiles};
use super::shared::{SharedWitness, Watched, Witness};
use crate::cluster::turmoil_platform::ProcessDisk;
use crate::snapshot::{Change, Records, ReplicaBefore, ReplicaSnapshot};

/// Compares the replicas of a broker with what they were.
pub struct BrokerWitness {
    shared: SharedWitness,
    broker: BrokerId,
    disk: ProcessDisk,
    /// In the order of the broker's replicas, so that a look needs no search.
    seen: Vec<Seen>,
}

/// One replica at the last look.
struct Seen {
    topic_partition: TopicPartition,
    files: LogFiles,
    facts: ReplicaBefore,
    isr: Vec<BrokerId>,
    maximal_isr: Vec<BrokerId>,
}

impl BrokerWitness {
    /// A process begins.
    pub fn new(now: Timestamp, shared: SharedWitness, broker: BrokerId, disk: ProcessDisk) -> BrokerWitness {
        shared.borrow_mut().started(now, Watched::Broker(broker));
        BrokerWitness { shared, broker, disk, seen: Vec::new() }
    }

    /// Tells what is different.
    pub fn look(&mut self, now: Timestamp, broker: &Broker) {
        if self.seen.len() != broker.replicas().len() {
            self.open_new(now, broker.replicas());
        }
        for (seen, replica) in self.seen.iter_mut().zip(broker.replicas().values()) {
            if seen.is_as_it_was(replica) {
                continue;
            }
            let mut witness = self.shared.borrow_mut();
            let snapshot = snapshot(&mut witness, self.broker, &seen.topic_partition);
            let was = seen.update(snapshot, replica, &self.disk);
            let topic_partition = seen.topic_partition.clone();
            witness.tell(now, &Change::Replica { broker: self.broker, topic_partition, was: Some(was) });
        }
    }

    /// Replicas are opened and never closed.
    fn open_new(&mut self, now: Timestamp, replicas: &BTreeMap<TopicPartition, Replica>) {
        for (index, (topic_partition, replica)) in replicas.iter().enumerate() {
            if self.seen.get(index).is_some_and(|seen| seen.topic_partition == *topic_partition) {
                continue;
            }
            let (seen, snapshot) = Seen::open(topic_partition, replica, &self.disk);
            self.seen.insert(index, seen);
            let mut witness = self.shared.borrow_mut();
            let broker = witness.cluster.brokers.get_mut(&self.broker).expect("its process has begun");
            broker.replicas.insert(topic_partition.clone(), snapshot);
            let topic_partition = topic_partition.clone();
            witness.tell(now, &Change::Replica { broker: self.broker, topic_partition, was: None });
        }
    }
}

fn snapshot<'w>(witness: &'w mut Witness, broker: BrokerId, key: &TopicPartition) -> &'w mut ReplicaSnapshot {
    let broker = witness.cluster.brokers.get_mut(&broker).expect("its process has begun");
    broker.replicas.get_mut(key).expect("it was opened")
}

fn facts(replica: &Replica) -> ReplicaBefore {
    let (log, state) = (replica.log(), replica.state());
    ReplicaBefore {
        is_leader: replica.is_leader(),
        leader_epoch: state.leader_epoch,
        partition_epoch: state.partition_epoch,
        isr_changed: false,
        log_start: log.start_offset(),
        high_watermark: replica.high_watermark(),
        log_end: log.end_offset(),
        recovery_point: log.recovery_point(),
        truncated_to: None,
    }
}

impl Seen {
    fn open(key: &TopicPartition, replica: &Replica, disk: &ProcessDisk) -> (Seen, ReplicaSnapshot) {
        let facts = facts(replica);
        let (mut files, mut records) = (LogFiles::default(), Records::default());
        let range = (facts.log_start, facts.log_end);
        let rotten = disk.borrow().has_rotted(&key.to_string());
        let checksums = if rotten { Checksums::Doubted } else { Checksums::Verified };
        files.read(disk, key, range, checksums, &mut records);
        let isr = replica.state().isr.clone();
        let maximal_isr = replica.maximal_isr().unwrap_or_default().to_vec();
        let snapshot = ReplicaSnapshot {
            is_leader: facts.is_leader,
            leader_epoch: facts.leader_epoch,
            partition_epoch: facts.partition_epoch,
            isr: isr.clone(),
            maximal_isr: maximal_isr.clone(),
            log_start: facts.log_start,
            high_watermark: facts.high_watermark,
            log_end: facts.log_end,
            recovery_point: facts.recovery_point,
            rotten,
            durable_end: files.said_durable(disk, key, range),
            records,
        };
        (Seen { topic_partition: key.clone(), files, facts, isr, maximal_isr }, snapshot)
    }

    fn is_as_it_was(&self, replica: &Replica) -> bool {
        self.facts == facts(replica)
            && self.isr == replica.state().isr
            && self.maximal_isr == replica.maximal_isr().unwrap_or_default()
    }

    /// Brings the snapshot up to date; what it was.
    fn update(
        &mut self,
        snapshot: &mut ReplicaSnapshot,
        replica: &Replica,
        disk: &ProcessDisk,
    ) -> ReplicaBefore {
        let now = facts(replica);
        let mut was = std::mem::replace(&mut self.facts, now);
        let maximal = replica.maximal_isr().unwrap_or_default();
        if self.isr != replica.state().isr || self.maximal_isr != maximal {
            was.isr_changed = true;
            self.isr.clone_from(&replica.state().isr);
            self.maximal_isr = maximal.to_vec();
            snapshot.isr.clone_from(&self.isr);
            snapshot.maximal_isr.clone_from(&self.maximal_isr);
        }
        snapshot.is_leader = now.is_leader;
        snapshot.leader_epoch = now.leader_epoch;
        snapshot.partition_epoch = now.partition_epoch;
        snapshot.log_start = now.log_start;
        snapshot.high_watermark = now.high_watermark;
        snapshot.log_end = now.log_end;
        snapshot.recovery_point = now.recovery_point;
        self.follow_log(&mut was, snapshot, disk);
        if was.recovery_point != now.recovery_point {
            let range = (now.log_start, now.log_end);
            snapshot.durable_end = self.files.said_durable(disk, &self.topic_partition, range);
        }
        was
    }

    /// Takes what was cut out of the records, and what was appended into them.
    fn follow_log(&mut self, was: &mut ReplicaBefore, snapshot: &mut ReplicaSnapshot, disk: &ProcessDisk) {
        let (start, end) = (self.facts.log_start, self.facts.log_end);
        let begun_anew = was.log_end < start || start < was.log_start;
        if begun_anew || end < was.log_end {
            let to = if begun_anew { Offset::ZERO } else { end };
            was.truncated_to = Some(to);
            snapshot.records.truncate(to);
            self.files.moved();
        }
        snapshot.records.delete_below(start);
        let known = snapshot.records.end().unwrap_or(start).max(start);
        if known < end {
            let range = (known, end);
            self.files.read(disk, &self.topic_partition, range, Checksums::Believed, &mut snapshot.records);
        }
    }
}
