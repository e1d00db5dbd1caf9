//! A host inside turmoil: simulated time, simulated TCP, the simulated disk.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use broker_core::error::StorageError;
use broker_core::io::FlushStep;
use broker_core::time::Timestamp;
use broker_core::types::Endpoint;
use tokio::time::{Instant, Sleep};
use turmoil::net::TcpListener;

use super::clock::HostClock;
use super::disk::{FlushTicket, HostDisk, TurmoilPlatter};
use super::links::{LinkedStream, Links};
use super::platform::{LocalFuture, Platform};

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

/// What the process has to wait for because of what it did with its files; `None` if for nothing.
pub fn busy(disk: &ProcessDisk) -> Option<LocalFuture<()>> {
    disk.borrow().busy_until()?;
    let disk = disk.clone();
    Some(Box::pin(async move {
        device(&disk, |disk| disk.busy_until().unwrap_or(Some(Timestamp::ZERO))).await;
        disk.borrow().is_ready();
    }))
}

/// Waits until the device is done; `due` tells when that is, and `None` while it is stalled.
async fn device(disk: &ProcessDisk, due: impl Fn(&HostDisk<TurmoilPlatter>) -> Option<Timestamp>) {
    loop {
        let (at, stirred) = (due(&disk.borrow()), disk.borrow().stirred());
        match at {
            Some(at) if at <= simulated_now() => return,
            Some(at) => tokio::time::sleep(at.since(simulated_now())).await,
            None => stirred.notified().await,
        }
    }
}

impl Platform for TurmoilPlatform {
    type Stream = LinkedStream;
    type Listener = TcpListener;
    type Flush = FlushTicket;

    fn elapsed(&self) -> Timestamp {
        simulated_now()
    }

    fn clock(&self, elapsed: Timestamp) -> Timestamp {
        self.clock.read(elapsed)
    }

    fn when(&self, at: Timestamp, elapsed: Timestamp) -> Timestamp {
        self.clock.when(at, elapsed)
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

    fn accept(&self, listener: Rc<TcpListener>) -> LocalFuture<io::Result<LinkedStream>> {
        let (host, links) = (self.host.clone(), self.links.clone());
        Box::pin(async move {
            let (stream, peer) = listener.accept().await?;
            let peer = turmoil::reverse_lookup(peer.ip()).unwrap_or_else(|| peer.to_string());
            LinkedStream::accepted(links, stream, host, Rc::from(peer))
        })
    }

    fn connect(&self, to: &Endpoint) -> LocalFuture<io::Result<LinkedStream>> {
        let peer = Rc::from(&*to.host);
        Box::pin(self.links.clone().connect(self.host.clone(), peer, to.port))
    }

    fn start_flush(&self, steps: &[FlushStep]) -> (FlushTicket, LocalFuture<()>) {
        let now = self.elapsed();
        let disk = self.disk().clone();
        let (ticket, done) = disk.borrow_mut().start_flush(now, steps);
        let operation = ticket.operation();
        let first = tokio::time::sleep(done.since(now));
        let done = async move {
            first.await;
            device(&disk, |disk| disk.due(operation)).await;
        };
        (ticket, Box::pin(done))
    }

    fn busy(&self) -> Option<LocalFuture<()>> {
        let disk = self.disk.as_ref()?;
        busy(disk)
    }

    fn finish_flush(&self, flush: FlushTicket) -> Result<(), StorageError> {
        self.disk().borrow_mut().finish_flush(flush)
    }
}
