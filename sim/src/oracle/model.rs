//! A correct topic partition, small: brokers 1 to 3 and the controller, told to the oracles change by change.
//!
//! Messages wait until a step delivers them, in any order, also to whoever is no longer meant; so there are deposed leaders that
//! do not know it, fetches of processes that are gone, and elections that are learned of late. Processes are killed at will. A disk
//! loses what was not flushed only while somebody else who is in sync or eligible has lost nothing and stays, which is what
//! min.insync.replicas = 2 with eligible leader replicas promises to survive.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::metadata::PartitionState;
use broker_core::types::{BrokerId, LeaderEpoch, Offset, PartitionEpoch};

use super::testing::{MIN_INSYNC, Scene, append, cut, ids};
use crate::snapshot::{BatchFacts, Records, ReplicaSnapshot};
use crate::trace::Stop;

/// What happens next. To whom is chosen among those to whom it can happen, by a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A producer sends to somebody who believes to lead.
    Append,
    /// A follower asks its leader.
    Fetch,
    /// A message that was sent some time ago arrives.
    Deliver,
    /// A follower asks, and gets its answer at once.
    Sync,
    /// A broker reads one more record of metadata.
    Learn,
    /// A broker reads all metadata.
    LearnAll,
    /// A leader asks to remove a member.
    Shrink,
    /// A leader asks the controller for what it wants, and the controller answers.
    Alter,
    Fence,
    Unfence,
    Kill,
    LosePower,
    ShutDown,
    Restart,
    Register,
    Flush,
    Checkpoint,
    Retain,
    RestartController,
}

/// What the controller had written at some time.
#[derive(Clone)]
struct Decision {
    state: PartitionState,
    active: BTreeSet<BrokerId>,
    /// The process that each broker registered last.
    processes: BTreeMap<BrokerId, u32>,
}

/// What of a broker no judge sees.
#[derive(Default)]
struct Peer {
    process: u32,
    is_registered: bool,
    /// How many decisions it has read; none before its own registration counts.
    read: usize,
    leads: Option<Leading>,
    /// The high watermark on its disk.
    checkpoint: Offset,
    /// Whether its disk has lost something that it did not get back in the eyes of the controller.
    lossy: bool,
    losses: u32,
    has_marker: bool,
}

/// A leadership.
struct Leading {
    start: Offset,
    progress: BTreeMap<BrokerId, (Offset, u32)>,
    pending: Option<Vec<BrokerId>>,
}

/// Where a follower is.
#[derive(Clone, PartialEq, Eq)]
struct Position {
    follower: BrokerId,
    process: u32,
    leader: BrokerId,
    leader_epoch: LeaderEpoch,
    offset: Offset,
    last_epoch: Option<LeaderEpoch>,
}

/// Under way.
#[derive(Clone)]
enum Message {
    Fetch(Position),
    /// The other history ends here, or these are the next records, the high watermark and the log start.
    Answer(Position, Result<(Vec<BatchFacts>, Offset, Offset), (LeaderEpoch, Offset)>),
    OutOfRange(Position, Offset),
}

pub(super) struct Model {
    pub(super) scene: Scene,
    decisions: Vec<Decision>,
    peers: BTreeMap<BrokerId, Peer>,
    messages: Vec<Message>,
    batches: u32,
    /// The highest high watermark that any leader ever had.
    pub(super) committed: Offset,
}

/// The last epoch of a log, and where `epoch` or the largest one before it ends there.
fn last_epoch(records: &Records) -> Option<LeaderEpoch> {
    records.from(Offset::ZERO).last().map(|batch| batch.leader_epoch)
}

fn epoch_end(replica: &ReplicaSnapshot, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
    let own = replica.records.from(Offset::ZERO).filter(|batch| batch.leader_epoch <= epoch).last()?;
    Some((own.leader_epoch, own.end_offset))
}

