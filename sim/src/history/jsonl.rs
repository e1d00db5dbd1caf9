//! Writing `history.jsonl`, and the words of its lines. What they mean is in [`super`]; [`super::read`] reads them.

use std::io::{self, Write};

use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};
use serde::{Deserialize, Serialize};

use super::attempt;
use super::message::MessageId;
use super::operation::{OpF, OpKind, Operation, Reading};
use super::process::{ProcessId, ProcessInfo};
use super::recorder::History;

/// Raised when the format changes in a way that old readers would get wrong.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Header<'a> {
    history: u32,
    processes: &'a [ProcessInfo],
}

/// The `f` of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Function {
    Send,
    Poll,
    Seek,
    FinalRead,
}

/// A line as it is written; in the order of its keys.
#[derive(Serialize)]
struct Line<'a> {
    index: u64,
    time_us: Timestamp,
    process: ProcessId,
    #[serde(rename = "type")]
    kind: OpKind,
    f: Function,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_partition: Option<&'a TopicPartition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<Offset>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<Vec<(Offset, Option<MessageId>)>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    last: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Offset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Offset>,
}

impl History {
    /// Writes the header and every operation. Wants a buffered writer and does not flush it.
    pub fn write_jsonl(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut out, &Header { history: VERSION, processes: self.processes() })?;
        out.write_all(b"\n")?;
        for operation in self.operations() {
            serde_json::to_writer(&mut out, &Line::from(operation))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl<'a> From<&'a Operation> for Line<'a> {
    fn from(operation: &'a Operation) -> Line<'a> {
        let Operation { index, time, process, kind, f } = operation;
        let mut line = Line {
            index: *index,
            time_us: *time,
            process: *process,
            kind: *kind,
            f: Function::Send,
            topic_partition: None,
            message: None,
            offset: None,
            errors: Vec::new(),
            records: None,
            last: false,
            start: None,
            end: None,
        };
        match f {
            OpF::Send { topic_partition, message, offset, errors } => {
                line.topic_partition = Some(topic_partition);
                line.message = Some(*message);
                line.offset = *offset;
                line.errors = errors.iter().map(|error| attempt::to_text(*error)).collect();
            }
            OpF::Poll { topic_partition, records, reading } => {
                line.f = Function::Poll;
                line.topic_partition = Some(topic_partition);
                line.records = Some(records.iter().map(|record| (record.offset, record.message)).collect());
                line.last = *reading == Reading::Final;
            }
            OpF::Seek { topic_partition, offset } => {
                line.f = Function::Seek;
                line.topic_partition = topic_partition.as_ref();
                line.offset = *offset;
            }
            OpF::FinalRead { topic_partition, start, end } => {
                line.f = Function::FinalRead;
                line.topic_partition = Some(topic_partition);
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
    use crate::history::{Order, PolledRecord, Promise};

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
            history.send_invoked(Timestamp(40), producer, orders.clone(), message);
            history.send_completed(Timestamp(40), producer, orders.clone(), message, outcome);
        }
        let records = vec![
            PolledRecord { offset: Offset(31), message: Some(MessageId::new(0, 0)) },
            PolledRecord { offset: Offset(32), message: None },
        ];
        history.polled(Timestamp(55), reader, orders.clone(), records.clone(), Reading::Ongoing);
        history.sought(Timestamp(56), reader, None, None);
        history.sought(Timestamp(56), reader, Some(orders.clone()), Some(Offset(3)));
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
        assert!(lines[10].ends_with(r#""type":"ok","f":"seek"}"#), "{}", lines[10]);
        assert!(lines[12].ends_with(r#""records":[[31,"0/0"],[32,null]],"last":true}"#), "{}", lines[12]);
    }
}
