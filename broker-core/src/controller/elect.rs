//! Who leads a topic partition, and who else could without loss (`PartitionChangeBuilder`, KIP-966).

use crate::metadata::PartitionState;
use crate::types::{BrokerId, LeaderEpoch, PartitionEpoch};

/// Whether any live replica may lead when nobody can who has everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclean {
    /// `unclean.leader.election.enable = true`.
    Allowed,
    /// The default.
    Forbidden,
}

/// Whether the controller keeps eligible leader replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EligibleLeaders {
    /// `eligible.leader.replicas.enable = true`, the default: the ISR says what is so, even that nobody is in sync.
    Kept,
    /// The last member never leaves the ISR, whatever happened to it.
    Ignored,
}

/// What elections in one topic have to respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// min.insync.replicas, or the replication factor if that is smaller.
    pub min_insync: usize,
    /// Whether there is an ELR.
    pub eligible: EligibleLeaders,
    /// Whether availability comes before durability.
    pub unclean: Unclean,
}

/// What is to become of one ISR.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Who is to be in the ISR. Empty: the last member is going.
    pub isr: &'a [BrokerId],
    /// Who came back without having shut down in good order, and may lack what it had acknowledged.
    pub unclean_shutdown: Option<BrokerId>,
}

/// How a leader was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Election {
    /// The state after it.
    pub state: PartitionState,
    /// Whether the new leader is from outside ISR and ELR: acknowledged records may be gone.
    pub unclean: bool,
}

/// Where a leader came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    InSync,
    Eligible,
    Unclean,
}

/// The state after the ISR was asked to become the target and only brokers for which `acceptable` says so may lead.
/// `None` if nothing changes.
///
/// The leader stays if it is in the target ISR and acceptable; else the first such replica leads; else, if the ISR is
/// empty, the first acceptable one of the ELR; else, if that is empty too, the last known leader; else, if allowed, the
/// first acceptable replica at all; else nobody. Whoever is elected from outside the ISR is the whole ISR afterwards. The
/// last two are unclean elections: Kafka then marks the leader as recovering.
///
/// Leader epoch +1 if the leader changes, partition epoch +1 in any case.
pub fn elect(
    before: &PartitionState,
    rules: Rules,
    target: Target<'_>,
    acceptable: impl Fn(BrokerId) -> bool,
) -> Option<Election> {
    let target_isr = in_order(before, |replica| target.isr.contains(&replica));
    let target_elr = target_elr(before, rules, target, &target_isr);
    let found = find_leader(before, rules, &target_isr, &target_elr, acceptable);
    let leader = found.map_or(BrokerId::NONE, |(leader, _)| leader);
    let (isr, elr) = match found.map(|(_, origin)| origin) {
        Some(Origin::Unclean) => (vec![leader], Vec::new()),
        Some(Origin::Eligible) => {
            let isr = vec![leader];
            // Kafka would keep the others even if min.insync.replicas was lowered to 1 meanwhile. From now on records
            // are acknowledged without them.
            let others =
                target_elr.into_iter().filter(|other| *other != leader && isr.len() < rules.min_insync);
            let others = others.collect();
            (isr, others)
        }
        Some(Origin::InSync) => (target_isr, target_elr),
        None if target_isr.is_empty() && rules.eligible == EligibleLeaders::Ignored => {
            (before.isr.clone(), target_elr)
        }
        None => (target_isr, target_elr),
    };
    let last_known_leader = if leader != BrokerId::NONE {
        BrokerId::NONE
    } else if isr.is_empty() && !before.isr.is_empty() {
        before.leader
    } else {
        before.last_known_leader
    };
    let unclean = found.is_some_and(|(_, origin)| origin == Origin::Unclean);
    let mut state =
        PartitionState { replicas: before.replicas.clone(), isr, elr, last_known_leader, leader, ..*before };
    check(before, rules, &state);
    if state == *before {
        return None;
    }
    state.leader_epoch = LeaderEpoch(before.leader_epoch.0 + i32::from(leader != before.leader));
    state.partition_epoch = PartitionEpoch(before.partition_epoch.0 + 1);
    Some(Election { state, unclean })
}

fn in_order(state: &PartitionState, wanted: impl Fn(BrokerId) -> bool) -> Vec<BrokerId> {
    state.replicas.iter().copied().filter(|replica| wanted(*replica)).collect()
}

/// With enough members in the ISR nobody outside it can be trusted to have what is acknowledged from now on. With fewer,
/// nothing is acknowledged: whoever was in ISR or ELR still has everything, unless its disk may have lost some of it.
fn target_elr(
    before: &PartitionState,
    rules: Rules,
    target: Target<'_>,
    target_isr: &[BrokerId],
) -> Vec<BrokerId> {
    if rules.eligible == EligibleLeaders::Ignored || rules.min_insync <= target_isr.len() {
        return Vec::new();
    }
    in_order(before, |replica| {
        let had_everything = before.isr.contains(&replica) || before.elr.contains(&replica);
        had_everything && !target_isr.contains(&replica) && target.unclean_shutdown != Some(replica)
    })
}

fn find_leader(
    before: &PartitionState,
    rules: Rules,
    isr: &[BrokerId],
    elr: &[BrokerId],
    acceptable: impl Fn(BrokerId) -> bool,
) -> Option<(BrokerId, Origin)> {
    let in_sync = |replica: &BrokerId| isr.contains(replica) && acceptable(*replica);
    let eligible = |replica: &BrokerId| isr.is_empty() && elr.contains(replica) && acceptable(*replica);
    if in_sync(&before.leader) {
        return Some((before.leader, Origin::InSync));
    }
    if let Some(replica) = before.replicas.iter().find(|replica| in_sync(replica)) {
        return Some((*replica, Origin::InSync));
    }
    if let Some(replica) = before.replicas.iter().find(|replica| eligible(replica)) {
        return Some((*replica, Origin::Eligible));
    }
    let nobody_has_everything = isr.is_empty() && elr.is_empty();
    let last = before.last_known_leader;
    let remembered = rules.eligible == EligibleLeaders::Kept && last != BrokerId::NONE;
    if nobody_has_everything && remembered && acceptable(last) {
        return Some((last, Origin::Unclean));
    }
    let any = before.replicas.iter().find(|replica| acceptable(**replica))?;
    (rules.unclean == Unclean::Allowed).then_some((*any, Origin::Unclean))
}

fn check(before: &PartitionState, rules: Rules, after: &PartitionState) {
    assert!(
        after.elr.is_empty() || after.isr.len() < rules.min_insync,
        "records may be acknowledged that the ELR lacks: {after:?}"
    );
    let may_empty = rules.eligible == EligibleLeaders::Kept || before.isr.is_empty();
    assert!(may_empty || !after.isr.is_empty(), "without an ELR the last member stays: {after:?}");
}
