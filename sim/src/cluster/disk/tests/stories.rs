//! One story per promise.

use broker_core::io::FileId;

use super::*;
use crate::cluster::disk::PowerLoss;

#[test]
fn a_kill_keeps_the_page_cache_and_power_loss_takes_the_unflushed_tail() {
    let (disk, platter, mut host, file) = with_durable_file(b"flushed");
    host.append(file, b" and not").unwrap();
    assert_eq!(disk.stats().dirty_bytes, 8);
    drop(host);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"flushed and not");

    let loss = lose_power(&disk);
    assert_eq!(loss, PowerLoss { lost_bytes: 8, lost_files: vec![("a".into(), 8)], ..PowerLoss::default() });
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"flushed");
    assert!(lose_power(&disk).changed_nothing());
}

#[test]
fn power_loss_brings_back_what_a_truncation_cut() {
    let (disk, platter, mut host, file) = with_durable_file(b"old content");
    host.truncate(file, 4).unwrap();
    host.append(file, b"text!").unwrap();
    assert_eq!(host.read(file, 0, 100).unwrap(), b"old text!"[..]);
    drop(host);

    let loss = lose_power(&disk);
    assert_eq!((loss.lost_bytes, loss.returned_bytes), (5, 7));
    assert_eq!(loss.returned_files, [("a".into(), 7)]);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old content");
}

#[test]
fn a_flushed_truncation_is_durable_though_the_platter_never_shrinks() {
    let (disk, platter, mut host, file) = with_durable_file(b"old content");
    host.truncate(file, 4).unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    host.append(file, b"t").unwrap();
    assert!(lose_power(&disk).returned_files.is_empty());
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old ");
}

#[test]
fn a_new_file_needs_its_directory_and_a_new_directory_needs_the_root() {
    let (disk, platter) = (disk(0, 0), MemPlatter::default());
    let steps: [&[FlushStep]; 4] =
        [&[], &[directory("t-0")], &[directory("")], &[directory("t-0"), directory("")]];
    for steps in steps {
        let mut host = disk.mount(platter.clone()).unwrap();
        let file = host.open("t-0/0.log").unwrap();
        host.append(file, b"content").unwrap();
        flush(&mut host, &[FlushStep::File(file)]).unwrap();
        flush(&mut host, steps).unwrap();
        assert_eq!(host.list("t-0").unwrap(), ["0.log"]);

        let loss = lose_power(&disk);
        let host = disk.mount(platter.clone()).unwrap();
        let survives = steps.len() == 2;
        assert_eq!(host.read_file("t-0/0.log").unwrap().is_some(), survives, "{steps:?}");
        assert_eq!(loss.vanished.contains(&"t-0/0.log".to_owned()), !survives, "{steps:?}");
        assert_eq!(loss.lost_bytes, if survives { 0 } else { 7 });
    }
    assert_eq!(platter.rows(), 1, "rows of vanished files are freed");
}

#[test]
fn a_removed_file_is_back_until_its_directory_is_flushed() {
    let (disk, platter, mut host, _) = with_durable_file(b"content");
    host.remove("a").unwrap();
    assert_eq!(host.list("").unwrap(), Vec::<String>::new());
    assert_eq!(lose_power(&disk).returned_files, [("a".into(), 7)]);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"content");

    let mut host = disk.mount(platter.clone()).unwrap();
    host.remove("a").unwrap();
    flush(&mut host, &[directory("")]).unwrap();
    assert_eq!(platter.rows(), 0);
    assert!(lose_power(&disk).changed_nothing());
    assert_eq!(content_after(&disk, &platter, "a"), None);
}

#[test]
fn replace_shows_the_old_file_until_it_is_done_and_then_for_ever_the_new_one() {
    let (disk, platter, mut host, file) = with_durable_file(b"old");
    let (ticket, _) = host.start_flush(Timestamp::ZERO, &[replace("a", b"new one")]);
    assert_eq!(host.read_file("a").unwrap().unwrap(), b"old"[..]);
    drop(ticket);
    assert!(lose_power(&disk).changed_nothing());
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old");

    drop(host);
    let mut host = disk.mount(platter.clone()).unwrap();
    let opened = host.open("a").unwrap();
    flush(&mut host, &[replace("a", b"new one")]).unwrap();
    assert_eq!(host.len(opened).unwrap_err().errno, Some(9), "the open file was replaced");
    assert!(lose_power(&disk).changed_nothing());
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"new one");
    assert_eq!(platter.rows(), 1, "the old content is freed");
    assert_eq!(file, FileId(0));
}

#[test]
fn a_flush_covers_what_was_there_when_it_started() {
    let (disk, platter, mut host, file) = with_durable_file(b"");
    host.append(file, b"before").unwrap();
    let (ticket, _) = host.start_flush(Timestamp::ZERO, &[FlushStep::File(file), directory("")]);
    host.append(file, b" after").unwrap();
    host.open("late").unwrap();
    host.finish_flush(ticket).unwrap();
    assert_eq!(disk.stats().dirty_bytes, 6);
    let loss = lose_power(&disk);
    assert_eq!((loss.lost_bytes, loss.vanished), (6, vec!["late".to_owned()]));
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"before");
}

#[test]
fn a_truncation_during_a_flush_is_respected() {
    let (disk, platter, mut host, file) = with_durable_file(b"");
    host.append(file, b"before").unwrap();
    let (ticket, _) = host.start_flush(Timestamp::ZERO, &[FlushStep::File(file)]);
    host.truncate(file, 2).unwrap();
    host.finish_flush(ticket).unwrap();
    lose_power(&disk);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"be");
}

