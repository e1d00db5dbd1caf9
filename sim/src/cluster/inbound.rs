//! Connections that peers opened: one request at a time each, as Kafka's `SocketServer` mutes a channel.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll};

use broker_core::io::ConnectionId;
use bytes::Bytes;

use super::framing::{Framed, Read};
use super::platform::{LocalFuture, Platform};

struct Connection<S> {
    framed: Framed<S>,
    /// A request is in the works: nothing more is read before it was answered.
    muted: bool,
    /// There was nothing to read when the host looked, and nothing arrives while it runs.
    quiet: bool,
}

/// What came in.
pub(super) enum Arrival {
    Request(ConnectionId, Bytes),
    Closed(ConnectionId),
}

enum Accepting<P: Platform> {
    Off,
    Binding(LocalFuture<std::io::Result<P::Listener>>),
    On { listener: Rc<P::Listener>, next: LocalFuture<std::io::Result<P::Stream>>, quiet: bool },
}

/// All connections that peers opened.
pub(super) struct Inbound<P: Platform> {
    accepting: Accepting<P>,
    connections: BTreeMap<ConnectionId, Connection<P::Stream>>,
    next: u64,
}

impl<P: Platform> Inbound<P> {
    /// Listens on `port`, if the host serves anybody.
    pub fn new(platform: &P, port: Option<u16>) -> Inbound<P> {
        let accepting = match port {
            Some(port) => Accepting::Binding(platform.listen(port)),
            None => Accepting::Off,
        };
        Inbound { accepting, connections: BTreeMap::new(), next: 0 }
    }

    /// Takes new connections; panics if the port cannot be had, which is a mistake of the harness.
    pub fn poll_accept(&mut self, platform: &P, cx: &mut Context<'_>) {
        loop {
            match &mut self.accepting {
                Accepting::Off => return,
                Accepting::Binding(binding) => match binding.as_mut().poll(cx) {
                    Poll::Pending => return,
                    Poll::Ready(listener) => {
                        let listener = Rc::new(listener.expect("the port is free: one node per host"));
                        let next = platform.accept(listener.clone());
                        self.accepting = Accepting::On { listener, next, quiet: false };
                    }
                },
                Accepting::On { quiet: true, .. } => return,
                Accepting::On { listener, next, quiet } => match next.as_mut().poll(cx) {
                    Poll::Pending => *quiet = true,
                    Poll::Ready(stream) => {
                        *next = platform.accept(listener.clone());
                        if let Ok(stream) = stream {
                            let connection =
                                Connection { framed: Framed::new(stream), muted: false, quiet: false };
                            self.connections.insert(ConnectionId(self.next), connection);
                            self.next += 1;
                        }
                    }
                },
            }
        }
    }

    /// The host runs again: something may have arrived since.
    pub fn look_again(&mut self) {
        self.connections.values_mut().for_each(|connection| connection.quiet = false);
        if let Accepting::On { quiet, .. } = &mut self.accepting {
            *quiet = false;
        }
    }

    /// The next request or closed connection.
    pub fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        let mut closed = None;
        for (id, connection) in &mut self.connections {
            if connection.framed.poll_write(cx).is_err() {
                closed = Some(*id);
                break;
            }
            if connection.muted || connection.quiet {
                continue;
            }
            match connection.framed.poll_read(cx) {
                Poll::Pending => connection.quiet = true,
                Poll::Ready(Read::Frame(frame)) => {
                    connection.muted = true;
                    return Poll::Ready(Arrival::Request(*id, frame));
                }
                Poll::Ready(Read::Closed) => {
                    closed = Some(*id);
                    break;
                }
            }
        }
        match closed {
            Some(id) => {
                self.connections.remove(&id);
                Poll::Ready(Arrival::Closed(id))
            }
            None => Poll::Pending,
        }
    }

    /// Hands what is queued to the kernel; who is gone is found out later.
    pub fn write(&mut self, cx: &mut Context<'_>) {
        for connection in self.connections.values_mut() {
            let _ = connection.framed.poll_write(cx);
        }
    }

    /// Answers the request that is in the works; nothing to do if the peer has gone.
    pub fn respond(&mut self, id: ConnectionId, frame: Option<&Bytes>) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.muted = false;
            if let Some(frame) = frame {
                connection.framed.push(frame);
            }
        }
    }

    pub fn close(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
    }
}
