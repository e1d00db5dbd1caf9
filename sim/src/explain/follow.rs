//! Follows the copies of records through a trace: once, however many records there are.

use broker_core::event::Event;
use broker_core::types::{LeaderEpoch, Offset, TopicPartition};

use super::life::{Copy, End, How, Life, Wanted};
use crate::trace::{HostId, Stop, Trace, TraceEvent};

/// What is known of one host's replica so far. Positions in the trace.
#[derive(Clone, Default)]
struct Replica {
    power_lost: Option<usize>,
    /// Every time it gave up by itself.
    halted: Vec<usize>,
    stopped: Option<usize>,
    opened: Option<usize>,
    /// Whether its process has begun again and not yet opened this log.
    unopened: bool,
    damaged: Option<usize>,
    following: Option<usize>,
    /// Everything below was flushed.
    durable: Offset,
    high_watermark: Offset,
}

/// The walk.
struct Follow<'a> {
    wanted: &'a [Wanted],
    lives: Vec<Option<Life>>,
    replicas: Vec<Replica>,
    position: usize,
    host: HostId,
}

/// The life of each of these records of one topic partition, which must be in the order of their offsets; `None` for
/// those that no replica ever had.
pub fn follow(trace: &Trace, topic_partition: &TopicPartition, wanted: &[Wanted]) -> Vec<Option<Life>> {
    assert!(wanted.is_sorted_by_key(|record| record.offset), "records out of order");
    let mut walk = Follow {
        wanted,
        lives: vec![None; wanted.len()],
        replicas: vec![Replica::default(); trace.host_names().count()],
        position: 0,
        host: HostId(0),
    };
    for (position, entry) in trace.entries().iter().enumerate() {
        (walk.position, walk.host) = (position, entry.host);
        match &entry.event {
            TraceEvent::HostStopped { how } => walk.stopped(*how),
            TraceEvent::HostStarted => {
                let replica = walk.replica();
                replica.unopened = replica.stopped.is_some();
                (replica.following, replica.high_watermark) = (None, Offset::ZERO);
            }
            TraceEvent::Node(Event::RecordsAppended {
                topic_partition: at,
                base_offset,
                end_offset,
                leader_epoch,
                ..
            }) if at == topic_partition => {
                let is_told = |record: &Wanted| entry.time <= record.told;
                walk.appended(*base_offset, *end_offset, *leader_epoch, is_told);
            }
            TraceEvent::Node(event) if event.topic_partition() == Some(topic_partition) => walk.node(event),
            _ => {}
        }
    }
    walk.lives
}

