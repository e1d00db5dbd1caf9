//! What follows for topic partitions from a broker that goes or comes (`generateLeaderAndIsrUpdates`).

use super::elect::{Election, EligibleLeaders, Rules, Target, Unclean, elect};
use super::node::Controller;
use crate::event::Event;
use crate::metadata::{BrokerRegistration, MetadataRecord, PartitionState};
use crate::time::Timestamp;
use crate::types::{BrokerId, TopicId, TopicPartition};

/// Why leaders, ISRs and ELRs change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is fenced or about to stop: it leads nothing and leaves every ISR. What it has, it keeps.
    Leaves(BrokerId),
    /// It stopped without a good-bye: what it had may be gone, so it leaves every ELR too.
    UncleanShutdown(BrokerId),
    /// It lives again: where nobody leads, somebody may now.
    Returns(BrokerId),
}

/// What an election changes, and where.
#[derive(Debug)]
pub(super) struct Change {
    pub topic: TopicId,
    pub topic_partition: TopicPartition,
    pub election: Election,
}

impl Controller {
    pub(super) fn is_active(&self, broker: BrokerId) -> bool {
        self.image.broker(broker).is_some_and(BrokerRegistration::is_active)
    }

    /// The rules for elections in a topic that exists.
    pub(super) fn rules(&self, topic: TopicId) -> Rules {
        let (topic, broker) = (&self.image.topics()[&topic], &self.config.broker);
        let unclean = topic.config(broker).unclean_leader_election;
        Rules {
            min_insync: topic.effective_min_insync(broker),
            eligible: if broker.eligible_leader_replicas {
                EligibleLeaders::Kept
            } else {
                EligibleLeaders::Ignored
            },
            unclean: if unclean { Unclean::Allowed } else { Unclean::Forbidden },
        }
    }

    /// Every election that becomes necessary or possible. The cause need not be in the image yet.
    pub(super) fn consequences(&self, cause: Cause) -> Vec<Change> {
        let concerns = |state: &PartitionState| match cause {
            Cause::Leaves(broker) => state.isr.contains(&broker),
            Cause::UncleanShutdown(broker) => state.isr.contains(&broker) || state.elr.contains(&broker),
            Cause::Returns(_) => state.leader == BrokerId::NONE,
        };
        let acceptable = |broker: BrokerId| match cause {
            Cause::Leaves(gone) | Cause::UncleanShutdown(gone) => broker != gone && self.is_active(broker),
            Cause::Returns(back) => broker == back || self.is_active(broker),
        };
        let concerned = self.image.partitions().filter(|(_, _, state)| concerns(state));
        let changes = concerned.filter_map(|(topic, topic_partition, state)| {
            let (gone, unclean_shutdown) = match cause {
                Cause::Leaves(broker) => (Some(broker), None),
                Cause::UncleanShutdown(broker) => (Some(broker), Some(broker)),
                Cause::Returns(_) => (None, None),
            };
            let isr: Vec<BrokerId> =
                state.isr.iter().copied().filter(|member| Some(*member) != gone).collect();
            let target = Target { isr: &isr, unclean_shutdown };
            let election = elect(state, self.rules(topic), target, acceptable)?;
            Some(Change { topic, topic_partition, election })
        });
        changes.collect()
    }

    /// Writes the cause, if it is a record, and what follows from it as one batch: after a power loss either all of it
    /// happened or nothing did.
    pub(super) fn commit(&mut self, now: Timestamp, cause: Option<MetadataRecord>, changes: Vec<Change>) {
        let mut records: Vec<MetadataRecord> = cause.into_iter().collect();
        let mut events = Vec::with_capacity(changes.len());
        for Change { topic, topic_partition, election } in changes {
            let Election { state, unclean } = election;
            let partition = topic_partition.partition;
            events.push(Event::PartitionChanged {
                topic_partition,
                leader: state.leader,
                leader_epoch: state.leader_epoch,
                partition_epoch: state.partition_epoch,
                isr: state.isr.clone(),
                elr: state.elr.clone(),
                unclean,
            });
            records.push(MetadataRecord::Partition { topic, partition, state });
        }
        self.write(now, records);
        // If that failed nothing has changed, and nothing is said.
        events.into_iter().for_each(|event| self.observe(event));
    }
}
