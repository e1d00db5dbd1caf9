//! What reaches the disk when: flush policies, the scheduler, checkpoints, the clean-shutdown marker (`LogManager`).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::node::Broker;
use super::retention::LogStarts;
use crate::config::BrokerConfig;
use crate::error::{LogError, StorageError};
use crate::event::Event;
use crate::io::{Effect, FlushId, FlushStep, HaltReason, Storage};
use crate::log::{FlushPlan, HIGH_WATERMARK_CHECKPOINT, OffsetCheckpoint, RECOVERY_POINT_CHECKPOINT};
use crate::time::{Timestamp, earliest};
use crate::types::{BrokerEpoch, Offset, TopicPartition};

/// Says that the last stop was clean, and under which broker epoch.
const CLEAN_SHUTDOWN_MARKER: &str = ".kafka_cleanshutdown";

/// What a flush was for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// That the clean-shutdown marker is gone and damaged logs have their notes; nothing may happen before.
    Opening,
    Log(TopicPartition),
    Checkpoint,
    /// The checkpoint of these log starts.
    LogStarts(LogStarts),
    /// That a log is damaged; nothing happens after.
    Note,
    Shutdown,
}

/// Flushes under way and when the next are due.
#[derive(Debug)]
pub(super) struct Flushes {
    next: u64,
    under_way: BTreeMap<FlushId, Purpose>,
    /// When the recovery point of a log moved last, or else when the log was opened.
    last_flush: BTreeMap<TopicPartition, Timestamp>,
    next_schedule: Option<Timestamp>,
    next_recovery_points: Timestamp,
    next_high_watermarks: Timestamp,
    /// The broker is stopping and waits for other flushes to end.
    shutdown_wanted: bool,
}

impl Flushes {
    pub fn new(now: Timestamp, config: &BrokerConfig) -> Flushes {
        Flushes {
            next: 0,
            under_way: BTreeMap::new(),
            last_flush: BTreeMap::new(),
            next_schedule: Some(now + config.initial_task_delay),
            next_recovery_points: now + config.initial_task_delay,
            next_high_watermarks: now,
            shutdown_wanted: false,
        }
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.shutdown_wanted {
            return None;
        }
        let checkpoints = self.next_recovery_points.min(self.next_high_watermarks);
        earliest(self.next_schedule, Some(checkpoints))
    }

    /// Checkpoints that are due wait for their next turn.
    fn postpone_checkpoints(&mut self, now: Timestamp, config: &BrokerConfig) {
        if self.next_recovery_points <= now {
            self.next_recovery_points = now + config.recovery_point_checkpoint_interval;
        }
        if self.next_high_watermarks <= now {
            self.next_high_watermarks = now + config.high_watermark_checkpoint_interval;
        }
    }

    /// Makes durable that the clean-shutdown marker is gone, and these notes.
    pub fn begin_opening(&mut self, notes: Vec<FlushStep>) -> Effect {
        let marker = FlushStep::Directory(String::new());
        self.begin(Purpose::Opening, [marker].into_iter().chain(notes).collect())
    }

    /// Writes the note of a damaged log.
    pub fn begin_note(&mut self, note: FlushStep) -> (FlushId, Effect) {
        (FlushId(self.next), self.begin(Purpose::Note, vec![note]))
    }

    /// Makes durable what nobody waits for.
    pub fn begin_checkpoint(&mut self, steps: Vec<FlushStep>) -> Effect {
        self.begin(Purpose::Checkpoint, steps)
    }

    /// A log was opened: as far as the scheduler is concerned it was flushed now.
    pub fn opened(&mut self, now: Timestamp, topic_partition: TopicPartition) {
        self.last_flush.insert(topic_partition, now);
    }

    pub fn begin(&mut self, purpose: Purpose, steps: Vec<FlushStep>) -> Effect {
        let flush = FlushId(self.next);
        self.next += 1;
        self.under_way.insert(flush, purpose);
        Effect::Flush { flush, steps }
    }
}

