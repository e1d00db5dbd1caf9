//! Newtypes for every number that has a meaning, so that an offset is never passed where an epoch belongs.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// Identifies a broker; `node.id` in Kafka.
    BrokerId(i32)
}
number! {
    /// Position of a record in the log of a [`TopicPartition`]. End offsets are exclusive.
    Offset(i64)
}
number! {
    /// Counts the leaderships of one topic partition (KIP-101). Raised by the controller at each leader change.
    LeaderEpoch(i32)
}
number! {
    /// Counts the changes of one topic partition's metadata (KIP-497): leader or ISR.
    PartitionEpoch(i32)
}
number! {
    /// Identifies one registration of a broker: the metadata offset of its registration record (KIP-631).
    BrokerEpoch(i64)
}
number! {
    /// Identifies an idempotent producer (KIP-98).
    ProducerId(i64)
}
number! {
    /// Fences older incarnations of the same [`ProducerId`] (KIP-98, KIP-360).
    ProducerEpoch(i16)
}
number! {
    /// Counts the records a producer sent to one topic partition; wraps from 2^31-1 to 0 (KIP-98).
    Sequence(i32)
}

impl Offset {
    /// The first offset of a log.
    pub const ZERO: Offset = Offset(0);

    /// The offset `count` records later.
    pub fn plus(self, count: i64) -> Offset {
        Offset(self.0 + count)
    }

    /// How many records lie between `earlier` and this offset; negative if `earlier` is later.
    pub fn since(self, earlier: Offset) -> i64 {
        self.0 - earlier.0
    }
}

impl LeaderEpoch {
    /// No epoch: what the wire says with -1.
    pub const NONE: LeaderEpoch = LeaderEpoch(-1);

    /// The epoch as an option, `None` for the wire's -1.
    pub fn known(self) -> Option<LeaderEpoch> {
        (0 <= self.0).then_some(self)
    }
}

impl BrokerEpoch {
    /// No epoch: what the wire says with -1.
    pub const NONE: BrokerEpoch = BrokerEpoch(-1);
}

impl BrokerId {
    /// No broker: what the wire says with -1.
    pub const NONE: BrokerId = BrokerId(-1);
}

impl ProducerId {
    /// No producer id: what a batch says that was written without idempotence.
    pub const NONE: ProducerId = ProducerId(-1);
}

impl ProducerEpoch {
    /// No producer epoch.
    pub const NONE: ProducerEpoch = ProducerEpoch(-1);
}

impl Sequence {
    /// No sequence: what a batch says that was written without idempotence.
    pub const NONE: Sequence = Sequence(-1);

    /// The sequence `count` records later, wrapping from 2^31-1 to 0 as `DefaultRecordBatch.incrementSequence`
    /// does. `count` must not be negative.
    pub fn plus(self, count: i32) -> Sequence {
        assert!(0 <= self.0 && 0 <= count, "sequence {self} + {count}");
        Sequence(((i64::from(self.0) + i64::from(count)) % (1 << 31)) as i32)
    }
}

/// Identifies a topic for good: names can be reused, ids cannot (KIP-516).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicId(pub u128);

impl TopicId {
    /// `__cluster_metadata`, as in Kafka's `Uuid.METADATA_TOPIC_ID`.
    pub const METADATA: TopicId = TopicId(1);

    /// As the wire writes it.
    pub fn to_uuid(self) -> uuid::Uuid {
        uuid::Uuid::from_u128(self.0)
    }

    /// From what the wire says.
    pub fn from_uuid(uuid: uuid::Uuid) -> TopicId {
        TopicId(uuid.as_u128())
    }
}

/// One partition of one topic. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// Topic name.
    pub topic: Arc<str>,
    /// Index within the topic, from 0.
    pub partition: i32,
}

/// Bytes of a topic's name (`Topic.MAX_NAME_LENGTH`).
const TOPIC_NAME_MAX: usize = 249;

impl TopicPartition {
    /// Partition `partition` of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        TopicPartition { topic: topic.into(), partition }
    }

    /// Whether a topic may have this name (`Topic.validate`): it becomes part of the name of a directory.
    pub fn is_legal_topic(name: &str) -> bool {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=TOPIC_NAME_MAX).contains(&name.len()) && name != "." && name != ".." && name.bytes().all(legal)
    }

    /// The log of cluster metadata, which only the controller writes.
    pub fn metadata() -> Self {
        TopicPartition::new("__cluster_metadata", 0)
    }

    /// Parses `orders-0`: everything before the last dash is the topic.
    pub fn parse(text: &str) -> Option<TopicPartition> {
        let (topic, partition) = text.rsplit_once('-')?;
        let partition = partition.parse().ok().filter(|index| 0 <= *index)?;
        (!topic.is_empty()).then(|| TopicPartition::new(topic, partition))
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

impl Serialize for TopicPartition {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TopicPartition {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        TopicPartition::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not a topic partition such as `orders-0`"))
        })
    }
}

/// Where a node listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name.
    pub host: Arc<str>,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_wrap_to_zero_after_the_largest() {
        assert_eq!(Sequence(i32::MAX).plus(1), Sequence(0));
        assert_eq!(Sequence(i32::MAX - 1).plus(3), Sequence(1));
        assert_eq!(Sequence(7).plus(0), Sequence(7));
    }

    #[test]
    fn topic_partitions_split_at_the_last_dash() {
        assert_eq!(TopicPartition::parse("a-b-12"), Some(TopicPartition::new("a-b", 12)));
        for wrong in ["", "orders", "orders-", "-3", "orders--1", "orders-x"] {
            // `orders--1` would be partition 1 of topic `orders-`, which is a legal Kafka name.
            let expected = (wrong == "orders--1").then(|| TopicPartition::new("orders-", 1));
            assert_eq!(TopicPartition::parse(wrong), expected, "{wrong}");
        }
    }
}
