//! Whom a fault hits.

use std::fmt;
use std::str::FromStr;

use broker_core::types::{BrokerId, TopicPartition};

/// A host or a set of hosts, by role. Resolved when the fault fires.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// `broker(1)`: the broker with this id; ids start at 1.
    Broker(BrokerId),
    /// `leader(orders-0)`: who leads the topic partition then.
    Leader(TopicPartition),
    /// `follower(orders-0, 1)`: one of the replicas that do not lead, counted from 0 in the order of assignment.
    Follower(TopicPartition, usize),
    /// `followers(orders-0)`: all replicas that do not lead.
    Followers(TopicPartition),
    /// `isr(orders-0)`: all in-sync replicas, the leader among them.
    Isr(TopicPartition),
    /// `controller`.
    Controller,
    /// `all_brokers`.
    AllBrokers,
    /// `minority`: the largest number of brokers that is less than half of them, drawn from the seed.
    Minority,
    /// `client(0)`: producers first, then consumers, in the order of the scenario, counted from 0.
    Client(u32),
    /// `clients`: all of them.
    Clients,
    /// `random`: one broker, drawn from the seed.
    Random,
    /// `random_client`: one producer or consumer, drawn from the seed.
    RandomClient,
    /// `others`: on one side of a link, every host that the other side does not name.
    Others,
}

/// Text that names no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No target begins like this.
    #[error("unknown target `{0}`")]
    Unknown(String),
    /// The word is right, what stands in parentheses is not.
    #[error("`{text}` is not a target: `{word}` is written {form}")]
    Form {
        /// As it was written.
        text: String,
        /// The word before the parentheses.
        word: &'static str,
        /// How it is written, by example.
        form: &'static str,
    },
}

/// What stands in the parentheses of a target.
enum Shape {
    Word(Target),
    Number(fn(u32) -> Option<Target>),
    TopicPartition(fn(TopicPartition) -> Target),
    Replica(fn(TopicPartition, usize) -> Target),
}

/// How a target is written, and whom it means.
pub struct TargetForm {
    /// What it begins with.
    pub word: &'static str,
    /// The whole of it, by example.
    pub form: &'static str,
    /// Whom it means.
    pub doc: &'static str,
    make: fn() -> Shape,
}

/// Every target there is.
pub const TARGETS: &[TargetForm] = &[
    TargetForm {
        word: "broker",
        form: "`broker(1)`",
        doc: "The broker with this id; ids begin at 1.",
        make: || Shape::Number(|id| i32::try_from(id).ok().map(|id| Target::Broker(BrokerId(id)))),
    },
    TargetForm {
        word: "leader",
        form: "`leader(orders-0)`",
        doc: "Who leads the topic partition then.",
        make: || Shape::TopicPartition(Target::Leader),
    },
    TargetForm {
        word: "follower",
        form: "`follower(orders-0, 0)`",
        doc: "One of the replicas that do not lead, counted from 0 in the order of assignment.",
        make: || Shape::Replica(Target::Follower),
    },
    TargetForm {
        word: "followers",
        form: "`followers(orders-0)`",
        doc: "All replicas that do not lead.",
        make: || Shape::TopicPartition(Target::Followers),
    },
    TargetForm {
        word: "isr",
        form: "`isr(orders-0)`",
        doc: "All in-sync replicas, the leader among them.",
        make: || Shape::TopicPartition(Target::Isr),
    },
    TargetForm {
        word: "controller",
        form: "`controller`",
        doc: "The controller, which is a machine of its own.",
        make: || Shape::Word(Target::Controller),
    },
    TargetForm {
        word: "all_brokers",
        form: "`all_brokers`",
        doc: "All brokers, without the controller.",
        make: || Shape::Word(Target::AllBrokers),
    },
    TargetForm {
        word: "minority",
        form: "`minority`",
        doc: "The largest number of brokers that is less than half of them; which ones is drawn from the seed.",
        make: || Shape::Word(Target::Minority),
    },
    TargetForm {
        word: "client",
        form: "`client(0)`",
        doc: "One client: producers first, then consumers, in the order of the scenario, counted from 0.",
        make: || Shape::Number(|index| Some(Target::Client(index))),
    },
    TargetForm {
        word: "clients",
        form: "`clients`",
        doc: "All producers and consumers.",
        make: || Shape::Word(Target::Clients),
    },
    TargetForm {
        word: "random",
        form: "`random`",
        doc: "One broker, drawn from the seed each time.",
        make: || Shape::Word(Target::Random),
    },
    TargetForm {
        word: "random_client",
        form: "`random_client`",
        doc: "One producer or consumer, drawn from the seed each time.",
        make: || Shape::Word(Target::RandomClient),
    },
    TargetForm {
        word: "others",
        form: "`others`",
        doc: "On one side of a link: every host that the other side does not name.",
        make: || Shape::Word(Target::Others),
    },
];

