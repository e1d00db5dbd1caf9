//! What of one file survives a power loss although nobody had made it durable.
//!
//! What is dirty may be on its way to the platter at any time, whether anybody asked for it or not. A device writes whole
//! sectors, aligned in the file as on the disk; which of them it had written when the power went nobody knows. The length
//! of the file is metadata and goes its own way: it may be the old one, the new one, or anything between, and where the
//! length is durable and a sector is not, there is what nobody wrote (zeros), or what was there before a truncation.

use bytes::Bytes;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::fault::Unsynced;
use super::inode::Inode;
use super::platter::SECTOR_BYTES;

/// What survives of one file.
///
/// Invariants:
/// * `ranges` do not touch each other, rise, and lie below `len` and the length that the process saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Survivors {
    /// How long the file is afterwards.
    pub len: u64,
    /// Bytes of the page cache that are on the platter.
    ranges: Vec<(u64, u64)>,
}

impl Survivors {
    /// Of a file whose write-back had come as far as `written_back`; the rest is drawn.
    pub(super) fn draw(
        inode: &Inode,
        written_back: u64,
        unsynced: Unsynced,
        rng: &mut ChaCha8Rng,
    ) -> Survivors {
        let first = inode.first_on_its_way();
        let written_back = if first < written_back { written_back } else { first };
        let mut survivors = Survivors { len: inode.durable_len(), ranges: Vec::new() };
        if first < written_back {
            survivors.add(first, written_back);
            survivors.len = written_back;
        }
        match unsynced {
            Unsynced::Lost => {}
            Unsynced::Torn => survivors.tear(inode, written_back, rng),
            Unsynced::Reordered => survivors.reorder(inode, written_back, rng),
        }
        survivors
    }

    /// Sectors in order, up to some point, and the length with them.
    fn tear(&mut self, inode: &Inode, from: u64, rng: &mut ChaCha8Rng) {
        let end = inode.len();
        let sectors = sectors(from, end);
        let survive = rng.random_range(0..=sectors.len());
        if let Some(last) = survive.checked_sub(1) {
            let to = sectors[last].1;
            self.add(from, to);
            self.len = to;
        } else if inode.stable() < inode.durable_len() && rng.random_bool(0.5) {
            // The truncation alone was on its way.
            self.len = from;
        }
    }

    /// Any sectors, and a length of its own.
    fn reorder(&mut self, inode: &Inode, from: u64, rng: &mut ChaCha8Rng) {
        let end = inode.len();
        let sectors = sectors(from, end);
        self.len = match rng.random_range(0..4_u8) {
            0 => self.len,
            1 => from,
            2 if !sectors.is_empty() => sectors[rng.random_range(0..sectors.len())].1,
            _ => end,
        };
        // Now and then nearly all, now and then hardly any.
        let share = [0.1, 0.5, 0.9][rng.random_range(0..3_usize)];
        for (low, high) in sectors {
            if rng.random_bool(share) && low < self.len {
                self.add(low, high.min(self.len));
            }
        }
    }

    fn add(&mut self, from: u64, to: u64) {
        match self.ranges.last_mut() {
            Some((_, end)) if *end == from => *end = to,
            _ => self.ranges.push((from, to)),
        }
    }

    /// How many bytes of the page cache are on the platter, of those that were on their way.
    pub(super) fn bytes(&self, inode: &Inode) -> u64 {
        self.ranges.iter().map(|(from, to)| on_its_way(inode, *from, *to)).sum()
    }

    /// Whether a process reads all of `[from, to)` afterwards as it did before.
    pub(super) fn include(&self, inode: &Inode, from: u64, to: u64) -> bool {
        let at_rest: u64 = inode.at_rest(from, to).iter().map(|(from, to)| to - from).sum();
        let within = |(low, high): &(u64, u64)| (from.max(*low), to.min(*high));
        let first = self.ranges.partition_point(|(_, high)| *high <= from);
        let parts = self.ranges[first..].iter().map(within).take_while(|(from, to)| from < to);
        let survive: u64 = parts.map(|(from, to)| on_its_way(inode, from, to)).sum();
        to - from == at_rest + survive
    }

    /// How many bytes that had been cut are back, be it as zeros.
    pub(super) fn returned(&self, inode: &Inode) -> u64 {
        let (from, to) = (inode.stable(), inode.durable_len().min(self.len));
        let written_over = |(low, high): &(u64, u64)| to.min(*high).saturating_sub(from.max(*low));
        to.saturating_sub(from) - self.ranges.iter().map(written_over).sum::<u64>()
    }

    /// Where a range ends that was written: behind the end of the file as the process saw it the page is zeros, and they
    /// take the place of what the rest of the sector was before a truncation.
    fn end_on_platter(&self, inode: &Inode, to: u64) -> u64 {
        if to == inode.len() { to.next_multiple_of(SECTOR_BYTES).min(self.len).max(to) } else { to }
    }

    /// What has to be written so that the platter has it: bytes that survive, and zeros where the file is longer than what
    /// was ever written.
    pub(super) fn writes(&self, inode: &Inode) -> Vec<(u64, Bytes)> {
        let mut writes = Vec::new();
        let mut never_written = inode.durable_len();
        let zeros = |from: &mut u64, to: u64, writes: &mut Vec<(u64, Bytes)>| {
            if *from < to {
                let len = usize::try_from(to - *from).expect("what is dirty is in memory");
                writes.push((*from, Bytes::from(vec![0; len])));
                *from = to;
            }
        };
        for (from, to) in &self.ranges {
            for (at, piece) in inode.on_its_way(*from, *to) {
                zeros(&mut never_written, at, &mut writes);
                never_written = never_written.max(at + piece.len() as u64);
                writes.push((at, piece));
            }
            let (mut rest, end) = (*to, self.end_on_platter(inode, *to));
            if rest < end {
                zeros(&mut never_written, rest, &mut writes);
                zeros(&mut rest, end, &mut writes);
                never_written = never_written.max(end);
            }
        }
        zeros(&mut never_written, self.len, &mut writes);
        writes
    }
}

/// The sectors of `[from, to)`, the first and the last of which may be parts.
fn sectors(from: u64, to: u64) -> Vec<(u64, u64)> {
    let numbers = from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES);
    let part = |number: u64| (from.max(number * SECTOR_BYTES), to.min((number + 1) * SECTOR_BYTES));
    numbers.map(part).filter(|(low, high)| low < high).collect()
}

/// How many bytes of `[from, to)` were on their way.
fn on_its_way(inode: &Inode, from: u64, to: u64) -> u64 {
    inode.on_its_way(from, to).iter().map(|(_, piece)| piece.len() as u64).sum()
}
