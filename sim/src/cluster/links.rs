//! The state of every link between two hosts, as the sum of the reasons to disturb it.
//!
//! turmoil knows one state per link and forgets why: healing one fault would heal another. Here each reason (a fault, a
//! host without power) is kept apart, and a link is healthy again when its last reason is gone. Traffic that a reason
//! swallowed or delayed is counted for it: a cut through which nobody wanted to talk had no effect.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// One direction between two hosts, by name.
pub type Direction = (Rc<str>, Rc<str>);

/// Why links are disturbed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A fault, by its number.
    Fault(u32),
    /// A host that lost power.
    PoweredOff(Rc<str>),
}

/// What a reason does to its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Nothing gets through.
    Cut,
    /// Everything is delivered later, in order.
    Hold,
}

#[derive(Debug)]
struct Disturbed {
    disturbance: Disturbance,
    directions: BTreeSet<Direction>,
    /// Writes and connection attempts that met it.
    met: u64,
}

/// All disturbances. Shared with the hosts' sockets, which report what they wanted to send.
#[derive(Debug, Default)]
pub struct Links {
    reasons: RefCell<BTreeMap<Reason, Disturbed>>,
    any: Cell<bool>,
    /// Hosts that run but have no process: their kernel refuses connections.
    refusing: RefCell<BTreeSet<Rc<str>>>,
}

impl Links {
    /// Adds a reason.
    pub fn disturb(&self, reason: Reason, disturbance: Disturbance, directions: BTreeSet<Direction>) {
        let disturbed = Disturbed { disturbance, directions, met: 0 };
        let before = self.reasons.borrow_mut().insert(reason, disturbed);
        assert!(before.is_none(), "one reason, one disturbance: {before:?}");
        self.any.set(true);
    }

    /// Removes a reason; its directions and how many writes and connection attempts met it.
    pub fn restore(&self, reason: &Reason) -> Option<(BTreeSet<Direction>, u64)> {
        let disturbed = self.reasons.borrow_mut().remove(reason)?;
        self.any.set(!self.reasons.borrow().is_empty());
        Some((disturbed.directions, disturbed.met))
    }

    /// All reasons there are.
    pub fn reasons(&self) -> Vec<Reason> {
        self.reasons.borrow().keys().cloned().collect()
    }

    /// What one direction suffers: a cut outweighs a hold.
    pub fn state(&self, from: &Rc<str>, to: &Rc<str>) -> Option<Disturbance> {
        let direction = (from.clone(), to.clone());
        let reasons = self.reasons.borrow();
        let mut suffered = reasons.values().filter(|disturbed| disturbed.directions.contains(&direction));
        let first = suffered.next()?.disturbance;
        let cut = first == Disturbance::Cut || suffered.any(|other| other.disturbance == Disturbance::Cut);
        Some(if cut { Disturbance::Cut } else { Disturbance::Hold })
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

    /// Whether an attempt to connect is answered with a refusal. turmoil would leave it without an answer until a process
    /// is there again, as if the host had no power.
    pub fn refuses(&self, from: &Rc<str>, to: &Rc<str>) -> bool {
        self.refusing.borrow().contains(to)
            && self.state(from, to).is_none()
            && self.state(to, from).is_none()
    }

    /// A host sends something, or tries to connect.
    pub fn meet(&self, from: &Rc<str>, to: &Rc<str>) {
        if !self.any.get() {
            return;
        }
        let direction = (from.clone(), to.clone());
        for disturbed in self.reasons.borrow_mut().values_mut() {
            if disturbed.directions.contains(&direction) {
                disturbed.met += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directions(pairs: &[(&str, &str)]) -> BTreeSet<Direction> {
        pairs.iter().map(|(from, to)| (Rc::from(*from), Rc::from(*to))).collect()
    }

    #[test]
    fn a_link_is_healthy_when_its_last_reason_is_gone() {
        let links = Links::default();
        let (a, b): (Rc<str>, Rc<str>) = (Rc::from("a"), Rc::from("b"));
        links.disturb(Reason::Fault(0), Disturbance::Hold, directions(&[("a", "b"), ("b", "a")]));
        links.disturb(Reason::Fault(1), Disturbance::Cut, directions(&[("a", "b")]));
        assert_eq!(links.state(&a, &b), Some(Disturbance::Cut));
        assert_eq!(links.state(&b, &a), Some(Disturbance::Hold));
        links.meet(&a, &b);
        links.meet(&b, &a);
        assert_eq!(links.restore(&Reason::Fault(1)).unwrap().1, 1);
        assert_eq!(links.state(&a, &b), Some(Disturbance::Hold));
        assert_eq!(links.restore(&Reason::Fault(0)).unwrap().1, 2);
        assert_eq!(links.state(&a, &b), None);
        assert_eq!(links.restore(&Reason::Fault(0)), None);
    }
}