impl Target {
    /// How each target is written, by example.
    pub fn forms() -> impl Iterator<Item = &'static str> {
        TARGETS.iter().map(|target| target.form)
    }

    /// The words targets begin with.
    pub fn words() -> impl Iterator<Item = &'static str> {
        TARGETS.iter().map(|target| target.word)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        let text = text.trim();
        let (word, argument) = match text.split_once('(') {
            Some((word, rest)) => (word.trim_end(), Some(rest)),
            None => (text, None),
        };
        let Some(&TargetForm { word, form, make, .. }) = TARGETS.iter().find(|known| known.word == word)
        else {
            return Err(TargetError::Unknown(word.to_owned()));
        };
        let argument = match argument {
            Some(rest) => rest.strip_suffix(')').map(str::trim),
            None => Some(""),
        };
        argument.and_then(|argument| make().make(argument)).ok_or_else(|| TargetError::Form {
            text: text.to_owned(),
            word,
            form,
        })
    }
}

impl Shape {
    fn make(self, argument: &str) -> Option<Target> {
        match self {
            Shape::Word(target) => argument.is_empty().then_some(target),
            Shape::Number(make) => make(argument.parse().ok()?),
            Shape::TopicPartition(make) => Some(make(TopicPartition::parse(argument)?)),
            Shape::Replica(make) => {
                let (topic_partition, index) = argument.split_once(',')?;
                let index = index.trim().parse().ok()?;
                Some(make(TopicPartition::parse(topic_partition.trim_end())?, index))
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Broker(id) => write!(f, "broker({id})"),
            Target::Leader(topic_partition) => write!(f, "leader({topic_partition})"),
            Target::Follower(topic_partition, index) => write!(f, "follower({topic_partition}, {index})"),
            Target::Followers(topic_partition) => write!(f, "followers({topic_partition})"),
            Target::Isr(topic_partition) => write!(f, "isr({topic_partition})"),
            Target::Controller => f.write_str("controller"),
            Target::AllBrokers => f.write_str("all_brokers"),
            Target::Minority => f.write_str("minority"),
            Target::Client(index) => write!(f, "client({index})"),
            Target::Clients => f.write_str("clients"),
            Target::Random => f.write_str("random"),
            Target::RandomClient => f.write_str("random_client"),
            Target::Others => f.write_str("others"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_alike() {
        for form in Target::forms() {
            let text = form.trim_matches('`');
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), text);
        }
    }

    #[test]
    fn wrong_targets_say_what_would_be_right() {
        let error = |text: &str| text.parse::<Target>().unwrap_err().to_string();
        assert_eq!(error("ledaer(orders-0)"), "unknown target `ledaer`");
        for text in ["leader", "leader(", "leader(orders)", "leader(orders-0", "leader(orders--)"] {
            let expected = format!("`{text}` is not a target: `leader` is written `leader(orders-0)`");
            assert_eq!(error(text), expected);
        }
        assert_eq!(
            error("controller(1)"),
            "`controller(1)` is not a target: `controller` is written `controller`"
        );
        assert!("broker(-1)".parse::<Target>().is_err());
        assert!("broker(99999999999)".parse::<Target>().is_err());
    }
}
