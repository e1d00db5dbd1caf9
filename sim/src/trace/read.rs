//! Reads `trace.jsonl` back.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use broker_core::event::Event;
use broker_core::time::Timestamp;
use serde::Deserialize;

use super::event::TraceEvent;
use super::recorder::Trace;

/// Why a file is not a trace.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("line {line}: {source}")]
    Io {
        /// Line number, from 1.
        line: usize,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("line {line}: {reason}")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// A trace that was read, and what was passed over.
pub struct ReadTrace {
    /// Everything this build knows.
    pub trace: Trace,
    /// Names of events that it does not know, and how often each was there.
    pub unknown: BTreeMap<String, u64>,
}

/// What every line has.
#[derive(Deserialize)]
struct Head<'a> {
    n: u64,
    t_us: Timestamp,
    #[serde(borrow)]
    host: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    event: std::borrow::Cow<'a, str>,
}

impl Trace {
    /// Reads what [`Trace::write_jsonl`] wrote. Events that this build does not know are passed over and counted.
    ///
    /// # Errors
    /// The first line that is torn, out of order, or not of a trace.
    pub fn read_jsonl(input: impl BufRead) -> Result<ReadTrace, ReadError> {
        let mut read = ReadTrace { trace: Trace::new(), unknown: BTreeMap::new() };
        for (position, text) in input.lines().enumerate() {
            let line = position + 1;
            let text = text.map_err(|source| ReadError::Io { line, source })?;
            read.line(position as u64, &text).map_err(|reason| ReadError::Line { line, reason })?;
        }
        if read.trace.is_empty() {
            return Err(ReadError::Line { line: 1, reason: "no event: the file is empty".to_owned() });
        }
        Ok(read)
    }
}

impl ReadTrace {
    /// How many events the file has.
    pub fn events(&self) -> u64 {
        self.trace.len() as u64 + self.unknown.values().sum::<u64>()
    }

    fn line(&mut self, expected: u64, text: &str) -> Result<(), String> {
        let head: Head<'_> =
            serde_json::from_str(text).map_err(|error| format!("not an event of a trace: {error}"))?;
        if head.n != expected {
            return Err(format!("event {} where {expected} should be", head.n));
        }
        let wrong =
            |error: serde_json::Error| format!("not a `{}` as this build knows it: {error}", head.event);
        let event = if Event::names().contains(&&*head.event) {
            TraceEvent::Node(serde_json::from_str(text).map_err(wrong)?)
        } else if TraceEvent::names().any(|name| name == head.event) {
            serde_json::from_str(text).map_err(wrong)?
        } else {
            *self.unknown.entry(head.event.into_owned()).or_default() += 1;
            return Ok(());
        };
        let host = self.trace.host(&head.host);
        self.trace.record_read(head.n, head.t_us, host, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::event::one_of_each;

    fn text(trace: &Trace) -> String {
        let mut out = Vec::new();
        trace.write_jsonl(&mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn example() -> Trace {
        let mut trace = Trace::new();
        let hosts = [trace.host("broker-1"), trace.host("a \"quoted\" host")];
        for (time, event) in (0..).zip(one_of_each()) {
            trace.record(Timestamp(time), hosts[(time % 2) as usize], event);
        }
        trace
    }

    #[test]
    fn a_trace_survives_the_round_trip_with_its_digest() {
        let trace = example();
        let read = Trace::read_jsonl(text(&trace).as_bytes()).expect("reads").trace;
        assert_eq!(read.entries(), trace.entries());
        assert_eq!(read.digest(), trace.digest());
    }

    #[test]
    fn events_of_other_builds_are_passed_over_and_numbers_stay() {
        let text = text(&example()).replacen("host_started", "host_yawned", 1);
        let read = Trace::read_jsonl(text.as_bytes()).expect("reads");
        assert_eq!(read.unknown, BTreeMap::from([("host_yawned".to_owned(), 1)]));
        assert_eq!(read.trace.entries().last().expect("entries").number, example().len() as u64 - 1);
    }

    #[test]
    fn wrong_lines_are_named() {
        let good = text(&example());
        let torn = &good[..good.len() - 12];
        let wrong = [
            (good.replacen("\"n\":3,", "\"n\":4,", 1), 4, "event 4 where 3 should be"),
            (good.replacen("\"t_us\":5", "\"t_us\":1", 1), 6, "time goes back"),
            (good.replacen("\"how\":\"killed\"", "\"how\":\"bored\"", 1), 7, "`host_stopped`"),
            (good.replacen("{\"n\":2", "[\"n\":2", 1), 3, "not an event of a trace"),
            (torn.to_owned(), 14, "not an event of a trace"),
            (String::new(), 1, "the file is empty"),
        ];
        for (text, line, reason) in wrong {
            let error = Trace::read_jsonl(text.as_bytes()).err().expect(reason).to_string();
            assert!(error.starts_with(&format!("line {line}: ")) && error.contains(reason), "{error}");
        }
    }
}
