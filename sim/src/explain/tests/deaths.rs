//! Each way of dying.

use super::*;

const POWER: Stop = Stop::PowerLost;

#[test]
fn the_last_replica_loses_its_power_and_the_others_follow_it() {
    let mut tale = Tale::five();
    tale.leads(1, 0, 0, &[1], false);
    tale.stops("broker-1", POWER);
    tale.opens("broker-1", 2, 0);
    tale.leads(1, 1, 2, &[1], false);
    for follower in ["broker-2", "broker-3"] {
        tale.follows(follower, 1, 1);
        tale.truncates(follower, 5, 2);
    }
    let finding = tale.finding(&[(0, 0), (1, 1)]);
    assert_eq!(
        finding.conclusion,
        "all 3 copies died: broker-1's by the power loss at 0.039s (never flushed there); broker-2's and broker-3's by \
         truncation at 0.045s and 0.047s, because broker-1, which no longer had it, led leader epoch 1 from offset 2"
    );
    assert_eq!(finding.message, Some(MessageId::new(0, 2)));
    let fates: Vec<_> = finding.fates.iter().map(|fate| (fate.records, fate.first, fate.last)).collect();
    assert_eq!(fates, [(3, Offset(2), Offset(4))]);
    let kinds: Vec<MomentKind> = finding
        .timeline
        .iter()
        .map(|moment| moment.kind)
        .filter(|kind| *kind != MomentKind::Meanwhile)
        .collect();
    use MomentKind::{Acknowledged, Appended, Committed, Copied, Died, Sent};
    assert_eq!(kinds, [Sent, Appended, Copied, Copied, Committed, Acknowledged, Died, Died, Died]);
}

#[test]
fn a_flush_says_how_far_and_a_torn_write_where() {
    let mut tale = Tale::five();
    tale.flushes("broker-1", 2);
    for host in ["broker-1", "broker-2", "broker-3"] {
        tale.stops(host, POWER);
    }
    tale.opens("broker-1", 2, 0);
    tale.opens("broker-2", 2, 30);
    tale.opens("broker-3", 1, 30);
    let finding = tale.finding(&[(0, 0), (1, 1)]);
    let whys: Vec<_> = finding.copies.iter().map(|copy| copy.death.as_ref()?.why.clone()).collect();
    let expected = [
        "flushed only up to 2 there",
        "only a part of its batch was on the disk",
        "the batch at offset 1, before it, was not whole",
    ];
    assert_eq!(whys, expected.map(|why| Some(why.to_owned())));
    let of = causes(&finding);
    assert_eq!(of, [("broker-1", Cause::PowerLoss), ("broker-2", Cause::Torn), ("broker-3", Cause::Torn)]);
}

#[test]
fn what_was_flushed_and_is_gone_was_a_lie_or_a_flush_that_had_failed_before_or_no_flush_at_all() {
    let mut tale = Tale::five();
    tale.lies("broker-1");
    tale.flushes("broker-1", 5);
    tale.flushes("broker-3", 5);
    let (path, operation) = ("orders-0/00000000000000000000.log".to_owned(), "sync".to_owned());
    tale.tell("broker-2", Event::StorageFailed { path, operation });
    tale.stops("broker-2", Stop::Halted);
    tale.opens("broker-2", 5, 0);
    tale.flushes("broker-2", 5);
    for host in ["broker-1", "broker-2", "broker-3"] {
        tale.stops(host, POWER);
        tale.opens(host, 0, 0);
    }
    let finding = tale.finding(&[]);
    let expected =
        [("broker-1", Cause::FlushLied), ("broker-2", Cause::FlushFailed), ("broker-3", Cause::NotFlushed)];
    assert_eq!(causes(&finding), expected);
    assert!(finding.timeline.iter().any(|moment| moment.kind == MomentKind::Flushed));
}

#[test]
fn wipes_rot_and_retention_are_told_apart() {
    let mut tale = Tale::five();
    tale.stops("broker-1", Stop::Wiped);
    let fault = FaultId(0);
    tale.tell("harness", TraceEvent::FaultStarted { fault, description: "bit_rot broker-2".to_owned() });
    tale.stops("broker-2", Stop::Killed);
    tale.tell("broker-2", TraceEvent::HostStarted);
    tale.tell("broker-2", Event::LogDamaged { topic_partition: orders(), offset: Offset(3) });
    let (end_offset, cut_bytes) = (Offset(3), 99);
    tale.tell("broker-2", Event::RecoveryFinished { topic_partition: orders(), end_offset, cut_bytes });
    let (log_start_offset, reason) = (Offset(5), LogStartReason::SegmentDeletion);
    tale.tell(
        "broker-3",
        Event::LogStartOffsetIncremented { topic_partition: orders(), log_start_offset, reason },
    );
    let finding = tale.finding(&[(0, 0), (1, 1), (2, 2)]);
    let expected = [("broker-1", Cause::Wiped), ("broker-2", Cause::Rotted), ("broker-3", Cause::Deleted)];
    assert_eq!(causes(&finding), expected);
    assert_eq!(
        finding.conclusion,
        "all 3 copies died: broker-1's by the wipe of its disk at 0.037s; broker-2's by bit rot at 0.038s (found bad from \
         offset 3 on); broker-3's by retention at 0.043s"
    );
}

