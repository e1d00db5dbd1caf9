//! Exponential pauses with jitter, as Kafka's `ExponentialBackoff` (KIP-580), without a source of randomness.

use std::time::Duration;

/// Shorter pauses would be retries at the same instant.
const PAUSE_MIN: Duration = Duration::from_millis(1);
/// Kafka's `CommonClientConfigs.RETRY_BACKOFF_JITTER` of 0.2, as thousandths.
const JITTER_PERMILLE: u64 = 200;

/// Draws pauses of `initial * 2^attempts`, up to `max`, each 20 % longer or shorter.
///
/// * No pause is zero, and none is longer than `max` (or [`PAUSE_MIN`], if that is longer).
/// * The n-th pause of two backoffs with the same entropy and the same attempts is the same.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    initial: Duration,
    max: Duration,
    entropy: u64,
    drawn: u64,
}

impl Backoff {
    pub(super) fn new(initial: Duration, max: Duration, entropy: u64) -> Backoff {
        Backoff { initial, max: max.max(initial), entropy, drawn: 0 }
    }

    /// The pause after `failures` failures in a row before this one.
    pub(super) fn pause(&mut self, failures: u32) -> Duration {
        self.drawn += 1;
        let draw = splitmix64(self.entropy ^ splitmix64(self.drawn)) % (2 * JITTER_PERMILLE + 1);
        let permille = 1000 - JITTER_PERMILLE + draw;
        let micros = u64::try_from(self.initial.as_micros()).unwrap_or(u64::MAX);
        let term = micros.saturating_mul(1 << failures.min(30));
        let pause = Duration::from_micros((term / 1000).saturating_mul(permille));
        pause.min(self.max).max(PAUSE_MIN)
    }
}

/// Entropy for a client that was given none: differs between clients with different names.
pub(super) fn entropy_of(client_id: &str) -> u64 {
    client_id.bytes().fold(0, |hash, byte| splitmix64(hash ^ u64::from(byte)))
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014), the output function.
pub(super) fn splitmix64(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_jitter_up_to_the_maximum_and_are_never_zero() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(100), ms(1000), 7);
        let mut distinct = std::collections::BTreeSet::new();
        for _ in 0..100 {
            for (failures, nominal_ms) in [(0, 100), (1, 200), (2, 400)] {
                let pause = backoff.pause(failures);
                assert!(ms(nominal_ms * 8 / 10) <= pause && pause <= ms(nominal_ms * 12 / 10), "{pause:?}");
                distinct.insert(pause);
            }
            assert_eq!(backoff.pause(5), ms(1000));
            assert_eq!(backoff.pause(u32::MAX), ms(1000));
        }
        assert!(50 < distinct.len(), "no jitter");
        assert_eq!(Backoff::new(ms(0), ms(0), 1).pause(9), PAUSE_MIN);
    }
}
