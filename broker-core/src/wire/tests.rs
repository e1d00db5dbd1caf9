//! That the table of shapes agrees with the crate, and that no bytes do harm.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    AllocateProducerIdsRequest, AlterPartitionRequest, ApiKey, ApiVersionsRequest, ApiVersionsResponse,
    BrokerHeartbeatRequest, BrokerRegistrationRequest, CreateTopicsRequest, FetchRequest, HeartbeatRequest,
    InitProducerIdRequest, ListOffsetsRequest, MetadataRequest, OffsetForLeaderEpochRequest, ProduceRequest,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request as WireRequest};
use proptest::prelude::*;

use super::shapes;
use super::walk::{Field, Shape, walk};
use super::*;
use crate::io::RequestId;

/// What the crate makes of the body of a request or response.
#[derive(Clone, Copy)]
struct Message {
    api: ApiKey,
    shape: &'static Shape,
    /// Decodes and encodes again; also how many bytes decoding left over.
    again: fn(Bytes, i16) -> Result<(Bytes, usize), String>,
    /// Decodes a whole frame.
    decode: fn(Bytes) -> Result<(), WireError>,
    is_request: bool,
}

fn again<M: Decodable + Encodable>(mut body: Bytes, version: i16) -> Result<(Bytes, usize), String> {
    let message = M::decode(&mut body, version).map_err(|error| error.to_string())?;
    let mut out = BytesMut::new();
    message.encode(&mut out, version).map_err(|error| error.to_string())?;
    Ok((out.freeze(), body.len()))
}

fn pair<R: WireRequest + Decodable + Encodable>() -> [Message; 2] {
    let api = ApiKey::try_from(R::KEY).unwrap();
    let request = Message {
        api,
        shape: shapes::request(api).unwrap(),
        again: again::<R>,
        decode: |frame| decode_request(frame).map(drop),
        is_request: true,
    };
    let response = Message {
        api,
        shape: shapes::response(api).unwrap(),
        again: again::<R::Response>,
        decode: |frame| decode_response::<R>(frame).map(drop),
        is_request: false,
    };
    [request, response]
}

/// Every request and response, in the order of [`VERSIONS`].
fn messages() -> Vec<Message> {
    let pairs = [
        pair::<ApiVersionsRequest>(),
        pair::<ProduceRequest>(),
        pair::<FetchRequest>(),
        pair::<ListOffsetsRequest>(),
        pair::<MetadataRequest>(),
        pair::<OffsetForLeaderEpochRequest>(),
        pair::<InitProducerIdRequest>(),
        pair::<BrokerRegistrationRequest>(),
        pair::<BrokerHeartbeatRequest>(),
        pair::<AlterPartitionRequest>(),
        pair::<AllocateProducerIdsRequest>(),
        pair::<CreateTopicsRequest>(),
    ];
    let known: Vec<ApiKey> = pairs.iter().map(|pair| pair[0].api).collect();
    let spoken: Vec<ApiKey> = VERSIONS.iter().map(|(api, ..)| *api).collect();
    assert_eq!(known, spoken, "every message that is spoken is tested");
    pairs.into_iter().flatten().collect()
}

fn versions(api: ApiKey) -> std::ops::RangeInclusive<i16> {
    let (_, min, max) = VERSIONS.iter().find(|(key, ..)| *key == api).unwrap();
    *min..=*max
}

/// Writes messages of a shape: arrays of up to three elements, what may be null sometimes null, tagged fields that are
/// known, and some that nobody knows.
struct Writer {
    state: u64,
    version: i16,
    out: BytesMut,
}