#[test]
fn a_log_that_is_not_there_any_more_and_one_that_was_dropped() {
    let mut tale = Tale::five();
    tale.stops("broker-1", POWER);
    tale.tell("broker-1", TraceEvent::HostStarted);
    tale.follows("broker-1", 3, 1);
    let (from, log_start_offset) = (Offset(5), Offset(9));
    tale.tell("broker-2", Event::LogTruncatedFully { topic_partition: orders(), from, log_start_offset });
    let finding = tale.finding(&[]);
    assert_eq!(causes(&finding), [("broker-1", Cause::Vanished), ("broker-2", Cause::Dropped)]);
    assert!(finding.conclusion.starts_with("2 of 3 copies died: "), "{}", finding.conclusion);
}

#[test]
fn a_copy_that_nobody_can_read_is_not_dead() {
    let mut tale = Tale::new();
    tale.leads(1, 0, 0, &[1, 2], false);
    tale.send(0, 0, 1);
    tale.appends("broker-1", 0, 0, 0);
    tale.acknowledged(0, 0);
    tale.leads(2, 1, 0, &[2], true);
    let mut down = Tale { trace: Trace::new(), history: tale.history.clone() };
    for entry in tale.trace.entries() {
        let host = down.trace.host(tale.trace.host_name(entry.host));
        down.trace.record(entry.time, host, entry.event.clone());
    }
    down.stops("broker-1", Stop::Killed);
    let (outside, down) = (tale.finding(&[]), down.finding(&[]));
    let early = "; it was acknowledged before it was committed, when only broker-1 had it";
    assert_eq!(
        outside.conclusion,
        format!(
            "its only copy is hidden: broker-1 still has it, outside the ISR of the leader broker-2, which has not{early}"
        )
    );
    assert_eq!(
        down.conclusion,
        format!("its only copy is hidden: broker-1 is killed at 0.008s and never came back with it{early}")
    );
}

#[test]
fn a_host_may_have_it_again_and_lose_it_again() {
    let mut tale = Tale::five();
    tale.follows("broker-2", 3, 1);
    tale.truncates("broker-2", 5, 4);
    tale.copies("broker-2", 4, 0);
    for host in ["broker-1", "broker-2", "broker-3"] {
        tale.stops(host, Stop::Wiped);
    }
    let finding = tale.finding(&[(0, 0), (1, 1), (2, 2), (3, 3)]);
    assert!(finding.conclusion.starts_with("all 4 copies on 3 hosts died: "), "{}", finding.conclusion);
    let (truncated, wiped) = (("broker-2", Cause::Truncated), Cause::Wiped);
    assert_eq!(causes(&finding), [("broker-1", wiped), truncated, ("broker-3", wiped), ("broker-2", wiped)]);
}

#[test]
fn different_fates_are_told_apart_and_counted() {
    let mut tale = Tale::five();
    tale.stops("broker-1", Stop::Wiped);
    tale.truncates("broker-2", 5, 3);
    for follower in ["broker-2", "broker-3"] {
        tale.stops(follower, Stop::Wiped);
    }
    let finding = tale.finding(&[]);
    let fates: Vec<_> = finding.fates.iter().map(|fate| (fate.records, fate.first, fate.last)).collect();
    assert_eq!(fates, [(3, Offset(0), Offset(2)), (2, Offset(3), Offset(4))]);
    let lines = finding.lines();
    assert!(
        lines.iter().any(|line| line == "  2 more records shared this fate, of offsets 0..3"),
        "{lines:#?}"
    );
    assert!(
        lines.iter().any(|line| line.starts_with("  2 died differently, of offsets 3..5: ")),
        "{lines:#?}"
    );
}

#[test]
fn any_record_has_a_biography() {
    let tale = Tale::five();
    let of_message = explain_message(&tale.history, &tale.trace, MessageId::new(0, 3)).expect("it was sent");
    let of_offset =
        explain_offset(&tale.history, &tale.trace, &orders(), Offset(3)).expect("it was appended");
    assert_eq!(of_message, of_offset);
    assert!(explain_message(&tale.history, &tale.trace, MessageId::new(0, 9)).is_err());
    assert!(explain_offset(&tale.history, &tale.trace, &orders(), Offset(9)).is_err());
}
