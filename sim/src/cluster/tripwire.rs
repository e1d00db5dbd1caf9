//! Wires across the path of events: the host on which the n-th one happens freezes at that very point.
//!
//! A fault "at the 100th acknowledged record" must hit before anybody has noticed that record. The harness can act only
//! between two ticks, so the host on which it happened freezes within its poll: it does nothing more until the harness has
//! applied the fault and thaws it. Everybody else goes on to the end of the tick, which gives nothing away: no message
//! travels in less than a tick, so what the frozen host sent in this tick nobody has, and what it did not send nobody can
//! miss yet. A host that is thawed without harm was late by less than a tick, as any scheduler may make it.
//!
//! | moment | the host freezes |
//! |---|---|
//! | [`Moment::After`] | when the input that brought the event about is handled, and all it led to is with the kernel: frames are written to their sockets, flushes have begun |
//! | [`Moment::Before`] | when nothing that follows from that input has left the process; if the process dies now, its disk is as if it had never been given the input |
//!
//! A frame for a peer to which there is no connection yet is with nobody: it waits in the process, as it would in reality.
//! One that is with the kernel is sent even if the process is killed now; power loss takes it too.
//!
//! Where two wires wait for `Before` on one host, and it dies of the first one, the second one has counted what was about
//! to happen and did not.
//!
//! Which events wires see: all that a node's driver traces, the start and stop of a host, and that a producer's
//! application is told of an acknowledged record ([`Signal::Acknowledged`]). They do not see `client_op`, faults and phases,
//! which are the harness's own. A process that stops or is killed cannot be frozen: the wire springs all the same.
//!
//! Without wires all of this costs a look at a `Cell<bool>` for each event. While a wire waits for `Before`, each input
//! also costs a picture of its host's page cache.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use broker_core::time::Timestamp;
use broker_core::types::TopicPartition;

use super::control::HostName;
use super::disk::{DiskHandle, DiskImage};
use super::host::Status;
use crate::trace::TraceEvent;

/// On which side of an event to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has come of it yet.
    Before,
    /// Everything has come of it that its host could do at once.
    After,
}

