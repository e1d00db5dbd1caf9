//! Kafka's requests and responses as frames, through the `kafka-protocol` crate, with version gating.
//!
//! A frame here is what follows the four-byte length prefix: header, then body. [`VERSIONS`] says which requests this
//! build speaks and in which versions; it always sends the newest of them and answers in the version it was asked in.
//! Both roles use the same table: a broker answers what clients and brokers ask, a controller what brokers ask it.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, AlterPartitionRequest, ApiKey, ApiVersionsRequest, BrokerHeartbeatRequest,
    BrokerRegistrationRequest, CreateTopicsRequest, FetchRequest, InitProducerIdRequest, ListOffsetsRequest,
    MetadataRequest, OffsetForLeaderEpochRequest, ProduceRequest, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request as WireRequest, StrBytes};

use crate::io::RequestId;

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
    let mut frame = BytesMut::new();
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
    let request = decode_body(api, &mut frame, version)?;
    if frame.has_remaining() {
        return Err(WireError::malformed("request", format!("{} bytes too many", frame.remaining())));
    }
    Ok((context, request))
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
    let mut frame = BytesMut::new();
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

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::{ApiVersionsResponse, HeartbeatRequest};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_and_responses_survive_the_round_trip() {
        let body = ListOffsetsRequest::default().with_isolation_level(1);
        let frame = encode_request(RequestId(17), "client-3", &body);
        let (context, request) = decode_request(frame).unwrap();
        assert_eq!((context.api, context.correlation_id), (ApiKey::ListOffsets, 17));
        assert!(matches!(request, Request::ListOffsets(decoded) if decoded == body));

        let context = RequestContext { api: ApiKey::ApiVersions, version: 3, correlation_id: 9 };
        let response = ApiVersionsResponse::default().with_throttle_time_ms(5);
        let frame = encode_response(context, &response);
        assert_eq!(response_correlation_id(&frame).unwrap(), RequestId(9));
        assert_eq!(decode_response::<ApiVersionsRequest>(frame).unwrap(), response);
    }

    #[test]
    fn other_keys_versions_and_trailing_bytes_are_refused() {
        let mut unknown = BytesMut::new();
        HeartbeatRequest::default().encode(&mut unknown, 0).unwrap();
        let mut frame = BytesMut::from(&[0, ApiKey::Heartbeat as u8, 0, 0, 0, 0, 0, 1][..]);
        frame.extend_from_slice(&unknown);
        assert!(matches!(decode_request(frame.freeze()), Err(WireError::UnknownApi(12))));

        let mut frame = BytesMut::from(&encode_request(RequestId(1), "c", &MetadataRequest::default())[..]);
        frame.extend_from_slice(b"!");
        let error = decode_request(frame.clone().freeze()).unwrap_err();
        assert_eq!(error.to_string(), "malformed request: 1 bytes too many");
        frame[3] = 99;
        let error = decode_request(frame.freeze()).unwrap_err();
        assert_eq!(error.to_string(), "Metadata version 99 is not between 12 and 12");
    }

    proptest! {
        #[test]
        fn random_frames_are_an_error_and_never_a_panic(
            // Bytes below 0x80: kafka-protocol reserves memory for whatever length an array claims to have, and a few
            // bytes can claim more than any machine has.
            key in 0i16..80, version in 0i16..20, rest in prop::collection::vec(0u8..0x80, 0..100),
        ) {
            let mut frame = BytesMut::new();
            frame.extend_from_slice(&key.to_be_bytes());
            frame.extend_from_slice(&version.to_be_bytes());
            frame.extend_from_slice(&rest);
            // A few random frames are legal requests; all that matters is that the others are errors.
            if let Err(error) = decode_request(frame.freeze()) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
