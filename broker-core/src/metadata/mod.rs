//! Cluster metadata: the records the controller writes and the image everybody builds from them (KIP-500, KIP-631).
//!
//! ```text
//! controller: decide ─► MetadataRecord ─► metadata log ─► flush ─► Fetch ─► broker: MetadataImage::apply
//!                            └──► its own MetadataImage::apply
//! ```
//!
//! An image is a pure function of the log up to its end offset, so controller and brokers that have read equally far
//! know the same. What is not in the log - who sent a heartbeat when - is the controller's own soft state.
//!
//! * **ISR**: the replicas that have everything acknowledged with acks=all, and without which nothing more is.
//! * **ELR**, eligible leader replicas (KIP-966): they left an ISR that has been below min.insync.replicas ever since.
//!   Nothing was acknowledged meanwhile, so they lack nothing and may lead when the ISR is empty - unless they stopped
//!   without shutting down in good order.
//! * **Last known leader**: whoever led when the ISR became empty. If ISR and ELR are both empty it may lead, at a risk.
//! * **Snapshot** (KIP-630): the records that make an image, in one file, so that nobody has to replay the whole log.
//!
//! Reading order: [`partition`], [`record`], [`image`], [`check`], [`snapshot`].
//!
//! Left out: deletion of topics, configuration changes, reassignment, ACLs, quotas, features, delegation tokens.

mod check;
mod image;
mod partition;
mod record;
mod snapshot;

pub use check::contradiction;
pub use image::{BrokerRegistration, MetadataImage, TopicImage};
pub use partition::PartitionState;
pub use record::{MetadataRecord, decode_batch, encode_batch};
pub use snapshot::{SnapshotId, decode_snapshot, encode_snapshot};
