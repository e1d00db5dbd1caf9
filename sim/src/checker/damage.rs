//! Damages good histories in known ways: every damage must be found, and without damage nothing may be.

use proptest::prelude::*;

use super::all::{Checks, check_all};
use super::anomaly::Anomaly;
use super::testing::{OTHER_READER, READER, Story};
use crate::verdict::Verdict;

const PARTITIONS: [&str; 2] = ["orders-0", "payments-1"];

/// How one send ends, and whether the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ok,
    OkSomewhere,
    Fail,
    InfoWritten,
    InfoNotWritten,
    NeverEnded,
}

/// Whether the history ends with final reads, or is one of those that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    FinalReads,
    Polls,
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    DropAcknowledged,
    DropRead,
    Duplicate,
    Swap,
    Overwrite,
    Alter,
    Resurrect,
    Invent,
    Skip,
    Rewind,
}

/// What a reader is given: offsets and values, `None` for one that nobody sent.
type Reads = Vec<(i64, Option<u32>)>;

/// One send of a plan: by which process, to which partition, how it ends, and whether a reader catches up then.
type Step = (u32, usize, End, bool);

/// A good history as a plan: what was sent, and the logs that correct brokers would hold.
#[derive(Clone, Debug)]
struct Plan {
    steps: Vec<Step>,
    logs: [Vec<u32>; 2],
}

/// What the first partition's readers are shown instead of its log.
#[derive(Clone, Debug)]
struct Damaged {
    /// By whoever reads the log last.
    log: Reads,
    /// By who reads it before, from the start.
    polled: Option<Reads>,
    found_as: Anomaly,
}

impl Plan {
    fn new(steps: Vec<Step>) -> Plan {
        let mut logs = [const { Vec::new() }; 2];
        for (message, (_, partition, end, _)) in (0..).zip(&steps) {
            if matches!(end, End::Ok | End::OkSomewhere | End::InfoWritten) {
                logs[*partition].push(message);
            }
        }
        Plan { steps, logs }
    }

    /// Tells the sends: completions come in pairs and out of order. A reader follows where there are final reads.
    fn tell(&self, ending: Ending) -> Story {
        let (mut story, mut read) = (Story::new(), [0, 0]);
        let numbered: Vec<(u32, &Step)> = (0..).zip(&self.steps).collect();
        for pair in numbered.chunks(2) {
            for (message, (process, partition, ..)) in pair {
                story.invoke(*process, PARTITIONS[*partition], *message);
            }
            for (message, (process, partition, end, polled)) in pair.iter().rev() {
                let at = PARTITIONS[*partition];
                let offset = self.logs[*partition].iter().position(|logged| logged == message);
                match (end, offset) {
                    (End::Ok, Some(offset)) => story.ok(*process, at, *message, offset as i64),
                    (End::Ok | End::OkSomewhere, _) => story.ok_somewhere(*process, at, *message),
                    (End::Fail, _) => story.fail(*process, at, *message),
                    (End::InfoWritten | End::InfoNotWritten, _) => story.info(*process, at, *message),
                    (End::NeverEnded, _) => {}
                }
                // The later one of a pair is told first: then this one has been read with it.
                let new = offset
                    .filter(|offset| *polled && ending == Ending::FinalReads && read[*partition] <= *offset);
                if let Some(offset) = new {
                    story.poll_values(READER.0, at, &self.good(*partition)[read[*partition]..=offset]);
                    read[*partition] = offset + 1;
                }
            }
        }
        story
    }

    /// Ends the story with what readers are shown; then what the checkers say.
    fn judge(&self, ending: Ending, first: Option<&Damaged>) -> Checks {
        let mut story = self.tell(ending);
        for (number, at) in PARTITIONS.into_iter().enumerate() {
            let damaged = first.filter(|_| number == 0);
            let good = self.good(number);
            let log = damaged.map_or(&good, |damaged| &damaged.log);
            if let Some(polled) = damaged.and_then(|damaged| damaged.polled.as_ref()) {
                story.seek_everywhere();
                story.seek(at, Some(0));
                polled.chunks(3).for_each(|records| story.poll_values(READER.0, at, records));
            }
            match ending {
                Ending::FinalReads => story.finish_values(at, log),
                Ending::Polls => {
                    story.seek_by(OTHER_READER, at, Some(0));
                    log.chunks(3).for_each(|records| story.poll_values(OTHER_READER.0, at, records));
                }
            }
        }
        check_all(&story.history).expect("the plan is consistent")
    }

    fn good(&self, partition: usize) -> Reads {
        (0..).zip(self.logs[partition].iter().map(|message| Some(*message))).collect()
    }

