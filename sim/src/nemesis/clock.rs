//! Faults of clocks: set wrong, running too fast or too slow.

use std::collections::BTreeSet;

use super::effect::{Effect, effect};
use super::fault::Action;
use crate::cluster::{ClockFault, Cluster, HostName};

pub(super) fn begin(cluster: &mut Cluster, fault: u32, action: &Action, hosts: &BTreeSet<HostName>) {
    let what = match *action {
        Action::ClockJump { by_us } => ClockFault::Jump { by: by_us.low },
        Action::ClockDrift { ppm } => ClockFault::Drift { ppm: ppm.low },
        _ => unreachable!("{action:?} is no fault of clocks"),
    };
    for host in hosts {
        cluster.skew(fault, host, what);
    }
}

pub(super) fn end(cluster: &mut Cluster, fault: u32) -> Effect {
    effect([("clock_readings", cluster.unskew(fault).readings)])
}
