//! `trace.jsonl`: one flat JSON object per entry.

use std::io::{self, Write};

use broker_core::time::Timestamp;
use serde::Serialize;

use super::event::TraceEvent;
use super::recorder::{Trace, TraceEntry};

#[derive(Serialize)]
struct Line<'a> {
    n: u64,
    t_us: Timestamp,
    host: &'a str,
    #[serde(flatten)]
    event: &'a TraceEvent,
}

impl Trace {
    /// Writes every entry as a line. Wants a buffered writer and does not flush it.
    pub fn write_jsonl(&self, mut out: impl Write) -> io::Result<()> {
        for entry in self.entries() {
            serde_json::to_writer(&mut out, &self.line(entry))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// The line of one entry of this trace, without the line feed.
    pub fn to_json(&self, entry: &TraceEntry) -> String {
        serde_json::to_string(&self.line(entry)).expect("every event serializes")
    }

    fn line<'a>(&'a self, entry: &'a TraceEntry) -> Line<'a> {
        let TraceEntry { number, time, host, event } = entry;
        Line { n: *number, t_us: *time, host: self.host_name(*host), event }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::event::one_of_each;

    #[test]
    fn lines_are_flat() {
        let mut trace = Trace::new();
        let host = trace.host("broker-1");
        for event in one_of_each() {
            trace.record(Timestamp(40_210), host, event);
        }
        let mut out = Vec::new();
        trace.write_jsonl(&mut out).expect("a vector takes everything");
        let text = String::from_utf8(out).expect("JSON is UTF-8");
        assert_eq!(text.lines().count(), trace.len());
        assert_eq!(
            text.lines().last(),
            Some(
                r#"{"n":13,"t_us":40210,"host":"broker-1","event":"high_watermark_moved","topic_partition":"orders-0","high_watermark":7,"leader":true}"#
            )
        );
        assert_eq!(
            text.lines().nth(5),
            Some(r#"{"n":5,"t_us":40210,"host":"broker-1","event":"host_started"}"#)
        );
    }
}
