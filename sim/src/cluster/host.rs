//! What runs on each kind of host, and what is left of it when it stops.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use broker_core::broker::{Broker, BrokerSettings};
use broker_core::client::{Admin, Consumer, NewTopic, Producer, ReadUntil};
use broker_core::config::{BrokerConfig, ConsumerConfig, ProducerConfig};
use broker_core::controller::{Controller, ControllerConfig};
use broker_core::event::Event;
use broker_core::io::{HaltReason, Node};
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, Endpoint};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::clock::HostClock;
use super::disk::{DiskHandle, TurmoilPlatter};
use super::driver::{Application, Driver, Look, Unattended, Watchers};
use super::links::Links;
use super::panics::{self, HostPanic};
use super::slot::SharedSlot;
use super::stillness::Stillness;
use super::tripwire::{Signal, Watch};
use super::turmoil_platform::{ProcessDisk, TurmoilPlatform, busy, simulated_now};
use super::witness::{BrokerWitness, ControllerWitness, SharedWitness, Watched};
use crate::history::{History, ProcessId, Reading};
use crate::meter::{self, Part};
use crate::trace::{Stop, TraceEvent, Tracer};
use crate::workload::{ConsumeApp, ProbeApp, Probes, ProduceApp, ProduceWorkload, SetUpApp};

/// The port of every server.
pub(super) const PORT: u16 = 9092;

/// What every process of a host gets from the harness.
#[derive(Clone)]
pub(super) struct HostContext {
    pub name: Rc<str>,
    pub clock: Rc<HostClock>,
    pub links: Rc<Links>,
    pub tracer: Tracer,
    pub status: Rc<Status>,
    pub watch: Rc<Watch>,
    pub witness: SharedWitness,
    /// What the host is to the witness.
    pub watched: Watched,
}

/// What the harness knows of a host's process.
#[derive(Default)]
pub(super) struct Status {
    /// A process runs.
    pub running: Cell<bool>,
    pub panic: RefCell<Option<HostPanic>>,
    pub stillness: Stillness,
}

impl HostContext {
    /// What the host's clock shows now.
    fn now(&self) -> Timestamp {
        self.clock.read(simulated_now())
    }

    fn platform(&self, disk: Option<ProcessDisk>) -> TurmoilPlatform {
        TurmoilPlatform::new(self.name.clone(), self.clock.clone(), self.links.clone(), disk)
    }

    /// Traces what is no driver's to trace.
    fn record(&self, event: impl Into<TraceEvent>) {
        let (now, event) = (simulated_now(), event.into());
        self.watch.at(now, Signal::Traced(&event));
        self.tracer.record(now, event);
    }

    /// The process ends by itself.
    fn stopped(&self, how: Stop) {
        self.record(TraceEvent::HostStopped { how });
        self.witness.borrow_mut().stopped(simulated_now(), self.watched, how);
        self.status.running.set(false);
    }

    /// Runs a client on this host until it halts.
    async fn run_client<N: Node, A: Application + Unpin>(self, slot: SharedSlot<N>, node: N, application: A) {
        self.run(slot, node, application, (None, None), Box::new(|_, _| {})).await;
    }

    /// Runs a server on this host until it halts.
    async fn run_server<N: Node>(self, slot: SharedSlot<N>, node: N, disk: ProcessDisk, look: Look<N>) {
        self.run(slot, node, Unattended, (Some(disk), Some(PORT)), look).await;
    }

    async fn run<N: Node, A: Application + Unpin>(
        self,
        slot: SharedSlot<N>,
        node: N,
        application: A,
        (disk, port): (Option<ProcessDisk>, Option<u16>),
        look: Look<N>,
    ) {
        let platform = self.platform(disk);
        let watchers = Watchers { tracer: self.tracer.clone(), watch: self.watch.clone(), look };
        let driver = Driver::new(slot, node, application, platform, port, watchers);
        let reason = driver.await;
        let how = match reason {
            HaltReason::Shutdown => Stop::ShutDown,
            HaltReason::Storage(_) => Stop::Halted,
        };
        self.stopped(how);
    }

    /// The node could not even start.
    fn refused_to_start(&self, error: &broker_core::error::LogError) {
        self.watch.forget();
        let (path, operation) = (error.to_string(), "open".to_owned());
        self.record(Event::StorageFailed { path, operation });
        self.stopped(Stop::Halted);
    }
}

