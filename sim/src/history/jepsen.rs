//! Histories of Jepsen's Kafka workload (`jepsen.tests.kafka`, also in `jepsen.redpanda` and `jepsen.bufstream`): its
//! `history.edn`, one operation per line, as maps or as `#jepsen.history.Op{…}`.
//!
//! ```text
//! {:type :invoke, :f :send, :value [[:send 5 140]],       :process 3, :time 280153467070, :index 12}
//! {:type :ok,     :f :send, :value [[:send 5 [272 140]]], :process 3, :time 280169754615, :index 13}
//! {:type :ok,     :f :poll, :value [[:poll {5 [[272 140]]}]], :process 4, …}
//! ```
//!
//! | Jepsen | here |
//! |---|---|
//! | key `5` | topic partition `key-5`; any other key `:x` is `x-0` |
//! | value `140` of key `5` | message `5/140`; what is no small number is numbered from 2^31 on. Values are unique per key |
//! | `:invoke` with `[:send k v]` | a send is invoked; each micro-operation of a transaction is one by itself |
//! | `:ok` with `[:send k [offset v]]` | it is acknowledged; the offset may be missing. A transaction's sends end as it does |
//! | `:fail`, `:info` | the sends of its invocation end so; offsets of an `:info` are not believed |
//! | `[:poll {k [[offset v] …]}]` | a poll of each key, whatever the type: Kafka's consumers are given only safe data |
//! | `:assign` | a seek in what the process read and has no longer; with `:seek-to-beginning? true` in everything |
//! | `:subscribe` | from then on every poll of the process begins with a seek: partitions come and go |
//! | `:rebalance-log` that is not empty | a seek before every record of this operation |
//! | `:info` or `:fail` but of a send alone | a seek: the client was replaced or went back |
//!
//! Every process promises to keep the order of its acknowledged sends, because Jepsen's clients wait for each before the
//! next. There are no final reads as such: Jepsen polls until everything acknowledged was read, so its own rule for lost
//! writes applies. Ignored are operations of the nemesis, any other `:f`, and every other key; so are Elle's cycles.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::BufRead;

use broker_core::config::Acks;
use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};
use clojure_reader::edn::{self, Edn};
use clojure_reader::error::Code;

use super::message::MessageId;
use super::operation::{OpF, OpKind, Operation, PolledRecord, Reading};
use super::process::{Order, ProcessId, ProcessInfo, Promise};
use super::read::{Lines, ReadError, Source, Wrong, is_offset};

const SHAPE: &str =
    "one operation per line, as Jepsen's store writes history.edn; further lines of one are indented";
const WORKLOAD: &str =
    "only histories of jepsen.tests.kafka can be read; convert others to JSONL (cargo sim judge --help)";

/// From here on keys and values that are no small numbers are counted.
const COUNTED: u32 = 1 << 31;
/// How many lines one operation may take.
const LINES_MAX: usize = 1_000;

/// A key of Jepsen's: where it is here, and its number.
#[derive(Clone, Debug)]
struct Key {
    topic_partition: TopicPartition,
    number: u32,
}

/// One operation of Jepsen's, as far as it matters.
struct Op<'e> {
    process: ProcessId,
    kind: OpKind,
    time: Timestamp,
    form: &'e Edn<'e>,
    /// Micro-operations, or keys.
    value: &'e [Edn<'e>],
}

/// Reads a history operation by operation; one of Jepsen's may be several here.
pub struct JepsenReader<R> {
    lines: Lines<R>,
    /// The line on which the operation that was read last begins.
    line: usize,
    told: Told,
}

/// What was understood, and what is needed to understand the rest.
#[derive(Default)]
struct Told {
    pending: VecDeque<Operation>,
    index: u64,
    known: BTreeSet<ProcessId>,
    processes: Vec<ProcessInfo>,
    /// By how they are written.
    keys: BTreeMap<String, Key>,
    values: BTreeMap<String, u32>,
    under_way: BTreeMap<ProcessId, Vec<(TopicPartition, MessageId)>>,
    /// What each process has read.
    read: BTreeMap<ProcessId, BTreeSet<TopicPartition>>,
    subscribed: BTreeSet<ProcessId>,
    ignored: BTreeSet<String>,
    warnings: Vec<String>,
}

