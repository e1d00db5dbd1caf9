//! Damages good histories in known ways: every damage must be found, and without damage nothing may be.

use proptest::prelude::*;

use super::all::check_all;
use super::anomaly::Anomaly;
use super::testing::Story;

const PARTITIONS: [&str; 2] = ["orders-0", "payments-1"];

/// How one send ends, and whether the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ok,
    Fail,
    InfoWritten,
    InfoNotWritten,
    NeverWritten,
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    DropAcknowledged,
    DropRead,
    Duplicate,
    SwapInLog,
    Overwrite,
    Resurrect,
    Invent,
}

/// One send of a plan: by which process, to which partition, how it ends, and whether an ongoing poll returns it.
type Step = (u32, usize, End, bool);

/// A good history as a plan: what was sent, and the logs that correct brokers would hold.
#[derive(Clone, Debug)]
struct Plan {
    steps: Vec<Step>,
    logs: [Vec<u32>; 2],
}

impl Plan {
    fn new(steps: Vec<Step>) -> Plan {
        let mut logs = [const { Vec::new() }; 2];
        for (message, (_, partition, end, _)) in (0..).zip(&steps) {
            if matches!(end, End::Ok | End::InfoWritten) {
                logs[*partition].push(message);
            }
        }
        Plan { steps, logs }
    }

    /// Tells the history up to the final reads: completions come in pairs and out of order, polls follow them.
    fn tell(&self) -> Story {
        let mut story = Story::new();
        let numbered: Vec<(u32, &Step)> = (0..).zip(&self.steps).collect();
        for pair in numbered.chunks(2) {
            for (message, (process, partition, ..)) in pair {
                story.invoke(*process, PARTITIONS[*partition], *message);
            }
            for (message, (process, partition, end, polled)) in pair.iter().rev() {
                let at = PARTITIONS[*partition];
                let offset = self.logs[*partition].iter().position(|logged| logged == message);
                match (end, offset) {
                    (End::Ok, Some(offset)) if message % 7 != 6 => {
                        story.ok(*process, at, *message, offset as i64);
                    }
                    (End::Ok, _) => story.ok_somewhere(*process, at, *message),
                    (End::Fail, _) => story.fail(*process, at, *message),
                    (End::InfoWritten | End::InfoNotWritten, _) => story.info(*process, at, *message),
                    (End::NeverWritten, _) => {}
                }
                if let Some(offset) = offset.filter(|_| *polled) {
                    story.poll(at, &[(offset as i64, *message)]);
                }
            }
        }
        story
    }

    /// Ends the story with final reads of `logs`; then what the checkers say.
    fn judge(&self, logs: &[Vec<(i64, u32)>; 2]) -> Vec<Anomaly> {
        let mut story = self.tell();
        for (at, log) in PARTITIONS.iter().zip(logs) {
            story.finish(at, log);
        }
        let checks = check_all(&story.history).expect("the plan is consistent");
        assert_eq!(checks.unknown, Vec::<String>::new());
        checks.violations.iter().map(|violation| violation.anomaly).collect()
    }

    fn good_logs(&self) -> [Vec<(i64, u32)>; 2] {
        [0, 1].map(|at| (0..).zip(self.logs[at].iter().copied()).collect())
    }

