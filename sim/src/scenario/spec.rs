//! What a scenario says, checked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use broker_core::config::{ProducerConfig, Properties, TimeScale};

use super::swarm::SwarmSpec;
use crate::checker::{Anomaly, Contract, Violation};
use crate::nemesis::Plan;
use crate::seed::Seed;

/// One story to run. Invariants, kept by [`parse`](super::parse):
///
/// * there is at least one topic and one producer; topic names are unique;
/// * every topic that a client or a target names exists, with that partition;
/// * no replication factor exceeds the number of brokers, and no `min.insync.replicas` the replication factor;
/// * every fault that begins at a time begins within the fault phase, and ends after it begins;
/// * names of faults are unique, and faults that wait for each other do not wait in a circle.
///
/// With a `swarm` this holds for what [`draw`](Scenario::draw) makes of it: what the file leaves out is missing here.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Short name; also a directory name of reports.
    pub name: String,
    /// What happens and what is to be learnt from it.
    pub story: String,
    /// `seed`: the seed to run with if nobody names another. A scenario with a seed is the record of a run, and faults that
    /// overlap are what happened then.
    pub seed: Option<Seed>,
    /// The machines.
    pub cluster: ClusterSpec,
    /// Broker properties, the same for all.
    pub broker: Properties,
    /// Topics, in the order of the file.
    pub topics: Vec<TopicSpec>,
    /// Producers, in the order of the file.
    pub producers: Vec<ProducerSpec>,
    /// Consumers, in the order of the file.
    pub consumers: Vec<ConsumerSpec>,
    /// Scripted faults, random ones, and the limits of the latter.
    pub plan: Plan,
    /// How long each part of the run takes.
    pub phases: Phases,
    /// What must come out.
    pub expect: Expectation,
    /// `[swarm]`: what is left out is drawn.
    pub swarm: Option<SwarmSpec>,
    /// The file as it was named, for messages.
    pub path: String,
    /// The TOML text.
    pub source: Arc<str>,
}

/// `[cluster]`
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSpec {
    /// `brokers`: how many, 1 to 9. Their ids are 1 to this number.
    pub brokers: u32,
    /// `time_scale`: whether Kafka's default times are shortened.
    pub time_scale: TimeScale,
    /// `network.latency`: shortest and longest way of a message. Whole milliseconds, at least one, because the
    /// simulated network resolves no less.
    pub network_latency: (Duration, Duration),
    /// `disk.fsync.latency`: shortest and longest time of an fsync.
    pub fsync_latency: (Duration, Duration),
    /// `disk.read.latency`: shortest and longest time of a read of what is not in the page cache.
    pub read_latency: (Duration, Duration),
    /// `disk.append.latency`: shortest and longest time of an append.
    pub append_latency: (Duration, Duration),
    /// `disk.write.back.after`: when what was appended reaches the platter although nobody flushed it; `None`: never.
    pub write_back_after: Option<Duration>,
}

/// `[[topic]]`
#[derive(Clone, Debug, PartialEq)]
pub struct TopicSpec {
    /// `name`
    pub name: Arc<str>,
    /// `partitions`
    pub partitions: i32,
    /// `replication.factor`
    pub replication_factor: i16,
    /// Topic properties.
    pub properties: Properties,
}

/// `[[producer]]`
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerSpec {
    /// Producer properties as written.
    pub properties: Properties,
    /// The settings in force.
    pub config: ProducerConfig,
    /// `topics`: where its records go.
    pub topics: Vec<Arc<str>>,
    /// `records`: how many it sends.
    pub records: u64,
    /// `rate`: how many per second.
    pub rate: f64,
    /// `record.bytes`: size of a record's value.
    pub value_bytes: usize,
}

/// `[[consumer]]`
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerSpec {
    /// Consumer properties as written.
    pub properties: Properties,
    /// `topics`: what it reads.
    pub topics: Vec<Arc<str>>,
}

/// `[phases]`
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// `warmup`: how long the cluster may take at most until it serves.
    pub warmup: Duration,
    /// `faults`: how long faults may happen.
    pub faults: Duration,
    /// `liveness`: how long the healed cluster may take at most to serve and agree again.
    pub liveness: Duration,
}

/// `[expect]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What the run must come to.
    pub verdict: ExpectedVerdict,
    /// `contract`: whether an expected violation is one that the settings do not promise to prevent, or a bug.
    pub contract: Contract,
    /// `unavailable_at_least`: some topic partition must have refused writes for this long.
    pub unavailable_at_least: Option<Duration>,
    /// `indeterminate_at_most`: so many sends may end without anybody knowing what became of them.
    pub indeterminate_at_most: Option<u64>,
    /// `deleted_at_least`: retention must have deleted so many acknowledged records.
    pub deleted_at_least: Option<u64>,
}

impl Expectation {
    /// Whether a run may show this violation: one of the expected anomalies, and no bug unless one is expected.
    pub fn allows(&self, violation: &Violation) -> bool {
        self.verdict.allows(violation.anomaly)
            && (self.contract == Contract::Within || !violation.is_within_contract())
    }

    /// Whether these violations are on the expected side of the contract: none of them a bug, or else one at least.
    pub fn contract_holds(&self, violations: &[Violation]) -> bool {
        let bug = violations.iter().any(Violation::is_within_contract);
        bug == (self.contract == Contract::Within)
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bug = if self.contract == Contract::Within { " within contract" } else { "" };
        write!(f, "{}{bug}", self.verdict)
    }
}

/// What a run must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedVerdict {
    /// `verdict = "pass"`: nothing is wrong.
    Pass,
    /// `verdict = "vacuous"`: nothing was tested.
    Vacuous,
    /// `verdict = "liveness"`: the cluster does not recover.
    Liveness,
    /// `violation = …`: these anomalies, and no others, and at least one of them.
    Violation(Vec<Anomaly>),
    /// `may_violate = …`: nothing is wrong, or nothing but these anomalies.
    PassOr(Vec<Anomaly>),
}

impl ExpectedVerdict {
    /// Whether a run may show this anomaly.
    pub fn allows(&self, anomaly: Anomaly) -> bool {
        match self {
            ExpectedVerdict::Violation(anomalies) | ExpectedVerdict::PassOr(anomalies) => {
                anomalies.contains(&anomaly)
            }
            ExpectedVerdict::Pass | ExpectedVerdict::Vacuous | ExpectedVerdict::Liveness => false,
        }
    }
}

impl fmt::Display for ExpectedVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pass, anomalies): (_, &[Anomaly]) = match self {
            ExpectedVerdict::Pass => (Some("pass"), &[]),
            ExpectedVerdict::Vacuous => (Some("vacuous"), &[]),
            ExpectedVerdict::Liveness => (Some("liveness"), &[]),
            ExpectedVerdict::Violation(anomalies) => (None, anomalies),
            ExpectedVerdict::PassOr(anomalies) => (Some("pass"), anomalies),
        };
        let words: Vec<&str> =
            pass.into_iter().chain(anomalies.iter().map(|anomaly| anomaly.name())).collect();
        f.write_str(&words.join(" or "))
    }
}