impl<R: BufRead> JepsenReader<R> {
    /// Has read nothing yet.
    pub fn new(input: R) -> JepsenReader<R> {
        JepsenReader { lines: Lines::new(input), line: 0, told: Told::default() }
    }

    /// Adds lines until they are one operation, and understands it.
    fn understand(&mut self) -> Result<(), ReadError> {
        self.line = self.lines.number;
        let wrong = |(reason, help): Wrong| ReadError::Line { line: self.line, reason, help };
        loop {
            match edn::read(&self.lines.text) {
                Ok((form, rest)) if rest.trim().is_empty() => {
                    return self.told.form(&form, self.line).map_err(wrong);
                }
                Ok(_) => return Err(wrong(("more than one operation".to_owned(), SHAPE))),
                Err(error) if error.code != Code::UnexpectedEOF => {
                    let column = error.column.unwrap_or(1);
                    return Err(wrong((format!("no EDN at column {column}: {:?}", error.code), SHAPE)));
                }
                Err(_) => {}
            }
            let begun = self.lines.text.len();
            let more = self.lines.number < self.line + LINES_MAX && self.lines.append()?;
            if !more || !self.lines.text[begun..].starts_with(char::is_whitespace) {
                return Err(wrong(("an operation that does not end".to_owned(), SHAPE)));
            }
        }
    }
}

impl<R: BufRead> Source for JepsenReader<R> {
    fn next_operation(&mut self) -> Result<Option<Operation>, ReadError> {
        while self.told.pending.is_empty() {
            if !self.lines.advance()? {
                return Ok(None);
            }
            self.understand()?;
        }
        Ok(self.told.pending.pop_front())
    }

    fn line(&self) -> usize {
        self.line
    }

    fn processes(&self) -> &[ProcessInfo] {
        &self.told.processes
    }

    fn warnings(&self) -> &[String] {
        &self.told.warnings
    }
}

impl Told {
    fn form(&mut self, form: &Edn<'_>, line: usize) -> Result<(), Wrong> {
        let form = if let Edn::Tagged(_, inner) = form { inner } else { form };
        let f = keyword(form, "f").ok_or_else(|| wrong("no operation: it has no `:f`"))?;
        let process = match form.get(&key("process")) {
            Some(Edn::Int(process)) => {
                u32::try_from(*process).map_err(|_| wrong("`:process` is no process"))?
            }
            Some(Edn::Key(_)) => return Ok(()),
            _ => return Err(wrong("no `:process`")),
        };
        let kind = match keyword(form, "type") {
            Some("invoke") => OpKind::Invoke,
            Some("ok") => OpKind::Ok,
            Some("fail") => OpKind::Fail,
            Some("info") => OpKind::Info,
            _ => return Err(wrong("`:type` is none of `:invoke`, `:ok`, `:fail` and `:info`")),
        };
        if let Some(Edn::Int(index)) = form.get(&key("index")) {
            let index = u64::try_from(*index).ok().filter(|index| self.index <= *index);
            self.index = index.ok_or_else(|| wrong("`:index` goes back: operations stand in their order"))?;
        }
        let time = match form.get(&key("time")) {
            Some(Edn::Int(nanoseconds)) => Timestamp(u64::try_from(*nanoseconds).unwrap_or(0) / 1_000),
            _ => Timestamp::ZERO,
        };
        let value = form.get(&key("value")).and_then(sequence).unwrap_or_default();
        let op = Op { process: ProcessId(process), kind, time, form, value };
        self.declare(op.process);
        match f {
            "send" | "poll" | "txn" => self.micro_operations(&op)?,
            "assign" => self.assigned(&op),
            "subscribe" => {
                self.subscribed.insert(op.process);
                self.seek(&op, None);
            }
            "crash" => {}
            other => {
                if self.ignored.insert(other.to_owned()) {
                    self.warnings.push(format!("line {line}: operations `:{other}` are ignored"));
                }
            }
        }
        if matches!(kind, OpKind::Fail | OpKind::Info) && f != "send" {
            self.seek(&op, None);
        }
        self.index += 1;
        Ok(())
    }

