//! What the hosts of a run said to each other, out of its trace.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::run::RunOutput;
use sim::trace::TraceEvent;

/// A request, and the size of what came back.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// When it was sent.
    pub at: Duration,
    /// To which host.
    pub to: usize,
    /// Bytes without the length prefix.
    pub request: u32,
    /// The same of its response; `None` if none arrived.
    pub response: Option<u32>,
}

/// Everything that was said.
pub struct Traffic {
    /// Hosts by name.
    pub hosts: Vec<String>,
    /// What each host asked, in order.
    pub sent: Vec<Vec<Message>>,
    /// How long the run was.
    pub simulated: Duration,
}

impl Traffic {
    pub fn of(run: &RunOutput) -> Traffic {
        let trace = &run.trace;
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for entry in trace.entries().iter().filter(|entry| entry.event == TraceEvent::HostStarted) {
            let next = numbers.len();
            numbers.entry(trace.host_name(entry.host).to_owned()).or_insert(next);
        }
        let mut sent = vec![Vec::new(); numbers.len()];
        // A process that starts anew counts from the beginning: the last request of a number is meant.
        let mut waiting: BTreeMap<(usize, i32), usize> = BTreeMap::new();
        for entry in trace.entries() {
            let Some(&host) = numbers.get(trace.host_name(entry.host)) else { continue };
            match &entry.event {
                TraceEvent::RequestSent { to, correlation, bytes, .. } => {
                    waiting.insert((host, *correlation), sent[host].len());
                    let at = Duration::from_micros(entry.time.0);
                    let message = Message { at, to: numbers[&**to], request: *bytes, response: None };
                    sent[host].push(message);
                }
                TraceEvent::ResponseReceived { correlation, bytes } => {
                    if let Some(position) = waiting.remove(&(host, *correlation)) {
                        sent[host][position].response = Some(*bytes);
                    }
                }
                _ => {}
            }
        }
        let mut hosts = vec![String::new(); numbers.len()];
        for (name, number) in numbers {
            hosts[number] = name;
        }
        let end = run.report.phases.last().map_or(0, |phase| phase.ended_us);
        Traffic { hosts, sent, simulated: Duration::from_micros(end) }
    }

    /// Requests, and responses that arrived.
    pub fn messages(&self) -> u64 {
        self.sent.iter().flatten().map(|message| 1 + u64::from(message.response.is_some())).sum()
    }
}
