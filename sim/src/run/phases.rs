//! What happens when.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use broker_core::batch::RecordBatch;
use broker_core::broker::Broker;
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, Offset, TopicPartition};
use twox_hash::XxHash64;

use super::interrupt::Interrupt;
use super::judge::{self, Evidence};
use crate::cluster::disk::DiskHandle;
use crate::cluster::{Blueprint, Cluster, HostPanic};
use crate::history::History;
use crate::meter::{self, Part};
use crate::nemesis::Nemesis;
use crate::oracle::{LogContent, Oracles, Standing, why_not_converged};
use crate::report::{PhaseReport, RunReport};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::trace::{Trace, TraceEvent};

/// How often to look whether a phase is over: looking costs more than a tick.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How often a supervisor looks for processes that have ended, once faults are over.
const START_EVERY: Duration = Duration::from_millis(500);

/// Everything a run leaves behind. `report.env` is empty: wall-clock facts are for whoever measures them.
pub struct RunOutput {
    /// What it came to.
    pub report: RunReport,
    /// The same run as a script: everything that was drawn from the seed is written out, and it does the same.
    pub script: Scenario,
    /// What clients did and were told.
    pub history: History,
    /// What happened.
    pub trace: Trace,
}

/// Why a run ends before its last phase.
pub(super) enum Ended {
    Panic(HostPanic),
    Interrupted,
    /// The cluster did not get there in time; who waits for what.
    Liveness(String),
}

impl From<HostPanic> for Ended {
    fn from(panic: HostPanic) -> Ended {
        Ended::Panic(panic)
    }
}

struct Run<'a> {
    scenario: &'a Scenario,
    seed: Seed,
    cluster: Cluster,
    /// From the fault phase on.
    nemesis: Option<Nemesis>,
    interrupt: &'a Interrupt,
    history: Rc<RefCell<History>>,
    topic_partitions: Vec<TopicPartition>,
    phases: Vec<PhaseReport>,
    /// Acknowledged sends when the fault phase ended.
    acknowledged_under_fault: u64,
    logs: BTreeMap<TopicPartition, Vec<LogContent>>,
    /// When processes that have ended are started again: after the heal.
    next_start: Option<Timestamp>,
    /// Replicas whose logs could not be read.
    unread_logs: Vec<(BrokerId, TopicPartition)>,
}

/// What the stack of a thread that runs one has to hold: as much as the main thread of a process has, because a run must
/// not depend on where it runs.
pub const STACK_BYTES: usize = 8 << 20;

/// Runs one scenario with one seed. Depends on nothing else but the build.
pub fn run(scenario: &Scenario, seed: Seed, interrupt: &Interrupt) -> RunOutput {
    run_with(scenario, seed, interrupt, |_| {})
}

/// Runs, and meddles with the cluster before time begins.
fn run_with(
    written: &Scenario,
    seed: Seed,
    interrupt: &Interrupt,
    meddle: impl FnOnce(&mut Cluster),
) -> RunOutput {
    let (scenario, drawn) = &written.draw(seed);
    let history = Rc::new(RefCell::new(History::new()));
    let trace = Rc::new(RefCell::new(Trace::new()));
    let oracles = Rc::new(RefCell::new(Oracles::default()));
    let (observer, recorder) = (oracles.clone(), trace.clone());
    let blueprint = Blueprint { scenario, seed, history: history.clone(), trace: recorder, observer };
    let mut run = Run::new(&blueprint, interrupt);
    meddle(&mut run.cluster);
    let ended = run.all_phases().err();
    let now = run.cluster.now();
    if let Some(last) = run.phases.last_mut() {
        last.ended_us = now.0;
    }
    let disk = |disk: &DiskHandle| (disk.stats(), disk.history(run.cluster.now()));
    let disks = run.cluster.disks().map(|(host, handle)| (host.to_string(), disk(handle))).collect();
    let Run { cluster, nemesis, phases, acknowledged_under_fault, logs, unread_logs, .. } = run;
    drop(cluster);
    let deeds = nemesis.map(Nemesis::into_deeds).unwrap_or_default();
    let script = Scenario { plan: deeds.script, seed: Some(seed), ..scenario.clone() };
    let (history, trace) = (history.take(), trace.take());
    let evidence = Evidence {
        history: &history,
        trace: &trace,
        ended,
        end: now,
        phases,
        faults: deeds.faults,
        nemeses: deeds.random,
        reached: deeds.reached,
        acknowledged_under_fault,
        logs,
        unread_logs,
        changes: oracles.borrow().observations(),
        state: oracles.borrow().findings().violations().cloned().collect(),
        disks,
    };
    let mut report = {
        let _judges = meter::enter(Part::Judges);
        judge::judge(scenario, seed, evidence)
    };
    report.drawn.clone_from(drawn);
    RunOutput { report, script, history, trace }
}

