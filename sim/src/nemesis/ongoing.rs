//! A fault that goes on: what has to be taken back when it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use broker_core::time::Timestamp;

use super::effect::Effect;
use super::fault::{Action, Aim, Harm, Plight, Way};
use super::when::Until;
use super::{Target, clock, disk, network, process, resolve};
use crate::cluster::{Cluster, HostName, HostState};
use crate::seed::Seed;

/// How long a clean restart takes if nobody says it.
const RESTART: Duration = Duration::from_millis(500);

/// Whom a fault hits: hosts, and directions between them.
#[derive(Debug)]
pub(super) struct Victims {
    pub hosts: BTreeSet<HostName>,
    /// In words: `broker-1`, `broker-1 <-> broker-2, broker-3`.
    pub text: String,
    links: Option<(BTreeSet<HostName>, BTreeSet<HostName>, Way)>,
}

impl Victims {
    /// Of an aim without anything left to draw.
    pub fn of(aim: &Aim, cluster: &Cluster) -> Victims {
        let nobody = BTreeSet::new();
        match aim {
            Aim::Hosts(targets) => {
                let hosts = resolve::hosts(targets, &nobody, cluster);
                Victims { text: names(&hosts), hosts, links: None }
            }
            Aim::Links { from, to, way } => {
                // `others` needs the other side first, and only one side can say it.
                let others = Target::Others;
                let known_to = resolve::hosts(to, &nobody, cluster);
                let from_hosts = resolve::hosts(from, &known_to, cluster);
                let to_hosts =
                    if to.contains(&others) { resolve::hosts(to, &from_hosts, cluster) } else { known_to };
                let (from, to) = (from_hosts, to_hosts);
                let arrow = if *way == Way::Both { "<->" } else { "->" };
                let text = format!("{} {arrow} {}", names(&from), names(&to));
                Victims { hosts: &from | &to, text, links: Some((from, to, *way)) }
            }
        }
    }

    fn directions(&self, cluster: &Cluster) -> BTreeSet<crate::cluster::links::Direction> {
        match &self.links {
            Some((from, to, way)) => network::between(from, to, *way),
            None => network::around(cluster, &self.hosts),
        }
    }
}

fn names(hosts: &BTreeSet<HostName>) -> String {
    hosts.iter().map(|host| &**host).collect::<Vec<_>>().join(", ")
}

/// What is under way until a fault ends.
#[derive(Debug)]
pub(super) enum Ongoing {
    /// Hosts are down.
    Down(BTreeSet<HostName>),
    /// Clean shutdowns: hosts whose processes still run, since when others have stopped, and how long they are down if
    /// nothing else ends it.
    Restarting {
        stopping: process::Stopping,
        stopped: BTreeMap<HostName, Timestamp>,
        down_for: Option<Duration>,
    },
    /// Links are disturbed.
    Links,
    /// Processes stand still.
    Paused,
    /// The disks of these hosts misbehave.
    Disks { hosts: BTreeSet<HostName>, plight: Plight },
    /// Clocks are wrong.
    Clocks,
    /// Nothing: it was over at once. What it did to these hosts stays.
    Over(BTreeSet<HostName>),
}

/// Begins it. `fault` is its number; `stream` is the ordinal of its own draws.
pub(super) fn begin(
    cluster: &mut Cluster,
    (fault, seed, stream): (u32, Seed, u64),
    harm: &Harm,
    victims: &Victims,
) -> (Ongoing, Effect) {
    let hosts = &victims.hosts;
    let rng = seed.stream("nemesis.effect", stream);
    match &harm.action {
        Action::Kill => {
            let (hit, effect) = process::kill(cluster, hosts);
            (Ongoing::Down(hit), effect)
        }
        Action::PowerLoss(unsynced) => {
            let (hit, effect) = process::power_loss(cluster, hosts, *unsynced, (seed, stream));
            (Ongoing::Down(hit), effect)
        }
        Action::Wipe => {
            let (hit, effect) = process::wipe(cluster, hosts);
            (Ongoing::Down(hit), effect)
        }
        Action::Restart => {
            let (hit, effect) = process::shut_down(cluster, hosts);
            let down_for = match &harm.until {
                Until::Lasts(span) => Some(span.low),
                Until::At(_) | Until::When(_) => None,
                Until::Heal | Until::Instant => Some(RESTART),
            };
            (Ongoing::Restarting { stopping: hit, stopped: BTreeMap::new(), down_for }, effect)
        }
        Action::Pause => {
            process::pause(cluster, fault, hosts);
            (Ongoing::Paused, Effect::new())
        }
        Action::DropConnections => {
            let effect = network::drop_connections(cluster, &victims.directions(cluster));
            (Ongoing::Over(BTreeSet::new()), effect)
        }
        Action::Cut | Action::Hold | Action::Delay { .. } | Action::Loss { .. } => {
            let directions = victims.directions(cluster);
            network::disturb(cluster, fault, &harm.action, rng, &directions);
            (Ongoing::Links, Effect::new())
        }
        Action::Disk(what) => {
            disk::begin(cluster, fault, what, (seed, stream), hosts);
            (Ongoing::Disks { hosts: hosts.clone(), plight: Plight::of(what) }, Effect::new())
        }
        Action::Rot(what) => {
            let (hit, effect) = disk::rot(cluster, what, (seed, stream), hosts);
            (Ongoing::Over(hit), effect)
        }
        Action::ClockJump { .. } | Action::ClockDrift { .. } => {
            clock::begin(cluster, fault, &harm.action, hosts);
            (Ongoing::Clocks, Effect::new())
        }
    }
}

