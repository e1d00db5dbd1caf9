//! What of a file is not in memory: after a power loss everything, until it is read.

use std::collections::BTreeSet;

/// Bytes that come into memory at once when one of them is read: the kernel reads ahead.
const CHUNK_BYTES: u64 = 64 * 1024;

/// The part of a file that only the platter has.
#[derive(Clone, Debug, Default)]
pub(super) struct Cold {
    below: u64,
    warmed: BTreeSet<u64>,
}

impl Cold {
    /// Everything below `len`.
    pub(super) fn below(len: u64) -> Cold {
        Cold { below: len, warmed: BTreeSet::new() }
    }

    /// Some of `[from, to)` is read: how many chunks the device has to be asked for. It does not have to be again.
    pub(super) fn read(&mut self, from: u64, to: u64) -> u64 {
        let to = to.min(self.below);
        if to <= from {
            return 0;
        }
        let warm = self.warmed.len();
        self.warmed.extend(from / CHUNK_BYTES..=(to - 1) / CHUNK_BYTES);
        (self.warmed.len() - warm) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_asked_for_once() {
        let mut cold = Cold::below(100_000);
        assert_eq!(cold.read(100_000, 200_000), 0, "written since");
        assert_eq!(cold.read(10, 20), 1);
        assert_eq!(cold.read(0, 65_536), 0);
        assert_eq!(cold.read(0, 65_537), 1);
        assert_eq!(Cold::below(200_000).read(0, u64::MAX), 4);
        assert_eq!(Cold::default().read(0, u64::MAX), 0);
    }
}
