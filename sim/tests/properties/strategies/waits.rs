//! For what a fault waits.

use broker_core::types::TopicPartition;
use proptest::option;
use proptest::prelude::*;
use sim::nemesis::{Detail, EVENTS, Happening, Moment, Site, Trigger};

use super::harms::target;
use super::micros;

/// A trigger of a fault that does not know yet which faults are before it.
#[derive(Clone, Debug)]
pub struct Wait {
    event: Happening,
    nth: u64,
    moment: Moment,
    delay: u64,
    /// Instead of the event: one of the faults before it, and whether its end.
    other: Option<(usize, bool)>,
}

impl Wait {
    /// What the fault at this position waits for.
    pub fn trigger(self, position: usize) -> Trigger {
        let delay = micros(self.delay * 1500);
        match self.other.filter(|_| 0 < position) {
            Some((other, ends)) => {
                let name = name(other % position);
                let what = if ends { Happening::FaultEnded(name) } else { Happening::FaultStarted(name) };
                Trigger { what, nth: 1, moment: Moment::After, delay }
            }
            None => {
                let delay = if self.moment == Moment::Before { micros(0) } else { delay };
                Trigger { what: self.event, nth: self.nth, moment: self.moment, delay }
            }
        }
    }
}

/// What the fault at this position is called.
pub fn name(position: usize) -> String {
    format!("fault-{position}")
}

/// Every event there is, anywhere or where it may happen.
pub fn waits() -> impl Strategy<Value = Wait> {
    let event = (0..EVENTS.len(), any::<bool>(), any::<bool>()).prop_map(|(event, at, detail)| {
        let event = &EVENTS[event];
        let site = match event.site {
            Site::Brokers | Site::Servers => "leader(orders-0)",
            Site::Controller => "controller",
            Site::Producers => "client(0)",
            Site::Hosts => "random_client",
        };
        Happening::Event {
            event,
            at: if at { vec![target(site)] } else { Vec::new() },
            topic_partition: (detail && event.detail == Detail::TopicPartition)
                .then(|| TopicPartition::new("orders", 0)),
            api: (detail && event.detail == Detail::Api).then_some("AlterPartition"),
        }
    });
    let other = option::weighted(0.2, (0..9_usize, any::<bool>()));
    (event, 1..9_u64, any::<bool>(), 0..3_u64, other).prop_map(|(event, nth, before, delay, other)| {
        let moment = if before { Moment::Before } else { Moment::After };
        Wait { event, nth, moment, delay, other }
    })
}
