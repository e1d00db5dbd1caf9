//! One end of a connection: turmoil's stream, behind which late messages queue.

use std::cell::RefCell;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use broker_core::time::Timestamp;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;

use super::connections::{EndId, Side};
use super::disturbance::Direction;
use super::kept::{Kept, Piece, When};
use super::table::Links;

const READ_CHUNK: usize = 16 << 10;

/// A connection as its host sees it.
pub struct LinkedStream {
    id: EndId,
    outgoing: Direction,
    links: Rc<Links>,
    end: Rc<RefCell<End>>,
}

/// What reads and [`Links`] share of one end.
///
/// * Without disturbance, and with nothing kept, reads go straight to `stream`.
/// * What was taken from `stream` stands in `kept` until it is read: nothing is overtaken.
pub(super) struct End {
    stream: TcpStream,
    pub incoming: Direction,
    pub kept: Kept,
    pub held: bool,
    pub delayed: bool,
    /// A byte is missing: whatever follows it is never read.
    deaf: bool,
    /// Somebody on the way reset it.
    broken: bool,
    /// `stream` has come to its end.
    ended: bool,
    /// The last piece filled its chunk: the next may belong to the same message.
    unfinished: bool,
    waker: Option<Waker>,
}

impl LinkedStream {
    /// A connection that `host` opened to `peer`.
    ///
    /// # Errors
    /// If turmoil's stream has no addresses.
    pub fn opened(
        links: Rc<Links>,
        stream: TcpStream,
        host: Rc<str>,
        peer: Rc<str>,
    ) -> io::Result<LinkedStream> {
        let id = EndId { client: stream.local_addr()?, server: stream.peer_addr()?, side: Side::Client };
        Ok(LinkedStream::new(links, stream, id, host, peer))
    }

    /// A connection that `host` accepted from `peer`.
    ///
    /// # Errors
    /// If turmoil's stream has no addresses.
    pub fn accepted(
        links: Rc<Links>,
        stream: TcpStream,
        host: Rc<str>,
        peer: Rc<str>,
    ) -> io::Result<LinkedStream> {
        let id = EndId { client: stream.peer_addr()?, server: stream.local_addr()?, side: Side::Server };
        Ok(LinkedStream::new(links, stream, id, host, peer))
    }

    fn new(links: Rc<Links>, stream: TcpStream, id: EndId, host: Rc<str>, peer: Rc<str>) -> LinkedStream {
        let incoming = (peer.clone(), host.clone());
        let end = Rc::new(RefCell::new(End {
            stream,
            incoming,
            kept: Kept::default(),
            held: false,
            delayed: false,
            deaf: false,
            broken: false,
            ended: false,
            unfinished: false,
            waker: None,
        }));
        links.register(id, &end);
        LinkedStream { id, outgoing: (host, peer), links, end }
    }
}

impl Drop for LinkedStream {
    fn drop(&mut self) {
        self.links.deregister(&self.id);
        if !self.end.borrow().broken {
            // turmoil sends the end of the connection.
            self.links.sent(&self.outgoing);
        }
    }
}

impl End {
    fn is_direct(&self) -> bool {
        !(self.deaf || self.broken || self.keeps_back())
    }

    fn keeps_back(&self) -> bool {
        self.held || self.delayed || !self.kept.is_empty()
    }

    /// Takes what has come over the network; `when` says, for each message, when it can be read.
    pub fn absorb(&mut self, mut when: impl FnMut(&Direction) -> When) {
        let waker = self.waker.as_ref().unwrap_or(Waker::noop()).clone();
        let mut cx = Context::from_waker(&waker);
        let mut same = When::Arrived;
        while !self.ended && !self.broken {
            let mut chunk = [MaybeUninit::uninit(); READ_CHUNK];
            let mut buffer = ReadBuf::uninit(&mut chunk);
            let piece = match Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => Piece::End,
                Poll::Ready(Ok(())) => Piece::Bytes(Bytes::copy_from_slice(buffer.filled())),
                Poll::Ready(Err(_)) => Piece::Reset,
            };
            self.ended = !matches!(piece, Piece::Bytes(_));
            if self.deaf && piece != Piece::Reset {
                continue;
            }
            if !self.unfinished || self.ended {
                same = when(&self.incoming);
            }
            self.unfinished = buffer.remaining() == 0;
            self.kept.push(piece, same);
        }
    }

    /// What has not arrived never will, and nothing behind it.
    pub fn lose(&mut self) {
        if 0 < self.kept.on_their_way() {
            self.kept.drop_on_their_way();
            self.deaf = true;
        }
    }

    /// Resets it, and forgets what was not read. `false` if it was reset before.
    pub fn reset(&mut self) -> bool {
        self.kept.clear();
        self.wake();
        !std::mem::replace(&mut self.broken, true)
    }

    /// Hands out what is due; whether there was anything.
    pub fn arrive(&mut self, now: Timestamp) -> bool {
        !self.held && self.kept.arrive(now)
    }

    /// Makes its host look.
    pub fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

impl AsyncRead for LinkedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = &mut *self.end.borrow_mut();
        if !end.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            end.waker = Some(cx.waker().clone());
        }
        if end.is_direct() {
            return Pin::new(&mut end.stream).poll_read(cx, buffer);
        }
        if end.broken {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        end.absorb(|direction| self.links.arrival(direction));
        end.arrive(self.links.now());
        end.kept.poll_read(buffer)
    }
}

impl AsyncWrite for LinkedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let end = &mut *self.end.borrow_mut();
        if !end.broken && self.links.loses(&self.outgoing) {
            end.reset();
        }
        if end.broken {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        match Pin::new(&mut end.stream).poll_write(cx, bytes) {
            Poll::Ready(Ok(written)) => {
                self.links.sent(&self.outgoing);
                Poll::Ready(Ok(written))
            }
            // The reset that turmoil knows of is still on its way.
            Poll::Ready(Err(_)) if end.keeps_back() => Poll::Ready(Ok(bytes.len())),
            other => other,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end.borrow_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end.borrow_mut().stream).poll_shutdown(cx)
    }
}
