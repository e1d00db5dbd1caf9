//! When faults begin and end, and what came of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use broker_core::time::Timestamp;
use rand_chacha::ChaCha8Rng;

use super::process::Effect;
use super::{Fault, Target, network, process, resolve};
use crate::cluster::links::Disturbance;
use crate::cluster::{Cluster, HostName};
use crate::report::FaultReport;
use crate::seed::Seed;
use crate::trace::{FaultId, TraceEvent};

/// A fault and when it fires.
#[derive(Clone, Debug)]
pub struct PlannedFault {
    /// What.
    pub fault: Fault,
    /// Since the fault phase began.
    pub at: Duration,
    /// Line of the scenario that asks for it.
    pub line: usize,
}

/// Where a fault stands.
#[derive(Clone, Debug)]
enum Stage {
    Waiting,
    /// Clean shutdowns: hosts whose processes still run, and when those that have stopped are started again.
    Restarting {
        stopping: BTreeSet<HostName>,
        stopped: BTreeMap<HostName, Timestamp>,
        down_for: Duration,
    },
    /// Hosts are down until then; `None`: until everything is healed.
    Down {
        hosts: BTreeSet<HostName>,
        until: Option<Timestamp>,
    },
    /// Links are disturbed until then; `None`: until everything is healed.
    Disturbed {
        until: Option<Timestamp>,
    },
    Over,
}

#[derive(Debug)]
struct Running {
    planned: PlannedFault,
    stage: Stage,
    report: FaultReport,
    rng: ChaCha8Rng,
}

/// Carries out planned faults.
///
/// * Each fault draws from its own stream: removing one leaves the others as they were.
/// * A fault takes down only hosts that are up, and a host comes back when the last fault that keeps it down ends.
/// * After [`Nemesis::heal`] only clean shutdowns that were under way are still brought to their end.
#[derive(Debug)]
pub struct Nemesis {
    began: Timestamp,
    faults: Vec<Running>,
}

impl Nemesis {
    /// The fault phase begins.
    pub fn begin(now: Timestamp, faults: Vec<PlannedFault>, seed: Seed) -> Nemesis {
        let running = |(planned, index): (PlannedFault, u32)| Running {
            stage: Stage::Waiting,
            report: FaultReport {
                index,
                line: Some(u32::try_from(planned.line).unwrap_or(u32::MAX)),
                kind: planned.fault.kind().to_owned(),
                target: describe_targets(&planned.fault),
                resolved: Vec::new(),
                started_us: None,
                ended_us: None,
                effect: Effect::new(),
                vacuous: true,
            },
            rng: seed.stream("nemesis", u64::from(index)),
            planned,
        };
        Nemesis { began: now, faults: faults.into_iter().zip(0..).map(running).collect() }
    }

    /// Begins and ends what is due.
    pub fn advance(&mut self, cluster: &mut Cluster) {
        let now = cluster.now();
        for index in 0..self.faults.len() {
            let due = |until: &Option<Timestamp>| until.is_some_and(|until| until <= now);
            let kept_down = self.kept_down_by_others(index);
            let fault = &mut self.faults[index];
            match &fault.stage {
                Stage::Waiting if self.began + fault.planned.at <= now => fault.start(cluster),
                Stage::Restarting { .. } => fault.restart(cluster, &kept_down),
                Stage::Down { until, .. } | Stage::Disturbed { until } if due(until) => {
                    fault.end(cluster, &kept_down);
                }
                _ => {}
            }
        }
    }

    /// Ends what is under way; what has not begun never will.
    pub fn heal(&mut self, cluster: &mut Cluster) {
        for fault in &mut self.faults {
            match fault.stage {
                Stage::Waiting => fault.stage = Stage::Over,
                Stage::Down { .. } | Stage::Disturbed { .. } => fault.end(cluster, &BTreeSet::new()),
                Stage::Restarting { .. } | Stage::Over => {}
            }
        }
    }

    /// The first fault that is still under way, in words.
    pub fn under_way(&self) -> Option<String> {
        let fault = self.faults.iter().find(|fault| !matches!(fault.stage, Stage::Over | Stage::Waiting))?;
        Some(format!(
            "fault {} ({} {}) is still under way",
            fault.report.index, fault.report.kind, fault.report.target
        ))
    }

    /// Hosts that some other fault than this one keeps down.
    fn kept_down_by_others(&self, index: usize) -> BTreeSet<HostName> {
        let others = self.faults.iter().enumerate().filter(|(other, _)| *other != index);
        others
            .flat_map(|(_, fault)| match &fault.stage {
                Stage::Down { hosts, .. } => hosts.iter().cloned().collect(),
                Stage::Restarting { stopped, .. } => stopped.keys().cloned().collect(),
                _ => BTreeSet::new(),
            })
            .collect()
    }

    /// What came of each fault, in the order of the plan.
    pub fn into_reports(self) -> Vec<FaultReport> {
        self.faults.into_iter().map(|fault| fault.report).collect()
    }
}

