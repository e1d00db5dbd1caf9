//! A clock that jumps.

use proptest::prelude::*;

use super::*;

#[test]
fn after_a_jump_back_the_leader_goes_on_looking_for_followers_that_lag() {
    let mut bench = Bench::leading(2);
    let right = bench.now;
    bench.pass(Duration::from_secs(3600));
    bench.now = right;
    bench.replica.clock_went_back(right);
    assert_eq!(bench.replica.next_deadline(), Some(right), "not in an hour");
    bench.pass(Duration::ZERO);
    assert!(bench.replica.next_deadline().is_some_and(|at| at <= right + bench.lag_max()));
}

proptest! {
    #[test]
    fn whatever_the_clock_does_nothing_is_acknowledged_that_a_follower_in_sync_lacks(
        jumps in prop::collection::vec((0_u64..200_000_000, 0_u8..4), 1..60),
    ) {
        let mut bench = Bench::leading(2);
        let mut end = 0;
        for (now, what) in jumps {
            bench.now = Timestamp(now);
            bench.with_env(Replica::tick);
            match what {
                0 => {
                    bench.produce(Acks::All);
                    end += 1;
                }
                1 => {
                    bench.asks(2, end);
                }
                2 => bench.replica.clock_went_back(Timestamp(now)),
                _ => {}
            }
            // Broker 3 has nothing, and nobody has agreed to an ISR without it.
            prop_assert_eq!(bench.replica.high_watermark(), Offset::ZERO);
        }
    }
}
