//! Settings at their defaults.

use std::collections::BTreeSet;

use broker_core::config::{Properties, TimeScale, Value};

use crate::scenario::{CLUSTER, PHASES, Scenario};
use crate::shrink::subject::Subject;
use crate::verdict::Verdict;

/// Properties whose defaults promise less. They stay: without them the failure would be allowed.
const PROMISES: [&str; 8] = [
    "min.insync.replicas",
    "log.flush.interval.messages",
    "log.flush.interval.ms",
    "log.flush.group.commit.enable",
    "log.flush.scheduler.interval.ms",
    "flush.messages",
    "flush.ms",
    "flush.group.commit.enable",
];

/// Whose property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Broker,
    Topic(usize),
    Producer(usize),
    Consumer(usize),
}

/// Something that is not at its default.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A property, and the value it has.
    Property(Whose, &'static str, String),
    /// `time_scale`
    TimeScale,
    /// `network.latency`
    NetworkLatency,
    /// `disk.fsync.latency`
    FsyncLatency,
    /// `disk.read.latency`
    ReadLatency,
    /// `disk.append.latency`
    AppendLatency,
    /// `disk.write.back.after`
    WriteBack,
    /// `phases.warmup`
    Warmup,
    /// `phases.liveness`
    Liveness,
    /// A condition of `[expect]` besides the verdict, by its key.
    Condition(&'static str),
}

/// Whose property a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose(Owner);

impl Setting {
    /// Everything that is not at its default.
    pub fn all(subject: &Subject) -> Vec<Setting> {
        let scenario = &subject.scenario;
        let mut all = Vec::new();
        let mut add = |owner: Owner, properties: &Properties| {
            let property =
                |(name, value): (_, Value)| Setting::Property(Whose(owner), name, format!("{value}"));
            all.extend(properties.iter().map(property));
        };
        add(Owner::Broker, &scenario.broker);
        scenario.topics.iter().enumerate().for_each(|(at, topic)| add(Owner::Topic(at), &topic.properties));
        scenario.producers.iter().enumerate().for_each(|(at, one)| add(Owner::Producer(at), &one.properties));
        scenario.consumers.iter().enumerate().for_each(|(at, one)| add(Owner::Consumer(at), &one.properties));
        let (cluster, phases, expect) = (&scenario.cluster, &scenario.phases, &scenario.expect);
        let waits = subject.report.verdict == Verdict::Liveness;
        let others = [
            (cluster.time_scale != TimeScale::default(), Setting::TimeScale),
            (cluster.network_latency != CLUSTER.network_latency, Setting::NetworkLatency),
            (cluster.fsync_latency != CLUSTER.fsync_latency, Setting::FsyncLatency),
            (cluster.read_latency != CLUSTER.read_latency, Setting::ReadLatency),
            (cluster.append_latency != CLUSTER.append_latency, Setting::AppendLatency),
            (cluster.write_back_after != CLUSTER.write_back_after, Setting::WriteBack),
            (phases.warmup != PHASES.warmup, Setting::Warmup),
            // Where the cluster does not come back, how long it has is what the run costs.
            (phases.liveness != PHASES.liveness && !waits, Setting::Liveness),
            (expect.unavailable_at_least.is_some(), Setting::Condition("unavailable_at_least")),
            (expect.indeterminate_at_most.is_some(), Setting::Condition("indeterminate_at_most")),
            (expect.deleted_at_least.is_some(), Setting::Condition("deleted_at_least")),
        ];
        all.extend(others.into_iter().filter(|(is_set, _)| *is_set).map(|(_, setting)| setting));
        all
    }

    /// Whether it is part of what the cluster promises.
    pub fn is_promise(&self) -> bool {
        matches!(self, Setting::Property(_, name, _) if PROMISES.contains(name))
    }

    /// The scenario with this at its default.
    pub fn reset(&self, scenario: &mut Scenario) {
        match self {
            Setting::Property(Whose(owner), name, _) => {
                let properties = match owner {
                    Owner::Broker => &mut scenario.broker,
                    Owner::Topic(at) => &mut scenario.topics[*at].properties,
                    Owner::Producer(at) => &mut scenario.producers[*at].properties,
                    Owner::Consumer(at) => &mut scenario.consumers[*at].properties,
                };
                properties.reset(name);
            }
            Setting::TimeScale => scenario.cluster.time_scale = TimeScale::default(),
            Setting::NetworkLatency => scenario.cluster.network_latency = CLUSTER.network_latency,
            Setting::FsyncLatency => scenario.cluster.fsync_latency = CLUSTER.fsync_latency,
            Setting::ReadLatency => scenario.cluster.read_latency = CLUSTER.read_latency,
            Setting::AppendLatency => scenario.cluster.append_latency = CLUSTER.append_latency,
            Setting::WriteBack => scenario.cluster.write_back_after = CLUSTER.write_back_after,
            Setting::Warmup => scenario.phases.warmup = PHASES.warmup,
            Setting::Liveness => scenario.phases.liveness = PHASES.liveness,
            Setting::Condition("unavailable_at_least") => scenario.expect.unavailable_at_least = None,
            Setting::Condition("indeterminate_at_most") => scenario.expect.indeterminate_at_most = None,
            Setting::Condition(_) => scenario.expect.deleted_at_least = None,
        }
    }

    /// As people write it.
    pub fn text(&self) -> String {
        match self {
            Setting::Property(Whose(owner), name, value) => {
                let owner = match owner {
                    Owner::Broker => "broker".to_owned(),
                    Owner::Topic(at) => format!("topic {at}"),
                    Owner::Producer(at) => format!("producer {at}"),
                    Owner::Consumer(at) => format!("consumer {at}"),
                };
                format!("{owner}: {name} = {value}")
            }
            Setting::TimeScale => "time_scale".to_owned(),
            Setting::NetworkLatency => "network.latency".to_owned(),
            Setting::FsyncLatency => "disk.fsync.latency".to_owned(),
            Setting::ReadLatency => "disk.read.latency".to_owned(),
            Setting::AppendLatency => "disk.append.latency".to_owned(),
            Setting::WriteBack => "disk.write.back.after".to_owned(),
            Setting::Warmup => "phases: warmup".to_owned(),
            Setting::Liveness => "phases: liveness".to_owned(),
            Setting::Condition(key) => format!("expect: {key}"),
        }
    }
}

/// Those that may be set back.
fn resettable(subject: &Subject) -> Vec<Setting> {
    Setting::all(subject).into_iter().filter(|setting| !setting.is_promise()).collect()
}

/// How many may be set back.
pub(super) fn count(subject: &Subject) -> usize {
    resettable(subject).len()
}

/// The scenario with those at these positions at their defaults.
pub(super) fn without(subject: &Subject, gone: &BTreeSet<usize>) -> Scenario {
    let mut scenario = subject.scenario.clone();
    let settings = resettable(subject);
    gone.iter().for_each(|index| settings[*index].reset(&mut scenario));
    scenario
}
