//! What changes in a cluster, as records of the metadata log.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::PartitionState;
use crate::batch::{BatchBuilder, RecordBatch};
use crate::error::BatchError;
use crate::types::{BrokerEpoch, BrokerId, Endpoint, Offset, ProducerEpoch, ProducerId, Sequence, TopicId};

/// One change. The counterparts of Kafka's `RegisterBrokerRecord`, `BrokerRegistrationChangeRecord`, `TopicRecord`,
/// `PartitionRecord`, `PartitionChangeRecord` and `ProducerIdsRecord`, written as JSON: the log is small and somebody
/// will want to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetadataRecord {
    /// A broker registered and is fenced.
    RegisterBroker {
        /// Which broker.
        broker: BrokerId,
        /// The offset of the record when it was written.
        broker_epoch: BrokerEpoch,
        /// Distinguishes two processes with the same id.
        incarnation: u128,
        /// Where it listens.
        endpoint: Endpoint,
    },
    /// A broker may no longer lead or be in an ISR.
    FenceBroker {
        /// Which broker.
        broker: BrokerId,
    },
    /// A broker may lead and be in ISRs.
    UnfenceBroker {
        /// Which broker.
        broker: BrokerId,
    },
    /// A broker is about to stop: it leads nothing and joins no ISR (KIP-841).
    ControlledShutdown {
        /// Which broker.
        broker: BrokerId,
    },
    /// A topic, whose partitions follow.
    Topic {
        /// Its id, never reused.
        id: TopicId,
        /// Its name.
        name: String,
        /// Settings that differ from the broker's.
        configs: Vec<(String, String)>,
    },
    /// The state of one partition, new or changed.
    Partition {
        /// Topic.
        topic: TopicId,
        /// Index within the topic.
        partition: i32,
        /// Its replicas, leader and ISR.
        state: PartitionState,
    },
    /// Producer ids below this one are given away.
    ProducerIds {
        /// The next one to give.
        next: ProducerId,
    },
}

/// Puts records into one batch: they become durable, and are applied, together.
///
/// # Panics
/// If there are none.
pub fn encode_batch(records: &[MetadataRecord], timestamp_ms: i64) -> RecordBatch {
    let mut builder = BatchBuilder::new(timestamp_ms);
    for record in records {
        let value = serde_json::to_vec(record).expect("metadata records have no maps with odd keys");
        builder.push(timestamp_ms, b"", &value);
    }
    builder.build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE)
}

/// The records of a batch with their offsets.
///
/// # Errors
/// [`BatchError::RecordCount`] if a record cannot be read: something else wrote it.
pub fn decode_batch(batch: &RecordBatch) -> Result<Vec<(Offset, MetadataRecord)>, BatchError> {
    let decode = |value: &Bytes| serde_json::from_slice(value).ok();
    let unreadable = BatchError::RecordCount(batch.record_count());
    let records = batch.records()?;
    records.into_iter().map(|record| Ok((record.offset, decode(&record.value).ok_or(unreadable)?))).collect()
}
