//! Stories of what was promised and what was done, and laws of judging them.

use std::collections::BTreeMap;

use broker_core::config::Acks;
use broker_core::time::Timestamp;
use broker_core::types::{BrokerId, LeaderEpoch, Offset, TopicPartition};
use proptest::prelude::*;

use super::injuries::{How, Injuries, Injury, Roles};
use super::promise::{Flush, Promise};
use super::{Terms, bearing};
use crate::checker::{Anomaly, Bearing, Contract, MessageRef, SeenAt, Violation};
use crate::history::{self, MessageId, Order, ProcessId, ProcessInfo};
use crate::trace::Stop;

const PROMISE: Promise = Promise {
    copies: 3,
    min_insync: 2,
    unclean_election: false,
    eligible_leader_replicas: true,
    flush: Flush::Never,
};

const POWER: How = How::Power { records: 7, forgot: None };
const KILL: How = How::Died(Stop::Killed);

fn key() -> TopicPartition {
    TopicPartition::new("orders", 0)
}

/// Process 0 asks for acks=all, 1 for acks=1 without idempotence, 2 for acks=0.
fn processes() -> Vec<ProcessInfo> {
    let promise = |acks| history::Promise { acks, idempotent: acks == Acks::All, order: Order::Any };
    let info = |(process, acks): (u32, Acks)| ProcessInfo {
        process: ProcessId(process),
        name: format!("producer-{process}"),
        promise: Some(promise(acks)),
    };
    [(0, Acks::All), (1, Acks::Leader), (2, Acks::None)].into_iter().map(info).collect()
}

fn violation(anomaly: Anomaly, examples: &[(u32, i64)]) -> Violation {
    let example = |(process, offset): &(u32, i64)| MessageRef {
        message: Some(MessageId::new(*process, 0)),
        offset: Some(Offset(*offset)),
        process: Some(ProcessId(*process)),
        operation: 0,
        note: None,
    };
    Violation {
        anomaly,
        topic_partition: key(),
        summary: String::new(),
        count: 1,
        examples: examples.iter().map(example).collect(),
        further: Vec::new(),
        seen: None,
        accused: None,
        bearing: None,
    }
}

fn judge(violation: &Violation, promise: Promise, injuries: &Injuries) -> Bearing {
    let processes = processes();
    let terms = Terms { promises: BTreeMap::from([("orders".to_owned(), promise)]), processes: &processes };
    bearing(violation, &terms, injuries)
}

fn injury(broker: i32, since_ms: u64, how: How, back_ms: Option<u64>) -> Injury {
    let back = back_ms.map(|ms| Timestamp(ms * 1_000));
    Injury { broker: BrokerId(broker), since: Timestamp(since_ms * 1_000), how, back }
}

fn roles(since_ms: u64, epoch: i32, isr: &[i32], elr: &[i32]) -> Roles {
    let ids = |ids: &[i32]| ids.iter().copied().map(BrokerId).collect::<Vec<_>>();
    Roles {
        since: Timestamp(since_ms * 1_000),
        leader: isr.first().map_or(BrokerId::NONE, |id| BrokerId(*id)),
        leader_epoch: LeaderEpoch(epoch),
        isr: ids(isr),
        elr: ids(elr),
        unclean: false,
    }
}

fn done(brokers: Vec<Injury>, roles: Vec<Roles>) -> Injuries {
    Injuries { brokers, roles: BTreeMap::from([(key(), roles)]), ..Injuries::default() }
}

fn lost(promise: Promise, injuries: &Injuries) -> Bearing {
    judge(&violation(Anomaly::LostWrite, &[(0, 0)]), promise, injuries)
}

#[track_caller]
fn expect(found: &Bearing, contract: Contract, because: &str) {
    assert!(found.contract == contract && found.because.contains(because), "{found}");
}

#[test]
fn a_loss_without_any_injury_is_a_bug() {
    let calm = done(Vec::new(), vec![roles(0, 0, &[1, 2, 3], &[])]);
    expect(&lost(PROMISE, &calm), Contract::Within, "no copy forgot anything");
}

