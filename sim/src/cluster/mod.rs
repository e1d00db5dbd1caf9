//! A cluster inside turmoil: hosts, their processes, disks and links.
//!
//! ```text
//!   run ──► Cluster ──► turmoil::Sim ──► one future per host: Guarded(Driver(Node, Application))
//!              │                                                      │
//!              ├── DiskHandle per server: outlives its processes ◄────┤ Platform: TurmoilPlatform
//!              ├── Links: why which direction is disturbed     ◄──────┘ (time, sockets, fsync)
//!              ├── View: what phases and the nemesis may see of nodes between two ticks
//!              └── Witness: tells judges of state what changed, input by input
//! ```
//!
//! * Hosts share nothing but the network. What the harness shares with them - slots, links, the trace - is the
//!   harness's own: no node can reach it.
//! * A process is one future without tasks: dropped, it is dead as a whole; not polled, it stands still. That is all there
//!   is to a pause: peers see a host that acknowledges segments and answers nothing. Its kernel is turmoil's, which does
//!   not complete a connection before the process accepts it: who connects meanwhile waits where a real client would be
//!   connected and wait for its first answer. In both cases the request's timeout ends it.
//! * A node sees one clock, its machine's, and that clock may jump or drift: [`clock`]. Kafka has two.
//!   By one that nobody can set (`Time.nanoseconds`, `hiResClockMs`) go sessions (`BrokerHeartbeatManager`,
//!   `BrokerHeartbeatTracker`), heartbeats (`BrokerLifecycleManager`, `KafkaEventQueue`), purgatories (`SystemTimer`) and
//!   the scheduler (`KafkaScheduler`: its executor's). By the wall clock (`Time.milliseconds`) go replica lag (`Partition`,
//!   `ReplicaState`), `log.flush.interval.ms` (`LogManager`), expiry of producer ids, timestamps of records, fetchers'
//!   pauses (`DelayedItem`), and in whatever sends requests all pauses and timeouts (`NetworkClient`,
//!   `ClusterConnectionStates`, `Metadata`, `ProducerBatch`).
//!   Here whatever is planned goes by [`Steady`](broker_core::steady::Steady): a jump ahead is time that went by, so it ends
//!   sessions early; a step back delays nothing, where Kafka's clients and fetchers wait until the time has come again. By
//!   the clock itself go replica lag, expiry of producer ids and timestamps. Traces, histories, workloads and devices live
//!   in true time.
//! * A host that loses power is cut off first, so that its peers see silence and not a FIN.
//!
//! Reading order: [`control`], [`build`], [`host`], [`driver`] with [`inbound`], [`outbound`] and [`framing`],
//! [`stillness`] and [`clock`] with [`host_faults`], [`tripwire`], [`platform`], [`turmoil_platform`], [`links`], [`view`], [`witness`], [`panics`], [`disk`].
//!
//! Left out: real sockets behind [`Platform`], idle timeouts of connections.

mod build;
mod clock;
mod control;
pub mod disk;
mod driver;
mod framing;
mod host;
mod host_faults;
mod inbound;
pub mod links;
mod outbound;
mod panics;
mod platform;
mod slot;
mod stillness;
mod tripwire;
mod turmoil_platform;
mod view;
mod witness;

pub use build::Blueprint;
pub use clock::{CLOCK_ORIGIN, ClockFault, HostClock, Skewed};
pub use control::{Cluster, HostName, HostState};
pub use driver::{Application, Driver, Unattended};
pub use panics::HostPanic;
pub use platform::{LocalFuture, Platform};
pub use slot::{SharedSlot, Slot};
pub use stillness::Paused;
pub use tripwire::{Moment, Signal, Sprung, Tripwires, Weigh, Wire, WireId};
pub use turmoil_platform::{ProcessDisk, TurmoilPlatform};
pub use view::{LogCopy, View};
