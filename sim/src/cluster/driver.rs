//! The loop around a state machine: one future per host, no tasks, no protocol.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use broker_core::error::StorageError;
use broker_core::io::{Effect, FlushId, HaltReason, Input, Node};
use broker_core::time::{Timestamp, earliest};
use broker_core::wire;

use super::inbound::{Arrival, Inbound};
use super::outbound::Outbound;
use super::platform::{LocalFuture, Platform};
use crate::trace::{TraceEvent, Tracer};

/// More inputs than this at one instant is a node that goes round in circles.
const INPUTS_PER_INSTANT_MAX: u32 = 100_000;

/// What runs beside a node on its host: the application of a client. Brokers have none.
pub trait Application {
    /// Something for the node that is due at `now`. Applications live in true time: they belong to the harness, and so
    /// does what they write down.
    fn poll_input(&mut self, now: Timestamp) -> Option<Input>;
    /// When [`Application::poll_input`] has something next.
    fn next_deadline(&self) -> Option<Timestamp>;
    /// An effect that is meant for the application.
    fn on_effect(&mut self, now: Timestamp, effect: Effect);
}

/// No application.
pub struct Unattended;

impl Application for Unattended {
    fn poll_input(&mut self, _now: Timestamp) -> Option<Input> {
        None
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        None
    }

    fn on_effect(&mut self, _now: Timestamp, effect: Effect) {
        panic!("a server has no application, but gave it {effect:?}");
    }
}

/// Where the harness leaves inputs and questions for a host, and finds its node between two polls.
pub struct Slot<N> {
    node: Option<N>,
    inputs: VecDeque<Input>,
    question: Option<Question<N>>,
    waker: Option<Waker>,
}

/// Asked of a node on its own host, where its disk can be read.
type Question<N> = Box<dyn FnOnce(&N)>;

/// A [`Slot`] shared by a host and the harness.
pub type SharedSlot<N> = Rc<RefCell<Slot<N>>>;

impl<N> Slot<N> {
    /// An empty slot: the host is not running.
    pub fn shared() -> SharedSlot<N> {
        Rc::new(RefCell::new(Slot { node: None, inputs: VecDeque::new(), question: None, waker: None }))
    }

    /// The node, while its host runs.
    pub fn node(&self) -> Option<&N> {
        self.node.as_ref()
    }

    /// The host's process is gone.
    pub fn clear(&mut self) {
        self.node = None;
        self.inputs.clear();
        self.question = None;
        self.waker = None;
    }

    /// Gives the node an input, as an operator would.
    pub fn send(&mut self, input: Input) {
        self.inputs.push_back(input);
        self.wake();
    }

    /// Asks the node something the next time its host runs. Never asked if the process dies first.
    pub fn ask(&mut self, question: impl FnOnce(&N) + 'static) {
        self.question = Some(Box::new(question));
        self.wake();
    }

    /// Makes the host look around although nothing happened on its sockets.
    pub fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Drives one node until it halts.
pub struct Driver<N, A, P: Platform> {
    slot: SharedSlot<N>,
    application: A,
    platform: P,
    inbound: Inbound<P>,
    outbound: Outbound<P>,
    flushes: VecDeque<(FlushId, LocalFuture<Result<(), StorageError>>)>,
    tracer: Tracer,
    halted: Option<HaltReason>,
    instant: (Timestamp, u32),
}

impl<N: Node, A: Application, P: Platform> Driver<N, A, P> {
    /// Puts `node` into the slot and serves `port`, if it serves anybody.
    pub fn new(
        slot: SharedSlot<N>,
        node: N,
        application: A,
        platform: P,
        port: Option<u16>,
        tracer: Tracer,
    ) -> Driver<N, A, P> {
        slot.borrow_mut().node = Some(node);
        let inbound = Inbound::new(&platform, port);
        Driver {
            slot,
            application,
            platform,
            inbound,
            outbound: Outbound::new(),
            flushes: VecDeque::new(),
            tracer,
            halted: None,
            instant: (Timestamp::ZERO, 0),
        }
    }

    fn handle(&mut self, input: Input) {
        let elapsed = self.platform.elapsed();
        self.count(elapsed);
        let now = self.platform.clock(elapsed);
        self.with_node(|node| node.handle(now, input));
        self.carry_out(elapsed);
    }

    fn count(&mut self, now: Timestamp) {
        if self.instant.0 != now {
            self.instant = (now, 0);
        }
        self.instant.1 += 1;
        assert!(self.instant.1 < INPUTS_PER_INSTANT_MAX, "the node goes round in circles at {now}");
    }

    fn with_node<T>(&self, ask: impl FnOnce(&mut N) -> T) -> T {
        ask(self.slot.borrow_mut().node.as_mut().expect("the slot is cleared only after the driver is gone"))
    }

