//! What `[swarm]` says.

use crate::nemesis::{Kind, Span};

/// `[swarm]`: within which bounds a configuration is drawn.
///
/// * Neither range is empty, and no cluster has more than nine brokers.
/// * No kind stands twice in `kinds`.
#[derive(Clone, Debug, PartialEq)]
pub struct SwarmSpec {
    /// `brokers`: how many there may be, unless `[cluster]` says it.
    pub brokers: Span<u32>,
    /// `partitions`: how many a topic may have.
    pub partitions: Span<u32>,
    /// `kinds`: faults that may happen. Each of them is on with probability 1/2; if that leaves none, one is.
    pub kinds: Vec<&'static Kind>,
    /// `contract`: what random faults must leave whole.
    pub contract: Contract,
    /// `settings`: which settings may be drawn.
    pub settings: Settings,
    /// Line of the section, from 1.
    pub line: usize,
}

/// Whether random faults keep to what the cluster was built for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contract {
    /// `within`: not more at a time than the settings promise to survive.
    #[default]
    Within,
    /// `beyond`: anything.
    Beyond,
}

/// Which settings may be drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Settings {
    /// `safe`: only those with which Kafka promises that nothing acknowledged is lost or written twice, as long as faults
    /// stay within the contract. Every violation is a bug.
    #[default]
    Safe,
    /// `any`: also those that promise less.
    Any,
}

impl Contract {
    /// Every one, by name.
    pub const ALL: [(&str, Contract); 2] = [("within", Contract::Within), ("beyond", Contract::Beyond)];

    /// As scenarios write it.
    pub fn name(self) -> &'static str {
        match self {
            Contract::Within => "within",
            Contract::Beyond => "beyond",
        }
    }
}

impl Settings {
    /// Every one, by name.
    pub const ALL: [(&str, Settings); 2] = [("safe", Settings::Safe), ("any", Settings::Any)];
}
