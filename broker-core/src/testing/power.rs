//! What a power loss leaves of what was not flushed: any of the images that a disk behind a page cache may have.

use std::collections::BTreeSet;

use super::MemStorage;
use super::storage::MemFile;

/// Choices of an image, from a few random numbers; used again and again, each time scrambled.
#[derive(Clone, Debug)]
pub struct Draws {
    state: u64,
}

impl Draws {
    /// Other choices for each seed.
    pub fn new(seed: u64) -> Draws {
        Draws { state: seed }
    }

    /// One of `0..count`.
    ///
    /// # Panics
    /// If `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        assert!(0 < count, "nothing to choose from");
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count as u64) as usize
    }
}

/// How bytes were on their way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerLoss {
    /// Nothing of what was not flushed is there.
    Lost,
    /// Of each file the sectors up to some point.
    Torn,
    /// Any sectors.
    Reordered,
}

impl MemStorage {
    /// The power fails. What is there then is durable; files must be opened again.
    pub fn lose_power(&mut self, how: PowerLoss, sector_bytes: usize, draws: &mut Draws) {
        if how == PowerLoss::Lost {
            return self.lose_unflushed();
        }
        let paths: BTreeSet<String> = self.names.keys().chain(self.durable_names.keys()).cloned().collect();
        for path in paths {
            let (seen, durable) = (self.names.get(&path).copied(), self.durable_names.get(&path).copied());
            match if seen == durable || draws.below(2) == 0 { seen } else { durable } {
                Some(file) => self.names.insert(path, file),
                None => self.names.remove(&path),
            };
        }
        self.durable_names = self.names.clone();
        self.drop_nameless();
        for file in self.files.values_mut() {
            let image = match how {
                PowerLoss::Torn => torn(file, sector_bytes, draws),
                PowerLoss::Lost | PowerLoss::Reordered => reordered(file, sector_bytes, draws),
            };
            (file.durable, file.cut) = (image.clone(), Vec::new());
            file.content = image;
        }
    }
}

/// The new content up to the end of some sector, and what was durable after it.
fn torn(file: &MemFile, sector_bytes: usize, draws: &mut Draws) -> Vec<u8> {
    let new = file.content.len();
    let sectors = draws.below(new.div_ceil(sector_bytes) + 2);
    if new.div_ceil(sector_bytes) < sectors {
        return file.content.clone();
    }
    let from = (sectors * sector_bytes).min(new);
    let mut image = file.content[..from].to_vec();
    image.extend_from_slice(file.durable.get(from..).unwrap_or_default());
    image
}

/// Of each sector what was durable, what was cut, or what is new, zeros where nothing was; and any length between the
/// shortest and the longest that the file had.
fn reordered(file: &MemFile, sector_bytes: usize, draws: &mut Draws) -> Vec<u8> {
    let MemFile { content, durable, cut, .. } = file;
    if durable == content && cut.is_empty() {
        return content.clone();
    }
    let shortest = durable.len().min(content.len());
    let longest = durable.len().max(content.len()).max(cut.len());
    let len = match draws.below(4) {
        0 => shortest + draws.below(longest - shortest + 1),
        1 => durable.len(),
        _ => content.len(),
    };
    let mut image = Vec::with_capacity(len);
    while image.len() < len {
        // What is new is written as often as all else together.
        let version = draws.below(4);
        let to = (image.len() + sector_bytes).min(len);
        for at in image.len()..to {
            let old = durable.get(at).copied();
            let other = match version {
                0 => None,
                1 => cut.get(at).copied().flatten(),
                _ => content.get(at).copied(),
            };
            image.push(other.or(old).unwrap_or(0));
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{FlushStep, Storage};

    #[test]
    fn what_was_flushed_survives_every_power_loss() {
        for seed in 0..200 {
            for how in [PowerLoss::Lost, PowerLoss::Torn, PowerLoss::Reordered] {
                let mut storage = MemStorage::default();
                let file = storage.open("t-0/a").unwrap();
                storage.append(file, &[1; 20]).unwrap();
                storage.apply(&[FlushStep::File(file), FlushStep::Directory("t-0".into())]);
                storage.append(file, &[2; 20]).unwrap();
                storage.open("t-0/b").unwrap();
                storage.lose_power(how, 8, &mut Draws::new(seed));
                let left = storage.read_file("t-0/a").unwrap().unwrap();
                assert!(left.starts_with(&[1; 20]) && left.len() <= 40, "{how:?} {left:?}");
                assert!(left[20..].iter().all(|byte| [0, 2].contains(byte)));
                let zeros = left[20..].contains(&0);
                assert!(!zeros || how == PowerLoss::Reordered);
            }
        }
    }

    #[test]
    fn a_reordered_image_may_lack_what_is_before_what_it_has() {
        let holes = (0..200).filter(|seed| {
            let mut storage = MemStorage::default();
            let file = storage.open("a").unwrap();
            storage.append(file, &[1; 40]).unwrap();
            storage.lose_power(PowerLoss::Reordered, 8, &mut Draws::new(*seed));
            let left = storage.read_file("a").unwrap().unwrap_or_default();
            left.iter().skip_while(|byte| **byte == 1).any(|byte| *byte == 1)
        });
        assert!(20 < holes.count());
    }
}
