//! Damages correct runs in known ways: every damage must be found, and without damage nothing may be.

use broker_core::types::{BrokerId, LeaderEpoch, Offset, PartitionEpoch};
use proptest::prelude::*;

use super::model::{Model, Step};
use super::testing::MIN_INSYNC;
use crate::checker::Anomaly;
use crate::snapshot::{BatchFacts, ReplicaSnapshot};
use crate::trace::Stop;

/// Something that no correct broker, controller or disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    LeadTwice,
    ForgetLeaderEpoch,
    ForgetPartitionEpoch,
    InventPartitionEpoch,
    ControllerGoesBack,
    ControllerForgets,
    RecoveryPointGoesBack,
    RecoveryPointUnflushed,
    RecoveryPointAboveEnd,
    HighWatermarkAboveEnd,
    HighWatermarkBelowStart,
    LeaderOutsideIsr,
    StrangerInIsr,
    StrangerInElr,
    InSyncAndEligible,
    ElrKept,
    NewLeaderLacksCommitted,
    NewLeaderHasOtherCommitted,
    MemberCutsCommitted,
    HighWatermarkAheadOfMember,
    CountsWhoLacksCommitted,
    OtherBytesWhenOpened,
    OtherBytesWhenCommitted,
    CommitsOtherBytes,
}

const DAMAGES: [(Damage, Anomaly); 24] = [
    (Damage::LeadTwice, Anomaly::OneLeaderPerEpoch),
    (Damage::ForgetLeaderEpoch, Anomaly::MonotonicEpochs),
    (Damage::ForgetPartitionEpoch, Anomaly::MonotonicEpochs),
    (Damage::InventPartitionEpoch, Anomaly::MonotonicEpochs),
    (Damage::ControllerGoesBack, Anomaly::MonotonicEpochs),
    (Damage::ControllerForgets, Anomaly::MonotonicEpochs),
    (Damage::RecoveryPointGoesBack, Anomaly::MonotonicEpochs),
    (Damage::RecoveryPointUnflushed, Anomaly::DurableRecoveryPoint),
    (Damage::RecoveryPointAboveEnd, Anomaly::OrderedOffsets),
    (Damage::HighWatermarkAboveEnd, Anomaly::OrderedOffsets),
    (Damage::HighWatermarkBelowStart, Anomaly::OrderedOffsets),
    (Damage::LeaderOutsideIsr, Anomaly::LeaderInIsr),
    (Damage::StrangerInIsr, Anomaly::IsrWithinReplicas),
    (Damage::StrangerInElr, Anomaly::IsrWithinReplicas),
    (Damage::InSyncAndEligible, Anomaly::IsrWithinReplicas),
    (Damage::ElrKept, Anomaly::ElrEmpty),
    (Damage::NewLeaderLacksCommitted, Anomaly::LeaderCompleteness),
    (Damage::NewLeaderHasOtherCommitted, Anomaly::LeaderCompleteness),
    (Damage::MemberCutsCommitted, Anomaly::StrongIsr),
    (Damage::HighWatermarkAheadOfMember, Anomaly::StrongIsr),
    (Damage::CountsWhoLacksCommitted, Anomaly::StrongIsr),
    (Damage::OtherBytesWhenOpened, Anomaly::LogDivergence),
    (Damage::OtherBytesWhenCommitted, Anomaly::LogDivergence),
    (Damage::CommitsOtherBytes, Anomaly::LogDivergence),
];

/// A checksum that no batch of the model has.
const OTHER: u32 = 1_000_000;

