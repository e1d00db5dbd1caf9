//! What there is, and who does what.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::metadata::PartitionState;
use broker_core::types::{BrokerId, LeaderEpoch, Offset};

use crate::oracle::testing::{Scene, ids};
use crate::snapshot::{BatchFacts, ReplicaSnapshot};
use crate::trace::Stop;

/// What happens next. To whom is chosen among those to whom it can happen, by a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A producer sends to somebody who believes to lead.
    Append,
    /// A follower asks its leader.
    Fetch,
    /// A message that was sent some time ago arrives.
    Deliver,
    /// A follower asks, and gets its answer at once.
    Sync,
    /// A broker reads one more record of metadata.
    Learn,
    /// A broker reads all metadata.
    LearnAll,
    /// A leader asks to remove a member.
    Shrink,
    /// A leader asks the controller for what it wants, and the controller answers.
    Alter,
    Fence,
    Unfence,
    Kill,
    LosePower,
    ShutDown,
    Restart,
    Register,
    Flush,
    Checkpoint,
    Retain,
    RestartController,
}

/// What the controller had written at some time.
#[derive(Clone)]
pub(super) struct Decision {
    pub(super) state: PartitionState,
    pub(super) active: BTreeSet<BrokerId>,
    /// The process that each broker registered last.
    pub(super) processes: BTreeMap<BrokerId, u32>,
}

/// What of a broker no judge sees.
#[derive(Default)]
pub(super) struct Peer {
    pub(super) process: u32,
    pub(super) is_registered: bool,
    /// How many decisions it has read; none before its own registration counts.
    pub(super) read: usize,
    pub(super) leads: Option<Leading>,
    /// The high watermark on its disk.
    pub(super) checkpoint: Offset,
    /// Whether its disk has lost something that it did not get back in the eyes of the controller.
    pub(super) lossy: bool,
    pub(super) losses: u32,
    pub(super) has_marker: bool,
}

/// A leadership.
pub(super) struct Leading {
    pub(super) start: Offset,
    pub(super) progress: BTreeMap<BrokerId, (Offset, u32)>,
    pub(super) pending: Option<Vec<BrokerId>>,
}

/// Where a follower is.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) follower: BrokerId,
    pub(super) process: u32,
    pub(super) leader: BrokerId,
    pub(super) leader_epoch: LeaderEpoch,
    pub(super) offset: Offset,
    pub(super) last_epoch: Option<LeaderEpoch>,
}

/// Under way.
#[derive(Clone)]
pub(super) enum Message {
    Fetch(Position),
    /// The other history ends here, or these are the next records, the high watermark and the log start.
    Answer(Position, Result<(Vec<BatchFacts>, Offset, Offset), (LeaderEpoch, Offset)>),
    OutOfRange(Position, Offset),
}

pub struct Model {
    pub scene: Scene,
    pub(super) decisions: Vec<Decision>,
    pub(super) peers: BTreeMap<BrokerId, Peer>,
    pub(super) messages: Vec<Message>,
    pub(super) batches: u32,
    /// The highest high watermark that any leader ever had.
    pub committed: Offset,
}

impl Model {
    pub fn new() -> Model {
        let scene = Scene::new();
        let brokers = ids(&[1, 2, 3]);
        let processes = brokers.iter().map(|broker| (*broker, 0)).collect();
        let first = Decision { state: scene.decided(), active: brokers.iter().copied().collect(), processes };
        let peer = |_| Peer { is_registered: true, read: 1, ..Peer::default() };
        let peers = brokers.iter().map(|broker| (*broker, peer(()))).collect();
        let (decisions, messages) = (vec![first], Vec::new());
        let mut model = Model { scene, decisions, peers, messages, batches: 0, committed: Offset::ZERO };
        model.begin_to_lead(BrokerId(1), false);
        model
    }

    pub fn take(&mut self, step: Step, whom: usize) {
        match step {
            Step::Append => self.append(whom),
            Step::Fetch => drop(self.fetch(whom)),
            Step::Deliver => self.deliver(whom),
            Step::Sync => self.sync(whom),
            Step::Learn => self.learn(whom, 1),
            Step::LearnAll => self.learn(whom, usize::MAX),
            Step::Shrink => self.shrink(whom),
            Step::Alter => self.alter(whom),
            Step::Fence => self.fence(whom),
            Step::Unfence => self.unfence(whom),
            Step::Kill => self.kill(whom),
            Step::LosePower => self.lose_power(whom),
            Step::ShutDown => self.shut_down(whom),
            Step::Restart => self.restart(whom),
            Step::Register => self.register(whom),
            Step::Flush => {
                if let Some(broker) = self.pick(whom, |_, _| true) {
                    self.scene.flush(broker.0);
                }
            }
            Step::Checkpoint => {
                if let Some(broker) = self.pick(whom, |_, _| true) {
                    self.checkpoint(broker);
                }
            }
            Step::Retain => self.retain(whom),
            Step::RestartController => {
                let state = self.now().state.clone();
                self.scene.stop_controller(Stop::Killed);
                self.scene.start_controller(state);
            }
        }
    }

    pub(super) fn now(&self) -> &Decision {
        self.decisions.last().expect("there is one from the start")
    }

    /// The replica of a broker that runs.
    pub fn replica(&self, broker: BrokerId) -> Option<&ReplicaSnapshot> {
        self.scene.replica(broker.0)
    }

    /// The latest start of any log.
    pub fn latest_start(&self) -> Offset {
        let running = self.peers.keys().filter_map(|broker| self.replica(*broker));
        running
            .chain(self.scene.disks.values())
            .map(|replica| replica.log_start)
            .max()
            .expect("there are three")
    }

    /// Whether its disk never lost anything.
    pub fn never_lost(&self, broker: BrokerId) -> bool {
        self.peers[&broker].losses == 0
    }

    /// A state of the controller that is older than what somebody has learned.
    pub fn forgotten(&self) -> Option<PartitionState> {
        let learned =
            self.peers.keys().filter_map(|broker| Some(self.replica(*broker)?.partition_epoch)).max()?;
        let older = self.decisions.iter().rev().find(|older| older.state.partition_epoch < learned)?;
        Some(older.state.clone())
    }

    /// One of the running brokers for which `fits`, by number.
    pub fn pick(&self, whom: usize, fits: impl Fn(BrokerId, &ReplicaSnapshot) -> bool) -> Option<BrokerId> {
        let running = self.peers.keys().filter_map(|broker| Some((*broker, self.replica(*broker)?)));
        let fitting: Vec<BrokerId> =
            running.filter(|(broker, replica)| fits(*broker, replica)).map(|(broker, _)| broker).collect();
        fitting.get(whom % fitting.len().max(1)).copied()
    }

    pub(super) fn peer(&mut self, broker: BrokerId) -> &mut Peer {
        self.peers.get_mut(&broker).expect("there are three")
    }
}
