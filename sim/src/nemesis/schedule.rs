//! When faults begin and end, and what came of them.

use std::collections::BTreeSet;

use broker_core::time::Timestamp;

use super::draw;
use super::effect;
use super::fault::{Fault, Span};
use super::limits::{State, Unclean};
use super::ongoing::{self, Ongoing, Victims};
use super::plan::{Limits, Plan};
use super::random::Source;
use super::running::{Due, Running, Stage};
use super::trigger::Waiting;
use super::when::{Happening, Start, Until};
use crate::cluster::{Cluster, HostName};
use crate::meter::{self, Part};
use crate::report::{FaultReport, NemesisReport, Reached};
use crate::seed::Seed;
use crate::trace::{FaultId, TraceEvent};

/// Carries out a plan.
///
/// * Each fault draws from streams of its own: leaving one out leaves the others as they were, if they say their stream.
/// * A fault takes down only hosts that are up, and a host comes back when the last fault that keeps it down ends.
/// * After [`Nemesis::heal`] nothing begins, and only clean shutdowns that were under way are brought to their end.
#[derive(Debug)]
pub struct Nemesis {
    began: Timestamp,
    seed: Seed,
    faults: Vec<Running>,
    sources: Vec<Source>,
    limits: Limits,
    unclean: Unclean,
    reached: Reached,
}

/// What is left of a [`Nemesis`].
#[derive(Debug, Default)]
pub struct Deeds {
    /// What came of each fault: the scripted ones, then the random ones as they began.
    pub faults: Vec<FaultReport>,
    /// What came of each nemesis, in the order of the plan.
    pub random: Vec<NemesisReport>,
    /// How far faults went.
    pub reached: Reached,
    /// The same faults as a script: nothing in it is drawn, and it does the same.
    pub script: Plan,
}

impl Nemesis {
    /// The fault phase begins.
    pub fn begin(cluster: &mut Cluster, plan: Plan, seed: Seed) -> Nemesis {
        let began = cluster.now();
        let mut nemesis = Nemesis {
            began,
            seed,
            faults: Vec::new(),
            sources: Source::all(plan.random, began, seed),
            limits: plan.limits,
            unclean: Unclean::default(),
            reached: Reached::default(),
        };
        for (index, mut fault) in (0..).zip(plan.faults) {
            let stream = fault.stream.unwrap_or(index);
            let mut rng = seed.stream("nemesis.start", stream);
            let due = match &mut fault.start {
                Start::At(span) => {
                    *span = Span::exactly(draw::duration(*span, &mut rng));
                    Due::At(began + span.low)
                }
                Start::When(trigger) => Due::When(Waiting::begin(trigger, cluster, &mut rng)),
            };
            nemesis.add(fault, stream, due, None);
        }
        nemesis
    }

    fn add(&mut self, fault: Fault, stream: u64, due: Due, source: Option<usize>) {
        self.faults.push(Running::new(fault, (self.faults.len(), stream, self.seed), due, source));
    }

    /// Ends and begins what is due.
    pub fn advance(&mut self, cluster: &mut Cluster) {
        let _nemesis = meter::enter(Part::Nemesis);
        self.note_sprung(cluster);
        for index in 0..self.faults.len() {
            self.end_if_due(index, cluster);
        }
        self.draw_random(cluster);
        // One may wait for the beginning or the end of another one.
        while (0..self.faults.len()).fold(false, |any, index| {
            let begun = self.start_if_due(index, cluster);
            begun || any
        }) {}
        // Hosts that a trigger stopped go on, unless they are dead by now.
        cluster.thaw();
    }

    fn note_sprung(&mut self, cluster: &mut Cluster) {
        for sprung in cluster.take_sprung() {
            self.faults.iter_mut().for_each(|fault| fault.note(&sprung));
        }
    }

    fn end_if_due(&mut self, index: usize, cluster: &mut Cluster) {
        if !matches!(self.faults[index].stage, Stage::UnderWay(..)) {
            return;
        }
        // Taken out, so that the others can be asked.
        match std::mem::replace(&mut self.faults[index].stage, Stage::Over) {
            Stage::UnderWay(mut ongoing, mut due) => {
                let is_due = self.is_due(&mut due, self.faults[index].report.started_us, cluster.now());
                if ongoing.is_over(cluster, is_due, || self.kept_down()) {
                    self.end(index, ongoing, due, cluster);
                } else {
                    self.faults[index].stage = Stage::UnderWay(ongoing, due);
                }
            }
            stage => self.faults[index].stage = stage,
        }
    }