#[test]
fn kills_alone_excuse_no_loss_however_many() {
    let kills = (1..=3).map(|broker| injury(broker, 10, KILL, None)).collect();
    let all_killed = done(kills, vec![roles(0, 0, &[1, 2, 3], &[])]);
    expect(&lost(PROMISE, &all_killed), Contract::Within, "a bug");
}

#[test]
fn one_copy_may_forget_and_a_second_only_after_the_first_is_whole_again() {
    let back = vec![roles(0, 0, &[1, 2], &[]), roles(30, 1, &[2, 1], &[])];
    let one_by_one = vec![injury(1, 10, POWER, Some(20)), injury(2, 40, POWER, None)];
    let found = lost(PROMISE, &done(one_by_one, back.clone()));
    expect(&found, Contract::Within, "at most 1 of 3 copies were in doubt at a time");
    let too_soon = vec![injury(1, 10, POWER, Some(20)), injury(2, 10, POWER, None)];
    let found = lost(PROMISE, &done(too_soon, back));
    expect(
        &found,
        Contract::Beyond,
        "broker-1 and broker-2 lost power at 0.010s with 7 unflushed records: 2 of 3",
    );
}

#[test]
fn nobody_can_tell_a_broker_that_was_killed_from_one_that_forgot() {
    let both = vec![injury(1, 10, KILL, None), injury(2, 20, POWER, None)];
    let found = lost(PROMISE, &done(both, vec![roles(0, 0, &[2, 1], &[])]));
    expect(&found, Contract::Beyond, "broker-1 died at 0.010s; broker-2 lost power at 0.020s");
}

#[test]
fn as_long_as_somebody_eligible_has_everything_nothing_need_be_lost() {
    let two = vec![injury(1, 10, POWER, None), injury(2, 10, POWER, None)];
    for (isr, elr) in [(&[1, 2, 3][..], &[][..]), (&[1, 2], &[3])] {
        let found = lost(PROMISE, &done(two.clone(), vec![roles(0, 0, isr, elr)]));
        expect(&found, Contract::Within, "somebody was left who had everything");
    }
}

#[test]
fn the_last_replica_standing_is_one_setting_away_from_a_bug() {
    let last =
        done(vec![injury(1, 30, POWER, None)], vec![roles(0, 0, &[1, 2, 3], &[]), roles(20, 0, &[1], &[2])]);
    let without = Promise { eligible_leader_replicas: false, ..PROMISE };
    let because = "broker-1 lost power at 0.030s with 7 unflushed records while it was the whole ISR, and \
                   eligible.leader.replicas.enable = false";
    expect(&lost(without, &last), Contract::Beyond, because);
    expect(&lost(PROMISE, &last), Contract::Within, "a bug");
}

#[test]
fn where_every_append_is_flushed_power_takes_nothing_unless_the_disk_lied() {
    let flushed = Promise { flush: Flush::EveryAppend, ..PROMISE };
    let all =
        |how| done((1..=3).map(|id| injury(id, 10, how, None)).collect(), vec![roles(0, 0, &[1, 2, 3], &[])]);
    expect(&lost(flushed, &all(POWER)), Contract::Within, "no copy forgot");
    let lied = How::Power { records: 7, forgot: Some("flushes had lied") };
    expect(&lost(flushed, &all(lied)), Contract::Beyond, "after flushes had lied");
    let wiped = How::Spoilt("lost its whole disk");
    expect(
        &lost(flushed, &all(wiped)),
        Contract::Beyond,
        "broker-1, broker-2 and broker-3 lost its whole disk",
    );
}

#[test]
fn group_commit_answers_for_what_it_acknowledged_and_for_nothing_else() {
    let group = Promise { copies: 1, min_insync: 1, flush: Flush::GroupCommit, ..PROMISE };
    let injuries = done(vec![injury(1, 10, POWER, None)], vec![roles(0, 0, &[1], &[])]);
    expect(&lost(group, &injuries), Contract::Within, "the only copy forgot nothing");
    let mut read = violation(Anomaly::LostWrite, &[(0, 0)]);
    read.examples[0].note = Some("read but never acknowledged".to_owned());
    expect(&judge(&read, group, &injuries), Contract::Beyond, "and there is no other copy");
    let led = violation(Anomaly::LeaderCompleteness, &[]);
    expect(&judge(&led, group, &injuries), Contract::Beyond, "and there is no other copy");
}

