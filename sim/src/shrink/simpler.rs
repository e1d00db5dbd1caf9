//! Values that are simpler than a value: rounder first, then smaller.

use std::time::Duration;

/// What round durations are multiples of, the roundest first.
pub const ROUND: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_millis(500),
    Duration::from_millis(100),
    Duration::from_millis(10),
    Duration::from_millis(1),
];

/// How round a duration is: 0 for whole seconds, one more for each step of [`ROUND`] that it misses.
pub fn roughness(duration: Duration) -> usize {
    ROUND.iter().take_while(|unit| !multiple(duration, **unit)).count()
}

/// Durations simpler than this one and not below `least`, the simplest first: rounder ones next to it, then shorter ones
/// that are as round.
///
/// Each is rounder than the value, or as round and shorter: going on from any of them comes to an end.
pub fn durations(value: Duration, least: Duration) -> Vec<Duration> {
    let rough = roughness(value);
    let mut simpler = Vec::new();
    let mut add = |candidate: Duration| {
        let rank = (roughness(candidate), candidate);
        if least <= candidate && rank < (rough, value) && !simpler.contains(&candidate) {
            simpler.push(candidate);
        }
    };
    for unit in &ROUND[..rough] {
        add(down(value, *unit));
        add(down(value, *unit) + *unit);
    }
    if let Some(unit) = ROUND.get(rough) {
        add(down(least + *unit - Duration::from_micros(1), *unit));
        add(down(value / 2, *unit));
        add(down(value * 3 / 4, *unit));
        add(value.saturating_sub(*unit));
    }
    simpler
}

/// The nearest multiple of `unit`, but not below `least`.
pub fn rounded(value: Duration, unit: Duration, least: Duration) -> Duration {
    let nearest = down(value + unit / 2, unit);
    if nearest < least { down(least + unit - Duration::from_nanos(1), unit) } else { nearest }
}

/// Numbers below this one and not below `least` as people write them - 1, 2, 5, 10, 20, 50, … - the smallest first.
pub fn numbers(value: u64, least: u64) -> Vec<u64> {
    let steps = (0..19).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
    steps.filter(|step| (least..value).contains(step)).collect()
}

fn multiple(duration: Duration, unit: Duration) -> bool {
    duration.as_nanos().is_multiple_of(unit.as_nanos())
}

fn down(duration: Duration, unit: Duration) -> Duration {
    let whole = duration.as_nanos() / unit.as_nanos();
    unit * u32::try_from(whole).expect("durations are below a day")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn round_comes_before_short() {
        let odd = Duration::from_micros(2_345_678);
        let simpler = durations(odd, Duration::ZERO);
        let expected = [2000, 3000, 2500, 2300, 2400, 2340, 2350, 2345, 2346].map(ms);
        assert_eq!(simpler, expected);
        assert_eq!(durations(ms(3000), ms(1)), [ms(1000), ms(2000)]);
        assert_eq!(durations(ms(8000), ms(0)), [ms(0), ms(4000), ms(6000), ms(7000)]);
        assert_eq!(durations(ms(1000), ms(1)), []);
        assert_eq!(durations(ms(300), ms(1)), [ms(1000), ms(500), ms(100), ms(200)]);
    }

    #[test]
    fn every_way_to_simpler_durations_ends() {
        let mut value = Duration::from_micros(7_654_321);
        let mut steps = 0;
        // The least simple one each time: the longest way.
        while let Some(next) = durations(value, ms(1)).last() {
            assert!((roughness(*next), *next) < (roughness(value), value));
            (value, steps) = (*next, steps + 1);
        }
        assert_eq!(value, ms(1000));
        assert!(steps < 20_000, "{steps}");
    }

    #[test]
    fn rounding_goes_to_the_nearest_but_never_to_nothing() {
        assert_eq!(rounded(ms(1400), ms(1000), ms(1)), ms(1000));
        assert_eq!(rounded(ms(1500), ms(1000), ms(1)), ms(2000));
        assert_eq!(rounded(ms(300), ms(1000), ms(1)), ms(1000));
        assert_eq!(rounded(ms(300), ms(1000), ms(0)), ms(0));
    }

    #[test]
    fn numbers_are_those_of_coins() {
        assert_eq!(numbers(120, 3), [5, 10, 20, 50, 100]);
        assert_eq!(numbers(1, 1), [] as [u64; 0]);
    }
}
