//! What many runs say about each flush setting: the schema of `tradeoff.json`.

use std::collections::BTreeMap;

use broker_core::config::RawValue;
use serde::{Deserialize, Serialize};

use super::experiment::{Blow, Trial};
use super::measure::{End, Sample};
use super::settings::{FlushSetting, FlushSettings};
use crate::report::{Quantiles, ScenarioRef, hash};
use crate::scenario::Scenario;
use crate::sweep::result::Build;
use crate::verdict::Verdict;

/// A comparison of flush settings. Nothing in it depends on the machine or the wall clock. Times are simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tradeoff {
    /// Version of this schema: [`Tradeoff::VERSION`].
    pub version: u32,
    /// Which scenario.
    pub scenario: ScenarioRef,
    /// Hash of its text.
    pub scenario_hash: String,
    /// The program that ran.
    pub build: Build,
    /// Every seed, first and last of them.
    pub seeds: Seeds,
    /// Runs that were to be.
    pub runs_planned: u64,
    /// Runs that came to an end.
    pub runs_ended: u64,
    /// Whether these are fewer: it was interrupted.
    pub partial: bool,
    /// One for each setting, in the order in which they were named.
    pub rows: Vec<Row>,
    /// Runs that are in no number, and why.
    pub left_out: Vec<LeftOut>,
}

/// Which seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// How many.
    pub count: u64,
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// What one setting costs and buys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The setting, as the command line names it.
    pub flush: String,
    /// The broker properties that say so.
    pub properties: BTreeMap<String, String>,
    /// From the runs in which nothing happened.
    pub cost: Cost,
    /// From the runs in which one broker lost power.
    pub one_broker: Loss,
    /// From the runs in which all did.
    pub all_brokers: Loss,
}

/// What runs a number rests on: only those that were judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// Came to an end.
    pub ended: u64,
    /// Could be judged.
    pub judged: u64,
    /// Did not recover, left something unknown, or took too long.
    pub unjudged: u64,
    /// Showed nothing.
    pub vacuous: u64,
}

/// What a setting costs while nothing happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// What it rests on.
    pub runs: Runs,
    /// Acknowledged records in all of them: as many latencies.
    pub acknowledged: u64,
    /// Acknowledged in the fault phase, per second of it, over all runs. `None` without a run.
    pub acks_per_s: Option<f64>,
    /// From send to acknowledgement, over all records of all runs, in microseconds.
    pub ack_us: Quantiles,
    /// Flushes on all brokers together in the fault phase, per second of it.
    pub flushes_per_s: Option<f64>,
    /// The same per thousand records that were acknowledged meanwhile.
    pub flushes_per_1000_acks: Option<f64>,
    /// Bytes that flushes wrote on all brokers together, mean of the whole runs.
    pub flushed_bytes_mean: Option<f64>,
    /// From append to durability; `None` where nobody measured it, or nothing became durable.
    pub durable: Option<Durable>,
    /// In how many runs each anomaly was found: there should be none.
    pub anomalies: BTreeMap<String, u64>,
}

/// From append to durability. Each broker of each run has quantiles of its own, and these are of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durable {
    /// Appends that became durable.
    pub appends: u64,
    /// Median of the brokers' medians, in microseconds.
    pub p50_us_median: u64,
    /// The greatest p99 of any broker, in microseconds.
    pub p99_us_max: u64,
}

/// What a power loss takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// What it rests on.
    pub runs: Runs,
    /// Acknowledged records in all of them.
    pub acknowledged: u64,
    /// Records that died on disks with the power loss, per run; each copy counts. `None` without a run.
    pub died: Option<Spread>,
    /// Acknowledged records that are nowhere any more, per run.
    pub lost: Option<Spread>,
    /// Runs that lost any.
    pub runs_with_loss: u64,
    /// In how many runs each anomaly was found.
    pub anomalies: BTreeMap<String, u64>,
}

/// A number per run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Over all runs.
    pub sum: u64,
    /// Per run.
    pub mean: f64,
    /// The most of any run.
    pub max: u64,
}

