//! The boundary: what goes in ([`Input`]), what comes out ([`Effect`]), and the files below ([`Storage`]).
//!
//! Every state machine of this crate - broker, controller, producer, consumer, admin - is a [`Node`] and has the same
//! three verbs. A driver that owns sockets, files and time looks like this:
//!
//! ```text
//!            accept, read frame ──► Input::Request ┐                  ┌► Effect::Respond ──► write frame
//!    connect, write, read frame ──► Input::Response│  handle(now, …)  ├► Effect::Request ──► connect, write frame
//!               deadline passed ──► Input::Tick    ├─────────────────►├► Effect::Flush   ──► fsync, then Input::Flushed
//!                fsync finished ──► Input::Flushed ┘                  └► Effect::Observe ──► trace
//! ```
//!
//! Architecture invariant: nothing here can ask for the time, draw a random number, open a socket or start a task.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::error::{AttemptError, RequestError, StorageError};
use crate::event::Event;
use crate::time::Timestamp;
use crate::types::{Endpoint, LeaderEpoch, Offset, TopicPartition};

/// A connection that a peer opened to this node. Unique for the life of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A request this node sent: Kafka's correlation id. Unique for the life of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub i32);

/// A flush this node asked for. Unique for the life of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlushId(pub u64);

/// A file opened through [`Storage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u64);

/// Something happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// Only time went by: a deadline was reached.
    Tick,
    /// A peer sent a request. The next one of that connection comes after this one was answered, as in Kafka, whose
    /// `SocketServer` mutes a channel while a request is in the works.
    Request {
        /// Where to answer.
        connection: ConnectionId,
        /// Request header and body, without the length prefix.
        frame: Bytes,
    },
    /// A peer closed a connection it had opened.
    ConnectionClosed {
        /// Which.
        connection: ConnectionId,
    },
    /// The end of an [`Effect::Request`], in whatever way.
    Response {
        /// Which request.
        request: RequestId,
        /// Response header and body without the length prefix, or why there is none.
        result: Result<Bytes, RequestError>,
    },
    /// The end of an [`Effect::Flush`].
    Flushed {
        /// Which flush.
        flush: FlushId,
        /// Whether all its steps are durable now. After an error nothing is known.
        result: Result<(), StorageError>,
    },
    /// The operator wants this node to stop in good order (SIGTERM).
    Shutdown,
    /// The application hands a record to a producer (`KafkaProducer.send`).
    Send(ProducerRecord),
}

/// Something the outside must do. Effects are carried out in the order in which they come.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Answer the request that came on `connection`.
    Respond {
        /// Where.
        connection: ConnectionId,
        /// Response header and body without the length prefix; `None` if the request wants no response (acks=0).
        frame: Option<Bytes>,
    },
    /// Close a connection whose peer does not speak the protocol.
    Close {
        /// Which.
        connection: ConnectionId,
    },
    /// Send a request, connecting first if need be. Its end comes as [`Input::Response`], always and once.
    Request {
        /// To whom.
        to: Endpoint,
        /// Which; the frame carries it as the correlation id.
        request: RequestId,
        /// Request header and body, without the length prefix.
        frame: Bytes,
        /// After this the driver closes the connection and reports [`RequestError::TimedOut`].
        timeout: Duration,
        /// Whether the peer will answer. If not (acks=0), the end comes once the frame is written, with empty bytes.
        response: ResponseExpected,
    },
    /// Carry out these steps in order, one flush at a time, then report [`Input::Flushed`].
    Flush {
        /// Which.
        flush: FlushId,
        /// What to make durable.
        steps: Vec<FlushStep>,
    },
    /// A send has come to its end.
    SendCompleted {
        /// The token of the [`ProducerRecord`].
        token: u64,
        /// How it ended.
        outcome: SendOutcome,
    },
    /// A consumer read records.
    Polled {
        /// From where.
        topic_partition: TopicPartition,
        /// In offset order.
        records: Vec<ConsumedRecord>,
    },
    /// A consumer reads on elsewhere than where it was: the log below its position changed (KIP-320), or its position was
    /// deleted. Kafka tells an application so only if it wants no automatic reset (`LogTruncationException`,
    /// `NoOffsetForPartitionException`); otherwise it says so in the client's log.
    Repositioned {
        /// In which topic partition.
        topic_partition: TopicPartition,
        /// The offset it reads next.
        offset: Offset,
    },
    /// A consumer that was told to stop at the end has read everything there was.
    CaughtUp {
        /// Of which topic partition.
        topic_partition: TopicPartition,
        /// Where the log started when reading began, or began anew because the start had moved past the position.
        start: Offset,
        /// The end: the high watermark when it asked.
        end: Offset,
    },
    /// The admin client did all it was asked to.
    AdminDone,
    /// For whoever watches: this happened. Has no effect on the cluster.
    Observe(Event),
    /// This node cannot go on, or has shut down in good order.
    Halt {
        /// Why.
        reason: HaltReason,
    },
}

/// Whether a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseExpected {
    /// The peer answers.
    Yes,
    /// The peer does not answer (produce with acks=0).
    No,
}

