//! A host's own clock: right, until something makes it wrong.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::time::Timestamp;

/// What a clock that is right shows when the simulation begins: far enough from zero to be set back.
pub const CLOCK_ORIGIN: Duration = Duration::from_secs(24 * 60 * 60);

const MILLION: i128 = 1_000_000;

/// The slowest a clock may go, in millionths of the right speed: it never stands still.
const SPEED_MIN: i128 = 1_000;

/// What is wrong with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// It was set, forward or back.
    Jump {
        /// By so many microseconds.
        by: i64,
    },
    /// It goes too fast or too slow.
    Drift {
        /// By so many microseconds in a second.
        ppm: i64,
    },
}

/// What a clock fault came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skewed {
    /// How often the host looked at its clock while it was wrong: 0 if it did not run.
    pub readings: u64,
}

struct Wrong {
    fault: ClockFault,
    since: Timestamp,
    readings: u64,
}

/// The clock of one machine: what it shows is a function of simulated time. It outlives processes.
///
/// * Without faults it shows the simulated time and [`CLOCK_ORIGIN`].
/// * The error is the sum over all faults, so each is gone when it ends, as if NTP had stepped the clock, and the clock is
///   right when the last one has ended.
/// * Between two changes it never stands still and never goes back, and it never shows less than zero.
#[derive(Default)]
pub struct HostClock {
    wrong: RefCell<BTreeMap<u32, Wrong>>,
    any: Cell<bool>,
}

impl HostClock {
    /// The host looks at its clock.
    pub fn read(&self, elapsed: Timestamp) -> Timestamp {
        if self.any.get() {
            for wrong in self.wrong.borrow_mut().values_mut() {
                let is_off = wrong.fault.error(elapsed.since(wrong.since)) != 0;
                wrong.readings += u64::from(is_off);
            }
        }
        self.show(elapsed)
    }

    /// What the clock shows at a simulated time.
    pub fn show(&self, elapsed: Timestamp) -> Timestamp {
        let right = elapsed + CLOCK_ORIGIN;
        if !self.any.get() {
            return right;
        }
        let wrong = self.wrong.borrow();
        let error: i128 = wrong.values().map(|wrong| wrong.fault.error(elapsed.since(wrong.since))).sum();
        Timestamp(u64::try_from((i128::from(right.0) + error).max(0)).unwrap_or(u64::MAX))
    }

    /// The simulated time at which the clock will show `at`, if nothing happens to it; not before `elapsed`.
    pub fn when(&self, at: Timestamp, elapsed: Timestamp) -> Timestamp {
        if !self.any.get() {
            return Timestamp(at.0.saturating_sub(Timestamp::from_duration(CLOCK_ORIGIN).0));
        }
        let left = i128::try_from(at.since(self.show(elapsed)).as_micros()).expect("of two timestamps");
        let needed = (left * MILLION + self.speed() - 1) / self.speed();
        elapsed + Duration::from_micros(u64::try_from(needed).unwrap_or(u64::MAX))
    }

    /// From now on something is wrong with it; each fault at most once. A drift that, with those there are, would make it
    /// stand still or run backwards does nothing: no clock does that.
    pub fn skew(&self, id: u32, fault: ClockFault, now: Timestamp) {
        if self.speed() + fault.drift() < SPEED_MIN {
            return;
        }
        let before = self.wrong.borrow_mut().insert(id, Wrong { fault, since: now, readings: 0 });
        assert!(before.is_none(), "fault {id} skews a clock twice");
        self.any.set(true);
    }

    /// Takes a fault back; `None` if this clock does not have it.
    pub fn unskew(&self, id: u32) -> Option<Skewed> {
        let ended = self.wrong.borrow_mut().remove(&id)?;
        self.any.set(!self.wrong.borrow().is_empty());
        Some(Skewed { readings: ended.readings })
    }

    /// The faults it has.
    pub fn faults(&self) -> Vec<u32> {
        self.wrong.borrow().keys().copied().collect()
    }

