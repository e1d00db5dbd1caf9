//! Running a small cluster with faults, and reading its trace: an account of events that is independent of what counts
//! them for triggers.

use std::collections::BTreeMap;
use std::ops::Range;

use broker_core::event::Event;
use broker_core::time::Timestamp;
use sim::history::{History, OpF, OpKind};
use sim::report::FaultReport;
use sim::run::{Interrupt, RunOutput, run};
use sim::scenario::parse;
use sim::seed::Seed;
use sim::trace::{FaultId, TraceEntry, TraceEvent};

/// What differs from a cluster of three with one topic of three replicas, one producer and one consumer.
#[derive(Clone, Copy)]
pub struct Settings {
    pub broker: &'static str,
    pub topic: &'static str,
    pub producer: &'static str,
    /// More producers, with their headers.
    pub producers: &'static str,
    /// Faults that come first, each with its header.
    pub before: &'static str,
}

pub const PLAIN: Settings = Settings { broker: "", topic: "", producer: "", producers: "", before: "" };

/// The scenario in which `fault` is the last fault.
pub fn source(settings: &Settings, fault: &str) -> String {
    let Settings { broker, topic, producer, producers, before } = settings;
    format!(
        r#"name  = "triggers"
story = "Whatever the test does to it."

[broker]
log.flush.scheduler.interval.ms = 200
log.flush.interval.ms = 200
{broker}

[[topic]]
name = "orders"
replication.factor  = 3
min.insync.replicas = 2
{topic}

[[producer]]
topics  = ["orders"]
records = 200
rate    = "100/s"
{producer}

{producers}

[[consumer]]
topics = ["orders"]

{before}

[[fault]]
{fault}

[phases]
faults = "3500ms"
"#
    )
}

/// Runs it. Whatever the faults do, nothing is lost and everything recovers.
pub fn run_with(settings: &Settings, fault: &str) -> Ran {
    run_seed(settings, fault, 1)
}

pub fn run_seed(settings: &Settings, fault: &str, seed: u64) -> Ran {
    let source = source(settings, fault);
    let scenario = parse("triggers.toml", &source).unwrap_or_else(|problems| panic!("{problems}"));
    let output = run(&scenario, Seed(seed), &Interrupt::new(false));
    let report = &output.report;
    assert_eq!(report.panic, None, "{source}");
    assert!(report.violations.is_empty(), "{:?}\n{source}", report.violations);
    assert_eq!((&report.liveness, &report.unknown), (&None, &vec![]), "{source}");
    Ran { output, source }
}

/// A run and how to look things up in it.
pub struct Ran {
    pub output: RunOutput,
    pub source: String,
}

impl Ran {
    /// The fault with this number; `None`: the last one.
    pub fn fault(&self, number: impl Into<Option<usize>>) -> &FaultReport {
        let faults = &self.output.report.faults;
        &faults[number.into().unwrap_or(faults.len() - 1)]
    }

    /// When a fault began; it did.
    pub fn started(&self, number: impl Into<Option<usize>>) -> Timestamp {
        let fault = self.fault(number);
        Timestamp(fault.started_us.unwrap_or_else(|| panic!("it never began: {fault:?}\n{}", self.source)))
    }

    pub fn ended(&self, number: impl Into<Option<usize>>) -> Timestamp {
        Timestamp(self.fault(number).ended_us.expect("it ended"))
    }

    /// From the beginning of the fault phase to that of a fault, or to its heal.
    pub fn until_fault(&self, number: Option<usize>) -> Range<usize> {
        let position = |is: &dyn Fn(&TraceEvent) -> bool| {
            self.output.trace.entries().iter().position(|entry| is(&entry.event)).expect("it is in the trace")
        };
        let began = position(&|event| *event == TraceEvent::PhaseStarted { phase: "faults".into() });
        let end = position(&|event| match (event, number) {
            (TraceEvent::FaultStarted { fault: FaultId(fault), .. }, Some(number)) => {
                *fault as usize == number
            }
            (TraceEvent::PhaseStarted { phase }, None) => *phase == "heal",
            _ => false,
        });
        began..end
    }

