//! A snapshot of an image: the records that make it, in one file (KIP-630).
//!
//! ```text
//! __cluster_metadata-0/00000000000000004711-0000000000.checkpoint
//!
//! batch: header {version, end_offset}
//! batch: record, record, …
//! batch: footer {records}
//! ```
//!
//! Batches are those of the log, so every byte is under a checksum; the footer says that nothing is missing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{MetadataImage, MetadataRecord};
use crate::batch::{BatchBuilder, RecordBatch};
use crate::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

const VERSION: i16 = 0;
const SUFFIX: &str = ".checkpoint";
/// Records of one batch: a damaged file is noticed at its first bad batch.
const BATCH_RECORDS: usize = 256;

/// Which snapshot: everything below the end offset, whose last record was written in the epoch. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotId {
    /// The end offset of the image.
    pub end_offset: Offset,
    /// The controller's leader epoch.
    pub epoch: LeaderEpoch,
}

impl SnapshotId {
    /// The name of its file (`Snapshots.filenameFromSnapshotId`).
    pub fn file_name(self) -> String {
        format!("{:020}-{:010}{SUFFIX}", self.end_offset.0, self.epoch.0)
    }

    /// Whose file has this name, if it is one.
    pub fn parse(name: &str) -> Option<SnapshotId> {
        let (end_offset, epoch) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let id = SnapshotId {
            end_offset: Offset(end_offset.parse().ok()?),
            epoch: LeaderEpoch(epoch.parse().ok()?),
        };
        (id.file_name() == name).then_some(id)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Header { version: i16, end_offset: Offset },
    Record(MetadataRecord),
    Footer { records: usize },
}

/// The file's content.
pub fn encode_snapshot(image: &MetadataImage) -> Bytes {
    let end_offset = image.end_offset();
    let records: Vec<Part> = image.records().into_iter().map(Part::Record).collect();
    let footer = Part::Footer { records: records.len() };
    let header = Part::Header { version: VERSION, end_offset };
    let mut content = Vec::new();
    let mut offset = Offset::ZERO;
    let batches = std::iter::once(std::slice::from_ref(&header)).chain(records.chunks(BATCH_RECORDS));
    for parts in batches.chain(std::iter::once(std::slice::from_ref(&footer))) {
        let mut builder = BatchBuilder::new(0);
        for part in parts {
            let value = serde_json::to_vec(part).expect("metadata records have no maps with odd keys");
            builder.push(0, b"", &value);
        }
        let batch = builder.build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE);
        let batch = batch.placed_at(offset, LeaderEpoch(0));
        offset = batch.end_offset();
        content.extend_from_slice(batch.bytes());
    }
    content.into()
}

/// The image in this content; `None` unless it is whole and the snapshot it is said to be.
pub fn decode_snapshot(id: SnapshotId, content: Bytes) -> Option<MetadataImage> {
    let mut parts = Vec::new();
    for batch in RecordBatch::all_from(content).ok()? {
        for record in batch.records().ok()? {
            parts.push(serde_json::from_slice::<Part>(&record.value).ok()?);
        }
    }
    let footer = parts.pop()?;
    let mut parts = parts.into_iter();
    let header = parts.next()?;
    let Part::Header { version: VERSION, end_offset } = header else { return None };
    let records: Option<Vec<MetadataRecord>> = parts
        .map(|part| match part {
            Part::Record(record) => Some(record),
            Part::Header { .. } | Part::Footer { .. } => None,
        })
        .collect();
    let records = records?;
    let whole = matches!(footer, Part::Footer { records: count } if count == records.len());
    if !whole || end_offset != id.end_offset {
        return None;
    }
    MetadataImage::from_records(end_offset, records)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::metadata::PartitionState;
    use crate::types::{BrokerEpoch, BrokerId, Endpoint, TopicId};

    /// Three brokers in different states and a topic.
    fn image(partitions: i32) -> MetadataImage {
        let register = |broker: i32, offset: i64| MetadataRecord::RegisterBroker {
            broker: BrokerId(broker),
            broker_epoch: BrokerEpoch(offset),
            incarnation: 7,
            endpoint: Endpoint { host: Arc::from("host"), port: 9092 },
        };
        let topic = TopicId(5);
        let mut records = vec![register(1, 0), register(2, 1), register(3, 2)];
        records.push(MetadataRecord::UnfenceBroker { broker: BrokerId(1) });
        records.push(MetadataRecord::UnfenceBroker { broker: BrokerId(2) });
        records.push(MetadataRecord::ControlledShutdown { broker: BrokerId(2) });
        records.push(register(1, 6));
        let configs = vec![("min.insync.replicas".to_owned(), "2".to_owned())];
        records.push(MetadataRecord::Topic { id: topic, name: "orders".to_owned(), configs });
        records.extend((0..partitions).map(|partition| MetadataRecord::Partition {
            topic,
            partition,
            state: PartitionState::new(vec![BrokerId(2), BrokerId(3)]),
        }));
        records.push(MetadataRecord::ProducerIds { next: ProducerId(1_000) });
        let mut image = MetadataImage::default();
        for (record, offset) in records.into_iter().zip(0..) {
            image.apply(Offset(offset), record);
        }
        image
    }

    fn id(image: &MetadataImage) -> SnapshotId {
        SnapshotId { end_offset: image.end_offset(), epoch: LeaderEpoch(0) }
    }

    #[test]
    fn an_image_comes_back_as_it_was() {
        for image in [MetadataImage::default(), image(1), image(1_000)] {
            assert_eq!(decode_snapshot(id(&image), encode_snapshot(&image)), Some(image));
        }
    }

    #[test]
    fn file_names_are_kafkas_and_sort_by_age() {
        let id = SnapshotId { end_offset: Offset(4_711), epoch: LeaderEpoch(3) };
        assert_eq!(id.file_name(), "00000000000000004711-0000000003.checkpoint");
        assert_eq!(SnapshotId::parse(&id.file_name()), Some(id));
        for name in ["", "4711-3.checkpoint", "leader-epoch-checkpoint", "00000000000000004711.log"] {
            assert_eq!(SnapshotId::parse(name), None, "{name}");
        }
        assert!(id < SnapshotId { end_offset: Offset(4_712), epoch: LeaderEpoch(0) });
    }

    #[test]
    fn a_snapshot_under_another_name_is_none() {
        let image = image(1);
        let other = SnapshotId { end_offset: image.end_offset().plus(1), ..id(&image) };
        assert_eq!(decode_snapshot(other, encode_snapshot(&image)), None);
    }

    proptest! {
        #[test]
        fn what_is_cut_or_flipped_is_no_snapshot(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let image = image(300);
            let content = encode_snapshot(&image);
            let at = at.index(content.len());
            prop_assert_eq!(decode_snapshot(id(&image), content.slice(..at)), None);
            let mut flipped = content.to_vec();
            flipped[at] ^= 1 << bit;
            // Base offset and leader epoch of a batch are outside its checksum, and say nothing here.
            let decoded = decode_snapshot(id(&image), flipped.into());
            prop_assert!(decoded.is_none_or(|decoded| decoded == image));
        }
    }
}
