//! Time that nobody can set, out of a clock that somebody can.

use crate::time::Timestamp;

/// What a node plans by: the clock of its machine as long as that goes forward. A step back takes no time: what was planned
/// is as far ahead after it as it was before.
///
/// Kafka's servers plan by `Time.nanoseconds`, which does the same and is not set forward either. Its clients plan by
/// `Time.milliseconds`: after a step back they wait until that time has come again, even with `Timer`, which only never
/// goes back.
///
/// What went by between the last look and a step back is lost, as it cannot be told from the step: each step back puts off
/// a plan by at most as long as it was ahead. A step forward is time that went by, however short it was: a node has no other
/// clock to tell.
///
/// * It never goes back.
/// * It is what the clock shows, until that goes back for the first time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steady {
    clock: Timestamp,
    /// The sum of all steps back in microseconds: by so much the clock is behind.
    behind: u64,
}

impl Steady {
    /// Begins when the clock shows this.
    pub fn new(clock: Timestamp) -> Steady {
        Steady { clock, behind: 0 }
    }

    /// The clock shows this; what time is it?
    pub fn read(&mut self, clock: Timestamp) -> Timestamp {
        self.behind = self.behind.saturating_add(self.clock.0.saturating_sub(clock.0));
        self.clock = clock;
        Timestamp(clock.0.saturating_add(self.behind))
    }

    /// What the clock showed last: for what is written down or compared with what was.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// What the clock will show at this time, if nobody sets it.
    pub fn on_clock(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_sub(self.behind))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_step_back_leaves_what_was_planned_as_far_ahead_as_it_was() {
        let mut steady = Steady::new(Timestamp(1_000));
        let planned = Timestamp(steady.read(Timestamp(1_200)).0 + 50);
        assert_eq!((planned, steady.on_clock(planned)), (Timestamp(1_250), Timestamp(1_250)));
        assert_eq!(steady.read(Timestamp(200)), Timestamp(1_200));
        assert_eq!((steady.clock(), steady.on_clock(planned)), (Timestamp(200), Timestamp(250)));
        assert_eq!(steady.read(Timestamp(250)), planned);
    }

    proptest! {
        #[test]
        fn it_never_goes_back_and_goes_on_as_the_clock_does(
            shown in prop::collection::vec(0_u64..1 << 50, 1..60),
        ) {
            let mut steady = Steady::default();
            let (mut before, mut clock) = (Timestamp::ZERO, Timestamp::ZERO);
            for shown in shown.into_iter().map(Timestamp) {
                let now = steady.read(shown);
                prop_assert_eq!(now.since(before), shown.since(clock));
                prop_assert!(before <= now);
                prop_assert_eq!(steady.on_clock(now), shown);
                (before, clock) = (now, shown);
            }
        }
    }
}
