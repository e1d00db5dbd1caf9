//! From files to a log: Kafka's `LogLoader`.
//!
//! ```text
//!   0 ───────────────── recovery point ───────────────────── end of the files
//!   headers only;                      unclean: checksums too;
//!   a break is damage                  the first bad batch and all after it is cut
//! ```
//!
//! Where nobody knows the recovery point, all checksums are looked at, and only what looks torn is cut.
//!
//! A log that is damaged is opened once more when that was noted, and is then unclean from its very start. Checksums of
//! what was flushed are not read at every start, as in Kafka: a bad one is found when the batch is read for somebody.

use super::checkpoint::{LEADER_EPOCH_CHECKPOINT, decode_epochs};
use super::epoch_cache::{EpochStart, LeaderEpochCache};
use super::header::BatchHeader;
use super::scan::BatchScanner;
use super::segment::{self, Segment};
use super::torn::is_torn;
use crate::batch::HEADER_BYTES;
use crate::error::{BatchError, LogError, StorageError};
use crate::io::Storage;
use crate::types::{LeaderEpoch, Offset};

/// How the log was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// In good order: all of it was flushed, and checksums are not checked again.
    Clean,
    /// In whatever way: nothing from the recovery point on can be trusted.
    Unclean,
    /// In whatever way, and nobody knows how far it was flushed: what is not whole must look like appends that a power
    /// loss cut short, or it is damage.
    Unknown,
    /// It was found bad where it had to be whole, at the offset that stands for the recovery point: nothing from there on
    /// is of any use, and nothing before can be trusted.
    Damaged,
}

/// What opening a log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Everything below is durable: the one asked for, clipped to what exists.
    pub recovery_point: Offset,
    /// Log end offset.
    pub end_offset: Offset,
    /// Bytes that were cut because they are not valid batches or come after one that is not.
    pub cut_bytes: u64,
    /// Segments that were removed, being wholly after the cut; their bytes are in `cut_bytes` too.
    pub dropped_segments: usize,
}

/// Everything the files say.
pub(super) struct Recovered {
    pub segments: Vec<Segment>,
    pub epochs: LeaderEpochCache,
    /// Whether the leader epoch checkpoint says the same as `epochs`.
    pub epochs_on_disk: bool,
    pub report: RecoveryReport,
}

