//! A host that stands still: its process is there, its kernel goes on, but its future is not polled.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::task::{Context, Waker};

/// What a pause came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paused {
    /// Times the process wanted to run and was not let: a pause in which nothing was due shows 0.
    pub withheld: u64,
}

/// Why a process stands still, if it does.
///
/// * It runs again when the last pause has ended, and then at once if it wanted to meanwhile.
/// * Pauses are of the process: one that is gone takes them with it, and the next one runs.
/// * What a pause withheld is known until somebody asks, also if the process died of something else.
#[derive(Default)]
pub(super) struct Stillness {
    still: Cell<bool>,
    /// A wire sprang: nothing happens until the harness has acted.
    frozen: Cell<bool>,
    pauses: RefCell<BTreeMap<u32, Paused>>,
    /// Pauses of processes that are gone.
    over: RefCell<BTreeMap<u32, Paused>>,
    waker: RefCell<Option<Waker>>,
}

impl Stillness {
    /// The process wants to run. `true` if it must not: then the wish is counted and remembered.
    pub fn withholds(&self, cx: &Context<'_>) -> bool {
        if !self.still.get() {
            return false;
        }
        self.pauses.borrow_mut().values_mut().for_each(|pause| pause.withheld += 1);
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        true
    }

    /// Begins a pause; each fault at most once.
    pub fn pause(&self, fault: u32) {
        let before = self.pauses.borrow_mut().insert(fault, Paused::default());
        assert!(before.is_none(), "fault {fault} pauses a process twice");
        self.settle();
    }

    /// Ends a pause; `None` if this fault has none here.
    pub fn resume(&self, fault: u32) -> Option<Paused> {
        let ended = self.pauses.borrow_mut().remove(&fault);
        self.settle();
        ended.or_else(|| self.over.borrow_mut().remove(&fault))
    }

    /// Whether a fault pauses the process.
    pub fn is_paused(&self) -> bool {
        !self.pauses.borrow().is_empty()
    }

    /// Stops the process where it is.
    pub fn freeze(&self) {
        self.frozen.set(true);
        self.settle();
    }

    /// Whether [`Stillness::thaw`] is awaited.
    pub fn is_frozen(&self) -> bool {
        self.frozen.get()
    }

    /// Lets a frozen process go on, unless a pause holds it.
    pub fn thaw(&self) {
        if self.frozen.replace(false) {
            self.settle();
        }
    }

    /// Ends all pauses; what they came to can still be asked.
    pub fn resume_all(&self) {
        self.over.borrow_mut().append(&mut self.pauses.borrow_mut());
        self.settle();
    }

    /// The process is gone, and its pauses with it.
    pub fn process_died(&self) {
        self.frozen.set(false);
        self.resume_all();
        self.waker.take();
    }

    fn settle(&self) {
        self.still.set(self.frozen.get() || !self.pauses.borrow().is_empty());
        if !self.still.get()
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants_to_run(stillness: &Stillness) -> bool {
        stillness.withholds(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn it_runs_again_when_the_last_pause_ends_and_each_pause_counts_its_own() {
        let stillness = Stillness::default();
        assert!(!wants_to_run(&stillness));
        stillness.pause(1);
        assert!(wants_to_run(&stillness));
        stillness.pause(2);
        assert!(wants_to_run(&stillness));
        assert_eq!(stillness.resume(1), Some(Paused { withheld: 2 }));
        assert!(wants_to_run(&stillness));
        assert_eq!(stillness.resume(2), Some(Paused { withheld: 2 }));
        assert!(!wants_to_run(&stillness));
        assert_eq!(stillness.resume(2), None);
    }

    #[test]
    fn a_process_that_dies_takes_its_pauses_with_it_and_what_they_came_to_is_still_known() {
        let stillness = Stillness::default();
        stillness.pause(7);
        assert!(wants_to_run(&stillness));
        stillness.process_died();
        assert!(!wants_to_run(&stillness), "a new process is not paused");
        assert_eq!(stillness.resume(7), Some(Paused { withheld: 1 }));
    }
}