#[test]
fn an_unclean_election_excuses_a_loss_only_where_it_is_allowed() {
    let elected = Roles { unclean: true, ..roles(10, 1, &[2], &[]) };
    let injuries = done(Vec::new(), vec![roles(0, 0, &[1, 2], &[]), elected]);
    let allowed = Promise { unclean_election: true, ..PROMISE };
    expect(&lost(allowed, &injuries), Contract::Beyond, "broker-2 was elected outside the ISR at 0.010s");
    expect(&lost(PROMISE, &injuries), Contract::Within, "a bug");
}

#[test]
fn weak_acknowledgements_promise_nothing_once_the_leader_is_another() {
    let calm = done(Vec::new(), vec![roles(0, 0, &[1, 2, 3], &[])]);
    let replaced = done(Vec::new(), vec![roles(0, 0, &[1, 2, 3], &[]), roles(10, 1, &[2, 3], &[])]);
    let of = |process: &[(u32, i64)]| violation(Anomaly::LostWrite, process);
    expect(&judge(&of(&[(1, 0)]), PROMISE, &calm), Contract::Within, "a bug");
    let found = judge(&of(&[(1, 0)]), PROMISE, &replaced);
    expect(
        &found,
        Contract::Beyond,
        "acks = 1: the leader alone had to have the record, and leader epoch 0 of broker-1",
    );
    expect(&judge(&of(&[(2, 0)]), PROMISE, &calm), Contract::Beyond, "acks = 0");
    expect(&judge(&of(&[(1, 0), (0, 1)]), PROMISE, &replaced), Contract::Within, "a bug");
    let mut read = of(&[(1, 0)]);
    read.examples[0].note = Some("read but never acknowledged".to_owned());
    expect(&judge(&read, PROMISE, &replaced), Contract::Within, "a bug");
    // One of the two at each offset is enough.
    let twice = violation(Anomaly::InconsistentOffsets, &[(1, 0), (0, 0)]);
    expect(&judge(&twice, PROMISE, &replaced), Contract::Beyond, "acks = 1");
}

#[test]
fn duplicates_are_to_be_expected_of_who_sends_again_without_idempotence() {
    let mut injuries = done(Vec::new(), vec![roles(0, 0, &[1, 2, 3], &[])]);
    let of = |process| violation(Anomaly::Duplicate, &[(process, 0)]);
    expect(&judge(&of(1), PROMISE, &injuries), Contract::Within, "a bug");
    injuries.retries.insert(("producer-1".to_owned(), key()));
    injuries.retries.insert(("producer-0".to_owned(), key()));
    expect(
        &judge(&of(1), PROMISE, &injuries),
        Contract::Beyond,
        "enable.idempotence = false, and producer-1",
    );
    expect(&judge(&of(0), PROMISE, &injuries), Contract::Within, "a bug");
}

#[test]
fn some_things_nothing_excuses_but_a_controller_that_forgot() {
    let all = (1..=3).map(|broker| injury(broker, 10, How::Spoilt("lost its whole disk"), None)).collect();
    let mut injuries = done(all, vec![roles(0, 0, &[1, 2, 3], &[])]);
    let always = [Anomaly::Phantom, Anomaly::G1a, Anomaly::OneLeaderPerEpoch, Anomaly::LogDivergence];
    for anomaly in always {
        expect(&judge(&violation(anomaly, &[]), PROMISE, &injuries), Contract::Within, "a bug");
    }
    injuries.controller = Some(("lost its whole disk", Timestamp(5_000)));
    for anomaly in [Anomaly::OneLeaderPerEpoch, Anomaly::LogDivergence] {
        let found = judge(&violation(anomaly, &[]), PROMISE, &injuries);
        expect(&found, Contract::Beyond, "the controller lost its whole disk at 0.005s");
        let seen = Some(SeenAt { time_us: 4_999, event: 0 });
        let before = Violation { seen, ..violation(Anomaly::OneLeaderPerEpoch, &[]) };
        expect(&judge(&before, PROMISE, &injuries), Contract::Within, "a bug");
    }
    for anomaly in [Anomaly::Phantom, Anomaly::G1a] {
        expect(&judge(&violation(anomaly, &[]), PROMISE, &injuries), Contract::Within, "a bug");
    }
}

