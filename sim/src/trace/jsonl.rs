//! `trace.jsonl`: one flat JSON object per entry.

use std::io::{self, Write};

use super::recorder::{Trace, TraceEntry};

impl Trace {
    /// Writes every entry as a line. Wants a buffered writer and does not flush it.
    pub fn write_jsonl(&self, mut out: impl Write) -> io::Result<()> {
        let mut event = Vec::new();
        for entry in self.entries() {
            self.write_line(entry, &mut event, &mut out)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// The line of one entry of this trace, without the line feed.
    pub fn to_json(&self, entry: &TraceEntry) -> String {
        let mut line = Vec::new();
        self.write_line(entry, &mut Vec::new(), &mut line).expect("a vector takes everything");
        String::from_utf8(line).expect("JSON is UTF-8")
    }

    /// serde's `flatten` would give the same bytes, and takes longer. `room` is for the event.
    fn write_line(&self, entry: &TraceEntry, room: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
        let TraceEntry { number, time, host, event } = entry;
        room.clear();
        serde_json::to_writer(&mut *room, event)?;
        let fields = room.strip_prefix(b"{").expect("an event is an object");
        write!(out, r#"{{"n":{number},"t_us":{},"host":"#, time.0)?;
        serde_json::to_writer(&mut *out, self.host_name(*host))?;
        out.write_all(b",")?;
        out.write_all(fields)
    }
}

#[cfg(test)]
mod tests {
    use broker_core::time::Timestamp;

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
