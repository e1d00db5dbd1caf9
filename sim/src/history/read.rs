//! Reading histories one operation at a time, whoever wrote them: everything that is wrong is said with its line.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read as _};

use broker_core::time::Timestamp;
use broker_core::types::{Offset, TopicPartition};
use serde::Deserialize;
use serde::de::Error as _;
use serde_ignored::Path;

use super::attempt;
use super::jsonl::{Function, VERSION};
use super::message::MessageId;
use super::operation::{OpF, OpKind, Operation, PolledRecord, Reading};
use super::process::{ProcessId, ProcessInfo};
use super::recorder::History;

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
        /// What to do.
        help: &'static str,
    },
}

/// Something that tells a history operation by operation.
pub trait Source {
    /// The next operation; `None` at the end.
    ///
    /// # Errors
    /// What is wrong with the line. There is no going on after that.
    fn next_operation(&mut self) -> Result<Option<Operation>, ReadError>;

    /// The line, from 1, of the last operation.
    fn line(&self) -> usize;

    /// What is known so far about processes; complete at the end.
    fn processes(&self) -> &[ProcessInfo];

    /// What was ignored so far, each kind once, with the line of the first.
    fn warnings(&self) -> &[String];
}

pub(super) const KEYS: &str = "cargo sim judge --help shows the format, and an example";
const HEADER: &str = r#"the first line has to be {"history":1}, with the table of processes if there is one"#;
const CUT_OFF: &str =
    "the file ends within this line: copy it once more, or take the line away if the rest is to be judged";
const ORDER: &str =
    "operations stand in the order in which they happened: sort the lines, or leave the key out";

const TOO_LONG: &str = "a poll of very many records can be several polls";

/// Bytes of one line, and of one operation that takes several: enough for a million records, and little enough that what
/// is no history, such as a device or a core dump, is refused before it fills the memory.
const LENGTH_MAX: usize = 16 << 20;

/// What is wrong with a line, and what to do.
pub(super) type Wrong = (String, &'static str);

#[derive(Deserialize)]
struct Header {
    history: u32,
    #[serde(default)]
    processes: Vec<ProcessInfo>,
}

/// A line as it is read: whatever may be missing is optional.
#[derive(Deserialize)]
struct Line<'a> {
    index: Option<u64>,
    time_us: Option<Timestamp>,
    process: ProcessId,
    #[serde(rename = "type")]
    kind: OpKind,
    f: Function,
    #[serde(borrow)]
    topic_partition: Option<Cow<'a, str>>,
    message: Option<MessageId>,
    offset: Option<Offset>,
    #[serde(borrow)]
    errors: Option<Vec<Cow<'a, str>>>,
    records: Option<Vec<(Offset, Option<MessageId>)>>,
    #[serde(default)]
    last: bool,
    start: Option<Offset>,
    end: Option<Offset>,
}

/// Every key that a line, the header or its table has.
const KNOWN: [&str; 20] = [
    "index",
    "time_us",
    "process",
    "type",
    "f",
    "topic_partition",
    "message",
    "offset",
    "errors",
    "records",
    "last",
    "start",
    "end",
    "history",
    "processes",
    "name",
    "promise",
    "acks",
    "idempotent",
    "order",
];

/// Lines of a file, counted, in one buffer.
pub(super) struct Lines<R> {
    input: R,
    pub(super) number: usize,
    pub(super) text: String,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Lines<R> {
        Lines { input, number: 0, text: String::new() }
    }

    /// Adds the next line to `text`; `false` at the end of the file.
    pub(super) fn append(&mut self) -> Result<bool, ReadError> {
        self.number += 1;
        let left = (LENGTH_MAX - self.text.len()) as u64;
        let read = self.input.by_ref().take(left + 1).read_line(&mut self.text);
        let bytes = read.map_err(|source| ReadError::Io { line: self.number, source })?;
        if LENGTH_MAX < self.text.len() {
            return Err(self.wrong((format!("longer than {LENGTH_MAX} bytes"), TOO_LONG)));
        }
        Ok(0 < bytes)
    }

    /// Reads the next line that is not empty.
    pub(super) fn advance(&mut self) -> Result<bool, ReadError> {
        loop {
            self.text.clear();
            if !self.append()? {
                return Ok(false);
            }
            if !self.text.trim().is_empty() {
                return Ok(true);
            }
        }
    }

    pub(super) fn wrong(&self, (reason, help): Wrong) -> ReadError {
        ReadError::Line { line: self.number, reason, help }
    }
}

