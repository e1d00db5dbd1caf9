//! What the faults of a run really did to disks, processes and the roles of replicas.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::event::Event;
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, LeaderEpoch, TopicPartition};

use crate::report::{FaultReport, FlushReport, PowerLossReport};
use crate::trace::{Stop, Trace, TraceEntry, TraceEvent};

const CONTROLLER: &str = "controller";

/// Everything that was done to brokers and the controller, in so far as it bears on promises.
///
/// * Injuries are in the order of their beginnings, roles of each topic partition in the order of their times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Injuries {
    /// Brokers that did not stop in good order, or whose disk spoils what it keeps.
    pub brokers: Vec<Injury>,
    /// What the controller said of each topic partition.
    pub roles: BTreeMap<TopicPartition, Vec<Roles>>,
    /// Producers by host that sent a batch for a topic partition again.
    pub retries: BTreeSet<(String, TopicPartition)>,
    /// Brokers and when a flush of theirs failed, in order.
    pub failed_flushes: Vec<(BrokerId, Timestamp)>,
    /// How and when the controller's disk came to lose what it had been told to keep.
    pub controller: Option<(&'static str, Timestamp)>,
}

/// One broker that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injury {
    /// Which.
    pub broker: BrokerId,
    /// Since when.
    pub since: Timestamp,
    /// How it came to it.
    pub how: How,
    /// When the controller let the next process of it serve; `None`: never. Before, it is not whole.
    pub back: Option<Timestamp>,
}

/// How a broker came to be less than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Its process was killed, or gave up; the page cache lives on.
    Died(Stop),
    /// It lost power, and with it what was not flushed.
    Power {
        /// How many records.
        records: u64,
        /// How its disk had come before to forget what it was told to keep, if it had.
        forgot: Option<&'static str>,
    },
    /// Its disk lost what it was told to keep.
    Spoilt(&'static str),
}

impl How {
    /// Whether something is gone, where power takes nothing that was acknowledged or else may.
    pub(super) fn forgets(self, outlives_power: bool) -> bool {
        match self {
            How::Died(_) => false,
            How::Power { forgot, .. } => forgot.is_some() || !outlives_power,
            How::Spoilt(_) => true,
        }
    }
}

/// Who did what for one topic partition from some moment on, as the controller had it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The moment.
    pub since: Timestamp,
    /// The leader, or [`BrokerId::NONE`].
    pub leader: BrokerId,
    /// Its epoch.
    pub leader_epoch: LeaderEpoch,
    /// The ISR.
    pub isr: Vec<BrokerId>,
    /// The ELR.
    pub elr: Vec<BrokerId>,
    /// Whether the leader was elected from outside both.
    pub unclean: bool,
}

impl Injuries {
    /// Of a run: its trace, its faults, and what each power loss took, by host.
    pub fn of(trace: &Trace, faults: &[FaultReport], flushing: &BTreeMap<String, FlushReport>) -> Injuries {
        let disks = Disks { faults, flushing, failed_flushes: failed_flushes(trace) };
        let mut injuries = Injuries { controller: disks.controller(trace), ..Injuries::default() };
        injuries.brokers.extend(disks.rotten());
        let failed = disks.failed_flushes.iter();
        injuries.failed_flushes.extend(failed.filter_map(|(host, time)| Some((broker(host)?, *time))));
        let mut first = BTreeMap::new();
        let mut returns = Returns::default();
        for entry in trace.entries() {
            let host = trace.host_name(entry.host);
            if let Some(how) = disks.stop(host, entry)
                && let Some(broker) = broker(host)
            {
                returns.stopped(broker, injuries.brokers.len());
                injuries.brokers.push(Injury { broker, since: entry.time, how, back: None });
            }
            returns.note(host, entry, &mut injuries.brokers);
            injuries.note_roles(host, entry, &mut first);
        }
        for (key, roles) in first {
            injuries.roles.entry(key).or_default().insert(0, roles);
        }
        // Stable: between hosts time may go back by less than a tick.
        injuries.brokers.sort_by_key(|injury| injury.since);
        injuries
    }

