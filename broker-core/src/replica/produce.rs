//! Appending what producers send, and answering when the promise holds (`ReplicaManager.appendRecords`).

use super::purgatory::{DelayedProduce, ProduceToken};
use super::state::{Env, Replica, Role};
use crate::batch::RecordBatch;
use crate::config::Acks;
use crate::error::{ErrorCode, LogError};
use crate::event::Event;
use crate::log::SequenceCheck;
use crate::time::Timestamp;
use crate::types::Offset;

/// How a produce to one topic partition ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProduceResult {
    /// [`ErrorCode::NONE`] if the promise that was asked for holds.
    pub error: ErrorCode,
    /// Where the batch (or the one it duplicates) begins, if it is in the log.
    pub base_offset: Option<Offset>,
}

impl ProduceResult {
    /// Refused; nothing was appended.
    pub fn refused(error: ErrorCode) -> ProduceResult {
        ProduceResult { error, base_offset: None }
    }
}

/// Whether a produce can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Produced {
    /// At once.
    Now(ProduceResult),
    /// It waits; the answer comes through [`super::Outbox::produced`].
    Later,
}

impl Replica {
    /// Appends a batch if this replica leads and may. With acks=all the answer waits until the high watermark has
    /// passed the batch, also for a duplicate: the first attempt may not be replicated yet.
    ///
    /// # Errors
    /// If the disk fails. A duplicate or refused batch never touches it.
    pub fn produce(
        &mut self,
        env: &mut Env<'_>,
        batch: RecordBatch,
        acks: Acks,
        token: ProduceToken,
        deadline: Timestamp,
    ) -> Result<Produced, LogError> {
        if !self.is_leader() {
            return Ok(Produced::Now(ProduceResult::refused(self.why_not_leader())));
        }
        if acks == Acks::All && self.state.isr.len() < self.effective_min_insync() {
            return Ok(Produced::Now(ProduceResult::refused(ErrorCode::NOT_ENOUGH_REPLICAS)));
        }
        let (base_offset, end_offset) = match self.log.producers().check(&batch) {
            Err(error) => return Ok(Produced::Now(ProduceResult::refused(error))),
            Ok(SequenceCheck::Duplicate { base_offset, last_offset }) => {
                env.out.events.push(Event::DuplicateRecognised {
                    topic_partition: self.topic_partition().clone(),
                    base_offset,
                    producer_id: batch.producer_id(),
                    base_sequence: batch.base_sequence(),
                });
                (base_offset, last_offset.plus(1))
            }
            Ok(SequenceCheck::Accept) => self.append(env, batch)?,
        };
        let produce = DelayedProduce { token, base_offset, end_offset, deadline };
        Ok(self.promise(env, acks, produce))
    }

    fn append(&mut self, env: &mut Env<'_>, batch: RecordBatch) -> Result<(Offset, Offset), LogError> {
        let (producer_id, producer_epoch, base_sequence) =
            (batch.producer_id(), batch.producer_epoch(), batch.base_sequence());
        let leader_epoch = self.state.leader_epoch;
        let appended = self.log.append_as_leader(env.storage, batch, leader_epoch)?;
        let topic_partition = self.topic_partition().clone();
        if let Some(base_offset) = appended.rolled {
            let topic_partition = topic_partition.clone();
            env.out.events.push(Event::SegmentRolled { topic_partition, base_offset });
        }
        env.out.readable.insert(topic_partition.clone());
        env.out.events.push(Event::RecordsAppended {
            topic_partition,
            base_offset: appended.base_offset,
            end_offset: appended.end_offset,
            leader_epoch,
            producer_id,
            producer_epoch,
            base_sequence,
        });
        // With a replication factor of one, or everybody ahead, nobody has to be waited for.
        self.advance_high_watermark(env);
        Ok((appended.base_offset, appended.end_offset))
    }

