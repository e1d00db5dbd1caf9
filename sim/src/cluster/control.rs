//! The cluster while it runs: time, processes, links.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use broker_core::io::Input;
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, TopicPartition};

use super::disk::{DiskHandle, PowerLoss, Unsynced, Wiped};
use super::host::{AttendantHost, Errand, HostContext, Status};
use super::links::{Direction, Disturbance, Links, Met, Reason, wire};
use super::panics::HostPanic;
use super::slot::SharedSlot;
use super::tripwire::{Signal, Tripwires};
use super::view::View;
use crate::meter::{self, Part};
use crate::seed::Seed;
use crate::trace::{Stop, TraceEvent, Tracer};
use crate::workload::ProduceWorkload;

/// A host, by name.
pub type HostName = Rc<str>;

/// Whether a host has a process, and if not, how it lost it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    /// It runs.
    Up,
    /// It has no process.
    Down,
    /// It has no power.
    PoweredOff,
}

/// One host as the harness holds it.
pub(super) struct Host {
    pub context: HostContext,
    pub state: HostState,
    /// How often a process was started on it again.
    pub restarts: u32,
    pub disk: Option<DiskHandle>,
    /// Empties the slot of a process that is gone.
    pub clear: Box<dyn Fn()>,
    /// Gives the node an input, if a process runs.
    pub send: Box<dyn Fn(Input)>,
    /// Makes the process look at its clock again.
    pub wake: Box<dyn Fn()>,
}

impl Host {
    /// Its processes may also run a node in this slot, one at a time.
    pub fn shares<N: 'static>(&mut self, slot: SharedSlot<N>) {
        let clear = std::mem::replace(&mut self.clear, Box::new(|| {}));
        let wake = std::mem::replace(&mut self.wake, Box::new(|| {}));
        let cleared = slot.clone();
        self.clear = Box::new(move || {
            clear();
            cleared.borrow_mut().clear();
        });
        self.wake = Box::new(move || {
            wake();
            slot.borrow_mut().wake();
        });
    }

    pub fn status(&self) -> &Status {
        &self.context.status
    }

    /// What stood still stands still no more, and what was about to happen does not.
    fn process_died(&self) {
        self.context.status.stillness.process_died();
        self.context.watch.process_died();
    }
}

/// Everything that runs in one simulation.
///
/// * `turmoil` knows every host of `hosts`, in the same order.
/// * The links of turmoil are what [`Links`] says.
pub struct Cluster {
    pub(super) sim: turmoil::Sim<'static>,
    pub(super) hosts: BTreeMap<HostName, Host>,
    pub(super) links: Rc<Links>,
    pub(super) wires: Rc<Tripwires>,
    pub(super) harness: Tracer,
    pub(super) view: View,
    pub(super) attendant: Rc<AttendantHost>,
    pub(super) attendant_name: HostName,
    pub(super) workloads: Vec<Rc<std::cell::RefCell<ProduceWorkload>>>,
}