impl Writer {
    fn body(shape: &Shape, version: i16, seed: u64) -> Bytes {
        let mut writer = Writer { state: seed | 1, version, out: BytesMut::new() };
        writer.shape(shape);
        writer.out.freeze()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) % limit
    }

    fn varint(&mut self, mut value: u32) {
        while 0x80 <= value {
            self.out.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.put_u8(value as u8);
    }

    fn text(&mut self) {
        // Longer ones have lengths of two bytes.
        let length = if self.below(4) == 0 { self.below(300) } else { self.below(9) } as u32;
        self.varint(length + 1);
        self.out.put_bytes(b'x', length as usize);
    }

    fn shape(&mut self, shape: &Shape) {
        for field in shape.fields {
            self.field(field);
        }
        let unknown = self.below(2) == 0;
        let mut tags = Vec::new();
        for tag in 0..12u32 {
            match shape.tagged.iter().find(|tagged| tagged.tag == tag) {
                Some(tagged) if tagged.since <= self.version && self.below(3) < 2 => {
                    let before = std::mem::take(&mut self.out);
                    // Null is what a nullable tagged field is when it is missing.
                    self.present(&tagged.field);
                    tags.push((tag, std::mem::replace(&mut self.out, before)));
                }
                // If the crate knew one of these, it could not make anything of it.
                None if unknown && self.below(2) == 0 => tags.push((tag, BytesMut::from(&[0xff; 3][..]))),
                _ => {}
            }
        }
        self.varint(tags.len() as u32);
        for (tag, value) in tags {
            self.varint(tag);
            self.varint(value.len() as u32);
            self.out.put_slice(&value);
        }
    }

    fn field(&mut self, field: &Field) {
        let nullable = matches!(field, Field::TextOrNull | Field::BytesOrNull | Field::ArrayOrNull(_));
        if nullable && self.below(3) == 0 {
            self.varint(0);
        } else {
            self.present(field);
        }
    }

    fn present(&mut self, field: &Field) {
        match field {
            // It may be a boolean, which is written as 1.
            Field::Fixed(1) => self.out.put_u8(1),
            Field::Fixed(size) => {
                for _ in 0..*size {
                    let byte = 1 + self.below(0x7f) as u8;
                    self.out.put_u8(byte);
                }
            }
            Field::Text | Field::TextOrNull | Field::BytesOrNull => self.text(),
            Field::Array(element) | Field::ArrayOrNull(element) => {
                let count = 1 + self.below(3);
                self.varint(count as u32 + 1);
                for _ in 0..count {
                    self.field(element);
                }
            }
            Field::Struct(shape) => self.shape(shape),
        }
    }
}

/// The frame that carries this body.
fn frame(message: Message, version: i16, body: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    if message.is_request {
        frame.put_i16(message.api as i16);
        frame.put_i16(version);
    }
    frame.put_i32(7);
    if message.is_request {
        frame.put_i16(1);
        frame.put_u8(b'c');
    }
    // Only ApiVersions has a response header without tagged fields.
    if message.is_request || message.api != ApiKey::ApiVersions {
        frame.put_u8(0);
    }
    frame.put_slice(body);
    frame.freeze()
}

/// What the walk admits the decoder can read to the end. It may still refuse what is no text or comes before its
/// version.
fn assert_agree(message: Message, version: i16, body: &Bytes) {
    let Ok(elements) = walk(message.shape, body) else { return };
    assert!(elements <= body.len());
    match (message.again)(body.clone(), version) {
        Ok((_, left)) => assert_eq!(left, 0, "{:?} v{version}: {body:?}", message.api),
        Err(error) => {
            let benign = error.contains("utf-8") || error.contains("is not valid for version");
            assert!(benign, "{:?} v{version}: {error}: {body:?}", message.api);
        }
    }
}

#[test]
fn what_the_table_describes_is_what_the_crate_reads_and_writes() {
    for message in messages() {
        for version in versions(message.api) {
            for seed in 0..300u64 {
                let body = Writer::body(message.shape, version, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let name = format!("{:?} v{version} request={}", message.api, message.is_request);
                assert!(walk(message.shape, &body).is_ok(), "{name}: {body:?}");
                let (written, left) =
                    (message.again)(body.clone(), version).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!((written, left), (body.clone(), 0), "{name}");
                if version == *versions(message.api).end() {
                    (message.decode)(frame(message, version, &body)).unwrap();
                }
            }
        }
    }
}

#[test]
fn counts_and_lengths_that_nothing_covers_are_refused_before_anything_is_allocated() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for message in messages() {
        let version = *versions(message.api).end();
        let body = Writer::body(message.shape, version, 12345);
        for at in 0..body.len() {
            for cut in [at, at + 1] {
                let hostile = [&body[..at], &huge, &body[cut..]].concat().into();
                assert_agree(message, version, &hostile);
                // With what nobody can allocate in it, this would abort the test if it came to the decoder.
                let _ = (message.decode)(frame(message, version, &hostile));
            }
            let short = body.slice(..at);
            assert!(walk(message.shape, &short).is_err(), "{:?} cut at {at}", message.api);
            assert!((message.decode)(frame(message, version, &short)).is_err());
        }
    }
}