    fn declare(&mut self, process: ProcessId) {
        if self.known.insert(process) {
            let promise = Promise { acks: Acks::All, idempotent: false, order: Order::Kept };
            let name = format!("process-{process}");
            self.processes.push(ProcessInfo { process, name, promise: Some(promise) });
        }
    }

    fn micro_operations(&mut self, op: &Op<'_>) -> Result<(), Wrong> {
        let mut sent = Vec::new();
        let rebalanced =
            op.form.get(&key("rebalance-log")).and_then(sequence).is_some_and(|log| !log.is_empty());
        for micro in op.value {
            match sequence(micro).unwrap_or_default() {
                [Edn::Key(f), at, value] if f == "send" => {
                    let at = self.key(at);
                    let (offset, value) = match sequence(value) {
                        Some([offset, value]) => (self::offset(offset)?, value),
                        Some(_) => return Err(wrong("what is sent is neither a value nor `[offset value]`")),
                        None => (None, value),
                    };
                    let message = self.message(&at, value).ok_or_else(|| wrong("a send of nothing"))?;
                    sent.push((at.topic_partition, message, offset));
                }
                [Edn::Key(f)] if f == "poll" => {}
                [Edn::Key(f), Edn::Map(read)] if f == "poll" => {
                    if op.kind != OpKind::Invoke {
                        for (at, records) in read {
                            self.polled(op, at, records, rebalanced)?;
                        }
                    }
                }
                _ => return Err(wrong("a micro-operation that is neither `[:send …]` nor `[:poll …]`")),
            }
        }
        self.sent(op, sent);
        Ok(())
    }

    /// Sends begin, or those of the invocation end, whether the completion repeats them or not.
    fn sent(&mut self, op: &Op<'_>, mut sent: Vec<(TopicPartition, MessageId, Option<Offset>)>) {
        let under_way = self.under_way.entry(op.process).or_default();
        if op.kind == OpKind::Invoke {
            under_way.extend(sent.iter().map(|(at, message, _)| (at.clone(), *message)));
        } else {
            let mut unsaid = std::mem::take(under_way);
            unsaid.retain(|(_, message)| sent.iter().all(|(_, said, _)| said != message));
            sent.extend(unsaid.into_iter().map(|(at, message)| (at, message, None)));
        }
        for (topic_partition, message, offset) in sent {
            let offset = offset.filter(|_| op.kind == OpKind::Ok);
            self.push(op, op.kind, OpF::Send { topic_partition, message, offset, errors: Vec::new() });
        }
    }

    fn polled(
        &mut self,
        op: &Op<'_>,
        at: &Edn<'_>,
        records: &Edn<'_>,
        rebalanced: bool,
    ) -> Result<(), Wrong> {
        let at = self.key(at);
        let mut polled = Vec::new();
        for record in sequence(records).unwrap_or_default() {
            let Some([offset, value]) = sequence(record) else {
                return Err(wrong("what was polled is no `[offset value]`"));
            };
            let offset =
                self::offset(offset)?.ok_or_else(|| wrong("a record was polled without its offset"))?;
            polled.push(PolledRecord { offset, message: self.message(&at, value) });
        }
        let at = at.topic_partition;
        self.read.entry(op.process).or_default().insert(at.clone());
        let at_once = if rebalanced { 1 } else { polled.len().max(1) };
        for records in polled.chunks(at_once) {
            if rebalanced || self.subscribed.contains(&op.process) {
                self.seek(op, Some(at.clone()));
            }
            let (topic_partition, records, reading) = (at.clone(), records.to_vec(), Reading::Ongoing);
            self.push(op, OpKind::Ok, OpF::Poll { topic_partition, records, reading });
        }
        Ok(())
    }