    /// `first` are the roles of topic partitions when they were created: every replica is in the ISR, and the first to
    /// lead leads. The controller tells of changes alone.
    fn note_roles(&mut self, host: &str, entry: &TraceEntry, first: &mut BTreeMap<TopicPartition, Roles>) {
        let TraceEvent::Node(event) = &entry.event else { return };
        match event {
            Event::PartitionChanged { topic_partition, leader, leader_epoch, isr, elr, unclean, .. } => {
                let (isr, elr) = (isr.clone(), elr.clone());
                let roles = Roles {
                    since: entry.time,
                    leader: *leader,
                    leader_epoch: *leader_epoch,
                    isr,
                    elr,
                    unclean: *unclean,
                };
                self.roles.entry(topic_partition.clone()).or_default().push(roles);
            }
            Event::LeaderStarted { topic_partition, leader_epoch, .. }
            | Event::FollowerStarted { topic_partition, leader_epoch, .. } => {
                let Some(broker) = broker(host) else { return };
                let roles = first.entry(topic_partition.clone()).or_insert_with(|| Roles {
                    since: Timestamp::ZERO,
                    leader: BrokerId::NONE,
                    leader_epoch: *leader_epoch,
                    isr: Vec::new(),
                    elr: Vec::new(),
                    unclean: false,
                });
                if !roles.isr.contains(&broker) {
                    roles.isr.push(broker);
                }
                if matches!(event, Event::LeaderStarted { .. }) && roles.leader == BrokerId::NONE {
                    roles.leader = broker;
                }
            }
            Event::BatchAttemptFailed { topic_partition, .. } => {
                self.retries.insert((host.to_owned(), topic_partition.clone()));
            }
            _ => {}
        }
    }
}

fn broker(host: &str) -> Option<BrokerId> {
    host.strip_prefix("broker-")?.parse().ok().map(BrokerId)
}

/// Which stopped brokers have come how far on their way back.
#[derive(Default)]
struct Returns(BTreeMap<BrokerId, Return>);

#[derive(Default)]
struct Return {
    /// The injuries that end with it.
    injuries: Vec<usize>,
    started: bool,
    registered: bool,
}

impl Returns {
    fn stopped(&mut self, broker: BrokerId, injury: usize) {
        let under_way = self.0.entry(broker).or_default();
        under_way.injuries.push(injury);
        (under_way.started, under_way.registered) = (false, false);
    }