#[test]
fn flushes_that_end_in_the_other_order_take_nothing_back() {
    let (disk, platter, mut host, file) = with_durable_file(b"");
    host.append(file, b"one").unwrap();
    let (first, _) = host.start_flush(Timestamp::ZERO, &[FlushStep::File(file), directory("")]);
    host.append(file, b"two").unwrap();
    host.open("b").unwrap();
    let (second, _) = host.start_flush(Timestamp::ZERO, &[FlushStep::File(file), directory("")]);
    host.finish_flush(second).unwrap();
    host.finish_flush(first).unwrap();
    assert!(lose_power(&disk).changed_nothing());
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"onetwo");
}

#[test]
fn the_device_does_one_flush_at_a_time() {
    let disk = disk(10, 10);
    let mut host = disk.mount(MemPlatter::default()).unwrap();
    let at = |ms: u64| Timestamp(ms * 1_000);
    let mut end = |now, steps: &[FlushStep]| host.start_flush(now, steps).1;
    assert_eq!(end(at(5), &[directory("")]), at(15));
    assert_eq!(end(at(5), &[directory(""), directory("")]), at(35), "waits, then two steps");
    assert_eq!(end(at(100), &[]), at(100), "no step, no time");
    drop(host);

    let mut host = disk.mount(MemPlatter::default()).unwrap();
    let (dies_with_the_process, _) = host.start_flush(at(200), &[directory("")]);
    drop(dies_with_the_process);
    drop(host);
    let mut host = disk.mount(MemPlatter::default()).unwrap();
    assert_eq!(host.start_flush(at(201), &[directory("")]).1, at(220), "a kill does not stop the device");
    drop(host);
    lose_power(&disk);
    let mut host = disk.mount(MemPlatter::default()).unwrap();
    assert_eq!(host.start_flush(at(202), &[directory("")]).1, at(212), "power loss does");
}

#[test]
fn latency_is_drawn_for_each_step_within_its_range() {
    let disk = disk(1, 20);
    let mut host = disk.mount(MemPlatter::default()).unwrap();
    let mut now = Timestamp::ZERO;
    let mut drawn = Vec::new();
    for _ in 0..200 {
        let end = host.start_flush(now, &[directory("")]).1;
        drawn.push(end.since(now));
        now = end;
    }
    drawn.sort_unstable();
    drawn.dedup();
    assert!(Duration::from_millis(1) <= drawn[0] && drawn[drawn.len() - 1] <= Duration::from_millis(20));
    assert!(100 < drawn.len(), "{} different latencies", drawn.len());
}

#[test]
fn errors_carry_the_number_linux_would_give() {
    let (_, _, mut host, file) = with_durable_file(b"four");
    host.open("t-0/0.log").unwrap();
    let errno = |error: StorageError| (error.operation, error.path, error.errno.unwrap());
    assert_eq!(errno(host.open("t-0").unwrap_err()), ("open", "t-0".into(), 21));
    assert_eq!(errno(host.open("a/0.log").unwrap_err()), ("open", "a/0.log".into(), 20));
    assert_eq!(errno(host.open("a/b/c").unwrap_err()), ("open", "a/b/c".into(), 22));
    assert_eq!(errno(host.len(FileId(99)).unwrap_err()), ("stat", "file 99".into(), 9));
    assert_eq!(errno(host.truncate(file, 5).unwrap_err()), ("truncate", "a".into(), 22));
    assert_eq!(errno(host.remove("t-0").unwrap_err()), ("remove", "t-0".into(), 21));
    assert_eq!(errno(host.read_file("t-0").unwrap_err()), ("read", "t-0".into(), 21));
    assert_eq!(errno(host.list("a").unwrap_err()), ("list", "a".into(), 20));
    assert_eq!(errno(flush(&mut host, &[directory("t-9")]).unwrap_err()), ("sync", "t-9".into(), 2));
    assert_eq!(
        errno(flush(&mut host, &[replace("t-9/x", b"")]).unwrap_err()),
        ("replace", "t-9/x".into(), 2)
    );
    assert_eq!(errno(flush(&mut host, &[FlushStep::File(FileId(99))]).unwrap_err()).2, 9);
    assert_eq!(host.list("t-9").unwrap(), Vec::<String>::new());
    host.remove("t-9/none").unwrap();
    host.remove("a").unwrap();
    assert_eq!(host.append(file, b"x").unwrap_err().errno, Some(9));
}

#[test]
fn a_flush_ends_at_the_first_step_that_fails() {
    let (disk, platter, mut host, file) = with_durable_file(b"");
    host.append(file, b"one").unwrap();
    let steps = [FlushStep::File(file), directory("t-9"), replace("b", b"two")];
    flush(&mut host, &steps).unwrap_err();
    lose_power(&disk);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"one");
    assert_eq!(content_after(&disk, &platter, "b"), None);
}

#[test]
#[should_panic(expected = "a dead process uses the disk")]
fn a_process_that_survives_the_power_loss_is_a_mistake_of_the_harness() {
    let (disk, _, mut host, file) = with_durable_file(b"");
    lose_power(&disk);
    let _ = host.append(file, b"from beyond");
}

/// The cost of a flush follows what is dirty, not what is there.
#[test]
fn bytes_reach_the_platter_once() {
    let (disk, platter, mut host, file) = with_durable_file(b"");
    for _ in 0..1_000 {
        host.append(file, &[1; 100]).unwrap();
        flush(&mut host, &[FlushStep::File(file)]).unwrap();
    }
    let stats = disk.stats();
    assert_eq!((stats.appended_bytes, stats.flushed_bytes, stats.flushes), (100_000, 100_000, 1_001));
    drop(host);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), [1; 100_000]);
}
