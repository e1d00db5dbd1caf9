//! Whether a metadata record can follow what an image says. Who writes the log need not ask; who is sent it must.

use super::{MetadataImage, MetadataRecord, PartitionState};
use crate::config::{Properties, RawValue, Scope};
use crate::types::{BrokerId, LeaderEpoch, Offset, PartitionEpoch, TopicId};

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
            MetadataRecord::RegisterBroker { broker, .. } => known(0 <= broker.0, "no broker's id"),
            MetadataRecord::FenceBroker { broker }
            | MetadataRecord::UnfenceBroker { broker }
            | MetadataRecord::ControlledShutdown { broker } => {
                known(self.broker(*broker).is_some(), "a broker that is not registered")
            }
            MetadataRecord::Topic { id, name, configs } => self.check_topic(*id, name, configs),
            MetadataRecord::Partition {
                topic,
                partition,
                replicas,
                isr,
                leader,
                leader_epoch,
                partition_epoch,
                ..
            } => {
                check_members(replicas, isr, *leader)?;
                self.check_partition(*topic, *partition, replicas, (*leader_epoch, *partition_epoch))
            }
            MetadataRecord::ProducerIds { next } => {
                known(self.next_producer_id() < *next, "producer ids go back")
            }
        }
    }

    fn check_topic(&self, id: TopicId, name: &str, configs: &[(String, String)]) -> Result<(), &'static str> {
        known(!self.topics().contains_key(&id), "a topic id twice")?;
        known(self.topic_id(name).is_none(), "a topic name twice")?;
        // It becomes the name of a directory.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        known(!["", ".", ".."].contains(&name) && name.bytes().all(plain), "no topic's name")?;
        let mut properties = Properties::new(Scope::Topic);
        let legal = configs.iter().all(|(name, value)| properties.set(name, RawValue::Text(value)).is_ok());
        known(legal, "a setting that is none")
    }

    fn check_partition(
        &self,
        topic: TopicId,
        partition: i32,
        replicas: &[BrokerId],
        (leader_epoch, partition_epoch): (LeaderEpoch, PartitionEpoch),
    ) -> Result<(), &'static str> {
        let known_partitions = self.topics().get(&topic).ok_or("a partition of no topic")?.partitions.len();
        let index = usize::try_from(partition).map_err(|_| "a partition below 0")?;
        known(index <= known_partitions, "a partition before the one before it")?;
        known(0 <= leader_epoch.0 && 0 <= partition_epoch.0, "a negative epoch")?;
        match self.partition(topic, partition) {
            None => Ok(()),
            Some(PartitionState { partition_epoch: before, .. }) if partition_epoch <= *before => {
                Err("a partition epoch goes back")
            }
            Some(before) if leader_epoch < before.leader_epoch => Err("a leader epoch goes back"),
            Some(before) => known(before.replicas == replicas, "a partition moves, which is left out"),
        }
    }
}

fn check_members(replicas: &[BrokerId], isr: &[BrokerId], leader: BrokerId) -> Result<(), &'static str> {
    let once = |members: &[BrokerId]| {
        members.iter().enumerate().all(|(index, member)| 0 <= member.0 && !members[..index].contains(member))
    };
    known(once(replicas) && once(isr), "a replica twice, or none")?;
    known(isr.iter().all(|member| replicas.contains(member)), "an ISR outside the replicas")?;
    known(!isr.is_empty(), "an empty ISR")?;
    known(leader == BrokerId::NONE || isr.contains(&leader), "a leader outside the ISR")
}

fn known(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}
