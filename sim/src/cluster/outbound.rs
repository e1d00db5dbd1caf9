//! Connections this node opened, one per peer (Kafka's `NetworkClient`): connect when needed, match answers by
//! correlation id, give up after the request's timeout and close the connection with it.

use std::collections::{BTreeMap, VecDeque};
use std::task::{Context, Poll};
use std::time::Duration;

use broker_core::error::RequestError;
use broker_core::io::{RequestId, ResponseExpected};
use broker_core::steady::Steady;
use broker_core::time::Timestamp;
use broker_core::types::Endpoint;
use broker_core::wire;
use bytes::Bytes;

use super::framing::{Framed, Read};
use super::platform::{LocalFuture, Platform};

/// Requests that may wait for one peer's answers; more is a node that does not limit itself.
const IN_FLIGHT_MAX: usize = 1000;

struct InFlight {
    request: RequestId,
    deadline: Timestamp,
    response: ResponseExpected,
}

enum State<P: Platform> {
    Connecting(LocalFuture<std::io::Result<P::Stream>>),
    Connected(Framed<P::Stream>),
}

struct Peer<P: Platform> {
    state: State<P>,
    /// Frames that wait for the connection.
    queued: Vec<Bytes>,
    in_flight: VecDeque<InFlight>,
    /// There was nothing to read when the host looked, and nothing arrives while it runs.
    quiet: bool,
}

/// The connection broke, or a request on it timed out: it has to go.
struct Gone;

/// How a request ended.
pub(super) type Ended = (RequestId, Result<Bytes, RequestError>);

/// All connections this node opened.
pub(super) struct Outbound<P: Platform> {
    peers: BTreeMap<Endpoint, Peer<P>>,
    ended: VecDeque<Ended>,
    steady: Steady,
}

impl<P: Platform> Outbound<P> {
    pub fn new() -> Outbound<P> {
        Outbound { peers: BTreeMap::new(), ended: VecDeque::new(), steady: Steady::default() }
    }

    /// Sends a request, connecting first if need be; the clock shows `clock`.
    pub fn send(
        &mut self,
        platform: &P,
        clock: Timestamp,
        to: &Endpoint,
        (request, response): (RequestId, ResponseExpected),
        frame: Bytes,
        timeout: Duration,
    ) {
        let deadline = self.steady.read(clock) + timeout;
        let peer = self.peers.entry(to.clone()).or_insert_with(|| Peer {
            state: State::Connecting(platform.connect(to)),
            queued: Vec::new(),
            in_flight: VecDeque::new(),
            quiet: false,
        });
        peer.in_flight.push_back(InFlight { request, deadline, response });
        assert!(peer.in_flight.len() <= IN_FLIGHT_MAX, "{IN_FLIGHT_MAX} requests wait for {to}");
        match &mut peer.state {
            State::Connecting(_) => peer.queued.push(frame),
            State::Connected(framed) => framed.push(&frame),
        }
    }

    /// The host runs again: something may have arrived since.
    pub fn look_again(&mut self) {
        self.peers.values_mut().for_each(|peer| peer.quiet = false);
    }

    /// The next request that came to its end; the clock shows `clock`.
    pub fn poll_ended(&mut self, clock: Timestamp, cx: &mut Context<'_>) -> Poll<Ended> {
        let now = self.steady.read(clock);
        if self.ended.is_empty() {
            let ended = &mut self.ended;
            self.peers.retain(|_, peer| match peer.poll(now, cx, ended) {
                Ok(()) => true,
                Err(Gone) => {
                    peer.fail(now, ended);
                    false
                }
            });
        }
        self.ended.pop_front().map_or(Poll::Pending, Poll::Ready)
    }

    /// Hands what is queued to the kernel, where there is a connection; who is gone is found out later.
    pub fn write(&mut self, cx: &mut Context<'_>) {
        for peer in self.peers.values_mut() {
            if let State::Connected(framed) = &mut peer.state {
                let _ = framed.poll_write(cx);
            }
        }
    }

    /// When the next request times out, by the clock.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.peers
            .values()
            .flat_map(|peer| peer.in_flight.iter().map(|flight| flight.deadline))
            .min()
            .map(|at| self.steady.on_clock(at))
    }
}

impl<P: Platform> Peer<P> {
    /// Whatever can be done without waiting.
    fn poll(
        &mut self,
        now: Timestamp,
        cx: &mut Context<'_>,
        ended: &mut VecDeque<Ended>,
    ) -> Result<(), Gone> {
        if self.in_flight.iter().any(|flight| flight.deadline <= now) {
            return Err(Gone);
        }
        if let State::Connecting(connecting) = &mut self.state {
            match connecting.as_mut().poll(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => return Err(Gone),
                Poll::Ready(Ok(stream)) => {
                    let mut framed = Framed::new(stream);
                    self.queued.drain(..).for_each(|frame| framed.push(&frame));
                    self.state = State::Connected(framed);
                }
            }
        }
        let State::Connected(framed) = &mut self.state else { unreachable!("it connected just now") };
        framed.poll_write(cx).map_err(|_| Gone)?;
        while self.in_flight.front().is_some_and(|flight| flight.response == ResponseExpected::No) {
            let flight = self.in_flight.pop_front().expect("looked at it");
            ended.push_back((flight.request, Ok(Bytes::new())));
        }
        while !self.quiet {
            match framed.poll_read(cx) {
                Poll::Pending => self.quiet = true,
                Poll::Ready(Read::Closed) => return Err(Gone),
                Poll::Ready(Read::Frame(frame)) => {
                    let answered = wire::response_correlation_id(&frame).ok();
                    let expected = self.in_flight.front().map(|flight| flight.request);
                    if answered != expected || expected.is_none() {
                        // Answers come in the order of requests; this peer is confused.
                        return Err(Gone);
                    }
                    let flight = self.in_flight.pop_front().expect("it is expected");
                    ended.push_back((flight.request, Ok(frame)));
                }
            }
        }
        Ok(())
    }

    /// Ends every request under way: those whose time is up timed out, the others lost their connection.
    fn fail(&mut self, now: Timestamp, ended: &mut VecDeque<Ended>) {
        for flight in self.in_flight.drain(..) {
            let timed_out = flight.deadline <= now;
            let error = if timed_out { RequestError::TimedOut } else { RequestError::Disconnected };
            ended.push_back((flight.request, Err(error)));
        }
    }
}
