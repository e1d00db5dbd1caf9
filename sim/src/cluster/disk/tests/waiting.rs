//! What the process has to wait for.

use super::*;

fn ms(ms: u64) -> Timestamp {
    Timestamp(ms * 1_000)
}

fn between(low: u64, high: u64) -> Option<(Duration, Duration)> {
    Some((Duration::from_millis(low), Duration::from_millis(high)))
}

#[test]
fn a_stalled_device_finishes_nothing_and_appends_go_on() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable");
    let flush = |host: &mut HostDisk<MemPlatter>| host.start_flush(ms(1), &[FlushStep::File(file)]).0;
    let before = flush(&mut host);
    disk.begin(ms(1), 1, DiskFault::Stall, Seed(1).stream("fault", 1));
    host.append(file, b" and more").unwrap();
    let meanwhile = flush(&mut host);
    assert_eq!((host.due(before.operation()), host.due(meanwhile.operation())), (None, None));
    assert_eq!(host.busy_until(), None, "the process goes on");
    platter.set_now(ms(500));
    assert_eq!(disk.end(ms(500), 1).operations_stalled, 2);
    assert_eq!(host.due(before.operation()), Some(ms(500)));
    host.finish_flush(before).unwrap();
    host.finish_flush(meanwhile).unwrap();
    assert_eq!(disk.stats().dirty_bytes, 0);
}

#[test]
fn of_two_stalls_the_last_one_counts() {
    let (disk, _, mut host, file) = with_durable_file(b"durable");
    for fault in [1, 2] {
        disk.begin(ms(10), fault, DiskFault::Stall, Seed(1).stream("fault", 1));
    }
    let (ticket, _) = host.start_flush(ms(20), &[FlushStep::File(file)]);
    disk.end(ms(30), 1);
    assert_eq!(host.due(ticket.operation()), None);
    disk.heal(ms(40));
    assert_eq!(host.due(ticket.operation()), Some(ms(30 + 10)));
}

#[test]
fn what_is_not_in_memory_is_read_from_the_device_once() {
    let (disk, platter, host, file) = with_durable_file(b"durable");
    begin(&disk, 1, DiskFault::Slow { flush: None, read: between(20, 20), append: None });
    host.read(file, 0, 7).unwrap();
    assert_eq!(host.busy_until(), None, "it was written by this machine");
    drop(host);
    lose_power(&disk);
    platter.set_now(ms(100));
    let mut host = disk.mount(platter.clone()).unwrap();
    let file = host.open("a").unwrap();
    host.read(file, 0, 3).unwrap();
    assert_eq!(host.busy_until(), Some(Some(ms(120))));
    host.is_ready();
    host.read(file, 3, 4).unwrap();
    assert_eq!(host.busy_until(), None);
    assert_eq!(disk.end(ms(120), 1).operations_slowed, 1);
}

#[test]
fn reads_follow_each_other_and_wait_for_a_stall() {
    let (disk, platter, mut host, file) = with_durable_file(&[1; 200_000]);
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    drop(host);
    lose_power(&disk);
    let mut host = disk.mount(platter.clone()).unwrap();
    let file = host.open("a").unwrap();
    begin(&disk, 1, DiskFault::Slow { flush: None, read: between(20, 20), append: None });
    begin(&disk, 2, DiskFault::Stall);
    for chunk in [0, 100_000, 150_000] {
        host.read(file, chunk, 10).unwrap();
    }
    assert_eq!(host.busy_until(), Some(None));
    disk.end(ms(1_000), 2);
    assert_eq!(host.busy_until(), Some(Some(ms(1_060))));
}

#[test]
fn slow_appends_add_up() {
    let (disk, platter, mut host, file) = with_durable_file(b"");
    begin(&disk, 1, DiskFault::Slow { flush: None, read: None, append: between(5, 5) });
    platter.set_now(ms(10));
    host.append(file, b"one").unwrap();
    host.append(file, b"two").unwrap();
    assert_eq!(host.busy_until(), Some(Some(ms(20))));
    host.is_ready();
    assert_eq!(host.busy_until(), None);
    assert_eq!(disk.end(ms(20), 1).added_us, 10_000);
}

#[test]
fn a_disk_of_its_own_speed_draws_for_each_operation() {
    let latency = |low, high| (Duration::from_micros(low), Duration::from_micros(high));
    let config = DiskConfig {
        fsync_latency: latency(1_000, 5_000),
        read_latency: latency(100, 400),
        append_latency: latency(10, 30),
        write_back_after: None,
    };
    let (disk, platter) = (DiskHandle::new(config, Seed(2).stream("disk", 0)), MemPlatter::default());
    let mut host = disk.mount(platter.clone()).unwrap();
    let file = host.open("a").unwrap();
    let mut took = std::collections::BTreeSet::new();
    for _ in 0..50 {
        host.append(file, b"x").unwrap();
        took.insert(host.busy_until().unwrap().unwrap().0);
        host.is_ready();
    }
    assert!(10 < took.len() && took.iter().all(|us| (10..=30).contains(us)), "{took:?}");
    flush(&mut host, &[FlushStep::File(file), directory("")]).unwrap();
    lose_power(&disk);
    let host = disk.mount(platter).unwrap();
    host.read_file("a").unwrap();
    let us = host.busy_until().unwrap().unwrap().0;
    assert!((100..=400).contains(&us), "{us}");
}