/// [`broker_core`]'s rules for elections, once more and shorter.
fn elect(before: &Decision, isr: &[BrokerId], unclean: Option<BrokerId>) -> PartitionState {
    let state = &before.state;
    let in_order = |wanted: &dyn Fn(&BrokerId) -> bool| -> Vec<BrokerId> {
        state.replicas.iter().copied().filter(|replica| wanted(replica)).collect()
    };
    let mut isr = in_order(&|replica| isr.contains(replica));
    let had = |replica: &BrokerId| state.isr.contains(replica) || state.elr.contains(replica);
    let mut elr = in_order(&|replica| had(replica) && !isr.contains(replica) && unclean != Some(*replica));
    if MIN_INSYNC <= isr.len() {
        elr.clear();
    }
    let active = |replica: &&BrokerId| before.active.contains(replica);
    let in_sync = [state.leader].into_iter().chain(isr.clone()).find(|it| isr.contains(it) && active(&it));
    let eligible = elr.iter().copied().find(|it| isr.is_empty() && active(&it));
    let last = Some(state.last_known_leader).filter(|it| isr.is_empty() && elr.is_empty() && active(&it));
    let leader = in_sync.or(eligible).or(last).unwrap_or(BrokerId::NONE);
    let was_empty = isr.is_empty();
    if in_sync.is_none() && leader != BrokerId::NONE {
        isr = vec![leader];
        elr.retain(|other| *other != leader);
    }
    let last_known_leader = match leader {
        BrokerId::NONE if was_empty && !state.isr.is_empty() => state.leader,
        BrokerId::NONE => state.last_known_leader,
        _ => BrokerId::NONE,
    };
    PartitionState { isr, elr, leader, last_known_leader, ..state.clone() }
}

impl Model {
    pub(super) fn new() -> Model {
        let scene = Scene::new();
        let brokers = ids(&[1, 2, 3]);
        let processes = brokers.iter().map(|broker| (*broker, 0)).collect();
        let first = Decision { state: scene.decided(), active: brokers.iter().copied().collect(), processes };
        let peer = |_| Peer { is_registered: true, read: 1, ..Peer::default() };
        let peers = brokers.iter().map(|broker| (*broker, peer(()))).collect();
        let (decisions, messages) = (vec![first], Vec::new());
        let mut model = Model { scene, decisions, peers, messages, batches: 0, committed: Offset::ZERO };
        model.begin_to_lead(BrokerId(1), false);
        model
    }

    pub(super) fn take(&mut self, step: Step, whom: usize) {
        match step {
            Step::Append => self.append(whom),
            Step::Fetch => drop(self.fetch(whom)),
            Step::Deliver => self.deliver(whom),
            Step::Sync => self.sync(whom),
            Step::Learn => self.learn(whom, 1),
            Step::LearnAll => self.learn(whom, usize::MAX),
            Step::Shrink => self.shrink(whom),
            Step::Alter => self.alter(whom),
            Step::Fence => self.fence(whom),
            Step::Unfence => self.unfence(whom),
            Step::Kill => self.kill(whom),
            Step::LosePower => self.lose_power(whom),
            Step::ShutDown => self.shut_down(whom),
            Step::Restart => self.restart(whom),
            Step::Register => self.register(whom),
            Step::Flush => {
                if let Some(broker) = self.pick(whom, |_, _| true) {
                    self.scene.flush(broker.0);
                }
            }
            Step::Checkpoint => {
                if let Some(broker) = self.pick(whom, |_, _| true) {
                    self.checkpoint(broker);
                }
            }
            Step::Retain => self.retain(whom),
            Step::RestartController => {
                let state = self.now().state.clone();
                self.scene.stop_controller(Stop::Killed);
                self.scene.start_controller(state);
            }
        }
    }

    fn now(&self) -> &Decision {
        self.decisions.last().expect("there is one from the start")
    }

    /// The replica of a broker that runs.
    pub(super) fn replica(&self, broker: BrokerId) -> Option<&ReplicaSnapshot> {
        self.scene.replica(broker.0)
    }

