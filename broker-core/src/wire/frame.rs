//! Requests and responses to frames and back.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, AlterPartitionRequest, ApiKey, ApiVersionsRequest, BrokerHeartbeatRequest,
    BrokerRegistrationRequest, CreateTopicsRequest, FetchRequest, InitProducerIdRequest, ListOffsetsRequest,
    MetadataRequest, OffsetForLeaderEpochRequest, ProduceRequest, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request as WireRequest, StrBytes};

use super::shapes;
use super::walk::{Shape, walk};
use crate::io::RequestId;

/// Room for most frames: one that grows is copied each time.
const FRAME_BYTES: usize = 512;

/// Why a frame could not be understood.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The request's key is not in [`VERSIONS`].
    #[error("unknown api key {0}")]
    UnknownApi(i16),
    /// The request's version is outside what [`VERSIONS`] says.
    #[error("{api:?} version {version} is not between {min} and {max}")]
    UnsupportedVersion {
        /// Which request.
        api: ApiKey,
        /// Version asked for.
        version: i16,
        /// Oldest spoken.
        min: i16,
        /// Newest spoken.
        max: i16,
    },
    /// The bytes are not such a message.
    #[error("malformed {what}: {detail}")]
    Malformed {
        /// What they should have been.
        what: &'static str,
        /// What is wrong, in the decoder's words.
        detail: String,
    },
}

impl WireError {
    fn malformed(what: &'static str, detail: impl Into<String>) -> WireError {
        WireError::Malformed { what, detail: detail.into() }
    }
}

