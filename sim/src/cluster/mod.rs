//! A cluster inside turmoil: hosts, their processes, disks and links.
//!
//! ```text
//!   run ──► Cluster ──► turmoil::Sim ──► one future per host: Guarded(Driver(Node, Application))
//!              │                                                      │
//!              ├── DiskHandle per server: outlives its processes ◄────┤ Platform: TurmoilPlatform
//!              ├── Links: why which direction is disturbed     ◄──────┘ (time, sockets, fsync)
//!              └── View: what judges and the nemesis may see of nodes between two ticks
//! ```
//!
//! * Hosts share nothing but the network. What the harness shares with them - slots, links, the trace - is the
//!   harness's own: no node can reach it.
//! * A process is one future without tasks: dropped, it is dead as a whole; not polled, it stands still.
//! * A host that loses power is cut off first, so that its peers see silence and not a FIN.
//!
//! Reading order: [`control`], [`build`], [`host`], [`driver`] with [`inbound`], [`outbound`] and [`framing`],
//! [`platform`], [`turmoil_platform`], [`links`], [`view`], [`panics`], [`disk`].
//!
//! Left out: paused hosts, skewed clocks, real sockets behind [`Platform`], idle timeouts of connections.

mod build;
mod control;
pub mod disk;
mod driver;
mod framing;
mod host;
mod inbound;
pub mod links;
mod outbound;
mod panics;
mod platform;
mod turmoil_platform;
mod view;

pub use build::Blueprint;
pub use control::{Cluster, HostName, HostState};
pub use driver::{Application, Driver, SharedSlot, Slot, Unattended};
pub use panics::HostPanic;
pub use platform::{LocalFuture, Platform};
pub use turmoil_platform::{ProcessDisk, TurmoilPlatform};
pub use view::{LogCopy, View};
