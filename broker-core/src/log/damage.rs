//! The note that a log once was found damaged where it had to be whole.
//!
//! ```text
//! orders-0/damaged
//! 0                 version
//! 57                the first offset that was bad: all from there on is cut
//! crc32c …          checksum of the lines before
//! ```
//!
//! Checkpoints say how far a log may be trusted; nothing in a log says that it used to be longer. Hence this file beside
//! it. It is written before anything is cut, and stays until the broker has everything again.

use super::checkpoint::{checked, checksum};
use crate::error::StorageError;
use crate::io::{FlushStep, Storage};
use crate::types::{Offset, TopicPartition};

const DAMAGED: &str = "damaged";
const VERSION: &str = "0";
/// Nobody knows where the log was bad.
const UNKNOWN: Offset = Offset(i64::MAX);

/// What the note says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamageNote {
    /// Where the log was found bad first. Before this it may be bad as well, and nothing from here on is believed even
    /// if it looks whole: a leader epoch that rots looks like another.
    pub offset: Offset,
}

impl DamageNote {
    /// Where the note of a log lies.
    pub fn path(topic_partition: &TopicPartition) -> String {
        format!("{topic_partition}/{DAMAGED}")
    }

    /// The note in a log's directory, if there is one. One that cannot be read is a note all the same, but names nothing
    /// that could be cut.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn read(
        storage: &dyn Storage,
        topic_partition: &TopicPartition,
    ) -> Result<Option<DamageNote>, StorageError> {
        let content = storage.read_file(&DamageNote::path(topic_partition))?;
        Ok(content.map(|content| DamageNote { offset: decode(&content).unwrap_or(UNKNOWN) }))
    }

    /// Makes it durable.
    pub fn write(self, topic_partition: &TopicPartition) -> FlushStep {
        let text = format!("{VERSION}\n{}\n", self.offset);
        let content = format!("{text}{}\n", checksum(&text));
        FlushStep::Replace { path: DamageNote::path(topic_partition), content: content.into() }
    }
}

fn decode(content: &[u8]) -> Option<Offset> {
    let text = checked(std::str::from_utf8(content).ok()?).ok()?.strip_suffix('\n')?;
    let (version, offset) = text.split_once('\n')?;
    let offset = offset.parse().ok().filter(|offset| 0 <= *offset)?;
    (version == VERSION).then_some(Offset(offset))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::MemStorage;

    proptest! {
        #[test]
        fn a_note_is_read_as_written_and_anything_else_is_a_note_about_everything(
            offset in 0i64..i64::MAX,
            other in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let orders = TopicPartition::new("orders", 0);
            let mut storage = MemStorage::default();
            prop_assert_eq!(DamageNote::read(&storage, &orders).unwrap(), None);
            let note = DamageNote { offset: Offset(offset) };
            storage.apply(&[note.write(&orders)]);
            prop_assert_eq!(DamageNote::read(&storage, &orders).unwrap(), Some(note));
            storage.damage("orders-0/damaged", |bytes| bytes.clone_from(&other));
            prop_assert!(DamageNote::read(&storage, &orders).unwrap().is_some());
        }
    }
}
