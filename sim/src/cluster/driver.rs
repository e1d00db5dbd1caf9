//! The loop around a state machine: one future per host, no tasks, no protocol.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use broker_core::error::RequestError;
use broker_core::io::{Effect, FlushId, HaltReason, Input, Node, SendOutcome};
use broker_core::time::{Timestamp, earliest};
use broker_core::types::TopicPartition;
use broker_core::wire;

use super::inbound::{Arrival, Inbound};
use super::outbound::Outbound;
use super::platform::{LocalFuture, Platform};
use super::slot::SharedSlot;
use super::tripwire::{Signal, Watch};
use crate::meter::{self, Part};
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
    /// The topic partition of a send that was acknowledged, if that is what this effect says.
    fn acknowledged(&self, _effect: &Effect) -> Option<TopicPartition> {
        None
    }
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

/// Looks at a node after it has handled an input.
pub(super) type Look<N> = Box<dyn FnMut(Timestamp, &N)>;

/// Who is told what happens on a host.
pub(super) struct Watchers<N> {
    pub tracer: Tracer,
    pub watch: Rc<Watch>,
    pub look: Look<N>,
}

/// What comes next for a node.
enum Next<F> {
    /// An input, and what the trace says of it.
    Input(Option<TraceEvent>, Input),
    /// The time of a flush has come; nothing of it is durable yet.
    FlushDue(FlushId, F),
}

/// Drives one node until it halts.
///
/// * While the host is frozen, or its process waits for its disk, nothing happens here: no input is taken, no effect
///   carried out.
/// * `begun`, `effects` and `next` are empty between two polls unless one of these began within the last one.
pub struct Driver<N, A, P: Platform> {
    slot: SharedSlot<N>,
    /// What the node's time counts as.
    part: Part,
    application: A,
    platform: P,
    inbound: Inbound<P>,
    outbound: Outbound<P>,
    flushes: VecDeque<(FlushId, P::Flush, LocalFuture<()>)>,
    tracer: Tracer,
    watch: Rc<Watch>,
    look: Look<N>,
    /// Handled an input, or began, and nobody has looked yet.
    unseen: bool,
    halted: Option<HaltReason>,
    /// True time of this poll: none passes while the host runs.
    now: Timestamp,
    instant: (Timestamp, u32),
    /// What the host's clock showed last.
    shown: Timestamp,
    /// What the node waits for by that clock, when it was asked last.
    planned: Option<Timestamp>,
    /// Taken from its source, and not given to the node yet.
    next: Option<Next<P::Flush>>,
    /// What the process has to wait for before it goes on: its disk.
    busy: Option<LocalFuture<()>>,
    /// What brought about `effects`, not in the trace yet.
    begun: Option<TraceEvent>,
    /// Taken from the node, and not carried out yet.
    effects: VecDeque<Effect>,
}

impl<N: Node, A: Application, P: Platform> Driver<N, A, P> {
    /// Puts `node` into the slot and serves `port`, if it serves anybody.
    pub(super) fn new(
        slot: SharedSlot<N>,
        node: N,
        application: A,
        platform: P,
        port: Option<u16>,
        watchers: Watchers<N>,
    ) -> Driver<N, A, P> {
        slot.borrow_mut().node = Some(node);
        let part = if port.is_some() { Part::Servers } else { Part::Clients };
        let inbound = Inbound::new(&platform, port);
        Driver {
            slot,
            part,
            application,
            platform,
            inbound,
            outbound: Outbound::new(),
            flushes: VecDeque::new(),
            tracer: watchers.tracer,
            watch: watchers.watch,
            look: watchers.look,
            unseen: true,
            halted: None,
            now: Timestamp::ZERO,
            instant: (Timestamp::ZERO, 0),
            shown: Timestamp::ZERO,
            planned: None,
            next: None,
            busy: None,
            begun: None,
            effects: VecDeque::new(),
        }
    }

    fn take(&mut self, next: Next<P::Flush>) {
        self.watch.remember();
        let input = match next {
            Next::Input(event, input) => {
                self.begun = event;
                input
            }
            Next::FlushDue(flush, ticket) => {
                let result = self.platform.finish_flush(ticket);
                self.begun = Some(TraceEvent::DiskFlushFinished { flush: flush.0, ok: result.is_ok() });
                Input::Flushed { flush, result }
            }
        };
        self.count(self.now);
        let shown = self.platform.clock(self.now);
        self.with_node(|node| node.handle(shown, input));
        self.unseen = true;
        self.busy = self.platform.busy();
        if self.busy.is_none() {
            self.carry_out(self.now);
        }
    }