    /// What was traced on a host in this part of the trace.
    pub fn on(&self, host: &str, part: Range<usize>) -> Vec<&TraceEntry> {
        let trace = &self.output.trace;
        trace.entries()[part].iter().filter(|entry| trace.host_name(entry.host) == host).collect()
    }

    /// What nodes said on a host from some time on.
    pub fn events_since(&self, host: &str, from: Timestamp) -> Vec<(Timestamp, &Event)> {
        let entries = self.on(host, 0..self.output.trace.len()).into_iter();
        entries
            .filter(|entry| from <= entry.time)
            .filter_map(|entry| match &entry.event {
                TraceEvent::Node(event) => Some((entry.time, event)),
                _ => None,
            })
            .collect()
    }

    /// Where among these entries this event of `EVENTS` happened, and how much it counts there.
    pub fn occurrences(&self, event: &str, entries: &[&TraceEntry]) -> Vec<(usize, u64)> {
        let mut epochs = self.epochs_before_faults();
        let worth = |entry: &TraceEntry| match &entry.event {
            TraceEvent::Node(Event::PartitionChanged { topic_partition, leader, leader_epoch, .. })
                if event == "leader_elected" =>
            {
                let new = epochs.insert(topic_partition.to_string(), leader_epoch.0) != Some(leader_epoch.0);
                u64::from(new && 0 <= leader.0)
            }
            happened => worth(event, happened, &self.output.history),
        };
        let worths: Vec<u64> = entries.iter().copied().map(worth).collect();
        worths.into_iter().enumerate().filter(|(_, worth)| 0 < *worth).collect()
    }

    fn epochs_before_faults(&self) -> BTreeMap<String, i32> {
        let before = &self.output.trace.entries()[..self.until_fault(None).start];
        let epochs = before.iter().filter_map(|entry| match &entry.event {
            TraceEvent::Node(Event::PartitionChanged { topic_partition, leader_epoch, .. }) => {
                Some((topic_partition.to_string(), leader_epoch.0))
            }
            _ => None,
        });
        epochs.collect()
    }

    /// Acknowledged sends up to a time.
    pub fn acknowledged_by(&self, time: Timestamp) -> usize {
        self.output
            .history
            .operations()
            .iter()
            .filter(|operation| operation.time <= time && is_ack(operation))
            .count()
    }
}

fn is_ack(operation: &sim::history::Operation) -> bool {
    operation.kind == OpKind::Ok && matches!(operation.f, OpF::Send { .. })
}

/// The names that events have in the trace, where they are others than those of triggers.
const TRACED: &[(&str, &[&str])] = &[
    ("high_watermark_advanced", &["high_watermark_moved"]),
    ("epoch_started", &["leader_started"]),
    ("following_started", &["follower_started"]),
    ("log_truncated", &["log_truncated", "log_truncated_fully"]),
];

fn worth(wanted: &str, happened: &TraceEvent, history: &History) -> u64 {
    match (wanted, happened) {
        ("record_appended", TraceEvent::Node(Event::RecordsAppended { base_offset, end_offset, .. }))
        | ("record_replicated", TraceEvent::Node(Event::RecordsReplicated { base_offset, end_offset, .. })) => {
            u64::try_from(end_offset.0 - base_offset.0).unwrap()
        }
        ("record_acknowledged", TraceEvent::ClientOp { index }) => {
            u64::from(is_ack(&history.operations()[usize::try_from(*index).unwrap()]))
        }
        _ => {
            let names = TRACED.iter().find(|(name, _)| *name == wanted).map(|(_, traced)| *traced);
            u64::from(names.unwrap_or(&[wanted]).contains(&happened.name()))
        }
    }
}
