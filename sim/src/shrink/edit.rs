//! Leaving out what others refer to: faults that others wait for, hosts and topic partitions that targets name.

use std::collections::BTreeSet;
use std::sync::Arc;

use broker_core::types::{BrokerId, TopicPartition};

use super::subject::Subject;
use crate::nemesis::{Aim, Fault, Happening, Span, Start, Target, Trigger, Until};
use crate::scenario::Scenario;

/// The scenario without the faults at these positions. Who waited for one of them begins, or ends, at the time when it did.
pub fn without_faults(subject: &Subject, gone: &BTreeSet<usize>) -> Scenario {
    let mut scenario = subject.scenario.clone();
    let plan = &subject.scenario.plan.faults;
    let names: BTreeSet<&str> = gone.iter().filter_map(|index| plan[*index].name.as_deref()).collect();
    let waits = |trigger: &Trigger| match &trigger.what {
        Happening::FaultStarted(name) | Happening::FaultEnded(name) => names.contains(name.as_str()),
        Happening::Event { .. } => false,
    };
    for (fault, report) in scenario.plan.faults.iter_mut().zip(&subject.report.faults) {
        let started = report.started_us.map(|time| subject.into_phase(time));
        if let Start::When(trigger) = &fault.start
            && waits(trigger)
        {
            fault.start = Start::At(Span::exactly(started.unwrap_or(scenario.phases.faults)));
        }
        if let Until::When(trigger) = &fault.harm.until
            && waits(trigger)
        {
            let ended = report.ended_us.map(|time| subject.into_phase(time)).zip(started);
            let lasted = ended.map(|(end, start)| end.saturating_sub(start)).filter(|time| !time.is_zero());
            fault.harm.until = lasted.map_or(Until::Heal, |lasted| Until::Lasts(Span::exactly(lasted)));
        }
    }
    let mut index = 0..;
    scenario.plan.faults.retain(|_| index.next().is_none_or(|index| !gone.contains(&index)));
    scenario
}

/// Something that targets name and that is not there any more. What came after it has moved up.
#[derive(Clone, Debug)]
pub enum Gone {
    /// A broker, by its id.
    Broker(i32),
    /// A client, by its position.
    Client(u32),
    /// A topic.
    Topic(Arc<str>),
    /// Partitions of a topic: so many are left.
    Partitions(Arc<str>, i32),
    /// Replicas of a topic's partitions: so many are left.
    Replicas(Arc<str>, i16),
}

impl Gone {
    /// What a target is called now; `None` if it is gone.
    fn target(&self, target: &Target) -> Option<Target> {
        let moved = |topic_partition: &TopicPartition| self.topic_partition(topic_partition);
        Some(match (self, target) {
            (Gone::Broker(gone), Target::Broker(id)) if id.0 == *gone => return None,
            (Gone::Broker(gone), Target::Broker(id)) if *gone < id.0 => Target::Broker(BrokerId(id.0 - 1)),
            (Gone::Client(gone), Target::Client(index)) if index == gone => return None,
            (Gone::Client(gone), Target::Client(index)) if gone < index => Target::Client(index - 1),
            (Gone::Replicas(topic, left), Target::Follower(key, index)) if key.topic == *topic => {
                let last = usize::try_from(*left).ok().and_then(|left| left.checked_sub(2))?;
                Target::Follower(key.clone(), last.min(*index))
            }
            (_, Target::Leader(key)) => Target::Leader(moved(key)?),
            (_, Target::Follower(key, index)) => Target::Follower(moved(key)?, *index),
            (_, Target::Followers(key)) => Target::Followers(moved(key)?),
            (_, Target::Isr(key)) => Target::Isr(moved(key)?),
            _ => target.clone(),
        })
    }

    /// What a topic partition is called now: instead of one that is gone, the last that is left of its topic.
    fn topic_partition(&self, key: &TopicPartition) -> Option<TopicPartition> {
        match self {
            Gone::Topic(topic) if key.topic == *topic => None,
            Gone::Partitions(topic, left) if key.topic == *topic => {
                Some(TopicPartition { partition: key.partition.min(left - 1), ..key.clone() })
            }
            _ => Some(key.clone()),
        }
    }

    fn targets(&self, targets: &mut Vec<Target>) -> Option<()> {
        let had = !targets.is_empty();
        *targets = targets.iter().filter_map(|target| self.target(target)).collect();
        (!had || !targets.is_empty()).then_some(())
    }

    fn trigger(&self, trigger: &mut Trigger) -> Option<()> {
        if let Happening::Event { at, topic_partition, .. } = &mut trigger.what {
            self.targets(at)?;
            if let Some(key) = topic_partition {
                *key = self.topic_partition(key)?;
            }
        }
        Some(())
    }

    /// `None` if nothing is left that it could hit, or wait for.
    fn fault(&self, fault: &mut Fault) -> Option<()> {
        match &mut fault.harm.aim {
            Aim::Hosts(hosts) => self.targets(hosts)?,
            Aim::Links { from, to, .. } => {
                self.targets(from)?;
                self.targets(to)?;
            }
        }
        if let Start::When(trigger) = &mut fault.start {
            self.trigger(trigger)?;
        }
        if let Until::When(trigger) = &mut fault.harm.until {
            self.trigger(trigger)?;
        }
        Some(())
    }
}

/// The scenario with every fault aimed at what is still there; faults that have nothing left to hit are left out. The
/// caller takes away what is gone.
pub fn retargeted(subject: &Subject, gone: &Gone) -> Scenario {
    let faults = subject.scenario.plan.faults.iter().enumerate();
    let lost = faults.filter(|(_, fault)| gone.fault(&mut (*fault).clone()).is_none());
    let mut scenario = without_faults(subject, &lost.map(|(index, _)| index).collect());
    for fault in &mut scenario.plan.faults {
        // One that lost what it waited for begins at a time now, and hits what it hit.
        let _ = gone.fault(fault);
    }
    scenario
}
