//! A cluster in memory: a controller, brokers, a clock moved by hand, and one queue for everything under way.
//!
//! Every message and every flush takes [`LATENCY`]. Nodes are woken at their deadlines, and one that would want to be
//! woken again at the same instant fails the test: it would keep its host busy for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::protocol::Request;

use crate::broker::{Broker, BrokerSettings};
use crate::config::{BrokerConfig, Properties, RawValue, Scope, TimeScale};
use crate::controller::{Controller, ControllerConfig};
use crate::error::{LogError, RequestError, StorageError};
use crate::event::Event;
use crate::io::{ConnectionId, Effect, FlushStep, HaltReason, Input, Node, RequestId};
use crate::testing::SharedStorage;
use crate::time::Timestamp;
use crate::types::{BrokerId, Endpoint};
use crate::wire;

/// How long a message or a flush is under way.
const LATENCY: Duration = Duration::from_millis(1);

/// The controller's name in the cluster; brokers go by their ids.
pub(super) const CONTROLLER: i32 = 0;

enum Process {
    Controller(Box<Controller>),
    Broker(Box<Broker>),
}

impl Process {
    fn node(&mut self) -> &mut dyn Node {
        match self {
            Process::Controller(controller) => controller.as_mut(),
            Process::Broker(broker) => broker.as_mut(),
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        match self {
            Process::Controller(controller) => controller.next_deadline(),
            Process::Broker(broker) => broker.next_deadline(),
        }
    }
}

/// Where the answer to a request goes.
enum Asker {
    Client,
    Node { id: i32, incarnation: u128, request: RequestId },
}

struct Delivery {
    to: i32,
    /// The process it is for; a later one never sees it.
    incarnation: u128,
    input: Input,
    /// Made durable just before, if it is the end of a flush.
    steps: Vec<FlushStep>,
}

pub(super) struct Cluster {
    pub now: Timestamp,
    /// By how much the clocks of these are ahead.
    ahead: BTreeMap<i32, Duration>,
    pub storages: BTreeMap<i32, SharedStorage>,
    pub events: Vec<(i32, Event)>,
    pub halted: BTreeMap<i32, HaltReason>,
    pub closed: BTreeSet<ConnectionId>,
    pub answers: BTreeMap<ConnectionId, Option<Bytes>>,
    /// How many inputs nodes were given.
    pub inputs: usize,
    /// Steps of all flushes in the order in which they were carried out.
    pub flushed: Vec<(i32, FlushStep)>,
    /// Nobody reaches these and they reach nobody.
    pub isolated: BTreeSet<i32>,
    /// What becomes of a response on its way to a node.
    pub tamper: Option<Box<dyn FnMut(Bytes) -> Bytes>>,
    /// How the next flush of these ends.
    failing: BTreeMap<i32, StorageError>,
    config: BrokerConfig,
    processes: BTreeMap<i32, (u128, Process)>,
    incarnations: u128,
    queue: BTreeMap<(Timestamp, u64), Delivery>,
    deliveries: u64,
    askers: BTreeMap<ConnectionId, (i32, Asker)>,
    connections: u64,
}

impl Cluster {
    /// A controller and this many brokers with these properties, all just started.
    pub fn start(brokers: i32, properties: &[(&str, RawValue<'_>)]) -> Cluster {
        let mut set = Properties::new(Scope::Broker);
        for (name, value) in properties {
            set.set(name, *value).unwrap();
        }
        let mut cluster = Cluster {
            now: Timestamp::ZERO,
            ahead: BTreeMap::new(),
            storages: BTreeMap::new(),
            events: Vec::new(),
            halted: BTreeMap::new(),
            closed: BTreeSet::new(),
            answers: BTreeMap::new(),
            inputs: 0,
            flushed: Vec::new(),
            isolated: BTreeSet::new(),
            tamper: None,
            failing: BTreeMap::new(),
            config: BrokerConfig::new(&set, TimeScale::Compressed),
            processes: BTreeMap::new(),
            incarnations: 0,
            queue: BTreeMap::new(),
            deliveries: 0,
            askers: BTreeMap::new(),
            connections: 0,
        };
        for id in CONTROLLER..=brokers {
            cluster.boot(id);
        }
        cluster
    }

    /// Starts a process on what its disk has.
    pub fn boot(&mut self, id: i32) {
        self.try_boot(id).unwrap();
    }

    /// The same on a disk that may fail.
    pub fn try_boot(&mut self, id: i32) -> Result<(), LogError> {
        let storage = Box::new(self.storages.entry(id).or_default().clone());
        self.incarnations += 1;
        let process = if id == CONTROLLER {
            let config = ControllerConfig { broker: self.config.clone() };
            Process::Controller(Box::new(Controller::open(self.clock(id), storage, config)?))
        } else {
            let settings = BrokerSettings {
                id: BrokerId(id),
                endpoint: endpoint(id),
                controller: endpoint(CONTROLLER),
                incarnation: self.incarnations,
                config: self.config.clone(),
            };
            Process::Broker(Box::new(Broker::start(self.clock(id), storage, settings)?))
        };
        self.halted.remove(&id);
        self.processes.insert(id, (self.incarnations, process));
        self.collect(id);
        Ok(())
    }

    /// Ends a process; its files stay. Whoever waits for it is disconnected.
    pub fn kill(&mut self, id: i32) {
        self.processes.remove(&id);
        let (lost, kept) = std::mem::take(&mut self.askers).into_iter().partition(|(_, (to, _))| *to == id);
        self.askers = kept;
        let lost: BTreeMap<ConnectionId, (i32, Asker)> = lost;
        for (connection, (_, asker)) in lost {
            self.respond(connection, &asker, Err(RequestError::Disconnected));
        }
    }

    pub fn broker(&self, id: i32) -> &Broker {
        match &self.processes[&id].1 {
            Process::Broker(broker) => broker,
            Process::Controller(_) => panic!("{id} is the controller"),
        }
    }

    pub fn controller(&self) -> &Controller {
        match &self.processes[&CONTROLLER].1 {
            Process::Controller(controller) => controller,
            Process::Broker(_) => panic!("{CONTROLLER} is a broker"),
        }
    }

    pub fn broker_config(&self) -> &BrokerConfig {
        &self.config
    }

    pub fn fail_next_flush(&mut self, id: i32, error: StorageError) {
        self.failing.insert(id, error);
    }

    fn clock(&self, id: i32) -> Timestamp {
        self.now + self.ahead.get(&id).copied().unwrap_or_default()
    }

    /// Sets the clock of a host, and tells its process, if one runs.
    pub fn set_clock(&mut self, id: i32, ahead: Duration) {
        self.ahead.insert(id, ahead);
        if self.processes.contains_key(&id) {
            self.handle(id, Input::Tick);
        }
        if let Some((_, process)) = self.processes.get(&id) {
            let ahead = process.next_deadline().map(|at| at.since(self.clock(id)));
            assert!(ahead.is_none_or(|ahead| ahead < Duration::from_secs(2)), "{id} sleeps for {ahead:?}");
        }
    }

    /// Lets time go by.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
        self.now = end;
    }

    /// Runs until `done`, for ten seconds at most.
    pub fn run_until(&mut self, what: &str, mut done: impl FnMut(&Cluster) -> bool) {
        let end = self.now + Duration::from_secs(10);
        while !done(self) {
            assert!(self.step(end), "in vain: {what}");
        }
    }

    /// The next thing that happens before `end`, if anything does.
    fn step(&mut self, end: Timestamp) -> bool {
        let delivery = self.queue.keys().next().map(|(at, _)| *at);
        let wakeup = self
            .processes
            .iter()
            .filter_map(|(id, (_, process))| {
                Some((self.now + process.next_deadline()?.since(self.clock(*id)), *id))
            })
            .min();
        match (delivery, wakeup) {
            (Some(at), wake) if at < end && wake.is_none_or(|(deadline, _)| at <= deadline) => {
                self.now = at;
                let (_, delivery) = self.queue.pop_first().expect("there is one");
                self.deliver(delivery);
            }
            (_, Some((at, id))) if at < end => {
                self.now = at;
                self.handle(id, Input::Tick);
                let next = self.processes.get(&id).and_then(|(_, process)| process.next_deadline());
                assert!(
                    next.is_none_or(|next| self.clock(id) < next),
                    "{id} is woken at {at} only to be woken at {next:?}"
                );
            }
            _ => return false,
        }
        true
    }

    fn deliver(&mut self, delivery: Delivery) {
        let Delivery { to, incarnation, input, steps } = delivery;
        if self.processes.get(&to).is_some_and(|(current, _)| *current == incarnation) {
            self.storages[&to].borrow_mut().apply(&steps);
            self.flushed.extend(steps.into_iter().map(|step| (to, step)));
            self.handle(to, input);
        }
    }

    /// Gives a node an input now.
    pub fn handle(&mut self, id: i32, input: Input) {
        self.inputs += 1;
        let now = self.clock(id);
        let (_, process) = self.processes.get_mut(&id).expect("it runs");
        process.node().handle(now, input);
        self.collect(id);
    }

    fn collect(&mut self, id: i32) {
        let incarnation = self.processes[&id].0;
        while let Some(effect) =
            self.processes.get_mut(&id).and_then(|(_, process)| process.node().poll_effect())
        {
            match effect {
                Effect::Respond { connection, frame } => self.answer(connection, frame),
                Effect::Close { connection } => {
                    self.closed.insert(connection);
                    if let Some((_, asker)) = self.askers.remove(&connection) {
                        self.respond(connection, &asker, Err(RequestError::Disconnected));
                    }
                }
                Effect::Request { to, request, frame, .. } => {
                    let asker = Asker::Node { id, incarnation, request };
                    self.request(id, number(&to), frame, asker);
                }
                Effect::Flush { flush, steps } => {
                    let failed = self.failing.remove(&id);
                    let steps = if failed.is_some() { Vec::new() } else { steps };
                    let input = Input::Flushed { flush, result: failed.map_or(Ok(()), Err) };
                    self.enqueue(Delivery { to: id, incarnation, input, steps });
                }
                Effect::Observe(event) => self.events.push((id, event)),
                Effect::Halt { reason } => {
                    self.halted.insert(id, reason);
                    self.kill(id);
                    return;
                }
                other => panic!("no business of a server: {other:?}"),
            }
        }
    }

    fn answer(&mut self, connection: ConnectionId, frame: Option<Bytes>) {
        let Some((to, asker)) = self.askers.remove(&connection) else { return };
        let cut = self.isolated.contains(&to);
        match frame {
            Some(_) if cut => self.respond(connection, &asker, Err(RequestError::Disconnected)),
            Some(frame) => self.respond(connection, &asker, Ok(frame)),
            None => {
                self.answers.insert(connection, None);
            }
        }
    }

    fn respond(&mut self, connection: ConnectionId, asker: &Asker, result: Result<Bytes, RequestError>) {
        match *asker {
            Asker::Client => {
                if let Ok(frame) = result {
                    self.answers.insert(connection, Some(frame));
                }
            }
            Asker::Node { id, incarnation, request } => {
                let result =
                    if self.isolated.contains(&id) { Err(RequestError::Disconnected) } else { result };
                let result = result.map(|frame| match &mut self.tamper {
                    Some(tamper) => tamper(frame),
                    None => frame,
                });
                let input = Input::Response { request, result };
                self.enqueue(Delivery { to: id, incarnation, input, steps: Vec::new() });
            }
        }
    }

    fn request(&mut self, from: i32, to: i32, frame: Bytes, asker: Asker) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let cut = self.isolated.contains(&from) || self.isolated.contains(&to);
        match self.processes.get(&to).filter(|_| !cut).map(|(incarnation, _)| *incarnation) {
            None => self.respond(connection, &asker, Err(RequestError::Disconnected)),
            Some(incarnation) => {
                self.askers.insert(connection, (to, asker));
                let input = Input::Request { connection, frame };
                self.enqueue(Delivery { to, incarnation, input, steps: Vec::new() });
            }
        }
        connection
    }