    /// Damages what is read of the first partition at the first place, from `from` on, where that is possible. `None` if
    /// there is no such place.
    fn damage(&self, damage: Damage, ending: Ending, from: usize) -> Option<Damaged> {
        let (mut log, mut polled) = (self.good(0), None);
        let end = log.len() as i64;
        let step = |place: usize| self.steps[self.logs[0][place] as usize];
        let sent = |wanted: &dyn Fn(End) -> bool| {
            let steps = (0..).zip(&self.steps);
            steps.filter(|(_, step)| step.1 == 0 && wanted(step.2)).map(|(message, _)| Some(message)).next()
        };
        let acknowledged = |place: usize| matches!(step(place).2, End::Ok | End::OkSomewhere);
        let places = (from.min(log.len())..log.len()).chain(0..from.min(log.len()));
        let find = |wanted: &dyn Fn(usize) -> bool| places.clone().find(|place| wanted(*place));
        let found_as = match damage {
            Damage::DropAcknowledged => {
                log.remove(find(&acknowledged)?);
                Anomaly::LostWrite
            }
            Damage::DropRead => {
                // What was read once counts as safe where nobody reads finally.
                let read = |place| step(place).2 == End::InfoWritten && step(place).3;
                log.remove(find(&|place| read(place) && ending == Ending::FinalReads)?);
                Anomaly::LostWrite
            }
            Damage::Duplicate => {
                log.push((end, log[find(&|_| true)?].1));
                Anomaly::Duplicate
            }
            Damage::Swap => {
                // Neighbours of one process, both acknowledged.
                let place = find(&|place| {
                    place + 1 < log.len()
                        && acknowledged(place)
                        && acknowledged(place + 1)
                        && step(place).0 == step(place + 1).0
                })?;
                (log[place].1, log[place + 1].1) = (log[place + 1].1, log[place].1);
                Anomaly::NonmonotonicSend
            }
            Damage::Overwrite => {
                // The offset was acknowledged for a message that moves to the end.
                let place = find(&|place| step(place).2 == End::Ok)?;
                let moved = log[place].1;
                log[place].1 = sent(&|end| matches!(end, End::InfoNotWritten | End::NeverEnded))?;
                log.push((end, moved));
                Anomaly::InconsistentOffsets
            }
            Damage::Alter => {
                log[find(&|_| true)?].1 = None;
                Anomaly::Phantom
            }
            Damage::Resurrect => {
                log.push((end, sent(&|end| end == End::Fail)?));
                Anomaly::G1a
            }
            Damage::Invent => {
                log.push((end, Some(self.steps.len() as u32 + 5)));
                Anomaly::Phantom
            }
            Damage::Skip => {
                let mut given = log.clone();
                given.remove(find(&|place| place + 1 < log.len())?);
                polled = Some(given);
                Anomaly::PollSkip
            }
            Damage::Rewind => {
                let place = find(&|_| true)?;
                let mut given = log.clone();
                given.insert(place + 1, log[from % (place + 1)]);
                polled = Some(given);
                Anomaly::NonmonotonicPoll
            }
        };
        Some(Damaged { log, polled, found_as })
    }

    /// Whether the checkers see what was done. A tail, and what nobody knows the place of, may be lost or not where nobody
    /// reads finally: that is unknown, and no pass.
    fn is_found(&self, damage: Damage, ending: Ending, damaged: &Damaged) -> bool {
        let checks = self.judge(ending, Some(damaged));
        let unseen = || checks.unknown.iter().any(|reason| reason.contains("were never read"));
        checks.violations.iter().any(|violation| violation.anomaly == damaged.found_as)
            || matches!((damage, ending), (Damage::DropAcknowledged, Ending::Polls))
                && checks.verdict() != Verdict::Pass
                && unseen()
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let end = prop_oneof![
        4 => Just(End::Ok),
        1 => Just(End::OkSomewhere),
        1 => Just(End::Fail),
        1 => Just(End::InfoWritten),
        1 => Just(End::InfoNotWritten),
        1 => Just(End::NeverEnded),
    ];
    proptest::collection::vec((0..4_u32, 0..2_usize, end, any::<bool>()), 0..60).prop_map(Plan::new)
}

const DAMAGES: [Damage; 10] = [
    Damage::DropAcknowledged,
    Damage::DropRead,
    Damage::Duplicate,
    Damage::Swap,
    Damage::Overwrite,
    Damage::Alter,
    Damage::Resurrect,
    Damage::Invent,
    Damage::Skip,
    Damage::Rewind,
];

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![Just(Ending::FinalReads), Just(Ending::Polls)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn good_histories_pass(plan in plans(), ending in endings()) {
        let checks = plan.judge(ending, None);
        prop_assert!(checks.verdict() == Verdict::Pass, "{:?} {:?}", checks.violations, checks.unknown);
    }

    #[test]
    fn damage_is_found(plan in plans(), damage in 0..DAMAGES.len(), ending in endings(), from in 0..30_usize) {
        let damage = DAMAGES[damage];
        if let Some(damaged) = plan.damage(damage, ending, from) {
            prop_assert!(plan.is_found(damage, ending, &damaged), "{damage:?} must show as {}", damaged.found_as);
        }
    }
}

/// Each damage is possible in this plan, so that the property above cannot be true for want of cases.
#[test]
fn every_damage_is_possible() {
    let ends = [End::Ok, End::Ok, End::Fail, End::InfoWritten, End::InfoNotWritten, End::NeverEnded];
    let plan = Plan::new(ends.map(|end| (0, 0, end, true)).to_vec());
    for damage in DAMAGES {
        for ending in [Ending::FinalReads, Ending::Polls] {
            let damaged = plan.damage(damage, ending, 0);
            let possible = !matches!((damage, ending), (Damage::DropRead, Ending::Polls));
            assert_eq!(damaged.is_some(), possible, "{damage:?} {ending:?}");
            let found = |damaged: &Damaged| plan.is_found(damage, ending, damaged);
            assert!(damaged.as_ref().is_none_or(found), "{damage:?} {ending:?}");
        }
    }
}
