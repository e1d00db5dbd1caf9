//! The small text files beside the log, in Kafka's own formats and one line more (`CheckpointFile`).
//!
//! ```text
//! leader-epoch-checkpoint      recovery-point-offset-checkpoint, replication-offset-checkpoint,
//!                              log-start-offset-checkpoint
//! 0                            0                            version
//! 2                            2                            how many lines follow
//! 0 0                          orders 0 118                 epoch, start offset │ topic, partition, offset
//! 3 57                         orders 1 90
//! crc32c …                     crc32c …                     checksum of the lines before
//! ```
//!
//! The last line is ours. A digit that rots is another digit: without a checksum a log would start, or be trusted, or
//! be committed, up to another offset than it is, and nobody would notice. Kafka's own files, which have none, are read
//! all the same.
//!
//! They are always replaced as a whole ([`FlushStep::Replace`](crate::io::FlushStep::Replace)).

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::str::FromStr;

use bytes::Bytes;

use super::epoch_cache::{EpochStart, LeaderEpochCache};
use crate::types::{LeaderEpoch, Offset, TopicPartition};

/// Recovery points of all logs, in the root of the log directory.
pub const RECOVERY_POINT_CHECKPOINT: &str = "recovery-point-offset-checkpoint";
/// High watermarks of all logs, in the root of the log directory.
pub const HIGH_WATERMARK_CHECKPOINT: &str = "replication-offset-checkpoint";
/// Log start offsets above 0 of all logs, in the root of the log directory.
pub const LOG_START_CHECKPOINT: &str = "log-start-offset-checkpoint";
/// Leader epochs of one log, in the log's own directory.
pub(super) const LEADER_EPOCH_CHECKPOINT: &str = "leader-epoch-checkpoint";

const VERSION: &str = "0";
const CHECKSUM: &str = "crc32c ";

/// A checkpoint file that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not UTF-8.
    #[error("not text")]
    NotText,
    /// Another version than 0, or no version line.
    #[error("version line `{0}` instead of `0`")]
    Version(String),
    /// The count line is missing, not a number, or not the number of lines that follow.
    #[error("count line `{count}` before {lines} lines")]
    Count {
        /// What the line says.
        count: String,
        /// How many lines follow.
        lines: usize,
    },
    /// The bytes are not those that were written.
    #[error("checksum line `{0}` after other bytes")]
    Checksum(String),
    /// A line that is not what this file consists of.
    #[error("malformed line `{0}`")]
    Line(String),
    /// Two lines about one topic partition, or leader epochs that do not rise.
    #[error("lines contradict each other")]
    Order,
}

/// An offset for each topic partition: recovery points, high watermarks or log starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OffsetCheckpoint {
    /// The offsets.
    pub offsets: BTreeMap<TopicPartition, Offset>,
}

impl OffsetCheckpoint {
    /// The file's content.
    pub fn encode(&self) -> Bytes {
        let line =
            |(at, offset): (&TopicPartition, &Offset)| format!("{} {} {offset}", at.topic, at.partition);
        encode(self.offsets.iter().map(line))
    }

    /// Reads the file's content.
    ///
    /// # Errors
    /// [`CheckpointError`] if `content` is not what [`OffsetCheckpoint::encode`] writes.
    pub fn decode(content: &[u8]) -> Result<OffsetCheckpoint, CheckpointError> {
        let mut offsets = BTreeMap::new();
        for line in decode(content)? {
            let (at, offset) = parse_offset(line).ok_or_else(|| CheckpointError::Line(line.to_owned()))?;
            if offsets.insert(at, offset).is_some() {
                return Err(CheckpointError::Order);
            }
        }
        Ok(OffsetCheckpoint { offsets })
    }
}

fn parse_offset(line: &str) -> Option<(TopicPartition, Offset)> {
    let [topic, partition, offset] = fields(line)?;
    let at = TopicPartition::new(topic, natural(partition)?);
    // Offsets of a log differ by less than 2^31 within a segment, so nobody wrote one that leaves no room for them.
    let offset = natural(offset).filter(|offset| *offset <= i64::MAX - i64::from(i32::MAX))?;
    Some((at, Offset(offset)))
}

/// The content of a leader epoch checkpoint.
pub(super) fn encode_epochs(epochs: &LeaderEpochCache) -> Bytes {
    encode(epochs.entries().iter().map(|entry| format!("{} {}", entry.epoch, entry.start_offset)))
}

/// Reads the content of a leader epoch checkpoint.
pub(super) fn decode_epochs(content: &[u8]) -> Result<LeaderEpochCache, CheckpointError> {
    let entry = |line: &str| parse_epoch(line).ok_or_else(|| CheckpointError::Line(line.to_owned()));
    let entries = decode(content)?.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    LeaderEpochCache::from_entries(entries).ok_or(CheckpointError::Order)
}

fn parse_epoch(line: &str) -> Option<EpochStart> {
    let [epoch, start] = fields(line)?;
    Some(EpochStart { epoch: LeaderEpoch(natural(epoch)?), start_offset: Offset(natural(start)?) })
}

fn encode(lines: impl ExactSizeIterator<Item = impl Display>) -> Bytes {
    let mut text = format!("{VERSION}\n{}\n", lines.len());
    for line in lines {
        writeln!(text, "{line}").expect("writing to a string does not fail");
    }
    let checksum = checksum(&text);
    text.push_str(&checksum);
    text.push('\n');
    text.into()
}

