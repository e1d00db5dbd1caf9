//! Hosts, the clock, and the loop that carries out effects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::{Broker, BrokerSettings};
use broker_core::client::consumer::Consumer;
use broker_core::client::producer::Producer;
use broker_core::config::{BrokerConfig, Properties, RawValue, Scope, TimeScale};
use broker_core::controller::{Controller, ControllerConfig};
use broker_core::error::RequestError;
use broker_core::io::{ConnectionId, Effect, FlushId, FlushStep, Input, Node, ResponseExpected};
use broker_core::testing::SharedStorage;
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, Endpoint};
use broker_core::wire;
use bytes::Bytes;

use crate::args::Result;
use crate::network::{Asker, Call, Content, Message, Network};
use crate::{by_hand, disk, show};

/// The controller's name.
pub const CONTROLLER: &str = "controller";

/// Inputs without any time passing; more are a node that keeps itself busy for nothing.
const INPUTS_AT_ONCE_MAX: usize = 20_000;
/// The same for wakeups.
const WAKEUPS_AT_ONCE_MAX: usize = 1_000;

pub enum Process {
    Controller(Box<Controller>),
    Broker(Box<Broker>),
    Producer(Box<Producer>),
    Consumer(Box<Consumer>),
}

impl Process {
    fn node(&mut self) -> &mut dyn Node {
        match self {
            Process::Controller(node) => node.as_mut(),
            Process::Broker(node) => node.as_mut(),
            Process::Producer(node) => node.as_mut(),
            Process::Consumer(node) => node.as_mut(),
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        match self {
            Process::Controller(node) => node.next_deadline(),
            Process::Broker(node) => node.next_deadline(),
            Process::Producer(node) => node.next_deadline(),
            Process::Consumer(node) => node.next_deadline(),
        }
    }
}

/// How the disk of a host treats flushes.
#[derive(Default)]
pub struct Disk {
    pub held: bool,
    pub flushes: VecDeque<(FlushId, Vec<FlushStep>)>,
    /// Whether the next flush fails.
    pub failing: bool,
}

#[derive(Default)]
pub struct Host {
    pub storage: SharedStorage,
    pub disk: Disk,
    pub process: Option<(u128, Process)>,
}

pub struct World {
    pub now: Timestamp,
    pub hosts: BTreeMap<String, Host>,
    pub network: Network,
    /// What the current command prints.
    pub journal: Vec<String>,
    /// Events that are printed.
    pub watched: BTreeSet<String>,
    pub config: BrokerConfig,
    /// What was sent, by token.
    pub sent: Vec<String>,
    pub hands: u64,
    inputs: VecDeque<(String, u128, Input)>,
    incarnations: u128,
}

impl World {
    pub fn new() -> World {
        World {
            now: Timestamp::ZERO,
            hosts: BTreeMap::new(),
            network: Network::default(),
            journal: Vec::new(),
            watched: BTreeSet::new(),
            config: BrokerConfig::new(&Properties::new(Scope::Broker), TimeScale::Kafka),
            sent: Vec::new(),
            hands: 0,
            inputs: VecDeque::new(),
            incarnations: 0,
        }
    }

    /// The broker properties that every process started from now on reads.
    pub fn configure(&mut self, pairs: &[(&str, &str)]) -> Result<()> {
        let mut properties = Properties::new(Scope::Broker);
        for (name, value) in pairs {
            properties.set(name, RawValue::Text(value)).map_err(|error| error.to_string())?;
        }
        self.config = BrokerConfig::new(&properties, TimeScale::Kafka);
        Ok(())
    }

    /// Starts the controller or a broker on what its disk has.
    pub fn boot(&mut self, name: &str) -> Result<()> {
        let host = self.hosts.entry(name.to_owned()).or_default();
        if host.process.is_some() {
            return Err(format!("{name} is running").into());
        }
        host.disk.flushes.clear();
        let storage = Box::new(host.storage.clone());
        self.incarnations += 1;
        let (now, config, incarnation) = (self.now, self.config.clone(), self.incarnations);
        let started = if name == CONTROLLER {
            Controller::open(now, storage, ControllerConfig { broker: config })
                .map(|node| Process::Controller(Box::new(node)))
        } else {
            let settings = BrokerSettings {
                id: BrokerId(name.parse()?),
                endpoint: endpoint(name),
                controller: endpoint(CONTROLLER),
                incarnation,
                config,
            };
            Broker::start(now, storage, settings).map(|node| Process::Broker(Box::new(node)))
        };
        match started {
            Ok(process) => self.install(name, process),
            Err(error) => self.journal.push(format!("{name}: failed to start: {error}")),
        }
        Ok(())
    }

    /// Puts a node to work.
    pub fn install(&mut self, name: &str, process: Process) {
        self.incarnations += 1;
        let incarnation = self.incarnations;
        self.hosts.entry(name.to_owned()).or_default().process = Some((incarnation, process));
        self.input(name, incarnation, Input::Tick);
    }

