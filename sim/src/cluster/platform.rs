//! The one small trait between a driver and the world it runs in.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use broker_core::error::StorageError;
use broker_core::io::FlushStep;
use broker_core::time::Timestamp;
use broker_core::types::Endpoint;
use tokio::io::{AsyncRead, AsyncWrite};

/// A future of one host: hosts share no threads.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// What a driver needs of its surroundings: time, sockets, fsync. The simulated one is [`super::TurmoilPlatform`]; one
/// over real sockets and files would serve the same loop.
pub trait Platform {
    /// A connection in either direction.
    type Stream: AsyncRead + AsyncWrite + Unpin;
    /// Accepts connections.
    type Listener;
    /// A flush under way.
    type Flush;

    /// True time since the start, which nobody can set: for traces, histories and devices.
    fn elapsed(&self) -> Timestamp;

    /// What the host's own clock shows then: the only time a node gets to see.
    fn clock(&self, elapsed: Timestamp) -> Timestamp;

    /// The true time at which the host's own clock will show `at`, as far as one can tell at `elapsed`.
    fn when(&self, at: Timestamp, elapsed: Timestamp) -> Timestamp;

    /// Wakes the host's task at `at`, in true time; replaces what was armed before. `None`: not at all.
    fn arm(&mut self, at: Option<Timestamp>);

    /// Ready once the armed time has come.
    fn poll_armed(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Listens on a port.
    fn listen(&self, port: u16) -> LocalFuture<io::Result<Self::Listener>>;

    /// The next connection.
    fn accept(&self, listener: Rc<Self::Listener>) -> LocalFuture<io::Result<Self::Stream>>;

    /// Connects to a node.
    fn connect(&self, to: &Endpoint) -> LocalFuture<io::Result<Self::Stream>>;

    /// Begins to make these steps durable. When the time has come, [`Platform::finish_flush`] has to be called.
    fn start_flush(&self, steps: &[FlushStep]) -> (Self::Flush, LocalFuture<()>);

    /// What the process has to wait for because of what its node did with its files since the last call; `None` if for
    /// nothing.
    fn busy(&self) -> Option<LocalFuture<()>>;

    /// Ends a flush: its steps are durable now, or cannot be made so.
    fn finish_flush(&self, flush: Self::Flush) -> Result<(), StorageError>;
}
