//! What reaches the platter although nobody asks for it.

use super::*;

fn second(second: u64) -> Timestamp {
    Timestamp(second * 1_000_000)
}

/// A disk that writes back what is 30 seconds old, and a process with a file in it.
fn kernel() -> (DiskHandle, MemPlatter, HostDisk<MemPlatter>, broker_core::io::FileId) {
    let nothing = (Duration::ZERO, Duration::ZERO);
    let config = DiskConfig {
        write_back_after: Some(Duration::from_secs(30)),
        ..DiskConfig::with_fsync_latency(nothing)
    };
    let (disk, platter) = (DiskHandle::new(config, Seed(2).stream("disk", 0)), MemPlatter::default());
    let mut host = disk.mount(platter.clone()).unwrap();
    let file = host.open("a").unwrap();
    (disk, platter, host, file)
}

fn power_off(disk: &DiskHandle, at: Timestamp) -> PowerLoss {
    disk.power_loss(at, Unsynced::Lost, Seed(1).stream("power_loss", 0))
}

#[test]
fn what_is_old_survives_and_what_is_young_does_not() {
    let (disk, platter, mut host, file) = kernel();
    platter.set_now(second(1));
    host.append(file, b"old ").unwrap();
    platter.set_now(second(20));
    host.append(file, b"young").unwrap();
    host.open("b").unwrap();
    let loss = power_off(&disk, second(40));
    assert_eq!((loss.lost_bytes, loss.survived_bytes), (5, 4));
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old ");
}

#[test]
fn nothing_is_old_enough_before_its_time() {
    let (disk, platter, mut host, file) = kernel();
    platter.set_now(second(1));
    host.append(file, b"young").unwrap();
    let loss = power_off(&disk, Timestamp(second(30).0 - 1));
    assert_eq!((loss.survived_bytes, loss.vanished.len()), (0, 1));
    assert_eq!(content_after(&disk, &platter, "a"), None);
}

#[test]
fn a_process_that_goes_on_sees_its_pages_become_clean() {
    let (disk, platter, mut host, file) = kernel();
    host.append(file, b"old ").unwrap();
    platter.set_now(second(29));
    host.append(file, b"young").unwrap();
    assert_eq!(disk.stats().dirty_bytes, 9);
    platter.set_now(second(31));
    host.append(file, b"!").unwrap();
    assert_eq!((disk.stats().dirty_bytes, disk.stats().written_back_bytes), (6, 4));
    assert_eq!(disk.history(second(31)).durable_after_us, [31_000_000]);
    platter.set_now(second(70));
    let host = disk.mount(platter.clone()).unwrap();
    assert_eq!((disk.stats().dirty_bytes, host.list("").unwrap().len()), (0, 1));
    assert!(power_off(&disk, second(71)).changed_nothing());
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old young!");
}

#[test]
fn a_stalled_device_writes_nothing_back() {
    let (disk, platter, mut host, file) = kernel();
    host.append(file, b"dirty").unwrap();
    disk.begin(second(10), 1, DiskFault::Stall, Seed(1).stream("fault", 1));
    platter.set_now(second(100));
    host.append(file, b"!").unwrap();
    assert_eq!(disk.stats().dirty_bytes, 6);
    assert_eq!(power_off(&disk, second(101)).survived_bytes, 0);
}

#[test]
fn write_back_that_fails_is_told_to_the_next_fsync_once() {
    let (disk, platter, mut host, file) = kernel();
    host.append(file, b"lost").unwrap();
    begin(&disk, 1, DiskFault::FsyncError { probability: 1.0 });
    platter.set_now(second(31));
    host.append(file, b" found").unwrap();
    assert_eq!(disk.end(second(31), 1).phantom_bytes, 4);
    let error = flush(&mut host, &[FlushStep::File(file)]).unwrap_err();
    assert_eq!((error.operation, error.errno), ("sync", Some(5)));
    flush(&mut host, &[FlushStep::File(file), directory("")]).unwrap();
    power_off(&disk, second(32));
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"\0\0\0\0 found");
}

#[test]
fn a_device_that_lies_does_not_come_to_tell_the_truth_by_itself() {
    for flushed in [true, false] {
        let (disk, platter, mut host, file) = kernel();
        begin(&disk, 1, DiskFault::FsyncLie { probability: 1.0 });
        host.append(file, b"never written").unwrap();
        if flushed {
            flush(&mut host, &[FlushStep::File(file), directory("")]).unwrap();
        }
        platter.set_now(second(100));
        host.open("b").unwrap();
        let loss = power_off(&disk, second(200));
        assert_eq!((loss.survived_bytes, loss.vanished.len()), (0, 2), "flushed: {flushed}");
    }
}

#[test]
fn what_a_lie_was_about_is_no_older_for_a_lie_that_is_over() {
    let (disk, _, mut host, file) = kernel();
    begin(&disk, 1, DiskFault::FsyncLie { probability: 1.0 });
    host.append(file, b"never written").unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    disk.end(second(1), 1);
    assert_eq!(power_off(&disk, second(100)).survived_bytes, 0);
}
