//! What may survive a power loss although nobody made it durable.

use std::collections::BTreeSet;

use super::*;

const SECTOR: usize = 512;

fn lose(disk: &DiskHandle, unsynced: Unsynced, draw: u64) -> PowerLoss {
    disk.power_loss(Timestamp::ZERO, unsynced, Seed(7).stream("power_loss", draw))
}

/// What is left of 4,000 new bytes behind 100 durable ones, for each of many draws.
fn left(unsynced: Unsynced) -> Vec<(Vec<u8>, PowerLoss)> {
    let one = |draw| {
        let (disk, platter, mut host, file) = with_durable_file(&[7; 100]);
        host.append(file, &[9; 4_000]).unwrap();
        let loss = lose(&disk, unsynced, draw);
        let content = content_after(&disk, &platter, "a").unwrap();
        assert_eq!(content[..100], [7; 100], "what was flushed is there");
        assert_eq!(content.iter().filter(|byte| **byte == 9).count() as u64, loss.survived_bytes);
        assert_eq!(loss.lost_bytes + loss.survived_bytes, 4_000);
        assert!(lose_power(&disk).changed_nothing(), "it is on the platter now");
        (content, loss)
    };
    (0..200).map(one).collect()
}

#[test]
fn torn_is_a_prefix_of_whole_sectors() {
    let lens: BTreeSet<usize> = left(Unsynced::Torn).into_iter().map(|(content, _)| content.len()).collect();
    let sectors = (1..=8).map(|sector| sector * SECTOR).chain([100, 4_100]);
    assert_eq!(lens, sectors.collect(), "each is met");
    for (content, _) in left(Unsynced::Torn) {
        assert!(content[100..].iter().all(|byte| *byte == 9));
    }
}

#[test]
fn reordered_is_any_set_of_sectors_and_zeros_between_them() {
    let mut holes = 0;
    let mut patterns = BTreeSet::new();
    for (content, _) in left(Unsynced::Reordered) {
        let sectors: Vec<u8> = content[100..]
            .iter()
            .zip(100..)
            .filter(|(_, at)| *at % SECTOR == 0 || *at == 100)
            .map(|(byte, _)| *byte)
            .collect();
        for (byte, at) in content[100..].iter().zip(100_usize..) {
            let sector = at / SECTOR - 100 / SECTOR;
            assert_eq!(*byte, sectors[sector], "a sector is written as a whole");
            assert!(*byte == 0 || *byte == 9);
        }
        holes += u32::from(sectors.windows(2).any(|pair| pair == [0, 9]));
        patterns.insert(sectors);
    }
    assert!(50 < holes && 60 < patterns.len(), "{holes} holes, {} patterns", patterns.len());
}

#[test]
fn nothing_survives_that_has_no_way_to() {
    assert!(
        left(Unsynced::Lost).iter().all(|(content, loss)| content.len() == 100 && loss.survived_bytes == 0)
    );
}

#[test]
fn names_come_and_go_as_they_like() {
    let mut found = BTreeSet::new();
    for draw in 0..100 {
        let (disk, platter, mut host, _) = with_durable_file(b"old");
        host.open("b").unwrap();
        host.open("t-0/c").unwrap();
        host.remove("a").unwrap();
        lose(&disk, Unsynced::Reordered, draw);
        let host = disk.mount(platter).unwrap();
        found.insert([host.list("").unwrap(), host.list("t-0").unwrap()]);
    }
    // a, b, and t-0 with or without c.
    assert_eq!(found.len(), 2 * 2 * 3, "{found:?}");
}

#[test]
fn a_replacement_under_way_is_the_old_content_or_the_new() {
    let mut found = BTreeSet::new();
    for draw in 0..20 {
        let (disk, platter, mut host, _) = with_durable_file(b"old");
        let _ = host.start_flush(Timestamp::ZERO, &[replace("a", b"new")]);
        lose(&disk, Unsynced::Torn, draw);
        found.insert(content_after(&disk, &platter, "a").unwrap());
    }
    assert_eq!(found, [b"old".to_vec(), b"new".to_vec()].into());
}

#[test]
fn a_cut_is_undone_or_not_and_new_sectors_stand_among_old_ones() {
    let mut found = BTreeSet::new();
    for draw in 0..300 {
        let (disk, platter, mut host, file) = with_durable_file(&[1; 2_048]);
        host.truncate(file, SECTOR as u64).unwrap();
        host.append(file, &[2; 1_000]).unwrap();
        lose(&disk, Unsynced::Reordered, draw);
        let content = content_after(&disk, &platter, "a").unwrap();
        let sectors: Vec<u8> = content.chunks(SECTOR).map(|sector| sector[0]).collect();
        assert_eq!(content[..SECTOR], [1; SECTOR]);
        found.insert((content.len(), sectors));
    }
    assert!(found.contains(&(2_048, vec![1, 1, 1, 1])), "undone");
    assert!(found.contains(&(2_048, vec![1, 1, 2, 1])), "undone, and yet written over");
    assert!(found.contains(&(512, vec![1])), "only the cut");
    assert!(found.contains(&(1_512, vec![1, 2, 2])), "all of it");
    assert!(found.contains(&(1_512, vec![1, 1, 2])), "an old sector in a file of the new length");
}

#[test]
fn a_lie_may_survive_as_well() {
    let mut survived = BTreeSet::new();
    for draw in 0..50 {
        let (disk, _, mut host, file) = with_durable_file(b"old");
        begin(&disk, 1, DiskFault::FsyncLie { probability: 1.0 });
        host.append(file, &[1; 1_021]).unwrap();
        flush(&mut host, &[FlushStep::File(file)]).unwrap();
        survived.insert(lose(&disk, Unsynced::Torn, draw).survived_bytes);
    }
    assert_eq!(survived, [0, 509, 1_021].into());
}
