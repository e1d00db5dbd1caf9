//! A clock that is set back.
//!
//! Kafka's heartbeats, schedulers and purgatories go by a clock that nobody can set (`Time.nanoseconds`). A node here has
//! one clock for everything, so what it planned by a clock that was ahead would be that much late. Whatever has a time of
//! its own is done at once instead: early is harmless, an hour late is not. Not so produces
//! that wait for replicas: to give up early would be an error, and their clients have a timeout of their own. What Kafka measures by the wall clock stays as
//! it is: a follower that was caught up at a later time counts as in sync until that time has come again.

use super::node::Broker;
use crate::time::Timestamp;

impl Broker {
    /// Time is now, and may be less than it was.
    pub(super) fn watch_clock(&mut self, now: Timestamp) {
        if now < std::mem::replace(&mut self.latest, now) {
            self.lifecycle.clock_went_back(now);
            self.catalog.clock_went_back(now);
            self.fetches.clock_went_back(now);
            self.flushes.clock_went_back(now);
            self.retention.clock_went_back(now);
            self.producer_ids.clock_went_back(now);
            for replica in self.replicas.values_mut() {
                replica.clock_went_back(now);
            }
        }
    }
}
