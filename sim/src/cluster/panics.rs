//! Panics inside a host: what they said, where, on which host and when.
//!
//! `catch_unwind` alone gives a payload without a place. A hook, installed once for the process, keeps the place for
//! the thread it happened on and stays silent there; everywhere else the hook that was there before does its work.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic;
use std::sync::Once;

use broker_core::time::Timestamp;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic on a simulated host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPanic {
    /// What it said.
    pub message: String,
    /// File, line and column.
    pub location: Option<String>,
    /// On which host.
    pub host: String,
    /// In simulated time.
    pub time: Timestamp,
}

impl HostPanic {
    /// From what `catch_unwind` caught.
    pub(super) fn taken(host: &str, time: Timestamp, payload: &(dyn Any + Send)) -> HostPanic {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| payload.downcast_ref::<String>().cloned());
        HostPanic {
            message: message.unwrap_or_else(|| "a panic without a message".to_owned()),
            location: LOCATION.take(),
            host: host.to_owned(),
            time,
        }
    }
}

/// While this lives, panics of this thread are kept for [`HostPanic::taken`] and not printed.
pub(super) struct Watch {
    before: bool,
}

/// Begins to watch this thread.
pub(super) fn watch() -> Watch {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if WATCHED.get() {
                LOCATION.set(info.location().map(ToString::to_string));
            } else {
                previous(info);
            }
        }));
    });
    Watch { before: WATCHED.replace(true) }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED.set(self.before);
    }
}
