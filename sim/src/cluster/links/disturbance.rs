//! What may happen to a direction, why, and what came of it.

use std::rc::Rc;
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// One direction between two hosts, by name.
pub type Direction = (Rc<str>, Rc<str>);

/// Why links are disturbed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A fault, by its number.
    Fault(u32),
    /// A host that lost power.
    PoweredOff(Rc<str>),
}

/// What a reason does to its directions.
#[derive(Clone, Debug)]
pub enum Disturbance {
    /// Nothing gets through.
    Cut,
    /// Everything is delivered later, in order, when the hold is over.
    Hold,
    /// Every message arrives later, those of one connection in order.
    Delay {
        /// The shortest and the longest it may take in addition.
        extra: (Duration, Duration),
        /// Decides how long.
        rng: ChaCha8Rng,
    },
    /// A message may get lost, and its connection with it.
    Loss {
        /// How probable that is for one message or attempt to connect: 0 to 1.
        probability: f64,
        /// Decides which.
        rng: ChaCha8Rng,
    },
}

impl Disturbance {
    /// How much later the next message comes; nothing unless this is a delay.
    pub(super) fn draw_extra(&mut self) -> Duration {
        match self {
            Disturbance::Delay { extra: (min, max), rng } => {
                let micros = |duration: &Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
                Duration::from_micros(rng.random_range(micros(min)..=micros(max)))
            }
            _ => Duration::ZERO,
        }
    }

    /// Whether the next message gets lost; never unless this is a loss.
    pub(super) fn draw_loss(&mut self) -> bool {
        match self {
            Disturbance::Loss { probability, rng } => rng.random_bool(*probability),
            _ => false,
        }
    }

    /// Whether the numbers can be what they say.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Disturbance::Cut | Disturbance::Hold => true,
            Disturbance::Delay { extra: (min, max), .. } => min <= max,
            Disturbance::Loss { probability, .. } => (0.0..=1.0).contains(probability),
        }
    }
}

/// What met a disturbance. A message is what one write sent, or the end of a connection; an attempt to connect is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Messages that a cut dropped.
    pub messages_dropped: u64,
    /// Messages that a hold kept back.
    pub messages_held: u64,
    /// Messages that a delay made late.
    pub messages_delayed: u64,
    /// Messages that a loss took.
    pub messages_lost: u64,
    /// Connections that broke because a message was lost.
    pub connections_broken: u64,
    /// Attempts to connect that failed because of a cut or a loss.
    pub attempts_failed: u64,
    /// Attempts to connect that a hold or a delay made late.
    pub attempts_delayed: u64,
}

impl Met {
    /// Each counter under its name.
    pub fn by_name(&self) -> [(&'static str, u64); 7] {
        [
            ("messages_dropped", self.messages_dropped),
            ("messages_held", self.messages_held),
            ("messages_delayed", self.messages_delayed),
            ("messages_lost", self.messages_lost),
            ("connections_broken", self.connections_broken),
            ("attempts_failed", self.attempts_failed),
            ("attempts_delayed", self.attempts_delayed),
        ]
    }

    /// How many messages and attempts met it.
    pub fn total(&self) -> u64 {
        let broken = self.connections_broken;
        self.by_name().iter().map(|(_, count)| count).sum::<u64>() - broken
    }
}
