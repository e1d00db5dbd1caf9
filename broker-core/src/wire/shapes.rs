//! What the bodies of all requests and responses look like, in the versions that are spoken (Kafka's message schemas).
//!
//! A line is a structure: its fields in their order on the wire, then its tagged fields. Names stand where the order is
//! not evident. That each line agrees with the `kafka-protocol` crate is a test.

use kafka_protocol::messages::ApiKey;

use super::walk::Field::{Array, ArrayOrNull, BytesOrNull, Fixed, Struct, Text, TextOrNull};
use super::walk::{Field, Shape, Tagged};

const BOOL: Field = Fixed(1);
const I8: Field = Fixed(1);
const I16: Field = Fixed(2);
const I32: Field = Fixed(4);
const I64: Field = Fixed(8);
const UUID: Field = Fixed(16);

const fn plain(fields: &'static [Field]) -> Shape {
    Shape { fields, tagged: &[] }
}

const fn tagged(fields: &'static [Field], tagged: &'static [Tagged]) -> Shape {
    Shape { fields, tagged }
}

const fn tag(tag: u32, since: i16, field: Field) -> Tagged {
    Tagged { tag, since, field }
}

/// The body of this request; `None` if it is not spoken.
pub(super) fn request(api: ApiKey) -> Option<&'static Shape> {
    Some(match api {
        ApiKey::ApiVersions => const { &plain(&[Text, Text]) },
        ApiKey::Produce => &PRODUCE,
        ApiKey::Fetch => &FETCH,
        ApiKey::ListOffsets => const { &plain(&[I32, I8, Array(&Struct(&LIST_TOPIC))]) },
        ApiKey::Metadata => &METADATA,
        ApiKey::OffsetForLeaderEpoch => const { &plain(&[I32, Array(&Struct(&EPOCH_TOPIC))]) },
        ApiKey::InitProducerId => const { &plain(&[TextOrNull, I32, I64, I16]) },
        ApiKey::BrokerRegistration => &REGISTRATION,
        ApiKey::BrokerHeartbeat => &HEARTBEAT,
        ApiKey::AlterPartition => const { &plain(&[I32, I64, Array(&Struct(&ALTER_TOPIC))]) },
        ApiKey::AllocateProducerIds => const { &plain(&[I32, I64]) },
        ApiKey::CreateTopics => const { &plain(&[Array(&Struct(&NEW_TOPIC)), I32, BOOL]) },
        _ => return None,
    })
}

/// The body of the response to this request; `None` if it is not spoken.
pub(super) fn response(api: ApiKey) -> Option<&'static Shape> {
    Some(match api {
        ApiKey::ApiVersions => &API_VERSIONS_ANSWER,
        ApiKey::Produce => &PRODUCE_ANSWER,
        ApiKey::Fetch => &FETCH_ANSWER,
        ApiKey::ListOffsets => const { &plain(&[I32, Array(&Struct(&LIST_TOPIC_ANSWER))]) },
        ApiKey::Metadata => &METADATA_ANSWER,
        ApiKey::OffsetForLeaderEpoch => const { &plain(&[I32, Array(&Struct(&EPOCH_TOPIC_ANSWER))]) },
        ApiKey::InitProducerId => const { &plain(&[I32, I16, I64, I16]) },
        ApiKey::BrokerRegistration => const { &plain(&[I32, I16, I64]) },
        ApiKey::BrokerHeartbeat => const { &plain(&[I32, I16, BOOL, BOOL, BOOL]) },
        ApiKey::AlterPartition => const { &plain(&[I32, I16, Array(&Struct(&ALTER_TOPIC_ANSWER))]) },
        ApiKey::AllocateProducerIds => const { &plain(&[I32, I16, I64, I32]) },
        ApiKey::CreateTopics => const { &plain(&[I32, Array(&Struct(&NEW_TOPIC_ANSWER))]) },
        _ => return None,
    })
}

/// Key, oldest and newest version.
const API_VERSION: Shape = plain(&[I16, I16, I16]);
/// Name and two versions.
const FEATURE: Shape = plain(&[Text, I16, I16]);
const API_VERSIONS_ANSWER: Shape = tagged(
    &[I16, Array(&Struct(&API_VERSION)), I32],
    &[
        tag(0, 3, Array(&Struct(&FEATURE))),
        tag(1, 3, I64),
        tag(2, 3, Array(&Struct(&FEATURE))),
        tag(3, 3, BOOL),
    ],
);

/// Transactional id, acks, timeout, topics.
const PRODUCE: Shape = plain(&[TextOrNull, I16, I32, Array(&Struct(&PRODUCE_TOPIC))]);
const PRODUCE_TOPIC: Shape = plain(&[Text, Array(&Struct(&PRODUCE_PARTITION))]);
const PRODUCE_PARTITION: Shape = plain(&[I32, BytesOrNull]);

const PRODUCE_ANSWER: Shape =
    tagged(&[Array(&Struct(&PRODUCED_TOPIC)), I32], &[tag(0, 10, Array(&Struct(&NODE_ENDPOINT)))]);
const PRODUCED_TOPIC: Shape = plain(&[Text, Array(&Struct(&PRODUCED_PARTITION))]);
/// Index, error, base offset, append time, log start, errors of records, message; the current leader.
const PRODUCED_PARTITION: Shape = tagged(
    &[I32, I16, I64, I64, I64, Array(&Struct(&plain(&[I32, TextOrNull]))), TextOrNull],
    &[tag(0, 10, Struct(&LEADER))],
);
/// Id and leader epoch.
const LEADER: Shape = plain(&[I32, I32]);
/// Id, host, port, rack.
const NODE_ENDPOINT: Shape = plain(&[I32, Text, I32, TextOrNull]);