#[test]
fn an_injury_of_another_replica_excuses_nobody() {
    let spoilt = vec![injury(1, 10, How::Spoilt("got rotten bits"), None)];
    let mut injuries = done(spoilt, vec![roles(0, 0, &[1, 2, 3], &[])]);
    injuries.failed_flushes.push((BrokerId(1), Timestamp(5_000)));
    let seen = Some(SeenAt { time_us: 30_000, event: 0 });
    for anomaly in [
        Anomaly::OrderedOffsets,
        Anomaly::MonotonicEpochs,
        Anomaly::DurableRecoveryPoint,
        Anomaly::RecoveredRecords,
        Anomaly::StrongIsr,
    ] {
        for (accused, contract) in
            [(Some(1), Contract::Beyond), (Some(2), Contract::Within), (None, Contract::Within)]
        {
            let accused = accused.map(BrokerId);
            let found = Violation { seen, accused, ..violation(anomaly, &[]) };
            expect(&judge(&found, PROMISE, &injuries), contract, "");
        }
    }
}

#[test]
fn a_loss_behind_ten_that_nobody_promised_is_judged_by_itself() {
    let replaced = done(Vec::new(), vec![roles(0, 0, &[1, 2, 3], &[]), roles(10, 1, &[2, 3], &[])]);
    let lost = |last: u32| {
        let all: Vec<(u32, i64)> =
            (0..20).map(|offset| (1, offset)).chain([(last, 20), (last, 21)]).collect();
        let messages = violation(Anomaly::LostWrite, &all).examples;
        Violation::new(Anomaly::LostWrite, &key(), String::new(), messages.len(), messages)
    };
    let (weak, mixed) = (lost(1), lost(0));
    assert_eq!((weak.examples.len(), weak.further.len()), (10, 0));
    assert_eq!((mixed.examples.len(), mixed.further.len()), (10, 1), "the first of another process");
    expect(&judge(&weak, PROMISE, &replaced), Contract::Beyond, "acks = 1");
    expect(&judge(&mixed, PROMISE, &replaced), Contract::Within, "a bug");
}

#[test]
fn two_messages_at_one_offset_stay_together() {
    let replaced = done(Vec::new(), vec![roles(0, 0, &[1, 2, 3], &[]), roles(10, 1, &[2, 3], &[])]);
    let found = |last: [(u32, i64); 2]| {
        let weak = (0..4).flat_map(|offset| [(1, offset), (0, offset)]);
        let all: Vec<(u32, i64)> = weak.chain([(1, 4), (0, 4), (1, 4)]).chain(last).collect();
        let messages = violation(Anomaly::InconsistentOffsets, &all).examples;
        Violation::new(Anomaly::InconsistentOffsets, &key(), String::new(), 6, messages)
    };
    let weak = found([(0, 5), (1, 5)]);
    assert_eq!((weak.examples.len(), weak.further.len()), (11, 0));
    expect(&judge(&weak, PROMISE, &replaced), Contract::Beyond, "acks = 1");
    expect(&judge(&found([(0, 5), (0, 5)]), PROMISE, &replaced), Contract::Within, "a bug");
}

#[test]
fn what_comes_after_a_violation_of_state_has_not_caused_it() {
    let all = (1..=3).map(|broker| injury(broker, 10, POWER, None)).collect();
    let injuries = done(all, vec![roles(0, 0, &[1, 2, 3], &[])]);
    for (time_us, contract) in [(9_999, Contract::Within), (10_000, Contract::Beyond)] {
        let seen = Some(SeenAt { time_us, event: 0 });
        let found = Violation { seen, ..violation(Anomaly::LeaderCompleteness, &[]) };
        expect(&judge(&found, PROMISE, &injuries), contract, "");
    }
}

