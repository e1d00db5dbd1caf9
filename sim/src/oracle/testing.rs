//! Small clusters, told change by change, as a witness would tell them.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::metadata::PartitionState;
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, LeaderEpoch, Offset, PartitionEpoch, TopicPartition};

use super::all::Oracles;
use crate::checker::Anomaly;
use crate::snapshot::{
    BatchFacts, BrokerSnapshot, Change, ClusterSnapshot, Observation, Observer, PartitionSnapshot, Records,
    ReplicaBefore, ReplicaSnapshot,
};
use crate::trace::Stop;

/// `min.insync.replicas` of the one topic partition.
pub(super) const MIN_INSYNC: usize = 2;

/// One topic partition on brokers 1 to 3, and the oracles. Whatever happens is told; nothing happens by itself.
pub(super) struct Scene {
    pub(super) cluster: ClusterSnapshot,
    /// What the disks of brokers without a process have.
    pub(super) disks: BTreeMap<BrokerId, ReplicaSnapshot>,
    oracles: Oracles,
    key: TopicPartition,
    events: u64,
}

pub(super) fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().map(|id| BrokerId(*id)).collect()
}

pub(super) fn offset(offset: i64) -> Offset {
    Offset(offset)
}

pub(super) fn epoch(epoch: i32) -> LeaderEpoch {
    LeaderEpoch(epoch)
}

/// A log that was never written to, on a broker that was told nothing.
fn empty() -> ReplicaSnapshot {
    ReplicaSnapshot {
        is_leader: false,
        leader_epoch: LeaderEpoch::NONE,
        partition_epoch: PartitionEpoch(-1),
        isr: Vec::new(),
        maximal_isr: Vec::new(),
        log_start: Offset::ZERO,
        high_watermark: Offset::ZERO,
        log_end: Offset::ZERO,
        recovery_point: Offset::ZERO,
        durable_end: Offset::ZERO,
        rotten: false,
        records: Records::default(),
    }
}

/// Every record of `records`, each batch as `change` makes it.
fn changed(records: &Records, change: impl Fn(&mut BatchFacts)) -> Records {
    let mut all = Records::default();
    for batch in records.from(Offset::ZERO) {
        let mut batch = *batch;
        change(&mut batch);
        all.push(batch);
    }
    all
}

/// Cuts a log.
pub(super) fn cut(replica: &mut ReplicaSnapshot, to: Offset) {
    replica.records.truncate(to);
    let end = replica.records.end().unwrap_or(replica.log_start).max(replica.log_start);
    replica.log_end = end;
    replica.high_watermark = replica.high_watermark.min(end);
    replica.recovery_point = replica.recovery_point.min(end);
    replica.durable_end = replica.durable_end.min(end);
}

/// Appends a batch.
pub(super) fn append(replica: &mut ReplicaSnapshot, batch: BatchFacts) {
    replica.records.push(batch);
    replica.log_end = batch.end_offset;
}

impl Scene {
    /// Broker 1 leads, in leader epoch 0, and all are in sync.
    pub(super) fn new() -> Scene {
        let (cluster, oracles) = (ClusterSnapshot::default(), Oracles::default());
        let key = TopicPartition::new("orders", 0);
        let mut scene = Scene { cluster, disks: BTreeMap::new(), oracles, key, events: 0 };
        scene.start_controller(PartitionState::new(ids(&[1, 2, 3])));
        for broker in [1, 2, 3] {
            scene.disks.insert(BrokerId(broker), empty());
            scene.reopen(broker);
            scene.learn(broker);
        }
        scene
    }

    /// The replica of a broker that runs.
    pub(super) fn replica(&self, broker: i32) -> Option<&ReplicaSnapshot> {
        self.cluster.replica(BrokerId(broker), &self.key)
    }

    /// Which properties were violated, in order.
    pub(super) fn found(&self) -> Vec<Anomaly> {
        let found: BTreeSet<Anomaly> =
            self.oracles.findings().violations().map(|violation| violation.anomaly).collect();
        found.into_iter().collect()
    }

    /// Everything that was found, in words.
    pub(super) fn findings(&self) -> String {
        let violations = self.oracles.findings().violations();
        let told = violations.map(|violation| {
            let event = violation.seen.expect("it is of state").event;
            format!("change {event}: {violation}")
        });
        told.collect::<Vec<String>>().join("\n")
    }

    /// The first case of an anomaly.
    pub(super) fn first(&self, anomaly: Anomaly) -> &str {
        let violations = self.oracles.findings().violations();
        let of_it = violations.filter(|violation| violation.anomaly == anomaly);
        let violation = of_it.min_by_key(|violation| violation.seen.map(|seen| seen.event));
        &violation.unwrap_or_else(|| panic!("no {anomaly} in {:?}", self.found())).summary
    }

    /// Whose state was wrong, by their cases.
    pub(super) fn accused(&self, anomaly: Anomaly) -> Vec<Option<BrokerId>> {
        let violations = self.oracles.findings().violations();
        violations.filter(|violation| violation.anomaly == anomaly).map(|found| found.accused).collect()
    }

