//! The only place of the search that has threads and looks at the wall clock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::report::RunReport;
use crate::run::{Interrupt, RunOutput, STACK_BYTES, run};
use crate::scenario::Scenario;
use crate::seed::Seed;

/// How often to look whether somebody wants it to stop, and whether a run takes too long.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Says how long ago it was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a budget is a time of the machine")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A run that came to an end, and its script.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub report: RunReport,
    pub script: Scenario,
}

/// Runs each of these in a thread of its own. `None`: the harness itself panicked, or no thread could be started.
///
/// As soon as one is `good`, those after it are interrupted, because nobody will ask for them; all are if `stop` is raised
/// or `timeout` is over. An interrupted run says so in its verdict.
pub(super) fn run_all(
    scenarios: &[Scenario],
    (stop, timeout): (&Interrupt, Duration),
    good: impl Fn(&Scenario, &RunReport) -> bool,
) -> Vec<Option<Ran>> {
    let interrupts: Vec<Interrupt> = scenarios.iter().map(|_| Interrupt::new(false)).collect();
    let raise = |interrupts: &[Interrupt]| {
        for interrupt in interrupts {
            interrupt.raise();
        }
    };
    let stopwatch = Stopwatch::start();
    let mut all: Vec<Option<Ran>> = vec![None; scenarios.len()];
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        for (index, scenario) in scenarios.iter().enumerate() {
            let (sender, interrupt) = (sender.clone(), &interrupts[index]);
            let work = move || {
                let ran = catch_unwind(AssertUnwindSafe(|| once(scenario, interrupt)));
                // The receiver outlives every worker.
                drop(sender.send((index, ran.ok())));
            };
            // One that is not started sends nothing, and nothing is known of it.
            drop(thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work));
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(LOOK_EVERY) {
                Ok((index, ran)) => {
                    if ran.as_ref().is_some_and(|ran| good(&scenarios[index], &ran.report)) {
                        raise(&interrupts[index + 1..]);
                    }
                    all[index] = ran;
                }
                Err(RecvTimeoutError::Timeout) => {
                    if stop.is_raised() || timeout < stopwatch.elapsed() {
                        raise(&interrupts);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    all
}

fn once(scenario: &Scenario, interrupt: &Interrupt) -> Ran {
    let RunOutput { report, script, .. } = run(scenario, scenario.seed.unwrap_or(Seed(1)), interrupt);
    Ran { report, script }
}