impl Ongoing {
    /// Hosts whose processes or disks this has hit.
    pub fn hosts(&self) -> BTreeSet<HostName> {
        match self {
            Ongoing::Down(hosts) | Ongoing::Disks { hosts, .. } | Ongoing::Over(hosts) => hosts.clone(),
            Ongoing::Restarting { stopping, stopped, .. } => {
                stopping.keys().chain(stopped.keys()).cloned().collect()
            }
            Ongoing::Links | Ongoing::Paused | Ongoing::Clocks => BTreeSet::new(),
        }
    }

    /// Hosts that this keeps down, or soon will.
    pub fn keeps_down(&self) -> BTreeSet<HostName> {
        match self {
            Ongoing::Disks { plight: Plight::Serves | Plight::Waits, .. } | Ongoing::Over(_) => {
                BTreeSet::new()
            }
            _ => self.hosts(),
        }
    }

    /// Hosts that limits count as down: those that this keeps down, and those whose processes wait for a disk. Who
    /// stands still for another reason is not running in the first place.
    pub fn stops(&self) -> BTreeSet<HostName> {
        match self {
            Ongoing::Disks { hosts, plight: Plight::Waits } => hosts.clone(),
            _ => self.keeps_down(),
        }
    }

    /// Whether it is over. Of a restart, takes each host one step further: it is over when all of them run again, and
    /// `is_due` only means that they are not kept down any longer. `keep_down` are those that others keep down.
    pub fn is_over(
        &mut self,
        cluster: &mut Cluster,
        is_due: bool,
        keep_down: impl FnOnce() -> BTreeSet<HostName>,
    ) -> bool {
        let Ongoing::Restarting { stopping, stopped, down_for } = self else { return is_due };
        let now = cluster.now();
        for host in process::take_stopped(cluster, stopping) {
            stopped.insert(host, now);
        }
        let may_start = |since: Timestamp| is_due || down_for.is_some_and(|down_for| since + down_for <= now);
        let due: BTreeSet<HostName> =
            stopped.iter().filter(|(_, since)| may_start(**since)).map(|(host, _)| host.clone()).collect();
        if !due.is_empty() {
            stopped.retain(|host, _| !due.contains(host));
            process::start(cluster, &due, &keep_down());
        }
        stopping.is_empty() && stopped.is_empty()
    }

    /// Takes it back; what it changed while it lasted.
    pub fn end(self, cluster: &mut Cluster, fault: u32, keep_down: &BTreeSet<HostName>) -> Effect {
        match self {
            Ongoing::Down(hosts) => {
                process::start(cluster, &hosts, keep_down);
                Effect::new()
            }
            Ongoing::Links => network::restore(cluster, fault),
            Ongoing::Paused => process::resume(cluster, fault),
            Ongoing::Disks { plight: Plight::Serves | Plight::Waits, .. } => disk::end(cluster, fault),
            Ongoing::Disks { hosts, plight: Plight::Halts } => {
                let effect = disk::end(cluster, fault);
                // Whoever halted because of it is started again, as a supervisor does once the disk is replaced, or has room.
                let halted = hosts.into_iter().filter(|host| cluster.state(host) != HostState::Up).collect();
                process::start(cluster, &halted, keep_down);
                effect
            }
            Ongoing::Clocks => clock::end(cluster, fault),
            Ongoing::Restarting { .. } | Ongoing::Over(_) => Effect::new(),
        }
    }
}