impl Broker {
    /// Starts the flushes that appends asked for, and writes epoch checkpoints that changed: those first, so that no
    /// batch is durable whose epoch is not.
    pub(super) fn start_flushes(&mut self) {
        if self.flushes.shutdown_wanted {
            return;
        }
        let mut plans = Vec::new();
        for (topic_partition, replica) in &mut self.replicas {
            if let Some(step) = replica.log_mut().take_epoch_checkpoint() {
                self.effects.push_back(self.flushes.begin_checkpoint(vec![step]));
            }
            if replica.log().flush_due()
                && let Some(plan) = replica.log_mut().start_flush()
            {
                plans.push((topic_partition.clone(), plan));
            }
        }
        for (topic_partition, plan) in plans {
            self.flush_log(topic_partition, plan);
        }
    }

    fn flush_log(&mut self, topic_partition: TopicPartition, mut plan: FlushPlan) {
        let end_offset = plan.end_offset;
        if plan.truncation {
            plan.steps.push(self.recovery_point_checkpoint());
            plan.steps.push(self.log_start_checkpoint());
        }
        self.observe(Event::FlushStarted { topic_partition: topic_partition.clone(), end_offset });
        self.effects.push_back(self.flushes.begin(Purpose::Log(topic_partition), plan.steps));
    }

    pub(super) fn tick_flushes(&mut self, now: Timestamp) {
        if self.flushes.shutdown_wanted {
            return;
        }
        if self.flushes.next_schedule.is_some_and(|at| at <= now) {
            self.schedule_flushes(now);
        }
        // On a slow disk checkpoints would queue up in front of everything else.
        if self.flushes.under_way.values().any(|purpose| matches!(purpose, Purpose::Checkpoint)) {
            self.flushes.postpone_checkpoints(now, &self.shared.settings.config);
            return;
        }
        let config = &self.shared.settings.config;
        if self.flushes.next_recovery_points <= now {
            self.flushes.next_recovery_points = now + config.recovery_point_checkpoint_interval;
            let step = self.recovery_point_checkpoint();
            self.effects.push_back(self.flushes.begin_checkpoint(vec![step]));
        }
        let config = &self.shared.settings.config;
        if self.flushes.next_high_watermarks <= now {
            self.flushes.next_high_watermarks = now + config.high_watermark_checkpoint_interval;
            let step = self.high_watermark_checkpoint();
            self.effects.push_back(self.flushes.begin_checkpoint(vec![step]));
        }
    }

    /// The flush scheduler looks at every log (`LogManager.flushDirtyLogs`). Kafka schedules it in any case, with a period
    /// of 2^63 milliseconds if no interval is set: it looks once. A log counts as flushed when its flush has ended, a
    /// moment after the scheduler looked; so with flush.ms equal to the interval, as it is by default, every other look
    /// comes too early.
    fn schedule_flushes(&mut self, now: Timestamp) {
        let interval = self.shared.settings.config.flush_scheduler_interval;
        self.flushes.next_schedule = interval.map(|interval| now + interval);
        let mut due = Vec::new();
        for (topic_partition, replica) in &mut self.replicas {
            let waited = now.since(self.flushes.last_flush[topic_partition]);
            if replica.flush_interval().is_some_and(|interval| interval <= waited)
                && let Some(plan) = replica.log_mut().start_flush()
            {
                due.push((topic_partition.clone(), plan));
            }
        }
        for (topic_partition, plan) in due {
            self.flush_log(topic_partition, plan);
        }
    }

    /// A flush ended. A failed one is never retried: what the kernel marked clean is gone.
    pub(super) fn flushed(&mut self, now: Timestamp, flush: FlushId, result: Result<(), StorageError>) {
        let purpose = self.flushes.under_way.remove(&flush).expect("a flush ends once");
        if let Err(error) = result {
            return self.fail(LogError::Storage(error));
        }
        match purpose {
            Purpose::Opening => match self.open_damaged_logs() {
                Ok(()) => self.lifecycle.opened(now),
                Err(error) => return self.fail(error),
            },
            Purpose::Log(topic_partition) => {
                let replica = self.replicas.get_mut(&topic_partition).expect("replicas are never removed");
                let before = replica.log().recovery_point();
                replica.flushed(&mut self.shared.env(now));
                if before < replica.log().recovery_point() {
                    self.flushes.last_flush.insert(topic_partition, now);
                }
            }
            Purpose::Checkpoint => {}
            Purpose::LogStarts(starts) => self.log_starts_checkpointed(now, &starts),
            Purpose::Note => unreachable!("nothing is handled after a note but its end"),
            Purpose::Shutdown => {
                self.halted = true;
                self.effects.push_back(Effect::Halt { reason: HaltReason::Shutdown });
            }
        }
        if self.flushes.shutdown_wanted && !self.halted {
            self.flush_for_shutdown();
        }
    }

