//! `history.jsonl`: a header, then one flat JSON object per operation.
//!
//! ```text
//! {"history":1,"processes":[{"process":0,"name":"producer-0","promise":{"acks":"all","idempotent":true,"order":"kept"}},…]}
//! {"index":0,"time_us":12,"process":0,"type":"invoke","f":"send","topic_partition":"orders-0","message":"0/0"}
//! {"index":1,"time_us":40,"process":0,"type":"ok","f":"send","topic_partition":"orders-0","message":"0/0","offset":31}
//! {"index":2,"time_us":41,"process":0,"type":"info","f":"send",…,"errors":["REQUEST_TIMED_OUT","disconnected"]}
//! {"index":3,"time_us":55,"process":1,"type":"ok","f":"poll","topic_partition":"orders-0","records":[[31,"0/0"],[32,null]],"last":true}
//! {"index":4,"time_us":60,"process":1,"type":"ok","f":"final-read","topic_partition":"orders-0","end":33}
//! ```
//!
//! A `null` message is a value that no client writes. `offset`, `errors` and `last` are left out when empty or false.
//! Unknown keys are errors: a typing mistake must not turn an anomaly into a pass.

use std::io::{self, BufRead, Write};

use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};
use serde::{Deserialize, Serialize};

use super::attempt;
use super::message::MessageId;
use super::operation::{OpF, OpKind, Operation, PolledRecord, Reading};
use super::process::{ProcessId, ProcessInfo};
use super::recorder::History;

/// Raised when the format changes in a way that old readers would get wrong.
const VERSION: u32 = 1;

/// Why a file is not a history.
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    history: u32,
    processes: Vec<ProcessInfo>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Function {
    Send,
    Poll,
    FinalRead,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    index: u64,
    time_us: Timestamp,
    process: ProcessId,
    #[serde(rename = "type")]
    kind: OpKind,
    f: Function,
    topic_partition: TopicPartition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offset: Option<Offset>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    records: Option<Vec<(Offset, Option<MessageId>)>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    last: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Offset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<Offset>,
}

