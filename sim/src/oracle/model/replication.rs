//! Leaders and followers: appends, fetches and their answers, high watermarks.

use broker_core::types::{BrokerId, LeaderEpoch, Offset};

use super::state::{Message, Model, Position};
use crate::oracle::testing::{MIN_INSYNC, append, cut};
use crate::snapshot::{BatchFacts, Records, ReplicaSnapshot};

/// The leader epoch of the last batch.
fn last_epoch(records: &Records) -> Option<LeaderEpoch> {
    records.from(Offset::ZERO).last().map(|batch| batch.leader_epoch)
}

/// Where `epoch` or, if the log has none of it, the largest one before it ends.
fn epoch_end(replica: &ReplicaSnapshot, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
    let own = replica.records.from(Offset::ZERO).filter(|batch| batch.leader_epoch <= epoch).last()?;
    Some((own.leader_epoch, own.end_offset))
}

impl Model {
    pub(super) fn append(&mut self, whom: usize) {
        let Some(leader) = self.pick(whom, |_, replica| replica.is_leader) else { return };
        self.batches += 1;
        let (checksum, records) = (Some(self.batches), 1 + i64::from(self.batches % 3));
        self.scene.set(leader.0, |replica| {
            let (base_offset, leader_epoch) = (replica.log_end, replica.leader_epoch);
            let end_offset = base_offset.plus(records);
            append(replica, BatchFacts { base_offset, end_offset, leader_epoch, checksum });
        });
        self.advance(leader);
    }

    fn position(&self, follower: BrokerId) -> Option<Position> {
        let (peer, replica) = (&self.peers[&follower], self.replica(follower)?);
        let state = &self.decisions[peer.read.checked_sub(1)?].state;
        let follows = replica.leader_epoch == state.leader_epoch && state.leader != follower;
        (follows && state.leader != BrokerId::NONE && peer.is_registered).then(|| Position {
            follower,
            process: peer.process,
            leader: state.leader,
            leader_epoch: state.leader_epoch,
            offset: replica.log_end,
            last_epoch: last_epoch(&replica.records),
        })
    }

    pub(super) fn fetch(&mut self, whom: usize) -> Option<Position> {
        let follower = self.pick(whom, |broker, _| self.position(broker).is_some())?;
        let position = self.position(follower)?;
        self.messages.push(Message::Fetch(position.clone()));
        Some(position)
    }

    pub(super) fn sync(&mut self, whom: usize) {
        if self.fetch(whom).is_none() {
            return;
        }
        for _ in 0..2 {
            let answered = self.messages.len();
            self.deliver(answered - 1);
            if self.messages.len() < answered {
                return;
            }
        }
    }

    pub(super) fn deliver(&mut self, whom: usize) {
        if self.messages.is_empty() {
            return;
        }
        match self.messages.remove(whom % self.messages.len()) {
            Message::Fetch(position) => self.fetched(position),
            Message::Answer(position, answer) => self.answered(&position, answer),
            Message::OutOfRange(position, start) => {
                if self.position(position.follower).as_ref() == Some(&position) {
                    self.scene.begin_anew(position.follower.0, start.0);
                    self.checkpoint(position.follower);
                }
            }
        }
        self.messages.truncate(20);
    }

    /// A leader is asked.
    fn fetched(&mut self, position: Position) {
        let Some(replica) = self.replica(position.leader) else { return };
        if !replica.is_leader || replica.leader_epoch != position.leader_epoch {
            return;
        }
        if position.offset < replica.log_start {
            let start = replica.log_start;
            return self.messages.push(Message::OutOfRange(position, start));
        }
        if let Some(last) = position.last_epoch {
            let (epoch, end) = epoch_end(replica, last).unwrap_or((last, replica.log_start));
            if epoch < last || end < position.offset {
                return self.messages.push(Message::Answer(position, Err((epoch, end))));
            }
        }
        if replica.log_end < position.offset {
            return;
        }
        let records = replica.records.from(position.offset).take(2).copied().collect();
        self.count(&position);
        let replica = self.replica(position.leader).expect("it was just there");
        let answer = Ok((records, replica.high_watermark, replica.log_start));
        self.messages.push(Message::Answer(position, answer));
    }

    /// A follower has everything below what it asks for.
    fn count(&mut self, position: &Position) {
        let (leader, follower) = (position.leader, position.follower);
        let replica = self.replica(leader).expect("it answers");
        let (high_watermark, isr) = (replica.high_watermark, replica.isr.clone());
        let known = self.decisions[self.peers[&leader].read - 1].clone();
        let leading = self.peer(leader).leads.as_mut().expect("it leads");
        let before = leading.progress.get(&follower).map_or(0, |(_, process)| *process);
        if position.process < before.max(known.processes[&follower]) {
            return;
        }
        leading.progress.insert(follower, (position.offset, position.process));
        let reached = high_watermark <= position.offset && leading.start <= position.offset;
        let eligible = known.active.contains(&follower) && known.processes[&follower] == position.process;
        if leading.pending.is_none() && !isr.contains(&follower) && reached && eligible {
            let mut wanted = isr;
            wanted.push(follower);
            leading.pending = Some(wanted.clone());
            self.scene.set(leader.0, |replica| replica.maximal_isr = wanted);
        }
        self.advance(leader);
    }

    pub(super) fn advance(&mut self, leader: BrokerId) {
        let Some(replica) = self.replica(leader).filter(|replica| replica.is_leader) else { return };
        let progress = &self.peers[&leader].leads.as_ref().expect("it leads").progress;
        let said = |member: &BrokerId| progress.get(member).map_or(Offset::ZERO, |(offset, _)| *offset);
        let others = replica.maximal_isr.iter().filter(|member| **member != leader).map(said);
        let reached = others.chain([replica.log_end]).min().expect("it counts itself");
        if MIN_INSYNC <= replica.isr.len() && replica.high_watermark < reached {
            self.scene.commit(leader.0, reached.0);
        }
        let high_watermark = self.replica(leader).expect("it leads").high_watermark;
        self.committed = self.committed.max(high_watermark);
    }

    /// A follower hears from its leader.
    fn answered(
        &mut self,
        position: &Position,
        answer: Result<(Vec<BatchFacts>, Offset, Offset), (LeaderEpoch, Offset)>,
    ) {
        if self.position(position.follower).as_ref() != Some(position) {
            return;
        }
        self.scene.set(position.follower.0, |replica| match answer {
            Ok((records, high_watermark, start)) => {
                records.iter().for_each(|batch| append(replica, *batch));
                replica.high_watermark = high_watermark.clamp(replica.log_start, replica.log_end);
                replica.log_start = start.min(replica.high_watermark).max(replica.log_start);
            }
            Err((epoch, end)) => {
                let own = epoch_end(replica, epoch).map_or(replica.log_start, |(_, own)| own);
                cut(replica, own.min(end).max(replica.log_start));
            }
        });
        // Truncation is made durable, and the checkpoint with it, before anything is asked again.
        let high_watermark = self.replica(position.follower).expect("it runs").high_watermark;
        let peer = self.peer(position.follower);
        peer.checkpoint = peer.checkpoint.min(high_watermark);
    }

    pub(super) fn retain(&mut self, whom: usize) {
        let Some(broker) = self.pick(whom, |_, replica| replica.log_start < replica.high_watermark) else {
            return;
        };
        self.scene.set(broker.0, |replica| {
            let first = replica.records.from(replica.log_start).next().map(|batch| batch.end_offset);
            replica.log_start = first.unwrap_or(replica.log_start).min(replica.high_watermark);
        });
    }
}