    fn count(&mut self, now: Timestamp) {
        if self.instant.0 != now {
            self.instant = (now, 0);
        }
        self.instant.1 += 1;
        assert!(self.instant.1 < INPUTS_PER_INSTANT_MAX, "the node goes round in circles at {now}");
    }

    fn with_node<T>(&self, ask: impl FnOnce(&mut N) -> T) -> T {
        let _node = meter::enter(self.part);
        ask(self.slot.borrow_mut().node.as_mut().expect("the slot is cleared only after the driver is gone"))
    }

    /// Does what the node wants, unless a wire wants the host frozen before. `now` is true time.
    fn carry_out(&mut self, now: Timestamp) {
        if self.watch.looks_ahead() {
            self.look_ahead(now);
        }
        if self.watch.is_frozen() {
            return;
        }
        self.watch.forget();
        if std::mem::take(&mut self.unseen) {
            let _judges = meter::enter(Part::Judges);
            (self.look)(
                now,
                self.slot.borrow().node().expect("the slot is cleared only after the driver is gone"),
            );
        }
        if let Some(event) = self.begun.take() {
            self.trace(now, event);
        }
        while let Some(effect) = self.next_effect() {
            match effect {
                Effect::Observe(event) => self.trace(now, event.into()),
                effect => self.act(now, effect),
            }
        }
    }

    /// Takes all that the node wants now, and says what it is before any of it is done.
    fn look_ahead(&mut self, now: Timestamp) {
        let known = self.effects.len();
        while let Some(effect) = self.with_node(Node::poll_effect) {
            self.effects.push_back(effect);
        }
        for effect in self.effects.range(known..) {
            if let Some(event) = traced(effect) {
                self.watch.before(now, Signal::Traced(&event));
            }
            if let Some(topic_partition) = self.acknowledged(effect) {
                self.watch.before(now, Signal::Acknowledged(&topic_partition));
            }
        }
    }

    fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front().or_else(|| self.with_node(Node::poll_effect))
    }

    fn acknowledged(&self, effect: &Effect) -> Option<TopicPartition> {
        let told = matches!(effect, Effect::SendCompleted { outcome: SendOutcome::Ok { .. }, .. });
        told.then(|| self.application.acknowledged(effect))?
    }

    fn trace(&self, now: Timestamp, event: TraceEvent) {
        self.watch.after(now, Signal::Traced(&event));
        self.tracer.record(now, event);
    }

    fn act(&mut self, now: Timestamp, effect: Effect) {
        if let Some(event) = traced(&effect) {
            self.trace(now, event);
        }
        match effect {
            Effect::Respond { connection, frame } => self.inbound.respond(connection, frame.as_ref()),
            Effect::Close { connection } => self.inbound.close(connection),
            Effect::Request { to, request, frame, timeout, response } => {
                let shown = self.platform.clock(now);
                self.outbound.send(&self.platform, shown, &to, (request, response), frame, timeout);
            }
            Effect::Flush { flush, steps } => {
                let (ticket, done) = self.platform.start_flush(&steps);
                self.flushes.push_back((flush, ticket, done));
            }
            Effect::Halt { reason } => self.halted = Some(reason),
            Effect::Observe(_) => unreachable!("what is only seen needs no act"),
            Effect::SendCompleted { .. }
            | Effect::Polled { .. }
            | Effect::Repositioned { .. }
            | Effect::CaughtUp { .. }
            | Effect::AdminDone => {
                let told = if self.watch.looks_back() { self.acknowledged(&effect) } else { None };
                self.application.on_effect(now, effect);
                if let Some(topic_partition) = told {
                    self.watch.after(now, Signal::Acknowledged(&topic_partition));
                }
            }
        }
    }

    /// The next thing that happened, if anything did and no wire wants the host frozen before the node is told.
    fn next(&mut self, cx: &mut Context<'_>) -> Option<Next<P::Flush>> {
        if self.next.is_some() {
            return self.next.take();
        }
        let next = self.poll_next(cx)?;
        if self.watch.looks_ahead() {
            let due;
            let event = match &next {
                Next::Input(event, _) => event.as_ref(),
                Next::FlushDue(flush, _) => {
                    due = TraceEvent::DiskFlushFinished { flush: flush.0, ok: true };
                    Some(&due)
                }
            };
            if let Some(event) = event {
                self.watch.before(self.now, Signal::Traced(event));
            }
            if self.watch.is_frozen() {
                self.next = Some(next);
                return None;
            }
        }
        Some(next)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Option<Next<P::Flush>> {
        let now = self.now;
        let shown = self.platform.clock(now);
        if shown < std::mem::replace(&mut self.shown, shown) {
            // The clock was set back: by it, what is planned comes earlier than the node said.
            return Some(Next::Input(None, Input::Tick));
        }
        if let Some(input) = self.slot.borrow_mut().inputs.pop_front() {
            return Some(Next::Input(None, input));
        }
        for index in 0..self.flushes.len() {
            if self.flushes[index].2.as_mut().poll(cx).is_ready() {
                let (flush, ticket, _) = self.flushes.remove(index).expect("the index is in range");
                return Some(Next::FlushDue(flush, ticket));
            }
        }
        self.inbound.poll_accept(&self.platform, cx);
        if let Poll::Ready(arrival) = self.inbound.poll_arrival(cx) {
            return Some(arrived(arrival));
        }
        if let Poll::Ready((request, result)) = self.outbound.poll_ended(shown, cx) {
            let correlation = request.0;
            let event = match &result {
                Ok(frame) => TraceEvent::ResponseReceived { correlation, bytes: frame.len() as u32 },
                Err(error) => {
                    TraceEvent::RequestFailed { correlation, timed_out: *error == RequestError::TimedOut }
                }
            };
            return Some(Next::Input(Some(event), Input::Response { request, result }));
        }
        if let Some(input) = self.application.poll_input(now) {
            return Some(Next::Input(None, input));
        }
        self.planned = self.with_node(|node| node.next_deadline());
        let due = self.planned.is_some_and(|deadline| deadline <= shown);
        due.then_some(Next::Input(None, Input::Tick))
    }

    /// In true time, once there is no further input. The clock may be set before: then whoever sets it wakes the host, and
    /// it asks again.
    fn next_deadline(&self) -> Option<Timestamp> {
        let by_clock = earliest(self.planned, self.outbound.next_deadline());
        earliest(by_clock.map(|at| self.platform.when(at, self.now)), self.application.next_deadline())
    }

    /// Whether the process need not wait for its disk. What it has waited long enough for is carried out.
    fn is_ready(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(busy) = &mut self.busy else { return true };
        if busy.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.busy = None;
        self.carry_out(self.now);
        true
    }

    /// Freezes the host if a wire wants it, once all there is to send is with the kernel.
    fn freeze_if_due(&mut self, cx: &mut Context<'_>) {
        if self.watch.take_due() {
            self.inbound.write(cx);
            self.outbound.write(cx);
            self.watch.freeze();
        }
    }
}