/// Reads, and if need be cuts, the log in `directory`. Segments wholly below `start_offset` were deleted: if they are
/// there, they came back because that was not durable, perhaps not all of them, and go again. Nothing else was changed if
/// it says that the log is corrupt.
pub(super) fn recover(
    storage: &mut dyn Storage,
    directory: &str,
    opening: Opening,
    recovery_point: Offset,
    start_offset: Offset,
) -> Result<Recovered, LogError> {
    let trusted_below = match opening {
        Opening::Clean | Opening::Unclean => recovery_point,
        Opening::Unknown | Opening::Damaged => Offset::ZERO,
    };
    let mut bases = segments_from(storage, directory, start_offset)?;
    // Where nothing was ever durable, names may be missing too, and with them the beginning of the log.
    let beheaded = opening == Opening::Unclean && recovery_point <= start_offset && start_offset < bases[0];
    let orphans = if beheaded { std::mem::replace(&mut bases, vec![start_offset]) } else { Vec::new() };
    let on_disk = read_epochs(storage, directory)?;
    let mut loader = Loader {
        directory,
        opening,
        recovery_point: trusted_below,
        bad_from: (opening == Opening::Damaged).then_some(recovery_point),
        next_offset: bases[0],
        last_base: bases[0],
        last_epoch: LeaderEpoch::NONE,
        epochs: LeaderEpochCache::default(),
        cut_bytes: 0,
    };
    let mut segments = Vec::with_capacity(bases.len());
    for base in &bases {
        match loader.load(storage, *base)? {
            Loaded::Whole(segment) => segments.push(segment),
            Loaded::Cut(segment) => {
                segments.push(segment);
                break;
            }
            Loaded::Unconnected => break,
        }
    }
    if opening == Opening::Clean && loader.next_offset < recovery_point {
        // Unlike after a crash, which may have come between a truncation and the checkpoint.
        let reason = BatchError::Truncated { have: 0, need: HEADER_BYTES };
        return Err(LogError::Corrupt { offset: loader.next_offset.0, reason });
    }
    let kept = segments.len();
    // From the end, so that whatever a crash leaves of them still begins after a gap.
    for base in bases[kept..].iter().chain(&orphans).rev() {
        loader.drop_segment(storage, *base)?;
    }
    let end_offset = loader.next_offset;
    // Batches know their leader epochs best: a truncation that was not flushed brings old ones back, below what the
    // checkpoint says of later epochs. The checkpoint alone knows of an epoch that begins at the very end: its leader
    // wrote nothing yet.
    let at_the_end = on_disk.as_ref().and_then(|epochs| epochs.entries().last());
    if let Some(EpochStart { epoch, start_offset }) = at_the_end
        && opening != Opening::Damaged
        && *start_offset == end_offset
        && loader.last_epoch < *epoch
    {
        loader.epochs.assign(*epoch, *start_offset);
    }
    let report = RecoveryReport {
        recovery_point: trusted_below.clamp(bases[0], end_offset),
        end_offset,
        cut_bytes: loader.cut_bytes,
        dropped_segments: bases.len() - kept + orphans.len(),
    };
    let epochs_on_disk = on_disk.unwrap_or_default() == loader.epochs;
    Ok(Recovered { segments, epochs: loader.epochs, epochs_on_disk, report })
}

/// The base offsets of segments that hold something at or above `start_offset`; those of the others are removed. Without
/// any, the log begins with an empty one.
fn segments_from(
    storage: &mut dyn Storage,
    directory: &str,
    start_offset: Offset,
) -> Result<Vec<Offset>, StorageError> {
    let mut bases: Vec<Offset> =
        storage.list(directory)?.iter().filter_map(|name| segment::parse_name(name)).collect();
    bases.sort_unstable();
    let first = bases.partition_point(|base| *base <= start_offset).saturating_sub(1);
    for base in bases.drain(..first) {
        storage.remove(&segment::path(directory, base))?;
    }
    if bases.is_empty() {
        bases.push(start_offset);
    }
    Ok(bases)
}

/// `None` if the file is missing or unreadable: the batches have to tell then.
fn read_epochs(storage: &dyn Storage, directory: &str) -> Result<Option<LeaderEpochCache>, StorageError> {
    let content = storage.read_file(&format!("{directory}/{LEADER_EPOCH_CHECKPOINT}"))?;
    Ok(content.and_then(|content| decode_epochs(&content).ok()))
}

enum Loaded {
    Whole(Segment),
    /// Bad from some batch on, and cut there.
    Cut(Segment),
    /// Does not begin where the one before it ended.
    Unconnected,
}

/// What loading segment after segment needs to remember.
///
/// * Everything below `next_offset` was found, without a gap.
struct Loader<'a> {
    directory: &'a str,
    opening: Opening,
    recovery_point: Offset,
    /// What ends above is cut, whatever it is.
    bad_from: Option<Offset>,
    next_offset: Offset,
    /// Where the batch before `next_offset` begins.
    last_base: Offset,
    /// Leader epoch of the batch before `next_offset`.
    last_epoch: LeaderEpoch,
    epochs: LeaderEpochCache,
    cut_bytes: u64,
}