impl<'a> Run<'a> {
    /// Before time begins.
    fn new(blueprint: &Blueprint<'a>, interrupt: &'a Interrupt) -> Run<'a> {
        let topics = blueprint.scenario.topics.iter();
        Run {
            scenario: blueprint.scenario,
            seed: blueprint.seed,
            cluster: blueprint.build(),
            nemesis: None,
            interrupt,
            history: blueprint.history.clone(),
            topic_partitions: topics
                .flat_map(|topic| {
                    (0..topic.partitions).map(|index| TopicPartition::new(topic.name.clone(), index))
                })
                .collect(),
            phases: Vec::new(),
            acknowledged_under_fault: 0,
            logs: BTreeMap::new(),
            next_start: None,
            unread_logs: Vec::new(),
        }
    }

    fn all_phases(&mut self) -> Result<(), Ended> {
        self.warm_up()?;
        self.faults()?;
        self.heal();
        let liveness = self.liveness();
        if let Err(ended @ (Ended::Panic(_) | Ended::Interrupted)) = liveness {
            return Err(ended);
        }
        // Also where the cluster did not recover: what it holds can be compared all the same.
        self.read_logs()?;
        liveness?;
        self.final_reads()
    }

    fn phase(&mut self, name: &'static str) {
        let now = self.cluster.now().0;
        if let Some(last) = self.phases.last_mut() {
            last.ended_us = now;
        }
        self.phases.push(PhaseReport { name: name.to_owned(), started_us: now, ended_us: now });
        self.cluster.record(TraceEvent::PhaseStarted { phase: name.into() });
    }

    fn step(&mut self) -> Result<(), Ended> {
        self.cluster.step()?;
        let now = self.cluster.now();
        if self.interrupt.is_due(now) { Err(Ended::Interrupted) } else { Ok(()) }
    }

    /// Steps until `why_not` has nothing to say any more, at most for `limit`.
    fn wait(&mut self, limit: Duration, why_not: impl Fn(&Run<'_>) -> Option<String>) -> Result<(), Ended> {
        let deadline = self.cluster.now() + limit;
        let mut next_look = self.cluster.now();
        loop {
            if let Some(nemesis) = &mut self.nemesis {
                nemesis.advance(&mut self.cluster);
            }
            self.step()?;
            let now = self.cluster.now();
            if now < next_look {
                continue;
            }
            next_look = now + LOOK_EVERY;
            if self.next_start.is_some_and(|next| next <= now) {
                // Whoever notices only now that its disk is rotten halts, and somebody has to start it again. Clients
                // that stopped for the final reads stay down.
                self.next_start = Some(now + START_EVERY);
                self.cluster.start_servers();
            }
            let reason = {
                let _judges = meter::enter(Part::Judges);
                why_not(self)
            };
            match reason {
                None => return Ok(()),
                Some(reason) if deadline <= now => return Err(Ended::Liveness(reason)),
                Some(_) => {}
            }
        }
    }

    fn warm_up(&mut self) -> Result<(), Ended> {
        self.phase("warm-up");
        let (limit, brokers) = (self.scenario.phases.warmup, self.scenario.cluster.brokers as usize);
        self.wait(limit, |run| {
            let alive = run.cluster.view().unfenced_brokers();
            (alive < brokers)
                .then(|| format!("warm-up: {alive} of {brokers} brokers are registered and live"))
        })?;
        self.cluster.create_topics();
        self.wait(limit, |run| {
            if run.cluster.topics_created() {
                run.why_not_converged()
            } else {
                Some("warm-up: the topics are not created".to_owned())
            }
        })
    }

    fn faults(&mut self) -> Result<(), Ended> {
        self.phase("faults");
        let began = self.cluster.now();
        let plan = self.scenario.plan.clone();
        let nemesis = self.nemesis.insert(Nemesis::begin(&mut self.cluster, plan, self.seed));
        nemesis.advance(&mut self.cluster);
        self.cluster.begin_workload();
        let end = began + self.scenario.phases.faults;
        while self.cluster.now() < end {
            self.step()?;
            // What would begin as the phase ends would be healed at once.
            if self.cluster.now() < end {
                let nemesis = self.nemesis.as_mut().expect("it has begun");
                nemesis.advance(&mut self.cluster);
            }
        }
        self.acknowledged_under_fault = crate::report::Counts::of(&self.history.borrow()).acknowledged;
        Ok(())
    }

    fn heal(&mut self) {
        self.phase("heal");
        if let Some(nemesis) = &mut self.nemesis {
            nemesis.heal(&mut self.cluster);
        }
        self.cluster.heal();
        self.next_start = Some(self.cluster.now() + START_EVERY);
    }

    fn liveness(&mut self) -> Result<(), Ended> {
        self.phase("liveness");
        let deadline = self.cluster.now() + self.scenario.phases.liveness;
        self.wait(self.scenario.phases.liveness, why_not_live)?;
        // Producers may have finished long ago: that everything is equal does not show that anything is taken.
        self.cluster.begin_probe();
        let left = deadline.since(self.cluster.now());
        self.wait(left, |run| run.why_not_probed().or_else(|| why_not_live(run)))
    }

    /// Topic partitions that have not taken a new record, and who leads them.
    fn why_not_probed(&self) -> Option<String> {
        let unprobed = self.cluster.unprobed();
        let led = unprobed.iter().map(|key| match self.cluster.view().leadership(key) {
            Some(known) => format!("{key}, led by broker-{}", known.leader),
            None => format!("{key}, led by nobody"),
        });
        let led = led.collect::<Vec<_>>().join("; ");
        (!unprobed.is_empty()).then(|| format!("no new record was acknowledged by {led}"))
    }

    fn why_not_converged(&self) -> Option<String> {
        self.topic_partitions.iter().find_map(|key| why_not_converged(&self.standing(key)))
    }

    fn standing(&self, key: &TopicPartition) -> Standing {
        let view = self.cluster.view();
        let known = view.leadership(key);
        let replicas = known.as_ref().map(|known| known.replicas.clone()).unwrap_or_default();
        let copies = view.copies(key, &replicas).into_iter();
        Standing {
            topic_partition: key.clone(),
            leader: known.as_ref().map(|known| known.leader),
            isr: known.map(|known| known.isr).unwrap_or_default(),
            logs: copies.map(|(id, copy)| (id, copy.map(|copy| (copy.end, copy.high_watermark)))).collect(),
            replicas,
        }
    }

    fn final_reads(&mut self) -> Result<(), Ended> {
        self.phase("final-reads");
        self.cluster.begin_final_reads();
        let (limit, all) = (self.scenario.phases.liveness, self.topic_partitions.len());
        self.wait(limit, |run| {
            let done = run.cluster.final_reads_done();
            (done < all)
                .then(|| format!("the final reads reached the end of {done} of {all} topic partitions"))
        })
    }

    /// Reads every replica's log on its own host.
    fn read_logs(&mut self) -> Result<(), Ended> {
        type Contents = BTreeMap<TopicPartition, Vec<LogContent>>;
        let contents: Rc<RefCell<Contents>> = Rc::default();
        for id in self.cluster.view().broker_ids() {
            let (contents, keys) = (contents.clone(), self.topic_partitions.clone());
            self.cluster.view().ask(id, move |broker| {
                for key in keys {
                    if let Some(content) = read_log(broker, &key) {
                        contents.borrow_mut().entry(key).or_default().push(content);
                    }
                }
            });
        }
        self.step()?;
        self.logs = contents.take();
        for key in &self.topic_partitions {
            let replicas =
                self.cluster.view().leadership(key).map(|known| known.replicas).unwrap_or_default();
            let read = self.logs.get(key).map_or(&[][..], Vec::as_slice);
            let missing = replicas.iter().filter(|id| !read.iter().any(|log| log.broker == **id));
            self.unread_logs.extend(missing.map(|id| (*id, key.clone())));
        }
        Ok(())
    }
}