    /// Damages the first partition's log at the first place, from `from` on, where that is possible. Which anomaly must
    /// be found; `None` if there is no such place.
    fn damage(&self, damage: Damage, from: usize, log: &mut Vec<(i64, u32)>) -> Option<Anomaly> {
        let end = log.len() as i64;
        let step = |message: u32| self.steps[message as usize];
        let places = (from.min(log.len())..log.len()).chain(0..from.min(log.len()));
        let find = |wanted: &dyn Fn(u32) -> bool| places.clone().find(|place| wanted(log[*place].1));
        match damage {
            Damage::DropAcknowledged => {
                log.remove(find(&|message| step(message).2 == End::Ok)?);
                Some(Anomaly::LostWrite)
            }
            Damage::DropRead => {
                log.remove(find(&|message| step(message).2 == End::InfoWritten && step(message).3)?);
                Some(Anomaly::LostWrite)
            }
            Damage::Duplicate => {
                log.push((end, log[find(&|_| true)?].1));
                Some(Anomaly::Duplicate)
            }
            Damage::SwapInLog => {
                // Neighbours of one process, both acknowledged.
                let acknowledged = |place: usize| step(log[place].1).2 == End::Ok;
                let place = places.clone().filter(|place| place + 1 < log.len()).find(|place| {
                    acknowledged(*place)
                        && acknowledged(place + 1)
                        && step(log[*place].1).0 == step(log[place + 1].1).0
                })?;
                let (first, second) = (log[place].1, log[place + 1].1);
                (log[place].1, log[place + 1].1) = (second, first);
                Some(Anomaly::NonmonotonicSend)
            }
            Damage::Overwrite => {
                // The offset was acknowledged for a message that moves to the end.
                let place = find(&|message| step(message).2 == End::Ok && message % 7 != 6)?;
                let moved = log[place].1;
                log[place].1 = (0..)
                    .zip(&self.steps)
                    .find(|(_, (_, at, end, _))| {
                        *at == 0 && matches!(end, End::InfoNotWritten | End::NeverWritten)
                    })?
                    .0;
                log.push((end, moved));
                Some(Anomaly::InconsistentOffsets)
            }
            Damage::Resurrect => {
                let failed = (0..).zip(&self.steps).find(|(_, step)| step.1 == 0 && step.2 == End::Fail)?.0;
                log.push((end, failed));
                Some(Anomaly::G1a)
            }
            Damage::Invent => {
                log.push((end, self.steps.len() as u32 + 5));
                Some(Anomaly::Phantom)
            }
        }
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let end = prop_oneof![
        4 => Just(End::Ok),
        1 => Just(End::Fail),
        1 => Just(End::InfoWritten),
        1 => Just(End::InfoNotWritten),
        1 => Just(End::NeverWritten),
    ];
    proptest::collection::vec((0..4_u32, 0..2_usize, end, any::<bool>()), 0..60).prop_map(Plan::new)
}

fn damages() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::DropAcknowledged),
        Just(Damage::DropRead),
        Just(Damage::Duplicate),
        Just(Damage::SwapInLog),
        Just(Damage::Overwrite),
        Just(Damage::Resurrect),
        Just(Damage::Invent),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn good_histories_pass(plan in plans()) {
        prop_assert_eq!(plan.judge(&plan.good_logs()), Vec::<Anomaly>::new());
    }

    #[test]
    fn damage_is_found(plan in plans(), damage in damages(), from in 0..30_usize) {
        let mut logs = plan.good_logs();
        if let Some(expected) = plan.damage(damage, from, &mut logs[0]) {
            let found = plan.judge(&logs);
            prop_assert!(found.contains(&expected), "{damage:?} must show as {expected}, not {found:?}");
        }
    }
}

/// Each damage is possible in this plan, so that the property above cannot be true for want of cases.
#[test]
fn every_damage_is_possible() {
    let ends = [End::Ok, End::Ok, End::Fail, End::InfoWritten, End::InfoNotWritten, End::NeverWritten];
    let plan = Plan::new(ends.map(|end| (0, 0, end, true)).to_vec());
    let damages = [
        (Damage::DropAcknowledged, Anomaly::LostWrite),
        (Damage::DropRead, Anomaly::LostWrite),
        (Damage::Duplicate, Anomaly::Duplicate),
        (Damage::SwapInLog, Anomaly::NonmonotonicSend),
        (Damage::Overwrite, Anomaly::InconsistentOffsets),
        (Damage::Resurrect, Anomaly::G1a),
        (Damage::Invent, Anomaly::Phantom),
    ];
    for (damage, expected) in damages {
        let mut logs = plan.good_logs();
        assert_eq!(plan.damage(damage, 0, &mut logs[0]), Some(expected), "{damage:?}");
        let found = plan.judge(&logs);
        assert!(found.contains(&expected), "{damage:?} gives {found:?}");
    }
}