/// The line that follows this text.
pub(super) fn checksum(text: &str) -> String {
    format!("{CHECKSUM}{:08x}", crc32c::crc32c(text.as_bytes()))
}

/// What stands before the checksum line, if there is one.
pub(super) fn checked(text: &str) -> Result<&str, CheckpointError> {
    let Some(at) = text.rfind(CHECKSUM) else { return Ok(text) };
    let (text, line) = text.split_at(at);
    match line.strip_suffix('\n') {
        Some(line) if line == checksum(text) => Ok(text),
        _ => Err(CheckpointError::Checksum(line.to_owned())),
    }
}

fn decode(content: &[u8]) -> Result<Vec<&str>, CheckpointError> {
    let text = checked(str::from_utf8(content).map_err(|_| CheckpointError::NotText)?)?;
    let mut lines = text.lines();
    let version = lines.next().unwrap_or_default();
    if version != VERSION {
        return Err(CheckpointError::Version(version.to_owned()));
    }
    let count = lines.next().unwrap_or_default();
    let lines: Vec<&str> = lines.collect();
    // The last line has its end, or it may have been cut in the middle of a number.
    if natural(count) != Some(lines.len()) || !text.ends_with('\n') {
        return Err(CheckpointError::Count { count: count.to_owned(), lines: lines.len() });
    }
    Ok(lines)
}

/// The words of a line that has exactly `N`.
fn fields<const N: usize>(line: &str) -> Option<[&str; N]> {
    line.split(' ').collect::<Vec<_>>().try_into().ok()
}

/// A number without a sign.
fn natural<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_look_as_kafka_writes_them() {
        let mut checkpoint = OffsetCheckpoint::default();
        checkpoint.offsets.insert(TopicPartition::new("orders", 1), Offset(90));
        checkpoint.offsets.insert(TopicPartition::new("orders", 0), Offset(118));
        let (content, kafkas) = (checkpoint.encode(), &b"0\n2\norders 0 118\norders 1 90\n"[..]);
        assert!(content.starts_with(kafkas), "{content:?}");
        assert_eq!(OffsetCheckpoint::decode(kafkas), Ok(checkpoint), "without a checksum");
        let mut epochs = LeaderEpochCache::default();
        epochs.assign(LeaderEpoch(0), Offset(0));
        epochs.assign(LeaderEpoch(3), Offset(57));
        assert!(encode_epochs(&epochs).starts_with(b"0\n2\n0 0\n3 57\ncrc32c "));
        assert_eq!(decode_epochs(b"0\n2\n0 0\n3 57\n"), Ok(epochs));
        assert_eq!(decode_epochs(b"0\n0\n"), Ok(LeaderEpochCache::default()));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let error = |content: &[u8]| OffsetCheckpoint::decode(content).unwrap_err().to_string();
        assert_eq!(error(b""), "version line `` instead of `0`");
        assert_eq!(error(b"1\n0\n"), "version line `1` instead of `0`");
        assert_eq!(error(b"\xff"), "not text");
        assert_eq!(error(b"0\n2\norders 0 1\n"), "count line `2` before 1 lines");
        assert_eq!(error(b"0\n1\norders 0 1"), "count line `1` before 1 lines", "cut in a number");
        assert_eq!(error(b"0\n1\norders 0 -1\n"), "malformed line `orders 0 -1`");
        let last = format!("orders 0 {}", i64::MAX);
        assert_eq!(
            error(format!("0\n1\n{last}\n").as_bytes()),
            format!("malformed line `{last}`"),
            "no room"
        );
        assert_eq!(error(b"0\n0\ncrc32c 0\n"), "checksum line `crc32c 0\n` after other bytes");
        assert_eq!(error(b"0\n1\norders 0\n"), "malformed line `orders 0`");
        assert_eq!(error(b"0\n2\na 0 1\na 0 2\n"), "lines contradict each other");
        assert_eq!(decode_epochs(b"0\n2\n3 0\n2 5\n"), Err(CheckpointError::Order));
    }

    proptest! {
        #[test]
        fn offsets_survive_the_round_trip_and_no_prefix_passes_for_the_whole(
            offsets in prop::collection::btree_map(("[a-z_.-]{1,8}", 0i32..9), 0i64..1 << 62, 0..6),
            cut in any::<prop::sample::Index>(),
            rot in (any::<prop::sample::Index>(), 0u8..8),
        ) {
            let offsets = offsets.into_iter().map(|((topic, partition), offset)| {
                (TopicPartition::new(topic, partition), Offset(offset))
            });
            let checkpoint = OffsetCheckpoint { offsets: offsets.collect() };
            let content = checkpoint.encode();
            prop_assert_eq!(&OffsetCheckpoint::decode(&content).unwrap(), &checkpoint);
            // All that is missing may be the checksum.
            let prefix = OffsetCheckpoint::decode(&content[..cut.index(content.len())]);
            prop_assert!(prefix.is_err() || prefix == Ok(checkpoint));
            let mut rotten = content.to_vec();
            rotten[rot.0.index(content.len())] ^= 1 << rot.1;
            prop_assert!(OffsetCheckpoint::decode(&rotten).is_err());
        }

        #[test]
        fn random_bytes_never_panic(content in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = OffsetCheckpoint::decode(&content);
            let _ = decode_epochs(&content);
        }
    }
}