/// Wait, least and most bytes, isolation level, session id and epoch, topics, forgotten topics, rack; the cluster's id
/// and, from followers, id and epoch of the replica.
const FETCH: Shape = tagged(
    &[I32, I32, I32, I8, I32, I32, Array(&Struct(&FETCH_TOPIC)), Array(&Struct(&FORGOTTEN_TOPIC)), Text],
    &[tag(0, 12, TextOrNull), tag(1, 15, Struct(&plain(&[I32, I64])))],
);
const FETCH_TOPIC: Shape = plain(&[UUID, Array(&Struct(&FETCH_PARTITION))]);
/// Index, leader epoch, offset, last fetched epoch, log start, most bytes; the replica's directory, its high watermark.
const FETCH_PARTITION: Shape = tagged(&[I32, I32, I64, I32, I64, I32], &[tag(0, 17, UUID), tag(1, 18, I64)]);
const FORGOTTEN_TOPIC: Shape = plain(&[UUID, Array(&I32)]);

const FETCH_ANSWER: Shape =
    tagged(&[I32, I16, I32, Array(&Struct(&FETCHED_TOPIC))], &[tag(0, 16, Array(&Struct(&NODE_ENDPOINT)))]);
const FETCHED_TOPIC: Shape = plain(&[UUID, Array(&Struct(&FETCHED_PARTITION))]);
/// Index, error, high watermark, last stable offset, log start, aborted transactions, preferred replica, records; epoch
/// and end of divergence, the current leader, end and epoch of a snapshot.
const FETCHED_PARTITION: Shape = tagged(
    &[I32, I16, I64, I64, I64, ArrayOrNull(&Struct(&plain(&[I64, I64]))), I32, BytesOrNull],
    &[
        tag(0, 12, Struct(&plain(&[I32, I64]))),
        tag(1, 12, Struct(&LEADER)),
        tag(2, 12, Struct(&plain(&[I64, I32]))),
    ],
);

const LIST_TOPIC: Shape = plain(&[Text, Array(&Struct(&plain(&[I32, I32, I64])))]);
/// Of partitions: index, error, timestamp, offset, leader epoch.
const LIST_TOPIC_ANSWER: Shape = plain(&[Text, Array(&Struct(&plain(&[I32, I16, I64, I64, I32])))]);

/// Topics by id or name, whether to create them, whether to tell operations.
const METADATA: Shape = plain(&[ArrayOrNull(&Struct(&plain(&[UUID, TextOrNull]))), BOOL, BOOL]);
/// Throttle time, brokers, cluster id, controller, topics.
const METADATA_ANSWER: Shape =
    plain(&[I32, Array(&Struct(&NODE_ENDPOINT)), TextOrNull, I32, Array(&Struct(&METADATA_TOPIC))]);
/// Error, name, id, whether it is internal, partitions, authorized operations.
const METADATA_TOPIC: Shape = plain(&[I16, TextOrNull, UUID, BOOL, Array(&Struct(&METADATA_PARTITION)), I32]);
/// Error, index, leader, leader epoch; replicas, ISR, replicas that are offline.
const METADATA_PARTITION: Shape = plain(&[I16, I32, I32, I32, Array(&I32), Array(&I32), Array(&I32)]);

const EPOCH_TOPIC: Shape = plain(&[Text, Array(&Struct(&plain(&[I32, I32, I32])))]);
/// Of partitions: error, index, leader epoch, end offset.
const EPOCH_TOPIC_ANSWER: Shape = plain(&[Text, Array(&Struct(&plain(&[I16, I32, I32, I64])))]);

/// Broker, cluster, incarnation, listeners, features, rack, whether it migrates, log directories, previous epoch.
const REGISTRATION: Shape = plain(&[
    I32,
    Text,
    UUID,
    Array(&Struct(&plain(&[Text, Text, I16, I16]))),
    Array(&Struct(&FEATURE)),
    TextOrNull,
    BOOL,
    Array(&UUID),
    I64,
]);

/// Broker and its epoch, metadata offset, two wishes; log directories that are offline.
const HEARTBEAT: Shape = tagged(&[I32, I64, I64, BOOL, BOOL], &[tag(0, 1, Array(&UUID))]);

const ALTER_TOPIC: Shape = plain(&[UUID, Array(&Struct(&ALTER_PARTITION))]);
/// Index, leader epoch, ISR with broker epochs, recovery state, partition epoch.
const ALTER_PARTITION: Shape = plain(&[I32, I32, Array(&Struct(&plain(&[I32, I64]))), I8, I32]);
const ALTER_TOPIC_ANSWER: Shape = plain(&[UUID, Array(&Struct(&ALTERED_PARTITION))]);
/// Index, error, leader, leader epoch, ISR, recovery state, partition epoch.
const ALTERED_PARTITION: Shape = plain(&[I32, I16, I32, I32, Array(&I32), I8, I32]);

/// Name, number of partitions, replication factor, assignments, settings.
const NEW_TOPIC: Shape = plain(&[
    Text,
    I32,
    I16,
    Array(&Struct(&plain(&[I32, Array(&I32)]))),
    Array(&Struct(&plain(&[Text, TextOrNull]))),
]);
/// Name, id, error, message, number of partitions, replication factor, settings; why there are no settings.
const NEW_TOPIC_ANSWER: Shape = tagged(
    &[Text, UUID, I16, TextOrNull, I32, I16, ArrayOrNull(&Struct(&NEW_TOPIC_SETTING))],
    &[tag(0, 5, I16)],
);
/// Name, value, whether it is read-only, where it is from, whether it is secret.
const NEW_TOPIC_SETTING: Shape = plain(&[Text, TextOrNull, BOOL, I8, BOOL]);
