//! One fault as data: what is done, to whom, from when, until when.
//!
//! To add a kind of fault: a variant of [`Action`] here, a row in [`super::kind::KINDS`], and what it does in `apply`.

use std::time::Duration;

use super::when::{Start, Until};
use super::{Kind, Target};
use crate::cluster::disk::{BitRot, DiskFault, Unsynced};

/// A range of values, both ends inclusive; one is drawn from the seed when the fault begins. Written as `1s..2s`, or as
/// one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<T> {
    /// The smallest value.
    pub low: T,
    /// The largest value.
    pub high: T,
}

impl<T: Copy + PartialEq> Span<T> {
    /// A range of one value: nothing is drawn.
    pub fn exactly(value: T) -> Span<T> {
        Span { low: value, high: value }
    }
}

/// One fault as a scenario asks for it: `[[fault]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What other faults call it in `when`, if it has a name.
    pub name: Option<String>,
    /// When it begins.
    pub start: Start,
    /// What is done, to whom, for how long.
    pub harm: Harm,
    /// Whether it may change nothing without making the run vacuous.
    pub may_miss: bool,
    /// Which stream of randomness it draws from; `None`: that of its position. A resolved scenario says it, so that
    /// leaving one fault out does not shift what the others draw.
    pub stream: Option<u64>,
    /// Line of the scenario that asks for it, from 1.
    pub line: usize,
}

/// What a fault does, without its beginning: what a scripted fault and a random nemesis have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Harm {
    /// What is done.
    pub action: Action,
    /// To whom.
    pub aim: Aim,
    /// For how long. Nothing goes on after the heal at the end of the fault phase.
    pub until: Until,
}

/// What is done. The kinds of DESIGN's fault families.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Processes die at once; what they wrote survives in the page cache.
    Kill,
    /// Hosts lose power: what was not synced is lost, wholly or in part, and peers see silence instead of a FIN.
    PowerLoss(Unsynced),
    /// Processes shut down in good order and are started again.
    Restart,
    /// Processes stand still while time passes: a long garbage collection, SIGSTOP, a frozen virtual machine.
    Pause,
    /// Processes die, and their disks are empty when they are started again.
    Wipe,
    /// Messages are dropped: the links of a group (`partition`), or all links of a host (`isolate`).
    Cut,
    /// Messages are kept back, and delivered late but in order after the release.
    Hold,
    /// Messages arrive later by a drawn time, in order.
    Delay {
        /// How much later each message is.
        extra: Span<Duration>,
    },
    /// Established connections break at once, with a reset at both ends.
    DropConnections,
    /// Messages are lost, and their connections break with them.
    Loss {
        /// Of each message and each attempt to connect, 0 to 1.
        probability: f64,
    },
    /// Disks misbehave while it lasts.
    Disk(DiskFault),
    /// Bits turn over on disks that do not notice.
    Rot(BitRot),
    /// The clock is set forward or back.
    ClockJump {
        /// Microseconds; negative is back.
        by_us: Span<i64>,
    },
    /// The clock runs too fast or too slow.
    ClockDrift {
        /// Parts per million; negative is slow.
        ppm: Span<i64>,
    },
}

impl Action {
    /// Whether hosts that it hits cannot serve meanwhile.
    pub(super) fn stops_hosts(&self) -> bool {
        match self {
            Action::Kill | Action::PowerLoss(_) | Action::Restart | Action::Pause | Action::Wipe => true,
            Action::Disk(fault) => Plight::of(fault) != Plight::Serves,
            // It halts when it finds out, and that may be at once.
            Action::Rot(_) => true,
            _ => false,
        }
    }

    /// How brokers that it hits come back, if not as they were.
    pub(super) fn damage(&self) -> Option<Damage> {
        match self {
            Action::Kill => Some(Damage::Unclean),
            Action::PowerLoss(_) | Action::Wipe => Some(Damage::Lossy),
            Action::Disk(fault) => match fault {
                DiskFault::Slow { .. } | DiskFault::Stall => None,
                // The process halts at once, and what it wrote before is in the page cache: no worse than a kill.
                DiskFault::ReadError { .. } | DiskFault::WriteError { .. } | DiskFault::Full { .. } => {
                    Some(Damage::Unclean)
                }
                // What a failed flush marked clean is gone when the power goes, and may be read until then. Nothing that a
                // lying one did not write is lost before the power is, but then what was durable to everybody may be. So
                // both count as the loss that they make possible, from their beginning.
                DiskFault::FsyncError { .. } | DiskFault::FsyncLie { .. } => Some(Damage::Lossy),
            },
            Action::Rot(_) => Some(Damage::Rotten),
            _ => None,
        }
    }

    /// Whether limits have a say in it.
    pub(super) fn is_limited(&self) -> bool {
        self.stops_hosts() || self.damage().is_some()
    }

