//! Which copies of one topic partition had everything, at each moment.

use std::collections::BTreeSet;

use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, TopicPartition};

use super::injuries::{Injuries, Injury, Roles};
use super::promise::Promise;

/// The copies of one topic partition and what was done to them.
#[derive(Clone, Debug)]
pub(super) struct Copies<'i> {
    promise: Promise,
    roles: &'i [Roles],
    /// Of its replicas, each with the moment from which that one is whole again.
    injuries: Vec<(&'i Injury, Timestamp)>,
}

/// A moment and the injuries that were not mended then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doubt<'i> {
    /// Who led, and who was in sync.
    pub roles: &'i Roles,
    /// At least one of each copy in doubt, the earliest first.
    pub injuries: Vec<&'i Injury>,
}

impl Doubt<'_> {
    /// The copies in doubt.
    pub fn brokers(&self) -> BTreeSet<BrokerId> {
        self.injuries.iter().map(|injury| injury.broker).collect()
    }

    /// Whether nobody who was in sync or eligible is certain to have everything.
    fn is_of_all(&self, promise: &Promise) -> bool {
        let brokers = self.brokers();
        let eligible = self.roles.elr.iter().filter(|_| promise.eligible_leader_replicas);
        self.roles.isr.iter().chain(eligible).all(|broker| brokers.contains(broker))
    }
}

impl<'i> Copies<'i> {
    /// Of this topic partition. Its replicas are who ever was in sync or eligible.
    pub fn of(key: &TopicPartition, promise: Promise, injuries: &'i Injuries) -> Copies<'i> {
        let roles = injuries.roles.get(key).map_or(&[][..], Vec::as_slice);
        let replicas: BTreeSet<BrokerId> =
            roles.iter().flat_map(|roles| roles.isr.iter().chain(&roles.elr)).copied().collect();
        let hurt = injuries.brokers.iter().filter(|injury| replicas.contains(&injury.broker));
        Copies { promise, roles, injuries: hurt.map(|injury| (injury, whole_again(injury, roles))).collect() }
    }

    /// The roles from the first to the last.
    pub fn roles(&self) -> &'i [Roles] {
        self.roles
    }

    /// What was done to its replicas.
    pub fn injuries(&self) -> impl Iterator<Item = &'i Injury> {
        self.injuries.iter().map(|(injury, _)| *injury)
    }

    /// The first moment up to `until` at which more copies were in doubt than is promised, and everybody who could have been elected.
    pub fn beyond(&self, until: Timestamp) -> Option<Doubt<'i>> {
        let most = self.promise.forgetful_copies();
        self.doubts(until).find(|doubt| most < doubt.brokers().len() && doubt.is_of_all(&self.promise))
    }

    /// When most copies were in doubt, if ever any was that had forgotten something.
    pub fn worst(&self, until: Timestamp) -> Option<Doubt<'i>> {
        // The first of equals, which is the last to `max_by_key` from behind.
        let doubts: Vec<Doubt<'i>> = self.doubts(until).collect();
        doubts.into_iter().rev().max_by_key(|doubt| doubt.brokers().len())
    }

    /// Each moment at which a copy had forgotten something, with all that were in doubt.
    fn doubts(&self, until: Timestamp) -> impl Iterator<Item = Doubt<'i>> {
        let hurt = self.injuries.iter().map(|(injury, _)| injury.since);
        let moments: BTreeSet<Timestamp> = hurt.chain(self.roles.iter().map(|roles| roles.since)).collect();
        moments.into_iter().take_while(move |moment| *moment <= until).filter_map(|moment| self.doubt(moment))
    }

    /// Who is in doubt at this moment, if anybody has forgotten something.
    pub fn doubt(&self, moment: Timestamp) -> Option<Doubt<'i>> {
        let roles = &self.roles[..self.roles.partition_point(|roles| roles.since <= moment)];
        let roles = roles.last()?;
        let open = |(injury, whole): &&(&Injury, Timestamp)| injury.since <= moment && moment < *whole;
        let injuries: Vec<&Injury> = self.injuries.iter().filter(open).map(|(injury, _)| *injury).collect();
        let outlives_power = self.promise.outlives_power();
        let forgot = injuries.iter().any(|injury| injury.how.forgets(outlives_power));
        forgot.then_some(Doubt { roles, injuries })
    }
}

/// From when on a broker is in the ISR as a process that the controller has let in since.
fn whole_again(injury: &Injury, roles: &[Roles]) -> Timestamp {
    let never = Timestamp(u64::MAX);
    let Some(back) = injury.back else { return never };
    let known = roles.partition_point(|roles| roles.since <= back);
    let is_in = |roles: &&Roles| roles.isr.contains(&injury.broker);
    if roles[..known].last().filter(is_in).is_some() {
        return back;
    }
    roles[known..].iter().find(is_in).map_or(never, |roles| roles.since)
}