    /// The latest start of any log.
    pub(super) fn latest_start(&self) -> Offset {
        let running = self.peers.keys().filter_map(|broker| self.replica(*broker));
        running
            .chain(self.scene.disks.values())
            .map(|replica| replica.log_start)
            .max()
            .expect("there are three")
    }

    /// Whether its disk never lost anything.
    pub(super) fn never_lost(&self, broker: BrokerId) -> bool {
        self.peers[&broker].losses == 0
    }

    /// A state of the controller that is older than what somebody has learned.
    pub(super) fn forgotten(&self) -> Option<PartitionState> {
        let learned =
            self.peers.keys().filter_map(|broker| Some(self.replica(*broker)?.partition_epoch)).max()?;
        let older = self.decisions.iter().rev().find(|older| older.state.partition_epoch < learned)?;
        Some(older.state.clone())
    }

    /// One of the running brokers for which `fits`, by number.
    pub(super) fn pick(
        &self,
        whom: usize,
        fits: impl Fn(BrokerId, &ReplicaSnapshot) -> bool,
    ) -> Option<BrokerId> {
        let running = self.peers.keys().filter_map(|broker| Some((*broker, self.replica(*broker)?)));
        let fitting: Vec<BrokerId> =
            running.filter(|(broker, replica)| fits(*broker, replica)).map(|(broker, _)| broker).collect();
        fitting.get(whom % fitting.len().max(1)).copied()
    }

    fn peer(&mut self, broker: BrokerId) -> &mut Peer {
        self.peers.get_mut(&broker).expect("there are three")
    }

