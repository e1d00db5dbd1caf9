//! What a host and the harness share of a node.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Waker;

use broker_core::io::Input;

/// Where the harness leaves inputs and questions for a host, and finds its node between two polls.
pub struct Slot<N> {
    pub(super) node: Option<N>,
    pub(super) inputs: VecDeque<Input>,
    pub(super) question: Option<Question<N>>,
    pub(super) waker: Option<Waker>,
}

/// Asked of a node on its own host, where its disk can be read.
pub(super) type Question<N> = Box<dyn FnOnce(&N)>;

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