    /// How many microseconds it goes on in a second.
    fn speed(&self) -> i128 {
        MILLION + self.wrong.borrow().values().map(|wrong| wrong.fault.drift()).sum::<i128>()
    }
}

impl ClockFault {
    fn drift(self) -> i128 {
        match self {
            ClockFault::Jump { .. } => 0,
            ClockFault::Drift { ppm } => i128::from(ppm),
        }
    }

    fn error(self, after: Duration) -> i128 {
        match self {
            ClockFault::Jump { by } => i128::from(by),
            ClockFault::Drift { ppm } => (i128::from(ppm)
                * i128::try_from(after.as_micros()).unwrap_or(i128::MAX >> 64))
            .div_euclid(MILLION),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: u64 = 24 * 60 * 60 * 1_000_000;

    #[test]
    fn a_clock_is_right_again_when_its_last_fault_has_ended() {
        let clock = HostClock::default();
        assert_eq!(clock.read(Timestamp(5)), Timestamp(ORIGIN + 5));
        clock.skew(0, ClockFault::Jump { by: -3_000_000 }, Timestamp(10));
        assert_eq!(clock.read(Timestamp(10)), Timestamp(ORIGIN - 2_999_990));
        clock.skew(1, ClockFault::Drift { ppm: 500_000 }, Timestamp(10));
        assert_eq!(clock.read(Timestamp(2_000_010)), Timestamp(ORIGIN + 10));
        assert_eq!(clock.unskew(0), Some(Skewed { readings: 2 }));
        assert_eq!(clock.show(Timestamp(2_000_010)), Timestamp(ORIGIN + 3_000_010));
        assert_eq!(clock.unskew(1), Some(Skewed { readings: 1 }));
        assert_eq!(clock.unskew(1), None);
        assert_eq!(clock.show(Timestamp(2_000_010)), Timestamp(ORIGIN + 2_000_010));
    }

    #[test]
    fn a_jump_forward_makes_a_deadline_due_a_jump_back_delays_it_and_drift_stretches_it() {
        let deadline = Timestamp(ORIGIN + 4_000_000);
        let (clock, now) = (HostClock::default(), Timestamp(1_000_000));
        let when = |fault| {
            clock.skew(0, fault, now);
            let when = clock.when(deadline, now);
            clock.unskew(0);
            when
        };
        assert_eq!(clock.when(deadline, now), Timestamp(4_000_000));
        assert_eq!(when(ClockFault::Jump { by: 10_000_000 }), now);
        assert_eq!(when(ClockFault::Jump { by: -1_000_000 }), Timestamp(5_000_000));
        assert_eq!(when(ClockFault::Drift { ppm: -500_000 }), Timestamp(7_000_000));
        assert_eq!(when(ClockFault::Drift { ppm: 2_000_000 }), Timestamp(2_000_000));
    }

    #[test]
    fn however_far_back_it_is_set_it_shows_no_time_before_zero() {
        let clock = HostClock::default();
        clock.skew(0, ClockFault::Jump { by: i64::MIN }, Timestamp(0));
        assert_eq!(clock.show(Timestamp(7)), Timestamp::ZERO);
    }

    proptest! {
        #[test]
        fn what_was_promised_for_a_time_is_shown_then_give_or_take_rounding(
            ppm in -900_000_i64..2_000_000,
            by in -3_600_000_000_i64..3_600_000_000,
            began in 0_u64..10_000_000,
            after in 0_u64..100_000_000,
            ahead in 1_u64..100_000_000,
        ) {
            let clock = HostClock::default();
            clock.skew(0, ClockFault::Drift { ppm }, Timestamp(began));
            clock.skew(1, ClockFault::Jump { by }, Timestamp(began));
            let now = Timestamp(began + after);
            let at = clock.show(now) + Duration::from_micros(ahead);
            let when = clock.when(at, now);
            prop_assert!(now < when, "time has to pass");
            let shown = clock.show(when);
            prop_assert!(at.0 <= shown.0 + 1, "{at} at {when}: {shown}");
            prop_assert!(shown.0 <= at.0 + 4, "{at} at {when}: {shown}");
        }
    }
}
