//! What an explanation is: values for `run.json` and for the lines of text.

use broker_core::types::{Offset, TopicPartition};
use serde::{Deserialize, Serialize};

use super::death::Death;
use crate::checker::Anomaly;
use crate::history::MessageId;

/// How it came to each violation. Empty for a run that found nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Explanation {
    /// In the order of the violations.
    pub findings: Vec<Finding>,
}

/// How it came to one violation, shown with its first case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Of which kind; `None` if somebody asked for a record with which nothing is wrong.
    pub anomaly: Option<Anomaly>,
    /// Where.
    pub topic_partition: TopicPartition,
    /// What is shown: a message, an offset, or the topic partition.
    pub subject: String,
    /// The message that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<Offset>,
    /// The answer in a sentence or two.
    pub conclusion: String,
    /// The life of what is shown and the few events that decided it, earliest first.
    pub timeline: Vec<Moment>,
    /// How many events of the kinds that are in the timeline were left out of it, so that it is short.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Every copy of a lost record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyFate>,
    /// All lost records of the topic partition by fate; the first is that of the one that is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fates: Vec<Fate>,
}

/// One event of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Simulated time.
    pub time_us: u64,
    /// Its number in the trace.
    pub event: u64,
    /// Where.
    pub host: String,
    /// What it is in the life of the record.
    pub kind: MomentKind,
    /// What happened; the host is the subject.
    pub words: String,
}

/// What an event is in the life of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    /// A producer sent it.
    Sent,
    /// An attempt to send it failed.
    Failed,
    /// A leader appended it.
    Appended,
    /// A leader had it already.
    Recognised,
    /// A follower copied it.
    Copied,
    /// The leader's high watermark passed it.
    Committed,
    /// The producer was told that it is safe.
    Acknowledged,
    /// The producer gave up.
    GivenUp,
    /// A consumer read it first.
    Read,
    /// A flush made a copy durable.
    Flushed,
    /// A copy ended.
    Died,
    /// Its offset was given to another record.
    Reused,
    /// What happened to hosts and leaders meanwhile.
    Meanwhile,
}

impl MomentKind {
    /// As the text has it.
    pub fn name(self) -> &'static str {
        match self {
            MomentKind::Sent => "sent",
            MomentKind::Failed => "failed",
            MomentKind::Appended => "appended",
            MomentKind::Recognised => "recognised",
            MomentKind::Copied => "copied",
            MomentKind::Committed => "committed",
            MomentKind::Acknowledged => "acknowledged",
            MomentKind::GivenUp => "given up",
            MomentKind::Read => "read",
            MomentKind::Flushed => "flushed",
            MomentKind::Died => "died",
            MomentKind::Reused => "reused",
            MomentKind::Meanwhile => "",
        }
    }
}

/// What became of one copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyFate {
    /// Where it was.
    pub host: String,
    /// When it was written.
    pub written_us: u64,
    /// When it was flushed; `None` if never.
    pub flushed_us: Option<u64>,
    /// How it ended; `None` if it is still there.
    pub death: Option<Death>,
    /// The same in words.
    pub words: String,
}

/// Lost records that died of the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// How many.
    pub records: u64,
    /// The lowest offset.
    pub first: Offset,
    /// The highest.
    pub last: Offset,
    /// Of what.
    pub conclusion: String,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
