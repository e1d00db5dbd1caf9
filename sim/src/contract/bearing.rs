//! Where a violation stands to the contract.

use std::collections::BTreeMap;

use broker_core::config::Acks;
use broker_core::time::Timestamp;
use broker_core::types::BrokerId;

use super::copies::Copies;
use super::injuries::{How, Injuries, Injury, Roles};
use super::promise::Promise;
use super::words;
use crate::checker::{Anomaly, Bearing, Contract, MessageRef, Violation};
use crate::history::{self, ProcessInfo};
use crate::trace::seconds;

/// What the settings say.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    /// Of each topic, by name.
    pub promises: BTreeMap<String, Promise>,
    /// What clients may rely on.
    pub processes: &'a [ProcessInfo],
}

/// Whether `violation` breaks a promise, and which setting or which fault decides that. Of more injuries never comes less
/// of an excuse.
pub fn bearing(violation: &Violation, terms: &Terms<'_>, injuries: &Injuries) -> Bearing {
    let cases = violation.cases();
    let bearings = cases.iter().map(|examples| of_case(violation, examples, terms, injuries));
    // The first of equals.
    bearings.min_by_key(|bearing| bearing.contract).expect("a violation has a case")
}

/// The same of one case, which is judged by itself: what excuses another one does not excuse it.
fn of_case(
    violation: &Violation,
    examples: &[&MessageRef],
    terms: &Terms<'_>,
    injuries: &Injuries,
) -> Bearing {
    let until = until(violation);
    // Whatever the controller forgets, records hold what producers sent.
    let by_controller = !matches!(violation.anomaly, Anomaly::G1a | Anomaly::Phantom);
    if let Some((how, since)) = injuries.controller.filter(|(_, since)| by_controller && *since <= until) {
        let since = seconds(since);
        return beyond(format!(
            "the controller {how} at {since}: there is one copy of the metadata, and everything goes by it"
        ));
    }
    let Some(promise) = terms.promises.get(&*violation.topic_partition.topic) else {
        return within(format!("nobody knows the settings of {}", violation.topic_partition.topic));
    };
    let promise =
        if is_acknowledged(violation.anomaly, examples) { *promise } else { promise.of_committed() };
    let copies = Copies::of(&violation.topic_partition, promise, injuries);
    let case = Case { violation, examples, until, terms, injuries, promise, copies };
    match violation.anomaly {
        Anomaly::LostWrite | Anomaly::InconsistentOffsets => {
            case.weakly_acknowledged().unwrap_or_else(|| case.lost())
        }
        Anomaly::Duplicate => case.sent_again().unwrap_or_else(|| case.lost()),
        Anomaly::PollSkip | Anomaly::NonmonotonicPoll | Anomaly::LeaderCompleteness => case.lost(),
        // What is found at the end is there to stay, whatever was lost before.
        Anomaly::LogDivergence if violation.seen.is_none() => always(violation.anomaly),
        Anomaly::LogDivergence => case.lost(),
        Anomaly::StrongIsr => case.unnoticed().unwrap_or_else(|| case.lost()),
        Anomaly::OrderedOffsets | Anomaly::MonotonicEpochs => {
            case.spoilt().unwrap_or_else(|| always(violation.anomaly))
        }
        Anomaly::DurableRecoveryPoint | Anomaly::RecoveredRecords => {
            case.phantoms().or_else(|| case.spoilt()).unwrap_or_else(|| always(violation.anomaly))
        }
        Anomaly::NonmonotonicSend
        | Anomaly::G1a
        | Anomaly::Phantom
        | Anomaly::OneLeaderPerEpoch
        | Anomaly::LeaderInIsr
        | Anomaly::IsrWithinReplicas
        | Anomaly::ElrEmpty => always(violation.anomaly),
    }
}

/// Whether it is about what was acknowledged, and not about what was committed alone.
fn is_acknowledged(anomaly: Anomaly, examples: &[&MessageRef]) -> bool {
    match anomaly {
        Anomaly::LostWrite => examples.iter().any(|example| example.note.is_none()),
        Anomaly::Duplicate => true,
        _ => false,
    }
}

/// What came later has not caused it.
fn until(violation: &Violation) -> Timestamp {
    violation.seen.map_or(Timestamp(u64::MAX), |seen| Timestamp(seen.time_us))
}

fn beyond(because: String) -> Bearing {
    Bearing { contract: Contract::Beyond, because }
}

fn within(because: String) -> Bearing {
    Bearing { contract: Contract::Within, because }
}

fn always(anomaly: Anomaly) -> Bearing {
    within(format!("no setting and no loss excuses {anomaly}: this is a bug"))
}

/// One case of a violation and everything that bears on it.
struct Case<'a> {
    violation: &'a Violation,
    examples: &'a [&'a MessageRef],
    until: Timestamp,
    terms: &'a Terms<'a>,
    injuries: &'a Injuries,
    promise: Promise,
    copies: Copies<'a>,
}

