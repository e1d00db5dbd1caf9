//! From a scenario and a seed to a cluster.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use broker_core::client::NewTopic;
use broker_core::config::{BrokerConfig, ConsumerConfig, ProducerConfig, Properties, Scope, TopicConfig};
use broker_core::io::Node;
use broker_core::types::{BrokerId, Endpoint, TopicPartition};

use super::control::{Cluster, Host, HostName, HostState};
use super::disk::{DiskConfig, DiskHandle};
use super::host::{
    AttendantHost, BrokerHost, ConsumerHost, ControllerHost, Errand, Guarded, HostContext, PORT,
    ProducerHost, Status,
};
use super::links::Links;
use super::slot::{SharedSlot, Slot};
use super::tripwire::{Tripwires, Watch};
use super::view::View;
use super::witness::{SharedWitness, Watched, Witness};
use crate::history::{History, Order, ProcessId, ProcessInfo, Promise};
use crate::scenario::{Scenario, TopicSpec};
use crate::seed::Seed;
use crate::snapshot::Observer;
use crate::trace::{Trace, Tracer};
use crate::workload::{Probes, ProduceWorkload};

/// The seed of turmoil's own draws (latencies, schedulers) is one of the named streams.
const TURMOIL_SITE: &str = "turmoil";

/// Hosts may hold a connection open to every other several times over; turmoil panics when its buffers are full.
const TCP_CAPACITY: usize = 4096;

/// Everything a cluster is made of.
pub struct Blueprint<'a> {
    /// What to build.
    pub scenario: &'a Scenario,
    /// Decides everything that is drawn.
    pub seed: Seed,
    /// Where clients write what they do.
    pub history: Rc<RefCell<History>>,
    /// Where everybody writes what happens.
    pub trace: Rc<RefCell<Trace>>,
    /// Is told of every change of the servers' state.
    pub observer: Rc<RefCell<dyn Observer>>,
}

/// Collects hosts on their way into a cluster.
struct Builder<'a> {
    blueprint: &'a Blueprint<'a>,
    sim: turmoil::Sim<'static>,
    links: Rc<Links>,
    wires: Rc<Tripwires>,
    witness: SharedWitness,
    hosts: BTreeMap<HostName, Host>,
    broker_config: BrokerConfig,
    view: View,
}

impl Blueprint<'_> {
    /// Builds the cluster; every process starts at time zero.
    pub fn build(&self) -> Cluster {
        let scenario = self.scenario;
        let mut builder = Builder {
            blueprint: self,
            sim: self.simulation(),
            links: Rc::new(Links::default()),
            wires: Rc::default(),
            witness: Witness::new(self.trace.clone(), self.observer.clone()),
            hosts: BTreeMap::new(),
            broker_config: BrokerConfig::new(&scenario.broker, scenario.cluster.time_scale),
            view: View::default(),
        };
        builder.controller();
        (1..=scenario.cluster.brokers).for_each(|id| builder.broker(BrokerId(id as i32)));
        let mut clients = Vec::new();
        let mut workloads = Vec::new();
        for index in 0..scenario.producers.len() {
            let (name, workload) = builder.producer(index);
            clients.push(name);
            workloads.push(workload);
        }
        clients.extend((0..scenario.consumers.len()).map(|index| builder.consumer(index)));
        let (attendant_name, attendant) = builder.attendant();
        let harness = Tracer::new(self.trace.clone(), "harness");
        let Builder { sim, links, wires, hosts, mut view, .. } = builder;
        view.clients = clients;
        Cluster { sim, hosts, links, wires, harness, view, attendant, attendant_name, workloads }
    }

    fn simulation(&self) -> turmoil::Sim<'static> {
        let (min, max) = self.scenario.cluster.network_latency;
        let seed = rand::Rng::random(&mut self.seed.stream(TURMOIL_SITE, 0));
        turmoil::Builder::new()
            .epoch(SystemTime::UNIX_EPOCH)
            .rng_seed(seed)
            .tick_duration(Cluster::TICK)
            .simulation_duration(Duration::MAX / 2)
            .min_message_latency(min)
            .max_message_latency(max)
            .tcp_capacity(TCP_CAPACITY)
            .build()
    }
}

fn endpoint(host: &str) -> Endpoint {
    Endpoint { host: Arc::from(host), port: PORT }
}

