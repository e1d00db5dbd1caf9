//! Kafka's requests and responses as frames, through the `kafka-protocol` crate, with version gating.
//!
//! A frame here is what follows the four-byte length prefix: header, then body. [`VERSIONS`] says which requests this
//! build speaks and in which versions; it always sends the newest of them and answers in the version it was asked in.
//! Both roles use the same table: a broker answers what clients and brokers ask, a controller what brokers ask it.
//!
//! ```text
//! frame ─► header ─► walk: is every count and length covered by bytes? ─► kafka-protocol's decoder ─► Request
//!                      │ shapes: what a body looks like                                               Response
//!                      └─► WireError::Malformed, nothing allocated
//! ```
//!
//! The crate's decoder reserves memory for as many elements as an array claims to have before it looks at the first, and
//! five bytes can claim four thousand million; a process that cannot allocate is aborted. So every body is walked over
//! first, by a table of shapes of its own: what the walk admits has as many elements as it says. That the table and the
//! crate agree is a test: bodies made from the table must come back from the crate byte for byte.
//!
//! Reading order: [`frame`], [`walk`], [`shapes`].
//!
//! Left out: what values mean. An offset of minus seven is a well-formed offset; whoever is asked for it says no.

mod frame;
mod shapes;
#[cfg(test)]
mod tests;
mod walk;

pub use frame::{
    API_NAMES, Request, RequestContext, VERSIONS, WireError, decode_request, decode_response, encode_request,
    encode_response, peek_context, response_correlation_id,
};
