//! Opening what is on the disk, and what happens to a log that turns out damaged there (`LogManager.loadLogs`).
//!
//! Checkpoints that cannot be read are not those of a log that was never flushed: how far what is there may be cut is not
//! known then, where an unclean stop would ask for it.
//!
//! A damaged log is not touched before its note is durable. Otherwise a power loss could leave a log that is shorter than
//! it was, and nothing that says so. Hence two steps: at the start all other logs are opened, and the damaged ones once
//! the flush that every start waits for has brought their notes to the disk.

use std::collections::BTreeMap;

use super::flush::read_checkpoint;
use super::node::Broker;
use crate::config::BrokerConfig;
use crate::error::LogError;
use crate::event::Event;
use crate::io::{Effect, FlushStep, Storage};
use crate::log::{
    DamageNote, LOG_START_CHECKPOINT, Log, LogConfig, Opening, RECOVERY_POINT_CHECKPOINT, RecoveryReport,
};
use crate::types::{Offset, TopicPartition};

/// The logs on a disk.
///
/// * Each is in exactly one of the two maps.
/// * Nothing of a damaged one was changed.
#[derive(Debug, Default)]
pub(super) struct LogDirectory {
    pub logs: BTreeMap<TopicPartition, Log>,
    pub damaged: BTreeMap<TopicPartition, DamageNote>,
    /// Where each starts, as far as checkpointed.
    pub log_starts: BTreeMap<TopicPartition, Offset>,
    pub events: Vec<Event>,
}

impl LogDirectory {
    /// Opens every log, recovering those that were not closed cleanly.
    ///
    /// # Errors
    /// If the disk fails; damage is not an error.
    pub fn open(
        storage: &mut dyn Storage,
        config: &BrokerConfig,
        opening: Opening,
    ) -> Result<LogDirectory, LogError> {
        let recovery_points = read_checkpoint(storage, RECOVERY_POINT_CHECKPOINT)?;
        let log_starts = read_checkpoint(storage, LOG_START_CHECKPOINT)?;
        let opening = match opening {
            Opening::Unclean if recovery_points.is_none() || log_starts.is_none() => Opening::Unknown,
            opening => opening,
        };
        let recovery_points = recovery_points.unwrap_or_default();
        let log_starts = log_starts.unwrap_or_default();
        let mut found = LogDirectory { log_starts, ..LogDirectory::default() };
        for directory in storage.list("")? {
            let Some(topic_partition) = TopicPartition::parse(&directory) else { continue };
            if storage.list(&directory)?.is_empty() {
                continue;
            }
            if let Some(note) = DamageNote::read(storage, &topic_partition)? {
                found.damaged.insert(topic_partition, note);
                continue;
            }
            let recovery_point = recovery_points.get(&topic_partition).copied().unwrap_or(Offset::ZERO);
            let start = found.log_starts.get(&topic_partition).copied().unwrap_or(Offset::ZERO);
            let (log_config, key) = (LogConfig::from(&config.topic_defaults), topic_partition.clone());
            match Log::open_from(storage, key, log_config, opening, recovery_point, start) {
                Ok((log, report)) => {
                    found.events.extend(recovery_events(&topic_partition, opening, report));
                    found.logs.insert(topic_partition, log);
                }
                Err(LogError::Corrupt { offset, .. }) => found.is_damaged(topic_partition, Offset(offset)),
                Err(error) => return Err(error),
            }
        }
        if opening == Opening::Clean {
            found.miss(recovery_points);
        }
        Ok(found)
    }

    /// Logs that are wholly gone, though all had been closed and these were not empty.
    fn miss(&mut self, recovery_points: BTreeMap<TopicPartition, Offset>) {
        for (topic_partition, recovery_point) in recovery_points {
            let start = self.log_starts.get(&topic_partition).copied().unwrap_or(Offset::ZERO);
            let there =
                self.logs.contains_key(&topic_partition) || self.damaged.contains_key(&topic_partition);
            if !there && start < recovery_point {
                self.is_damaged(topic_partition, start);
            }
        }
    }

    fn is_damaged(&mut self, topic_partition: TopicPartition, offset: Offset) {
        self.events.push(Event::LogDamaged { topic_partition: topic_partition.clone(), offset });
        self.damaged.insert(topic_partition, DamageNote { offset });
    }

    /// What makes the notes durable. One that was there may have been written just before the process died.
    pub fn notes(&self) -> Vec<FlushStep> {
        self.damaged.iter().map(|(topic_partition, note)| note.write(topic_partition)).collect()
    }
}

impl Broker {
    /// Opens the damaged logs, whose notes are durable now: each is cut where it was found bad, or
    /// before that at the first batch that is not whole.
    ///
    /// # Errors
    /// If the disk fails.
    pub(super) fn open_damaged_logs(&mut self) -> Result<(), LogError> {
        let config = LogConfig::from(&self.shared.settings.config.topic_defaults);
        for (topic_partition, note) in &self.damaged {
            let storage = self.shared.storage.as_mut();
            let start = self.retention.checkpointed(topic_partition);
            let (key, opening) = (topic_partition.clone(), Opening::Damaged);
            let (log, report) = Log::open_from(storage, key, config, opening, note.offset, start)?;
            let events = recovery_events(topic_partition, Opening::Damaged, report);
            self.effects.extend(events.map(Effect::Observe));
            self.unclaimed.insert(topic_partition.clone(), log);
        }
        Ok(())
    }
}

fn recovery_events(
    topic_partition: &TopicPartition,
    opening: Opening,
    report: RecoveryReport,
) -> impl Iterator<Item = Event> {
    let started = Event::RecoveryStarted {
        topic_partition: topic_partition.clone(),
        recovery_point: report.recovery_point,
    };
    let finished = Event::RecoveryFinished {
        topic_partition: topic_partition.clone(),
        end_offset: report.end_offset,
        cut_bytes: report.cut_bytes,
    };
    let started = (opening != Opening::Clean).then_some(started);
    started.into_iter().chain([finished])
}
