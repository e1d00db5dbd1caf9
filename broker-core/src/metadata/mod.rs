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
//! Reading order: [`record`], [`image`], [`check`].
//!
//! Left out: deletion of topics, configuration changes, reassignment, ACLs, quotas, features, delegation tokens.

mod check;
mod image;
mod record;

pub use image::{BrokerRegistration, MetadataImage, PartitionState, TopicImage};
pub use record::{MetadataRecord, decode_batch, encode_batch};