impl History {
    /// Writes the header and every operation. Wants a buffered writer and does not flush it.
    pub fn write_jsonl(&self, mut out: impl Write) -> io::Result<()> {
        let header = Header { history: VERSION, processes: self.processes().to_vec() };
        serde_json::to_writer(&mut out, &header)?;
        out.write_all(b"\n")?;
        for operation in self.operations() {
            serde_json::to_writer(&mut out, &Line::from(operation))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads what [`History::write_jsonl`] wrote, or what somebody else wrote in that format.
    pub fn read_jsonl(input: impl BufRead) -> Result<History, ReadError> {
        let mut history = History::new();
        let mut lines = input.lines().enumerate().map(|(position, text)| {
            let line = position + 1;
            text.map(|text| (line, text)).map_err(|source| ReadError::Io { line, source })
        });
        let (line, text) = lines
            .next()
            .transpose()?
            .ok_or_else(|| ReadError::Line { line: 1, reason: "no header: the file is empty".to_owned() })?;
        read_header(&text, &mut history).map_err(|reason| ReadError::Line { line, reason })?;
        for entry in lines {
            let (line, text) = entry?;
            read_operation(&text, &mut history).map_err(|reason| ReadError::Line { line, reason })?;
        }
        Ok(history)
    }
}

fn read_header(text: &str, history: &mut History) -> Result<(), String> {
    let header: Header = serde_json::from_str(text).map_err(|error| format!("no header: {error}"))?;
    if header.history != VERSION {
        return Err(format!("version {} of the format; this build reads {VERSION}", header.history));
    }
    for info in header.processes {
        if history.process(info.process).is_some() {
            return Err(format!("process {} is declared twice", info.process));
        }
        history.declare(info);
    }
    Ok(())
}

fn read_operation(text: &str, history: &mut History) -> Result<(), String> {
    let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let expected = history.operations().len() as u64;
    if line.index != expected {
        return Err(format!("index {} where {expected} should be", line.index));
    }
    if history.process(line.process).is_none() {
        return Err(format!("process {} is not in the header", line.process));
    }
    let (time, process, kind) = (line.time_us, line.process, line.kind);
    history.push(time, process, kind, line.into_f()?);
    Ok(())
}

impl Line {
    fn into_f(self) -> Result<OpF, String> {
        let Line { kind, f, topic_partition, message, offset, errors, records, last, start, end, .. } = self;
        if f != Function::Send && kind != OpKind::Ok {
            return Err("only a send can be anything but `ok`".to_owned());
        }
        if f != Function::FinalRead && start.is_some() {
            return Err("a key that belongs to another `f`".to_owned());
        }
        let errors = errors
            .iter()
            .map(|text| attempt::from_text(text).ok_or_else(|| format!("unknown error `{text}`")))
            .collect::<Result<Vec<_>, _>>()?;
        let misplaced = match f {
            Function::Send => records.is_some() || last || end.is_some(),
            Function::Poll => message.is_some() || offset.is_some() || !errors.is_empty() || end.is_some(),
            Function::FinalRead => {
                message.is_some() || offset.is_some() || !errors.is_empty() || records.is_some() || last
            }
        };
        if misplaced {
            return Err("a key that belongs to another `f`".to_owned());
        }
        match f {
            Function::Send => {
                if offset.is_some() && kind != OpKind::Ok {
                    return Err("an `offset` on a send that is not `ok`".to_owned());
                }
                let message = message.ok_or("a send without `message`")?;
                Ok(OpF::Send { topic_partition, message, offset, errors })
            }
            Function::Poll => {
                let records = records.ok_or("a poll without `records`")?;
                let records =
                    records.into_iter().map(|(offset, message)| PolledRecord { offset, message }).collect();
                let reading = if last { Reading::Final } else { Reading::Ongoing };
                Ok(OpF::Poll { topic_partition, records, reading })
            }
            Function::FinalRead => {
                let end = end.ok_or("a final read without `end`")?;
                Ok(OpF::FinalRead { topic_partition, start: start.unwrap_or(Offset::ZERO), end })
            }
        }
    }
}

impl From<&Operation> for Line {
    fn from(operation: &Operation) -> Line {
        let Operation { index, time, process, kind, f } = operation;
        let (f, topic_partition) = match f {
            OpF::Send { topic_partition, .. } => (Function::Send, topic_partition),
            OpF::Poll { topic_partition, .. } => (Function::Poll, topic_partition),
            OpF::FinalRead { topic_partition, .. } => (Function::FinalRead, topic_partition),
        };
        let mut line = Line {
            index: *index,
            time_us: *time,
            process: *process,
            kind: *kind,
            f,
            topic_partition: topic_partition.clone(),
            message: None,
            offset: None,
            errors: Vec::new(),
            records: None,
            last: false,
            start: None,
            end: None,
        };
        match &operation.f {
            OpF::Send { message, offset, errors, .. } => {
                line.message = Some(*message);
                line.offset = *offset;
                line.errors = errors.iter().map(|error| attempt::to_text(*error)).collect();
            }
            OpF::Poll { records, reading, .. } => {
                line.records = Some(records.iter().map(|record| (record.offset, record.message)).collect());
                line.last = *reading == Reading::Final;
            }
            OpF::FinalRead { start, end, .. } => {
                line.start = Some(*start).filter(|start| Offset::ZERO < *start);
                line.end = Some(*end);
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use broker_core::config::Acks;
    use broker_core::error::{AttemptError, ErrorCode};
    use broker_core::io::SendOutcome;

    use super::*;
    use crate::history::process::{Order, Promise};

    fn example() -> History {
        let mut history = History::new();
        let promise = Promise { acks: Acks::All, idempotent: true, order: Order::Kept };
        history.declare(ProcessInfo {
            process: ProcessId(0),
            name: "producer-0".to_owned(),
            promise: Some(promise),
        });
        history.declare(ProcessInfo { process: ProcessId(1), name: "reader".to_owned(), promise: None });
        let (producer, reader, orders) = (ProcessId(0), ProcessId(1), TopicPartition::new("orders", 0));
        let errors = vec![AttemptError::Code(ErrorCode::REQUEST_TIMED_OUT), AttemptError::Disconnected];
        let outcomes = [
            SendOutcome::Ok { offset: Some(Offset(31)) },
            SendOutcome::Ok { offset: None },
            SendOutcome::Fail { errors: errors.clone() },
            SendOutcome::Info { errors },
        ];
        for (ordinal, outcome) in (0..).zip(outcomes) {
            let message = MessageId::new(0, ordinal);
            history.send_invoked(Timestamp(12), producer, orders.clone(), message);
            history.send_completed(Timestamp(40), producer, orders.clone(), message, outcome);
        }
        let records = vec![
            PolledRecord { offset: Offset(31), message: Some(MessageId::new(0, 0)) },
            PolledRecord { offset: Offset(32), message: None },
        ];
        history.polled(Timestamp(55), reader, orders.clone(), records.clone(), Reading::Ongoing);
        history.polled(Timestamp(56), reader, orders.clone(), records, Reading::Final);
        history.final_read_completed(Timestamp(60), reader, orders, Offset(0), Offset(33));
        history
    }

    fn text(history: &History) -> String {
        let mut out = Vec::new();
        history.write_jsonl(&mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn a_history_survives_the_round_trip() {
        let history = example();
        assert_eq!(History::read_jsonl(text(&history).as_bytes()).expect("reads"), history);
    }

    #[test]
    fn the_format_is_the_documented_one() {
        let text = text(&example());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            r#"{"history":1,"processes":[{"process":0,"name":"producer-0","promise":{"acks":"all","idempotent":true,"order":"kept"}},{"process":1,"name":"reader"}]}"#
        );
        assert_eq!(
            lines[2],
            r#"{"index":1,"time_us":40,"process":0,"type":"ok","f":"send","topic_partition":"orders-0","message":"0/0","offset":31}"#
        );
        assert!(lines[10].ends_with(r#""records":[[31,"0/0"],[32,null]],"last":true}"#), "{}", lines[10]);
    }

    #[test]
    fn wrong_lines_are_named() {
        let good = text(&example());
        let wrong = [
            (r#""history":1"#, r#""history":2"#, 1),
            (r#""index":1"#, r#""index":7"#, 3),
            (r#""type":"ok","f":"poll""#, r#""type":"info","f":"poll""#, 10),
            (r#""process":1,"type""#, r#""process":9,"type""#, 10),
            (r#""end":33"#, r#""end":33,"last":true"#, 12),
            (r#""end":33"#, r#""ende":33"#, 12),
            (r#""disconnected""#, r#""disconnect""#, 7),
            (r#""topic_partition":"orders-0","message":"0/0""#, r#""topic_partition":"orders-0""#, 2),
        ];
        for (from, to, expected) in wrong {
            assert!(good.contains(from), "{from}");
            let error = History::read_jsonl(good.replacen(from, to, 1).as_bytes()).expect_err(to);
            assert!(error.to_string().starts_with(&format!("line {expected}: ")), "{to}: {error}");
        }
        assert!(History::read_jsonl(&b""[..]).is_err());
    }
}
