//! The ends of all connections, and who waits to connect.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::task::Waker;

use super::disturbance::Direction;
use super::stream::End;

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Client,
    Server,
}

/// One end of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EndId {
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub side: Side,
}

/// Everything that a change of the links may concern.
///
/// * An end is here as long as its host has it.
#[derive(Default)]
pub(super) struct Connections {
    ends: RefCell<BTreeMap<EndId, Weak<RefCell<End>>>>,
    /// Hosts that wait to connect.
    waiting: RefCell<Vec<Waker>>,
}

impl Connections {
    pub fn add(&self, id: EndId, end: &Rc<RefCell<End>>) {
        let before = self.ends.borrow_mut().insert(id, Rc::downgrade(end));
        assert!(before.is_none(), "{id:?} is connected already");
    }

    pub fn remove(&self, id: &EndId) {
        self.ends.borrow_mut().remove(id);
    }

    /// Does something to every end, in the order of their addresses.
    pub fn for_each(&self, mut act: impl FnMut(&EndId, &mut End)) {
        for (id, end) in &*self.ends.borrow() {
            if let Some(end) = end.upgrade() {
                act(id, &mut end.borrow_mut());
            }
        }
    }

    /// Resets what connects two hosts over one of these directions; how many connections that was.
    pub fn reset(&self, directions: &BTreeSet<Direction>) -> u64 {
        let mut reset = BTreeSet::new();
        self.for_each(|id, end| {
            let (peer, host) = &end.incoming;
            let is_meant =
                directions.contains(&end.incoming) || directions.contains(&(host.clone(), peer.clone()));
            if is_meant && end.reset() {
                reset.insert((id.client, id.server));
            }
        });
        reset.len() as u64
    }

    /// Wakes this one when the links change.
    pub fn wait(&self, waker: &Waker) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    /// The links changed.
    pub fn wake_waiting(&self) {
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}
