//! Messages between hosts, and what a story does to them.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::io::{ConnectionId, RequestId};
use broker_core::time::Timestamp;
use bytes::Bytes;
use kafka_protocol::messages::ApiKey;

/// Who waits for an answer.
#[derive(Clone, Debug)]
pub enum Asker {
    /// The story itself; answers are printed under this number.
    Hand(u64),
    /// A node, as the process that asked.
    Node { host: String, incarnation: u128, request: RequestId },
    /// A node that expects no answer and hears of nothing.
    Silent { host: String },
}

impl Asker {
    pub fn host(&self) -> &str {
        match self {
            Asker::Hand(_) => HAND,
            Asker::Node { host, .. } | Asker::Silent { host } => host,
        }
    }
}

/// The story's own name in the network.
pub const HAND: &str = "client";

/// A request that was not answered yet, wherever it is.
#[derive(Clone, Debug)]
pub struct Call {
    pub asker: Asker,
    pub to: String,
    /// The process that it was sent to; another one never sees it.
    pub incarnation: u128,
    pub api: ApiKey,
    pub deadline: Option<Timestamp>,
}

/// Which way a message goes.
#[derive(Clone, Debug)]
pub enum Content {
    Request(Bytes),
    Response(Bytes),
}

/// A message under way.
#[derive(Clone, Debug)]
pub struct Message {
    pub connection: ConnectionId,
    pub from: String,
    pub to: String,
    pub api: ApiKey,
    pub content: Content,
}

/// One direction of a link, for all messages or for those of one kind of request (and their answers).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    pub from: String,
    pub to: String,
    pub api: Option<String>,
}

impl Lane {
    fn carries(&self, message: &Message) -> bool {
        let name = || format!("{:?}", message.api).to_lowercase();
        let either = |pattern: &str, host: &str| pattern == "*" || pattern == host;
        either(&self.from, &message.from)
            && either(&self.to, &message.to)
            && self.api.as_ref().is_none_or(|api| *api == name())
    }
}

/// What is under way and what stands in its way.
#[derive(Debug, Default)]
pub struct Network {
    pub calls: BTreeMap<ConnectionId, Call>,
    pub holds: Vec<Lane>,
    pub held: Vec<Message>,
    cuts: BTreeSet<(String, String)>,
    connections: u64,
}

impl Network {
    pub fn connect(&mut self, call: Call) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        self.calls.insert(connection, call);
        connection
    }

    /// Takes a message in; gives it back if nothing stands in its way.
    pub fn admit(&mut self, message: Message) -> Option<Message> {
        if self.is_cut(&message.from, &message.to) {
            return None;
        }
        if self.holds.iter().any(|lane| lane.carries(&message)) {
            self.held.push(message);
            return None;
        }
        Some(message)
    }

    pub fn is_cut(&self, a: &str, b: &str) -> bool {
        let pair = |a: &str, b: &str| self.cuts.contains(&(a.to_owned(), b.to_owned()));
        pair(a, b) || pair(b, a) || pair(a, "*") || pair(b, "*")
    }

    pub fn cut(&mut self, a: &str, b: &str) {
        self.cuts.insert((a.to_owned(), b.to_owned()));
    }

    pub fn join(&mut self, a: &str, b: &str) -> bool {
        self.cuts.remove(&(a.to_owned(), b.to_owned()))
    }

    /// Takes what is held on a lane, at most `limit` messages, oldest first. Without a limit nothing is held there from
    /// now on.
    pub fn take_held(&mut self, lane: &Lane, limit: Option<usize>) -> Vec<Message> {
        if limit.is_none() {
            self.holds.retain(|hold| hold != lane);
        }
        let mut taken = Vec::new();
        let mut index = 0;
        while index < self.held.len() && limit.is_none_or(|limit| taken.len() < limit) {
            if lane.carries(&self.held[index]) {
                taken.push(self.held.remove(index));
            } else {
                index += 1;
            }
        }
        taken
    }
}
