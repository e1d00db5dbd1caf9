//! When faults begin and end, and what came of them.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::time::Timestamp;
use rand_chacha::ChaCha8Rng;

use super::draw;
use super::effect::{self, Effect};
use super::fault::{Action, Fault, Harm, Span};
use super::ongoing::{self, Ongoing, Victims};
use super::plan::{Limits, Plan};
use super::random::Source;
use super::trigger::Waiting;
use super::when::{Happening, Start, Until};
use crate::cluster::{Cluster, HostName, Sprung};
use crate::report::{FaultReport, NemesisReport};
use crate::seed::Seed;
use crate::trace::{FaultId, TraceEvent};

/// When something is due.
#[derive(Debug)]
enum Due {
    At(Timestamp),
    When(Waiting),
    /// Not before everything is healed.
    Never,
}

/// Where a fault stands.
#[derive(Debug)]
enum Stage {
    Waiting(Due),
    UnderWay(Ongoing, Due),
    Over,
}

#[derive(Debug)]
struct Running {
    /// As it was asked for; what was drawn is filled in when it begins.
    fault: Fault,
    stream: u64,
    stage: Stage,
    report: FaultReport,
    rng: ChaCha8Rng,
}

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
}

/// What is left of a [`Nemesis`].
#[derive(Debug, Default)]
pub struct Deeds {
    /// What came of each fault: the scripted ones, then the random ones as they began.
    pub faults: Vec<FaultReport>,
    /// What came of each nemesis, in the order of the plan.
    pub random: Vec<NemesisReport>,
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
            nemesis.add(fault, stream, due, false);
        }
        nemesis
    }

    fn add(&mut self, fault: Fault, stream: u64, due: Due, random: bool) {
        let report = FaultReport {
            index: u32::try_from(self.faults.len()).expect("fewer than 2^32 faults"),
            line: u32::try_from(fault.line).unwrap_or(u32::MAX),
            random,
            kind: fault.harm.kind().name.to_owned(),
            target: fault.harm.aim_text(),
            when: match &fault.start {
                Start::At(_) => None,
                Start::When(trigger) => Some(trigger.describe()),
            },
            resolved: Vec::new(),
            started_us: None,
            ended_us: None,
            effect: Effect::new(),
            meanwhile: BTreeMap::new(),
            may_miss: fault.may_miss,
            vacuous: true,
        };
        let rng = self.seed.stream("nemesis", stream);
        self.faults.push(Running { fault, stream, stage: Stage::Waiting(due), report, rng });
    }

    /// Begins and ends what is due.
    pub fn advance(&mut self, cluster: &mut Cluster) {
        for sprung in cluster.take_sprung() {
            for fault in &mut self.faults {
                fault.note(&sprung);
            }
        }
        self.draw_random(cluster);
        for index in 0..self.faults.len() {
            self.advance_one(index, cluster);
        }
        // Hosts that a trigger stopped go on, unless they are dead by now.
        cluster.thaw();
    }

    fn advance_one(&mut self, index: usize, cluster: &mut Cluster) {
        let now = cluster.now();
        // Taken out, so that the others can be asked.
        match std::mem::replace(&mut self.faults[index].stage, Stage::Over) {
            Stage::Over => {}
            Stage::Waiting(mut due) => {
                if self.is_due(&mut due, now) {
                    self.start(index, cluster);
                } else {
                    self.faults[index].stage = Stage::Waiting(due);
                }
            }
            Stage::UnderWay(mut ongoing, mut due) => {
                let over = match ongoing {
                    Ongoing::Restarting { .. } => ongoing.restart(cluster, || self.kept_down()),
                    _ => self.is_due(&mut due, now),
                };
                if over {
                    self.end(index, ongoing, due, cluster);
                } else {
                    self.faults[index].stage = Stage::UnderWay(ongoing, due);
                }
            }
        }
    }

    fn is_due(&self, due: &mut Due, now: Timestamp) -> bool {
        match due {
            Due::At(at) => *at <= now,
            Due::When(waiting) => waiting.is_due(now, |happening| self.happened(happening)),
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
        fault.fault.harm = draw::concrete(&fault.fault.harm, cluster, &mut fault.rng);
        let harm = fault.fault.harm.clone();
        let victims = Victims::of(&harm.aim, cluster);
        let description = format!("{} {}", harm.kind().name, victims.text);
        cluster.record(TraceEvent::FaultStarted { fault: FaultId(number), description });
        fault.report.resolved = victims.hosts.iter().map(ToString::to_string).collect();
        fault.report.started_us = Some(now.0);
        let (ongoing, effect) = ongoing::begin(cluster, (number, self.seed, fault.stream), &harm, &victims);
        fault.report.effect = effect;
        fault.report.vacuous = effect::is_nothing(&fault.report.effect);
        let due = match (&ongoing, &harm.until) {
            (Ongoing::Nothing, _) => return self.end(index, ongoing, Due::Never, cluster),
            (_, Until::Lasts(span)) => Due::At(now + span.low),
            (_, Until::At(at)) => Due::At(self.began + *at),
            (_, Until::When(trigger)) => {
                let mut rng = self.seed.stream("nemesis.end", fault.stream);
                Due::When(Waiting::begin(trigger, cluster, &mut rng))
            }
            (_, Until::Heal | Until::Instant) => Due::Never,
        };
        self.faults[index].stage = Stage::UnderWay(ongoing, due);
    }

    fn end(&mut self, index: usize, ongoing: Ongoing, due: Due, cluster: &mut Cluster) {
        if let Due::When(mut waiting) = due {
            waiting.give_up(cluster);
        }
        let keep_down = self.kept_down();
        let fault = &mut self.faults[index];
        for (name, changed) in ongoing.end(cluster, fault.report.index, &keep_down) {
            *fault.report.effect.entry(name).or_default() += changed;
        }
        cluster.record(TraceEvent::FaultEnded { fault: FaultId(fault.report.index) });
        fault.report.ended_us = Some(cluster.now().0);
        fault.report.vacuous = effect::is_nothing(&fault.report.effect);
    }

    /// Hosts that faults under way keep down; one that is being ended is not under way.
    fn kept_down(&self) -> BTreeSet<HostName> {
        let under_way = self.faults.iter().filter_map(|fault| match &fault.stage {
            Stage::UnderWay(ongoing, _) => Some(ongoing.keeps_down()),
            Stage::Waiting(_) | Stage::Over => None,
        });
        under_way.flatten().collect()
    }

    /// Lets each nemesis draw a fault, if it is time and the limits allow it.
    fn draw_random(&mut self, cluster: &mut Cluster) {
        let now = cluster.now();
        for index in 0..self.sources.len() {
            let Some(stream) = self.sources[index].due(now) else { continue };
            let harm = draw::concrete(
                &self.sources[index].spec.harm,
                cluster,
                &mut self.seed.stream("nemesis", stream),
            );
            let allowed = self.limits.allow(&harm, &self.lossy(cluster), cluster);
            let source = &mut self.sources[index];
            if !allowed {
                source.held_back += 1;
                continue;
            }
            source.begun += 1;
            let start = Start::At(Span::exactly(now.since(self.began)));
            let (line, target) = (source.spec.line, source.spec.harm.aim_text());
            let fault = Fault { name: None, start, harm, may_miss: true, stream: Some(stream), line };
            self.add(fault, stream, Due::At(now), true);
            self.faults.last_mut().expect("it was just added").report.target = target;
        }
    }

    /// Brokers that lost what was not durable, and have not come back into every ISR since.
    fn lossy(&self, cluster: &Cluster) -> BTreeSet<HostName> {
        let lossy = self.faults.iter().filter(|fault| {
            let lossy = matches!(
                fault.fault.harm.action,
                Action::PowerLoss | Action::Wipe | Action::FsyncError { .. }
            );
            lossy && fault.report.started_us.is_some()
        });
        let hosts = lossy.flat_map(|fault| fault.report.resolved.iter());
        hosts.map(|name| HostName::from(name.as_str())).filter(|host| !is_whole(cluster, host)).collect()
    }

    /// Ends what is under way; what has not begun never will.
    pub fn heal(&mut self, cluster: &mut Cluster) {
        for index in 0..self.faults.len() {
            match std::mem::replace(&mut self.faults[index].stage, Stage::Over) {
                Stage::Over => {}
                Stage::Waiting(Due::When(mut waiting)) => {
                    self.faults[index].report.when = Some(waiting.describe());
                    waiting.give_up(cluster);
                }
                Stage::Waiting(_) => {}
                Stage::UnderWay(ongoing @ Ongoing::Restarting { .. }, due) => {
                    self.faults[index].stage = Stage::UnderWay(ongoing, due);
                }
                Stage::UnderWay(ongoing, due) => self.end(index, ongoing, due, cluster),
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
        let script = Plan {
            faults: self.faults.iter().map(|fault| fault.scripted(self.began)).collect(),
            ..Plan::default()
        };
        let faults: Vec<FaultReport> = self.faults.into_iter().map(|fault| fault.report).collect();
        let random = self.sources.into_iter().map(|source| source.report(&faults)).collect();
        Deeds { faults, random, script }
    }
}

/// Whether a host runs and, if it is a broker, has everything again.
fn is_whole(cluster: &Cluster, host: &HostName) -> bool {
    let broker = cluster.view().broker_ids().into_iter().find(|id| Cluster::broker_name(*id) == *host);
    cluster.is_running(host) && broker.is_none_or(|id| cluster.view().in_every_isr(id))
}

impl Running {
    fn note(&mut self, sprung: &Sprung) {
        if let Stage::Waiting(Due::When(waiting)) | Stage::UnderWay(_, Due::When(waiting)) = &mut self.stage {
            waiting.note(sprung.wire, sprung.time);
        }
    }

    /// The fault as a script says it. A trigger stays a trigger: it stops its host in the middle of a tick, where no time
    /// leads.
    fn scripted(&self, began: Timestamp) -> Fault {
        let mut fault = self.fault.clone();
        let position = u64::from(self.report.index);
        fault.stream = Some(self.stream).filter(|stream| *stream != position && fault.harm.action.draws());
        if let (Start::At(span), Some(started)) = (&mut fault.start, self.report.started_us) {
            *span = Span::exactly(Timestamp(started).since(began));
        }
        fault
    }
}

impl Harm {
    /// Whether brokers hit by it cannot serve.
    pub(super) fn stops_brokers(&self) -> bool {
        matches!(
            self.action,
            Action::Kill
                | Action::PowerLoss
                | Action::Restart
                | Action::Pause
                | Action::Wipe
                | Action::FsyncError { .. }
        )
    }
}