    /// Ends a process; its files stay. Its connections break.
    pub fn kill(&mut self, name: &str) -> Result<()> {
        let host = self.hosts.get_mut(name).ok_or_else(|| format!("there is no {name}"))?;
        host.process.take().ok_or_else(|| format!("{name} is not running"))?;
        host.disk.flushes.clear();
        let of_it: Vec<ConnectionId> =
            self.network.calls.iter().filter(|(_, call)| call.to == name).map(|(id, _)| *id).collect();
        for connection in of_it {
            self.fail(connection, RequestError::Disconnected);
        }
        let by_it = self.network.calls.iter().filter(|(_, call)| call.asker.host() == name);
        let by_it: Vec<(ConnectionId, String, u128)> =
            by_it.map(|(id, call)| (*id, call.to.clone(), call.incarnation)).collect();
        for (connection, to, incarnation) in by_it {
            if !self.network.is_cut(name, &to) {
                self.inputs.push_back((to, incarnation, Input::ConnectionClosed { connection }));
            }
        }
        Ok(())
    }

    pub fn incarnation(&self, name: &str) -> Option<u128> {
        Some(self.hosts.get(name)?.process.as_ref()?.0)
    }

    /// Gives the process that runs there now an input.
    pub fn tell(&mut self, name: &str, input: Input) -> Result<()> {
        let incarnation = self.incarnation(name).ok_or_else(|| format!("{name} is not running"))?;
        self.input(name, incarnation, input);
        Ok(())
    }

    fn input(&mut self, name: &str, incarnation: u128, input: Input) {
        self.inputs.push_back((name.to_owned(), incarnation, input));
    }

    /// Lets everything happen that needs no time.
    pub fn settle(&mut self) {
        let mut inputs = 0;
        while let Some((name, incarnation, input)) = self.inputs.pop_front() {
            inputs += 1;
            assert!(inputs < INPUTS_AT_ONCE_MAX, "{name} keeps itself busy at {}", self.now);
            let now = self.now;
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            let Some((current, process)) = &mut host.process else { continue };
            if *current == incarnation {
                process.node().handle(now, input);
                self.carry_out(&name, incarnation);
            }
        }
    }

    /// Lets time go by.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        let mut wakeups = 0;
        loop {
            let deadlines = self.hosts.iter().filter_map(|(name, host)| {
                let (incarnation, process) = host.process.as_ref()?;
                Some((process.next_deadline()?.max(self.now), Some((name.clone(), *incarnation))))
            });
            let timeouts = self.network.calls.values().filter_map(|call| Some((call.deadline?, None)));
            let Some((at, whose)) = deadlines.chain(timeouts).min().filter(|(at, _)| *at <= end) else {
                break;
            };
            wakeups = if self.now < at { 0 } else { wakeups + 1 };
            assert!(wakeups < WAKEUPS_AT_ONCE_MAX, "{whose:?} wakes itself at {at} again and again");
            self.now = at;
            match whose {
                Some((name, incarnation)) => self.input(&name, incarnation, Input::Tick),
                None => self.time_out_calls(),
            }
            self.settle();
        }
        self.now = end;
    }

    fn time_out_calls(&mut self) {
        let late = |call: &Call| call.deadline.is_some_and(|deadline| deadline <= self.now);
        let late: Vec<ConnectionId> =
            self.network.calls.iter().filter(|(_, call)| late(call)).map(|(id, _)| *id).collect();
        for connection in late {
            let call = self.network.calls[&connection].clone();
            self.fail(connection, RequestError::TimedOut);
            if !self.network.is_cut(call.asker.host(), &call.to) {
                self.input(&call.to, call.incarnation, Input::ConnectionClosed { connection });
            }
        }
    }

    fn carry_out(&mut self, name: &str, incarnation: u128) {
        loop {
            let Some(host) = self.hosts.get_mut(name) else { return };
            let Some((_, process)) = &mut host.process else { return };
            let Some(effect) = process.node().poll_effect() else { return };
            match effect {
                Effect::Respond { connection, frame } => self.respond(connection, frame),
                Effect::Close { connection } => self.fail(connection, RequestError::Disconnected),
                Effect::Request { to, request, frame, timeout, response } => {
                    let host = name.to_owned();
                    let asker = match response {
                        ResponseExpected::Yes => Asker::Node { host, incarnation, request },
                        ResponseExpected::No => {
                            let result = Ok(Bytes::new());
                            self.input(name, incarnation, Input::Response { request, result });
                            Asker::Silent { host }
                        }
                    };
                    let deadline = Some(self.now + timeout);
                    self.call(asker, &to.host.clone(), frame, deadline);
                }
                Effect::Flush { flush, steps } => {
                    host.disk.flushes.push_back((flush, steps));
                    if !host.disk.held {
                        self.flush(name);
                    }
                }
                Effect::Observe(event) => {
                    if self.watched.contains(event.name()) {
                        self.journal.push(format!("{name}: {}", show::event(&event)));
                    }
                }
                Effect::Halt { reason } => {
                    self.journal.push(format!("{name}: halted: {}", show::halt(&reason)));
                    self.kill(name).expect("it runs");
                    return;
                }
                Effect::SendCompleted { token, outcome } => {
                    let value = &self.sent[usize::try_from(token).expect("tokens count up")];
                    self.journal.push(format!("{name}: {value:?} {}", show::outcome(&outcome)));
                }
                Effect::Polled { records, .. } => {
                    self.journal.push(format!("{name}: read {}", show::polled(&records)));
                }
                Effect::CaughtUp { end, .. } => self.journal.push(format!("{name}: caught up at {end}")),
                Effect::Repositioned { .. } | Effect::AdminDone => {}
            }
        }
    }