/// Reads what [`History::write_jsonl`] wrote, or what somebody else wrote in that format.
pub struct JsonlReader<R> {
    lines: Lines<R>,
    processes: Vec<ProcessInfo>,
    /// Topic partitions by their names, so that each is there once.
    names: BTreeMap<String, TopicPartition>,
    index: Option<u64>,
    times: BTreeMap<ProcessId, Timestamp>,
    ignored: BTreeSet<String>,
    warnings: Vec<String>,
}

impl<R: BufRead> JsonlReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// If there is none.
    pub fn new(input: R) -> Result<JsonlReader<R>, ReadError> {
        let mut reader = JsonlReader {
            lines: Lines::new(input),
            processes: Vec::new(),
            names: BTreeMap::new(),
            index: None,
            times: BTreeMap::new(),
            ignored: BTreeSet::new(),
            warnings: Vec::new(),
        };
        if !reader.lines.advance()? {
            let empty = ("no header: the file is empty".to_owned(), HEADER);
            return Err(ReadError::Line { line: 1, reason: empty.0, help: empty.1 });
        }
        reader.processes = reader.header().map_err(|wrong| reader.lines.wrong(wrong))?;
        Ok(reader)
    }

    fn header(&mut self) -> Result<Vec<ProcessInfo>, Wrong> {
        let mut ignored = Vec::new();
        let text = &self.lines.text;
        let Header { history, processes } =
            parse(text, &mut ignored).map_err(|error| (format!("no header: {}", said(&error)), HEADER))?;
        if history != VERSION {
            return Err((format!("version {history} of the format; this build reads {VERSION}"), HEADER));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = processes.iter().find(|info| !seen.insert(info.process)) {
            return Err((format!("process {} is declared twice", twice.process), HEADER));
        }
        self.warn(ignored)?;
        Ok(processes)
    }

    fn operation(&mut self) -> Result<Operation, Wrong> {
        let mut ignored = Vec::new();
        let text = &self.lines.text;
        let line: Line<'_> = parse(text, &mut ignored).map_err(|error| {
            let cut_off = error.is_eof() && !text.ends_with('\n');
            (said(&error), if cut_off { CUT_OFF } else { KEYS })
        })?;
        let topic_partition = match &line.topic_partition {
            None => None,
            Some(name) => Some(named(&mut self.names, name)?),
        };
        let index = match (line.index, self.index) {
            (None, last) => last.map_or(0, |last| last + 1),
            (Some(index), Some(last)) if index <= last => {
                return Err((format!("index {index} after {last}"), ORDER));
            }
            (Some(index), _) => index,
        };
        let (process, kind) = (line.process, line.kind);
        let before = self.times.entry(process).or_default();
        let time = line.time_us.unwrap_or(*before);
        if time < *before {
            return Err((format!("time_us {} of process {process} after {}", time.0, before.0), ORDER));
        }
        *before = time;
        self.index = Some(index);
        let f = line.into_f(topic_partition).map_err(|reason| (reason, KEYS))?;
        self.warn(ignored)?;
        Ok(Operation { index, time, process, kind, f })
    }

    /// Keys that nobody knows are ignored, but not one that is almost one that matters.
    fn warn(&mut self, ignored: Vec<String>) -> Result<(), Wrong> {
        for key in ignored {
            if self.ignored.contains(&key) {
                continue;
            }
            let near = KNOWN.into_iter().map(|known| (strsim::damerau_levenshtein(&key, known), known)).min();
            let near = near.filter(|(distance, known)| distance * 3 <= known.len().max(key.len()));
            // What belongs elsewhere is at distance 0, and no slip of the pen.
            if let Some((_, known)) = near.filter(|(distance, _)| 0 < *distance) {
                return Err((format!("unknown key `{key}`: did you mean `{known}`?"), KEYS));
            }
            self.warnings.push(format!("line {}: unknown key `{key}` is ignored", self.lines.number));
            self.ignored.insert(key);
        }
        Ok(())
    }
}

impl<R: BufRead> Source for JsonlReader<R> {
    fn next_operation(&mut self) -> Result<Option<Operation>, ReadError> {
        if !self.lines.advance()? {
            return Ok(None);
        }
        self.operation().map(Some).map_err(|wrong| self.lines.wrong(wrong))
    }

    fn line(&self) -> usize {
        self.lines.number
    }