/// What the trace says of an effect.
fn traced(effect: &Effect) -> Option<TraceEvent> {
    match effect {
        Effect::Respond { connection, frame } => {
            let bytes = frame.as_ref()?.len() as u32;
            Some(TraceEvent::ResponseSent { connection: connection.0, bytes })
        }
        Effect::Request { to, request, frame, .. } => {
            let api = wire::peek_context(frame).map_or(-1, |context| context.api as i16);
            let (to, correlation, bytes) = (to.host.clone(), request.0, frame.len() as u32);
            Some(TraceEvent::RequestSent { to, api, correlation, bytes })
        }
        Effect::Flush { flush, .. } => Some(TraceEvent::DiskFlushStarted { flush: flush.0 }),
        Effect::Observe(event) => Some(event.clone().into()),
        _ => None,
    }
}

fn arrived<F>(arrival: Arrival) -> Next<F> {
    match arrival {
        Arrival::Closed(connection) => Next::Input(None, Input::ConnectionClosed { connection }),
        Arrival::Request(connection, frame) => {
            let (api, correlation) = wire::peek_context(&frame)
                .map_or((-1, -1), |context| (context.api as i16, context.correlation_id));
            let bytes = frame.len() as u32;
            let event = TraceEvent::RequestReceived { connection: connection.0, api, correlation, bytes };
            Next::Input(Some(event), Input::Request { connection, frame })
        }
    }
}

impl<N: Node, A: Application + Unpin, P: Platform<Flush: Unpin> + Unpin> Future for Driver<N, A, P> {
    type Output = HaltReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<HaltReason> {
        let now = self.platform.elapsed();
        self.now = now;
        self.inbound.look_again();
        self.outbound.look_again();
        if self.is_ready(cx) {
            self.carry_out(now);
            self.freeze_if_due(cx);
        }
        let question = if self.watch.is_frozen() { None } else { self.slot.borrow_mut().question.take() };
        if let Some(question) = question {
            self.with_node(|node| question(node));
        }
        loop {
            if !self.is_ready(cx) {
                self.slot.borrow_mut().waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            while !self.watch.is_frozen()
                && self.busy.is_none()
                && self.halted.is_none()
                && let Some(next) = self.next(cx)
            {
                self.take(next);
                self.freeze_if_due(cx);
            }
            if self.watch.is_frozen() {
                return Poll::Pending;
            }
            if self.busy.is_some() {
                continue;
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