/// A run that is in no number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// With which setting.
    pub flush: String,
    /// What happened: see [`Blow::name`].
    pub blow: String,
    /// With which seed.
    pub seed: u64,
    /// What the run came to.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

impl Tradeoff {
    /// Raised when a field changes its meaning or goes away.
    pub const VERSION: u32 = 1;

    /// All together; `None` for a run that was not reached or was cut short. Runs are taken in the order of `trials`.
    ///
    /// # Panics
    /// If there are no trials.
    pub fn of(
        scenario: &Scenario,
        settings: &FlushSettings,
        trials: &[Trial],
        samples: &[Option<Sample>],
        build: Build,
    ) -> Tradeoff {
        assert_eq!(trials.len(), samples.len(), "each trial has its sample");
        let [first, last] = [trials.first(), trials.last()].map(|trial| trial.expect("a trial").seed.0);
        let ended: Vec<(Trial, &Sample)> = (trials.iter().copied().zip(samples))
            .filter_map(|(trial, sample)| Some((trial, sample.as_ref()?)))
            .filter(|(_, sample)| sample.end != End::CutShort)
            .collect();
        let row = |(setting, flush): (usize, &FlushSetting)| {
            let with = |blow| {
                let wanted = move |trial: &Trial| trial.setting == setting && trial.blow == blow;
                let ended = ended.iter().filter(move |(trial, _)| wanted(trial));
                ended.map(|(_, sample)| *sample).collect::<Vec<&Sample>>()
            };
            let written = |(name, value)| (String::from(name), property_text(value));
            Row {
                flush: flush.to_string(),
                properties: flush.properties().into_iter().map(written).collect(),
                cost: Cost::of(&with(Blow::Quiet)),
                one_broker: Loss::of(&with(Blow::OneBroker)),
                all_brokers: Loss::of(&with(Blow::AllBrokers)),
            }
        };
        let (planned, all) = (trials.len() as u64, settings.all());
        let each = (all.len() * Blow::ALL.len()) as u64;
        Tradeoff {
            version: Tradeoff::VERSION,
            scenario: ScenarioRef { name: scenario.name.clone(), path: scenario.path.clone() },
            scenario_hash: hash(scenario.source.as_bytes()),
            build,
            seeds: Seeds { count: planned / each, first, last },
            runs_planned: planned,
            runs_ended: ended.len() as u64,
            partial: (ended.len() as u64) < planned,
            rows: all.iter().enumerate().map(row).collect(),
            left_out: ended.iter().filter_map(|(trial, sample)| left_out(all, *trial, sample)).collect(),
        }
    }

    /// The worst of everything: what is found after a blow is data, in a quiet run it is not.
    pub fn verdict(&self) -> Verdict {
        let quiet = self.rows.iter().any(|row| !row.cost.anomalies.is_empty());
        let acknowledged = self.rows.iter().any(|row| {
            0 < row.cost.acknowledged + row.one_broker.acknowledged + row.all_brokers.acknowledged
        });
        let mut verdicts: Vec<Verdict> = self.left_out.iter().map(|run| run.verdict).collect();
        verdicts.extend(quiet.then_some(Verdict::Violation));
        verdicts.extend((!acknowledged).then_some(Verdict::Vacuous));
        verdicts.into_iter().fold(Verdict::Pass, Verdict::and)
    }

    /// As it is written and printed.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a tradeoff serializes") + "\n"
    }
}

fn property_text(value: RawValue<'_>) -> String {
    match value {
        RawValue::Bool(value) => value.to_string(),
        RawValue::Int(value) => value.to_string(),
        RawValue::Text(text) => text.to_owned(),
    }
}