    /// The last flush: every log, every checkpoint, and at the very end the marker. Waits for flushes under way, because
    /// a log has only one at a time.
    pub(super) fn flush_for_shutdown(&mut self) {
        self.flushes.shutdown_wanted = true;
        if !self.flushes.under_way.is_empty() {
            return;
        }
        let mut steps = Vec::new();
        for replica in self.replicas.values_mut() {
            steps.extend(replica.log_mut().shutdown_steps());
        }
        // The marker speaks for every log on the disk, also for one that metadata has not named.
        for log in self.unclaimed.values_mut() {
            steps.extend(log.shutdown_steps());
        }
        let ends = self.replicas.iter().map(|(key, replica)| (key, replica.log().end_offset()));
        let unclaimed = self.unclaimed.iter().map(|(key, log)| (key, log.end_offset()));
        steps.push(write_checkpoint(RECOVERY_POINT_CHECKPOINT, ends.chain(unclaimed)));
        steps.push(self.high_watermark_checkpoint());
        steps.push(self.log_start_checkpoint());
        // A broker that never registered has nothing to say about its epoch, and is no cleaner than it was.
        if let Some(epoch) = self.lifecycle.broker_epoch() {
            let content = Bytes::from(format!("{epoch}\n"));
            steps.push(FlushStep::Replace { path: CLEAN_SHUTDOWN_MARKER.to_owned(), content });
        }
        self.effects.push_back(self.flushes.begin(Purpose::Shutdown, steps));
    }

    /// The recovery points of all logs, also of those that metadata has not named.
    fn recovery_point_checkpoint(&self) -> FlushStep {
        let points = self.replicas.iter().map(|(key, replica)| (key, replica.log().recovery_point()));
        let unclaimed = self.unclaimed.iter().map(|(key, log)| (key, log.recovery_point()));
        write_checkpoint(RECOVERY_POINT_CHECKPOINT, points.chain(unclaimed))
    }

    /// The high watermarks of replicas, and those read at the start of logs that metadata has not named.
    fn high_watermark_checkpoint(&self) -> FlushStep {
        // The later of two for one topic partition counts: that of the replica.
        let known = self.high_watermarks.iter().map(|(key, offset)| (key, *offset));
        let current = self.replicas.iter().map(|(key, replica)| (key, replica.high_watermark()));
        write_checkpoint(HIGH_WATERMARK_CHECKPOINT, known.chain(current))
    }
}

/// The offsets in a checkpoint file: none if there is no such file, `None` if it is not one, or not as it was written.
///
/// # Errors
/// If the disk fails.
pub(super) fn read_checkpoint(
    storage: &dyn Storage,
    path: &str,
) -> Result<Option<BTreeMap<TopicPartition, Offset>>, StorageError> {
    let Some(content) = storage.read_file(path)? else { return Ok(Some(BTreeMap::new())) };
    Ok(OffsetCheckpoint::decode(&content).ok().map(|checkpoint| checkpoint.offsets))
}

pub(super) fn write_checkpoint<'a>(
    path: &str,
    offsets: impl Iterator<Item = (&'a TopicPartition, Offset)>,
) -> FlushStep {
    let offsets = offsets.map(|(key, offset)| (key.clone(), offset)).collect();
    FlushStep::Replace { path: path.to_owned(), content: OffsetCheckpoint { offsets }.encode() }
}

/// Reads and removes the marker, before anything is loaded: a crash while loading must not count as clean
/// (KAFKA-10471). The broker registers only once the removal is durable; after a power loss the marker would be back
/// and vouch for logs that have been written since.
///
/// # Errors
/// If the disk fails.
pub(super) fn take_clean_shutdown_marker(
    storage: &mut dyn Storage,
) -> Result<Option<BrokerEpoch>, StorageError> {
    let Some(content) = storage.read_file(CLEAN_SHUTDOWN_MARKER)? else { return Ok(None) };
    storage.remove(CLEAN_SHUTDOWN_MARKER)?;
    let text = std::str::from_utf8(&content).ok();
    Ok(text.and_then(|text| text.trim().parse().ok()).map(BrokerEpoch))
}
