//! Whoever wants a run to stop before its end says so here.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use broker_core::time::Timestamp;

/// Asks runs to stop: at once, from any thread, or at a simulated time.
#[derive(Debug)]
pub struct Interrupt {
    now: AtomicBool,
    /// Simulated microseconds; the largest number: never.
    at_us: AtomicU64,
}

impl Interrupt {
    /// Asks for nothing yet, or to stop at once.
    pub const fn new(now: bool) -> Interrupt {
        Interrupt { now: AtomicBool::new(now), at_us: AtomicU64::new(u64::MAX) }
    }

    /// Asks to stop as soon as simulated time is past `at`. What happens at this time still does.
    pub const fn after(at: Timestamp) -> Interrupt {
        Interrupt { now: AtomicBool::new(false), at_us: AtomicU64::new(at.0) }
    }

    /// Asks to stop at once; whether somebody had done so before.
    pub fn raise(&self) -> bool {
        self.now.swap(true, Ordering::Relaxed)
    }

    /// Whether somebody asked to stop at once.
    pub fn is_raised(&self) -> bool {
        self.now.load(Ordering::Relaxed)
    }

    /// Whether a run that has come to this time has to stop.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_raised() || self.at_us.load(Ordering::Relaxed) < now.0
    }
}