    /// Whether what a flush made durable may be gone.
    pub(super) fn breaks_durability(&self) -> bool {
        match self {
            Action::Wipe | Action::Rot(_) => true,
            Action::Disk(fault) => {
                matches!(fault, DiskFault::FsyncError { .. } | DiskFault::FsyncLie { .. })
            }
            _ => false,
        }
    }

    /// Whether it goes on drawing from the seed once it has begun.
    pub fn draws(&self) -> bool {
        match self {
            Action::Delay { .. } | Action::Loss { .. } | Action::Rot(_) => true,
            Action::PowerLoss(unsynced) => *unsynced != Unsynced::Lost,
            Action::Disk(fault) => match fault {
                // One that fails each flush still draws how far a replacement gets.
                DiskFault::Slow { .. } | DiskFault::FsyncError { .. } => true,
                DiskFault::FsyncLie { probability }
                | DiskFault::ReadError { probability, .. }
                | DiskFault::WriteError { probability, .. } => *probability < 1.0,
                DiskFault::Stall | DiskFault::Full { .. } => false,
            },
            _ => false,
        }
    }
}

/// How a broker comes back that did not shut down in good order, from bad to worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Damage {
    /// With all that it wrote.
    Unclean,
    /// Perhaps without what was not durable, or was said to be.
    Lossy,
    /// With a damaged copy of what was durable, which looks whole to everybody, itself included, until somebody reads it.
    Rotten,
}

/// What becomes of processes while their disk misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plight {
    /// They go on, only slower or deceived.
    Serves,
    /// They wait for the disk. A broker that flushes each append acknowledges nothing meanwhile, and one that does not is
    /// counted as if it did: limits go by the worst.
    Waits,
    /// They halt at the first error, and are started again when it ends.
    Halts,
}

impl Plight {
    /// Of a server with this fault of its disk.
    pub fn of(fault: &DiskFault) -> Plight {
        match fault {
            DiskFault::Slow { .. } | DiskFault::FsyncLie { .. } => Plight::Serves,
            DiskFault::Stall => Plight::Waits,
            DiskFault::FsyncError { .. }
            | DiskFault::ReadError { .. }
            | DiskFault::WriteError { .. }
            | DiskFault::Full { .. } => Plight::Halts,
        }
    }
}

/// To whom it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// These hosts, all at the same time (`target`). For network faults: all links of each of them.
    Hosts(Vec<Target>),
    /// The links between two groups (`between`, or `from` and `to`).
    Links {
        /// One group: the senders, if only one way is hit.
        from: Vec<Target>,
        /// The other group.
        to: Vec<Target>,
        /// Which way.
        way: Way,
    },
}

/// Which way of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Both.
    Both,
    /// Only from `from` to `to`: answers and acknowledgements still come the other way.
    OneWay,
}

impl Aim {
    /// Every target, in the order of the text.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let (one, other): (&[Target], &[Target]) = match self {
            Aim::Hosts(hosts) => (hosts, &[]),
            Aim::Links { from, to, .. } => (from, to),
        };
        one.iter().chain(other)
    }
}

impl Harm {
    /// The row of its kind.
    pub fn kind(&self) -> &'static Kind {
        let name = match &self.action {
            Action::Kill => "kill",
            Action::PowerLoss(_) => "power_loss",
            Action::Restart => "restart",
            Action::Pause => "pause",
            Action::Wipe => "wipe",
            Action::Cut if matches!(self.aim, Aim::Hosts(_)) => "isolate",
            Action::Cut => "partition",
            Action::Hold => "hold",
            Action::Delay { .. } => "delay",
            Action::DropConnections => "drop_connections",
            Action::Loss { .. } => "loss",
            Action::Disk(DiskFault::Slow { .. }) => "slow_disk",
            Action::Disk(DiskFault::Stall) => "disk_stall",
            Action::Disk(DiskFault::FsyncError { .. }) => "fsync_error",
            Action::Disk(DiskFault::FsyncLie { .. }) => "fsync_lie",
            Action::Disk(DiskFault::ReadError { .. }) => "read_error",
            Action::Disk(DiskFault::WriteError { .. }) => "write_error",
            Action::Disk(DiskFault::Full { .. }) => "disk_full",
            Action::Rot(_) => "bit_rot",
            Action::ClockJump { .. } => "clock_jump",
            Action::ClockDrift { .. } => "clock_drift",
        };
        Kind::named(name).expect("every action has a row")
    }

    /// To whom, as a scenario says it.
    pub fn aim_text(&self) -> String {
        let list =
            |targets: &[Target]| targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match &self.aim {
            Aim::Hosts(hosts) => list(hosts),
            Aim::Links { from, to, way: Way::Both } => format!("{} <-> {}", list(from), list(to)),
            Aim::Links { from, to, way: Way::OneWay } => format!("{} -> {}", list(from), list(to)),
        }
    }
}
