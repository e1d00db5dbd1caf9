//! Time: runs and floors in turns.

use std::rc::Rc;
use std::time::Duration;

use sim::meter::{self, Part, Shares};

use crate::clocks::cpu_time;
use crate::floor;
use crate::references::Reference;
use crate::traffic::Traffic;

/// One repetition: every seed once, and its floor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lap {
    /// CPU time of the runs, from the scenario to the verdict.
    pub run: Duration,
    /// CPU time of the floors.
    pub floor: Duration,
}

/// What is the same in every repetition, and what was measured.
#[derive(Debug, Default)]
pub struct Laps {
    pub seeds: u64,
    pub hosts: usize,
    pub simulated: Duration,
    /// Acknowledged records that were verified.
    pub verified: u64,
    /// Requests and responses that arrived.
    pub messages: u64,
    /// Entries of the traces.
    pub events: u64,
    pub laps: Vec<Lap>,
    /// Of a repetition of its own: asking for shares takes time too.
    pub shares: Shares,
}

/// # Errors
/// If a run did not go as its scenario expects, or a floor did not carry all messages.
pub fn measure(reference: &Reference, repetitions: u64, seeds: u64) -> Result<Laps, String> {
    let mut laps = Laps { seeds, ..Laps::default() };
    let mut traffics = Vec::new();
    for seed in 1..=seeds {
        let (output, shares) = meter::measure(|| reference.run(seed));
        let output = output?;
        for (sum, share) in laps.shares.iter_mut().zip(shares) {
            *sum += share;
        }
        let traffic = Traffic::of(&output);
        laps.hosts = laps.hosts.max(traffic.hosts.len());
        laps.simulated += traffic.simulated;
        laps.messages += traffic.messages();
        laps.verified += output.report.counts.acknowledged;
        laps.events += output.trace.len() as u64;
        traffics.push(Rc::new(traffic));
    }
    for _ in 0..repetitions {
        let mut lap = Lap::default();
        for (seed, traffic) in (1..).zip(&traffics) {
            let (output, cpu) = cpu_time(|| reference.run(seed).map(drop));
            output?;
            lap.run += cpu;
            let (arrived, cpu) = cpu_time(|| floor::run(traffic, &reference.scenario.cluster));
            // What was sent in the last milliseconds is still on its way.
            let expected = traffic.messages();
            if arrived < expected - expected / 20 {
                return Err(format!("the floor of seed {seed} carried {arrived} of {expected} messages"));
            }
            lap.floor += cpu;
        }
        laps.laps.push(lap);
    }
    Ok(laps)
}

impl Laps {
    /// Part of the time of a run, from 0 to 1.
    pub fn share(&self, part: Part) -> f64 {
        let total: Duration = self.shares.iter().sum();
        self.shares[part as usize].as_secs_f64() / total.as_secs_f64()
    }
}