    /// How many cases of it there were.
    pub(super) fn count(&self, anomaly: Anomaly) -> u64 {
        let violations = self.oracles.findings().violations();
        violations.filter(|violation| violation.anomaly == anomaly).map(|violation| violation.count).sum()
    }

    fn tell(&mut self, change: &Change) {
        self.events += 1;
        let (time, event) = (Timestamp(self.events), self.events);
        self.oracles.observe(Observation { time, event, cluster: &self.cluster, change });
    }

    /// The controller decides something, in the next partition epoch unless `change` says otherwise.
    pub(super) fn decide(&mut self, change: impl FnOnce(&mut PartitionState)) {
        let known = self.cluster.controller.as_mut().expect("it runs");
        let known = known.get_mut(&self.key).expect("it is known");
        let was = known.clone();
        known.state.partition_epoch = PartitionEpoch(was.state.partition_epoch.0 + 1);
        change(&mut known.state);
        self.tell(&Change::Partition { topic_partition: self.key.clone(), was: Some(was) });
    }

    /// What the controller knows.
    pub(super) fn decided(&self) -> PartitionState {
        self.cluster.decided(&self.key).expect("it runs").state.clone()
    }

    pub(super) fn stop_controller(&mut self, how: Stop) {
        self.cluster.controller = None;
        self.tell(&Change::ControllerStopped { how });
    }

    /// A process of the controller reads this.
    pub(super) fn start_controller(&mut self, state: PartitionState) {
        self.cluster.controller = Some(BTreeMap::new());
        self.tell(&Change::ControllerStarted);
        let known = PartitionSnapshot { state, min_insync: MIN_INSYNC };
        self.cluster.controller = Some(BTreeMap::from([(self.key.clone(), known)]));
        self.tell(&Change::Partition { topic_partition: self.key.clone(), was: None });
    }

    /// The controller elects a leader, whom nobody has told yet. From outside the ISR it is the whole ISR.
    pub(super) fn elect(&mut self, broker: i32, epoch: i32) {
        self.decide(|known| {
            (known.leader, known.leader_epoch) = (BrokerId(broker), LeaderEpoch(epoch));
            if !known.isr.contains(&known.leader) {
                (known.isr, known.elr) = (vec![known.leader], Vec::new());
            }
        });
    }

    /// A broker learns what the controller has decided.
    pub(super) fn learn(&mut self, broker: i32) {
        let state = self.decided();
        self.set(broker, |replica| {
            replica.is_leader = state.leader == BrokerId(broker);
            replica.maximal_isr = if replica.is_leader { state.isr.clone() } else { Vec::new() };
            (replica.isr, replica.leader_epoch) = (state.isr, state.leader_epoch);
            replica.partition_epoch = state.partition_epoch;
        });
    }

    /// A broker leads: it is elected and learns that at once, or learns late of an election that is over.
    pub(super) fn lead(&mut self, broker: i32, epoch: i32) {
        if self.decided().leader_epoch < LeaderEpoch(epoch) {
            self.elect(broker, epoch);
            return self.learn(broker);
        }
        let isr = self.decided().isr;
        self.set(broker, |replica| {
            (replica.is_leader, replica.leader_epoch) = (true, LeaderEpoch(epoch));
            (replica.isr, replica.maximal_isr) = (isr.clone(), isr);
        });
    }

    /// The ISR becomes this, as the controller and the leader know it.
    pub(super) fn shrink(&mut self, isr: &[i32]) {
        self.decide(|known| known.isr = ids(isr));
        self.learn(self.decided().leader.0);
    }

    /// Appends a batch in the broker's leader epoch. Its checksum is its offset.
    pub(super) fn append(&mut self, broker: i32, records: i64) {
        self.set(broker, |replica| {
            let (base_offset, leader_epoch) = (replica.log_end, replica.leader_epoch);
            let checksum = Some(base_offset.0 as u32);
            let end_offset = base_offset.plus(records);
            append(replica, BatchFacts { base_offset, end_offset, leader_epoch, checksum });
        });
    }

    /// Broker `to` gets from broker `from` what comes after its own log end.
    pub(super) fn replicate(&mut self, from: i32, to: i32) {
        let source = self.cluster.replica(BrokerId(from), &self.key).expect("it runs").records.clone();
        self.set(to, |replica| source.from(replica.log_end).for_each(|batch| append(replica, *batch)));
    }

    pub(super) fn commit(&mut self, broker: i32, high_watermark: i64) {
        self.set(broker, |replica| replica.high_watermark = Offset(high_watermark));
    }

    pub(super) fn flush(&mut self, broker: i32) {
        self.set(broker, |replica| {
            (replica.durable_end, replica.recovery_point) = (replica.log_end, replica.log_end);
        });
    }

