//! The log directory goes offline (`LogDirFailureChannel`, `LogManager.handleLogDirFailure`).
//!
//! With the last directory the broker goes too: Kafka halts, and so does this one. Nothing is tried again, no flush that
//! was under way moves a recovery point any more, and nobody is answered. The controller finds out when the session
//! ends, hands the leaderships to others, and takes what starts later for an unclean one.
//!
//! Left out: telling the controller which directory failed (KIP-858). That is for brokers that go on with other
//! directories; with one there is nobody left to tell.

use std::io::ErrorKind;

use super::node::Broker;
use crate::error::{BatchError, LogError, StorageError};
use crate::event::Event;
use crate::io::{Effect, FlushId, FlushStep, HaltReason, Input};
use crate::log::DamageNote;
use crate::types::{Offset, TopicPartition};

/// What a damaged log's broker does last: it writes the note.
#[derive(Debug)]
pub(super) struct Noting {
    flush: FlushId,
    /// Why it halts then.
    error: StorageError,
}

impl Broker {
    /// Whether it has halted or is about to: nobody is served.
    pub(super) fn is_down(&self) -> bool {
        self.halted || self.noting.is_some()
    }

    /// Something went wrong with one log: the disk failed, or what it gave back is not what was written.
    pub(super) fn log_failed(&mut self, topic_partition: &TopicPartition, error: LogError) {
        match error {
            LogError::Corrupt { offset, reason } => self.damage_found(topic_partition, offset, reason),
            error @ (LogError::Storage(_) | LogError::OutOfRange { .. }) => self.fail(error),
        }
    }

    /// Stops for good: the only log directory is offline.
    pub(super) fn fail(&mut self, error: LogError) {
        if self.is_down() {
            return;
        }
        let error = match error {
            LogError::Storage(error) => error,
            other => unreadable(other.to_string()),
        };
        self.forget_effects();
        self.halt(error);
    }

    /// A batch that was read is not what was appended. The next start must know before it believes the log again, so the
    /// halt waits for the note.
    fn damage_found(&mut self, topic_partition: &TopicPartition, offset: i64, reason: BatchError) {
        if self.is_down() {
            return;
        }
        self.forget_effects();
        let error = unreadable(format!("{topic_partition} at offset {offset}: {reason}"));
        let offset = Offset(offset);
        self.observe(Event::LogDamaged { topic_partition: topic_partition.clone(), offset });
        let (flush, effect) = self.flushes.begin_note(DamageNote { offset }.write(topic_partition));
        self.effects.push_back(effect);
        self.noting = Some(Noting { flush, error });
    }

    /// Waits for the note; whether it could be written or not, this is the end.
    pub(super) fn handle_while_noting(&mut self, input: &Input) {
        if let Input::Flushed { flush, .. } = input
            && let Some(noting) = self.noting.take_if(|noting| noting.flush == *flush)
        {
            self.halt(noting.error);
        }
    }

    /// What was to be done and said in consequence of this input is not: it may rest on what has failed. What happened
    /// has happened.
    fn forget_effects(&mut self) {
        self.effects.retain(|effect| matches!(effect, Effect::Observe(_)));
        self.effects.extend(self.shared.out.events.drain(..).map(Effect::Observe));
    }

    fn halt(&mut self, error: StorageError) {
        self.halted = true;
        self.observe(Event::StorageFailed {
            path: error.path.clone(),
            operation: error.operation.to_owned(),
        });
        self.effects.push_back(Effect::Halt { reason: HaltReason::Storage(error) });
    }

    /// Removes the notes that say nothing any more. If the power fails before that is durable they are back, and the
    /// repair begins anew.
    pub(super) fn remove_obsolete_notes(&mut self) {
        let obsolete = self.replicas.iter().filter(|(_, replica)| replica.is_note_obsolete());
        let obsolete: Vec<TopicPartition> = obsolete.map(|(key, _)| key.clone()).collect();
        for topic_partition in obsolete {
            if let Err(error) = self.shared.storage.remove(&DamageNote::path(&topic_partition)) {
                return self.fail(LogError::Storage(error));
            }
            self.replicas.get_mut(&topic_partition).expect("it was just there").note_removed();
            let directory = FlushStep::Directory(topic_partition.to_string());
            self.effects.push_back(self.flushes.begin_checkpoint(vec![directory]));
            self.observe(Event::DamageNoteRemoved { topic_partition });
        }
    }
}

fn unreadable(path: String) -> StorageError {
    StorageError { operation: "read", path, kind: ErrorKind::InvalidData, errno: None }
}
