//! Whether a metadata record can follow what an image says. Who writes the log need not ask; who is sent it must.

use std::io::ErrorKind;

use super::{MetadataImage, MetadataRecord, PartitionState};
use crate::config::{Properties, RawValue, Scope};
use crate::error::StorageError;
use crate::types::{Offset, TopicId, TopicPartition};

impl MetadataImage {
    /// Whether [`MetadataImage::apply`] may be called with these.
    ///
    /// # Errors
    /// In what the record contradicts the image, or itself.
    pub fn check(&self, offset: Offset, record: &MetadataRecord) -> Result<(), &'static str> {
        if offset != self.end_offset() {
            return Err("not the next one");
        }
        match record {
            MetadataRecord::RegisterBroker { broker_epoch, .. } if broker_epoch.0 != offset.0 => {
                Err("a broker epoch that is not the offset of the registration")
            }
            record => self.check_record(record),
        }
    }

    /// The same for a record whose offset says nothing.
    pub(super) fn check_record(&self, record: &MetadataRecord) -> Result<(), &'static str> {
        match record {
            MetadataRecord::RegisterBroker { broker, .. } => known(0 <= broker.0, "no broker's id"),
            MetadataRecord::FenceBroker { broker }
            | MetadataRecord::UnfenceBroker { broker }
            | MetadataRecord::ControlledShutdown { broker } => {
                known(self.broker(*broker).is_some(), "a broker that is not registered")
            }
            MetadataRecord::Topic { id, name, configs } => self.check_topic(*id, name, configs),
            MetadataRecord::Partition { topic, partition, state } => {
                state.check()?;
                self.check_partition(*topic, *partition, state)
            }
            MetadataRecord::ProducerIds { next } => {
                known(self.next_producer_id() < *next, "producer ids go back")
            }
        }
    }

    fn check_topic(&self, id: TopicId, name: &str, configs: &[(String, String)]) -> Result<(), &'static str> {
        known(!self.topics().contains_key(&id), "a topic id twice")?;
        known(self.topic_id(name).is_none(), "a topic name twice")?;
        known(TopicPartition::is_legal_topic(name), "no topic's name")?;
        let mut properties = Properties::new(Scope::Topic);
        let legal = configs.iter().all(|(name, value)| properties.set(name, RawValue::Text(value)).is_ok());
        known(legal, "a setting that is none")
    }

    fn check_partition(
        &self,
        topic: TopicId,
        partition: i32,
        state: &PartitionState,
    ) -> Result<(), &'static str> {
        let known_partitions = self.topics().get(&topic).ok_or("a partition of no topic")?.partitions.len();
        let index = usize::try_from(partition).map_err(|_| "a partition below 0")?;
        known(index <= known_partitions, "a partition before the one before it")?;
        let Some(before) = self.partition(topic, partition) else { return Ok(()) };
        known(before.partition_epoch < state.partition_epoch, "a partition epoch goes back")?;
        known(before.leader_epoch <= state.leader_epoch, "a leader epoch goes back")?;
        known(before.replicas == state.replicas, "a partition moves, which is left out")
    }
}

/// What to say of a record at `offset` that [`MetadataImage::check`] refused.
pub fn contradiction(offset: Offset, reason: &str) -> StorageError {
    StorageError {
        operation: "apply",
        path: format!("metadata record {offset}: {reason}"),
        kind: ErrorKind::InvalidData,
        errno: None,
    }
}

pub(super) fn known(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}