impl Damage {
    /// Does it to somebody, by number; `None` if it cannot be done to anybody.
    fn inflict(self, model: &mut Model, whom: usize) -> Option<()> {
        match self {
            Damage::LeadTwice
            | Damage::ForgetLeaderEpoch
            | Damage::ForgetPartitionEpoch
            | Damage::InventPartitionEpoch
            | Damage::RecoveryPointGoesBack
            | Damage::RecoveryPointUnflushed
            | Damage::RecoveryPointAboveEnd
            | Damage::HighWatermarkAboveEnd
            | Damage::HighWatermarkBelowStart => self.to_a_replica(model, whom),
            Damage::ControllerGoesBack
            | Damage::ControllerForgets
            | Damage::LeaderOutsideIsr
            | Damage::StrangerInIsr
            | Damage::StrangerInElr
            | Damage::InSyncAndEligible
            | Damage::ElrKept => self.to_the_controller(model),
            Damage::NewLeaderLacksCommitted
            | Damage::NewLeaderHasOtherCommitted
            | Damage::MemberCutsCommitted
            | Damage::HighWatermarkAheadOfMember
            | Damage::CountsWhoLacksCommitted
            | Damage::OtherBytesWhenOpened
            | Damage::OtherBytesWhenCommitted
            | Damage::CommitsOtherBytes => self.to_a_log(model, whom),
        }
    }

    fn to_a_replica(self, model: &mut Model, whom: usize) -> Option<()> {
        let decided = model.scene.decided();
        let can = |broker: BrokerId, it: &ReplicaSnapshot| match self {
            Damage::LeadTwice => decided.leader != BrokerId::NONE && decided.leader != broker,
            Damage::ForgetLeaderEpoch => LeaderEpoch(0) <= it.leader_epoch,
            Damage::ForgetPartitionEpoch => PartitionEpoch(0) <= it.partition_epoch,
            Damage::RecoveryPointGoesBack => Offset::ZERO < it.recovery_point,
            Damage::RecoveryPointUnflushed => {
                it.durable_end.max(it.log_start).max(it.recovery_point) < it.log_end
            }
            Damage::HighWatermarkBelowStart => Offset::ZERO < it.log_start,
            _ => true,
        };
        let broker = model.pick(whom, can)?;
        model.scene.set(broker.0, |it| match self {
            Damage::LeadTwice => (it.is_leader, it.leader_epoch) = (true, decided.leader_epoch),
            Damage::ForgetLeaderEpoch => it.leader_epoch = LeaderEpoch(it.leader_epoch.0 - 1),
            Damage::ForgetPartitionEpoch => it.partition_epoch = PartitionEpoch(it.partition_epoch.0 - 1),
            Damage::InventPartitionEpoch => {
                it.partition_epoch = PartitionEpoch(decided.partition_epoch.0 + 1)
            }
            Damage::RecoveryPointGoesBack => it.recovery_point = Offset(it.recovery_point.0 - 1),
            Damage::RecoveryPointUnflushed => it.recovery_point = it.log_end,
            Damage::RecoveryPointAboveEnd => it.recovery_point = it.log_end.plus(1),
            Damage::HighWatermarkAboveEnd => it.high_watermark = it.log_end.plus(1),
            Damage::HighWatermarkBelowStart => it.high_watermark = Offset(it.log_start.0 - 1),
            _ => unreachable!("{self:?} is done to something else"),
        });
        Some(())
    }

    fn to_the_controller(self, model: &mut Model) -> Option<()> {
        let decided = model.scene.decided();
        let outside = decided.replicas.iter().copied().find(|replica| !decided.isr.contains(replica));
        let can = match self {
            Damage::ControllerGoesBack => LeaderEpoch(0) < decided.leader_epoch,
            Damage::LeaderOutsideIsr => decided.leader != BrokerId::NONE,
            Damage::InSyncAndEligible => !decided.isr.is_empty(),
            Damage::ElrKept => MIN_INSYNC <= decided.isr.len() && outside.is_some(),
            _ => true,
        };
        if !can {
            return None;
        }
        if self == Damage::ControllerForgets {
            let forgotten = model.forgotten()?;
            model.scene.stop_controller(Stop::PowerLost);
            model.scene.start_controller(forgotten);
            return Some(());
        }
        model.scene.decide(|it| match self {
            Damage::ControllerGoesBack => it.leader_epoch = LeaderEpoch(it.leader_epoch.0 - 1),
            Damage::LeaderOutsideIsr => it.isr.retain(|member| *member != it.leader),
            Damage::StrangerInIsr => it.isr.push(BrokerId(4)),
            Damage::StrangerInElr => it.elr.push(BrokerId(4)),
            Damage::InSyncAndEligible => it.elr.push(it.isr[0]),
            Damage::ElrKept => it.elr.extend(outside),
            _ => unreachable!("{self:?} is done to something else"),
        });
        Some(())
    }