    /// Carries out the oldest flush of a host, if it has one.
    pub fn flush(&mut self, name: &str) -> bool {
        let Some(host) = self.hosts.get_mut(name) else { return false };
        let (Some((flush, steps)), Some((incarnation, _))) = (host.disk.flushes.pop_front(), &host.process)
        else {
            return false;
        };
        let mut storage = host.storage.borrow_mut();
        let result = if std::mem::take(&mut host.disk.failing) {
            Err(disk::failed(&storage, &steps))
        } else {
            storage.apply(&steps);
            Ok(())
        };
        drop(storage);
        let incarnation = *incarnation;
        self.input(name, incarnation, Input::Flushed { flush, result });
        true
    }

    /// Sends a request.
    pub fn call(
        &mut self,
        asker: Asker,
        to: &str,
        frame: Bytes,
        deadline: Option<Timestamp>,
    ) -> ConnectionId {
        let from = asker.host().to_owned();
        let api = wire::peek_context(&frame)
            .map_or(kafka_protocol::messages::ApiKey::ApiVersions, |known| known.api);
        let incarnation = self.incarnation(to).unwrap_or(0);
        let call = Call { asker, to: to.to_owned(), incarnation, api, deadline };
        let connection = self.network.connect(call);
        let content = Content::Request(frame);
        self.send(Message { connection, from, to: to.to_owned(), api, content });
        connection
    }

    pub fn send(&mut self, message: Message) {
        if let Some(message) = self.network.admit(message) {
            self.deliver(message);
        }
    }

    /// A message arrives.
    pub fn deliver(&mut self, message: Message) {
        let connection = message.connection;
        match message.content {
            Content::Request(frame) => {
                // The asker may have given up; the bytes are under way all the same.
                let sent_to = self.network.calls.get(&connection).map(|call| call.incarnation);
                match self.incarnation(&message.to) {
                    Some(now) if sent_to.is_none_or(|sent_to| sent_to == now) => {
                        self.input(&message.to, now, Input::Request { connection, frame });
                    }
                    _ => self.fail(connection, RequestError::Disconnected),
                }
            }
            Content::Response(frame) => self.finish(connection, Ok(frame)),
        }
    }

    fn respond(&mut self, connection: ConnectionId, frame: Option<Bytes>) {
        let Some(call) = self.network.calls.get(&connection) else { return };
        match frame {
            None => {
                if let Asker::Hand(number) = call.asker {
                    self.journal.push(format!("#{number} gets no answer"));
                }
                self.network.calls.remove(&connection);
            }
            Some(frame) => {
                let (from, to) = (call.to.clone(), call.asker.host().to_owned());
                let (api, content) = (call.api, Content::Response(frame));
                self.send(Message { connection, from, to, api, content });
            }
        }
    }

    /// A connection breaks; behind a cut nobody hears of it.
    pub fn fail(&mut self, connection: ConnectionId, error: RequestError) {
        let Some(call) = self.network.calls.get(&connection) else { return };
        if error == RequestError::TimedOut || !self.network.is_cut(call.asker.host(), &call.to) {
            self.finish(connection, Err(error));
        }
    }

    fn finish(&mut self, connection: ConnectionId, result: std::result::Result<Bytes, RequestError>) {
        let Some(call) = self.network.calls.remove(&connection) else { return };
        match call.asker {
            Asker::Hand(number) => {
                let answer = match result {
                    Ok(frame) => by_hand::describe(call.api, frame),
                    Err(error) => error.to_string(),
                };
                self.journal.push(format!("#{number} {answer}"));
            }
            Asker::Node { host, incarnation, request } => {
                self.input(&host, incarnation, Input::Response { request, result });
            }
            Asker::Silent { .. } => {}
        }
    }
}

/// Where a host listens: under its name.
pub fn endpoint(name: &str) -> Endpoint {
    Endpoint { host: Arc::from(name), port: 9092 }
}
