//! Runs many things at a time: the only place of a sweep with threads and a clock.
//!
//! Each run has a thread of its own. What a thread keeps to itself cannot leak into the next run, and a run that never
//! comes back costs no more than its thread, which is left behind. Starting one takes microseconds, a run takes
//! milliseconds at least.

#![expect(clippy::disallowed_methods, reason = "limits in wall-clock time are what this file is for")]

use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::{Interrupt, STACK_BYTES};

/// How often to look at the clock and for signals while no run ends.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How much, how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many runs at a time.
    pub jobs: usize,
    /// After this time a run is asked to stop.
    pub timeout: Duration,
    /// A run that was asked to stop and has not after this time is left behind.
    pub grace: Duration,
    /// After this time no run begins.
    pub budget: Option<Duration>,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End<T> {
    /// With this.
    Returned(T),
    /// It panicked, with this message.
    Panicked(String),
    /// Not at all: it was asked to stop, did not, and was left behind.
    Abandoned,
}

/// A run that ended.
#[derive(Debug)]
pub struct Ended<T> {
    /// Which one.
    pub item: usize,
    /// How.
    pub end: End<T>,
    /// Whether it was asked to stop because of its time. It may have come to its proper end at that very moment.
    pub timed_out: bool,
    /// How long it took.
    pub wall: Duration,
    /// How long everything has taken up to now.
    pub elapsed: Duration,
}

/// Why no further run began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// There was none left.
    Finished,
    /// The budget was spent.
    Budget,
    /// Whoever listened had heard enough.
    Enough,
    /// A signal.
    Signal,
    /// The machine has no thread for the next one, and says why.
    NoThread(String),
}

/// What happens in the thread of a run, given its number. It has to stop when it is interrupted.
pub type Work<T> = Arc<dyn Fn(usize, &Interrupt) -> T + Send + Sync>;

struct UnderWay {
    since: Instant,
    interrupt: Arc<Interrupt>,
    asked_to_stop: Option<Instant>,
    timed_out: bool,
}

/// Runs items `0..count` in this order, `limits.jobs` at a time, and tells `listen` of each end, on this thread. A raised
/// `signal` stops what is under way. Returns why nothing more was begun, and how long it all took.
///
/// * An item is begun at most once, and each one that is begun ends exactly once for `listen`.
/// * After `listen` breaks off, or the budget is spent, what is under way still comes to its end.
pub fn drive<T: Send + 'static>(
    count: usize,
    limits: Limits,
    signal: &Interrupt,
    work: &Work<T>,
    mut listen: impl FnMut(Ended<T>) -> ControlFlow<()>,
) -> (Stop, Duration) {
    assert!(0 < limits.jobs, "nobody would do the work");
    let begun = Instant::now();
    let (sender, receiver) = mpsc::channel();
    let mut under_way: BTreeMap<usize, UnderWay> = BTreeMap::new();
    let mut next = 0;
    let mut stop = None;
    loop {
        let now = Instant::now();
        if signal.is_raised() {
            stop = Some(Stop::Signal);
            under_way.values_mut().for_each(|run| run.ask_to_stop(now));
        }
        if stop.is_none() && limits.budget.is_some_and(|budget| budget <= now - begun) {
            stop = Some(Stop::Budget);
        }
        while stop.is_none() && next < count && under_way.len() < limits.jobs {
            match begin(next, work, &sender) {
                Ok(run) => drop(under_way.insert(next, run)),
                Err(error) => {
                    stop = Some(Stop::NoThread(error.to_string()));
                    break;
                }
            }
            next += 1;
        }
        if under_way.is_empty() {
            let stop = stop.filter(|stop| *stop == Stop::Signal || next < count);
            return (stop.unwrap_or(Stop::Finished), begun.elapsed());
        }
        // Who has come back is not overdue, however long nobody has looked: `listen` may have waited for a disk.
        let ended = receiver.try_recv().ok();
        let ended = ended.or_else(|| Some((overdue(&mut under_way, limits)?, End::Abandoned)));
        let ended = ended.map_or_else(|| receiver.recv_timeout(LOOK_EVERY), Ok);
        let (item, end) = match ended {
            Ok(ended) => ended,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => unreachable!("this thread holds a sender too"),
        };
        // Whoever was left behind and comes back after all is not awaited any more.
        let Some(run) = under_way.remove(&item) else { continue };
        let (timed_out, wall) = (run.timed_out, run.since.elapsed());
        let ended = Ended { item, end, timed_out, wall, elapsed: begun.elapsed() };
        if listen(ended).is_break() {
            stop = stop.or(Some(Stop::Enough));
        }
    }
}

fn begin<T: Send + 'static>(
    item: usize,
    work: &Work<T>,
    sender: &Sender<(usize, End<T>)>,
) -> io::Result<UnderWay> {
    let interrupt = Arc::new(Interrupt::new(false));
    let (work, inner, answer) = (work.clone(), interrupt.clone(), sender.clone());
    let run = move || {
        let end = match catch_unwind(AssertUnwindSafe(|| work(item, &inner))) {
            Ok(value) => End::Returned(value),
            Err(payload) => End::Panicked(message(&*payload)),
        };
        // Nobody listens any more to a run that was left behind.
        drop(answer.send((item, end)));
    };
    let name = format!("run {item}");
    thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(run)?;
    Ok(UnderWay { since: Instant::now(), interrupt, asked_to_stop: None, timed_out: false })
}

