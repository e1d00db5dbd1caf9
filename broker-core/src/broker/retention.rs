//! Periodic work on old data: retention, log start checkpoints, expiry of producer ids (`LogManager.cleanupLogs`).
//!
//! A segment goes only after the log start above it is durable:
//!
//! ```text
//!   check ─► log starts move ─► checkpoint ─► durable ─► segments deleted
//! ```

use std::collections::BTreeMap;

use super::flush::{Purpose, write_checkpoint};
use super::node::Broker;
use crate::config::BrokerConfig;
use crate::io::FlushStep;
use crate::log::LOG_START_CHECKPOINT;
use crate::time::Timestamp;
use crate::types::{Offset, TopicPartition};

/// Log start offsets by topic partition.
pub(super) type LogStarts = BTreeMap<TopicPartition, Offset>;

/// When what is due next.
#[derive(Debug)]
pub(super) struct Retention {
    next_check: Timestamp,
    next_checkpoint: Timestamp,
    next_expiry: Timestamp,
    /// What the checkpoint file says, or will say once the flush under way is done.
    checkpointed: LogStarts,
    /// One at a time.
    checkpoint_under_way: bool,
}

impl Retention {
    /// `checkpointed` is what the file says now.
    pub fn new(now: Timestamp, config: &BrokerConfig, checkpointed: LogStarts) -> Retention {
        let first = now + config.initial_task_delay;
        Retention {
            next_check: first,
            next_checkpoint: first,
            next_expiry: now + config.producer_id_expiration_check_interval,
            checkpointed,
            checkpoint_under_way: false,
        }
    }

    pub fn next_deadline(&self) -> Timestamp {
        self.next_check.min(self.next_checkpoint).min(self.next_expiry)
    }

    /// The log start the checkpoint had for a log that was not there.
    pub fn checkpointed(&self, topic_partition: &TopicPartition) -> Offset {
        self.checkpointed.get(topic_partition).copied().unwrap_or(Offset::ZERO)
    }
}

impl Broker {
    pub(super) fn tick_retention(&mut self, now: Timestamp) {
        let config = &self.shared.settings.config;
        let (check, checkpoint) = (self.retention.next_check <= now, self.retention.next_checkpoint <= now);
        if check {
            self.retention.next_check = now + config.retention_check_interval;
        }
        if checkpoint {
            self.retention.next_checkpoint = now + config.start_offset_checkpoint_interval;
        }
        if check {
            for replica in self.replicas.values_mut() {
                replica.apply_retention(&mut self.shared.env(now));
            }
        }
        // This runs with every input: nobody looks at all logs before something is due.
        if !self.retention.checkpoint_under_way
            && (check && self.has_old_segments()
                || checkpoint && self.retention.checkpointed != self.log_starts())
        {
            let starts = self.log_starts();
            self.retention.checkpoint_under_way = true;
            self.retention.checkpointed.clone_from(&starts);
            let step = encode(&starts);
            let effect = self.flushes.begin(Purpose::LogStarts(starts), vec![step]);
            self.effects.push_back(effect);
        }
        self.expire_producers(now);
    }

    fn has_old_segments(&self) -> bool {
        self.replicas.values().any(|replica| replica.log().has_old_segments())
    }

    /// These log starts are durable now: segments below may go.
    pub(super) fn log_starts_checkpointed(&mut self, now: Timestamp, starts: &LogStarts) {
        self.retention.checkpoint_under_way = false;
        for (topic_partition, start) in starts {
            let Some(replica) = self.replicas.get_mut(topic_partition) else { continue };
            if let Err(error) = replica.delete_old_segments(&mut self.shared.env(now), *start) {
                return self.fail(error);
            }
        }
    }

    /// The checkpoint of all log starts, to be written with something else.
    pub(super) fn log_start_checkpoint(&mut self) -> FlushStep {
        let starts = self.log_starts();
        self.retention.checkpointed.clone_from(&starts);
        encode(&starts)
    }

    /// Starts above 0, of replicas and of logs that metadata has not named.
    fn log_starts(&self) -> LogStarts {
        let replicas = self.replicas.iter().map(|(key, replica)| (key, replica.log().start_offset()));
        let unclaimed = self.unclaimed.iter().map(|(key, log)| (key, log.start_offset()));
        let above_zero = replicas.chain(unclaimed).filter(|(_, start)| Offset::ZERO < *start);
        above_zero.map(|(key, start)| (key.clone(), start)).collect()
    }

    fn expire_producers(&mut self, now: Timestamp) {
        if now < self.retention.next_expiry {
            return;
        }
        let config = &self.shared.settings.config;
        self.retention.next_expiry = now + config.producer_id_expiration_check_interval;
        for replica in self.replicas.values_mut() {
            replica.expire_producers(&mut self.shared.env(now));
        }
    }
}

fn encode(starts: &LogStarts) -> FlushStep {
    write_checkpoint(LOG_START_CHECKPOINT, starts.iter().map(|(key, start)| (key, *start)))
}
