//! Back to a moment ago: each thing that a dying process may not have done.

use broker_core::io::FileId;

use super::*;
use crate::cluster::disk::DiskFault;

/// What a process would find that starts now: every file, and what the disk counts.
fn found(disk: &DiskHandle, platter: &MemPlatter) -> (Vec<(String, Vec<u8>)>, u64, u64) {
    let host = disk.mount(platter.clone()).unwrap();
    let files = host
        .list("")
        .unwrap()
        .into_iter()
        .chain(host.list("t-0").into_iter().flatten().map(|name| format!("t-0/{name}")));
    let files = files
        .filter_map(|path| {
            let content = host.read_file(&path).ok()??;
            Some((path, content.to_vec()))
        })
        .collect();
    (files, disk.stats().dirty_bytes, disk.stats().phantom_bytes)
}

fn failing() -> DiskFault {
    DiskFault::FsyncError { probability: 1.0 }
}

/// Undoes what `change` does; then the page cache is as it was, and what power loss leaves of it too.
fn undone(change: impl Fn(&DiskHandle, &mut HostDisk<MemPlatter>, FileId)) {
    for power_lost in [false, true] {
        let (disk, platter, mut host, file) = with_durable_file(b"durable");
        host.append(file, b" and not").unwrap();
        let image = disk.snapshot();
        change(&disk, &mut host, file);
        drop(host);
        disk.roll_back(image);
        disk.check();
        let (content, dirty): (&[u8], u64) =
            if power_lost { (b"durable", 0) } else { (b"durable and not", 8) };
        if power_lost {
            lose_power(&disk);
        }
        assert_eq!(found(&disk, &platter), (vec![("a".to_owned(), content.to_vec())], dirty, 0));
        assert_eq!(platter.rows(), 1, "what is not needed is freed by the next process");
    }
}

#[test]
fn an_append_that_is_undone_never_was() {
    undone(|_, host, file| host.append(file, &[7; 100_000]).unwrap());
}

#[test]
fn a_new_file_that_is_undone_never_was() {
    undone(|_, host, _| {
        let file = host.open("t-0/b").unwrap();
        host.append(file, b"new").unwrap();
    });
}

#[test]
fn a_truncation_that_is_undone_cut_nothing() {
    undone(|_, host, file| host.truncate(file, 10).unwrap());
    undone(|_, host, file| {
        host.truncate(file, 3).unwrap();
        host.append(file, b"something else").unwrap();
    });
}

#[test]
fn a_flush_that_is_undone_made_nothing_durable() {
    undone(|_, host, file| flush(host, &[FlushStep::File(file)]).unwrap());
    undone(|_, host, file| {
        let b = host.open("b").unwrap();
        host.append(b, b"new").unwrap();
        flush(host, &[FlushStep::File(file), FlushStep::File(b), directory("")]).unwrap();
    });
}

#[test]
fn a_removal_that_is_undone_took_nothing_even_if_it_was_durable() {
    undone(|_, host, _| host.remove("a").unwrap());
    undone(|_, host, _| {
        host.remove("a").unwrap();
        flush(host, &[directory("")]).unwrap();
    });
}

#[test]
fn a_replacement_that_is_undone_leaves_the_former_file_with_its_tail() {
    undone(|_, host, _| flush(host, &[replace("a", b"other content")]).unwrap());
}

#[test]
fn a_flush_whose_failure_is_undone_leaves_its_bytes_dirty_and_no_phantoms() {
    undone(|disk, host, file| {
        disk.begin(Timestamp::ZERO, 1, failing(), Seed(1).stream("fault", 1));
        flush(host, &[FlushStep::File(file)]).unwrap_err();
    });
}

#[test]
fn phantoms_that_are_cut_and_undone_are_phantoms_again() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable");
    host.append(file, b" and not").unwrap();
    disk.begin(Timestamp::ZERO, 1, failing(), Seed(1).stream("fault", 1));
    flush(&mut host, &[FlushStep::File(file)]).unwrap_err();
    let image = disk.snapshot();
    host.truncate(file, 4).unwrap();
    drop(host);
    disk.roll_back(image);
    disk.check();
    assert_eq!(found(&disk, &platter), (vec![("a".to_owned(), b"durable and not".to_vec())], 0, 8));
}

#[test]
fn power_loss_brings_back_what_an_undone_flush_wrote_over_a_cut() {
    let (disk, platter, mut host, file) = with_durable_file(b"durable");
    host.truncate(file, 3).unwrap();
    host.append(file, b"able").unwrap();
    let image = disk.snapshot();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    drop(host);
    disk.roll_back(image);
    assert_eq!(found(&disk, &platter), (vec![("a".to_owned(), b"durable".to_vec())], 4, 0));

    let (disk, platter, mut host, file) = with_durable_file(b"old content");
    host.truncate(file, 4).unwrap();
    host.append(file, b"new").unwrap();
    let image = disk.snapshot();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    drop(host);
    disk.roll_back(image);
    assert_eq!(lose_power(&disk).returned_bytes, 7, "the cut is not durable any more");
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), b"old newtent", "the one thing that stays");
}

#[test]
#[should_panic(expected = "another process had the disk since")]
fn nothing_is_undone_that_another_process_may_have_seen() {
    let (disk, platter, host, _) = with_durable_file(b"durable");
    let image = disk.snapshot();
    drop(host);
    disk.mount(platter).unwrap();
    disk.roll_back(image);
}