    /// Answers now if what was asked for already holds, else waits for it.
    fn promise(&mut self, env: &mut Env<'_>, acks: Acks, produce: DelayedProduce) -> Produced {
        let done =
            Produced::Now(ProduceResult { error: ErrorCode::NONE, base_offset: Some(produce.base_offset) });
        let (local, replicated) = (self.locally_safe(), self.replicated_safely());
        let Role::Leader(leader) = &mut self.role else { unreachable!("only a leader promises") };
        match acks {
            Acks::None => done,
            Acks::Leader if produce.end_offset <= local => done,
            Acks::Leader => {
                leader.purgatory.local.insert(produce);
                Produced::Later
            }
            Acks::All if produce.end_offset <= replicated => Produced::Now(self.replicated(env, &produce)),
            Acks::All => {
                leader.purgatory.replicated.insert(produce);
                Produced::Later
            }
        }
    }

    /// Below this acks=1 is answered.
    fn locally_safe(&self) -> Offset {
        self.log.countable_end_offset().min(self.log.acknowledgeable_end_offset())
    }

    /// Below this acks=all is answered. Without group commit no flush has a say in it: the high watermark alone decides.
    fn replicated_safely(&self) -> Offset {
        self.high_watermark.min(self.log.acknowledgeable_end_offset())
    }

    /// The high watermark passed a batch: OK, unless the ISR became too small meanwhile. The record will stay, but not
    /// as safely as was asked for.
    pub(super) fn replicated(&self, env: &mut Env<'_>, produce: &DelayedProduce) -> ProduceResult {
        let members = self.maximal_isr().map_or(0, <[_]>::len);
        let enough = self.effective_min_insync() <= members;
        let error = if enough { ErrorCode::NONE } else { ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND };
        self.answered(env, produce, error)
    }

    fn answered(&self, env: &mut Env<'_>, produce: &DelayedProduce, error: ErrorCode) -> ProduceResult {
        env.out.events.push(Event::ProduceAnswered {
            topic_partition: self.topic_partition().clone(),
            end_offset: produce.end_offset,
            error,
        });
        ProduceResult { error, base_offset: Some(produce.base_offset) }
    }

    fn complete(&self, env: &mut Env<'_>, produce: &DelayedProduce, error: ErrorCode) {
        let result = self.answered(env, produce, error);
        env.out.produced.push((produce.token, self.topic_partition().clone(), result));
    }

    pub(super) fn complete_replicated_produces(&mut self, env: &mut Env<'_>) {
        let reached = self.replicated_safely();
        while let Role::Leader(leader) = &mut self.role
            && let Some(produce) = leader.purgatory.replicated.pop_reached(reached)
        {
            let result = self.replicated(env, &produce);
            env.out.produced.push((produce.token, self.topic_partition().clone(), result));
        }
    }

    pub(super) fn complete_local_produces(&mut self, env: &mut Env<'_>) {
        let reached = self.locally_safe();
        while let Role::Leader(leader) = &mut self.role
            && let Some(produce) = leader.purgatory.local.pop_reached(reached)
        {
            self.complete(env, &produce, ErrorCode::NONE);
        }
    }

    /// Answers with REQUEST_TIMED_OUT what waited too long: the record is in the log and may still commit.
    pub(super) fn expire_produces(&mut self, env: &mut Env<'_>) {
        while let Role::Leader(leader) = &mut self.role {
            let purgatory = &mut leader.purgatory;
            let expired =
                purgatory.replicated.pop_expired(env.now).or_else(|| purgatory.local.pop_expired(env.now));
            let Some(produce) = expired else { break };
            self.complete(env, &produce, ErrorCode::REQUEST_TIMED_OUT);
        }
    }

    /// A leadership ends: none of its promises may be kept by the next one (KAFKA-20634). The records may still
    /// commit, so this is indeterminate for the producer (KAFKA-13574).
    pub(super) fn abandon_produces(&mut self, env: &mut Env<'_>) {
        while let Role::Leader(leader) = &mut self.role {
            let purgatory = &mut leader.purgatory;
            let Some(produce) = purgatory.replicated.pop_any().or_else(|| purgatory.local.pop_any()) else {
                break;
            };
            self.complete(env, &produce, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
    }
}
