//! Which events of a trace to show.

use std::collections::BTreeSet;

use broker_core::time::Timestamp;
use broker_core::types::TopicPartition;

use super::args::ReplayArguments;
use crate::run::RunOutput;
use crate::scenario::suggest::suggest;
use crate::trace::{Readable, TraceEntry, TraceEvent};

/// What was asked for; all of it exists.
pub(super) struct Selection<'a> {
    asked: &'a ReplayArguments,
    partitions: BTreeSet<TopicPartition>,
}

/// Whether any event is to be shown at all.
pub(super) fn is_asked(asked: &ReplayArguments) -> bool {
    let ReplayArguments { trace, from, until, host, event, partition, .. } = asked;
    let named = [host, event, partition].iter().any(|names| !names.is_empty());
    *trace || from.is_some() || until.is_some() || named
}

/// Names of events and times need no run to be wrong.
pub(super) fn check(asked: &ReplayArguments) -> Result<(), String> {
    for name in &asked.event {
        if !TraceEvent::names().any(|known| known == name) {
            return Err(unknown("event", name, TraceEvent::names()));
        }
    }
    match (asked.from, asked.until) {
        (Some(from), Some(until)) if until < from => {
            Err(format!("error: --until {until} is before --from {from}\n"))
        }
        (_, _) => Ok(()),
    }
}

impl<'a> Selection<'a> {
    /// Of this run, whose hosts and topics have to be those that were named.
    pub fn new(asked: &'a ReplayArguments, output: &RunOutput) -> Result<Selection<'a>, String> {
        for name in &asked.host {
            if !output.trace.host_names().any(|known| known == name) {
                return Err(unknown("host", name, output.trace.host_names()));
            }
        }
        let topics = output.script.topics.iter();
        let all = topics.flat_map(|topic| {
            (0..topic.partitions).map(|index| TopicPartition::new(topic.name.clone(), index))
        });
        let known: Vec<String> =
            all.chain([TopicPartition::metadata()]).map(|known| known.to_string()).collect();
        let mut partitions = BTreeSet::new();
        for name in &asked.partition {
            match TopicPartition::parse(name).filter(|_| known.contains(name)) {
                Some(found) => drop(partitions.insert(found)),
                None => return Err(unknown("topic partition", name, known.iter().map(String::as_str))),
            }
        }
        Ok(Selection { asked, partitions })
    }

    /// Whether this entry is one of them.
    pub fn has(&self, output: &RunOutput, readable: &Readable<'_>, entry: &TraceEntry) -> bool {
        let ReplayArguments { host, event, from, until, .. } = self.asked;
        let any = |names: &[String], name: &str| names.is_empty() || names.iter().any(|known| known == name);
        from.unwrap_or(Timestamp::ZERO) <= entry.time
            && until.is_none_or(|until| entry.time <= until)
            && any(event, entry.event.name())
            && any(host, output.trace.host_name(entry.host))
            && (self.partitions.is_empty()
                || readable
                    .topic_partition(&entry.event)
                    .is_some_and(|about| self.partitions.contains(about)))
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let help = suggest(name, known).map_or_else(String::new, |help| format!("help: {help}\n"));
    format!("error: there is no {what} called `{name}`\n{help}")
}
