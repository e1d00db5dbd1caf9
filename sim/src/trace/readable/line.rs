//! One event, one line, in columns.

use broker_core::time::Timestamp;
use broker_core::types::TopicPartition;

use super::operation::operation;
use super::standing::Standings;
use super::words::words;
use crate::history::{History, OpF, Operation};
use crate::trace::event::TraceEvent;
use crate::trace::recorder::{HostId, Trace, TraceEntry};

/// One for each host, in turn. No red: that is for what is wrong.
const COLORS: [&str; 10] = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

/// A trace, and what helps to say it in words.
#[derive(Clone, Copy)]
pub struct Readable<'a> {
    trace: &'a Trace,
    history: Option<&'a History>,
    color: bool,
}

impl<'a> Readable<'a> {
    /// A trace by itself, without colours.
    pub fn new(trace: &'a Trace) -> Readable<'a> {
        Readable { trace, history: None, color: false }
    }

    /// Says also what clients did, which is in `history`, and whether hosts have colours.
    #[must_use]
    pub fn with(self, history: &'a History, color: bool) -> Readable<'a> {
        Readable { history: Some(history), color, ..self }
    }

    /// What happened, in words.
    pub fn words(&self, event: &TraceEvent) -> String {
        if let TraceEvent::FaultEnded { fault: ended } = event {
            // Faults are few, and this saves everybody from remembering them.
            let begun = self.trace.entries().iter().find_map(|entry| match &entry.event {
                TraceEvent::FaultStarted { fault, description } if fault == ended => Some(description),
                _ => None,
            });
            if let Some(description) = begun {
                return format!("fault ends: {description}");
            }
        }
        self.operation(event).map_or_else(|| words(event), operation)
    }

    /// Which topic partition an event is about.
    pub fn topic_partition<'b>(&self, event: &'b TraceEvent) -> Option<&'b TopicPartition>
    where
        'a: 'b,
    {
        if let Some(operation) = self.operation(event) {
            return match &operation.f {
                OpF::Send { topic_partition, .. }
                | OpF::Poll { topic_partition, .. }
                | OpF::FinalRead { topic_partition, .. } => Some(topic_partition),
                OpF::Seek { topic_partition, .. } => topic_partition.as_ref(),
            };
        }
        event.topic_partition()
    }

    fn operation(&self, event: &TraceEvent) -> Option<&'a Operation> {
        let TraceEvent::ClientOp { index } = event else { return None };
        self.history?.operations().get(usize::try_from(*index).ok()?)
    }

    /// The lines of those entries that are `wanted`.
    pub fn lines(self, wanted: impl Fn(&TraceEntry) -> bool) -> impl Iterator<Item = String> {
        let host_width = self.trace.host_names().map(str::len).max().unwrap_or(0);
        let number_width = self.trace.len().to_string().len();
        let mut standings = Standings::default();
        self.trace.entries().iter().filter_map(move |entry| {
            let is_stop = matches!(entry.event, TraceEvent::HostStopped { .. });
            let role = |standings: &Standings| standings.role(entry.host, self.topic_partition(&entry.event));
            let was = is_stop.then(|| role(&standings));
            standings.note(entry);
            wanted(entry).then(|| {
                let role = was.unwrap_or_else(|| role(&standings));
                let host =
                    self.paint(entry.host, &format!("{:host_width$}", self.trace.host_name(entry.host)));
                let (time, words) = (seconds(entry.time), self.words(&entry.event));
                format!("{time:>8}  {:>number_width$}  {host}  {role:<4}  {words}", entry.number)
            })
        })
    }

    fn paint(&self, host: HostId, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", COLORS[usize::from(host.0) % COLORS.len()])
    }
}

/// Simulated time as reports write it; what comes after milliseconds only if there is any.
pub fn seconds(time: Timestamp) -> String {
    let (seconds, micros) = (time.0 / 1_000_000, time.0 % 1_000_000);
    if micros.is_multiple_of(1000) {
        format!("{seconds}.{:03}s", micros / 1000)
    } else {
        format!("{seconds}.{micros:06}s")
    }
}