#[test]
fn a_tagged_field_must_have_the_size_it_says_and_a_number_no_more_than_32_bits() {
    let heartbeat = |end: &[u8]| {
        let shape = shapes::request(ApiKey::BrokerHeartbeat).unwrap();
        walk(shape, &[&[0; 22][..], end].concat()).map_err(|error| error.to_string())
    };
    assert_eq!(heartbeat(&[0]), Ok(0));
    assert_eq!(heartbeat(&[1, 0, 1, 1]), Ok(1), "an empty array of directories");
    assert_eq!(heartbeat(&[1, 0, 2, 1, 9]), Err("tagged field 0 is 2 bytes long and has 1".into()));
    assert_eq!(heartbeat(&[1, 0, 1, 0]), Err("a field is null that may not be".into()));
    assert_eq!(heartbeat(&[1, 0, 1, 2, 0]), Err("a field wants 16 bytes and 0 are left".into()));
    assert_eq!(heartbeat(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Err("a number has more than 32 bits".into()));
    assert_eq!(heartbeat(&[0, 0]), Err("1 bytes too many".into()));
}

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
    assert_eq!(error.to_string(), "malformed request: Metadata: 1 bytes too many");
    frame[3] = 99;
    let error = decode_request(frame.freeze()).unwrap_err();
    assert_eq!(error.to_string(), "Metadata version 99 is not between 12 and 12");
}

/// One change to a valid body: where, how, with what.
fn mutate(body: &[u8], (at, kind, value): (prop::sample::Index, u8, u8)) -> Vec<u8> {
    let mut bytes = body.to_vec();
    let at = at.index(bytes.len() + 1);
    match kind {
        0 if at < bytes.len() => bytes[at] ^= 1 << (value % 8),
        1 => bytes.truncate(at),
        2 => bytes.insert(at, value),
        3 => drop(bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, value & 0x0f])),
        4 if at < bytes.len() => drop(bytes.remove(at)),
        _ if at < bytes.len() => bytes[at] = value,
        _ => {}
    }
    bytes
}

proptest! {
    #[test]
    fn random_frames_are_an_error_and_never_a_panic(
        key in 0i16..80, version in 0i16..20, rest in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let frame = [&key.to_be_bytes()[..], &version.to_be_bytes()[..], &rest[..]].concat();
        // A few random frames are legal requests; all that matters is that the others are errors.
        if let Err(error) = decode_request(frame.into()) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn random_bodies_are_admitted_only_if_the_decoder_can_read_them(
        which in any::<prop::sample::Index>(), body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let messages = messages();
        let message = messages[which.index(messages.len())];
        let version = *versions(message.api).end();
        assert_agree(message, version, &body.clone().into());
        let _ = (message.decode)(frame(message, version, &body));
    }

    #[test]
    fn a_valid_message_with_a_few_changes_is_read_whole_or_refused(
        seed in any::<u64>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0u8..6, any::<u8>()), 1..4),
    ) {
        for message in messages() {
            let version = *versions(message.api).end();
            let mut body = Writer::body(message.shape, version, seed).to_vec();
            for change in &changes {
                body = mutate(&body, *change);
            }
            assert_agree(message, version, &body.clone().into());
            if let Err(error) = (message.decode)(frame(message, version, &body)) {
                prop_assert!(error.to_string().starts_with("malformed "), "{error}");
            }
        }
    }
}
