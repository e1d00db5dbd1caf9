//! Correlation ids, and what every request in flight was about.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::{Request, StrBytes};

use crate::error::{AttemptError, RequestError};
use crate::io::{Effect, RequestId, ResponseExpected};
use crate::types::Endpoint;
use crate::wire;

/// The requests in flight of one client; `T` says what each was about.
///
/// * Ids are unique for the life of the client.
/// * Every request leaves the table exactly once, because every request ends exactly once.
#[derive(Debug)]
pub(super) struct Requests<T> {
    client_id: String,
    next: i32,
    in_flight: BTreeMap<RequestId, T>,
}

impl<T> Requests<T> {
    pub(super) fn new(client_id: String) -> Requests<T> {
        Requests { client_id, next: 0, in_flight: BTreeMap::new() }
    }

    /// The effect that sends a request whose answer is expected within `timeout`.
    pub(super) fn send<R: Request>(&mut self, to: Endpoint, body: &R, timeout: Duration, about: T) -> Effect {
        self.send_expecting(ResponseExpected::Yes, to, body, timeout, about)
    }

    /// As [`Requests::send`], for requests that may not be answered.
    pub(super) fn send_expecting<R: Request>(
        &mut self,
        response: ResponseExpected,
        to: Endpoint,
        body: &R,
        timeout: Duration,
        about: T,
    ) -> Effect {
        let request = RequestId(self.next);
        self.next = self.next.checked_add(1).expect("two thousand million requests of one client");
        let frame = wire::encode_request(request, &self.client_id, body);
        self.in_flight.insert(request, about);
        Effect::Request { to, request, frame, timeout, response }
    }

    /// The request has ended; what was it about?
    ///
    /// # Panics
    /// If it is not in flight: the driver reported an end twice, or of somebody else's request.
    pub(super) fn finish(&mut self, request: RequestId) -> T {
        self.in_flight.remove(&request).unwrap_or_else(|| panic!("{request:?} is not in flight"))
    }

    /// What the requests in flight are about, oldest first.
    pub(super) fn in_flight(&self) -> impl Iterator<Item = &T> {
        self.in_flight.values()
    }
}

/// The response's body. Bytes that are not such a response count as a broken connection, which a real client would
/// close over it: nothing is known of the request.
pub(super) fn decode<R: Request>(result: Result<Bytes, RequestError>) -> Result<R::Response, AttemptError> {
    match result {
        Ok(frame) => wire::decode_response::<R>(frame).map_err(|_malformed| AttemptError::Disconnected),
        Err(error) => Err(error.into()),
    }
}

impl From<RequestError> for AttemptError {
    fn from(error: RequestError) -> AttemptError {
        match error {
            RequestError::Disconnected => AttemptError::Disconnected,
            RequestError::TimedOut => AttemptError::TimedOut,
        }
    }
}

/// A topic's name as the wire writes it.
pub(super) fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// A time limit as the wire writes it, whole milliseconds.
pub(super) fn wire_millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