impl Cluster {
    /// Simulated time since the start.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_duration(self.sim.elapsed())
    }

    /// One tick.
    ///
    /// # Errors
    /// The first panic of a host.
    pub fn step(&mut self) -> Result<(), HostPanic> {
        self.links.tick(self.now());
        {
            let _turmoil = meter::enter(Part::Turmoil);
            self.sim.step().expect("hosts never return errors");
        }
        for (name, host) in &mut self.hosts {
            if host.state == HostState::Up && !host.status().running.get() {
                // Its process ended by itself.
                host.state = HostState::Down;
                host.process_died();
                self.links.set_refusing(name, true);
                (host.clear)();
            }
            if let Some(panic) = host.status().panic.take() {
                return Err(panic);
            }
        }
        Ok(())
    }

    /// What judges and the nemesis may see of nodes.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Records something that the harness did.
    pub fn record(&self, event: TraceEvent) {
        self.harness.record(self.now(), event);
    }

    /// The state of a host.
    pub fn state(&self, host: &HostName) -> HostState {
        self.hosts[host].state
    }

    /// How often a process was started on this host again: two processes of a host have two numbers.
    pub fn restarts(&self, host: &HostName) -> u32 {
        self.hosts[host].restarts
    }

    /// All hosts.
    pub fn host_names(&self) -> impl Iterator<Item = &HostName> {
        self.hosts.keys()
    }

    /// Whether a host has a process that nothing keeps still.
    pub fn is_running(&self, host: &HostName) -> bool {
        self.state(host) == HostState::Up && !self.hosts[host].status().stillness.is_paused()
    }

    /// The host of a broker.
    pub fn broker_name(id: BrokerId) -> HostName {
        Rc::from(format!("broker-{id}"))
    }

    /// The host of the controller.
    pub fn controller_name() -> HostName {
        Rc::from("controller")
    }

    /// Hosts of producers, then of consumers, in the order of the scenario.
    pub fn client_names(&self) -> &[HostName] {
        self.view.client_names()
    }

    /// Disks by host.
    pub fn disks(&self) -> impl Iterator<Item = (&HostName, &DiskHandle)> {
        self.hosts.iter().filter_map(|(name, host)| Some((name, host.disk.as_ref()?)))
    }

    /// The disk of a host, if it has one.
    pub fn disk(&self, name: &HostName) -> Option<&DiskHandle> {
        self.hosts[name].disk.as_ref()
    }

    /// Kills the process; the page cache lives on. `false` if there is none.
    pub fn kill(&mut self, name: &HostName) -> bool {
        let killed = self.drop_process(name);
        if killed {
            self.record_stop(name, Stop::Killed);
        }
        killed
    }

    fn drop_process(&mut self, name: &HostName) -> bool {
        let host = self.hosts.get_mut(name).expect("names come from this cluster");
        if host.state != HostState::Up {
            return false;
        }
        self.sim.crash(&**name);
        (host.clear)();
        host.status().running.set(false);
        host.process_died();
        host.state = HostState::Down;
        self.links.set_refusing(name, true);
        true
    }

    fn record_stop(&self, name: &HostName, how: Stop) {
        let (context, event) = (&self.hosts[name].context, TraceEvent::HostStopped { how });
        context.watch.at(self.now(), Signal::Traced(&event));
        context.status.stillness.process_died();
        context.tracer.record(self.now(), event);
        context.witness.borrow_mut().stopped(self.now(), context.watched, how);
    }

    /// Takes the power of all these hosts at once; peers see silence. `unsynced` says what may survive of what was not
    /// flushed, drawn for each disk from this stream of the seed. What each disk lost; hosts without power and hosts without
    /// disks are not in it.
    pub fn power_loss(
        &mut self,
        names: &BTreeSet<HostName>,
        unsynced: Unsynced,
        (seed, stream): (Seed, u64),
    ) -> BTreeMap<HostName, PowerLoss> {
        let now = self.now();
        let mut losses = BTreeMap::new();
        let hit: Vec<HostName> =
            names.iter().filter(|name| self.state(name) != HostState::PoweredOff).cloned().collect();
        for name in &hit {
            let directions = self.directions_around(name);
            self.disturb(Reason::PoweredOff(name.clone()), Disturbance::Cut, &directions);
        }
        for name in &hit {
            self.drop_process(name);
            self.record_stop(name, Stop::PowerLost);
            let host = self.hosts.get_mut(name).expect("names come from this cluster");
            host.state = HostState::PoweredOff;
            self.links.set_refusing(name, false);
            let rng = seed.stream(&format!("power_loss.{name}"), stream);
            let lose = |disk: &DiskHandle| disk.power_loss(now, unsynced, rng);
            losses.insert(name.clone(), host.disk.as_ref().map(lose).unwrap_or_default());
        }
        losses
    }

    /// Kills the process, if there is one, and empties the disk. What was on it; `None`, and nothing happens, if the host
    /// has no disk.
    pub fn wipe(&mut self, name: &HostName) -> Option<Wiped> {
        self.hosts[name].disk.as_ref()?;
        self.drop_process(name);
        self.record_stop(name, Stop::Wiped);
        self.hosts[name].disk.as_ref().map(DiskHandle::wipe)
    }

    /// Asks the process to stop in good order. `false` if there is none.
    pub fn shut_down(&mut self, name: &HostName) -> bool {
        let host = &self.hosts[name];
        if host.state == HostState::Up {
            (host.send)(Input::Shutdown);
        }
        host.state == HostState::Up
    }

    /// Gives a host its power back and starts its process, if it has none.
    pub fn start(&mut self, name: &HostName) {
        let host = self.hosts.get_mut(name).expect("names come from this cluster");
        if host.state == HostState::Up {
            return;
        }
        host.state = HostState::Up;
        host.restarts += 1;
        self.links.set_refusing(name, false);
        self.restore(&Reason::PoweredOff(name.clone()));
        self.sim.bounce(&**name);
    }

    /// Disturbs these directions for a reason.
    pub fn disturb(&mut self, reason: Reason, disturbance: Disturbance, directions: &BTreeSet<Direction>) {
        wire::disturb(&self.sim, &self.links, reason, disturbance, directions);
    }

    /// What met a disturbance so far; `None` if there is none for this reason.
    pub fn met(&self, reason: &Reason) -> Option<Met> {
        self.links.met(reason)
    }

    /// Ends a disturbance; what met it.
    pub fn restore(&mut self, reason: &Reason) -> Option<Met> {
        wire::restore(&self.sim, &self.links, reason)
    }

    /// Resets at once every connection between hosts that one of these directions joins: both ends see a reset, and what is
    /// on its way or unread is lost. How many connections that was.
    pub fn drop_connections(&mut self, directions: &BTreeSet<Direction>) -> u64 {
        self.links.drop_connections(directions)
    }

    /// Both directions between a host and every other.
    pub fn directions_around(&self, name: &HostName) -> BTreeSet<Direction> {
        let others = self.hosts.keys().filter(|other| *other != name);
        others.flat_map(|other| [(name.clone(), other.clone()), (other.clone(), name.clone())]).collect()
    }

    /// Ends every disturbance and pause, repairs every disk, sets every clock right, and starts every host that has no
    /// process.
    pub fn heal(&mut self) {
        self.heal_hosts();
        let now = self.now();
        self.disks().for_each(|(_, disk)| disk.heal(now));
        for reason in self.links.reasons() {
            self.restore(&reason);
        }
        let attendant = self.attendant_name.clone();
        self.start_down(|name, _| *name != attendant);
    }

    /// Starts every broker and the controller, if it has no process.
    pub fn start_servers(&mut self) {
        self.start_down(|_, host| host.disk.is_some());
    }

    fn start_down(&mut self, whom: impl Fn(&HostName, &Host) -> bool) {
        let down = |(name, host): &(&HostName, &Host)| host.state != HostState::Up && whom(name, host);
        let down: Vec<HostName> = self.hosts.iter().filter(down).map(|(name, _)| name.clone()).collect();
        for name in down {
            self.start(&name);
        }
    }

    /// Sends the attendant to create the topics.
    pub fn create_topics(&mut self) {
        self.send_attendant(Errand::SetUp);
    }

    /// Whether the topics were created.
    pub fn topics_created(&self) -> bool {
        self.attendant.set_up.get()
    }

    /// Sends the attendant to write one record to every topic partition.
    pub fn begin_probe(&mut self) {
        self.send_attendant(Errand::Probe);
    }

    /// Topic partitions that have not acknowledged their probe.
    pub fn unprobed(&self) -> Vec<TopicPartition> {
        self.attendant.probes.borrow().waiting().cloned().collect()
    }

    /// Sends the attendant to read everything. Consumers stop before: a late request may still append a record after the
    /// attendant has asked where the log ends, and what only they read would look lost.
    pub fn begin_final_reads(&mut self) {
        let consumers = self.view.clients[self.workloads.len()..].to_vec();
        for consumer in &consumers {
            self.kill(consumer);
        }
        self.send_attendant(Errand::FinalReads);
    }

    /// How many topic partitions were read to their end.
    pub fn final_reads_done(&self) -> usize {
        self.attendant.caught_up.get()
    }

    fn send_attendant(&mut self, errand: Errand) {
        self.attendant.errand.set(errand);
        let name = self.attendant_name.clone();
        self.kill(&name);
        self.start(&name);
    }

    /// Producers begin to send.
    pub fn begin_workload(&mut self) {
        let now = self.now();
        for workload in &self.workloads {
            workload.borrow_mut().begin(now);
        }
        for name in &self.view.clients {
            // Their drivers have armed no timer for it.
            (self.hosts[name].send)(Input::Tick);
        }
    }

    /// Messages that were not sent or have no end yet, by producer host.
    pub fn unfinished(&self) -> Vec<(HostName, u64)> {
        let unfinished = self.workloads.iter().map(|workload| workload.borrow().unfinished());
        self.view.clients.iter().cloned().zip(unfinished).filter(|(_, count)| 0 < *count).collect()
    }

    /// How long one tick is.
    pub const TICK: Duration = Duration::from_millis(1);
}
