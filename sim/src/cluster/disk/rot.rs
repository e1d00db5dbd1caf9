//! Bit rot: bits of one file that turned over on the platter.

use std::collections::BTreeMap;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// The platter keeps what was written, and this what it says instead: a mask for each rotten byte. Writing a byte anew
/// heals it; reading, killing and losing the power do not.
#[derive(Clone, Debug, Default)]
pub(super) struct Rot(BTreeMap<u64, u8>);

impl Rot {
    /// Turns `bits` bits over, drawn from these bytes, of which there is at least one: each in another byte while there
    /// are enough, and never one that was turned over before. Returns how many.
    pub(super) fn strike(&mut self, bytes: &[(u64, u64)], bits: u32, rng: &mut ChaCha8Rng) -> u64 {
        let total: u64 = bytes.iter().map(|(from, to)| to - from).sum();
        let mut turned = 0;
        for _ in 0..bits {
            let (nth, first) = (rng.random_range(0..total), rng.random_range(0..8_u32));
            let from_here = || (0..total).map(|step| position(bytes, (nth + step) % total));
            let mask_of = |at: &u64| self.0.get(at).copied().unwrap_or(0);
            // A byte that is whole; if none is, one that is not all turned over.
            let whole = from_here().find(|at| mask_of(at) == 0);
            let Some(at) = whole.or_else(|| from_here().find(|at| mask_of(at) != u8::MAX)) else { break };
            let mask = self.0.entry(at).or_default();
            let free = (0..8).map(|step| 1_u8 << ((first + step) % 8)).find(|bit| *mask & bit == 0);
            *mask |= free.expect("not all of them are turned over");
            turned += 1;
        }
        turned
    }

    /// What reading `buf` from `position` gives.
    pub(super) fn apply(&self, position: u64, buf: &mut [u8]) {
        for (at, mask) in self.0.range(position..position + buf.len() as u64) {
            buf[usize::try_from(at - position).expect("within the buffer")] ^= mask;
        }
    }

    /// These bytes were written anew.
    pub(super) fn heal(&mut self, from: u64, to: u64) {
        if self.0.is_empty() {
            return;
        }
        let mut above = self.0.split_off(&from);
        self.0.extend(above.split_off(&to));
    }
}

/// Where the `nth` byte of these ranges is.
fn position(bytes: &[(u64, u64)], mut nth: u64) -> u64 {
    for (from, to) in bytes {
        if nth < to - from {
            return from + nth;
        }
        nth -= to - from;
    }
    unreachable!("there are not so many bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn as_many_bits_turn_over_as_are_asked_for_each_once() {
        for bits in [1, 3, 5, 16, 40, 41] {
            let mut rot = Rot::default();
            let turned = rot.strike(&[(2, 4), (10, 13)], bits, &mut Seed(3).stream("rot", u64::from(bits)));
            let mut content = [0_u8; 16];
            rot.apply(0, &mut content);
            let ones: u32 = content.iter().map(|byte| byte.count_ones()).sum();
            assert_eq!((u64::from(ones), turned), (u64::from(bits.min(40)), u64::from(bits.min(40))));
            let rotten = content.iter().filter(|byte| **byte != 0).count();
            assert_eq!(rotten, bits.min(5) as usize, "{content:?}");
            assert!([0, 1, 4, 9, 13].iter().all(|at| content[*at] == 0), "{content:?}");
        }
    }

    #[test]
    fn what_is_written_anew_is_whole() {
        let mut rot = Rot::default();
        rot.strike(&[(0, 8)], 64, &mut Seed(3).stream("rot", 0));
        rot.heal(2, 5);
        let mut content = [0_u8; 6];
        rot.apply(1, &mut content);
        assert_eq!(content, [255, 0, 0, 0, 255, 255]);
    }
}
