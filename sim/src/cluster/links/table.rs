//! What every direction suffers, as the sum of the reasons to disturb it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use broker_core::time::Timestamp;

use super::connections::Connections;
use super::disturbance::{Direction, Disturbance, Met, Reason};
use super::stream::End;

/// A reason at work.
pub(super) struct Disturbed {
    pub disturbance: Disturbance,
    pub directions: BTreeSet<Direction>,
    pub met: Met,
}

/// All disturbances. Shared with the hosts' connections, which ask before they send and before they read.
///
/// * Each end of a connection knows whether what comes to it is held or delayed: reading asks nobody while it is not.
#[derive(Default)]
pub struct Links {
    /// When the tick that runs began.
    pub(super) now: Cell<Timestamp>,
    pub(super) reasons: RefCell<BTreeMap<Reason, Disturbed>>,
    pub(super) any: Cell<bool>,
    /// Hosts that run but have no process: their kernel refuses connections.
    pub(super) refusing: RefCell<BTreeSet<Rc<str>>>,
    pub(super) connections: Connections,
}

impl Links {
    /// Adds a reason. `met` is what it has met on the wire already.
    pub fn disturb(
        &self,
        reason: Reason,
        disturbance: Disturbance,
        directions: BTreeSet<Direction>,
        met: Met,
    ) {
        assert!(disturbance.is_sound(), "{disturbance:?}");
        let keeps_back = matches!(disturbance, Disturbance::Hold | Disturbance::Delay { .. });
        self.settle(&directions, keeps_back);
        let mut disturbed = Disturbed { disturbance, directions, met };
        self.take_hold(&reason, &mut disturbed);
        let before = self.reasons.borrow_mut().insert(reason, disturbed);
        assert!(before.is_none(), "one reason, one disturbance");
        self.refresh();
    }

    /// Removes a reason; its directions and what met it.
    pub fn restore(&self, reason: &Reason) -> Option<(BTreeSet<Direction>, Met)> {
        let directions = self.reasons.borrow().get(reason)?.directions.clone();
        self.settle(&directions, false);
        let disturbed = self.reasons.borrow_mut().remove(reason)?;
        self.refresh();
        Some((disturbed.directions, disturbed.met))
    }

    /// What met a reason so far.
    pub fn met(&self, reason: &Reason) -> Option<Met> {
        self.reasons.borrow().get(reason).map(|disturbed| disturbed.met)
    }

    /// All reasons there are.
    pub fn reasons(&self) -> Vec<Reason> {
        self.reasons.borrow().keys().cloned().collect()
    }

    /// Resets every connection between hosts that one of these directions joins: what is on its way or unread is lost.
    /// How many connections that was.
    pub fn drop_connections(&self, directions: &BTreeSet<Direction>) -> u64 {
        self.connections.reset(directions)
    }

    /// A tick begins: takes what has come, and hands out what is due.
    pub fn tick(&self, now: Timestamp) {
        self.now.set(now);
        if self.any.get() {
            self.connections.for_each(|_, end| {
                if end.held || end.delayed {
                    self.take_in(end);
                }
            });
        }
    }

    /// From now on this host refuses connections, or no longer does.
    pub fn set_refusing(&self, host: &Rc<str>, refuses: bool) {
        let mut refusing = self.refusing.borrow_mut();
        if refuses {
            refusing.insert(host.clone());
        } else {
            refusing.remove(host);
        }
    }

    /// Separates what has arrived over these directions from what comes later: where something is kept back already, and
    /// where it soon will be.
    fn settle(&self, directions: &BTreeSet<Direction>, keeps_back: bool) {
        self.connections.for_each(|_, end| {
            if (keeps_back || end.held || end.delayed) && directions.contains(&end.incoming) {
                self.take_in(end);
            }
        });
    }

    fn take_in(&self, end: &mut End) {
        end.absorb(|direction| self.arrival(direction));
        if end.arrive(self.now.get()) {
            end.wake();
        }
    }

    /// A new reason meets what other reasons keep back.
    fn take_hold(&self, reason: &Reason, disturbed: &mut Disturbed) {
        let Disturbed { disturbance, directions, met } = disturbed;
        self.connections.for_each(|_, end| {
            if !directions.contains(&end.incoming) {
                return;
            }
            match (&*disturbance, reason) {
                (Disturbance::Cut, Reason::Fault(_)) => {
                    met.messages_dropped += end.kept.on_their_way();
                    end.lose();
                }
                (Disturbance::Hold, _) => met.messages_held += end.kept.on_their_way(),
                _ => {}
            }
        });
    }

    /// Tells everybody whom a change of the reasons concerns.
    fn refresh(&self) {
        self.any.set(!self.reasons.borrow().is_empty());
        self.connections.for_each(|_, end| {
            let was_late = end.held || end.delayed;
            self.mark(end);
            if !was_late {
                return;
            }
            if !end.held {
                end.kept.release(|| self.arrival(&end.incoming));
            }
            if !end.held && !end.delayed {
                end.kept.arrive_all();
            }
            end.arrive(self.now.get());
            end.wake();
        });
        self.connections.wake_waiting();
    }

    /// Says to an end whether what comes to it is late.
    pub(super) fn mark(&self, end: &mut End) {
        end.held = self.is_held(&end.incoming);
        end.delayed = self.suffers(&end.incoming, |what| matches!(what, Disturbance::Delay { .. }));
    }
}
