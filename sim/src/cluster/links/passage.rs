//! What connections ask before they send and before they read, and how they try to connect.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use broker_core::time::Timestamp;
use turmoil::net::TcpStream;

use super::connections::EndId;
use super::disturbance::{Direction, Disturbance};
use super::kept::When;
use super::stream::{End, LinkedStream};
use super::table::{Disturbed, Links};

/// How long it takes to learn that nobody listens, or that nothing came through: a round trip.
const REFUSAL_LATENCY: Duration = Duration::from_millis(2);

impl Links {
    /// Opens a connection.
    ///
    /// # Errors
    /// If it is refused, cut or lost.
    pub async fn connect(
        self: Rc<Links>,
        host: Rc<str>,
        peer: Rc<str>,
        port: u16,
    ) -> io::Result<LinkedStream> {
        let handshake = [(host.clone(), peer.clone()), (peer.clone(), host.clone())];
        self.unheld(&handshake).await;
        let extra = self.handshake_extra(&handshake);
        if !extra.is_zero() {
            tokio::time::sleep(extra).await;
        }
        if self.refuses(&handshake) || self.loses_handshake(&handshake) {
            tokio::time::sleep(REFUSAL_LATENCY).await;
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let stream = TcpStream::connect((&*peer, port)).await?;
        let stream = LinkedStream::opened(self.clone(), stream, host, peer)?;
        // A hold may have begun while it was on its way.
        self.unheld(&handshake).await;
        Ok(stream)
    }

    /// Whether an attempt is answered with a refusal. turmoil would leave it without an answer until a process is there
    /// again, as if the host had no power.
    fn refuses(&self, [there, back]: &[Direction; 2]) -> bool {
        let (_, to) = there;
        self.refusing.borrow().contains(to) && !self.is_cut(there) && !self.is_cut(back)
    }

    /// Waits until a handshake is not held. There is no waiting for a cut: turmoil refuses at once.
    async fn unheld(&self, handshake: &[Direction; 2]) {
        let mut counted = false;
        poll_fn(|cx| {
            let [there, back] = handshake;
            let holds = |direction| self.is_held(direction) && !self.is_cut(direction);
            if self.is_cut(there) || !(holds(there) || holds(back)) {
                return Poll::Ready(());
            }
            if !std::mem::replace(&mut counted, true) {
                self.meet(handshake, |disturbed| {
                    let holds = matches!(disturbed.disturbance, Disturbance::Hold);
                    disturbed.met.attempts_delayed += u64::from(holds);
                });
            }
            self.connections.wait(cx.waker());
            Poll::Pending
        })
        .await;
    }

    /// How much longer than usual a handshake takes: it goes there and back.
    fn handshake_extra(&self, handshake: &[Direction; 2]) -> Duration {
        let mut sum = Duration::ZERO;
        self.meet(handshake, |disturbed| {
            let ways = handshake.iter().filter(|way| disturbed.directions.contains(way)).count();
            let extra: Duration = (0..ways).map(|_| disturbed.disturbance.draw_extra()).sum();
            disturbed.met.attempts_delayed += u64::from(!extra.is_zero());
            sum += extra;
        });
        sum
    }

    /// Whether a handshake gets lost. One that is cut goes on to turmoil, which refuses it.
    fn loses_handshake(&self, handshake: &[Direction; 2]) -> bool {
        let [there, _] = handshake;
        let is_cut = self.is_cut(there);
        let mut lost = false;
        self.meet(handshake, |disturbed| {
            let ways = handshake.iter().filter(|way| disturbed.directions.contains(way)).count();
            let fails = match disturbed.disturbance {
                Disturbance::Cut => disturbed.directions.contains(there),
                _ => !is_cut && 0 < (0..ways).filter(|_| disturbed.disturbance.draw_loss()).count(),
            };
            disturbed.met.attempts_failed += u64::from(fails);
            lost |= fails && !is_cut;
        });
        lost
    }
}

/// One end of a connection.
impl Links {
    pub(super) fn register(&self, id: EndId, end: &Rc<RefCell<End>>) {
        self.mark(&mut end.borrow_mut());
        self.connections.add(id, end);
    }

    pub(super) fn deregister(&self, id: &EndId) {
        self.connections.remove(id);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// When a message that has come over this direction can be read.
    pub(super) fn arrival(&self, direction: &Direction) -> When {
        let is_held = self.is_held(direction);
        let mut sum = Duration::ZERO;
        self.meet(std::slice::from_ref(direction), |disturbed| {
            if is_held {
                let holds = matches!(disturbed.disturbance, Disturbance::Hold);
                disturbed.met.messages_held += u64::from(holds);
            } else {
                let extra = disturbed.disturbance.draw_extra();
                disturbed.met.messages_delayed += u64::from(!extra.is_zero());
                sum += extra;
            }
        });
        match is_held {
            true => When::Held,
            false if sum.is_zero() => When::Arrived,
            false => When::Due(self.now.get() + sum),
        }
    }

    /// A host has sent a message, which a cut may have dropped.
    pub(super) fn sent(&self, direction: &Direction) {
        self.meet(std::slice::from_ref(direction), |disturbed| {
            let cuts = matches!(disturbed.disturbance, Disturbance::Cut);
            disturbed.met.messages_dropped += u64::from(cuts);
        });
    }

    /// Whether the message that a host sends now gets lost.
    pub(super) fn loses(&self, direction: &Direction) -> bool {
        let mut lost = false;
        if self.any.get() && !self.is_cut(direction) {
            self.meet(std::slice::from_ref(direction), |disturbed| {
                if disturbed.disturbance.draw_loss() {
                    disturbed.met.messages_lost += 1;
                    disturbed.met.connections_broken += 1;
                    lost = true;
                }
            });
        }
        lost
    }

    pub(super) fn is_held(&self, direction: &Direction) -> bool {
        self.suffers(direction, |what| matches!(what, Disturbance::Hold))
    }

    /// Whether nothing gets through in this direction.
    pub fn is_cut(&self, direction: &Direction) -> bool {
        self.suffers(direction, |what| matches!(what, Disturbance::Cut))
    }

    pub(super) fn suffers(&self, direction: &Direction, is: impl Fn(&Disturbance) -> bool) -> bool {
        self.any.get()
            && self
                .reasons
                .borrow()
                .values()
                .any(|disturbed| is(&disturbed.disturbance) && disturbed.directions.contains(direction))
    }

    /// Every reason to disturb one of these directions, once.
    fn meet(&self, directions: &[Direction], act: impl FnMut(&mut Disturbed)) {
        if self.any.get() {
            let mut reasons = self.reasons.borrow_mut();
            let met = |disturbed: &&mut Disturbed| {
                directions.iter().any(|direction| disturbed.directions.contains(direction))
            };
            reasons.values_mut().filter(met).for_each(act);
        }
    }
}
