//! The kinds of faults, as scenarios name them.

/// One kind of fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// As scenarios write it.
    pub name: &'static str,
    /// Where it belongs.
    pub family: Family,
    /// What it does to the cluster, in a sentence or two.
    pub doc: &'static str,
    /// What must have happened for it to have had an effect; otherwise the run is vacuous.
    pub effect: &'static str,
    /// What it is aimed at.
    pub shape: Shape,
    /// The key of its duration.
    pub length: Length,
    /// What it is aimed at, if a `[[nemesis]]` does not say it.
    pub usually: &'static [&'static str],
}

/// What kinds have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Processes and machines.
    Process,
    /// Links between hosts.
    Network,
    /// Disks.
    Disk,
    /// Clocks.
    Clock,
}

/// What a kind is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Hosts: `target`.
    Hosts,
    /// The links between two groups: `between`, or `from` and `to`.
    Links,
    /// Either: with `target`, all links of each of these hosts.
    HostsOrLinks,
}

/// How long a kind goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// `down_for` or `until`: how long a process is down.
    DownFor,
    /// `lasts` or `until`.
    Lasts,
    /// It is over at once.
    Instant,
}

impl Kind {
    /// The kind with this name.
    pub fn named(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}

impl Family {
    /// Its name, as documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Family::Process => "process",
            Family::Network => "network",
            Family::Disk => "disk",
            Family::Clock => "clock",
        }
    }
}

/// Every kind there is.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "kill",
        family: Family::Process,
        doc: "Processes die at once (`kill -9`) and are started again after `down_for`. What they wrote is in the page cache and survives.",
        effect: "a process was running and was killed",
        shape: Shape::Hosts,
        length: Length::DownFor,
        usually: &["random"],
    },
    Kind {
        name: "power_loss",
        family: Family::Process,
        doc: "Hosts lose power and get it back after `down_for`. What was not synced is lost, wholly or in part (`unsynced`), and peers see silence instead of a FIN.",
        effect: "a host had power and lost it",
        shape: Shape::Hosts,
        length: Length::DownFor,
        usually: &["random"],
    },
    Kind {
        name: "restart",
        family: Family::Process,
        doc: "Processes shut down in good order (`kill -15`) and are started again after `down_for`, 500ms if it is not said.",
        effect: "a process was running and was asked to stop",
        shape: Shape::Hosts,
        length: Length::DownFor,
        usually: &["random"],
    },
    Kind {
        name: "pause",
        family: Family::Process,
        doc: "Processes stand still while time passes: a long garbage collection, SIGSTOP, a frozen virtual machine. Their connections stay open, and nothing is lost.",
        effect: "a process wanted to do something and had to wait",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "wipe",
        family: Family::Process,
        doc: "Processes die, and when they are started again after `down_for` their disks are empty: a replaced machine that kept its id.",
        effect: "a host had files",
        shape: Shape::Hosts,
        length: Length::DownFor,
        usually: &["random"],
    },
    Kind {
        name: "partition",
        family: Family::Network,
        doc: "Messages between two groups of hosts are dropped, both ways (`between`) or one way (`from`, `to`).",
        effect: "a message was dropped, or an attempt to connect failed",
        shape: Shape::Links,
        length: Length::Lasts,
        usually: &["minority", "others"],
    },
    Kind {
        name: "isolate",
        family: Family::Network,
        doc: "Messages between each of these hosts and everybody else are dropped, both ways; two isolated hosts do not see each other either.",
        effect: "a message was dropped, or an attempt to connect failed",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "hold",
        family: Family::Network,
        doc: "Messages are kept back, and delivered late but in order when it ends, even if their sender is dead by then.",
        effect: "a message was kept back",
        shape: Shape::HostsOrLinks,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "delay",
        family: Family::Network,
        doc: "Each message takes longer by a time drawn from `extra`. Order on a connection is kept.",
        effect: "a message was delayed",
        shape: Shape::HostsOrLinks,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "drop_connections",
        family: Family::Network,
        doc: "Established connections break at once: both ends see a reset, and what was on its way is lost.",
        effect: "there was a connection",
        shape: Shape::HostsOrLinks,
        length: Length::Instant,
        usually: &["random"],
    },
    Kind {
        name: "loss",
        family: Family::Network,
        doc: "Each message is lost with this `probability`, and its connection breaks with it: TCP that gives up. Attempts to connect fail with it too.",
        effect: "a message was lost, or an attempt to connect failed",
        shape: Shape::HostsOrLinks,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "slow_disk",
        family: Family::Disk,
        doc: "Each step of a flush takes a time drawn from `latency`, each read of what is not in the page cache one drawn from `read_latency`, each append one drawn from `append_latency`, where that is longer than the disk's own. At least one of the three is needed.",
        effect: "a flush, a read or an append was slowed down",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "disk_stall",
        family: Family::Disk,
        doc: "The device does nothing while it lasts: flushes come to no end, and reads that the page cache cannot serve wait. Appends go on.",
        effect: "a flush or a read had to wait",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "fsync_error",
        family: Family::Disk,
        doc: "Flushes fail with EIO, each with `probability` (1 if it is not said). What they should have written is marked clean although it is not: reads see it until the power is lost. A server halts when a flush fails; it is started again when this ends.",
        effect: "a flush failed",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "fsync_lie",
        family: Family::Disk,
        doc: "Flushes say that they are done and are not, each with `probability` (1 if it is not said): the bytes are in a volatile cache of the device, and reach the platter with the next flush that does not lie. Nobody notices unless the power is lost before.",
        effect: "a flush lied",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "read_error",
        family: Family::Disk,
        doc: "Reads of `files` fail with EIO, each with `probability` (1 if it is not said). A server halts when a read fails; it is started again when this ends.",
        effect: "a read failed",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "write_error",
        family: Family::Disk,
        doc: "Appends to `files`, and replacements of them, fail with EIO, each with `probability` (1 if it is not said), and nothing of them is there. A server halts when a write fails; it is started again when this ends.",
        effect: "a write failed",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "disk_full",
        family: Family::Disk,
        doc: "There is room for `free` bytes more and then for none: what does not fit is refused with ENOSPC. A server halts when a write is refused; it is started again when this ends, because space came back.",
        effect: "a write was refused",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "bit_rot",
        family: Family::Disk,
        doc: "Bits of a file turn over at rest, and stay so: `bits` of them in one of `files`, in a `region` of it or in the batch that holds the record at `offset`. Whoever reads them reads other bytes than were written.",
        effect: "a bit turned over",
        shape: Shape::Hosts,
        length: Length::Instant,
        usually: &["random"],
    },
    Kind {
        name: "clock_jump",
        family: Family::Clock,
        doc: "The clock is set forward or back by `by`, and right again when it ends.",
        effect: "a process looked at the clock while it was wrong",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
    Kind {
        name: "clock_drift",
        family: Family::Clock,
        doc: "The clock runs too fast or too slow by `by`, such as `+5%` or `-200ppm`, and is right again when it ends.",
        effect: "a process looked at the clock while it was wrong",
        shape: Shape::Hosts,
        length: Length::Lasts,
        usually: &["random"],
    },
];
