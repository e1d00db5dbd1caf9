//! Whether targets can be hit: what they name exists in this cluster.

use broker_core::types::TopicPartition;

use super::diagnostic::{Diagnostic, Problems, Span};
use super::field::Read;
use super::suggest::suggest;
use super::topic::TopicDraft;
use crate::nemesis::{Happening, Target, Trigger};

/// What targets may name.
pub(super) struct Range<'a> {
    pub brokers: &'a Read<u32>,
    pub topics: &'a [TopicDraft],
    /// Whether every topic's name could be read.
    pub topics_sound: bool,
    /// How many there are; `None` if their sections could not be read.
    pub clients: Option<usize>,
}

impl Range<'_> {
    /// Reports those that are out of range.
    pub fn check_all<'t>(&self, targets: impl Iterator<Item = &'t (Target, Span)>, problems: &mut Problems) {
        targets.for_each(|(target, span)| self.check(target, *span, problems));
    }

    /// Reports a trigger that waits for something of a topic partition that does not exist.
    pub fn check_trigger(&self, (trigger, place): (&Trigger, Option<Span>), problems: &mut Problems) {
        if let Happening::Event { topic_partition: Some(wanted), .. } = &trigger.what
            && let Some(place) = place
        {
            let _ = self.topic(wanted, place, problems);
        }
    }

    /// Reports a target that is out of range.
    pub fn check(&self, target: &Target, span: Span, problems: &mut Problems) {
        match target {
            Target::Broker(id) if self.brokers.is_sound() => {
                let count = self.brokers.value;
                if !u32::try_from(id.0).is_ok_and(|id| (1..=count).contains(&id)) {
                    let help = match count {
                        1 => "the only broker is `broker(1)`".to_owned(),
                        count => format!("brokers are `broker(1)` to `broker({count})`"),
                    };
                    let diagnostic = Diagnostic::new(format!("there is no broker {id}")).at(span, "");
                    problems.report(diagnostic.help(help));
                }
            }
            Target::Minority if self.brokers.is_sound() && self.brokers.value < 3 => {
                let message = format!("a minority of {} brokers is nobody", self.brokers.value);
                let diagnostic = Diagnostic::new(message).at(span, "less than half of the brokers");
                problems.report(diagnostic.maybe_at(self.brokers.span(), "so few"));
            }
            Target::Client(index) => {
                if let Some(clients) = self.clients
                    && clients <= usize::try_from(*index).unwrap_or(usize::MAX)
                {
                    let help = match clients {
                        0 => "the scenario has no clients".to_owned(),
                        1 => "the only client is `client(0)`".to_owned(),
                        clients => {
                            format!("clients are `client(0)` to `client({})`, producers first", clients - 1)
                        }
                    };
                    let diagnostic = Diagnostic::new(format!("there is no client {index}")).at(span, "");
                    problems.report(diagnostic.help(help));
                }
            }
            Target::Leader(topic_partition) | Target::Isr(topic_partition) => {
                self.topic(topic_partition, span, problems);
            }
            Target::Followers(topic_partition) => self.follower(topic_partition, 0, span, problems),
            Target::Follower(topic_partition, index) => {
                self.follower(topic_partition, *index, span, problems);
            }
            _ => {}
        }
    }

    /// The topic of a topic partition that exists.
    fn topic(&self, wanted: &TopicPartition, span: Span, problems: &mut Problems) -> Option<&TopicDraft> {
        let Some(topic) = self.topics.iter().find(|topic| topic.name.value == wanted.topic) else {
            if self.topics_sound {
                let whole = wanted.to_string();
                let names = self.topics.iter().map(|topic| topic.name.value.as_ref());
                let help = if names.clone().any(|name| name == whole) {
                    Some(format!("the first partition of topic `{whole}` is `{whole}-0`"))
                } else {
                    suggest(&wanted.topic, names)
                };
                let message = format!("there is no topic `{}`", wanted.topic);
                problems.report(Diagnostic::new(message).at(span, "").help(help));
            }
            return None;
        };
        if topic.partitions.is_sound() && topic.partitions.value <= wanted.partition {
            let count = topic.partitions.value;
            let message = format!("there is no topic partition `{wanted}`");
            let place = topic.partitions.span().unwrap_or(topic.header);
            let partitions =
                if count == 1 { "1 partition".to_owned() } else { format!("{count} partitions, from 0") };
            let diagnostic = Diagnostic::new(message).at(span, "");
            problems.report(diagnostic.at(place, format!("topic `{}` has {partitions}", wanted.topic)));
        }
        Some(topic)
    }

    fn follower(&self, wanted: &TopicPartition, index: usize, span: Span, problems: &mut Problems) {
        let Some(topic) = self.topic(wanted, span, problems) else { return };
        let factor = &topic.replication_factor;
        let followers = usize::try_from(factor.value - 1).expect("a replication factor is at least 1");
        if factor.is_sound() && followers <= index {
            let message = match followers {
                0 => format!("`{wanted}` has no followers"),
                _ => format!("`{wanted}` has no follower {index}"),
            };
            let help = match followers {
                0 => None,
                1 => Some(format!("its only follower is `follower({wanted}, 0)`")),
                _ => Some(format!("followers are numbered from 0 to {}", followers - 1)),
            };
            let place = factor.span().unwrap_or(topic.header);
            let label = format!("the replication factor is {}", factor.value);
            problems.report(Diagnostic::new(message).at(span, "").at(place, label).help(help));
        }
    }
}