impl Loader<'_> {
    fn load(&mut self, storage: &mut dyn Storage, base_offset: Offset) -> Result<Loaded, LogError> {
        if base_offset != self.next_offset {
            self.may_cut(BatchError::BaseOffset { expected: self.next_offset.0, actual: base_offset.0 })?;
            return Ok(Loaded::Unconnected);
        }
        let mut segment = Segment::open(storage, self.directory, base_offset)?;
        let size = storage.len(segment.file())?;
        let mut scanner = BatchScanner::new(segment.file(), size, 0, base_offset);
        loop {
            match self.next(storage, &mut scanner) {
                Ok(Some(header)) => {
                    segment.observe(&header);
                    self.keep(&header);
                }
                Ok(None) => return Ok(Loaded::Whole(segment)),
                Err(LogError::Corrupt { reason, .. }) => {
                    self.may_cut_in(storage, &segment, size, reason)?;
                    storage.truncate(segment.file(), segment.size())?;
                    self.cut_bytes += size - segment.size();
                    return Ok(Loaded::Cut(segment));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn next(
        &self,
        storage: &dyn Storage,
        scanner: &mut BatchScanner,
    ) -> Result<Option<BatchHeader>, LogError> {
        let Some(scanned) = scanner.next(storage)? else { return Ok(None) };
        let header = scanned.header;
        if let Some(expected) = self.bad_from.filter(|bad| *bad < header.end_offset()) {
            let reason = BatchError::BaseOffset { expected: expected.0, actual: header.end_offset().0 };
            return Err(LogError::Corrupt { offset: header.base_offset.0, reason });
        }
        if self.opening != Opening::Clean && self.recovery_point < header.end_offset() {
            scanner.verify(storage, &scanned)?;
        }
        if header.leader_epoch < self.last_epoch || header.leader_epoch.known().is_none() {
            let (previous, actual) = (self.last_epoch.0, header.leader_epoch.0);
            let reason = BatchError::LeaderEpoch { previous, actual };
            return Err(LogError::Corrupt { offset: header.base_offset.0, reason });
        }
        Ok(Some(header))
    }

    fn keep(&mut self, header: &BatchHeader) {
        (self.last_base, self.next_offset) = (header.base_offset, header.end_offset());
        self.last_epoch = header.leader_epoch;
        self.epochs.assign(header.leader_epoch, header.base_offset);
    }

    /// Whether the log may end here, where something is wrong for `reason`. Not if this was durable once, or may have
    /// been.
    fn may_cut(&self, reason: BatchError) -> Result<(), LogError> {
        let may = match self.opening {
            Opening::Unclean | Opening::Damaged => self.recovery_point <= self.next_offset,
            Opening::Clean | Opening::Unknown => false,
        };
        if may { Ok(()) } else { Err(LogError::Corrupt { offset: self.culprit(reason).0, reason }) }
    }

    /// Where what is wrong at the next offset begins. If leader epochs go back, the batch before may be to blame: the
    /// only one of its leader epoch.
    fn culprit(&self, reason: BatchError) -> Offset {
        let alone = |entry: &&EpochStart| entry.start_offset == self.last_base;
        match reason {
            BatchError::LeaderEpoch { .. } if self.epochs.entries().last().filter(alone).is_some() => {
                self.last_base
            }
            _ => self.next_offset,
        }
    }

    /// The same inside a segment, whose file has `size` bytes.
    fn may_cut_in(
        &self,
        storage: &dyn Storage,
        segment: &Segment,
        size: u64,
        reason: BatchError,
    ) -> Result<(), LogError> {
        if self.opening == Opening::Unknown {
            let position = segment.size();
            let left = usize::try_from(size - position).unwrap_or(usize::MAX);
            let tail = storage.read(segment.file(), position, left)?;
            if is_torn(&tail, position, self.next_offset) {
                return Ok(());
            }
        }
        self.may_cut(reason)
    }

    fn drop_segment(&mut self, storage: &mut dyn Storage, base_offset: Offset) -> Result<(), LogError> {
        let path = segment::path(self.directory, base_offset);
        let file = storage.open(&path)?;
        self.cut_bytes += storage.len(file)?;
        storage.remove(&path)?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