    fn assigned(&mut self, op: &Op<'_>) {
        if matches!(op.kind, OpKind::Invoke | OpKind::Fail) {
            return;
        }
        self.subscribed.remove(&op.process);
        if op.form.get(&key("seek-to-beginning?")) == Some(&Edn::Bool(true)) {
            return self.seek(op, None);
        }
        let kept: BTreeSet<_> = op.value.iter().map(|at| self.key(at).topic_partition).collect();
        let read = self.read.entry(op.process).or_default();
        let gone: Vec<_> = read.difference(&kept).cloned().collect();
        read.retain(|at| kept.contains(at));
        gone.into_iter().for_each(|at| self.seek(op, Some(at)));
    }

    fn seek(&mut self, op: &Op<'_>, topic_partition: Option<TopicPartition>) {
        self.push(op, OpKind::Ok, OpF::Seek { topic_partition, offset: None });
    }

    fn push(&mut self, op: &Op<'_>, kind: OpKind, f: OpF) {
        self.pending.push_back(Operation { index: self.index, time: op.time, process: op.process, kind, f });
    }

    fn key(&mut self, at: &Edn<'_>) -> Key {
        let written = at.to_string();
        if let Some(known) = self.keys.get(&written) {
            return known.clone();
        }
        let key = match small(at) {
            Some(number) => Key { topic_partition: TopicPartition::new("key", number as i32), number },
            None => {
                let topic = written.trim_matches([':', '"']);
                Key { topic_partition: TopicPartition::new(topic, 0), number: counted(self.keys.len()) }
            }
        };
        self.keys.insert(written, key.clone());
        key
    }

    /// What a value of this key says; `None` for nil, which nobody sends.
    fn message(&mut self, at: &Key, value: &Edn<'_>) -> Option<MessageId> {
        if let Some(ordinal) = small(value) {
            return Some(MessageId::new(at.number, ordinal));
        }
        if *value == Edn::Nil {
            return None;
        }
        let next = counted(self.values.len());
        let ordinal = *self.values.entry(value.to_string()).or_insert(next);
        Some(MessageId::new(at.number, ordinal))
    }
}

fn wrong(reason: &str) -> Wrong {
    (reason.to_owned(), WORKLOAD)
}

fn key(name: &'static str) -> Edn<'static> {
    Edn::Key(name.into())
}

fn keyword<'e>(form: &'e Edn<'_>, name: &'static str) -> Option<&'e str> {
    match form.get(&key(name)) {
        Some(Edn::Key(word)) => Some(word),
        _ => None,
    }
}

fn sequence<'e, 's>(form: &'e Edn<'s>) -> Option<&'e [Edn<'s>]> {
    match form {
        Edn::Vector(forms) | Edn::List(forms) => Some(forms),
        _ => None,
    }
}

/// A number below [`COUNTED`].
fn small(form: &Edn<'_>) -> Option<u32> {
    match form {
        Edn::Int(number) => u32::try_from(*number).ok().filter(|number| *number < COUNTED),
        _ => None,
    }
}

/// The number of what came after so many others.
fn counted(others: usize) -> u32 {
    COUNTED + u32::try_from(others).expect("fewer than 2^31 keys and values that are no numbers")
}

fn offset(form: &Edn<'_>) -> Result<Option<Offset>, Wrong> {
    match form {
        Edn::Nil | Edn::Int(-1) => Ok(None),
        Edn::Int(offset) if is_offset(Offset(*offset)) => Ok(Some(Offset(*offset))),
        _ => Err(wrong("an offset that is no number from 0 on")),
    }
}

#[cfg(test)]
mod tests;
