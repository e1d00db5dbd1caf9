//! The state of the cluster as far as the metadata log has been read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MetadataRecord, PartitionState};
use crate::config::{BrokerConfig, Properties, RawValue, Scope, TopicConfig};
use crate::types::{BrokerEpoch, BrokerId, Endpoint, Offset, ProducerId, TopicId, TopicPartition};

/// A broker as the controller admitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerRegistration {
    /// Distinguishes two processes with the same id.
    pub incarnation: u128,
    /// Offset of the registration record.
    pub epoch: BrokerEpoch,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// Whether it may neither lead nor be in an ISR.
    pub fenced: bool,
    /// Whether it is about to stop.
    pub in_controlled_shutdown: bool,
}

impl BrokerRegistration {
    /// Whether it may lead and join ISRs (KIP-841).
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }
}

/// One topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicImage {
    /// Its name.
    pub name: Arc<str>,
    /// Settings that differ from the broker's, as text.
    pub configs: Vec<(String, String)>,
    /// Its partitions by index.
    pub partitions: Vec<PartitionState>,
}

impl TopicImage {
    /// The settings in force on a broker with these defaults. Settings were checked when the topic was created.
    pub fn config(&self, broker: &BrokerConfig) -> TopicConfig {
        let mut properties = Properties::new(Scope::Topic);
        for (name, value) in &self.configs {
            let set = properties.set(name, RawValue::Text(value));
            debug_assert_eq!(set, Ok(()), "checked at creation");
        }
        TopicConfig::new(&properties, broker)
    }

    /// How many in-sync replicas an acknowledgement with acks=all needs: min.insync.replicas, or the replication factor
    /// if that is smaller (`getTopicEffectiveMinIsr`).
    pub fn effective_min_insync(&self, broker: &BrokerConfig) -> usize {
        let factor = self.partitions.first().map_or(1, |state| state.replicas.len());
        self.config(broker).min_insync_replicas.min(factor)
    }
}

/// Everything the metadata log says up to [`MetadataImage::end_offset`].
///
/// * Epochs never go back (asserted when a record is applied).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataImage {
    brokers: BTreeMap<BrokerId, BrokerRegistration>,
    topics: BTreeMap<TopicId, TopicImage>,
    ids: BTreeMap<Arc<str>, TopicId>,
    next_producer_id: i64,
    end_offset: Offset,
}

impl MetadataImage {
    /// The offset after the last record applied.
    pub fn end_offset(&self) -> Offset {
        self.end_offset
    }

    /// Brokers by id.
    pub fn brokers(&self) -> &BTreeMap<BrokerId, BrokerRegistration> {
        &self.brokers
    }

    /// A broker's registration.
    pub fn broker(&self, id: BrokerId) -> Option<&BrokerRegistration> {
        self.brokers.get(&id)
    }

    /// Topics by id.
    pub fn topics(&self) -> &BTreeMap<TopicId, TopicImage> {
        &self.topics
    }

    /// The id of the topic with this name.
    pub fn topic_id(&self, name: &str) -> Option<TopicId> {
        self.ids.get(name).copied()
    }

    /// The first producer id nobody has.
    pub fn next_producer_id(&self) -> ProducerId {
        ProducerId(self.next_producer_id)
    }

    /// The state of a partition of the topic with this id.
    pub fn partition(&self, topic: TopicId, partition: i32) -> Option<&PartitionState> {
        self.topics.get(&topic)?.partitions.get(usize::try_from(partition).ok()?)
    }

    /// The topic partition with this topic id and index, if it exists.
    pub fn topic_partition(&self, topic: TopicId, partition: i32) -> Option<TopicPartition> {
        self.partition(topic, partition)?;
        Some(TopicPartition::new(self.topics[&topic].name.clone(), partition))
    }

    /// Every partition of every topic.
    pub fn partitions(&self) -> impl Iterator<Item = (TopicId, TopicPartition, &PartitionState)> {
        self.topics.iter().flat_map(|(id, topic)| {
            topic.partitions.iter().zip(0..).map(move |(state, index)| {
                (*id, TopicPartition { topic: topic.name.clone(), partition: index }, state)
            })
        })
    }