    fn to_a_log(self, model: &mut Model, whom: usize) -> Option<()> {
        let committed = |model: &Model, it: &ReplicaSnapshot| last_below(model, it, model.committed);
        match self {
            Damage::NewLeaderLacksCommitted | Damage::NewLeaderHasOtherCommitted => {
                let broker = model.pick(whom, |_, it| committed(model, it).is_some())?;
                let batch = committed(model, model.replica(broker)?)?;
                model.scene.truncate(broker.0, batch.base_offset.0);
                if self == Damage::NewLeaderHasOtherCommitted {
                    model.scene.append(broker.0, batch.end_offset.since(batch.base_offset));
                    model.scene.alter(broker.0, batch.base_offset.0, OTHER);
                }
                model.scene.lead(broker.0, model.scene.decided().leader_epoch.0 + 1);
            }
            Damage::MemberCutsCommitted => {
                let (leader, member) = leader_and_member(model, whom, |leader, member| {
                    last_below(model, member, leader.high_watermark).is_some()
                })?;
                let high_watermark = model.replica(leader)?.high_watermark;
                let batch = last_below(model, model.replica(member)?, high_watermark)?;
                model.scene.truncate(member.0, batch.base_offset.0);
            }
            Damage::HighWatermarkAheadOfMember => {
                let lags = |leader: &ReplicaSnapshot, member: &ReplicaSnapshot| {
                    member.log_end < leader.log_end && leader.high_watermark < leader.log_end
                };
                let (leader, _) = leader_and_member(model, whom, lags)?;
                model.scene.commit(leader.0, model.replica(leader)?.log_end.0);
            }
            Damage::CountsWhoLacksCommitted => {
                let leader = model.pick(whom, |_, it| it.is_leader)?;
                let own = model.replica(leader)?.clone();
                let lacks = |id: BrokerId, it: &ReplicaSnapshot| {
                    !own.maximal_isr.contains(&id) && it.log_end < own.high_watermark && model.never_lost(id)
                };
                let stranger = model.pick(whom, |id, it| lacks(id, it) && own.log_start <= it.log_end)?;
                model.scene.set(leader.0, |it| it.maximal_isr.push(stranger));
            }
            Damage::OtherBytesWhenOpened => {
                let below =
                    |it: &ReplicaSnapshot| last_below(model, it, it.high_watermark.min(model.committed));
                let broker = model.pick(whom, |_, it| below(it).is_some())?;
                let base = below(model.replica(broker)?)?.base_offset.0;
                model.scene.stop(broker.0, Stop::Killed);
                model.scene.alter(broker.0, base, OTHER);
                model.scene.reopen(broker.0);
            }
            Damage::OtherBytesWhenCommitted | Damage::CommitsOtherBytes => {
                let leads = self == Damage::CommitsOtherBytes;
                let next = |it: &ReplicaSnapshot| {
                    committed(model, it).filter(|batch| it.high_watermark <= batch.base_offset)
                };
                let broker = model.pick(whom, |_, it| it.is_leader == leads && next(it).is_some())?;
                let batch = next(model.replica(broker)?)?;
                model.scene.alter(broker.0, batch.base_offset.0, OTHER);
                model.scene.commit(broker.0, batch.end_offset.0);
            }
            _ => unreachable!("{self:?} is done to something else"),
        }
        Some(())
    }
}