    /// Does what the node wants. `now` is true time.
    fn carry_out(&mut self, now: Timestamp) {
        while let Some(effect) = self.with_node(Node::poll_effect) {
            match effect {
                Effect::Respond { connection, frame } => {
                    if let Some(frame) = &frame {
                        let bytes = frame.len() as u32;
                        self.tracer.record(now, TraceEvent::ResponseSent { connection: connection.0, bytes });
                    }
                    self.inbound.respond(connection, frame.as_ref());
                }
                Effect::Close { connection } => self.inbound.close(connection),
                Effect::Request { to, request, frame, timeout, response } => {
                    let api = wire::peek_context(&frame).map_or(-1, |context| context.api as i16);
                    let (correlation, bytes) = (request.0, frame.len() as u32);
                    let host = to.host.clone();
                    self.tracer.record(now, TraceEvent::RequestSent { to: host, api, correlation, bytes });
                    self.outbound.send(&self.platform, &to, request, frame, timeout, response);
                }
                Effect::Flush { flush, steps } => {
                    self.tracer.record(now, TraceEvent::DiskFlushStarted { flush: flush.0 });
                    self.flushes.push_back((flush, self.platform.flush(&steps)));
                }
                Effect::Observe(event) => self.tracer.record(now, event),
                Effect::Halt { reason } => self.halted = Some(reason),
                Effect::SendCompleted { .. }
                | Effect::Polled { .. }
                | Effect::CaughtUp { .. }
                | Effect::AdminDone => self.application.on_effect(now, effect),
            }
        }
    }

    /// The next thing that happened, if anything did.
    fn next_input(&mut self, cx: &mut Context<'_>) -> Option<Input> {
        let now = self.platform.elapsed();
        if let Some(input) = self.slot.borrow_mut().inputs.pop_front() {
            return Some(input);
        }
        for index in 0..self.flushes.len() {
            if let Poll::Ready(result) = self.flushes[index].1.as_mut().poll(cx) {
                let (flush, _) = self.flushes.remove(index).expect("the index is in range");
                self.tracer.record(now, TraceEvent::DiskFlushFinished { flush: flush.0, ok: result.is_ok() });
                return Some(Input::Flushed { flush, result });
            }
        }
        self.inbound.poll_accept(&self.platform, cx);
        if let Poll::Ready(arrival) = self.inbound.poll_arrival(cx) {
            return Some(self.arrived(now, arrival));
        }
        let shown = self.platform.clock(now);
        if let Poll::Ready((request, result)) = self.outbound.poll_ended(shown, cx) {
            let correlation = request.0;
            self.tracer.record(
                now,
                match &result {
                    Ok(frame) => TraceEvent::ResponseReceived { correlation, bytes: frame.len() as u32 },
                    Err(error) => {
                        let timed_out = *error == broker_core::error::RequestError::TimedOut;
                        TraceEvent::RequestFailed { correlation, timed_out }
                    }
                },
            );
            return Some(Input::Response { request, result });
        }
        if let Some(input) = self.application.poll_input(now) {
            return Some(input);
        }
        let due = self.with_node(|node| node.next_deadline()).is_some_and(|deadline| deadline <= shown);
        due.then_some(Input::Tick)
    }

    fn arrived(&mut self, now: Timestamp, arrival: Arrival) -> Input {
        match arrival {
            Arrival::Closed(connection) => Input::ConnectionClosed { connection },
            Arrival::Request(connection, frame) => {
                let (api, correlation) = wire::peek_context(&frame)
                    .map_or((-1, -1), |context| (context.api as i16, context.correlation_id));
                let bytes = frame.len() as u32;
                let connection_number = connection.0;
                self.tracer.record(
                    now,
                    TraceEvent::RequestReceived { connection: connection_number, api, correlation, bytes },
                );
                Input::Request { connection, frame }
            }
        }
    }

    /// In true time. The clock may be set before: then whoever sets it wakes the host, and it asks again.
    fn next_deadline(&self) -> Option<Timestamp> {
        let node = self.with_node(|node| node.next_deadline());
        let by_clock = earliest(node, self.outbound.next_deadline());
        earliest(by_clock.map(|at| self.platform.when(at)), self.application.next_deadline())
    }
}

impl<N: Node, A: Application + Unpin, P: Platform + Unpin> Future for Driver<N, A, P> {
    type Output = HaltReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<HaltReason> {
        let now = self.platform.elapsed();
        self.carry_out(now);
        let question = self.slot.borrow_mut().question.take();
        if let Some(question) = question {
            self.with_node(|node| question(node));
        }
        loop {
            while self.halted.is_none()
                && let Some(input) = self.next_input(cx)
            {
                self.handle(input);
            }
            if let Some(reason) = self.halted.take() {
                return Poll::Ready(reason);
            }
            let deadline = self.next_deadline();
            self.platform.arm(deadline);
            if self.platform.poll_armed(cx).is_pending() {
                self.slot.borrow_mut().waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
    }
}
