//! Random nemeses: when they draw.

use std::collections::BTreeMap;

use broker_core::time::Timestamp;
use rand_chacha::ChaCha8Rng;
use twox_hash::XxHash64;

use super::draw;
use super::plan::RandomFaults;
use crate::report::NemesisReport;
use crate::seed::Seed;

/// A nemesis at work.
#[derive(Debug)]
pub(super) struct Source {
    pub spec: RandomFaults,
    rng: ChaCha8Rng,
    /// When it draws next; `None`: no more.
    next: Option<Timestamp>,
    /// Of the fault drawn last.
    stream: u64,
    pub begun: u64,
    pub held_back: u64,
}

impl Source {
    /// Every nemesis of a plan. Each draws its first fault some time after `began`.
    ///
    /// What it draws depends on its kind, and on how many of the same kind stand before it: leaving one out leaves the
    /// others as they were.
    pub fn all(specs: Vec<RandomFaults>, began: Timestamp, seed: Seed) -> Vec<Source> {
        let mut of_kind: BTreeMap<&str, u64> = BTreeMap::new();
        let source = |spec: RandomFaults| {
            let kind = spec.harm.kind().name;
            let nth = of_kind.entry(kind).or_default();
            let stream = streams(kind, *nth);
            *nth += 1;
            let mut rng = seed.stream("nemesis.random", stream);
            let next = began + draw::duration(spec.every, &mut rng);
            Source { spec, rng, stream, next: Some(next), begun: 0, held_back: 0 }
        };
        specs.into_iter().map(source).collect()
    }

    /// The stream of the fault to draw now, if it is time.
    pub fn due(&mut self, now: Timestamp) -> Option<u64> {
        self.next.filter(|next| *next <= now)?;
        if self.spec.at_most.is_some_and(|most| most <= self.begun) {
            self.next = None;
            return None;
        }
        self.next = Some(now + draw::duration(self.spec.every, &mut self.rng));
        self.stream += 1;
        Some(self.stream)
    }

    /// Draws no more.
    pub fn stop(&mut self) {
        self.next = None;
    }

    /// What came of it, but for the effects, which its faults know.
    pub fn report(self) -> NemesisReport {
        NemesisReport {
            line: u32::try_from(self.spec.line).unwrap_or(u32::MAX),
            kind: self.spec.harm.kind().name.to_owned(),
            target: self.spec.harm.aim_text(),
            begun: self.begun,
            held_back: self.held_back,
            effective: 0,
            may_miss: self.spec.may_miss,
        }
    }
}

/// The first stream of the n-th nemesis of a kind; it has 2^32 of them. The name decides and not the row of the kind, so
/// that new kinds move nothing.
fn streams(kind: &str, nth: u64) -> u64 {
    // Below 2^63, because a script writes it as a whole number of TOML's.
    let kind = XxHash64::oneshot(0, kind.as_bytes()) >> 41;
    (kind << 40) | (nth << 32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nemesis::KINDS;

    #[test]
    fn every_kind_has_streams_of_its_own_that_toml_can_write() {
        let streams: BTreeSet<u64> = KINDS.iter().map(|kind| streams(kind.name, 0)).collect();
        assert_eq!(streams.len(), KINDS.len());
        assert!(streams.iter().all(|stream| i64::try_from(*stream).is_ok_and(|stream| stream >> 40 != 0)));
    }
}
