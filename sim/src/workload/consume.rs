//! Reading everything there is, and writing down what was seen.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use broker_core::io::{Effect, Input};
use broker_core::time::Timestamp;
use broker_core::types::Offset;

use crate::cluster::Application;
use crate::history::{History, PolledRecord, ProcessId, Reading};
use crate::trace::{TraceEvent, Tracer};

/// The application beside a consumer.
pub struct ConsumeApp {
    process: ProcessId,
    reading: Reading,
    history: Rc<RefCell<History>>,
    /// How many topic partitions were read to their end.
    caught_up: Rc<Cell<usize>>,
    /// Topics whose old records may be deleted: only their logs may begin above 0.
    retained: BTreeSet<Arc<str>>,
    tracer: Tracer,
}

impl ConsumeApp {
    /// A process is started once more, and reads everything from its start: the same client, for it goes by the same name.
    pub fn begins_anew(&self, now: Timestamp) {
        let index = self.history.borrow_mut().sought(now, self.process, None, None);
        self.tracer.record(now, TraceEvent::ClientOp { index });
    }

    /// Writes what `process` reads into the history, and counts ends in `caught_up`. `retained` are the topics that
    /// delete old records.
    pub fn new(
        process: ProcessId,
        reading: Reading,
        history: Rc<RefCell<History>>,
        caught_up: Rc<Cell<usize>>,
        retained: BTreeSet<Arc<str>>,
        tracer: Tracer,
    ) -> ConsumeApp {
        ConsumeApp { process, reading, history, caught_up, retained, tracer }
    }
}

impl Application for ConsumeApp {
    fn poll_input(&mut self, _now: Timestamp) -> Option<Input> {
        None
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    fn on_effect(&mut self, now: Timestamp, effect: Effect) {
        let mut history = self.history.borrow_mut();
        let index = match effect {
            Effect::Polled { topic_partition, records } => {
                let records = records.iter().map(PolledRecord::from).collect();
                history.polled(now, self.process, topic_partition, records, self.reading)
            }
            Effect::Repositioned { topic_partition, offset } => {
                history.sought(now, self.process, Some(topic_partition), Some(offset))
            }
            Effect::CaughtUp { topic_partition, start, end } => {
                self.caught_up.set(self.caught_up.get() + 1);
                let start = if self.retained.contains(&topic_partition.topic) { start } else { Offset::ZERO };
                history.final_read_completed(now, self.process, topic_partition, start, end)
            }
            other => panic!("a consumer gave its application {other:?}"),
        };
        self.tracer.record(now, TraceEvent::ClientOp { index });
    }
}

/// The application beside the admin that creates the topics: it only waits.
pub struct SetUpApp {
    done: Rc<Cell<bool>>,
}

impl SetUpApp {
    /// Sets `done` once the admin has finished.
    pub fn new(done: Rc<Cell<bool>>) -> SetUpApp {
        SetUpApp { done }
    }
}

impl Application for SetUpApp {
    fn poll_input(&mut self, _now: Timestamp) -> Option<Input> {
        None
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    fn on_effect(&mut self, _now: Timestamp, effect: Effect) {
        assert!(matches!(effect, Effect::AdminDone), "an admin gave its application {effect:?}");
        self.done.set(true);
    }
}