/// Something a wire may wait for.
#[derive(Clone, Copy, Debug)]
pub enum Signal<'a> {
    /// An event of the trace. Before a `disk_flush_finished` nobody knows how it will end: it says `ok`.
    Traced(&'a TraceEvent),
    /// A producer's application is told that a record is in this topic partition.
    Acknowledged(&'a TopicPartition),
}

/// How many occurrences a signal from this host is worth; 0 if it is none.
///
/// Asked within the host's poll, while no slot is borrowed: a clone of [`super::View`] can be asked who leads. Wires
/// themselves must not be touched.
pub type Weigh = Box<dyn FnMut(&str, Signal<'_>) -> u64>;

/// Springs once, at the `nth` occurrence.
pub struct Wire {
    /// When its host freezes.
    pub moment: Moment,
    /// From 1.
    pub nth: u64,
    /// What counts.
    pub weigh: Weigh,
}

/// A wire that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireId(u64);

/// A wire that has sprung, and is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sprung {
    /// Which.
    pub wire: WireId,
    /// The host that stands still now.
    pub host: HostName,
    /// True time.
    pub time: Timestamp,
}

/// All wires of a cluster, shared by its hosts and the harness.
#[derive(Default)]
pub struct Tripwires {
    wires: RefCell<BTreeMap<WireId, Wire>>,
    before: Cell<bool>,
    after: Cell<bool>,
    next: Cell<u64>,
    sprung: RefCell<Vec<Sprung>>,
}

impl Tripwires {
    /// Sets a wire.
    pub fn set(&self, wire: Wire) -> WireId {
        assert!(0 < wire.nth, "occurrences count from 1");
        let id = WireId(self.next.get());
        self.next.set(id.0 + 1);
        self.wires.borrow_mut().insert(id, wire);
        self.look();
        id
    }

    /// Takes a wire away; `false` if it has sprung.
    pub fn remove(&self, id: WireId) -> bool {
        let removed = self.wires.borrow_mut().remove(&id).is_some();
        self.look();
        removed
    }

    /// Those that have sprung since the last call, in order.
    pub(super) fn take_sprung(&self) -> Vec<Sprung> {
        self.sprung.take()
    }

    fn look(&self) {
        let wires = self.wires.borrow();
        self.before.set(wires.values().any(|wire| wire.moment == Moment::Before));
        self.after.set(wires.values().any(|wire| wire.moment == Moment::After));
    }

    /// Something happens at `moment`; whether a wire springs.
    fn pass(&self, moment: Moment, host: &HostName, time: Timestamp, signal: Signal<'_>) -> bool {
        let mut sprung = Vec::new();
        self.wires.borrow_mut().retain(|id, wire| {
            let worth = if wire.moment == moment { (wire.weigh)(host, signal) } else { 0 };
            let springs = wire.nth <= worth;
            if springs {
                sprung.push(Sprung { wire: *id, host: host.clone(), time });
            } else {
                wire.nth -= worth;
            }
            !springs
        });
        let springs = !sprung.is_empty();
        if springs {
            self.sprung.borrow_mut().append(&mut sprung);
            self.look();
        }
        springs
    }
}

/// One host's side of the wires.
///
/// * `image` is there only between an input and the first thing that comes of it.
pub(super) struct Watch {
    wires: Rc<Tripwires>,
    host: HostName,
    status: Rc<Status>,
    disk: Option<DiskHandle>,
    /// To be frozen as soon as everything is with the kernel.
    due: Cell<bool>,
    image: RefCell<Option<DiskImage>>,
}

impl Watch {
    pub fn new(wires: Rc<Tripwires>, host: HostName, status: Rc<Status>, disk: Option<DiskHandle>) -> Watch {
        Watch { wires, host, status, disk, due: Cell::new(false), image: RefCell::new(None) }
    }

    /// Whether somebody wants to know what happens before it does.
    pub fn looks_ahead(&self) -> bool {
        self.wires.before.get()
    }

    /// Whether somebody wants to know what happened.
    pub fn looks_back(&self) -> bool {
        self.wires.after.get()
    }

    /// This is about to happen; freezes the host if it must not yet.
    pub fn before(&self, time: Timestamp, signal: Signal<'_>) {
        if self.looks_ahead() && self.wires.pass(Moment::Before, &self.host, time, signal) {
            self.status.stillness.freeze();
        }
    }

    /// This happened; the host is to be frozen soon if somebody waited for it.
    pub fn after(&self, time: Timestamp, signal: Signal<'_>) {
        if self.looks_back() && self.wires.pass(Moment::After, &self.host, time, signal) {
            self.due.set(true);
        }
    }

    /// Both at once, for what has no inside.
    pub fn at(&self, time: Timestamp, signal: Signal<'_>) {
        self.before(time, signal);
        self.after(time, signal);
        if self.due.take() {
            self.status.stillness.freeze();
        }
    }

    /// Whether the host has to be frozen once everything is with the kernel.
    pub fn take_due(&self) -> bool {
        self.due.take()
    }

    pub fn freeze(&self) {
        self.status.stillness.freeze();
    }

    pub fn is_frozen(&self) -> bool {
        self.status.stillness.is_frozen()
    }

    /// An input is about to be handled.
    pub fn remember(&self) {
        if self.looks_ahead() {
            *self.image.borrow_mut() = self.disk.as_ref().map(DiskHandle::snapshot);
        }
    }

    /// What comes of the input is done: there is no way back.
    pub fn forget(&self) {
        if self.image.borrow().is_some() {
            self.image.take();
        }
    }

    /// The process is gone. If it was frozen before something came of its last input, it was never given that input.
    pub fn process_died(&self) {
        self.due.set(false);
        if let (Some(disk), Some(image)) = (&self.disk, self.image.take()) {
            disk.roll_back(image);
        }
    }
}
