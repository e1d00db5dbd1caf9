//! What the harness may see of nodes between two ticks: for symbolic targets and for judges, read only.

use std::collections::BTreeMap;

use broker_core::broker::Broker;
use broker_core::client::Consumer;
use broker_core::controller::Controller;
use broker_core::metadata::MetadataImage;
use broker_core::types::{BrokerId, LeaderEpoch, Offset, TopicPartition};

use super::control::HostName;
use super::slot::{SharedSlot, Slot};

/// Slots of the servers. A clone is cheap and sees the same nodes.
#[derive(Clone)]
pub struct View {
    pub(super) controller: SharedSlot<Controller>,
    pub(super) brokers: BTreeMap<BrokerId, SharedSlot<Broker>>,
    pub(super) consumers: Vec<(HostName, SharedSlot<Consumer>)>,
    pub(super) clients: Vec<HostName>,
}

impl Default for View {
    fn default() -> View {
        View {
            controller: Slot::shared(),
            brokers: BTreeMap::new(),
            consumers: Vec::new(),
            clients: Vec::new(),
        }
    }
}

/// Who leads a topic partition, in the eyes of the leader itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leadership {
    /// The leader.
    pub leader: BrokerId,
    /// In which leader epoch.
    pub leader_epoch: LeaderEpoch,
    /// All replicas, preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// Committed in-sync replicas, as the leader knows them.
    pub isr: Vec<BrokerId>,
}

/// How far one replica's log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogCopy {
    /// Log start offset.
    pub start: Offset,
    /// Log end offset.
    pub end: Offset,
    /// High watermark as this replica knows it.
    pub high_watermark: Offset,
}

impl View {
    /// All brokers, running or not.
    pub fn broker_ids(&self) -> Vec<BrokerId> {
        self.brokers.keys().copied().collect()
    }

    /// Hosts of producers, then of consumers, in the order of the scenario.
    pub fn client_names(&self) -> &[HostName] {
        &self.clients
    }

    /// Asks the controller's metadata, if its process runs.
    pub fn metadata<T>(&self, ask: impl FnOnce(&MetadataImage) -> T) -> Option<T> {
        self.controller.borrow().node().map(|controller| ask(controller.image()))
    }

    /// Whether a broker has everything it should have: its process runs, the controller knows this very process, and counts
    /// it in the ISR of every topic partition of which it has a replica.
    pub fn is_whole(&self, id: BrokerId) -> bool {
        let Some(epoch) = self.broker(id, Broker::broker_epoch).flatten() else { return false };
        let whole = |image: &MetadataImage| {
            let known = image.broker(id).is_some_and(|known| known.epoch == epoch && !known.fenced);
            known
                && image
                    .partitions()
                    .all(|(_, _, state)| !state.replicas.contains(&id) || state.isr.contains(&id))
        };
        self.metadata(whole).unwrap_or(false)
    }

    /// How many brokers the controller counts as alive.
    pub fn unfenced_brokers(&self) -> usize {
        let live = |image: &MetadataImage| image.brokers().values().filter(|broker| !broker.fenced).count();
        self.metadata(live).unwrap_or(0)
    }

    /// Asks a broker, if its process runs.
    pub fn broker<T>(&self, id: BrokerId, ask: impl FnOnce(&Broker) -> T) -> Option<T> {
        self.brokers.get(&id)?.borrow().node().map(ask)
    }

    /// Asks a broker something the next time its host runs, where its disk can be read.
    pub fn ask(&self, id: BrokerId, question: impl FnOnce(&Broker) + 'static) {
        if let Some(slot) = self.brokers.get(&id) {
            slot.borrow_mut().ask(question);
        }
    }

    /// Who leads: of all brokers that think they do, the one with the newest leader epoch.
    pub fn leadership(&self, topic_partition: &TopicPartition) -> Option<Leadership> {
        let claims = self.brokers.keys().filter_map(|id| {
            self.broker(*id, |broker| {
                let replica = broker.replicas().get(topic_partition).filter(|replica| replica.is_leader())?;
                let state = replica.state();
                Some(Leadership {
                    leader: *id,
                    leader_epoch: state.leader_epoch,
                    replicas: state.replicas.clone(),
                    isr: state.isr.clone(),
                })
            })?
        });
        claims.max_by_key(|claim| claim.leader_epoch)
    }

    /// A consumer that has not read a topic partition it reads to its high watermark, and how far it is.
    pub fn who_reads_behind(&self, topic_partitions: &[TopicPartition]) -> Option<String> {
        for (host, slot) in &self.consumers {
            let slot = slot.borrow();
            let Some(consumer) = slot.node() else { return Some(format!("{host} does not run")) };
            for key in topic_partitions.iter().filter(|key| consumer.reads(&key.topic)) {
                let end = self.leadership(key).and_then(|known| self.high_watermark(key, known.leader));
                let position = consumer.position(key);
                if position < end {
                    let at = position.map_or_else(|| "nowhere".to_owned(), |offset| format!("at {offset}"));
                    let end = end.map_or_else(String::new, |end| end.to_string());
                    return Some(format!("{host} is {at} of {end} in {key}"));
                }
            }
        }
        None
    }

    fn high_watermark(&self, topic_partition: &TopicPartition, broker: BrokerId) -> Option<Offset> {
        self.broker(broker, |broker| Some(broker.replicas().get(topic_partition)?.high_watermark()))?
    }

    /// How far the logs of these replicas go; `None` for one whose process does not run or does not know it.
    pub fn copies(
        &self,
        topic_partition: &TopicPartition,
        replicas: &[BrokerId],
    ) -> Vec<(BrokerId, Option<LogCopy>)> {
        let copy = |id: &BrokerId| {
            self.broker(*id, |broker| {
                let replica = broker.replicas().get(topic_partition)?;
                Some(LogCopy {
                    start: replica.log().start_offset(),
                    end: replica.log().end_offset(),
                    high_watermark: replica.high_watermark(),
                })
            })?
        };
        replicas.iter().map(|id| (*id, copy(id))).collect()
    }
}
