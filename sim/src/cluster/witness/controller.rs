//! Watches one process of the controller.

use broker_core::config::BrokerConfig;
use broker_core::controller::Controller;
use broker_core::time::Timestamp;
use broker_core::types::Offset;

use super::shared::{SharedWitness, Watched};
use crate::snapshot::{Change, PartitionSnapshot};

/// Compares what the controller has decided with what it had.
pub struct ControllerWitness {
    shared: SharedWitness,
    config: BrokerConfig,
    /// Where the metadata ended at the last look.
    seen: Option<Offset>,
}

impl ControllerWitness {
    /// A process begins.
    pub fn new(now: Timestamp, shared: SharedWitness, config: BrokerConfig) -> ControllerWitness {
        shared.borrow_mut().started(now, Watched::Controller);
        ControllerWitness { shared, config, seen: None }
    }

    /// Tells what is different.
    pub fn look(&mut self, now: Timestamp, controller: &Controller) {
        let image = controller.image();
        if self.seen.replace(image.end_offset()) == Some(image.end_offset()) {
            return;
        }
        let mut shared = self.shared.borrow_mut();
        for (topic, topic_partition, state) in image.partitions() {
            let known = shared.cluster.controller.as_mut().expect("its process has begun");
            let before = known.get(&topic_partition);
            if before.is_some_and(|before| before.state == *state) {
                continue;
            }
            let min_insync = match before {
                Some(before) => before.min_insync,
                None => image.topics()[&topic].effective_min_insync(&self.config),
            };
            let now_is = PartitionSnapshot { state: state.clone(), min_insync };
            let was = known.insert(topic_partition.clone(), now_is);
            shared.tell(now, &Change::Partition { topic_partition, was });
        }
    }
}