    /// What a predecessor was still told does not count: the process starts, registers and is let in, in this order.
    fn note(&mut self, host: &str, entry: &TraceEntry, injuries: &mut [Injury]) {
        match &entry.event {
            TraceEvent::HostStarted => {
                if let Some(back) = broker(host).and_then(|broker| self.0.get_mut(&broker)) {
                    back.started = true;
                }
            }
            TraceEvent::Node(Event::BrokerRegistered { broker, .. }) => {
                if let Some(back) = self.0.get_mut(broker) {
                    back.registered = back.started;
                }
            }
            TraceEvent::Node(Event::BrokerUnfenced { broker }) => {
                if let Some(back) = self.0.remove(broker) {
                    if back.registered {
                        back.injuries.iter().for_each(|index| injuries[*index].back = Some(entry.time));
                    } else {
                        self.0.insert(*broker, back);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Hosts and when a flush of theirs failed: the fault alone says only that one might have.
fn failed_flushes(trace: &Trace) -> Vec<(&str, Timestamp)> {
    let failed = trace.entries().iter().filter(|entry| match &entry.event {
        TraceEvent::DiskFlushFinished { ok, .. } => !ok,
        TraceEvent::Node(Event::StorageFailed { operation, .. }) => operation.starts_with("sync"),
        _ => false,
    });
    failed.map(|entry| (trace.host_name(entry.host), entry.time)).collect()
}

/// What is known of disks.
struct Disks<'a> {
    faults: &'a [FaultReport],
    flushing: &'a BTreeMap<String, FlushReport>,
    failed_flushes: Vec<(&'a str, Timestamp)>,
}

impl<'a> Disks<'a> {
    /// What this entry says of how a process ended, if that was not in good order.
    fn stop(&self, host: &str, entry: &TraceEntry) -> Option<How> {
        let TraceEvent::HostStopped { how } = entry.event else { return None };
        match how {
            Stop::ShutDown => None,
            Stop::Killed | Stop::Halted => Some(How::Died(how)),
            Stop::Wiped => Some(How::Spoilt("lost its whole disk")),
            Stop::PowerLost => {
                let report = self.flushing.get(host);
                let losses = report.map_or(&[][..], |report| &report.power_losses);
                let loss = losses.iter().find(|loss| loss.time_us == entry.time.0);
                Some(match loss.filter(|loss| took_something(loss)) {
                    None => How::Died(how),
                    Some(loss) => {
                        let records = loss.records;
                        How::Power { records, forgot: self.forgot(host, entry.time) }
                    }
                })
            }
        }
    }

    /// How the disk of a host came to promise by then what it does not keep.
    fn forgot(&self, host: &str, by: Timestamp) -> Option<&'static str> {
        let lied = self.of_kinds(&[("fsync_lie", "flushes had lied")]);
        let failed = self.failed_flushes.iter().map(|(on, since)| (*on, *since, "a flush had failed"));
        let mut forgot = lied.chain(failed);
        forgot.find(|(on, since, _)| *on == host && *since <= by).map(|(_, _, how)| how)
    }

    /// Rot cannot be seen from outside: it counts until the run ends.
    fn rotten(&self) -> impl Iterator<Item = Injury> {
        let rotten = self.of_kinds(&[("bit_rot", "got rotten bits")]);
        rotten.filter_map(|(host, since, how)| {
            let broker = broker(host)?;
            Some(Injury { broker, since, how: How::Spoilt(how), back: None })
        })
    }

    /// What a power loss alone takes the controller has not answered for.
    fn controller(&self, trace: &Trace) -> Option<(&'static str, Timestamp)> {
        let spoilt = self.of_kinds(&[("wipe", "lost its whole disk"), ("bit_rot", "got rotten bits")]);
        let spoilt = spoilt.filter(|(host, ..)| *host == CONTROLLER).map(|(_, since, how)| (how, since));
        let lost = trace.entries().iter().filter_map(|entry| {
            let host = trace.host_name(entry.host);
            let stop = self.stop(host, entry).filter(|_| host == CONTROLLER)?;
            let How::Power { forgot: Some(_), .. } = stop else { return None };
            Some(("lost power after flushes had failed or lied", entry.time))
        });
        spoilt.chain(lost).min_by_key(|(_, since)| *since)
    }

    /// Faults of these kinds that changed something: where, since when, and what it came to.
    fn of_kinds<'k>(
        &self,
        kinds: &'k [(&'static str, &'static str)],
    ) -> impl Iterator<Item = (&'a str, Timestamp, &'static str)> + use<'a, 'k> {
        self.faults.iter().filter(|fault| !fault.vacuous).flat_map(|fault| {
            let named = kinds.iter().find(|(kind, _)| *kind == fault.kind);
            let hosts = named.zip(fault.started_us).into_iter();
            hosts.flat_map(|((_, how), since)| {
                fault.resolved.iter().map(move |host| (host.as_str(), Timestamp(since), *how))
            })
        })
    }
}

/// What had been cut comes back when the cut was not durable: that is forgotten too.
fn took_something(loss: &PowerLossReport) -> bool {
    [loss.bytes, loss.records, loss.vanished, loss.returned_bytes].iter().any(|count| 0 < *count)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use broker_core::types::{BrokerEpoch, Offset};

    use super::*;
    use crate::trace::Tracer;

    const POWER: TraceEvent = TraceEvent::HostStopped { how: Stop::PowerLost };

    /// What hosts recorded at these milliseconds.
    fn trace(entries: Vec<(&str, u64, TraceEvent)>) -> Trace {
        let trace = Rc::new(RefCell::new(Trace::new()));
        for (host, ms, event) in entries {
            Tracer::new(trace.clone(), host).record(Timestamp(ms * 1_000), event);
        }
        trace.take()
    }

    fn registered(id: i32) -> TraceEvent {
        let (broker, broker_epoch) = (BrokerId(id), BrokerEpoch(7));
        Event::BrokerRegistered { broker, broker_epoch, unclean: true }.into()
    }

    fn unfenced(id: i32) -> TraceEvent {
        Event::BrokerUnfenced { broker: BrokerId(id) }.into()
    }

    fn lost(ms: u64, records: u64) -> FlushReport {
        let loss = PowerLossReport { time_us: ms * 1_000, records, ..PowerLossReport::default() };
        FlushReport { power_losses: vec![loss], ..FlushReport::default() }
    }

    fn fault(kind: &str, host: &str, started_ms: u64) -> FaultReport {
        FaultReport {
            index: 0,
            line: 1,
            random: false,
            kind: kind.to_owned(),
            target: host.to_owned(),
            when: None,
            until: None,
            resolved: vec![host.to_owned()],
            started_us: Some(started_ms * 1_000),
            ended_us: None,
            effect: BTreeMap::new(),
            meanwhile: BTreeMap::new(),
            may_miss: false,
            vacuous: false,
        }
    }

    #[test]
    fn a_broker_is_back_when_its_next_process_is_let_in_and_not_before() {
        let trace = trace(vec![
            ("broker-1", 10, POWER),
            ("controller", 11, registered(1)),
            ("controller", 12, unfenced(1)),
            ("broker-1", 20, TraceEvent::HostStarted),
            ("controller", 21, unfenced(1)),
            ("controller", 22, registered(1)),
            ("controller", 23, unfenced(1)),
        ]);
        let flushing = BTreeMap::from([("broker-1".to_owned(), lost(10, 5))]);
        let found = Injuries::of(&trace, &[], &flushing).brokers;
        let how = How::Power { records: 5, forgot: None };
        let back = Some(Timestamp(23_000));
        assert_eq!(found, [Injury { broker: BrokerId(1), since: Timestamp(10_000), how, back }]);
    }

    #[test]
    fn what_power_took_and_what_the_disk_had_done_before_decide_what_a_loss_is() {
        let failed = TraceEvent::DiskFlushFinished { flush: 1, ok: false };
        let quiet = || trace(vec![("broker-1", 10, POWER), ("controller", 10, POWER)]);
        let failing = |ms| {
            let mut entries =
                vec![("broker-1", 10, POWER), ("controller", 10, POWER), ("controller", ms, failed.clone())];
            entries.sort_by_key(|(_, ms, _)| *ms);
            trace(entries)
        };
        let how = |trace: Trace, faults: &[FaultReport], flushing: &[(&str, FlushReport)]| {
            let reports = flushing.iter().map(|(host, report)| ((*host).to_owned(), report.clone()));
            let injuries = Injuries::of(&trace, faults, &reports.collect());
            (injuries.brokers[0].how, injuries.controller.is_some())
        };
        assert_eq!(how(quiet(), &[], &[]), (How::Died(Stop::PowerLost), false));
        let both = [("broker-1", lost(10, 5)), ("controller", lost(10, 1))];
        assert_eq!(how(quiet(), &[], &both), (How::Power { records: 5, forgot: None }, false));
        let lies = [fault("fsync_lie", "broker-1", 1), fault("fsync_error", "controller", 2)];
        let only_begun = how(quiet(), &lies[..], &both);
        assert!(!only_begun.1, "no flush had failed");
        let forgot = Some("flushes had lied");
        assert_eq!(how(failing(3), &lies, &both), (How::Power { records: 5, forgot }, true));
        let too_late = [fault("fsync_lie", "broker-1", 11), fault("fsync_lie", "controller", 11)];
        assert_eq!(how(failing(11), &too_late, &both), (How::Power { records: 5, forgot: None }, false));
    }

    #[test]
    fn every_replica_is_in_sync_at_first_and_the_controller_tells_of_changes() {
        let key = TopicPartition::new("orders", 0);
        let (leader_epoch, start_offset) = (LeaderEpoch(0), Offset(0));
        let leads = Event::LeaderStarted { topic_partition: key.clone(), leader_epoch, start_offset };
        let follows =
            Event::FollowerStarted { topic_partition: key.clone(), leader_epoch, leader: BrokerId(1) };
        let trace = trace(vec![("broker-2", 5, follows.into()), ("broker-1", 6, leads.into())]);
        let roles = &Injuries::of(&trace, &[], &BTreeMap::new()).roles[&key];
        assert_eq!((roles.len(), roles[0].leader), (1, BrokerId(1)));
        assert_eq!(roles[0].isr, [BrokerId(2), BrokerId(1)]);
    }
}
