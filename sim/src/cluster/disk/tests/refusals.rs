//! Reads and writes that fail, a disk that is full, and bits that turn over.

use broker_core::batch::BatchBuilder;
use broker_core::types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use super::*;
use crate::cluster::disk::{BitRot, FilePattern, RotPlace, Rotten};

fn rot(disk: &DiskHandle, files: &str, place: RotPlace, bits: u32, draw: u64) -> Rotten {
    let what = BitRot { files: files.parse().unwrap(), place, bits };
    disk.rot(Timestamp(7), &what, Seed(1).stream("rot", draw))
}

#[test]
fn reads_of_the_files_that_are_meant_fail_and_others_do_not() {
    let (disk, _, mut host, file) = with_durable_file(b"content");
    let other = host.open("t-0/b").unwrap();
    host.append(other, b"text").unwrap();
    let files: FilePattern = "t-0/*".parse().unwrap();
    begin(&disk, 1, DiskFault::ReadError { probability: 1.0, files });
    let errors = [host.read(other, 0, 4).unwrap_err(), host.read_file("t-0/b").unwrap_err()];
    assert_eq!(errors.map(|error| (error.operation, error.errno)), [("read", Some(5)); 2]);
    assert_eq!(host.read(file, 0, 7).unwrap(), b"content"[..]);
    assert_eq!(disk.end(Timestamp::ZERO, 1).reads_failed, 2);
    assert_eq!(host.read(other, 0, 4).unwrap(), b"text"[..]);
}

#[test]
fn of_an_append_that_fails_nothing_is_there() {
    let (disk, _, mut host, file) = with_durable_file(b"content");
    begin(&disk, 1, DiskFault::WriteError { probability: 1.0, files: FilePattern::all() });
    let error = host.append(file, b" and more").unwrap_err();
    assert_eq!((error.operation, error.errno, host.len(file).unwrap()), ("append", Some(5), 7));
    flush(&mut host, &[replace("b", b"new")]).unwrap_err();
    assert_eq!(host.read_file("b").unwrap(), None);
    host.truncate(file, 3).unwrap();
    assert_eq!(disk.end(Timestamp::ZERO, 1).writes_failed, 2);
    host.append(file, b"!").unwrap();
}

#[test]
fn a_full_disk_takes_what_fits_and_has_room_again_when_something_goes() {
    let (disk, _, mut host, file) = with_durable_file(b"content");
    begin(&disk, 1, DiskFault::Full { free: 5 });
    host.append(file, b"abc").unwrap();
    let error = host.append(file, b"defgh").unwrap_err();
    assert_eq!((error.operation, error.errno), ("append", Some(28)));
    assert_eq!(host.read_file("a").unwrap().unwrap(), b"contentabcde"[..]);
    assert_eq!(disk.stats().used_bytes, 12);
    flush(&mut host, &[FlushStep::File(file)]).unwrap();

    let error = flush(&mut host, &[replace("b", b"x")]).unwrap_err();
    assert_eq!((error.operation, error.errno), ("replace", Some(28)));
    host.truncate(file, 8).unwrap();
    flush(&mut host, &[replace("b", b"four")]).unwrap();
    flush(&mut host, &[replace("b", b"five!")]).unwrap_err();
    host.remove("a").unwrap();
    flush(&mut host, &[replace("b", b"six666")]).unwrap();
    assert_eq!(disk.stats().used_bytes, 6);
    let effect = disk.end(Timestamp::ZERO, 1);
    assert_eq!((effect.writes_refused, effect.refused_bytes), (3, 3 + 1 + 5));
    let file = host.open("c").unwrap();
    host.append(file, &[1; 100]).unwrap();
}

#[test]
fn a_rotten_byte_stays_rotten_until_it_is_written_anew() {
    let (disk, platter, mut host, file) = with_durable_file(&[0; 1_000]);
    assert_eq!(rot(&disk, "*", RotPlace::Tail, 3, 1), Rotten { file: Some("a".into()), bits: 3 });
    let ones = |bytes: &[u8]| bytes.iter().map(|byte| byte.count_ones()).sum::<u32>();
    let read = host.read(file, 0, 1_000).unwrap();
    assert_eq!((ones(&read[..500]), ones(&read[500..])), (0, 3));
    assert_eq!(host.read(file, 0, 1_000).unwrap(), read);
    host.append(file, b"").unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    drop(host);
    lose_power(&disk);
    assert_eq!(content_after(&disk, &platter, "a").unwrap(), read);

    let mut host = disk.mount(platter).unwrap();
    let file = host.open("a").unwrap();
    host.truncate(file, 500).unwrap();
    host.append(file, &[0; 500]).unwrap();
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    assert_eq!(host.read(file, 0, 1_000).unwrap(), [0; 1_000][..]);
}

#[test]
fn what_is_only_in_memory_does_not_rot() {
    let (disk, _, mut host, file) = with_durable_file(b"");
    host.append(file, b"dirty").unwrap();
    assert_eq!(rot(&disk, "*", RotPlace::Anywhere, 1, 1), Rotten::default());
    assert_eq!(disk.stats().hurt_since, None);
    flush(&mut host, &[FlushStep::File(file)]).unwrap();
    assert_eq!(rot(&disk, "*.log", RotPlace::Anywhere, 1, 1), Rotten::default());
    assert_eq!(rot(&disk, "a", RotPlace::Anywhere, 1, 1).bits, 1);
    assert_eq!(disk.stats().hurt_since, Some(Timestamp(7)));
}

#[test]
fn a_record_is_found_by_its_offset() {
    let (disk, _, mut host, _) = with_durable_file(b"");
    let segment = host.open("t-0/0.log").unwrap();
    let mut ends = vec![0];
    for offset in [0, 1, 2, 3] {
        let mut builder = BatchBuilder::new(0);
        builder.push(0, b"key", b"value");
        let batch = builder.build(ProducerId::NONE, ProducerEpoch::NONE, Sequence::NONE);
        host.append(segment, batch.placed_at(Offset(offset), LeaderEpoch(0)).bytes()).unwrap();
        ends.push(usize::try_from(host.len(segment).unwrap()).unwrap());
    }
    flush(&mut host, &[FlushStep::File(segment)]).unwrap();
    let before = host.read_file("t-0/0.log").unwrap().unwrap();
    for draw in 0..20 {
        assert_eq!(rot(&disk, "*.log", RotPlace::Record(2), 1, draw).bits, 1);
    }
    let after = host.read_file("t-0/0.log").unwrap().unwrap();
    assert_eq!((&before[..ends[2]], &before[ends[3]..]), (&after[..ends[2]], &after[ends[3]..]));
    assert_ne!(before[ends[2]..ends[3]], after[ends[2]..ends[3]]);
    assert_eq!(rot(&disk, "*.log", RotPlace::Record(4), 1, 0), Rotten::default());
}
