//! Where each host stands, as far as events say.

use std::collections::BTreeMap;
use std::fmt;

use broker_core::event::Event;
use broker_core::time::Timestamp;
use broker_core::types::{LeaderEpoch, Offset, TopicPartition};

use super::line::seconds;
use super::words::stop;
use crate::trace::event::{Stop, TraceEvent};
use crate::trace::recorder::{HostId, Trace, TraceEntry};

/// What a host is to a topic partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It leads.
    Leader(LeaderEpoch),
    /// It follows.
    Follower(LeaderEpoch),
    /// It has no leader, or has not said what it is.
    #[default]
    Neither,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Leader(epoch) => write!(f, "L{epoch}"),
            Role::Follower(epoch) => write!(f, "F{epoch}"),
            Role::Neither => f.write_str("-"),
        }
    }
}

/// One replica on one host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    /// What the host is to it.
    pub role: Role,
    /// Where its log ends.
    pub log_end: Option<Offset>,
    /// Its high watermark.
    pub high_watermark: Option<Offset>,
}

#[derive(Clone, Debug, Default)]
struct Host {
    /// What its process has said since it started.
    replicas: BTreeMap<TopicPartition, Replica>,
    /// When and how it stopped, if it is down.
    stopped: Option<(Timestamp, Stop)>,
}

/// What is known of each host after the events noted so far.
///
/// Invariant: whatever a host was is forgotten when it stops; what it says after its next start is new.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    hosts: BTreeMap<HostId, Host>,
}

impl Standings {
    /// After all entries up to and including `until`.
    pub fn at(trace: &Trace, until: Timestamp) -> Standings {
        let mut standings = Standings::default();
        let entries = trace.entries().iter().filter(|entry| entry.time <= until);
        entries.for_each(|entry| standings.note(entry));
        standings
    }

    /// The next entry has happened.
    pub fn note(&mut self, entry: &TraceEntry) {
        match &entry.event {
            TraceEvent::HostStarted => drop(self.hosts.insert(entry.host, Host::default())),
            TraceEvent::HostStopped { how } => {
                let stopped = Some((entry.time, *how));
                self.hosts.insert(entry.host, Host { stopped, ..Host::default() });
            }
            TraceEvent::Node(event) => self.note_node(entry.host, event),
            _ => {}
        }
    }

    fn note_node(&mut self, host: HostId, event: &Event) {
        let change: fn(&mut Replica, &Event) = match event {
            Event::LeaderStarted { .. } | Event::FollowerStarted { .. } | Event::LeaderLost { .. } => {
                take_role
            }
            Event::RecordsAppended { .. }
            | Event::RecordsReplicated { .. }
            | Event::LogTruncated { .. }
            | Event::LogTruncatedFully { .. }
            | Event::RecoveryFinished { .. } => move_end,
            Event::HighWatermarkMoved { .. } => move_high_watermark,
            _ => return,
        };
        // Metadata has one writer, which tells nobody what it appends.
        if let Some(key) = event.topic_partition().filter(|key| **key != TopicPartition::metadata()) {
            let replicas = &mut self.hosts.entry(host).or_default().replicas;
            match replicas.get_mut(key) {
                Some(replica) => change(replica, event),
                None => change(replicas.entry(key.clone()).or_default(), event),
            }
        }
    }

    /// One replica, if its host has said anything about it since it started.
    pub fn replica(&self, host: HostId, topic_partition: &TopicPartition) -> Option<&Replica> {
        self.hosts.get(&host)?.replicas.get(topic_partition)
    }

    /// What a host is to one topic partition, or to all of them together.
    pub(super) fn role(&self, host: HostId, topic_partition: Option<&TopicPartition>) -> String {
        if let Some(key) = topic_partition {
            return self.replica(host, key).copied().unwrap_or_default().role.to_string();
        }
        let replicas = self.hosts.get(&host).map(|host| &host.replicas);
        let roles: Vec<Role> = replicas.into_iter().flatten().map(|(_, replica)| replica.role).collect();
        if let [role] = roles.as_slice() {
            return role.to_string();
        }
        let leads = roles.iter().filter(|role| matches!(role, Role::Leader(_))).count();
        let follows = roles.iter().filter(|role| matches!(role, Role::Follower(_))).count();
        match (leads, follows) {
            (0, 0) => "-".to_owned(),
            (leads, 0) => format!("{leads}L"),
            (0, follows) => format!("{follows}F"),
            (leads, follows) => format!("{leads}L{follows}F"),
        }
    }

    /// Lines for people: each host of `trace` that ever started, and each of its replicas.
    pub fn lines(&self, trace: &Trace) -> Vec<String> {
        let width = trace.host_names().map(str::len).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (id, host) in &self.hosts {
            let name = trace.host_name(*id);
            match host.stopped {
                Some((time, how)) => {
                    lines.push(format!("{name:width$}  down: {} at {}", stop(how), seconds(time)));
                }
                None if host.replicas.is_empty() => lines.push(format!("{name:width$}  up")),
                None => {}
            }
            for (position, (key, replica)) in host.replicas.iter().enumerate() {
                let name = if position == 0 { name } else { "" };
                lines.push(format!("{name:width$}  {key} {replica}"));
            }
        }
        lines
    }
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known =
            |offset: Option<Offset>| offset.map_or_else(|| "?".to_owned(), |offset| offset.to_string());
        let (role, end, high_watermark) =
            (self.role.to_string(), known(self.log_end), known(self.high_watermark));
        write!(f, "{role:4} log end {end}, high watermark {high_watermark}")
    }
}

fn take_role(replica: &mut Replica, event: &Event) {
    match event {
        Event::LeaderStarted { leader_epoch, start_offset, .. } => {
            replica.role = Role::Leader(*leader_epoch);
            replica.log_end = replica.log_end.or(Some(*start_offset));
        }
        Event::FollowerStarted { leader_epoch, .. } => replica.role = Role::Follower(*leader_epoch),
        _ => replica.role = Role::Neither,
    }
}

fn move_end(replica: &mut Replica, event: &Event) {
    match event {
        Event::RecordsAppended { end_offset: end, .. }
        | Event::RecordsReplicated { end_offset: end, .. }
        | Event::RecoveryFinished { end_offset: end, .. }
        | Event::LogTruncated { to: end, .. }
        | Event::LogTruncatedFully { log_start_offset: end, .. } => replica.log_end = Some(*end),
        _ => {}
    }
}

fn move_high_watermark(replica: &mut Replica, event: &Event) {
    if let Event::HighWatermarkMoved { high_watermark, .. } = event {
        replica.high_watermark = Some(*high_watermark);
    }
}