/// Who still waits for something, and for what.
fn why_not_live(run: &Run<'_>) -> Option<String> {
    if let Some(fault) = run.nemesis.as_ref().and_then(Nemesis::under_way) {
        return Some(fault);
    }
    if let Some((host, count)) = run.cluster.unfinished().first() {
        return Some(format!("{host} has {count} sends without an end"));
    }
    run.why_not_converged().or_else(|| run.cluster.view().who_reads_behind(&run.topic_partitions))
}

fn read_log(broker: &Broker, key: &TopicPartition) -> Option<LogContent> {
    let replica = broker.replicas().get(key)?;
    let mut batches: Vec<(Offset, Offset, u64)> = Vec::new();
    loop {
        let start = replica.log().start_offset();
        let from = batches.last().map_or(start, |(_, end, _)| *end);
        if replica.log().end_offset() <= from {
            let high_watermark = replica.high_watermark();
            return Some(LogContent { broker: broker.id(), start, high_watermark, batches });
        }
        let bytes = broker.read_log(key, from)?.ok()?;
        for batch in RecordBatch::all_from(bytes).ok()? {
            let hash = XxHash64::oneshot(0, batch.bytes());
            batches.push((batch.base_offset(), batch.end_offset(), hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use broker_core::time::Timestamp;
    use broker_core::types::BrokerId;

    use super::*;
    use crate::cluster::links::{Disturbance, Reason};
    use crate::report::{ScenarioRef, write_run_dir};
    use crate::snapshot::Unobserved;
    use crate::verdict::Verdict;

    fn scenario() -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/crash/leader-killed.toml");
        crate::scenario::load(&path).unwrap()
    }

    #[test]
    fn a_panic_inside_a_host_is_a_verdict_with_message_host_and_time_and_the_report_is_written() {
        let output = run_with(&scenario(), Seed(1), &Interrupt::new(false), |cluster| {
            cluster.view().ask(BrokerId(2), |broker| panic!("broker {} has had enough", broker.id()));
        });
        let RunOutput { report, history, trace, .. } = output;
        assert_eq!(report.verdict, Verdict::HarnessBug);
        assert_eq!(report.verdict.exit_code(), 70);
        assert!(!report.as_expected);
        let panic = report.panic.as_ref().expect("a panic");
        assert_eq!(panic.message, "broker 2 has had enough");
        assert_eq!(panic.host.as_deref(), Some("broker-2"));
        assert!(panic.location.as_deref().is_some_and(|at| at.contains("phases.rs")), "{panic:?}");
        let root = std::env::temp_dir().join(format!("sim-panic-{}", std::process::id()));
        let written = write_run_dir(&root, &report, &history, &trace, "").unwrap();
        let text = std::fs::read_to_string(written.join("run.json")).unwrap();
        std::fs::remove_dir_all(&root).unwrap();
        assert!(text.contains("broker 2 has had enough"), "{text}");
    }

    #[test]
    fn consumers_stop_before_the_final_reads_begin() {
        let output = run(&scenario(), Seed(1), &Interrupt::new(false));
        let trace = &output.trace;
        let lines: Vec<String> = trace.entries().iter().map(|entry| trace.to_json(entry)).collect();
        let begun = lines.iter().position(|line| line.contains("final-reads")).expect("the phase is traced");
        let stopped = lines[begun..].iter().filter(|line| line.contains("host_stopped"));
        assert!(0 < stopped.filter(|line| line.contains("consumer")).count(), "{:?}", &lines[begun..]);
    }

    #[test]
    fn a_topic_partition_that_takes_nothing_new_after_the_heal_is_why_the_cluster_is_not_live() {
        let (scenario, interrupt) = (scenario(), Interrupt::new(false));
        let (history, trace) = (Rc::default(), Rc::default());
        let observer = Rc::new(RefCell::new(Unobserved));
        let blueprint = Blueprint { scenario: &scenario, seed: Seed(1), history, trace, observer };
        let mut run = Run::new(&blueprint, &interrupt);
        assert!(run.warm_up().and_then(|()| run.faults()).is_ok());
        run.heal();
        // Brokers go on as if nothing were the matter, and the producers have long finished.
        let around = run.cluster.directions_around(&Rc::from("attendant"));
        run.cluster.disturb(Reason::Fault(0), Disturbance::Cut, &around);
        let Err(Ended::Liveness(reason)) = run.liveness() else { panic!("it is live") };
        assert!(reason.contains("no new record was acknowledged by orders-0, led by broker-"), "{reason}");
        let mut report = RunReport::new(ScenarioRef { name: String::new(), path: String::new() }, 1);
        assert_eq!(judge::came_to(Some(Ended::Liveness(reason)), &mut report), Verdict::Liveness);
        assert!(report.liveness.is_some());
    }

    #[test]
    fn an_interrupt_ends_the_run_and_says_so() {
        let output = run(&scenario(), Seed(1), &Interrupt::new(true));
        assert_eq!(output.report.verdict, Verdict::Interrupted);
        assert!(output.report.cut_short);
        assert_eq!(output.report.phases.len(), 1);
    }

    #[test]
    fn what_half_a_run_has_found_counts_only_if_nobody_expects_it() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/disk/single-replica-power-loss.toml");
        let mut scenario = crate::scenario::load(&path).unwrap();
        let whole = run(&scenario, Seed(1), &Interrupt::new(false)).report;
        let phase = whole.phases.iter().find(|phase| phase.name == "final-reads").expect("it got there");
        // By then two messages were acknowledged at one offset, and nobody has read everything.
        let before_the_end = || Interrupt::after(Timestamp(phase.started_us));
        let half = run(&scenario, Seed(1), &before_the_end()).report;
        assert!(half.cut_short && !half.as_expected && !half.violations.is_empty());
        assert_eq!((half.verdict, half.signature), (Verdict::Interrupted, None));
        assert!(half.unknown.is_empty() && half.vacuous.is_empty());
        scenario.expect.verdict = crate::scenario::ExpectedVerdict::Pass;
        let half = run(&scenario, Seed(1), &before_the_end()).report;
        assert_eq!((half.cut_short, half.verdict), (true, Verdict::Violation));
    }
}