    /// Whether it began.
    fn start_if_due(&mut self, index: usize, cluster: &mut Cluster) -> bool {
        match &self.faults[index].stage {
            Stage::Waiting(Due::When(_)) => {}
            Stage::Waiting(Due::At(at)) if *at <= cluster.now() => {}
            _ => return false,
        }
        match std::mem::replace(&mut self.faults[index].stage, Stage::Over) {
            Stage::Waiting(mut due) => {
                let is_due = self.is_due(&mut due, None, cluster.now());
                if is_due {
                    self.start(index, cluster);
                } else {
                    self.faults[index].stage = Stage::Waiting(due);
                }
                is_due
            }
            stage => {
                self.faults[index].stage = stage;
                false
            }
        }
    }

    /// `since`: when the fault began that this would end; what happened before does not end it.
    fn is_due(&self, due: &mut Due, since: Option<u64>, now: Timestamp) -> bool {
        match due {
            Due::At(at) => *at <= now,
            Due::When(waiting) => waiting.is_due(now, |happening| {
                self.happened(happening).filter(|at| since.is_none_or(|since| since <= at.0))
            }),
            Due::Never => false,
        }
    }

    /// When another fault began or ended.
    fn happened(&self, happening: &Happening) -> Option<Timestamp> {
        let (name, of): (_, fn(&FaultReport) -> Option<u64>) = match happening {
            Happening::Event { .. } => return None,
            Happening::FaultStarted(name) => (name, |report| report.started_us),
            Happening::FaultEnded(name) => (name, |report| report.ended_us),
        };
        let fault = self.faults.iter().find(|fault| fault.fault.name.as_ref() == Some(name))?;
        of(&fault.report).map(Timestamp)
    }

    fn start(&mut self, index: usize, cluster: &mut Cluster) {
        let now = cluster.now();
        let fault = &mut self.faults[index];
        let number = fault.report.index;
        if let Until::At(until) = fault.fault.harm.until
            && self.began + until <= now
        {
            let late = format!("{until:?}, which was over by then");
            fault.report.when =
                Some(fault.report.when.take().map_or(late.clone(), |when| format!("{when}, until {late}")));
            return;
        }
        fault.fault.harm = draw::concrete(&fault.fault.harm, cluster, &mut fault.rng);
        let harm = fault.fault.harm.clone();
        let victims = Victims::of(&harm.aim, cluster);
        let description = format!("{} {}", harm.kind().name, victims.text);
        cluster.record(TraceEvent::FaultStarted { fault: FaultId(number), description });
        fault.report.resolved = victims.hosts.iter().map(ToString::to_string).collect();
        fault.report.started_us = Some(now.0);
        let (ongoing, effect) = ongoing::begin(cluster, (number, self.seed, fault.stream), &harm, &victims);
        self.unclean.note(&harm.action, &ongoing);
        fault.report.effect = effect;
        fault.report.vacuous = effect::is_nothing(&fault.report.effect);
        let due = match (&ongoing, &mut fault.fault.harm.until) {
            (Ongoing::Over(_), _) => return self.end(index, ongoing, Due::Never, cluster),
            // It counts from the moment when a process has stopped.
            (Ongoing::Restarting { .. }, Until::Lasts(_) | Until::Heal) => Due::Never,
            (_, Until::Lasts(span)) => Due::At(now + span.low),
            (_, Until::At(at)) => Due::At(self.began + *at),
            (_, Until::When(trigger)) => {
                let mut rng = self.seed.stream("nemesis.end", fault.stream);
                Due::When(Waiting::begin(trigger, cluster, &mut rng))
            }
            (_, Until::Heal | Until::Instant) => Due::Never,
        };
        self.faults[index].stage = Stage::UnderWay(ongoing, due);
        self.note_reached(cluster);
    }

    fn end(&mut self, index: usize, ongoing: Ongoing, due: Due, cluster: &mut Cluster) {
        if let Due::When(mut waiting) = due {
            waiting.give_up(cluster);
        }
        let keep_down = self.kept_down();
        let fault = &mut self.faults[index];
        // A disk may have failed long after the fault began, when its broker still was whole.
        self.unclean.note(&fault.fault.harm.action, &ongoing);
        for (name, changed) in ongoing.end(cluster, fault.report.index, &keep_down) {
            *fault.report.effect.entry(name).or_default() += changed;
        }
        cluster.record(TraceEvent::FaultEnded { fault: FaultId(fault.report.index) });
        fault.report.ended_us = Some(cluster.now().0);
        fault.report.vacuous = effect::is_nothing(&fault.report.effect);
        self.note_reached(cluster);
    }

    /// It is never worse than just after a fault began, or after one of disks ended.
    fn note_reached(&mut self, cluster: &Cluster) {
        let now = self.under_way_now().reached(cluster);
        self.reached.brokers_down = self.reached.brokers_down.max(now.brokers_down);
        self.reached.lossy_crashes = self.reached.lossy_crashes.max(now.lossy_crashes);
    }