/// Asks those to stop whose time is over; one that was asked long ago.
fn overdue(under_way: &mut BTreeMap<usize, UnderWay>, limits: Limits) -> Option<usize> {
    let now = Instant::now();
    for run in under_way.values_mut() {
        if limits.timeout < now - run.since && run.asked_to_stop.is_none() {
            run.timed_out = true;
            run.ask_to_stop(now);
        }
    }
    let gone = |run: &UnderWay| run.asked_to_stop.is_some_and(|asked| limits.grace < now - asked);
    under_way.iter().find(|(_, run)| gone(run)).map(|(item, _)| *item)
}

impl UnderWay {
    fn ask_to_stop(&mut self, now: Instant) {
        self.interrupt.raise();
        self.asked_to_stop.get_or_insert(now);
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn limits(jobs: usize) -> Limits {
        Limits { jobs, timeout: 5000 * MS, grace: 5000 * MS, budget: None }
    }

    /// Item, what it gave if it returned, and whether it timed out; in the order of items.
    fn all(count: usize, limits: Limits, work: &Work<usize>) -> (Stop, Vec<(usize, End<usize>, bool)>) {
        let mut ends = Vec::new();
        let (stop, _) = drive(count, limits, &Interrupt::new(false), work, |ended| {
            ends.push((ended.item, ended.end, ended.timed_out));
            ControlFlow::Continue(())
        });
        ends.sort_by_key(|(item, ..)| *item);
        (stop, ends)
    }

    #[test]
    fn everything_is_run_once_and_never_more_at_a_time_than_asked_for() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (inside, peak) = (now.clone(), most.clone());
        let work: Work<usize> = Arc::new(move |item, _| {
            peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::SeqCst);
            item * 10
        });
        let (stop, ends) = all(50, limits(3), &work);
        let expected: Vec<_> = (0..50).map(|item| (item, End::Returned(item * 10), false)).collect();
        assert_eq!((stop, ends), (Stop::Finished, expected));
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn a_panic_is_told_and_the_rest_goes_on() {
        let work: Work<usize> =
            Arc::new(|item, _| if item == 1 { panic!("item {item} is broken") } else { item });
        let (stop, ends) = all(3, limits(1), &work);
        assert_eq!(stop, Stop::Finished);
        assert_eq!(ends[1], (1, End::Panicked("item 1 is broken".to_owned()), false));
        assert_eq!(ends[2].1, End::Returned(2));
    }

    #[test]
    fn who_takes_too_long_is_asked_to_stop_and_who_does_not_is_left_behind() {
        let work: Work<usize> = Arc::new(|item, interrupt| {
            while item < 2 && (item == 1 || !interrupt.is_raised()) {
                thread::sleep(MS);
            }
            item
        });
        let (stop, mut ends) = all(3, Limits { timeout: 50 * MS, grace: 500 * MS, ..limits(1) }, &work);
        // On a busy machine even this one may be late.
        let last = ends.pop().map(|(item, end, _)| (item, end));
        assert_eq!(last, Some((2, End::Returned(2))));
        let expected = vec![(0, End::Returned(0), true), (1, End::Abandoned, true)];
        assert_eq!((stop, ends), (Stop::Finished, expected));
    }

    #[test]
    fn who_has_come_back_is_not_late_however_late_it_is_heard() {
        let work: Work<usize> = Arc::new(|item, interrupt| {
            while !interrupt.is_raised() {
                thread::sleep(MS);
            }
            item
        });
        let mut heard = Vec::new();
        let limits = Limits { timeout: 20 * MS, grace: 300 * MS, ..limits(2) };
        drive(2, limits, &Interrupt::new(false), &work, |ended| {
            // Both were asked to stop; while this takes its time over the first, the other comes back.
            if heard.is_empty() {
                thread::sleep(500 * MS);
            }
            heard.push(ended.end);
            ControlFlow::Continue(())
        });
        assert!(!heard.contains(&End::Abandoned), "{heard:?}");
    }

    #[test]
    fn a_signal_stops_what_is_under_way_and_a_budget_only_what_is_not() {
        let signal: &'static Interrupt = Box::leak(Box::new(Interrupt::new(false)));
        let work: Work<usize> = Arc::new(|item, interrupt| {
            signal.raise();
            while !interrupt.is_raised() {
                thread::sleep(MS);
            }
            item
        });
        let mut ends = Vec::new();
        let (stop, _) = drive(9, limits(2), signal, &work, |ended| {
            ends.push(ended.timed_out);
            ControlFlow::Continue(())
        });
        assert_eq!(stop, Stop::Signal);
        assert!(!ends.is_empty() && ends.len() <= 2 && !ends.contains(&true), "{ends:?}");
        let nothing: Work<usize> = Arc::new(|item, _| item);
        let (stop, ends) = all(3, Limits { budget: Some(Duration::ZERO), ..limits(1) }, &nothing);
        assert_eq!((stop, ends.len()), (Stop::Budget, 0));
    }

    #[test]
    fn who_has_heard_enough_hears_no_new_ones() {
        let mut heard = 0;
        let work: Work<usize> = Arc::new(|item, _| item);
        let (stop, _) = drive(9, limits(1), &Interrupt::new(false), &work, |_| {
            heard += 1;
            if heard < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        assert_eq!((stop, heard), (Stop::Enough, 3));
    }
}
