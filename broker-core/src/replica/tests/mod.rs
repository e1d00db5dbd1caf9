//! Stories about one replica, with controller, disk and the other brokers played by hand.
//!
//! The replica is that of broker 1; brokers 2 and 3 hold the other two.

mod alter_partition;
mod clock;
mod damage;
mod demotion;
mod flush;
mod follower;
mod high_watermark;
mod in_sync;
mod produce;
mod reading;
mod retention;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::batch::RecordBatch;
use crate::config::{Acks, BrokerConfig, FlushPolicy, Properties, Scope, TimeScale, TopicConfig};
use crate::error::ErrorCode;
use crate::log::{Log, LogConfig, Opening};
use crate::metadata::{BrokerRegistration, PartitionState};
use crate::testing::{self, MemStorage};
use crate::time::Timestamp;
use crate::types::{
    BrokerEpoch, BrokerId, Endpoint, LeaderEpoch, Offset, PartitionEpoch, TopicId, TopicPartition,
};

const ME: BrokerId = BrokerId(1);

/// How long a produce waits at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// A replica and everything it may use.
struct Bench {
    now: Timestamp,
    /// How far the clock of its broker is behind.
    behind: Duration,
    storage: MemStorage,
    brokers: BTreeMap<BrokerId, BrokerRegistration>,
    config: BrokerConfig,
    out: Outbox,
    replica: Replica,
    tokens: u64,
}

impl Bench {
    fn new(min_insync: usize, flush_messages: Option<i64>) -> Bench {
        Bench::with_policy(
            min_insync,
            FlushPolicy { interval_messages: flush_messages, ..Default::default() },
        )
    }

    fn with_policy(min_insync: usize, flush: FlushPolicy) -> Bench {
        let config = BrokerConfig::new(&Properties::new(Scope::Broker), TimeScale::Kafka);
        let topic = TopicConfig { min_insync_replicas: min_insync, flush, ..config.topic_defaults.clone() };
        let mut storage = MemStorage::default();
        let orders = TopicPartition::new("orders", 0);
        let log_config = LogConfig::from(&topic);
        let opened = Log::open(&mut storage, orders, log_config, Opening::Clean, Offset::ZERO);
        let replica = Replica::new(TopicId(7), ME, topic, opened.unwrap().0, Offset::ZERO);
        let brokers = (1..=3).map(|id| (BrokerId(id), registration(id))).collect();
        let (out, now) = (Outbox::default(), Timestamp::from_duration(Duration::from_secs(100)));
        Bench { now, behind: Duration::ZERO, storage, brokers, config, out, replica, tokens: 0 }
    }

    /// Leads in leader epoch 1 with everybody in sync, partition epoch 1.
    fn leading(min_insync: usize) -> Bench {
        let mut bench = Bench::new(min_insync, None);
        bench.metadata(1, &[1, 2, 3], 1, 1);
        bench
    }

    /// Follows broker 2 in leader epoch 1, with everybody in sync.
    fn following() -> Bench {
        let mut bench = Bench::new(2, None);
        bench.metadata(2, &[1, 2, 3], 1, 1);
        bench
    }

    fn with_env<T>(&mut self, act: impl FnOnce(&mut Replica, &mut Env<'_>) -> T) -> T {
        let Bench { now, storage, brokers, config, out, replica, .. } = self;
        let clock = Timestamp::from_duration(now.since(Timestamp::from_duration(self.behind)));
        act(replica, &mut Env { now: *now, clock, storage, brokers, config, out })
    }

    fn metadata(&mut self, leader: i32, isr: &[i32], leader_epoch: i32, partition_epoch: i32) {
        let state = PartitionState {
            replicas: ids(&[1, 2, 3]),
            isr: ids(isr),
            elr: Vec::new(),
            last_known_leader: BrokerId::NONE,
            leader: BrokerId(leader),
            leader_epoch: LeaderEpoch(leader_epoch),
            partition_epoch: PartitionEpoch(partition_epoch),
        };
        self.with_env(|replica, env| replica.apply_metadata(env, &state)).unwrap();
    }

    fn fence(&mut self, broker: i32) {
        self.brokers.get_mut(&BrokerId(broker)).expect("it is registered").fenced = true;
    }

    /// Time goes by, and the replica is told.
    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.with_env(Replica::tick);
    }

