//! One fault on its way from waiting to over.

use broker_core::time::Timestamp;
use rand_chacha::ChaCha8Rng;

use super::effect::Effect;
use super::fault::{Fault, Span};
use super::ongoing::Ongoing;
use super::trigger::Waiting;
use super::when::Start;
use crate::cluster::Sprung;
use crate::report::FaultReport;
use crate::seed::Seed;

/// When something is due.
#[derive(Debug)]
pub(super) enum Due {
    At(Timestamp),
    When(Waiting),
    /// Not before everything is healed.
    Never,
}

/// Where a fault stands.
#[derive(Debug)]
pub(super) enum Stage {
    Waiting(Due),
    UnderWay(Ongoing, Due),
    Over,
}

#[derive(Debug)]
pub(super) struct Running {
    /// As it was asked for; what was drawn is filled in when it begins.
    pub fault: Fault,
    pub stream: u64,
    pub stage: Stage,
    pub report: FaultReport,
    pub rng: ChaCha8Rng,
    /// Which nemesis drew it, by its position; `None` if it is scripted.
    pub source: Option<usize>,
}

impl Running {
    /// A fault that has not begun.
    pub fn new(
        fault: Fault,
        (index, stream, seed): (usize, u64, Seed),
        due: Due,
        source: Option<usize>,
    ) -> Running {
        let report = FaultReport {
            index: u32::try_from(index).expect("fewer than 2^32 faults"),
            line: u32::try_from(fault.line).unwrap_or(u32::MAX),
            random: source.is_some(),
            kind: fault.harm.kind().name.to_owned(),
            target: fault.harm.aim_text(),
            when: match &fault.start {
                Start::At(_) => None,
                Start::When(trigger) => Some(trigger.describe()),
            },
            until: None,
            resolved: Vec::new(),
            started_us: None,
            ended_us: None,
            effect: Effect::new(),
            meanwhile: Effect::new(),
            may_miss: fault.may_miss,
            vacuous: true,
        };
        let rng = seed.stream("nemesis", stream);
        Running { fault, stream, stage: Stage::Waiting(due), report, rng, source }
    }

    /// A wire was sprung: perhaps the one this waits for.
    pub fn note(&mut self, sprung: &Sprung) {
        if let Stage::Waiting(Due::When(waiting)) | Stage::UnderWay(_, Due::When(waiting)) = &mut self.stage {
            waiting.note(sprung.wire, sprung.time);
        }
    }

    /// Whether it begins now because its time has come.
    pub fn is_imminent(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::Waiting(Due::At(at)) if at <= now)
    }

    /// The fault as a script says it. A trigger stays a trigger: it stops its host in the middle of a tick, where no time
    /// leads.
    pub fn scripted(&self, began: Timestamp) -> Fault {
        let mut fault = self.fault.clone();
        // Also where it is that of the position: leaving another fault out would move it.
        fault.stream = Some(self.stream).filter(|_| fault.harm.action.draws());
        if let (Start::At(span), Some(started)) = (&mut fault.start, self.report.started_us) {
            *span = Span::exactly(Timestamp(started).since(began));
        }
        fault
    }
}
