//! What happens without each thing that is left.

use std::collections::BTreeSet;

use serde::Serialize;

use super::alike::Difference;
use super::edit::without_faults;
use super::passes::settings::Setting;
use super::subject::Subject;
use super::trials::Trials;
use crate::nemesis::{Fault, Start};
use crate::scenario::{Scenario, duration_text};

/// One thing that is left, and what comes out without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Necessity {
    /// What was left out for one run.
    pub what: String,
    /// Which fault, by its position, if it is one.
    pub fault: Option<usize>,
    /// The verdict; `None` if there was no run, because the scenario would not be one or the run did not end.
    pub verdict: Option<String>,
    /// What failed, if something did.
    pub signature: Option<String>,
    /// Whether it is needed: without it the run does not fail alike, or there is none.
    pub needed: bool,
    /// In what the run differs although what failed is the same; never if it is not needed.
    pub but: Option<String>,
    /// Whether it is part of what the cluster promises, and was not tried to be left out for this reason.
    pub promise: bool,
}

impl Necessity {
    /// What comes out, in a few words.
    pub fn comes_to(&self) -> String {
        match (&self.verdict, &self.signature, &self.but) {
            (None, ..) => "cannot be run".to_owned(),
            (.., Some(but)) => format!("the same, but {but}"),
            (Some(_), Some(_), None) if !self.needed => "the same".to_owned(),
            (Some(_), Some(signature), None) => signature.clone(),
            (Some(verdict), None, None) => verdict.clone(),
        }
    }
}

/// The table: each fault that is left and each setting that is not at its default, left out by itself, one run each.
pub fn necessity(subject: &Subject, trials: &Trials<'_>) -> Vec<Necessity> {
    let faults = &subject.scenario.plan.faults;
    let settings: Vec<Setting> = Setting::all(subject);
    let mut rows: Vec<Necessity> =
        faults.iter().enumerate().map(|(at, one)| row(in_words(one), Some(at))).collect();
    let mut candidates: Vec<Scenario> =
        (0..faults.len()).map(|index| without_faults(subject, &BTreeSet::from([index]))).collect();
    for setting in settings {
        let mut scenario = subject.scenario.clone();
        setting.reset(&mut scenario);
        candidates.push(scenario);
        rows.push(Necessity { promise: setting.is_promise(), ..row(setting.text(), None) });
    }
    for ((row, candidate), report) in rows.iter_mut().zip(&candidates).zip(trials.outcomes(&candidates)) {
        let Some(report) = &report else { continue };
        row.verdict = Some(report.verdict.to_string());
        row.signature.clone_from(&report.signature);
        let difference = trials.difference(candidate, report);
        row.needed = difference.is_some();
        row.but = match difference {
            Some(Difference::But(what)) => Some(what),
            Some(Difference::Signature) | None => None,
        };
    }
    rows
}

fn row(what: String, fault: Option<usize>) -> Necessity {
    Necessity { what, fault, verdict: None, signature: None, needed: true, but: None, promise: false }
}

/// A fault in a few words: `power_loss broker(1) at 2s`.
pub fn in_words(fault: &Fault) -> String {
    let start = match &fault.start {
        Start::At(at) => format!("at {}", duration_text(at.low)),
        Start::When(trigger) => format!("when {}", trigger.describe()),
    };
    format!("{} {} {start}", fault.harm.kind().name, fault.harm.aim_text())
}
