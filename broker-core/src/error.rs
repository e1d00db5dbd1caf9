//! What can go wrong, under Kafka's names and codes.

use std::fmt;
use std::io;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An error code of Kafka's protocol (`org.apache.kafka.common.protocol.Errors`).
///
/// A newtype and not an enum: a peer may send a code this build has no name for, and it must survive the round trip.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i16);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal),* $(,)?) => {
        #[expect(missing_docs, reason = "Kafka's own names; meanings are in Kafka's protocol guide")]
        impl ErrorCode {
            $($(#[$doc])* pub const $name: ErrorCode = ErrorCode($code);)*

            /// Kafka's name, if this build knows the code.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// The code of this name, or of `error 99` for one without a name: what [`Display`](fmt::Display) writes.
            pub fn parse(text: &str) -> Option<ErrorCode> {
                match text {
                    $(stringify!($name) => Some(ErrorCode::$name),)*
                    _ => text.strip_prefix("error ")?.parse().ok().map(ErrorCode),
                }
            }
        }
    };
}

codes! {
    UNKNOWN_SERVER_ERROR = -1,
    NONE = 0,
    OFFSET_OUT_OF_RANGE = 1,
    CORRUPT_MESSAGE = 2,
    UNKNOWN_TOPIC_OR_PARTITION = 3,
    LEADER_NOT_AVAILABLE = 5,
    NOT_LEADER_OR_FOLLOWER = 6,
    REQUEST_TIMED_OUT = 7,
    BROKER_NOT_AVAILABLE = 8,
    MESSAGE_TOO_LARGE = 10,
    INVALID_TOPIC_EXCEPTION = 17,
    NOT_ENOUGH_REPLICAS = 19,
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20,
    INVALID_REQUIRED_ACKS = 21,
    TOPIC_AUTHORIZATION_FAILED = 29,
    GROUP_AUTHORIZATION_FAILED = 30,
    CLUSTER_AUTHORIZATION_FAILED = 31,
    UNSUPPORTED_VERSION = 35,
    TOPIC_ALREADY_EXISTS = 36,
    INVALID_PARTITIONS = 37,
    INVALID_REPLICATION_FACTOR = 38,
    INVALID_REPLICA_ASSIGNMENT = 39,
    INVALID_CONFIG = 40,
    NOT_CONTROLLER = 41,
    INVALID_REQUEST = 42,
    POLICY_VIOLATION = 44,
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45,
    DUPLICATE_SEQUENCE_NUMBER = 46,
    INVALID_PRODUCER_EPOCH = 47,
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53,
    KAFKA_STORAGE_ERROR = 56,
    UNKNOWN_PRODUCER_ID = 59,
    FETCH_SESSION_ID_NOT_FOUND = 70,
    FENCED_LEADER_EPOCH = 74,
    UNKNOWN_LEADER_EPOCH = 75,
    UNSUPPORTED_COMPRESSION_TYPE = 76,
    STALE_BROKER_EPOCH = 77,
    OFFSET_NOT_AVAILABLE = 78,
    INVALID_RECORD = 87,
    UNKNOWN_TOPIC_ID = 100,
    DUPLICATE_BROKER_REGISTRATION = 101,
    BROKER_ID_NOT_REGISTERED = 102,
    INCONSISTENT_TOPIC_ID = 103,
    INVALID_UPDATE_VERSION = 95,
    INELIGIBLE_REPLICA = 107,
    NEW_LEADER_ELECTED = 108,
}

impl ErrorCode {
    /// Whether the request succeeded.
    pub fn is_none(self) -> bool {
        self == ErrorCode::NONE
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self, self.0)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        ErrorCode::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("unknown error `{text}`")))
    }
}

/// A file operation failed. Kept small and cloneable, unlike `io::Error`, because it travels as an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation} {path}: {kind}")]
pub struct StorageError {
    /// What was attempted, such as `append` or `sync`.
    pub operation: &'static str,
    /// Which file or directory.
    pub path: String,
    /// What the operating system said.
    pub kind: io::ErrorKind,
    /// The operating system's error number, if it gave one.
    pub errno: Option<i32>,
}

/// Why a request that was sent got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The connection could not be made or broke; the request may or may not have been carried out.
    #[error("disconnected")]
    Disconnected,
    /// No response within the request's timeout; it may or may not have been carried out.
    #[error("timed out")]
    TimedOut,
}

/// How one attempt to send a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AttemptError {
    /// The broker answered with an error.
    Code(ErrorCode),
    /// The connection broke before the answer.
    Disconnected,
    /// No answer within `request.timeout.ms`.
    TimedOut,
    /// `delivery.timeout.ms` ran out.
    Expired,
    /// Sent with acks=0: no broker will ever say.
    NoAcks,
}

/// The log cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The disk failed: the log directory must go offline.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Bytes that should be a record batch are not one.
    #[error("corrupt batch at offset {offset}: {reason}")]
    Corrupt {
        /// Where in the log.
        offset: i64,
        /// What is wrong with the bytes.
        reason: BatchError,
    },
    /// An offset outside the log was asked for.
    #[error("offset {asked} is outside {start}..={end}")]
    OutOfRange {
        /// The offset asked for.
        asked: i64,
        /// Log start offset.
        start: i64,
        /// Log end offset.
        end: i64,
    },
}

/// Bytes that are not a valid v2 record batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Fewer bytes than the header, or than the header's length field, promise.
    #[error("truncated: {have} of {need} bytes")]
    Truncated {
        /// Bytes there are.
        have: usize,
        /// Bytes there should be.
        need: usize,
    },
    /// The length field is impossible.
    #[error("impossible length {0}")]
    Length(i32),
    /// Not magic 2.
    #[error("magic {0} instead of 2")]
    Magic(i8),
    /// CRC32C mismatch.
    #[error("checksum {actual:08x} instead of {expected:08x}")]
    Checksum {
        /// What the header says.
        expected: u32,
        /// What the bytes give.
        actual: u32,
    },
    /// The record count or the last offset delta contradict each other or are negative.
    #[error("impossible record count {0}")]
    RecordCount(i32),
    /// The batch does not begin where the one before it ended.
    #[error("base offset {actual} instead of {expected}")]
    BaseOffset {
        /// Where the batch before it ended.
        expected: i64,
        /// What the header says.
        actual: i64,
    },
    /// The leader epoch is older than that of the batch before it.
    #[error("leader epoch {actual} after {previous}")]
    LeaderEpoch {
        /// Leader epoch of what is before it.
        previous: i32,
        /// What the header says.
        actual: i32,
    },
    /// Producer id, epoch and sequence contradict each other.
    #[error("producer id {producer_id} with epoch {epoch} and sequence {sequence}")]
    Producer {
        /// Producer id of the batch.
        producer_id: i64,
        /// Producer epoch of the batch.
        epoch: i16,
        /// First sequence of the batch.
        sequence: i32,
    },
}
