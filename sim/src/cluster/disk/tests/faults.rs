//! What each fault of a disk does, and that it ends.

use broker_core::batch::BatchBuilder;
use broker_core::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use super::*;
use crate::cluster::disk::{DiskEffect, DiskFault, LostLog};

const EVERY: DiskFault = DiskFault::FsyncError { probability: 1.0 };

fn begin(disk: &DiskHandle, fault: u32, what: DiskFault) {
    disk.begin(Timestamp::ZERO, fault, what, Seed(1).stream("fault", u64::from(fault)));
}

fn slow(low_ms: u64, high_ms: u64) -> DiskFault {
    DiskFault::Slow {
        flush: Some((Duration::from_millis(low_ms), Duration::from_millis(high_ms))),
        read: None,
        append: None,
    }
}

/// Batches of so many records each, as a leader writes them.
fn batches(records: &[i32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for count in records {
        let mut builder = BatchBuilder::new(0);
        (0..*count).for_each(|_| builder.push(0, b"key", b"value"));
        let batch = builder.build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE);
        bytes.extend_from_slice(batch.placed_at(Offset(0), LeaderEpoch(0)).bytes());
    }
    bytes
}

#[test]
fn a_failed_fsync_is_forgotten_by_the_next_one_and_leaves_a_hole() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable ");
    host.append(file, b"lost").unwrap();
    begin(&disk, 7, EVERY);
    let error = flush(&mut host, &[FlushStep::File(file)]).unwrap_err();
    assert_eq!((error.operation, error.errno), ("sync", Some(5)));
    let hurt = DiskEffect { flushes_failed: 1, phantom_bytes: 4, ..DiskEffect::default() };
    assert_eq!(disk.end(Timestamp::ZERO, 7), hurt);

    host.append(file, b" and found").unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    assert_eq!(disk.stats().flushed_bytes, 18, "what looks clean is not written");
    drop(host);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"durable lost and found", "a kill hides it");
    let loss = lose_power(&disk);
    assert_eq!(loss.lost_files, [("a".into(), 4)]);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"durable \0\0\0\0 and found");
    assert_eq!(disk.stats().phantom_bytes, 0);
}

#[test]
fn without_a_flush_that_succeeds_the_length_is_not_durable_either() {
    let (disk, platter, mut host, file) = with_durable_file(b"old content");
    host.truncate(file, 4).unwrap();
    host.append(file, b"text").unwrap();
    begin(&disk, 1, EVERY);
    flush(&mut host, &[FlushStep::File(file)]).unwrap_err();
    host.append(file, b"!").unwrap();
    assert_eq!(host.read(file, 2, 6).unwrap(), b"d text"[..]);
    let loss = lose_power(&disk);
    assert_eq!((loss.lost_bytes, loss.returned_bytes), (5, 7));
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old content");
}

#[test]
fn a_second_fsync_makes_the_hole_durable_even_where_old_bytes_were() {
    let (disk, platter, mut host, file) = with_durable_file(b"old content");
    host.truncate(file, 4).unwrap();
    host.append(file, b"text").unwrap();
    begin(&disk, 1, EVERY);
    flush(&mut host, &[FlushStep::File(file)]).unwrap_err();
    disk.heal(Timestamp::ZERO);
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    assert_eq!(lose_power(&disk).returned_bytes, 0);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old \0\0\0\0");
}

#[test]
fn names_and_replaced_files_stay_as_they_were_and_can_be_tried_again() {
    let (disk, platter, mut host, _) = with_durable_file(b"old");
    host.open("b").unwrap();
    begin(&disk, 1, EVERY);
    let errors = [directory(""), replace("a", b"new")].map(|step| flush(&mut host, &[step]).unwrap_err());
    assert_eq!(errors.map(|error| (error.operation, error.errno)), [("sync", Some(5)), ("replace", Some(5))]);
    assert_eq!(host.read_file("a").unwrap().unwrap(), b"old"[..]);
    assert_eq!((disk.stats().failed_flushes, disk.end(Timestamp::ZERO, 1).phantom_bytes), (2, 0));
    flush(&mut host, &[directory("")]).unwrap();
    assert!(lose_power(&disk).changed_nothing());
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old");
}