    fn produce_batch(&mut self, batch: RecordBatch, acks: Acks) -> Produced {
        self.tokens += 1;
        let (token, deadline) = (ProduceToken(self.tokens), self.now + PATIENCE);
        self.with_env(|replica, env| replica.produce(env, batch, acks, token, deadline)).unwrap()
    }

    /// Produces one record. Tokens count from 1.
    fn produce(&mut self, acks: Acks) -> Produced {
        self.produce_batch(testing::batch(&["v"]), acks)
    }

    /// `follower` asks for `offset` under the registration this broker knows.
    fn asks(&mut self, follower: i32, offset: i64) -> bool {
        let epoch = self.brokers[&BrokerId(follower)].epoch;
        self.asks_as(follower, epoch, offset)
    }

    fn asks_as(&mut self, follower: i32, epoch: BrokerEpoch, offset: i64) -> bool {
        self.with_env(|replica, env| replica.follower_fetched(env, BrokerId(follower), epoch, Offset(offset)))
    }

    /// The leader answers a follower's fetch with one record of leader epoch 1.
    fn replicate(&mut self) {
        let asked = self.replica.fetch_position().expect("it follows");
        let batch = testing::batch(&["v"]).placed_at(asked.offset, LeaderEpoch(1));
        let fetched = Fetched {
            error: ErrorCode::NONE,
            high_watermark: Offset(0),
            log_start_offset: Offset(0),
            diverging: None,
            records: batch.bytes().clone(),
        };
        self.with_env(|replica, env| replica.fetched(env, &asked, fetched)).unwrap();
    }

    fn flush(&mut self) {
        let plan = self.replica.log_mut().start_flush().expect("there is something to flush");
        self.storage.apply(&plan.steps);
        self.with_env(Replica::flushed);
    }

    /// Token and error of the produces that came to their end since the last call.
    fn done(&mut self) -> Vec<(u64, ErrorCode)> {
        let done = self.out.produced.drain(..);
        done.map(|(token, _, result)| (token.0, result.error)).collect()
    }

    /// What the replica wants to ask the controller now.
    fn proposal(&mut self) -> Option<Proposal> {
        self.with_env(Replica::take_proposal)
    }

    /// The ISR of the proposal it makes now.
    fn proposed_isr(&mut self) -> Option<Vec<i32>> {
        let members = self.proposal()?.isr;
        Some(members.into_iter().map(|(member, _)| member.0).collect())
    }

    fn answer(&mut self, asked: &Proposal, outcome: AlterPartitionOutcome) {
        let retry_at = self.now + Duration::from_secs(1);
        self.with_env(|replica, env| replica.alter_partition_answered(env, asked, outcome, retry_at));
    }

    fn maximal_isr(&self) -> Vec<i32> {
        self.replica.maximal_isr().expect("it leads").iter().map(|member| member.0).collect()
    }

    fn isr(&self) -> Vec<i32> {
        self.replica.state().isr.iter().map(|member| member.0).collect()
    }

    fn high_watermark(&self) -> i64 {
        self.replica.high_watermark().0
    }

    fn end(&self) -> i64 {
        self.replica.log().end_offset().0
    }

    fn lag_max(&self) -> Duration {
        self.config.replica_lag_time_max
    }

    fn events(&self, name: &str) -> usize {
        self.out.events.iter().filter(|event| event.name() == name).count()
    }
}

fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().map(|id| BrokerId(*id)).collect()
}

/// Broker 2 is registered under epoch 20, and so on.
fn registration(id: i32) -> BrokerRegistration {
    BrokerRegistration {
        incarnation: id as u128,
        epoch: BrokerEpoch(i64::from(id) * 10),
        endpoint: Endpoint { host: format!("broker-{id}").into(), port: 9092 },
        fenced: false,
        in_controlled_shutdown: false,
    }
}

fn ok(base_offset: i64) -> Produced {
    Produced::Now(ProduceResult { error: ErrorCode::NONE, base_offset: Some(Offset(base_offset)) })
}

fn refused(error: ErrorCode) -> Produced {
    Produced::Now(ProduceResult::refused(error))
}

/// What the controller answers when it did as asked.
fn changed(isr: &[i32], partition_epoch: i32) -> AlterPartitionOutcome {
    AlterPartitionOutcome::Changed {
        isr: ids(isr),
        partition_epoch: PartitionEpoch(partition_epoch),
        leader_epoch: LeaderEpoch(1),
    }
}
