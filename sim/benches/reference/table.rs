//! How figures are printed.

use std::fmt::Write;

use serde::Serialize;
use sim::meter::Part;

use crate::clocks::Median;
use crate::jobs::Jobs;
use crate::laps::{Lap, Laps};
use crate::memory::Growth;
use crate::references::Reference;

/// What was measured on one scenario.
#[derive(Serialize)]
pub struct Figures {
    pub scenario: String,
    pub hosts: usize,
    pub seeds: u64,
    pub repetitions: usize,
    pub simulated_seconds: f64,
    pub verified_records: u64,
    pub messages: u64,
    pub trace_events: u64,
    /// CPU time of the harness by that of the floor.
    pub by_floor: Median,
    pub rates: Vec<Rate>,
    /// Parts of the time, from 0 to 1.
    pub shares: Vec<(&'static str, f64)>,
    pub memory: Option<Growth>,
    pub jobs: Option<Jobs>,
}

/// So much for each unit of CPU time.
#[derive(Serialize)]
pub struct Rate {
    pub what: &'static str,
    pub harness: Median,
    pub floor: Median,
    /// What the project wants to reach here.
    pub target: Option<f64>,
}

impl Figures {
    pub fn new(reference: &Reference, laps: &Laps, memory: Option<Growth>, jobs: Option<Jobs>) -> Figures {
        let rate = |what, amount: f64, target| Rate {
            what,
            harness: Median::of(laps.laps.iter().map(|lap| amount / lap.run.as_secs_f64())),
            floor: Median::of(laps.laps.iter().map(|lap| amount / lap.floor.as_secs_f64())),
            target,
        };
        let simulated = laps.simulated.as_secs_f64();
        let swept = reference.is_swept();
        let ratio = |lap: &Lap| lap.run.as_secs_f64() / lap.floor.as_secs_f64();
        Figures {
            scenario: reference.name().to_owned(),
            hosts: laps.hosts,
            seeds: laps.seeds,
            repetitions: laps.laps.len(),
            simulated_seconds: simulated,
            verified_records: laps.verified,
            messages: laps.messages,
            trace_events: laps.events,
            by_floor: Median::of(laps.laps.iter().map(ratio)),
            rates: vec![
                rate("seeds per minute and core", laps.seeds as f64 * 60.0, swept.then_some(120.0)),
                rate(
                    "verified records per CPU-second",
                    laps.verified as f64,
                    (reference.name() == "dense").then_some(10_000.0),
                ),
                rate("simulated seconds per second", simulated, None),
            ],
            shares: Part::ALL.iter().map(|part| (part.name(), laps.share(*part))).collect(),
            memory,
            jobs,
        }
    }
}

/// One block of lines.
pub fn human(figures: &Figures) -> String {
    let mut text = format!(
        "\n{}: {} hosts, {} seeds x {} repetitions; per seed {:.1} s simulated, {} records, {} messages\n",
        figures.scenario,
        figures.hosts,
        figures.seeds,
        figures.repetitions,
        figures.simulated_seconds / figures.seeds as f64,
        figures.verified_records / figures.seeds,
        figures.messages / figures.seeds,
    );
    let mut line = |what: &str, harness: String, spread: String, floor: String, target: String| {
        writeln!(text, "  {what:<34}{harness:>10}  {spread:<17}{floor:>10}  {target}")
            .expect("strings take all");
    };
    line("", "harness".into(), "least..greatest".into(), "floor".into(), "target".into());
    for Rate { what, harness, floor, target } in &figures.rates {
        let target = target.map(|target| format!("at least {}", number(target))).unwrap_or_default();
        line(what, number(harness.median), spread(harness), number(floor.median), target);
    }
    let ratio = figures.by_floor;
    line("CPU time by the floor's", number(ratio.median), spread(&ratio), "1".into(), "at most 2.5".into());
    if let Some(growth) = figures.memory {
        let (once, longer) = (mib(growth.once.peak), mib(growth.longer.peak));
        line("peak memory, MiB", number(once), String::new(), String::new(), "below 200".into());
        let times = format!("the same, {} times as long", growth.times);
        line(&times, number(longer), String::new(), String::new(), String::new());
        line(
            "  bytes per further event",
            number(growth.bytes_per_event()),
            String::new(),
            String::new(),
            String::new(),
        );
        let recorded = format!("{:.0} %", 100.0 * growth.recorded_share());
        line("  recorded, of the growth", recorded, String::new(), String::new(), String::new());
    }
    if let Some(jobs) = figures.jobs {
        let (cpu, clock) = (jobs.by_cpu_time, jobs.by_clock);
        line(
            "two jobs by one, in CPU time",
            number(cpu.median),
            spread(&cpu),
            String::new(),
            "at least 1.8".into(),
        );
        let load = jobs.load.map(|load| format!("load average {load}")).unwrap_or_default();
        line("  the same by the clock", number(clock.median), spread(&clock), String::new(), load);
    }
    let shares = figures.shares.iter().map(|(name, share)| format!("{name} {:.0} %", 100.0 * share));
    text += &format!("  share: {}\n", shares.collect::<Vec<_>>().join(", "));
    text
}

/// What the columns mean.
pub fn legend() -> &'static str {
    "\nCPU time of one thread, medians of the repetitions. floor: bare turmoil hosts that exchange the same messages.\n\
     recorded: entries of the trace, operations of the history, bytes appended to disks.\n"
}

fn spread(values: &Median) -> String {
    format!("{}..{}", number(values.least), number(values.greatest))
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