    /// Applies the record at `offset`, which must be the next one.
    ///
    /// # Panics
    /// If the record contradicts the image: the controller wrote something impossible.
    pub fn apply(&mut self, offset: Offset, record: MetadataRecord) {
        assert_eq!(offset, self.end_offset, "metadata records are applied in order");
        if let MetadataRecord::RegisterBroker { broker_epoch, .. } = &record {
            assert_eq!(offset.0, broker_epoch.0, "a broker epoch is the offset of the registration");
        }
        self.end_offset = offset.plus(1);
        self.change(record);
    }

    /// The image that ends at `end_offset` and consists of these records, whatever their offsets were; `None` if they
    /// contradict each other.
    pub(super) fn from_records(end_offset: Offset, records: Vec<MetadataRecord>) -> Option<MetadataImage> {
        let mut image = MetadataImage::default();
        for record in records {
            image.check_record(&record).ok()?;
            image.change(record);
        }
        Some(MetadataImage { end_offset, ..image })
    }

    /// The fewest records that make this image (`MetadataImage.write`).
    pub(super) fn records(&self) -> Vec<MetadataRecord> {
        let mut records = Vec::new();
        for (broker, registration) in &self.brokers {
            let broker = *broker;
            records.push(MetadataRecord::RegisterBroker {
                broker,
                broker_epoch: registration.epoch,
                incarnation: registration.incarnation,
                endpoint: registration.endpoint.clone(),
            });
            if !registration.fenced {
                records.push(MetadataRecord::UnfenceBroker { broker });
            }
            if registration.in_controlled_shutdown {
                records.push(MetadataRecord::ControlledShutdown { broker });
            }
        }
        for (id, topic) in &self.topics {
            let (name, configs) = (topic.name.to_string(), topic.configs.clone());
            records.push(MetadataRecord::Topic { id: *id, name, configs });
            let partitions = topic.partitions.iter().zip(0..).map(|(state, partition)| {
                MetadataRecord::Partition { topic: *id, partition, state: state.clone() }
            });
            records.extend(partitions);
        }
        if 0 < self.next_producer_id {
            records.push(MetadataRecord::ProducerIds { next: self.next_producer_id() });
        }
        records
    }

    fn change(&mut self, record: MetadataRecord) {
        match record {
            MetadataRecord::RegisterBroker { broker, broker_epoch, incarnation, endpoint } => {
                let registration = BrokerRegistration {
                    incarnation,
                    epoch: broker_epoch,
                    endpoint,
                    fenced: true,
                    in_controlled_shutdown: false,
                };
                self.brokers.insert(broker, registration);
            }
            MetadataRecord::FenceBroker { broker } => self.registered(broker).fenced = true,
            MetadataRecord::UnfenceBroker { broker } => self.registered(broker).fenced = false,
            MetadataRecord::ControlledShutdown { broker } => {
                self.registered(broker).in_controlled_shutdown = true;
            }
            MetadataRecord::Topic { id, name, configs } => {
                let name: Arc<str> = name.into();
                let before = self.ids.insert(name.clone(), id);
                assert_eq!(before, None, "topic {name} exists");
                self.topics.insert(id, TopicImage { name, configs, partitions: Vec::new() });
            }
            MetadataRecord::Partition { topic, partition, state } => {
                self.apply_partition(topic, partition, state);
            }
            MetadataRecord::ProducerIds { next } => {
                assert!(self.next_producer_id < next.0, "producer ids go back to {next}");
                self.next_producer_id = next.0;
            }
        }
    }

    fn registered(&mut self, broker: BrokerId) -> &mut BrokerRegistration {
        self.brokers.get_mut(&broker).unwrap_or_else(|| panic!("broker {broker} is not registered"))
    }

    fn apply_partition(&mut self, topic: TopicId, partition: i32, state: PartitionState) {
        if let Err(reason) = state.check() {
            panic!("{reason}: {state:?}");
        }
        let topic = self.topics.get_mut(&topic).expect("a partition's topic comes before it");
        let index = usize::try_from(partition).expect("partitions count from 0");
        match topic.partitions.get_mut(index) {
            Some(before) => {
                assert!(before.partition_epoch < state.partition_epoch, "{before:?} after {state:?}");
                assert!(before.leader_epoch <= state.leader_epoch, "{before:?} after {state:?}");
                *before = state;
            }
            None => {
                assert_eq!(index, topic.partitions.len(), "partitions are created in order");
                topic.partitions.push(state);
            }
        }
    }
}
