//! One host's way to write into the shared trace.

use std::cell::RefCell;
use std::rc::Rc;

use broker_core::time::Timestamp;

use super::event::TraceEvent;
use super::recorder::{HostId, Trace};

/// Writes into the trace of a run on behalf of one host. Cheap to clone.
#[derive(Clone)]
pub struct Tracer {
    trace: Rc<RefCell<Trace>>,
    host: HostId,
}

impl Tracer {
    /// For the host called `name`.
    pub fn new(trace: Rc<RefCell<Trace>>, name: &str) -> Tracer {
        let host = trace.borrow_mut().host(name);
        Tracer { trace, host }
    }

    /// Appends an event, and tells whoever listens (`RUST_LOG=sim=debug`).
    pub fn record(&self, time: Timestamp, event: impl Into<TraceEvent>) {
        let event = event.into();
        let mut trace = self.trace.borrow_mut();
        tracing::debug!(target: "sim", %time, host = trace.host_name(self.host), ?event);
        trace.record(time, self.host, event);
    }
}