macro_rules! requests {
    ($($(#[$doc:meta])* $variant:ident($body:ty) = $min:literal..=$max:literal,)*) => {
        /// A request, decoded.
        #[derive(Clone, Debug)]
        pub enum Request {
            $($(#[$doc])* $variant($body),)*
        }

        /// Which requests are spoken, and their oldest and newest version.
        pub const VERSIONS: &[(ApiKey, i16, i16)] = &[$((ApiKey::$variant, $min, $max),)*];

        /// What Kafka calls them.
        pub const API_NAMES: &[(&str, ApiKey)] = &[$((stringify!($variant), ApiKey::$variant),)*];

        fn decode_body(api: ApiKey, body: &mut Bytes, version: i16) -> Result<Request, WireError> {
            match api {
                $(ApiKey::$variant => <$body>::decode(body, version)
                    .map(Request::$variant)
                    .map_err(|error| WireError::malformed(stringify!($variant), error.to_string())),)*
                other => Err(WireError::UnknownApi(other as i16)),
            }
        }
    };
}

requests! {
    /// Which requests and versions are spoken.
    ApiVersions(ApiVersionsRequest) = 3..=3,
    /// Append batches.
    Produce(ProduceRequest) = 9..=11,
    /// Read batches, as a consumer or a follower.
    Fetch(FetchRequest) = 15..=17,
    /// Where a log begins or ends.
    ListOffsets(ListOffsetsRequest) = 7..=8,
    /// Topics, leaders, endpoints.
    Metadata(MetadataRequest) = 12..=12,
    /// Where a leader epoch ended (KIP-101, KIP-320).
    OffsetForLeaderEpoch(OffsetForLeaderEpochRequest) = 4..=4,
    /// A producer asks for its id (KIP-98).
    InitProducerId(InitProducerIdRequest) = 4..=4,
    /// A broker asks the controller to let it in (KIP-631).
    BrokerRegistration(BrokerRegistrationRequest) = 4..=4,
    /// A broker tells the controller that it lives.
    BrokerHeartbeat(BrokerHeartbeatRequest) = 1..=1,
    /// A leader asks the controller for another ISR (KIP-497).
    AlterPartition(AlterPartitionRequest) = 3..=3,
    /// A broker asks the controller for a block of producer ids (KIP-730).
    AllocateProducerIds(AllocateProducerIdsRequest) = 0..=0,
    /// An admin asks for topics.
    CreateTopics(CreateTopicsRequest) = 7..=7,
}

/// What a response needs to know of the request it answers.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// Which request.
    pub api: ApiKey,
    /// In which version it was asked and will be answered.
    pub version: i16,
    /// Comes back in the response.
    pub correlation_id: i32,
}

fn supported(api: ApiKey) -> Option<(i16, i16)> {
    VERSIONS.iter().find(|(key, ..)| *key == api).map(|(_, min, max)| (*min, *max))
}

fn newest(api: ApiKey) -> i16 {
    supported(api).unwrap_or_else(|| panic!("{api:?} is not in the table of versions")).1
}

/// Encodes a request in its newest version.
///
/// # Panics
/// If the message cannot be written in that version, which is a mistake in this crate.
pub fn encode_request<R: WireRequest>(request: RequestId, client_id: &str, body: &R) -> Bytes {
    let api = ApiKey::try_from(R::KEY).expect("kafka-protocol knows its own keys");
    let version = newest(api);
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(request.0)
        .with_client_id(Some(StrBytes::from_string(client_id.to_owned())));
    let mut frame = BytesMut::with_capacity(FRAME_BYTES);
    header.encode(&mut frame, api.request_header_version(version)).expect("a request header can be written");
    body.encode(&mut frame, version).unwrap_or_else(|error| panic!("{api:?} v{version}: {error}"));
    frame.freeze()
}

/// Decodes a request.
///
/// # Errors
/// [`WireError`]; the connection should be closed, except for an ApiVersions request of another version, which
/// [`crate::broker`] answers with what it speaks.
pub fn decode_request(mut frame: Bytes) -> Result<(RequestContext, Request), WireError> {
    let context = peek_context(&frame)?;
    let (min, max) = supported(context.api).ok_or(WireError::UnknownApi(context.api as i16))?;
    let RequestContext { api, version, .. } = context;
    if !(min..=max).contains(&version) {
        return Err(WireError::UnsupportedVersion { api, version, min, max });
    }
    RequestHeader::decode(&mut frame, api.request_header_version(version))
        .map_err(|error| WireError::malformed("request header", error.to_string()))?;
    let shape = shapes::request(api).ok_or(WireError::UnknownApi(api as i16))?;
    check("request", api, shape, &frame)?;
    let request = decode_body(api, &mut frame, version)?;
    if frame.has_remaining() {
        return Err(WireError::malformed("request", format!("{} bytes too many", frame.remaining())));
    }
    Ok((context, request))
}

/// Sees to it that the decoder, which believes every count, is given none that is made up.
fn check(what: &'static str, api: ApiKey, shape: &Shape, body: &[u8]) -> Result<(), WireError> {
    walk(shape, body).map(drop).map_err(|error| WireError::malformed(what, format!("{api:?}: {error}")))
}

/// Key, version and correlation id of a request, which stand first in every version of the header.
///
/// # Errors
/// [`WireError::Malformed`] if the frame is shorter than that, [`WireError::UnknownApi`].
pub fn peek_context(frame: &Bytes) -> Result<RequestContext, WireError> {
    let mut start = &frame[..];
    if start.len() < 8 {
        return Err(WireError::malformed("request header", format!("{} bytes", start.len())));
    }
    let (key, version) = (start.get_i16(), start.get_i16());
    let api = ApiKey::try_from(key).map_err(|()| WireError::UnknownApi(key))?;
    Ok(RequestContext { api, version, correlation_id: start.get_i32() })
}

/// Encodes the response to the request with this context.
///
/// # Panics
/// If the message cannot be written in that version, which is a mistake in this crate.
pub fn encode_response<B: Encodable>(context: RequestContext, body: &B) -> Bytes {
    let RequestContext { api, version, correlation_id } = context;
    let mut frame = BytesMut::with_capacity(FRAME_BYTES);
    ResponseHeader::default()
        .with_correlation_id(correlation_id)
        .encode(&mut frame, api.response_header_version(version))
        .expect("a response header can be written");
    body.encode(&mut frame, version).unwrap_or_else(|error| panic!("{api:?} v{version} response: {error}"));
    frame.freeze()
}

/// Decodes the response to a request of type `R` that [`encode_request`] wrote.
///
/// # Errors
/// [`WireError::Malformed`].
pub fn decode_response<R: WireRequest>(mut frame: Bytes) -> Result<R::Response, WireError> {
    let api = ApiKey::try_from(R::KEY).expect("kafka-protocol knows its own keys");
    let version = newest(api);
    ResponseHeader::decode(&mut frame, api.response_header_version(version))
        .map_err(|error| WireError::malformed("response header", error.to_string()))?;
    let shape = shapes::response(api).ok_or(WireError::UnknownApi(R::KEY))?;
    check("response", api, shape, &frame)?;
    let body = R::Response::decode(&mut frame, version)
        .map_err(|error| WireError::malformed("response", error.to_string()))?;
    if frame.has_remaining() {
        return Err(WireError::malformed("response", format!("{} bytes too many", frame.remaining())));
    }
    Ok(body)
}

/// The correlation id of a response, which stands first in every version of the header.
///
/// # Errors
/// [`WireError::Malformed`] if the frame has less than four bytes.
pub fn response_correlation_id(frame: &Bytes) -> Result<RequestId, WireError> {
    match frame.first_chunk::<4>() {
        Some(bytes) => Ok(RequestId(i32::from_be_bytes(*bytes))),
        None => Err(WireError::malformed("response header", format!("{} bytes", frame.len()))),
    }
}
