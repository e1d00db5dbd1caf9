//! A host inside turmoil: simulated time, simulated TCP, the simulated disk.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use broker_core::error::StorageError;
use broker_core::io::FlushStep;
use broker_core::time::Timestamp;
use broker_core::types::Endpoint;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use turmoil::net::{TcpListener, TcpStream};

use super::clock::HostClock;
use super::disk::{FlushTicket, HostDisk, TurmoilPlatter};
use super::links::Links;
use super::platform::{LocalFuture, Platform};

/// How long it takes to learn that nobody listens: a round trip.
const REFUSAL_LATENCY: Duration = Duration::from_millis(2);

/// True time on the simulation's clock.
///
/// # Panics
/// Outside of a host's task.
pub fn simulated_now() -> Timestamp {
    Timestamp::from_duration(turmoil::sim_elapsed().expect("called from a simulated host"))
}

/// The disk of the process that runs now, shared by its node (which reads and appends) and its driver (which flushes).
pub type ProcessDisk = Rc<RefCell<HostDisk<TurmoilPlatter>>>;

/// The platform of one process.
pub struct TurmoilPlatform {
    host: Rc<str>,
    clock: Rc<HostClock>,
    links: Rc<Links>,
    disk: Option<ProcessDisk>,
    armed: Option<Timestamp>,
    timer: Pin<Box<Sleep>>,
}

impl TurmoilPlatform {
    /// For a process on `host`; clients have no disk. To be called from the host's own task.
    pub fn new(
        host: Rc<str>,
        clock: Rc<HostClock>,
        links: Rc<Links>,
        disk: Option<ProcessDisk>,
    ) -> TurmoilPlatform {
        let timer = Box::pin(tokio::time::sleep_until(Instant::now()));
        TurmoilPlatform { host, clock, links, disk, armed: None, timer }
    }

    fn disk(&self) -> &ProcessDisk {
        self.disk.as_ref().expect("only nodes with a disk flush")
    }
}

impl Platform for TurmoilPlatform {
    type Stream = CountedStream;
    type Listener = TcpListener;
    type Flush = FlushTicket;

    fn elapsed(&self) -> Timestamp {
        simulated_now()
    }

    fn clock(&self, elapsed: Timestamp) -> Timestamp {
        self.clock.read(elapsed)
    }

    fn when(&self, at: Timestamp) -> Timestamp {
        self.clock.when(at, self.elapsed())
    }

    fn arm(&mut self, at: Option<Timestamp>) {
        if self.armed == at {
            return;
        }
        self.armed = at;
        if let Some(at) = at {
            let left = at.since(self.elapsed());
            self.timer.as_mut().reset(Instant::now() + left);
        }
    }

    fn poll_armed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.armed.is_none() {
            return Poll::Pending;
        }
        let ready = self.timer.as_mut().poll(cx);
        if ready.is_ready() {
            self.armed = None;
        }
        ready
    }

    fn listen(&self, port: u16) -> LocalFuture<io::Result<TcpListener>> {
        Box::pin(TcpListener::bind(("0.0.0.0", port)))
    }

    fn accept(&self, listener: Rc<TcpListener>) -> LocalFuture<io::Result<CountedStream>> {
        let (host, links) = (self.host.clone(), self.links.clone());
        Box::pin(async move {
            let (stream, peer) = listener.accept().await?;
            let peer = turmoil::reverse_lookup(peer.ip()).unwrap_or_else(|| peer.to_string());
            Ok(CountedStream { stream, host, peer: Rc::from(peer), links })
        })
    }

    fn connect(&self, to: &Endpoint) -> LocalFuture<io::Result<CountedStream>> {
        let (host, links) = (self.host.clone(), self.links.clone());
        let (peer, port): (Rc<str>, u16) = (Rc::from(&*to.host), to.port);
        Box::pin(async move {
            links.meet(&host, &peer);
            if links.refuses(&host, &peer) {
                tokio::time::sleep(REFUSAL_LATENCY).await;
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let stream = TcpStream::connect((&*peer, port)).await?;
            Ok(CountedStream { stream, host, peer, links })
        })
    }

    fn start_flush(&self, steps: &[FlushStep]) -> (FlushTicket, LocalFuture<()>) {
        let now = self.elapsed();
        let (ticket, done) = self.disk().borrow_mut().start_flush(now, steps);
        (ticket, Box::pin(tokio::time::sleep(done.since(now))))
    }

    fn finish_flush(&self, flush: FlushTicket) -> Result<(), StorageError> {
        self.disk().borrow_mut().finish_flush(flush)
    }
}

/// A connection that tells [`Links`] when something is sent.
pub struct CountedStream {
    stream: TcpStream,
    host: Rc<str>,
    peer: Rc<str>,
    links: Rc<Links>,
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(_)) = written {
            self.links.meet(&self.host, &self.peer);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
