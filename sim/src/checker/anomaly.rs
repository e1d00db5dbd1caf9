//! What a checker returns.

use std::collections::BTreeSet;
use std::fmt;

use broker_core::types::{BrokerId, Offset, TopicPartition};
use serde::{Deserialize, Serialize};

use crate::history::{MessageId, ProcessId};
use crate::verdict::Verdict;

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
    /// A consumer passed over records that were there.
    PollSkip,
    /// A consumer was given records of lower offsets than before.
    NonmonotonicPoll,
    /// Two replicas hold different records at one offset that is committed (*log matching*).
    LogDivergence,
    /// A new leader lacks something that was committed.
    LeaderCompleteness,
    /// Something below a leader's high watermark is not on every member of its maximal ISR.
    StrongIsr,
    /// Two brokers lead in one leader epoch.
    OneLeaderPerEpoch,
    /// The offsets of a log are out of order.
    OrderedOffsets,
    /// A leader epoch, a partition epoch or a recovery point went back.
    MonotonicEpochs,
    /// The leader is not in the ISR.
    LeaderInIsr,
    /// A member of the ISR or the ELR is no replica.
    IsrWithinReplicas,
    /// There are eligible leader replicas although the ISR is large enough.
    ElrEmpty,
    /// A recovery point is above what is durable.
    DurableRecoveryPoint,
    /// Recovery took over what nobody wrote.
    RecoveredRecords,
}

impl Anomaly {
    /// All of them, in order.
    pub const ALL: [Anomaly; 19] = [
        Anomaly::LostWrite,
        Anomaly::Duplicate,
        Anomaly::InconsistentOffsets,
        Anomaly::NonmonotonicSend,
        Anomaly::G1a,
        Anomaly::Phantom,
        Anomaly::PollSkip,
        Anomaly::NonmonotonicPoll,
        Anomaly::LogDivergence,
        Anomaly::LeaderCompleteness,
        Anomaly::StrongIsr,
        Anomaly::OneLeaderPerEpoch,
        Anomaly::OrderedOffsets,
        Anomaly::MonotonicEpochs,
        Anomaly::LeaderInIsr,
        Anomaly::IsrWithinReplicas,
        Anomaly::ElrEmpty,
        Anomaly::DurableRecoveryPoint,
        Anomaly::RecoveredRecords,
    ];

    /// Whether it is a property of the servers' state, which no client need have seen, and not of the history.
    pub fn is_of_state(self) -> bool {
        Anomaly::LogDivergence <= self
    }

    /// Whether two of its examples, one after the other, belong together.
    fn is_one_case(self, one: &MessageRef, other: &MessageRef) -> bool {
        self == Anomaly::InconsistentOffsets && one.offset == other.offset
    }

    /// Its name in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            Anomaly::LostWrite => "lost-write",
            Anomaly::Duplicate => "duplicate",
            Anomaly::InconsistentOffsets => "inconsistent-offsets",
            Anomaly::NonmonotonicSend => "nonmonotonic-send",
            Anomaly::G1a => "G1a",
            Anomaly::Phantom => "phantom",
            Anomaly::PollSkip => "poll-skip",
            Anomaly::NonmonotonicPoll => "nonmonotonic-poll",
            Anomaly::LogDivergence => "log-divergence",
            Anomaly::LeaderCompleteness => "leader-completeness",
            Anomaly::StrongIsr => "strong-isr",
            Anomaly::OneLeaderPerEpoch => "one-leader-per-epoch",
            Anomaly::OrderedOffsets => "ordered-offsets",
            Anomaly::MonotonicEpochs => "monotonic-epochs",
            Anomaly::LeaderInIsr => "leader-in-isr",
            Anomaly::IsrWithinReplicas => "isr-within-replicas",
            Anomaly::ElrEmpty => "elr-empty",
            Anomaly::DurableRecoveryPoint => "durable-recovery-point",
            Anomaly::RecoveredRecords => "recovered-records",
        }
    }

    /// What it means, in a sentence or two.
    pub fn doc(self) -> &'static str {
        match self {
            Anomaly::LostWrite => {
                "A message was acknowledged, or read by a consumer, and is gone: the broker promised to keep it and did not."
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
            Anomaly::PollSkip => {
                "A consumer went on behind records that were there and that it had not been given."
            }
            Anomaly::NonmonotonicPoll => {
                "A consumer was given records of lower offsets than it had been given before, and nobody told it so."
            }
            Anomaly::LogDivergence => {
                "Below both high watermarks two replicas hold different records: log matching is broken."
            }
            Anomaly::LeaderCompleteness => "A replica became leader without something that was committed.",
            Anomaly::StrongIsr => {
                "Something below a live leader's high watermark is not on every live member of its maximal ISR."
            }
            Anomaly::OneLeaderPerEpoch => "Two brokers led one topic partition in one leader epoch.",
            Anomaly::OrderedOffsets => {
                "Not log start <= high watermark <= log end, or a recovery point above the log end."
            }
            Anomaly::MonotonicEpochs => {
                "A leader epoch, a partition epoch, or a recovery point without a truncation went back."
            }
            Anomaly::LeaderInIsr => "The controller has a leader that is not in the ISR.",
            Anomaly::IsrWithinReplicas => {
                "The controller has an ISR or ELR with a member that is no replica."
            }
            Anomaly::ElrEmpty => {
                "The controller has eligible leader replicas although the ISR has min.insync.replicas members."
            }
            Anomaly::DurableRecoveryPoint => {
                "A broker counts as durable what its disk never said to be: the next loss of power takes it unnoticed."
            }
            Anomaly::RecoveredRecords => {
                "A broker opened a log and kept bytes that nobody wrote: a loss of power had torn them."
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

/// What the settings of a cluster promise, seen from a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contract {
    /// Promised, and the faults stayed within what the promise allows for: a bug.
    Within,
    /// Not promised, or the faults went further than any promise: expected physics.
    Beyond,
}

/// Where a violation stands to the contract, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearing {
    /// Which side.
    pub contract: Contract,
    /// Which setting or which fault decides it.
    pub because: String,
}

impl Contract {
    /// Both, by name.
    pub const ALL: [(&str, Contract); 2] = [("within", Contract::Within), ("beyond", Contract::Beyond)];

    /// As scenarios and reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Contract::Within => "within",
            Contract::Beyond => "beyond",
        }
    }
}