    /// Cuts a log, by its process or, if it has none, behind its back.
    pub(super) fn truncate(&mut self, broker: i32, to: i64) {
        match self.disks.get_mut(&BrokerId(broker)) {
            Some(disk) => cut(disk, Offset(to)),
            None => self.set(broker, |replica| cut(replica, Offset(to))),
        }
    }

    /// Drops a whole log, which begins again somewhere else.
    pub(super) fn begin_anew(&mut self, broker: i32, at: i64) {
        self.set(broker, |replica| {
            let at = Offset(at);
            replica.records = Records::default();
            (replica.log_start, replica.high_watermark, replica.log_end) = (at, at, at);
            (replica.recovery_point, replica.durable_end) = (at, Offset::ZERO);
        });
    }

    /// Changes the checksum of the batch at `base`, unseen.
    pub(super) fn alter(&mut self, broker: i32, base: i64, checksum: u32) {
        self.meddle(broker, base, Some(checksum));
    }

    /// The batch at `base` is not what its checksum was made of any more, unseen, for bits of it turned over.
    pub(super) fn rot(&mut self, broker: i32, base: i64) {
        self.meddle(broker, base, None).rotten = true;
    }

    /// The same, without any rot.
    pub(super) fn tear(&mut self, broker: i32, base: i64) {
        self.meddle(broker, base, None);
    }

    fn meddle(&mut self, broker: i32, base: i64, checksum: Option<u32>) -> &mut ReplicaSnapshot {
        let broker = BrokerId(broker);
        let replica = match self.disks.get_mut(&broker) {
            Some(disk) => disk,
            None => running(&mut self.cluster, broker, &self.key),
        };
        replica.records = changed(&replica.records, |batch| {
            if batch.base_offset == Offset(base) {
                batch.checksum = checksum;
            }
        });
        replica
    }

    /// The process ends, or the machine does whose process has ended already.
    pub(super) fn stop(&mut self, broker: i32, how: Stop) {
        let broker = BrokerId(broker);
        let stopped = self.cluster.brokers.insert(broker, BrokerSnapshot::default());
        if let Some(replica) = stopped.and_then(|mut stopped| stopped.replicas.remove(&self.key)) {
            self.disks.insert(broker, replica);
        }
        self.tell(&Change::BrokerStopped { broker, how });
    }

    /// A new process opens the log that the disk has, and has been told nothing.
    pub(super) fn reopen(&mut self, broker: i32) {
        self.reopen_as(broker, |_| {});
    }

    /// A new process opens the log and is told something at once.
    pub(super) fn reopen_as(&mut self, broker: i32, told: impl FnOnce(&mut ReplicaSnapshot)) {
        let broker = BrokerId(broker);
        let running = BrokerSnapshot { is_running: true, replicas: BTreeMap::new() };
        self.cluster.brokers.insert(broker, running);
        self.tell(&Change::BrokerStarted { broker });
        let disk = self.disks.remove(&broker).expect("it was stopped");
        let mut replica = ReplicaSnapshot {
            is_leader: false,
            leader_epoch: LeaderEpoch::NONE,
            partition_epoch: PartitionEpoch(-1),
            isr: Vec::new(),
            maximal_isr: Vec::new(),
            ..disk
        };
        told(&mut replica);
        let brokers = self.cluster.brokers.get_mut(&broker).expect("it was just there");
        brokers.replicas.insert(self.key.clone(), replica);
        self.tell(&Change::Replica { broker, topic_partition: self.key.clone(), was: None });
    }

    /// Changes a replica and tells what it was, as far as a witness can see it.
    pub(super) fn set(&mut self, broker: i32, change: impl FnOnce(&mut ReplicaSnapshot)) {
        let broker = BrokerId(broker);
        let replica = running(&mut self.cluster, broker, &self.key);
        let before = replica.clone();
        change(replica);
        if *replica == before {
            return;
        }
        replica.records.delete_below(replica.log_start);
        let begun_anew = before.log_end < replica.log_start || replica.log_start < before.log_start;
        let truncated = (replica.log_end < before.log_end).then_some(replica.log_end);
        let was = ReplicaBefore {
            is_leader: before.is_leader,
            leader_epoch: before.leader_epoch,
            partition_epoch: before.partition_epoch,
            isr_changed: (&before.isr, &before.maximal_isr) != (&replica.isr, &replica.maximal_isr),
            log_start: before.log_start,
            high_watermark: before.high_watermark,
            log_end: before.log_end,
            recovery_point: before.recovery_point,
            truncated_to: if begun_anew { Some(Offset::ZERO) } else { truncated },
        };
        self.tell(&Change::Replica { broker, topic_partition: self.key.clone(), was: Some(was) });
    }
}

fn running<'c>(
    cluster: &'c mut ClusterSnapshot,
    broker: BrokerId,
    key: &TopicPartition,
) -> &'c mut ReplicaSnapshot {
    let broker = cluster.brokers.get_mut(&broker).expect("it exists");
    broker.replicas.get_mut(key).expect("it runs")
}
