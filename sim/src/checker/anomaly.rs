//! What a checker returns.

use std::fmt;

use broker_core::types::{Offset, TopicPartition};
use serde::{Deserialize, Serialize};

use crate::history::{MessageId, ProcessId};

/// How many messages a violation names; the rest is only counted.
pub const EXAMPLES_MAX: usize = 10;

/// What is wrong, by the names of Jepsen's Kafka workload. In the order in which they are checked and reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anomaly {
    /// A message was acknowledged, or read, and is gone.
    LostWrite,
    /// A message is at two offsets.
    Duplicate,
    /// An offset had two messages.
    InconsistentOffsets,
    /// Messages of one producer are not in the order in which it sent them.
    NonmonotonicSend,
    /// A message was read whose send had failed.
    #[serde(rename = "G1a")]
    G1a,
    /// A message was read that nobody sent there.
    Phantom,
    /// Two replicas hold different records at one offset although everything is healed. Found by
    /// [`crate::oracle::convergence`] and not in the history.
    LogDivergence,
}

impl Anomaly {
    /// All of them, in order.
    pub const ALL: [Anomaly; 7] = [
        Anomaly::LostWrite,
        Anomaly::Duplicate,
        Anomaly::InconsistentOffsets,
        Anomaly::NonmonotonicSend,
        Anomaly::G1a,
        Anomaly::Phantom,
        Anomaly::LogDivergence,
    ];

    /// Its name in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            Anomaly::LostWrite => "lost-write",
            Anomaly::Duplicate => "duplicate",
            Anomaly::InconsistentOffsets => "inconsistent-offsets",
            Anomaly::NonmonotonicSend => "nonmonotonic-send",
            Anomaly::G1a => "G1a",
            Anomaly::Phantom => "phantom",
            Anomaly::LogDivergence => "log-divergence",
        }
    }

    /// What it means, in a sentence or two.
    pub fn doc(self) -> &'static str {
        match self {
            Anomaly::LostWrite => {
                "A message was acknowledged, or read by a consumer, and is not in the complete final reads: the broker \
                 promised to keep it and did not."
            }
            Anomaly::Duplicate => {
                "One message is at two offsets. Without idempotence a retry may do that; with it, nothing may."
            }
            Anomaly::InconsistentOffsets => {
                "One offset had two messages: whoever read early and whoever reads late do not see the same log."
            }
            Anomaly::NonmonotonicSend => {
                "Messages of one producer are in the log in another order than it sent them, where order is promised."
            }
            Anomaly::G1a => "A message was read whose send had certainly failed: Adya's aborted read.",
            Anomaly::Phantom => "A message was read that nobody sent there.",
            Anomaly::LogDivergence => {
                "Two replicas hold different records at one offset although everything is healed. Seen in the replicas and \
                 not in the history."
            }
        }
    }

    /// The anomaly of that name.
    pub fn parse(name: &str) -> Option<Anomaly> {
        Anomaly::ALL.into_iter().find(|anomaly| anomaly.name() == name)
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message at the scene.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// Which; `None` if the record's value is nothing that any client writes.
    pub message: Option<MessageId>,
    /// Where, as far as anybody said.
    pub offset: Option<Offset>,
    /// Who sent it.
    pub process: Option<ProcessId>,
    /// Index of the operation of the history that shows it.
    pub operation: u64,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl fmt::Display for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message {
            Some(message) => write!(f, "message {message}")?,
            None => f.write_str("a value nobody writes")?,
        }
        if let Some(offset) = self.offset {
            write!(f, " at offset {offset}")?;
        }
        if let Some(note) = &self.note {
            write!(f, ", {note}")?;
        }
        write!(f, " (operation {})", self.operation)
    }
}

/// One anomaly in one topic partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Of which kind.
    pub anomaly: Anomaly,
    /// Where.
    pub topic_partition: TopicPartition,
    /// One sentence for people.
    pub summary: String,
    /// How often; what is counted is said in the summary. At least 1.
    pub count: u64,
    /// The first few messages.
    pub examples: Vec<MessageRef>,
}

impl Violation {
    /// A violation that happened `count` times, which must not be 0. Keeps the first [`EXAMPLES_MAX`] examples.
    pub(crate) fn new(
        anomaly: Anomaly,
        topic_partition: &TopicPartition,
        summary: String,
        count: usize,
        mut examples: Vec<MessageRef>,
    ) -> Violation {
        assert!(0 < count && !examples.is_empty(), "a violation without a case: {summary}");
        examples.truncate(EXAMPLES_MAX);
        let topic_partition = topic_partition.clone();
        Violation { anomaly, topic_partition, summary, count: count as u64, examples }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.anomaly, self.summary)
    }
}

/// What one checker found: violations, things it could not judge, or neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// What could not be judged, and why.
    pub unknown: Vec<String>,
}

/// `1 record`, `2 records`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The first few of `messages` and how many more there are.
pub(super) fn listed(messages: &[MessageId]) -> String {
    let named: Vec<String> = messages.iter().take(EXAMPLES_MAX).map(MessageId::to_string).collect();
    let more = messages.len().saturating_sub(EXAMPLES_MAX);
    let noun = if messages.len() == 1 { "message" } else { "messages" };
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{noun} {}{rest}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for anomaly in Anomaly::ALL {
            assert_eq!(serde_json::to_value(anomaly).expect("serializes"), anomaly.name());
            assert_eq!(Anomaly::parse(anomaly.name()), Some(anomaly));
        }
        assert_eq!(Anomaly::parse("g1a"), None);
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let messages: Vec<MessageId> = (0..12).map(|ordinal| MessageId::new(0, ordinal)).collect();
        assert_eq!(listed(&messages[..1]), "message 0/0");
        assert!(listed(&messages).ends_with("0/9 and 2 more"), "{}", listed(&messages));
    }
}