/// Wraps what runs on a host: says that it started, holds it back while it has to stand still, and catches its panics.
pub(super) struct Guarded<F> {
    context: HostContext,
    process: Pin<Box<F>>,
    started: bool,
}

impl<F: Future<Output = ()>> Guarded<F> {
    pub fn new(context: HostContext, process: F) -> Guarded<F> {
        context.status.running.set(true);
        Guarded { context, process: Box::pin(process), started: false }
    }
}

impl<F: Future<Output = ()>> Future for Guarded<F> {
    type Output = turmoil::Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<turmoil::Result> {
        if self.context.status.panic.borrow().is_some() {
            return Poll::Pending;
        }
        if self.context.status.stillness.withholds(cx) {
            return Poll::Pending;
        }
        if !self.started {
            self.started = true;
            self.context.record(TraceEvent::HostStarted);
            if self.context.status.stillness.withholds(cx) {
                return Poll::Pending;
            }
        }
        let _drivers = meter::enter(Part::Drivers);
        let _guard = panics::watch();
        match catch_unwind(AssertUnwindSafe(|| self.process.as_mut().poll(cx))) {
            Ok(Poll::Pending) => {
                // It may have frozen just now, and whoever thaws it has to wake it.
                let _ = self.context.status.stillness.withholds(cx);
                Poll::Pending
            }
            Ok(poll) => poll.map(Ok),
            Err(payload) => {
                let panic = HostPanic::taken(&self.context.name, simulated_now(), payload.as_ref());
                *self.context.status.panic.borrow_mut() = Some(panic);
                Poll::Pending
            }
        }
    }
}

/// A broker's host.
pub(super) struct BrokerHost {
    pub id: BrokerId,
    pub endpoint: Endpoint,
    pub controller: Endpoint,
    pub config: BrokerConfig,
    pub disk: DiskHandle,
    pub slot: SharedSlot<Broker>,
    pub rng: RefCell<ChaCha8Rng>,
}

impl BrokerHost {
    pub async fn run(self: Rc<Self>, context: HostContext) {
        let disk = mount(&self.disk);
        context.watch.remember();
        let settings = BrokerSettings {
            id: self.id,
            endpoint: self.endpoint.clone(),
            controller: self.controller.clone(),
            incarnation: self.rng.borrow_mut().random(),
            config: self.config.clone(),
        };
        match Broker::start(context.now(), Box::new(disk.clone()), settings) {
            Ok(broker) => {
                if let Some(busy) = busy(&disk) {
                    busy.await;
                }
                let witness = context.witness.clone();
                let mut watcher = BrokerWitness::new(simulated_now(), witness, self.id, disk.clone());
                let look = Box::new(move |now, broker: &Broker| watcher.look(now, broker));
                context.run_server(self.slot.clone(), broker, disk, look).await;
            }
            Err(error) => context.refused_to_start(&error),
        }
    }
}

fn mount(disk: &DiskHandle) -> ProcessDisk {
    let platter = TurmoilPlatter::of_current_host().expect("turmoil's file system is there");
    Rc::new(RefCell::new(disk.mount(platter).expect("a simulated disk can be mounted")))
}

/// The controller's host.
pub(super) struct ControllerHost {
    pub config: BrokerConfig,
    pub disk: DiskHandle,
    pub slot: SharedSlot<Controller>,
}

impl ControllerHost {
    pub async fn run(self: Rc<Self>, context: HostContext) {
        let disk = mount(&self.disk);
        context.watch.remember();
        let config = ControllerConfig { broker: self.config.clone() };
        match Controller::open(context.now(), Box::new(disk.clone()), config) {
            Ok(controller) => {
                if let Some(busy) = busy(&disk) {
                    busy.await;
                }
                let (witness, settings) = (context.witness.clone(), self.config.clone());
                let mut watcher = ControllerWitness::new(simulated_now(), witness, settings);
                let look = Box::new(move |now, controller: &Controller| watcher.look(now, controller));
                context.run_server(self.slot.clone(), controller, disk, look).await;
            }
            Err(error) => context.refused_to_start(&error),
        }
    }
}

/// A producer's host.
pub(super) struct ProducerHost {
    pub config: ProducerConfig,
    pub bootstrap: Vec<Endpoint>,
    pub slot: SharedSlot<Producer>,
    pub workload: Rc<RefCell<ProduceWorkload>>,
    pub rng: RefCell<ChaCha8Rng>,
}