impl Case<'_> {
    /// Something committed is gone.
    fn lost(&self) -> Bearing {
        let until = self.until;
        let unclean = |roles: &&Roles| roles.unclean && roles.since <= until;
        if self.promise.unclean_election
            && let Some(roles) = self.copies.roles().iter().find(unclean)
        {
            let (leader, since) = (roles.leader, seconds(roles.since));
            return beyond(format!(
                "unclean.leader.election.enable = true, and broker-{leader} was elected outside the ISR at {since}"
            ));
        }
        match self.copies.beyond(until) {
            Some(doubt) => beyond(words::beyond(&doubt, &self.promise)),
            None => within(words::within(self.copies.worst(until).as_ref(), &self.promise)),
        }
    }

    /// Less than acks=all promises nothing once the leader is another, and acks=0 nothing at all. Of two messages at one
    /// offset it is enough that one was promised no more than that. What a consumer had read was committed.
    fn weakly_acknowledged(&self) -> Option<Bearing> {
        let weak = self.examples.iter().find_map(|example| {
            let acks = self.promise_to(example).map(|promise| promise.acks);
            acks.filter(|acks| *acks != Acks::All && example.note.is_none())
        });
        match weak? {
            Acks::All => None,
            Acks::None => Some(beyond("acks = 0: nobody waits for a record to be anywhere".to_owned())),
            Acks::Leader => {
                let ended = self.leadership_ended()?;
                Some(beyond(format!("acks = 1: the leader alone had to have the record, and {ended}")))
            }
        }
    }

    fn promise_to(&self, example: &MessageRef) -> Option<history::Promise> {
        let process = example.process?;
        self.terms.processes.iter().find(|info| info.process == process)?.promise
    }

    /// The first time that a leader could no longer answer for what it alone had.
    fn leadership_ended(&self) -> Option<String> {
        let roles = self.copies.roles();
        let leads = |broker: BrokerId, when: Timestamp| {
            let known = &roles[..roles.partition_point(|roles| roles.since <= when)];
            known.last().is_some_and(|roles| roles.leader == broker)
        };
        let fell = self.copies.injuries().find(|injury| leads(injury.broker, injury.since));
        let replaced = roles.windows(2).find(|pair| pair[0].leader_epoch < pair[1].leader_epoch);
        let first_fell = match (fell, replaced) {
            (Some(injury), Some(pair)) => injury.since <= pair[1].since,
            (fell, _) => fell.is_some(),
        };
        if first_fell {
            return fell
                .map(|injury| format!("broker-{}, which led, {}", injury.broker, words::fate(injury)));
        }
        let [before, after] = replaced? else { return None };
        let (leader, epoch, since) = (before.leader, before.leader_epoch, seconds(after.since));
        Some(format!("leader epoch {epoch} of broker-{leader} ended at {since}"))
    }

    /// Without idempotence a batch that is sent again is written again.
    fn sent_again(&self) -> Option<Bearing> {
        let key = &self.violation.topic_partition;
        let mut by = None;
        for example in self.examples {
            let process = example.process?;
            let info = self.terms.processes.iter().find(|info| info.process == process)?;
            let retried = self.injuries.retries.contains(&(info.name.clone(), key.clone()));
            by = info.promise.filter(|promise| retried && !promise.idempotent).map(|_| &info.name);
            by?;
        }
        let name = by?;
        Some(beyond(format!("enable.idempotence = false, and {name} sent again what it had no answer for")))
    }

    /// The accused member of the ISR forgot something, and nobody knows yet.
    fn unnoticed(&self) -> Option<Bearing> {
        let outlives_power = self.promise.outlives_power();
        let doubt = self.copies.doubt(self.until)?;
        let forgot = |injury: &&&Injury| {
            let accused = self.violation.accused == Some(injury.broker);
            accused && doubt.roles.isr.contains(&injury.broker) && injury.how.forgets(outlives_power)
        };
        let member = doubt.injuries.iter().find(forgot)?;
        Some(beyond(format!("{}, and was still in the ISR", words::injury(member))))
    }

    /// What was done by then to the broker whose state is wrong. The controller has its own disk, and is not excused by
    /// anybody else's.
    fn of_accused(&self) -> impl Iterator<Item = &Injury> {
        let is_of =
            |injury: &&Injury| Some(injury.broker) == self.violation.accused && injury.since <= self.until;
        self.copies.injuries().filter(is_of)
    }

    /// Its disk lost what it had been told to keep.
    fn spoilt(&self) -> Option<Bearing> {
        let spoilt = |how: How| matches!(how, How::Spoilt(_) | How::Power { forgot: Some(_), .. });
        let injury = self.of_accused().find(|injury| spoilt(injury.how))?;
        Some(beyond(words::injury(injury)))
    }

    /// A process that starts where a flush failed reads from the page cache what is nowhere else, and counts it as durable.
    fn phantoms(&self) -> Option<Bearing> {
        let (injury, failed) = self.of_accused().find_map(|injury| {
            let before =
                |(on, since): &&(BrokerId, Timestamp)| *on == injury.broker && *since <= injury.since;
            Some((injury, self.injuries.failed_flushes.iter().find(before)?.1))
        })?;
        let (told, failed) = (words::injury(injury), seconds(failed));
        Some(beyond(format!(
            "flushes had failed since {failed}, and {told}: what was in the page cache looked durable"
        )))
    }
}