#[test]
fn a_process_on_the_pages_of_a_failed_flush_takes_them_for_durable() {
    let mut injuries = done(vec![injury(1, 20, How::Died(Stop::Halted), None)], vec![roles(0, 0, &[1], &[])]);
    let seen = Some(SeenAt { time_us: 30_000, event: 0 });
    let accused = Some(BrokerId(1));
    let found = Violation { seen, accused, ..violation(Anomaly::DurableRecoveryPoint, &[]) };
    expect(&judge(&found, PROMISE, &injuries), Contract::Within, "a bug");
    injuries.failed_flushes.push((BrokerId(1), Timestamp(15_000)));
    expect(
        &judge(&found, PROMISE, &injuries),
        Contract::Beyond,
        "flushes had failed since 0.015s, and broker-1 gave up",
    );
}

fn any_how() -> impl Strategy<Value = How> {
    prop::sample::select(vec![
        KILL,
        POWER,
        How::Died(Stop::Halted),
        How::Power { records: 0, forgot: Some("a flush had failed") },
        How::Spoilt("got rotten bits"),
    ])
}

fn any_injury() -> impl Strategy<Value = Injury> {
    (1..5, 0_u64..20, any_how(), prop::option::of(0_u64..20))
        .prop_map(|(broker, since, how, back)| injury(broker, since, how, back.map(|more| since + more)))
}

fn any_roles() -> impl Strategy<Value = Vec<Roles>> {
    let ids = || prop::sample::subsequence(vec![1, 2, 3], 0..=3);
    let change = (ids(), ids(), any::<bool>());
    prop::collection::vec(change, 0..5).prop_map(|changes| {
        let roles = changes.into_iter().zip(0..).map(|((isr, elr, unclean), number)| Roles {
            unclean,
            ..roles(u64::from(number as u32) * 5, number, &isr, &elr)
        });
        roles.collect()
    })
}

fn any_promise() -> impl Strategy<Value = Promise> {
    let flush =
        prop::sample::select(vec![Flush::EveryAppend, Flush::GroupCommit, Flush::Later, Flush::Never]);
    (1_usize..=3, any::<bool>(), any::<bool>(), flush).prop_map(
        |(min_insync, unclean_election, eligible_leader_replicas, flush)| Promise {
            copies: 3,
            min_insync,
            unclean_election,
            eligible_leader_replicas,
            flush,
        },
    )
}

proptest! {
    #[test]
    fn more_injuries_never_make_a_bug_of_what_was_none(
        anomaly in prop::sample::select(Anomaly::ALL.to_vec()),
        examples in prop::collection::vec((0_u32..4, 0_i64..3), 0..4),
        seen in prop::option::of(0_u64..40_000),
        promise in any_promise(),
        roles in any_roles(),
        brokers in prop::collection::vec(any_injury(), 0..5),
        more in prop::collection::vec(any_injury(), 0..3),
        (retried, failed, controller) in any::<(bool, bool, bool)>(),
        accused in prop::option::of(1_i32..4),
    ) {
        let seen = seen.map(|time_us| SeenAt { time_us, event: 0 });
        let accused = accused.map(BrokerId);
        let violation = Violation { seen, accused, ..violation(anomaly, &examples) };
        let mut injuries = done(brokers, roles);
        injuries.brokers.sort_by_key(|injury| injury.since);
        let before = judge(&violation, promise, &injuries);
        prop_assert!(!before.because.is_empty());
        injuries.brokers.extend(more);
        injuries.brokers.sort_by_key(|injury| injury.since);
        if retried {
            injuries.retries.insert(("producer-1".to_owned(), key()));
        }
        if failed {
            injuries.failed_flushes.push((BrokerId(1), Timestamp(3_000)));
        }
        injuries.controller = controller.then_some(("lost its whole disk", Timestamp(1)));
        let after = judge(&violation, promise, &injuries);
        prop_assert!(before.contract <= after.contract, "{before}, and with more {after}");
    }
}