fn left_out(settings: &[FlushSetting], trial: Trial, sample: &Sample) -> Option<LeftOut> {
    let (verdict, reason) = match &sample.end {
        End::Judged | End::CutShort => return None,
        End::Vacuous(reason) => (Verdict::Vacuous, reason),
        End::Unjudged(reason) => (Verdict::Unknown, reason),
        End::Broken(reason) => (Verdict::HarnessBug, reason),
    };
    let (flush, blow) = (settings[trial.setting].to_string(), trial.blow.name().to_owned());
    Some(LeftOut { flush, blow, seed: trial.seed.0, verdict, reason: reason.clone() })
}

impl Runs {
    fn of(samples: &[&Sample]) -> Runs {
        let count = |is: fn(&End) -> bool| samples.iter().filter(|sample| is(&sample.end)).count() as u64;
        Runs {
            ended: samples.len() as u64,
            judged: count(|end| matches!(end, End::Judged)),
            unjudged: count(|end| matches!(end, End::Unjudged(_) | End::Broken(_))),
            vacuous: count(|end| matches!(end, End::Vacuous(_))),
        }
    }
}

impl Cost {
    fn of(samples: &[&Sample]) -> Cost {
        let runs = Runs::of(samples);
        let judged = judged(samples);
        let sum = |of: fn(&Sample) -> u64| judged.iter().map(|sample| of(sample)).sum::<u64>();
        let seconds = sum(|sample| sample.phase_us) as f64 / 1e6;
        let in_phase = sum(|sample| sample.acknowledged_in_phase);
        let flushes = sum(|sample| sample.flushes_in_phase) as f64;
        let ack_us = judged.iter().flat_map(|sample| &sample.ack_us).copied().collect();
        Cost {
            runs,
            acknowledged: sum(|sample| sample.acknowledged),
            acks_per_s: ratio(in_phase as f64, seconds),
            ack_us: Quantiles::of(ack_us),
            flushes_per_s: ratio(flushes, seconds),
            flushes_per_1000_acks: ratio(flushes * 1000.0, in_phase as f64),
            flushed_bytes_mean: ratio(sum(|sample| sample.flushed_bytes) as f64, judged.len() as f64),
            durable: Durable::of(&judged),
            anomalies: anomalies(&judged),
        }
    }
}

impl Durable {
    fn of(judged: &[&Sample]) -> Option<Durable> {
        let all: Vec<Quantiles> = judged.iter().flat_map(|sample| &sample.durable).copied().collect();
        let medians = all.iter().map(|times| times.p50).collect();
        Some(Durable {
            appends: all.iter().map(|times| times.count).sum(),
            p50_us_median: Quantiles::of(medians).p50,
            p99_us_max: all.iter().map(|times| times.p99).max()?,
        })
    }
}

impl Loss {
    fn of(samples: &[&Sample]) -> Loss {
        let runs = Runs::of(samples);
        let judged = judged(samples);
        Loss {
            runs,
            acknowledged: judged.iter().map(|sample| sample.acknowledged).sum(),
            died: Spread::of(judged.iter().map(|sample| sample.died)),
            lost: Spread::of(judged.iter().map(|sample| sample.lost)),
            runs_with_loss: judged.iter().filter(|sample| 0 < sample.lost).count() as u64,
            anomalies: anomalies(&judged),
        }
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = u64> + Clone) -> Option<Spread> {
        let (sum, count) = (values.clone().sum::<u64>(), values.clone().count());
        // Not rounded: one record in ten thousand runs is not none.
        Some(Spread { sum, mean: sum as f64 / count as f64, max: values.max()? })
    }
}

fn judged<'a>(samples: &[&'a Sample]) -> Vec<&'a Sample> {
    samples.iter().copied().filter(|sample| sample.end == End::Judged).collect()
}

fn anomalies(judged: &[&Sample]) -> BTreeMap<String, u64> {
    let mut runs = BTreeMap::new();
    for anomaly in judged.iter().flat_map(|sample| &sample.anomalies) {
        *runs.entry(anomaly.name().to_owned()).or_default() += 1;
    }
    runs
}

/// To a thousandth; `None` of nothing.
fn ratio(of: f64, to: f64) -> Option<f64> {
    (0.0 < to).then(|| (of / to * 1000.0).round() / 1000.0)
}