/// The last batch of a log below `end` that no retention has deleted anywhere.
fn last_below(model: &Model, replica: &ReplicaSnapshot, end: Offset) -> Option<BatchFacts> {
    let start = model.latest_start();
    replica.records.from(start).take_while(|batch| batch.end_offset <= end).last().copied()
}

/// A leader and a member of its maximal ISR whose disk never lost anything, both running, that are as wanted.
fn leader_and_member(
    model: &Model,
    whom: usize,
    wanted: impl Fn(&ReplicaSnapshot, &ReplicaSnapshot) -> bool,
) -> Option<(BrokerId, BrokerId)> {
    let members = |id: BrokerId, it: &ReplicaSnapshot| {
        model.pick(whom, |member, copy| {
            member != id && it.maximal_isr.contains(&member) && model.never_lost(member) && wanted(it, copy)
        })
    };
    let leader = model.pick(whom, |id, it| it.is_leader && members(id, it).is_some())?;
    Some((leader, members(leader, model.replica(leader)?)?))
}

fn steps() -> impl Strategy<Value = Vec<(Step, usize)>> {
    let step = prop_oneof![
        16 => Just(Step::Append),
        36 => Just(Step::Sync),
        6 => Just(Step::Fetch),
        8 => Just(Step::Deliver),
        10 => Just(Step::Learn),
        16 => Just(Step::LearnAll),
        4 => Just(Step::Shrink),
        16 => Just(Step::Alter),
        3 => Just(Step::Fence),
        12 => Just(Step::Unfence),
        2 => Just(Step::Kill),
        2 => Just(Step::LosePower),
        1 => Just(Step::ShutDown),
        12 => Just(Step::Restart),
        12 => Just(Step::Register),
        3 => Just(Step::Flush),
        3 => Just(Step::Checkpoint),
        2 => Just(Step::Retain),
        1 => Just(Step::RestartController),
    ];
    proptest::collection::vec((step, 0..60_usize), 0..300)
}

fn run(steps: &[(Step, usize)]) -> Model {
    let mut model = Model::new();
    for (step, whom) in steps {
        model.take(*step, *whom);
    }
    model
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn correct_runs_pass(steps in steps()) {
        prop_assert_eq!(run(&steps).scene.findings(), "");
    }

    #[test]
    fn damage_is_found((damage, expected) in prop::sample::select(DAMAGES.to_vec()), steps in steps(), whom in 0..60_usize) {
        let mut model = run(&steps);
        if damage.inflict(&mut model, whom).is_some() {
            let found = model.scene.found();
            prop_assert!(found.contains(&expected), "{damage:?} must show as {expected}, not {found:?}");
        }
    }
}

/// 2,000, or as many as `PROPTEST_CASES` says.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}

/// Each damage can be done at the end of some run, so that the property above cannot be true for want of cases; and the runs
/// themselves are not quiet ones.
#[test]
fn every_damage_is_possible() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let runs: Vec<_> =
        (0..400).map(|_| steps().new_tree(&mut runner).expect("no filter").current()).collect();
    for (damage, expected) in DAMAGES {
        let mut inflicted = 0;
        for steps in &runs {
            let mut model = run(steps);
            if damage.inflict(&mut model, 0).is_some() {
                inflicted += 1;
                let found = model.scene.found();
                assert!(found.contains(&expected), "{damage:?} gives {found:?}");
            }
        }
        assert!(4 <= inflicted, "{damage:?} was possible {inflicted} times in {} runs", runs.len());
    }
    let models: Vec<Model> = runs.iter().map(|steps| run(steps)).collect();
    let often = |what: &dyn Fn(&Model) -> bool| models.iter().filter(|model| what(model)).count();
    let elected = often(&|model| LeaderEpoch(2) < model.scene.decided().leader_epoch);
    let committed = often(&|model| Offset(10) < model.committed);
    let lost = often(&|model| (1..=3).any(|broker| !model.never_lost(BrokerId(broker))));
    assert!(
        100 < elected.min(committed).min(lost),
        "{elected} elections, {committed} commits, {lost} losses"
    );
}