    /// Hosts that faults under way keep down; one that is being ended is not under way.
    fn kept_down(&self) -> BTreeSet<HostName> {
        let under_way = self.faults.iter().filter_map(|fault| match &fault.stage {
            Stage::UnderWay(ongoing, _) => Some(ongoing.keeps_down()),
            Stage::Waiting(_) | Stage::Over => None,
        });
        under_way.flatten().collect()
    }

    /// Lets each nemesis draw a fault, if it is time and the limits allow it. It begins in this tick.
    fn draw_random(&mut self, cluster: &mut Cluster) {
        self.unclean.forget_whole(cluster);
        if self.sources.is_empty() {
            return;
        }
        let now = cluster.now();
        for index in 0..self.sources.len() {
            let Some(stream) = self.sources[index].due(now) else { continue };
            let source = &self.sources[index];
            let harm = draw::concrete(&source.spec.harm, cluster, &mut self.seed.stream("nemesis", stream));
            let allowed = self.limits.allow(&harm, &self.state(cluster), cluster);
            let source = &mut self.sources[index];
            if !allowed {
                source.held_back += 1;
                continue;
            }
            source.begun += 1;
            let start = Start::At(Span::exactly(now.since(self.began)));
            let (line, target) = (source.spec.line, source.spec.harm.aim_text());
            let fault = Fault { name: None, start, harm, may_miss: true, stream: Some(stream), line };
            self.add(fault, stream, Due::At(now), Some(index));
            self.faults.last_mut().expect("it was just added").report.target = target;
        }
    }

    /// What limits go by: how brokers are, and what will happen to them in this tick.
    fn state(&self, cluster: &Cluster) -> State {
        let mut state = self.under_way_now();
        for fault in &self.faults {
            let action = &fault.fault.harm.action;
            if fault.is_imminent(cluster.now()) && action.is_limited() {
                state.add_imminent(action, Victims::of(&fault.fault.harm.aim, cluster).hosts);
            }
        }
        state
    }

    /// The same without what is about to happen.
    fn under_way_now(&self) -> State {
        let mut state = State::of(self.unclean.clone());
        for fault in &self.faults {
            if let Stage::UnderWay(ongoing, _) = &fault.stage {
                state.add(&fault.fault.harm.action, ongoing);
            }
        }
        state
    }

    /// Ends what is under way; what has not begun never will.
    pub fn heal(&mut self, cluster: &mut Cluster) {
        self.note_sprung(cluster);
        for index in 0..self.faults.len() {
            match std::mem::replace(&mut self.faults[index].stage, Stage::Over) {
                Stage::Over => {}
                Stage::Waiting(Due::When(mut waiting)) => {
                    self.faults[index].report.when = Some(waiting.describe());
                    waiting.give_up(cluster);
                }
                Stage::Waiting(_) => {}
                Stage::UnderWay(ongoing, mut due) => {
                    if let Due::When(waiting) = &mut due {
                        // One that only waited for its delay has seen what it waited for.
                        let missed = (!waiting.has_sprung()).then(|| waiting.describe());
                        self.faults[index].report.until = missed;
                        waiting.give_up(cluster);
                    }
                    let over = Due::At(cluster.now());
                    match ongoing {
                        // Its processes cannot be kept from stopping any more; then they are started at once.
                        Ongoing::Restarting { .. } => {
                            self.faults[index].stage = Stage::UnderWay(ongoing, over);
                        }
                        ongoing => self.end(index, ongoing, over, cluster),
                    }
                }
            }
        }
        self.sources.iter_mut().for_each(Source::stop);
    }

    /// The first fault that is still under way, in words.
    pub fn under_way(&self) -> Option<String> {
        let fault = self.faults.iter().find(|fault| matches!(fault.stage, Stage::UnderWay(..)))?;
        Some(format!(
            "fault {} ({} {}) is still under way",
            fault.report.index, fault.report.kind, fault.report.target
        ))
    }

    /// What came of it.
    pub fn into_deeds(self) -> Deeds {
        let mut random: Vec<NemesisReport> = self.sources.into_iter().map(Source::report).collect();
        for fault in &self.faults {
            if let Some(source) = fault.source {
                random[source].effective += u64::from(!fault.report.vacuous);
            }
        }
        let script = |fault: &Running| {
            let mut scripted = fault.scripted(self.began);
            // What makes the run vacuous makes the script vacuous.
            let missed = fault.source.map(|source| &random[source]).filter(|source| source.effective == 0);
            scripted.may_miss &= missed.is_none_or(|source| source.may_miss);
            scripted
        };
        let reached = self.reached;
        let script = Plan { faults: self.faults.iter().map(script).collect(), ..Plan::default() };
        let faults = self.faults.into_iter().map(|fault| fault.report).collect();
        Deeds { faults, random, reached, script }
    }
}
