//! What a device says it did and did not.

use super::*;

const EVERY: DiskFault = DiskFault::FsyncLie { probability: 1.0 };

#[test]
fn what_a_lie_was_about_goes_with_the_power() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable ");
    begin(&disk, 1, EVERY);
    host.append(file, b"or so they say").unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    assert_eq!((disk.stats().dirty_bytes, disk.stats().lied_bytes), (0, 14));
    assert!(disk.stats().hurt_since.is_some());
    let loss = lose_power(&disk);
    assert_eq!((loss.lost_bytes, loss.survived_bytes), (14, 0));
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"durable ");
    let effect = disk.end(Timestamp::ZERO, 1);
    assert_eq!((effect.flushes_lied, effect.lied_bytes), (1, 14));
}

#[test]
fn a_kill_does_not_show_it() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable ");
    begin(&disk, 1, EVERY);
    host.append(file, b"or so").unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    drop(host);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"durable or so");
}

#[test]
fn the_next_honest_flush_of_any_file_empties_the_devices_cache() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable ");
    begin(&disk, 1, EVERY);
    host.append(file, b"after all").unwrap();
    host.open("b").unwrap();
    flush(&mut host, &[FlushStep::File(file), directory(""), replace("c", b"new")]).unwrap();
    disk.end(Timestamp::ZERO, 1);
    let other = host.open("d").unwrap();
    flush(&mut host, &[FlushStep::File(other)]).unwrap();
    assert_eq!(disk.stats().lied_bytes, 0);
    let loss = lose_power(&disk);
    assert_eq!((loss.lost_bytes, loss.vanished.as_slice()), (0, &["d".to_owned()][..]));
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"durable after all");
    assert_eq!(content_after(&disk, &platter, "b").unwrap(), b"");
    assert_eq!(content_after(&disk, &platter, "c").unwrap(), b"new");
}

#[test]
fn a_cut_and_what_came_after_it_can_be_a_lie_too() {
    let (disk, platter, mut host, file) = with_durable_file(b"old content");
    begin(&disk, 1, EVERY);
    host.truncate(file, 4).unwrap();
    host.append(file, b"text").unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    host.truncate(file, 6).unwrap();
    assert_eq!(disk.stats().lied_bytes, 2);
    disk.end(Timestamp::ZERO, 1);
    let image = disk.snapshot();
    flush(&mut host, &[directory("")]).unwrap();
    assert!(lose_power(&disk).changed_nothing());
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old te");
    drop(image);

    let (disk, platter, mut host, file) = with_durable_file(b"old content");
    begin(&disk, 1, EVERY);
    host.truncate(file, 4).unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    assert_eq!(lose_power(&disk).returned_bytes, 7);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old content");
}

#[test]
fn a_replaced_file_is_the_old_one_again() {
    let (disk, platter, mut host, _) = with_durable_file(b"old");
    begin(&disk, 1, EVERY);
    flush(&mut host, &[replace("a", b"new")]).unwrap();
    assert_eq!(host.read_file("a").unwrap().unwrap(), b"new"[..]);
    lose_power(&disk);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old");
}

#[test]
fn an_undone_lie_was_never_told() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable ");
    begin(&disk, 1, EVERY);
    host.append(file, b"dirty").unwrap();
    let image = disk.snapshot();
    flush(&mut host, &[FlushStep::File(file), replace("b", b"new")]).unwrap();
    drop(host);
    disk.roll_back(image);
    assert_eq!((disk.stats().dirty_bytes, disk.stats().lied_bytes), (5, 0));
    disk.end(Timestamp::ZERO, 1);
    let mut host = disk.mount(platter.clone()).unwrap();
    flush(&mut host, &[directory("")]).unwrap();
    assert_eq!(lose_power(&disk).lost_bytes, 5);
    assert_eq!(content_after(&disk, &platter, "b"), None);
}