    fn append(&mut self, whom: usize) {
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

    fn fetch(&mut self, whom: usize) -> Option<Position> {
        let follower = self.pick(whom, |broker, _| self.position(broker).is_some())?;
        let position = self.position(follower)?;
        self.messages.push(Message::Fetch(position.clone()));
        Some(position)
    }

    fn sync(&mut self, whom: usize) {
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

    fn deliver(&mut self, whom: usize) {
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

    fn advance(&mut self, leader: BrokerId) {
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

    fn learn(&mut self, whom: usize, records: usize) {
        let newest = self.decisions.len();
        let behind =
            |broker: BrokerId| self.peers[&broker].is_registered && self.peers[&broker].read < newest;
        let Some(broker) = self.pick(whom, |broker, _| behind(broker)) else { return };
        let read = self.peers[&broker].read.saturating_add(records).min(newest);
        self.peer(broker).read = read;
        let state = self.decisions[read - 1].state.clone();
        let before = self.replica(broker).expect("it runs");
        let led = before.is_leader;
        if state.partition_epoch <= before.partition_epoch {
            return;
        }
        let leads_on = led && before.leader_epoch == state.leader_epoch && state.leader == broker;
        if let Some(leading) = self.peer(broker).leads.as_mut() {
            leading.pending = None;
        }
        self.scene.set(broker.0, |replica| {
            replica.is_leader = state.leader == broker;
            replica.maximal_isr = if replica.is_leader { state.isr.clone() } else { Vec::new() };
            (replica.isr, replica.leader_epoch) = (state.isr.clone(), state.leader_epoch);
            replica.partition_epoch = state.partition_epoch;
        });
        if state.leader != broker {
            self.peer(broker).leads = None;
        } else if !leads_on {
            self.begin_to_lead(broker, led);
        }
        self.advance(broker);
    }

    fn begin_to_lead(&mut self, broker: BrokerId, led: bool) {
        let start = self.replica(broker).expect("it runs").log_end;
        let before = self.peer(broker).leads.take().filter(|_| led);
        let progress = before.map(|before| before.progress).unwrap_or_default();
        self.peer(broker).leads = Some(Leading { start, progress, pending: None });
    }

    fn shrink(&mut self, whom: usize) {
        let pending =
            |broker: BrokerId| self.peers[&broker].leads.as_ref().is_some_and(|it| it.pending.is_some());
        let Some(leader) = self.pick(whom, |id, it| it.is_leader && 1 < it.isr.len() && !pending(id)) else {
            return;
        };
        let mut isr = self.replica(leader).expect("it leads").isr.clone();
        let victim = isr.iter().copied().filter(|member| *member != leader).nth(whom % (isr.len() - 1));
        isr.retain(|member| Some(*member) != victim);
        self.peer(leader).leads.as_mut().expect("it leads").pending = Some(isr);
    }

    /// A compare-and-set on both epochs; whoever is refused because of a member goes back, everybody else waits for metadata.
    fn alter(&mut self, whom: usize) {
        let wants =
            |id: BrokerId| self.peers[&id].leads.as_ref().is_some_and(|leading| leading.pending.is_some());
        let Some(leader) = self.pick(whom, |id, replica| replica.is_leader && wants(id)) else { return };
        let replica = self.replica(leader).expect("it leads").clone();
        let leading = self.peers[&leader].leads.as_ref().expect("it leads");
        let isr = leading.pending.clone().expect("it wants something");
        let now = self.now();
        let current = (now.state.leader, now.state.leader_epoch, now.state.partition_epoch);
        if current != (leader, replica.leader_epoch, replica.partition_epoch) {
            return;
        }
        let fits = |member: &BrokerId| {
            let seen = leading.progress.get(member).map_or(now.processes[member], |(_, process)| *process);
            now.active.contains(member) && (*member == leader || seen == now.processes[member])
        };
        if isr.iter().all(fits) {
            let taken_in = |id: &BrokerId, it: &Peer| {
                isr.contains(id) && it.is_registered && it.process == now.processes[id]
            };
            let whole = self.peers.iter().filter(|(id, it)| taken_in(id, it)).map(|(id, _)| *id);
            let whole: Vec<BrokerId> = whole.filter(|id| !now.state.isr.contains(id)).collect();
            self.decide(&isr, None, |_| {});
            return whole.into_iter().for_each(|id| self.peer(id).lossy = false);
        }
        self.peer(leader).leads.as_mut().expect("it leads").pending = None;
        self.scene.set(leader.0, |replica| replica.maximal_isr = replica.isr.clone());
        self.advance(leader);
    }

    /// The controller writes a decision: brokers come or go, and what follows for the ISR.
    fn decide(&mut self, isr: &[BrokerId], unclean: Option<BrokerId>, change: impl FnOnce(&mut Decision)) {
        let mut next = self.now().clone();
        change(&mut next);
        let mut state = elect(&next, isr, unclean);
        if state != next.state {
            let leader_changes = state.leader != next.state.leader;
            state.leader_epoch = LeaderEpoch(state.leader_epoch.0 + i32::from(leader_changes));
            state.partition_epoch = PartitionEpoch(state.partition_epoch.0 + 1);
            next.state = state.clone();
            self.scene.decide(|known| *known = state);
        }
        self.decisions.push(next);
    }

    fn isr_without(&self, broker: BrokerId) -> Vec<BrokerId> {
        self.now().state.isr.iter().copied().filter(|member| *member != broker).collect()
    }

    fn fence(&mut self, whom: usize) {
        let active: Vec<BrokerId> =
            self.now().active.iter().copied().filter(|broker| self.may_leave(*broker)).collect();
        let Some(broker) = active.get(whom % active.len().max(1)).copied() else { return };
        let isr = self.isr_without(broker);
        self.decide(&isr, None, |next| next.active.retain(|other| *other != broker));
    }

    fn unfence(&mut self, whom: usize) {
        let fenced =
            |broker: BrokerId| self.peers[&broker].is_registered && !self.now().active.contains(&broker);
        let Some(broker) = self.pick(whom, |broker, _| fenced(broker)) else { return };
        let isr = self.now().state.isr.clone();
        self.decide(&isr, None, |next| next.active.extend([broker]));
    }

    /// A killed process counts as one that may have lost something, so while another one really did, somebody has to stay.
    fn kill(&mut self, whom: usize) {
        let Some(broker) = self.pick(whom, |broker, _| self.may_leave(broker)) else { return };
        self.end_process(broker, Stop::Killed);
    }

    fn may_leave(&self, broker: BrokerId) -> bool {
        self.can_spare(broker) || self.peers.values().all(|peer| !peer.lossy)
    }

    /// Whether somebody else will be in sync or eligible and has lost nothing.
    fn can_spare(&self, broker: BrokerId) -> bool {
        let state = &self.now().state;
        state.isr.iter().chain(&state.elr).any(|other| {
            let peer = &self.peers[other];
            *other != broker && !peer.lossy && (peer.is_registered || peer.has_marker)
        })
    }

    fn end_process(&mut self, broker: BrokerId, how: Stop) {
        self.scene.stop(broker.0, how);
        let peer = self.peer(broker);
        (peer.leads, peer.is_registered, peer.read) = (None, false, 0);
    }

    /// Whatever was not flushed may be gone, on a machine whose process runs or not.
    fn lose_power(&mut self, whom: usize) {
        let broker = BrokerId(1 + (whom % 3) as i32);
        if !self.can_spare(broker) {
            return;
        }
        self.end_process(broker, Stop::PowerLost);
        let disk = self.scene.disks.get_mut(&broker).expect("it has no process");
        let unflushed: Vec<Offset> =
            disk.records.from(disk.durable_end).map(|batch| batch.base_offset).collect();
        if let Some(to) = unflushed.get(whom / 3 % unflushed.len().max(1)) {
            cut(disk, (*to).max(disk.log_start));
        }
        let peer = self.peer(broker);
        (peer.lossy, peer.losses, peer.has_marker) = (true, peer.losses + 1, false);
    }

    fn shut_down(&mut self, whom: usize) {
        let Some(broker) =
            self.pick(whom, |broker, _| self.peers[&broker].is_registered && self.may_leave(broker))
        else {
            return;
        };
        let isr = self.isr_without(broker);
        self.decide(&isr, None, |next| next.active.retain(|other| *other != broker));
        self.scene.flush(broker.0);
        self.checkpoint(broker);
        self.end_process(broker, Stop::ShutDown);
        self.peer(broker).has_marker = true;
    }

    fn checkpoint(&mut self, broker: BrokerId) {
        let high_watermark = self.replica(broker).expect("it runs").high_watermark;
        self.peer(broker).checkpoint = high_watermark;
    }

    fn restart(&mut self, whom: usize) {
        let stopped: Vec<BrokerId> = self.scene.disks.keys().copied().collect();
        let Some(broker) = stopped.get(whom % stopped.len().max(1)).copied() else { return };
        let checkpoint = self.peers[&broker].checkpoint;
        self.peer(broker).process += 1;
        self.scene.reopen_as(broker.0, |replica| {
            replica.high_watermark = checkpoint.clamp(replica.log_start, replica.log_end);
        });
    }

    /// A new process: whoever did not shut down in good order is in sync no more, nor eligible.
    fn register(&mut self, whom: usize) {
        let Some(broker) = self.pick(whom, |broker, _| !self.peers[&broker].is_registered) else { return };
        let (isr, process) = (self.isr_without(broker), self.peers[&broker].process);
        let unclean = (!self.peers[&broker].has_marker).then_some(broker);
        self.decide(&isr, unclean, |next| {
            next.active.remove(&broker);
            next.processes.insert(broker, process);
        });
        let read = self.decisions.len() - 1;
        let peer = self.peer(broker);
        (peer.is_registered, peer.has_marker, peer.read) = (true, false, read);
    }

    fn retain(&mut self, whom: usize) {
        let Some(broker) = self.pick(whom, |_, replica| replica.log_start < replica.high_watermark) else {
            return;
        };
        self.scene.set(broker.0, |replica| {
            let first = replica.records.from(replica.log_start).next().map(|batch| batch.end_offset);
            replica.log_start = first.unwrap_or(replica.log_start).min(replica.high_watermark);
        });
    }
}