impl Builder<'_> {
    fn context(&self, name: &str, disk: Option<DiskHandle>, watched: Watched) -> HostContext {
        let (name, status) = (Rc::from(name), Rc::new(Status::default()));
        let watch = Watch::new(self.wires.clone(), Rc::clone(&name), Rc::clone(&status), disk);
        HostContext {
            clock: Rc::default(),
            links: self.links.clone(),
            tracer: Tracer::new(self.blueprint.trace.clone(), &name),
            status,
            watch: Rc::new(watch),
            witness: self.witness.clone(),
            watched,
            name,
        }
    }

    fn disk(&self, ordinal: u64) -> DiskHandle {
        let cluster = &self.blueprint.scenario.cluster;
        let config = DiskConfig {
            fsync_latency: cluster.fsync_latency,
            read_latency: cluster.read_latency,
            append_latency: cluster.append_latency,
            write_back_after: cluster.write_back_after,
        };
        DiskHandle::new(config, self.blueprint.seed.stream("disk", ordinal))
    }

    /// Adds a host whose process is what `process` makes.
    fn add<N, F>(
        &mut self,
        context: HostContext,
        slot: SharedSlot<N>,
        disk: Option<DiskHandle>,
        process: impl Fn(HostContext) -> F + 'static,
    ) -> HostName
    where
        N: Node + 'static,
        F: Future<Output = ()> + 'static,
    {
        let name = context.name.clone();
        let for_host = context.clone();
        self.sim.host(&*name, move || Guarded::new(for_host.clone(), process(for_host.clone())));
        let (clear, send, wake) = (slot.clone(), slot.clone(), slot);
        let host = Host {
            context,
            state: HostState::Up,
            restarts: 0,
            disk,
            clear: Box::new(move || clear.borrow_mut().clear()),
            send: Box::new(move |input| send.borrow_mut().send(input)),
            wake: Box::new(move || wake.borrow_mut().wake()),
        };
        self.hosts.insert(name.clone(), host);
        name
    }

    fn controller(&mut self) {
        let disk = self.disk(0);
        let slot = Slot::shared();
        let host = Rc::new(ControllerHost {
            config: self.broker_config.clone(),
            disk: disk.clone(),
            slot: slot.clone(),
        });
        self.view.controller = slot.clone();
        let context = self.context(&Cluster::controller_name(), Some(disk.clone()), Watched::Controller);
        self.add(context, slot, Some(disk), move |context| host.clone().run(context));
    }

    fn broker(&mut self, id: BrokerId) {
        let name = Cluster::broker_name(id);
        let disk = self.disk(id.0 as u64);
        let slot = Slot::shared();
        let host = Rc::new(BrokerHost {
            id,
            endpoint: endpoint(&name),
            controller: endpoint(&Cluster::controller_name()),
            config: self.broker_config.clone(),
            disk: disk.clone(),
            slot: slot.clone(),
            rng: RefCell::new(self.blueprint.seed.stream("incarnation", id.0 as u64)),
        });
        self.view.brokers.insert(id, slot.clone());
        let context = self.context(&name, Some(disk.clone()), Watched::Broker(id));
        self.add(context, slot, Some(disk), move |context| host.clone().run(context));
    }

    fn bootstrap(&self) -> Vec<Endpoint> {
        self.view.brokers.keys().map(|id| endpoint(&Cluster::broker_name(*id))).collect()
    }

    fn producer(&mut self, index: usize) -> (HostName, Rc<RefCell<ProduceWorkload>>) {
        let Blueprint { scenario, seed, history, .. } = self.blueprint;
        let spec = &scenario.producers[index];
        let process = ProcessId(index as u32);
        let name = format!("producer-{index}");
        let config = spec.config.clone();
        let promise = Some(promise(&config));
        history.borrow_mut().declare(ProcessInfo { process, name: name.clone(), promise });
        let workload = Rc::new(RefCell::new(ProduceWorkload::new(
            process,
            topic_partitions(scenario, &spec.topics),
            spec.records,
            spec.rate,
            spec.value_bytes,
            seed.stream("workload", index as u64),
            history.clone(),
        )));
        let slot = Slot::shared();
        let host = Rc::new(ProducerHost {
            config,
            bootstrap: self.bootstrap(),
            slot: slot.clone(),
            workload: workload.clone(),
            rng: RefCell::new(seed.stream("producer", index as u64)),
        });
        let context = self.context(&name, None, Watched::Nobody);
        let name = self.add(context, slot, None, move |context| host.clone().run(context));
        (name, workload)
    }

    fn consumer(&mut self, index: usize) -> HostName {
        let Blueprint { scenario, history, .. } = self.blueprint;
        let spec = &scenario.consumers[index];
        let process = ProcessId((scenario.producers.len() + index) as u32);
        let name = format!("consumer-{index}");
        history.borrow_mut().declare(ProcessInfo { process, name: name.clone(), promise: None });
        let slot = Slot::shared();
        let host = Rc::new(ConsumerHost {
            process,
            config: ConsumerConfig::new(&spec.properties, scenario.cluster.time_scale),
            bootstrap: self.bootstrap(),
            topics: spec.topics.clone(),
            slot: slot.clone(),
            history: history.clone(),
            begun: Cell::new(false),
        });
        self.view.consumers.push((Rc::from(name.as_str()), slot.clone()));
        let context = self.context(&name, None, Watched::Nobody);
        self.add(context, slot, None, move |context| host.clone().run(context))
    }

    /// Topics that delete old records.
    fn retained(&self) -> BTreeSet<Arc<str>> {
        let deletes = |topic: &&TopicSpec| {
            TopicConfig::new(&topic.properties, &self.broker_config).retention_bytes.is_some()
        };
        self.blueprint.scenario.topics.iter().filter(deletes).map(|topic| topic.name.clone()).collect()
    }

    /// The probing producer, a client of its own: its settings and what it has to send. It does not give up before the
    /// harness does.
    fn probes(&self, process: ProcessId) -> (ProducerConfig, Rc<RefCell<Probes>>) {
        let Blueprint { scenario, history, .. } = self.blueprint;
        let defaults = Properties::new(Scope::Producer);
        let mut config =
            ProducerConfig::new(&defaults, scenario.cluster.time_scale).expect("the defaults fit together");
        config.delivery_timeout = config.delivery_timeout.max(scenario.phases.liveness);
        let (name, promise) = (ProcessInfo::PROBE.to_owned(), Some(promise(&config)));
        history.borrow_mut().declare(ProcessInfo { process, name, promise });
        let topics: Vec<_> = scenario.topics.iter().map(|topic| topic.name.clone()).collect();
        let targets = topic_partitions(scenario, &topics);
        (config, Rc::new(RefCell::new(Probes::new(process, targets, history.clone()))))
    }

    fn attendant(&mut self) -> (HostName, Rc<AttendantHost>) {
        let Blueprint { scenario, history, .. } = self.blueprint;
        let process = ProcessId((scenario.producers.len() + scenario.consumers.len()) as u32);
        let name = "attendant".to_owned();
        history.borrow_mut().declare(ProcessInfo { process, name: name.clone(), promise: None });
        let topics = scenario.topics.iter().map(|topic| NewTopic {
            name: topic.name.to_string(),
            partitions: topic.partitions,
            replication_factor: topic.replication_factor,
            configs: topic
                .properties
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_string()))
                .collect(),
        });
        let (prober, probes) = self.probes(ProcessId(process.0 + 1));
        let reader = ConsumerConfig::new(&Properties::new(Scope::Consumer), scenario.cluster.time_scale);
        let host = Rc::new(AttendantHost {
            errand: Cell::new(Errand::Idle),
            process,
            controller: endpoint(&Cluster::controller_name()),
            topics: topics.collect(),
            retained: self.retained(),
            request_timeout: reader.request_timeout,
            retry_backoff: reader.retry_backoff,
            reader,
            bootstrap: self.bootstrap(),
            admin: Slot::shared(),
            prober,
            entropy: rand::Rng::random(&mut self.blueprint.seed.stream("probe", 0)),
            producer: Slot::shared(),
            probes,
            consumer: Slot::shared(),
            history: history.clone(),
            set_up: Rc::new(Cell::new(false)),
            caught_up: Rc::new(Cell::new(0)),
        });
        let context = self.context(&name, None, Watched::Nobody);
        let for_host = host.clone();
        let name = self.add(context, host.admin.clone(), None, move |context| for_host.clone().run(context));
        let entry = self.hosts.get_mut(&name).expect("it was just added");
        entry.shares(host.producer.clone());
        entry.shares(host.consumer.clone());
        (name, host)
    }
}

/// What these settings promise.
fn promise(config: &ProducerConfig) -> Promise {
    Promise {
        acks: config.acks,
        idempotent: config.idempotence,
        // One request in flight is not enough: an attempt that hangs at an old leader may arrive after later ones.
        order: if config.idempotence { Order::Kept } else { Order::Any },
    }
}

/// Every partition of these topics.
fn topic_partitions(scenario: &Scenario, topics: &[Arc<str>]) -> Vec<TopicPartition> {
    let named = scenario.topics.iter().filter(|topic| topics.contains(&topic.name));
    named
        .flat_map(|topic| (0..topic.partitions).map(|index| TopicPartition::new(topic.name.clone(), index)))
        .collect()
}
