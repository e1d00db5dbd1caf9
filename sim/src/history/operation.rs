//! One entry of a history.

use broker_core::error::AttemptError;
use broker_core::io::ConsumedRecord;
use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};
use serde::{Deserialize, Serialize};

use super::message::MessageId;
use super::process::ProcessId;

/// Something a client did or was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Position in the history, from 0.
    pub index: u64,
    /// Simulated time of the cluster.
    pub time: Timestamp,
    /// Who.
    pub process: ProcessId,
    /// Begin, or how it ended.
    pub kind: OpKind,
    /// What about.
    pub f: OpF,
}

/// Whether an operation begins or how it ended (Jepsen's `:type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpKind {
    /// It begins.
    Invoke,
    /// It happened.
    Ok,
    /// It did certainly not happen.
    Fail,
    /// It may have happened, or may happen yet.
    Info,
}

/// What an operation is about (Jepsen's `:f` and `:value`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpF {
    /// A message is handed to a producer, or a producer says how that ended.
    Send {
        /// Where to.
        topic_partition: TopicPartition,
        /// What.
        message: MessageId,
        /// Where the broker says it put it; only on `ok`, and even then a broker may not say.
        offset: Option<Offset>,
        /// The error of each attempt; only on `fail` and `info`.
        errors: Vec<AttemptError>,
    },
    /// A consumer read records.
    Poll {
        /// From where.
        topic_partition: TopicPartition,
        /// In the order in which they came.
        records: Vec<PolledRecord>,
        /// When.
        reading: Reading,
    },
    /// From here on a process reads elsewhere, and was told so: what it is given next need not follow what it was given.
    Seek {
        /// Of which topic partition; `None` for everything it reads.
        topic_partition: Option<TopicPartition>,
        /// The next offset it is to be given, if there is a record; `None` if it does not know.
        offset: Option<Offset>,
    },
    /// The final reads of a topic partition are complete.
    FinalRead {
        /// Which.
        topic_partition: TopicPartition,
        /// Where the log began: retention deleted what is below. 0 if the topic keeps everything, whatever was found.
        start: Offset,
        /// Everything from the start to here was read.
        end: Offset,
    },
}

/// Whether a poll happened while the workload ran or at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// While the workload ran. What it saw was below a high watermark then.
    Ongoing,
    /// As one of the final reads.
    Final,
}

/// One record as a consumer saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolledRecord {
    /// Its offset.
    pub offset: Offset,
    /// Its message; `None` if its value is nothing that any client writes.
    pub message: Option<MessageId>,
}

impl From<&ConsumedRecord> for PolledRecord {
    fn from(record: &ConsumedRecord) -> PolledRecord {
        PolledRecord { offset: record.offset, message: MessageId::from_value(&record.value) }
    }
}
