//! The one snapshot of a cluster, and whom to tell when it changes.

use std::cell::RefCell;
use std::rc::Rc;

use broker_core::time::Timestamp;
use broker_core::types::BrokerId;

use crate::snapshot::{BrokerSnapshot, Change, ClusterSnapshot, Observation, Observer};
use crate::trace::{Stop, Trace};

/// What a host is to the judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// A broker.
    Broker(BrokerId),
    /// The controller.
    Controller,
    /// Keeps nothing that is judged.
    Nobody,
}

/// Keeps the snapshot and tells of each change.
pub struct Witness {
    pub(super) cluster: ClusterSnapshot,
    trace: Rc<RefCell<Trace>>,
    observer: Rc<RefCell<dyn Observer>>,
}

/// One for all hosts.
pub type SharedWitness = Rc<RefCell<Witness>>;

impl Witness {
    /// Before anything runs.
    pub fn new(trace: Rc<RefCell<Trace>>, observer: Rc<RefCell<dyn Observer>>) -> SharedWitness {
        Rc::new(RefCell::new(Witness { cluster: ClusterSnapshot::default(), trace, observer }))
    }

    /// The snapshot has changed.
    pub(super) fn tell(&self, time: Timestamp, change: &Change) {
        let event = self.trace.borrow().len() as u64;
        self.observer.borrow_mut().observe(Observation { time, event, cluster: &self.cluster, change });
    }

    /// A host has a new process, which has opened nothing yet.
    pub(super) fn started(&mut self, time: Timestamp, whose: Watched) {
        match whose {
            Watched::Broker(broker) => {
                let running = BrokerSnapshot { is_running: true, ..BrokerSnapshot::default() };
                self.cluster.brokers.insert(broker, running);
                self.tell(time, &Change::BrokerStarted { broker });
            }
            Watched::Controller => {
                self.cluster.controller = Some(Default::default());
                self.tell(time, &Change::ControllerStarted);
            }
            Watched::Nobody => {}
        }
    }

    /// A host has no process any more; told again if it loses more than that.
    pub fn stopped(&mut self, time: Timestamp, whose: Watched, how: Stop) {
        match whose {
            Watched::Broker(broker) => {
                self.cluster.brokers.insert(broker, BrokerSnapshot::default());
                self.tell(time, &Change::BrokerStopped { broker, how });
            }
            Watched::Controller => {
                self.cluster.controller = None;
                self.tell(time, &Change::ControllerStopped { how });
            }
            Watched::Nobody => {}
        }
    }
}
