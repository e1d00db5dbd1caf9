//! What the settings of a topic promise about what was acknowledged.

use broker_core::config::{BrokerConfig, FlushPolicy, Properties, TopicConfig};

/// What a topic partition promises to survive.
///
/// * `1 <= min_insync <= copies`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// `replication.factor`
    pub copies: usize,
    /// `min.insync.replicas`, at most the number of copies.
    pub min_insync: usize,
    /// `unclean.leader.election.enable`
    pub unclean_election: bool,
    /// `eligible.leader.replicas.enable`
    pub eligible_leader_replicas: bool,
    /// When appends become durable.
    pub flush: Flush,
}

/// When appends become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flush {
    /// Within each append, before it counts as replicated: `flush.messages = 1`.
    EveryAppend,
    /// Before the leader acknowledges; followers need not have flushed by then.
    GroupCommit,
    /// Some time later.
    Later,
    /// When a segment is full or the broker shuts down.
    Never,
}

impl Flush {
    fn of(policy: FlushPolicy, scheduled: bool) -> Flush {
        match policy {
            FlushPolicy { interval_messages: Some(1), .. } => Flush::EveryAppend,
            FlushPolicy { group_commit: true, .. } => Flush::GroupCommit,
            FlushPolicy { interval_messages: None, interval: None, .. } if !scheduled => Flush::Never,
            _ => Flush::Later,
        }
    }
}

impl Promise {
    /// Of a topic with these properties and so many replicas, on brokers with these settings.
    pub fn of(topic: &Properties, replication_factor: i16, broker: &BrokerConfig) -> Promise {
        let config = TopicConfig::new(topic, broker);
        let copies = usize::try_from(replication_factor).unwrap_or(1).max(1);
        Promise {
            copies,
            min_insync: config.min_insync_replicas.clamp(1, copies),
            unclean_election: config.unclean_leader_election,
            eligible_leader_replicas: broker.eligible_leader_replicas,
            flush: Flush::of(config.flush, broker.flush_scheduler_interval.is_some()),
        }
    }

    /// How many copies may forget something at a time. With eligible leader replicas an acknowledged record is on
    /// `min.insync.replicas` copies that may be elected, and those that forgot are not among them (KIP-966). Without, the
    /// ISR may shrink to one, which leads whatever it has left.
    pub fn forgetful_copies(&self) -> usize {
        if self.eligible_leader_replicas { self.min_insync - 1 } else { 0 }
    }

    /// What it is for records that are below the high watermark and perhaps not acknowledged: group commit holds back
    /// acknowledgements, and not the high watermark.
    pub fn of_committed(self) -> Promise {
        let flush = if self.flush == Flush::GroupCommit { Flush::Later } else { self.flush };
        Promise { flush, ..self }
    }

    /// Whether a copy has everything that was acknowledged after a power loss too, as long as its disk keeps what it was
    /// told to. With group commit that is said of the leader alone, so only where there is nobody else.
    pub fn outlives_power(&self) -> bool {
        match self.flush {
            Flush::EveryAppend => true,
            Flush::GroupCommit => self.copies == 1,
            Flush::Later | Flush::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use broker_core::config::{RawValue, Scope, TimeScale};

    use super::*;

    fn properties(scope: Scope, written: &[(&str, &str)]) -> Properties {
        let mut properties = Properties::new(scope);
        for (name, value) in written {
            properties.set(name, RawValue::Text(value)).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        properties
    }

    fn promise(broker: &[(&str, &str)], topic: &[(&str, &str)], replication_factor: i16) -> Promise {
        let broker = BrokerConfig::new(&properties(Scope::Broker, broker), TimeScale::Kafka);
        Promise::of(&properties(Scope::Topic, topic), replication_factor, &broker)
    }

    #[test]
    fn so_many_copies_may_forget_as_min_insync_replicas_has_to_spare() {
        let no_elr = ("eligible.leader.replicas.enable", "false");
        for (broker, min_insync, copies, expected) in [
            (&[][..], "2", 3, 1),
            (&[], "3", 3, 2),
            (&[], "1", 3, 0),
            (&[], "2", 1, 0),
            (&[], "3", 2, 1),
            (&[no_elr], "2", 3, 0),
            (&[no_elr], "3", 3, 0),
        ] {
            let found = promise(broker, &[("min.insync.replicas", min_insync)], copies);
            assert_eq!(found.forgetful_copies(), expected, "{broker:?}, {min_insync} of {copies}");
        }
    }

    #[test]
    fn a_topic_overrides_its_brokers() {
        let broker = [("min.insync.replicas", "2"), ("unclean.leader.election.enable", "true")];
        let found = promise(&broker, &[], 3);
        assert_eq!((found.min_insync, found.unclean_election), (2, true));
        let topic = [("min.insync.replicas", "3"), ("unclean.leader.election.enable", "false")];
        let found = promise(&broker, &topic, 3);
        assert_eq!((found.min_insync, found.unclean_election), (3, false));
    }

    #[test]
    fn power_takes_nothing_that_was_flushed_before_it_was_acknowledged() {
        for (broker, copies, flush, outlives) in [
            (&[][..], 3, Flush::Never, false),
            (&[("log.flush.interval.messages", "1")], 3, Flush::EveryAppend, true),
            (&[("log.flush.interval.messages", "10")], 3, Flush::Later, false),
            (&[("log.flush.interval.ms", "100")], 3, Flush::Later, false),
            (&[("log.flush.scheduler.interval.ms", "100")], 3, Flush::Later, false),
            (&[("log.flush.group.commit.enable", "true")], 3, Flush::GroupCommit, false),
            (&[("log.flush.group.commit.enable", "true")], 1, Flush::GroupCommit, true),
        ] {
            let found = promise(broker, &[], copies);
            assert_eq!((found.flush, found.outlives_power()), (flush, outlives), "{broker:?}");
        }
    }
}