impl Follow<'_> {
    fn replica(&mut self) -> &mut Replica {
        &mut self.replicas[usize::from(self.host.0)]
    }

    /// Those of the records that have been born and lie in `[from, to)`.
    fn between(&mut self, from: Offset, to: Offset) -> impl Iterator<Item = &mut Life> {
        let below = |end: Offset| self.wanted.partition_point(|record| record.offset < end);
        let (from, to) = (below(from), below(to));
        self.lives[from..to.max(from)].iter_mut().flatten()
    }

    /// A record that was there before was another, unless whoever was told of it had been told by then.
    fn appended(
        &mut self,
        base: Offset,
        end: Offset,
        leader_epoch: LeaderEpoch,
        is_told: impl Fn(&Wanted) -> bool,
    ) {
        self.end_between(How::Overwritten, base, end);
        let (host, position, wanted) = (self.host, self.position, self.wanted);
        let first = wanted.partition_point(|record| record.offset < base);
        let here = wanted[first..].iter().take_while(|record| record.offset < end);
        for (record, life) in here.zip(&mut self.lives[first..]) {
            match life {
                Some(life) if !is_told(record) => {
                    life.reused.get_or_insert(position);
                }
                _ => {
                    let copies = vec![Copy { host, born: position, flushed: None, end: None }];
                    let offset = record.offset;
                    let (committed, reused) = (None, None);
                    *life =
                        Some(Life { offset, appended: position, leader_epoch, committed, reused, copies });
                }
            }
        }
    }

    fn replicated(&mut self, base: Offset, end: Offset, epoch: LeaderEpoch) {
        let (host, position) = (self.host, self.position);
        self.end_between(How::Overwritten, base, end);
        for life in self.between(base, end).filter(|life| life.leader_epoch == epoch) {
            life.copies.push(Copy { host, born: position, flushed: None, end: None });
        }
    }

    fn stopped(&mut self, how: Stop) {
        let position = self.position;
        let replica = self.replica();
        match how {
            Stop::PowerLost => replica.power_lost = Some(position),
            Stop::Halted => replica.halted.push(position),
            Stop::Killed | Stop::ShutDown | Stop::Wiped => {}
        }
        replica.stopped = Some(position);
        if how == Stop::Wiped {
            self.end_between(How::Wiped, Offset::ZERO, Offset(i64::MAX));
        }
    }

    fn node(&mut self, event: &Event) {
        let (position, end) = (self.position, Offset(i64::MAX));
        match event {
            Event::RecordsReplicated { base_offset, end_offset, leader_epoch, .. } => {
                self.replicated(*base_offset, *end_offset, *leader_epoch);
            }
            Event::LogTruncated { from, to, .. } => self.end_between(How::Truncated, *to, *from),
            Event::LogTruncatedFully { from, .. } => self.end_between(How::Dropped, Offset::ZERO, *from),
            Event::LogStartOffsetIncremented { log_start_offset, .. } => {
                self.end_between(How::Deleted, Offset::ZERO, *log_start_offset);
            }
            Event::LogDamaged { .. } => {
                let replica = self.replica();
                (replica.damaged, replica.unopened) = (Some(position), false);
            }
            Event::RecoveryFinished { end_offset, .. } => {
                self.replica().unopened = false;
                self.end_between(How::Recovered, *end_offset, end);
                // Damage that was found while the process ran is noted on the disk, and the log is cut by the next one.
                let replica = self.replica();
                (replica.opened, replica.damaged) = (Some(position), None);
            }
            Event::LeaderStarted { .. } | Event::FollowerStarted { .. } => {
                let follows = matches!(event, Event::FollowerStarted { .. });
                self.replica().following = follows.then_some(position);
                if std::mem::take(&mut self.replica().unopened) {
                    self.end_between(How::Vanished, Offset::ZERO, end);
                }
            }
            Event::FlushFinished { recovery_point, .. } => {
                let host = self.host;
                let before = std::mem::replace(&mut self.replica().durable, *recovery_point);
                for copy in self.between(before, *recovery_point).filter_map(|life| life.alive(host)) {
                    copy.flushed.get_or_insert(position);
                }
            }
            Event::HighWatermarkMoved { high_watermark, leader, .. } => {
                let host = self.host;
                let before = std::mem::replace(&mut self.replica().high_watermark, *high_watermark);
                let passed = self.between(before, *high_watermark).filter(|_| *leader);
                for life in passed.filter(|life| life.committed.is_none()) {
                    life.committed = life.alive(host).is_some().then_some(position);
                }
            }
            _ => {}
        }
    }

    /// The host's copies of what lies in `[from, to)` are no more.
    fn end_between(&mut self, how: How, from: Offset, to: Offset) {
        let (host, shown) = (self.host, self.position);
        let replica = self.replica().clone();
        for life in self.between(from, to) {
            let after = |stop: &usize| life.appended < *stop;
            let halted = replica.halted.iter().copied().find(after);
            let weakened = replica.power_lost.filter(after).or(halted);
            if let Some(copy) = life.alive(host) {
                copy.end = Some(End {
                    shown,
                    how,
                    weakened,
                    stopped: replica.stopped,
                    opened: replica.opened,
                    damaged: replica.damaged,
                    following: replica.following,
                    durable: replica.durable,
                });
            }
        }
        // What comes there next is not flushed.
        let replica = self.replica();
        match how {
            How::Truncated | How::Recovered | How::Overwritten => replica.durable = replica.durable.min(from),
            How::Dropped | How::Wiped | How::Vanished => {
                (replica.durable, replica.damaged) = (Offset::ZERO, None);
            }
            How::Deleted => {}
        }
    }
}
