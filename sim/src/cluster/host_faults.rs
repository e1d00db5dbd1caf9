//! What the harness can do to a host beside taking its process or its power.

use std::collections::BTreeSet;

use broker_core::time::Timestamp;

use super::clock::{ClockFault, Skewed};
use super::control::{Cluster, HostName, HostState};
use super::stillness::Paused;
use super::tripwire::{Sprung, Tripwires};

impl Cluster {
    /// Pauses the process of a host, as a garbage collection, SIGSTOP or a frozen machine does: it is not polled while time
    /// goes on, and so do its sockets, its disk and everybody else. `false` if it has no process.
    ///
    /// A fault may pause several hosts, each of them once.
    pub fn pause(&mut self, fault: u32, name: &HostName) -> bool {
        let host = &self.hosts[name];
        if host.state == HostState::Up {
            host.status().stillness.pause(fault);
        }
        host.state == HostState::Up
    }

    /// Ends the pauses of a fault and says what they came to. A process that nothing else keeps still runs with the next
    /// tick, and sees that time went by.
    pub fn resume(&mut self, fault: u32) -> Paused {
        let ended = self.hosts.values().filter_map(|host| host.status().stillness.resume(fault));
        Paused { withheld: ended.map(|pause| pause.withheld).sum() }
    }

    /// Makes a host's clock wrong, whether it runs or not: the clock is the machine's. Deadlines that are due by it now are
    /// met with the next tick.
    ///
    /// A fault may skew several hosts, each of them once.
    pub fn skew(&mut self, fault: u32, name: &HostName, wrong: ClockFault) {
        let host = &self.hosts[name];
        host.context.clock.skew(fault, wrong, self.now());
        (host.wake)();
    }

    /// Takes a fault's error out of every clock that has it, as NTP steps a clock, and says what it came to.
    pub fn unskew(&mut self, fault: u32) -> Skewed {
        let mut total = Skewed::default();
        for host in self.hosts.values() {
            if let Some(skewed) = host.context.clock.unskew(fault) {
                total.readings += skewed.readings;
                (host.wake)();
            }
        }
        total
    }

    /// What a host's clock shows now.
    pub fn clock(&self, name: &HostName) -> Timestamp {
        self.hosts[name].context.clock.show(self.now())
    }

    /// Where wires can be set.
    pub fn tripwires(&self) -> &Tripwires {
        &self.wires
    }

    /// The wires that have sprung since the last call. Their hosts are frozen until [`Cluster::thaw`].
    pub fn take_sprung(&mut self) -> Vec<Sprung> {
        self.wires.take_sprung()
    }

    /// Lets all frozen hosts go on from where they are, with the next tick: those that still have their processes.
    pub fn thaw(&mut self) {
        for host in self.hosts.values() {
            host.status().stillness.thaw();
        }
    }

    /// Ends all that this file began.
    pub(super) fn heal_hosts(&mut self) {
        self.thaw();
        for host in self.hosts.values() {
            host.status().stillness.resume_all();
        }
        let skewing: BTreeSet<u32> =
            self.hosts.values().flat_map(|host| host.context.clock.faults()).collect();
        for fault in skewing {
            self.unskew(fault);
        }
    }
}