impl fmt::Display for Bearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} contract: {}", self.contract.name(), self.because)
    }
}

/// When a violation of state was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAt {
    /// Simulated time in microseconds.
    pub time_us: u64,
    /// How many events the trace had.
    pub event: u64,
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
    /// The first few messages; of state there may be none.
    pub examples: Vec<MessageRef>,
    /// Where there are more: the first case of each process that is not among them. What excuses one excuses no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<MessageRef>,
    /// When it was seen first, if it is one of state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenAt>,
    /// The broker whose state is wrong; `None`: the controller, or nobody in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accused: Option<BrokerId>,
    /// Whether the cluster promised otherwise; `None` where nobody knows its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearing: Option<Bearing>,
}

impl Violation {
    /// Whether it breaks a promise. Where nobody knows what was promised, nobody says so.
    pub fn is_within_contract(&self) -> bool {
        self.bearing.as_ref().is_some_and(|bearing| bearing.contract == Contract::Within)
    }

    /// The known messages by cases: each alone, or all that were at one offset. At least one case.
    pub fn cases(&self) -> Vec<Vec<&MessageRef>> {
        let known: Vec<&MessageRef> = self.examples.iter().chain(&self.further).collect();
        let cases = known.chunk_by(|a, b| self.anomaly.is_one_case(a, b));
        let cases: Vec<Vec<&MessageRef>> = cases.map(<[_]>::to_vec).collect();
        if cases.is_empty() { vec![Vec::new()] } else { cases }
    }

    /// A violation that happened `count` times, which must not be 0. Keeps the first [`EXAMPLES_MAX`] examples, or a few more
    /// to keep a case together, and the first case of each process.
    pub(crate) fn new(
        anomaly: Anomaly,
        topic_partition: &TopicPartition,
        summary: String,
        count: usize,
        mut examples: Vec<MessageRef>,
    ) -> Violation {
        assert!(0 < count && !examples.is_empty(), "a violation without a case: {summary}");
        let further = cut(anomaly, &mut examples);
        let topic_partition = topic_partition.clone();
        Violation {
            anomaly,
            topic_partition,
            summary,
            count: count as u64,
            examples,
            further,
            seen: None,
            accused: None,
            bearing: None,
        }
    }

    /// A violation of a property of state, by nobody in particular.
    pub(crate) fn of_state(
        anomaly: Anomaly,
        topic_partition: &TopicPartition,
        summary: String,
        seen: SeenAt,
    ) -> Violation {
        assert!(anomaly.is_of_state(), "{anomaly} is for the checkers");
        let topic_partition = topic_partition.clone();
        let examples = Vec::new();
        let (further, seen, accused) = (Vec::new(), Some(seen), None);
        Violation {
            anomaly,
            topic_partition,
            summary,
            count: 1,
            examples,
            further,
            seen,
            accused,
            bearing: None,
        }
    }
}

/// Keeps the first few examples, and returns of the rest the first case of processes that those do not show.
fn cut(anomaly: Anomaly, examples: &mut Vec<MessageRef>) -> Vec<MessageRef> {
    let (mut kept, mut shown, mut further) = (0, BTreeSet::new(), Vec::new());
    for case in examples.chunk_by(|a, b| anomaly.is_one_case(a, b)) {
        // What was only read was promised otherwise.
        let of = |example: &MessageRef| (example.process, example.note.is_none());
        let is_new = shown.insert(case.iter().map(of).collect::<BTreeSet<_>>());
        if kept < EXAMPLES_MAX {
            kept += case.len();
        } else if is_new {
            further.extend_from_slice(case);
        }
    }
    examples.truncate(kept);
    further
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

impl Checked {
    /// Violation, unknown or pass.
    pub fn verdict(&self) -> Verdict {
        if !self.violations.is_empty() {
            Verdict::Violation
        } else if !self.unknown.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Pass
        }
    }
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
