//! The faults there are. To add one: a variant here, and a reader in the table of `scenario::fault`.

use std::time::Duration;

use super::Target;

/// One fault. A duration of `None` means until everything is healed at the end of the fault phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Processes die at once; what they wrote survives in the page cache.
    Kill {
        /// Whose processes, all at the same time.
        target: Vec<Target>,
        /// How long until they are started again.
        down_for: Option<Duration>,
    },
    /// Hosts lose power: what was not synced is lost, perhaps torn, and peers see silence instead of a FIN.
    PowerLoss {
        /// Which hosts, all at the same time.
        target: Vec<Target>,
        /// How long until they are started again.
        down_for: Option<Duration>,
    },
    /// Processes shut down cleanly and are started again.
    Restart {
        /// Whose processes, all at the same time.
        target: Vec<Target>,
        /// How long they are down.
        down_for: Duration,
    },
    /// Messages between two groups of hosts are dropped.
    Partition {
        /// Which messages.
        cut: Cut,
        /// How long.
        lasts: Option<Duration>,
    },
    /// Messages between these hosts and everybody else are dropped, both ways; each host is alone.
    Isolate {
        /// Which hosts.
        target: Vec<Target>,
        /// How long.
        lasts: Option<Duration>,
    },
    /// Messages between two groups are kept back, both ways, and delivered late but in order after the release.
    Hold {
        /// The two groups.
        between: (Vec<Target>, Vec<Target>),
        /// How long.
        lasts: Option<Duration>,
    },
}

/// Which messages a network partition drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// One group: the senders, if the cut goes one way.
    pub from: Vec<Target>,
    /// The other group.
    pub to: Vec<Target>,
    /// Which way.
    pub direction: Direction,
}

/// Which way a [`Cut`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// No message passes.
    Both,
    /// Only messages from `from` to `to` are dropped: answers and acknowledgements still come the other way.
    OneWay,
}

impl Fault {
    /// The name of its kind, as scenarios write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Fault::Kill { .. } => "kill",
            Fault::PowerLoss { .. } => "power_loss",
            Fault::Restart { .. } => "restart",
            Fault::Partition { .. } => "partition",
            Fault::Isolate { .. } => "isolate",
            Fault::Hold { .. } => "hold",
        }
    }

    /// How long it goes on; `None` until everything is healed.
    pub fn duration(&self) -> Option<Duration> {
        match self {
            Fault::Kill { down_for, .. } | Fault::PowerLoss { down_for, .. } => *down_for,
            Fault::Restart { down_for, .. } => Some(*down_for),
            Fault::Partition { lasts, .. } | Fault::Isolate { lasts, .. } | Fault::Hold { lasts, .. } => {
                *lasts
            }
        }
    }
}
