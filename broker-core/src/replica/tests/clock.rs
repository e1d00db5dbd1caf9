//! A clock that is set.

use proptest::prelude::*;

use super::*;

#[test]
fn after_a_step_back_a_follower_that_lags_stays_in_sync_until_that_time_has_come_again() {
    let mut bench = Bench::new(2, None);
    let step = Duration::from_secs(3600);
    bench.now = bench.now + step;
    bench.metadata(1, &[1, 2, 3], 1, 1);
    bench.asks(2, 0);
    bench.asks(3, 0);
    bench.behind = step;
    bench.produce(Acks::All);
    for _ in 0..10 {
        bench.pass(step / 10);
        bench.asks(2, 1);
        assert_eq!(bench.proposed_isr(), None, "Kafka's lastCaughtUpTimeMs is ahead of the clock");
    }
    bench.pass(bench.lag_max() * 3 / 2);
    bench.asks(2, 1);
    assert_eq!(bench.proposed_isr(), Some(vec![1, 2]));
}

#[test]
fn a_produce_that_waits_is_given_up_on_time_whatever_the_clock_shows() {
    let mut bench = Bench::leading(2);
    bench.produce(Acks::All);
    bench.behind = Duration::from_secs(3600);
    bench.pass(PATIENCE);
    assert_eq!(bench.done(), [(1, ErrorCode::REQUEST_TIMED_OUT)]);
}

proptest! {
    #[test]
    fn whatever_the_clock_does_nothing_is_acknowledged_that_a_follower_in_sync_lacks(
        steps in prop::collection::vec((0_u64..40_000_000, 0_u64..200_000_000, 0_u8..3), 1..60),
    ) {
        let mut bench = Bench::leading(2);
        let mut end = 0;
        for (passed, behind, what) in steps {
            bench.behind = Duration::from_micros(behind);
            bench.pass(Duration::from_micros(passed));
            match what {
                0 => {
                    bench.produce(Acks::All);
                    end += 1;
                }
                1 => {
                    bench.asks(2, end);
                }
                _ => {}
            }
            // Broker 3 has nothing, and nobody has agreed to an ISR without it.
            prop_assert_eq!(bench.replica.high_watermark(), Offset::ZERO);
            prop_assert!(bench.done().iter().all(|(_, error)| *error == ErrorCode::REQUEST_TIMED_OUT));
        }
    }
}