    fn processes(&self) -> &[ProcessInfo] {
        &self.processes
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Parses one object, and says which keys nobody asked for.
fn parse<'a, T: Deserialize<'a>>(text: &'a str, ignored: &mut Vec<String>) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_ignored::deserialize(&mut deserializer, |path| {
        if let Path::Map { key, .. } = path {
            ignored.push(key);
        }
    })?;
    deserializer
        .end()
        .map_err(|_| serde_json::Error::custom("one line holds one object, and there is more"))?;
    Ok(value)
}

/// The error without the line of a text that is one line; its column stays.
fn said(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column").replace(" at line 2 column 0", " at the end")
}

fn named(names: &mut BTreeMap<String, TopicPartition>, name: &str) -> Result<TopicPartition, Wrong> {
    if let Some(known) = names.get(name) {
        return Ok(known.clone());
    }
    let parsed = TopicPartition::parse(name)
        .ok_or_else(|| (format!("`{name}` is not a topic partition such as `orders-0`"), KEYS))?;
    names.insert(name.to_owned(), parsed.clone());
    Ok(parsed)
}

/// Whether a log can have a record there, and one after it.
pub(super) fn is_offset(offset: Offset) -> bool {
    Offset::ZERO <= offset && offset < Offset(i64::MAX)
}

impl Line<'_> {
    fn into_f(self, topic_partition: Option<TopicPartition>) -> Result<OpF, String> {
        let Line { kind, f, message, offset, errors, records, last, start, end, .. } = self;
        if f != Function::Send && kind != OpKind::Ok {
            return Err("only a send can be anything but `ok`".to_owned());
        }
        // Kafka's producers say -1 where they do not know, as with `acks=0`.
        let offset = offset.filter(|offset| (f, kind, *offset) != (Function::Send, OpKind::Ok, Offset(-1)));
        let (sends, polls, ends) = (f == Function::Send, f == Function::Poll, f == Function::FinalRead);
        let misplaced = [
            ("message", message.is_some() && !sends),
            ("offset", offset.is_some() && !sends && f != Function::Seek),
            ("errors", errors.is_some() && !sends),
            ("records", records.is_some() && !polls),
            ("last", last && !polls),
            ("start", start.is_some() && !ends),
            ("end", end.is_some() && !ends),
        ];
        if let Some((key, _)) = misplaced.into_iter().find(|(_, wrong)| *wrong) {
            return Err(format!("the key `{key}` belongs to another `f`"));
        }
        let polled = records.iter().flatten().map(|(offset, _)| *offset);
        let mut offsets = [offset, start, end].into_iter().flatten().chain(polled);
        if let Some(offset) = offsets.find(|offset| !is_offset(*offset)) {
            return Err(format!("{offset} is no offset"));
        }
        if f == Function::Seek {
            return Ok(OpF::Seek { topic_partition, offset });
        }
        let topic_partition = topic_partition.ok_or("no `topic_partition`")?;
        match f {
            Function::Send => {
                if offset.is_some() && kind != OpKind::Ok {
                    return Err("an `offset` on a send that is not `ok`".to_owned());
                }
                let parsed = errors
                    .iter()
                    .flatten()
                    .map(|text| attempt::from_text(text).ok_or_else(|| format!("unknown error `{text}`")));
                let errors = parsed.collect::<Result<Vec<_>, _>>()?;
                let message = message.ok_or("a send without `message`")?;
                Ok(OpF::Send { topic_partition, message, offset, errors })
            }
            Function::Poll => {
                let records = records.ok_or("a poll without `records`")?;
                let records = records.into_iter();
                let records = records.map(|(offset, message)| PolledRecord { offset, message }).collect();
                let reading = if last { Reading::Final } else { Reading::Ongoing };
                Ok(OpF::Poll { topic_partition, records, reading })
            }
            Function::Seek | Function::FinalRead => {
                let end = end.ok_or("a final read without `end`")?;
                Ok(OpF::FinalRead { topic_partition, start: start.unwrap_or(Offset::ZERO), end })
            }
        }
    }
}

impl History {
    /// Reads a whole history. Processes that its table does not have are called by their numbers and promise nothing.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn read_jsonl(input: impl BufRead) -> Result<History, ReadError> {
        let mut source = JsonlReader::new(input)?;
        let mut history = History::new();
        source.processes().iter().for_each(|info| history.declare(info.clone()));
        while let Some(Operation { time, process, kind, f, .. }) = source.next_operation()? {
            if history.process(process).is_none() {
                history.declare(ProcessInfo { process, name: format!("process-{process}"), promise: None });
            }
            history.push(time, process, kind, f);
        }
        Ok(history)
    }
}

#[cfg(test)]
mod tests;