impl ProducerHost {
    pub async fn run(self: Rc<Self>, context: HostContext) {
        self.workload.borrow_mut().process_died(simulated_now());
        let (name, entropy) = (context.name.to_string(), self.rng.borrow_mut().random());
        let producer = Producer::new(self.config.clone(), name, self.bootstrap.clone(), entropy);
        let application = ProduceApp::new(self.workload.clone(), context.tracer.clone());
        context.run_client(self.slot.clone(), producer, application).await;
    }
}

/// A consumer's host.
pub(super) struct ConsumerHost {
    pub process: ProcessId,
    pub config: ConsumerConfig,
    pub bootstrap: Vec<Endpoint>,
    pub topics: Vec<Arc<str>>,
    pub slot: SharedSlot<Consumer>,
    pub history: Rc<RefCell<History>>,
    /// Whether it ran before.
    pub begun: Cell<bool>,
}

impl ConsumerHost {
    pub async fn run(self: Rc<Self>, context: HostContext) {
        let name = context.name.to_string();
        let (topics, bootstrap) = (self.topics.clone(), self.bootstrap.clone());
        let consumer = Consumer::new(self.config.clone(), name, bootstrap, topics, ReadUntil::Forever);
        let (history, tracer) = (self.history.clone(), context.tracer.clone());
        let ends = Rc::new(Cell::new(0));
        let retained = BTreeSet::new();
        let application = ConsumeApp::new(self.process, Reading::Ongoing, history, ends, retained, tracer);
        if self.begun.replace(true) {
            application.begins_anew(simulated_now());
        }
        context.run_client(self.slot.clone(), consumer, application).await;
    }
}

/// What the harness's own host does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// Nothing.
    Idle,
    /// Create the topics.
    SetUp,
    /// Send a record to every topic partition.
    Probe,
    /// Read everything from every topic partition.
    FinalReads,
}

/// The harness's own client: it creates the topics, sends the probes and does the final reads. A client like any other, over the network.
pub(super) struct AttendantHost {
    pub errand: Cell<Errand>,
    pub process: ProcessId,
    pub controller: Endpoint,
    pub topics: Vec<NewTopic>,
    /// Those of them that delete old records.
    pub retained: BTreeSet<Arc<str>>,
    pub reader: ConsumerConfig,
    pub bootstrap: Vec<Endpoint>,
    pub request_timeout: Duration,
    pub retry_backoff: Duration,
    pub admin: SharedSlot<Admin>,
    pub prober: ProducerConfig,
    /// What makes the probing producer another than every other.
    pub entropy: u64,
    pub producer: SharedSlot<Producer>,
    pub probes: Rc<RefCell<Probes>>,
    pub consumer: SharedSlot<Consumer>,
    pub history: Rc<RefCell<History>>,
    pub set_up: Rc<Cell<bool>>,
    pub caught_up: Rc<Cell<usize>>,
}

impl AttendantHost {
    pub async fn run(self: Rc<Self>, context: HostContext) {
        let name = context.name.to_string();
        match self.errand.get() {
            Errand::Idle => std::future::pending().await,
            Errand::SetUp => {
                let (controller, topics) = (self.controller.clone(), self.topics.clone());
                let admin = Admin::new(name, controller, topics, self.request_timeout, self.retry_backoff);
                let application = SetUpApp::new(self.set_up.clone());
                context.run_client(self.admin.clone(), admin, application).await;
            }
            Errand::Probe => {
                let (config, bootstrap) = (self.prober.clone(), self.bootstrap.clone());
                let producer = Producer::new(config, name, bootstrap, self.entropy);
                let application = ProbeApp::new(self.probes.clone(), context.tracer.clone());
                context.run_client(self.producer.clone(), producer, application).await;
            }
            Errand::FinalReads => {
                let topics = self.topics.iter().map(|topic| Arc::from(topic.name.as_str())).collect();
                let (config, bootstrap) = (self.reader.clone(), self.bootstrap.clone());
                let consumer = Consumer::new(config, name, bootstrap, topics, ReadUntil::End);
                let (history, tracer) = (self.history.clone(), context.tracer.clone());
                let caught_up = self.caught_up.clone();
                let retained = self.retained.clone();
                let application =
                    ConsumeApp::new(self.process, Reading::Final, history, caught_up, retained, tracer);
                context.run_client(self.consumer.clone(), consumer, application).await;
            }
        }
    }
}