/// Why a node stopped by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HaltReason {
    /// It was told to and did so in good order.
    Shutdown,
    /// Its only log directory is offline.
    Storage(StorageError),
}

/// One step of a flush.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlushStep {
    /// fsync of a file's content and length.
    File(FileId),
    /// fsync of a directory: the names in it.
    Directory(String),
    /// Replace a small file as a whole: write a temporary one, fsync it, rename it, fsync its directory.
    /// The steps of Kafka's `CheckpointFile.write`. Until then the old content stays visible.
    Replace {
        /// The file.
        path: String,
        /// Its new content.
        content: Bytes,
    },
}

/// What an application hands to a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerRecord {
    /// Comes back in [`Effect::SendCompleted`].
    pub token: u64,
    /// Where to. The workload chooses the partition: no partitioner.
    pub topic_partition: TopicPartition,
    /// Record key.
    pub key: Bytes,
    /// Record value.
    pub value: Bytes,
}

/// How a send ended, as the checkers must see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// An attempt was answered without error: the promise was given.
    Ok {
        /// Offset of the record. `None` if the broker did not say (duplicate whose offset is forgotten).
        offset: Option<Offset>,
    },
    /// Certainly not written: never sent, or every attempt was refused before the append.
    Fail {
        /// The error of each attempt.
        errors: Vec<AttemptError>,
    },
    /// May have been written (once if idempotent), may not; or was sent with acks=0, where nobody ever says.
    Info {
        /// The error of each attempt.
        errors: Vec<AttemptError>,
    },
}

/// One record as a consumer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumedRecord {
    /// Its offset.
    pub offset: Offset,
    /// The leader epoch of its batch.
    pub leader_epoch: LeaderEpoch,
    /// Record key.
    pub key: Bytes,
    /// Record value.
    pub value: Bytes,
}

/// A state machine at the boundary.
pub trait Node {
    /// State changes, nothing else happens. `now` never goes back for one node unless its host's clock does.
    fn handle(&mut self, now: Timestamp, input: Input);

    /// What the outside must do next. Call until it returns `None`, after each [`Node::handle`].
    fn poll_effect(&mut self) -> Option<Effect>;

    /// When to call [`Node::handle`] with [`Input::Tick`] if nothing else comes first.
    fn next_deadline(&self) -> Option<Timestamp>;
}

/// The files of one node: relative paths with `/`, one directory level. Everything here is synchronous because it
/// touches only the page cache; what must become durable is an [`Effect::Flush`].
///
/// Errors: whatever the operating system says, as [`StorageError`] with the path. After an error on append the file's
/// length is as it was before or shorter than asked, never longer.
pub trait Storage {
    /// Opens a file for reading and appending, creating it (and its directory) if it is not there.
    fn open(&mut self, path: &str) -> Result<FileId, StorageError>;
    /// Length in bytes.
    fn len(&self, file: FileId) -> Result<u64, StorageError>;
    /// Reads up to `len` bytes from `position`; fewer at the end of the file.
    fn read(&self, file: FileId, position: u64, len: usize) -> Result<Bytes, StorageError>;
    /// Appends all of `bytes`.
    fn append(&mut self, file: FileId, bytes: &[u8]) -> Result<(), StorageError>;
    /// Cuts the file to `len` bytes, which must not be more than it has.
    fn truncate(&mut self, file: FileId, len: u64) -> Result<(), StorageError>;
    /// Removes a file; it is not an error if it is not there. Its [`FileId`]s become invalid.
    fn remove(&mut self, path: &str) -> Result<(), StorageError>;
    /// The content of a small file, `None` if it is not there.
    fn read_file(&self, path: &str) -> Result<Option<Bytes>, StorageError>;
    /// Names in a directory, sorted; empty if it is not there. `""` is the root.
    fn list(&self, directory: &str) -> Result<Vec<String>, StorageError>;
}

/// Files with two holders on one host: the node that reads and appends, and whoever carries out its flushes.
impl<S: Storage> Storage for Rc<RefCell<S>> {
    fn open(&mut self, path: &str) -> Result<FileId, StorageError> {
        RefCell::borrow_mut(self).open(path)
    }

    fn len(&self, file: FileId) -> Result<u64, StorageError> {
        RefCell::borrow(self).len(file)
    }

    fn read(&self, file: FileId, position: u64, len: usize) -> Result<Bytes, StorageError> {
        RefCell::borrow(self).read(file, position, len)
    }

    fn append(&mut self, file: FileId, bytes: &[u8]) -> Result<(), StorageError> {
        RefCell::borrow_mut(self).append(file, bytes)
    }

    fn truncate(&mut self, file: FileId, len: u64) -> Result<(), StorageError> {
        RefCell::borrow_mut(self).truncate(file, len)
    }

    fn remove(&mut self, path: &str) -> Result<(), StorageError> {
        RefCell::borrow_mut(self).remove(path)
    }

    fn read_file(&self, path: &str) -> Result<Option<Bytes>, StorageError> {
        RefCell::borrow(self).read_file(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StorageError> {
        RefCell::borrow(self).list(directory)
    }
}