impl Running {
    fn start(&mut self, cluster: &mut Cluster) {
        let now = cluster.now();
        let until = self.planned.fault.duration().map(|lasts| now + lasts);
        let index = self.report.index;
        let mut hosts_of = |targets: &[Target], cluster: &Cluster| {
            let hosts = resolve::resolve(targets, cluster, &mut self.rng);
            self.report.resolved.extend(hosts.iter().map(ToString::to_string));
            hosts
        };
        let fault = self.planned.fault.clone();
        let (stage, effect) = match &fault {
            Fault::Kill { target, .. } => {
                let hosts = hosts_of(target, cluster);
                announce(cluster, index, &fault, &hosts);
                let (hosts, effect) = process::kill(cluster, &hosts);
                (Stage::Down { hosts, until }, effect)
            }
            Fault::PowerLoss { target, .. } => {
                let hosts = hosts_of(target, cluster);
                announce(cluster, index, &fault, &hosts);
                let (hosts, effect) = process::power_loss(cluster, &hosts);
                (Stage::Down { hosts, until }, effect)
            }
            Fault::Restart { target, down_for } => {
                let hosts = hosts_of(target, cluster);
                announce(cluster, index, &fault, &hosts);
                let (hosts, effect) = process::shut_down(cluster, &hosts);
                (Stage::Restarting { stopping: hosts, stopped: BTreeMap::new(), down_for: *down_for }, effect)
            }
            Fault::Partition { cut, .. } => {
                let (from, to) = (hosts_of(&cut.from, cluster), hosts_of(&cut.to, cluster));
                announce(cluster, index, &fault, &(&from | &to));
                let directions = network::between(&from, &to, cut.direction);
                let hit = network::disturb(cluster, index, Disturbance::Cut, &directions);
                (Stage::Disturbed { until }, Effect::from([("messages_dropped".to_owned(), hit)]))
            }
            Fault::Isolate { target, .. } => {
                let hosts = hosts_of(target, cluster);
                announce(cluster, index, &fault, &hosts);
                let directions = network::around(cluster, &hosts);
                let hit = network::disturb(cluster, index, Disturbance::Cut, &directions);
                (Stage::Disturbed { until }, Effect::from([("messages_dropped".to_owned(), hit)]))
            }
            Fault::Hold { between, .. } => {
                let (one, other) = (hosts_of(&between.0, cluster), hosts_of(&between.1, cluster));
                announce(cluster, index, &fault, &(&one | &other));
                let directions = network::between(&one, &other, super::Direction::Both);
                let hit = network::disturb(cluster, index, Disturbance::Hold, &directions);
                (Stage::Disturbed { until }, Effect::from([("messages_held".to_owned(), hit)]))
            }
        };
        self.stage = stage;
        self.report.started_us = Some(now.0);
        self.report.effect = effect;
        self.report.vacuous = self.has_no_effect();
    }

    /// Takes each host of a restart one step further; over when all of them run again.
    fn restart(&mut self, cluster: &mut Cluster, kept_down: &BTreeSet<HostName>) {
        let now = cluster.now();
        let Stage::Restarting { stopping, stopped, down_for } = &mut self.stage else { return };
        for host in process::take_stopped(cluster, stopping) {
            stopped.insert(host, now + *down_for);
        }
        let due: BTreeSet<HostName> =
            stopped.iter().filter(|(_, until)| **until <= now).map(|(host, _)| host.clone()).collect();
        stopped.retain(|host, _| !due.contains(host));
        process::start(cluster, &due, kept_down);
        if stopping.is_empty() && stopped.is_empty() {
            self.stage = Stage::Over;
            self.ended(cluster);
        }
    }

    fn ended(&mut self, cluster: &Cluster) {
        cluster.record(TraceEvent::FaultEnded { fault: FaultId(self.report.index) });
        self.report.ended_us = Some(cluster.now().0);
        self.report.vacuous = self.has_no_effect();
    }

    fn end(&mut self, cluster: &mut Cluster, kept_down: &BTreeSet<HostName>) {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Down { hosts, .. } => process::start(cluster, &hosts, kept_down),
            Stage::Disturbed { .. } => {
                let met = network::restore(cluster, self.report.index);
                self.report.effect.values_mut().for_each(|hit| *hit = met);
            }
            stage => unreachable!("{stage:?} does not end like this"),
        }
        self.ended(cluster);
    }

    fn has_no_effect(&self) -> bool {
        self.report.effect.values().all(|changed| *changed == 0)
    }
}

fn announce(cluster: &Cluster, index: u32, fault: &Fault, hosts: &BTreeSet<HostName>) {
    let names: Vec<&str> = hosts.iter().map(|host| &**host).collect();
    let description = format!("{} {} = {}", fault.kind(), describe_targets(fault), names.join(", "));
    cluster.record(TraceEvent::FaultStarted { fault: FaultId(index), description });
}

fn describe_targets(fault: &Fault) -> String {
    let list = |targets: &[Target]| targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match fault {
        Fault::Kill { target, .. }
        | Fault::PowerLoss { target, .. }
        | Fault::Restart { target, .. }
        | Fault::Isolate { target, .. } => list(target),
        Fault::Partition { cut, .. } => {
            let arrow = if cut.direction == super::Direction::Both { "<->" } else { "->" };
            format!("{} {arrow} {}", list(&cut.from), list(&cut.to))
        }
        Fault::Hold { between, .. } => format!("{} <-> {}", list(&between.0), list(&between.1)),
    }
}