#[test]
fn the_steps_before_the_one_that_fails_are_done() {
    let (disk, platter, mut host, file) = with_durable_file(b"");
    begin(&disk, 1, DiskFault::FsyncError { probability: 0.5 });
    let mut ends = [0, 0];
    for _ in 0..100 {
        let before = disk.stats().failed_flushes;
        host.append(file, b"x").unwrap();
        let result = flush(&mut host, &[FlushStep::File(file), directory("")]);
        assert_eq!(disk.stats().failed_flushes - before, u64::from(result.is_err()));
        ends[usize::from(result.is_err())] += 1;
    }
    assert!(10 < ends[0] && 50 < ends[1], "{ends:?}");
    let phantoms = disk.effect(1).phantom_bytes;
    assert!(30 < phantoms && phantoms < ends[1], "some failed at the second step: {phantoms} of {ends:?}");
    disk.heal(Timestamp::ZERO);
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    lose_power(&disk);
    let content = content_after(&disk, &platter, "a").unwrap();
    assert_eq!(content.iter().filter(|byte| **byte == 0).count() as u64, phantoms);
}

#[test]
fn of_several_slow_faults_the_slowest_wins_and_each_ends_for_itself() {
    let disk = disk(10, 10);
    let mut host = disk.mount(MemPlatter::default()).unwrap();
    let at = |ms: u64| Timestamp(ms * 1_000);
    let mut end = |now| host.start_flush(now, &[directory("")]).1;
    begin(&disk, 1, slow(50, 50));
    begin(&disk, 2, slow(20, 30));
    begin(&disk, 3, slow(1, 5));
    assert_eq!(end(at(0)), at(50));
    assert_eq!(
        disk.end(Timestamp::ZERO, 1),
        DiskEffect { operations_slowed: 1, added_us: 40_000, ..DiskEffect::default() }
    );
    let queued = end(at(0));
    assert!(at(70) <= queued && queued <= at(80), "queued behind the slow one: {queued}");
    assert_eq!(disk.end(Timestamp::ZERO, 2).operations_slowed, 1);
    assert_eq!(end(at(100)), at(110));
    assert!(disk.end(Timestamp::ZERO, 3).is_nothing(), "nobody noticed it");
    assert_eq!(disk.effect(1).added_us, 40_000, "what a fault did is remembered");
    assert!(disk.end(Timestamp::ZERO, 9).is_nothing(), "there was none");
}

#[test]
fn a_fault_that_ends_leaves_the_draws_of_the_others_as_they_were() {
    let ends = |with: bool| {
        let disk = disk(1, 20);
        let mut host = disk.mount(MemPlatter::default()).unwrap();
        begin(&disk, 1, slow(15, 40));
        if with {
            begin(&disk, 0, slow(5, 100));
        }
        let _ = host.start_flush(Timestamp::ZERO, &[directory("")]);
        disk.end(Timestamp::ZERO, 0);
        let later = |i: u64| Timestamp(1_000_000 * (i + 1));
        (0..20).map(|i| host.start_flush(later(i), &[directory("")]).1).collect::<Vec<_>>()
    };
    assert_eq!(ends(true), ends(false));
}

#[test]
fn a_wiped_disk_is_as_empty_as_a_new_one_and_as_faulty_as_before() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable");
    host.append(file, b" and not").unwrap();
    let segment = host.open("t-0/0.log").unwrap();
    host.append(segment, b"records").unwrap();
    flush(&mut host, &[FlushStep::File(segment)]).unwrap();
    begin(&disk, 1, EVERY);
    drop(host);
    let wiped = disk.wipe();
    assert_eq!((wiped.files, wiped.bytes), (2, 22));
    assert_eq!(wiped.log_bytes, [("t-0".to_owned(), 7)].into());
    assert!(lose_power(&disk).changed_nothing());
    let mut host = disk.mount(platter.clone()).unwrap();
    assert_eq!((platter.rows(), host.list("").unwrap().len(), host.list("t-0").unwrap().len()), (0, 0, 0));
    flush(&mut host, &[directory("")]).unwrap_err();
}

#[test]
fn a_power_loss_counts_the_records_that_died_with_it() {
    let (disk, _, mut host, _) = with_durable_file(b"");
    let segment = host.open("t-0/0.log").unwrap();
    let mut write = |records: &[i32], with: &[FlushStep]| {
        let bytes = batches(records);
        host.append(segment, &bytes).unwrap();
        flush(&mut host, with).map_or_else(|_| bytes.len() as u64, |()| 0)
    };
    write(&[1, 1], &[FlushStep::File(segment), directory("t-0"), directory("")]);
    begin(&disk, 1, EVERY);
    let marked_clean = write(&[5], &[FlushStep::File(segment)]);
    let cached: u64 = (0..40).map(|_| write(&[3, 100], &[directory("")])).sum();
    let loss = lose_power(&disk);
    let log = LostLog { bytes: marked_clean + cached, records: 5 + 40 * 103 };
    assert_eq!(loss.lost_logs, [("t-0".to_owned(), log)].into());
    assert_eq!(loss.lost_records(), log.records);
}
