//! Processes and machines: they learn, end and begin again.

use broker_core::types::{BrokerId, Offset};

use super::state::{Leading, Model};
use crate::oracle::testing::cut;
use crate::trace::Stop;

impl Model {
    pub(super) fn learn(&mut self, whom: usize, records: usize) {
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

    pub(super) fn begin_to_lead(&mut self, broker: BrokerId, led: bool) {
        let start = self.replica(broker).expect("it runs").log_end;
        let before = self.peer(broker).leads.take().filter(|_| led);
        let progress = before.map(|before| before.progress).unwrap_or_default();
        self.peer(broker).leads = Some(Leading { start, progress, pending: None });
    }

    /// A killed process counts as one that may have lost something, so while another one really did, somebody has to stay.
    pub(super) fn kill(&mut self, whom: usize) {
        let Some(broker) = self.pick(whom, |broker, _| self.may_leave(broker)) else { return };
        self.end_process(broker, Stop::Killed);
    }

    pub(super) fn may_leave(&self, broker: BrokerId) -> bool {
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
    pub(super) fn lose_power(&mut self, whom: usize) {
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

    pub(super) fn shut_down(&mut self, whom: usize) {
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

    pub(super) fn checkpoint(&mut self, broker: BrokerId) {
        let high_watermark = self.replica(broker).expect("it runs").high_watermark;
        self.peer(broker).checkpoint = high_watermark;
    }

    pub(super) fn restart(&mut self, whom: usize) {
        let stopped: Vec<BrokerId> = self.scene.disks.keys().copied().collect();
        let Some(broker) = stopped.get(whom % stopped.len().max(1)).copied() else { return };
        let checkpoint = self.peers[&broker].checkpoint;
        self.peer(broker).process += 1;
        self.scene.reopen_as(broker.0, |replica| {
            replica.high_watermark = checkpoint.clamp(replica.log_start, replica.log_end);
        });
    }
}
