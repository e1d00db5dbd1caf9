//! The controller: elections, compare-and-set, who is there.

use broker_core::metadata::PartitionState;
use broker_core::types::{BrokerId, LeaderEpoch, PartitionEpoch};

use super::state::{Decision, Model, Peer};
use crate::oracle::testing::MIN_INSYNC;

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
    pub(super) fn shrink(&mut self, whom: usize) {
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
    pub(super) fn alter(&mut self, whom: usize) {
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
    pub(super) fn decide(
        &mut self,
        isr: &[BrokerId],
        unclean: Option<BrokerId>,
        change: impl FnOnce(&mut Decision),
    ) {
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

    pub(super) fn isr_without(&self, broker: BrokerId) -> Vec<BrokerId> {
        self.now().state.isr.iter().copied().filter(|member| *member != broker).collect()
    }

    pub(super) fn fence(&mut self, whom: usize) {
        let active: Vec<BrokerId> =
            self.now().active.iter().copied().filter(|broker| self.may_leave(*broker)).collect();
        let Some(broker) = active.get(whom % active.len().max(1)).copied() else { return };
        let isr = self.isr_without(broker);
        self.decide(&isr, None, |next| next.active.retain(|other| *other != broker));
    }

    pub(super) fn unfence(&mut self, whom: usize) {
        let fenced =
            |broker: BrokerId| self.peers[&broker].is_registered && !self.now().active.contains(&broker);
        let Some(broker) = self.pick(whom, |broker, _| fenced(broker)) else { return };
        let isr = self.now().state.isr.clone();
        self.decide(&isr, None, |next| next.active.extend([broker]));
    }

    /// A new process: whoever did not shut down in good order is in sync no more, nor eligible.
    pub(super) fn register(&mut self, whom: usize) {
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
}