    fn enqueue(&mut self, delivery: Delivery) {
        self.deliveries += 1;
        self.queue.insert((self.now + LATENCY, self.deliveries), delivery);
    }

    /// A client sends a frame, whatever it is.
    pub fn send_frame(&mut self, to: i32, frame: Bytes) -> ConnectionId {
        self.request(-1, to, frame, Asker::Client)
    }

    pub fn send<R: Request>(&mut self, to: i32, body: &R) -> ConnectionId {
        self.send_frame(to, wire::encode_request(RequestId(1), "test", body))
    }

    /// Asks and waits for the answer.
    pub fn ask<R: Request>(&mut self, to: i32, body: &R) -> R::Response {
        let connection = self.send(to, body);
        self.run_until("an answer", |cluster| cluster.answers.contains_key(&connection));
        self.take_answer::<R>(connection).expect("just seen")
    }

    pub fn take_answer<R: Request>(&mut self, connection: ConnectionId) -> Option<R::Response> {
        let frame = self.answers.remove(&connection)?.expect("a response that is not empty");
        Some(wire::decode_response::<R>(frame).unwrap())
    }
}

fn endpoint(id: i32) -> Endpoint {
    Endpoint { host: format!("node-{id}").into(), port: 9092 }
}

fn number(endpoint: &Endpoint) -> i32 {
    endpoint.host.trim_start_matches("node-").parse().expect("only nodes of the cluster are asked")
}
