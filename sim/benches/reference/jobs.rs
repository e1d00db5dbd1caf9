//! Two jobs against one.

use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::clocks::{Median, cpu_time, wall_time};
use crate::references::{self, Reference};

const REPETITIONS: u64 = 3;

/// How much more two threads get done than one in the same time.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Jobs {
    /// By the clock: whatever else runs on the machine counts.
    pub by_clock: Median,
    /// By CPU time: what there would be if nothing else ran. Below 2 as far as the threads get in each other's way.
    pub by_cpu_time: Median,
    /// Processes that wanted to run in the last minute, on average.
    pub load: Option<f64>,
}

pub fn measure(reference: &Reference, seeds: u64) -> Jobs {
    let (mut by_clock, mut by_cpu_time) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let (one_cpu, one) = wall_time(|| all_seeds(reference.name(), seeds));
        let (two_cpu, two) = wall_time(|| {
            thread::scope(|scope| {
                let other = scope.spawn(|| all_seeds(reference.name(), seeds));
                all_seeds(reference.name(), seeds) + other.join().expect("the same seeds ran before")
            })
        });
        by_clock.push(2.0 * one.as_secs_f64() / two.as_secs_f64());
        // Twice the seeds: without interference they take twice the CPU time.
        by_cpu_time.push(4.0 * one_cpu.as_secs_f64() / two_cpu.as_secs_f64());
    }
    Jobs { by_clock: Median::of(by_clock), by_cpu_time: Median::of(by_cpu_time), load: load() }
}

/// CPU time of these seeds on this thread.
fn all_seeds(name: &str, seeds: u64) -> Duration {
    let reference = references::named(name);
    let run = || (1..=seeds).for_each(|seed| drop(reference.run(seed).expect("it ran before")));
    cpu_time(run).1
}

fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
