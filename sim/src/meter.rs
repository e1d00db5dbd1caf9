//! Which part of the program the time of a run goes to. Off, unless somebody measures: `cargo bench -p sim` does.
//!
//! A thread that is measured is in exactly one part at any time. Entering a part leaves the one before, and the end of the
//! guard goes back to it, so nothing is counted twice: an append that a broker asks for is the disk's time and not the
//! broker's. The clock is the wall's because it is cheap: who is preempted within a part loses time in proportion to what
//! the part takes, so shares stay what they are on a busy machine, and only shares are to be had here.
//!
//! While nobody measures, entering and leaving a part costs a look at a flag of the thread.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// A part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What no other part is: building the cluster, looking for ends of phases, dropping everything.
    Rest,
    /// turmoil and tokio between two polls of a host: the clock, the timers, the network.
    Turmoil,
    /// Drivers, framing, links, the trace; and turmoil's sockets, which they poll.
    Drivers,
    /// Brokers and the controller.
    Servers,
    /// Producers, consumers and the attendant.
    Clients,
    /// The simulated disk.
    Disk,
    /// What hurts the cluster.
    Nemesis,
    /// Oracles, while it runs, and checkers at the end.
    Judges,
}

/// How long a run was in each part, in the order of [`Part::ALL`].
pub type Shares = [Duration; Part::ALL.len()];

impl Part {
    /// Every part.
    pub const ALL: [Part; 8] = [
        Part::Rest,
        Part::Turmoil,
        Part::Drivers,
        Part::Servers,
        Part::Clients,
        Part::Disk,
        Part::Nemesis,
        Part::Judges,
    ];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Part::Rest => "rest",
            Part::Turmoil => "turmoil",
            Part::Drivers => "drivers",
            Part::Servers => "brokers",
            Part::Clients => "clients",
            Part::Disk => "disk",
            Part::Nemesis => "nemesis",
            Part::Judges => "judges",
        }
    }
}

struct Meter {
    part: Part,
    since: Instant,
    spent: Shares,
}

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
    static METER: RefCell<Option<Meter>> = const { RefCell::new(None) };
}

/// Measures what `run` does on this thread.
pub fn measure<T>(run: impl FnOnce() -> T) -> (T, Shares) {
    let meter = Meter { part: Part::Rest, since: now(), spent: Shares::default() };
    let before = METER.replace(Some(meter));
    assert!(before.is_none(), "this thread is measured already");
    ON.set(true);
    let result = run();
    switch(Part::Rest);
    ON.set(false);
    let meter = METER.take().expect("it was put there before the run");
    (result, meter.spent)
}

/// From here to the end of the guard the time is that of `part`.
pub fn enter(part: Part) -> Entered {
    Entered { before: if ON.get() { Some(switch(part)) } else { None } }
}

/// Goes back to the part before when it is dropped.
#[must_use = "the part ends with the guard"]
pub struct Entered {
    before: Option<Part>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            switch(before);
        }
    }
}

fn switch(to: Part) -> Part {
    METER.with_borrow_mut(|meter| {
        let meter = meter.as_mut().expect("it is there while the flag is set");
        let now = now();
        meter.spent[meter.part as usize] += now - meter.since;
        meter.since = now;
        std::mem::replace(&mut meter.part, to)
    })
}

#[expect(clippy::disallowed_methods, reason = "where the time goes is a fact about the machine, not the run")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(least: Duration) {
        let begun = now();
        while begun.elapsed() < least {}
    }

    #[test]
    fn time_belongs_to_the_innermost_part_and_to_one_only() {
        let each = Duration::from_millis(2);
        let begun = now();
        let ((), shares) = measure(|| {
            let _servers = enter(Part::Servers);
            spin(each);
            {
                let _disk = enter(Part::Disk);
                spin(each);
            }
            spin(each);
        });
        let total = begun.elapsed();
        assert!(2 * each <= shares[Part::Servers as usize], "{shares:?}");
        assert!(each <= shares[Part::Disk as usize], "{shares:?}");
        assert!(shares.iter().sum::<Duration>() <= total, "{shares:?} of {total:?}");
        assert!(shares[Part::Judges as usize].is_zero());
    }

    #[test]
    fn what_nobody_measures_leaves_nothing() {
        drop(enter(Part::Disk));
        assert!(measure(|| ()).1[Part::Disk as usize].is_zero());
    }
}
