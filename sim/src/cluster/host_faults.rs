//! What the harness can do to a host beside taking its process or its power.

use super::control::{Cluster, HostName, HostState};
use super::stillness::Paused;

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

    /// Ends all that this file began.
    pub(super) fn heal_hosts(&mut self) {
        for host in self.hosts.values() {
            host.status().stillness.resume_all();
        }
    }
}
