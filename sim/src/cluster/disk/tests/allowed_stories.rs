//! What the set of allowed states has in it, and above all what it has not.

use broker_core::time::Timestamp;

use super::allowed::{File, Found, Since, Thing, World};

fn at(ms: u64) -> Timestamp {
    Timestamp(ms * 1_000)
}

/// A durable file of 600 bytes of 1, to which 1,000 bytes of 2 were appended: sector 1 has both.
fn appended() -> File {
    let mut file = File::durable(at(0), vec![1; 600]);
    file.append(at(1), &[2; 1_000]);
    file
}

fn bytes(parts: &[(usize, u8)]) -> Vec<u8> {
    parts.iter().flat_map(|(count, byte)| vec![*byte; *count]).collect()
}

fn allowed(file: &File, parts: &[(usize, u8)]) -> bool {
    file.allows(&bytes(parts)).is_ok()
}

#[test]
fn of_an_append_each_sector_survives_or_not() {
    let file = appended();
    assert!(allowed(&file, &[(600, 1)]), "lost");
    assert!(allowed(&file, &[(600, 1), (1_000, 2)]), "saved");
    assert!(allowed(&file, &[(600, 1), (424, 2)]), "torn between sectors");
    assert!(allowed(&file, &[(600, 1), (100, 2)]), "torn by its length");
    assert!(allowed(&file, &[(600, 1), (424, 2), (500, 0)]), "the length without the last sector");
    assert!(allowed(&file, &[(600, 1), (424, 0), (512, 2)]), "the last sector without the one before");
    assert!(allowed(&file, &[(600, 1), (936, 0)]), "nothing but the length");
}

#[test]
fn what_was_durable_and_what_was_never_written_is_not_lost_and_not_invented() {
    let file = appended();
    assert!(!allowed(&file, &[(599, 1)]), "too short");
    assert!(!allowed(&file, &[(600, 1), (1_001, 2)]), "too long");
    assert!(!allowed(&file, &[(600, 0)]), "durable bytes are zeros");
    assert!(!allowed(&file, &[(512, 1), (88, 0), (424, 2)]), "part of a sector lost");
    assert!(!allowed(&file, &[(600, 1), (424, 2), (100, 0), (400, 2)]), "a sector that is torn itself");
    assert!(!allowed(&file, &[(600, 1), (100, 2), (324, 0), (100, 2)]), "less of a sector than its length");
    assert!(!allowed(&file, &[(600, 1), (424, 3)]), "bytes of nobody");
}

#[test]
fn a_truncation_may_be_undone_in_part_until_a_flush_that_starts_after_it() {
    let mut file = File::durable(at(0), vec![1; 1_500]);
    file.truncate(at(1), 100);
    file.append(at(2), &[2; 1_000]);
    assert!(allowed(&file, &[(1_500, 1)]), "undone");
    assert!(allowed(&file, &[(100, 1), (1_000, 2)]), "saved");
    assert!(allowed(&file, &[(100, 1), (412, 2), (512, 1), (476, 1)]), "a new sector between old ones");
    assert!(allowed(&file, &[(512, 1), (512, 2)]), "and the other way round");
    assert!(allowed(&file, &[(100, 1), (412, 0)]), "only the cut");
    assert!(!allowed(&file, &[(99, 1)]));
    assert!(!allowed(&file, &[(100, 1), (412, 2), (988, 3)]));
    let mut settled = file.clone();
    settled.0.settle(at(1));
    assert!(!allowed(&settled, &[(1_500, 1)]), "the cut is durable");
    assert!(allowed(&settled, &[(100, 1)]), "the append is not");
    file.0.settle(at(2));
    assert!(!allowed(&file, &[(100, 1)]), "now it is");
    assert!(allowed(&file, &[(100, 1), (1_000, 2)]));
}

#[test]
fn an_fsync_that_failed_leaves_a_doubt_that_no_other_one_removes() {
    let mut file = appended();
    file.doubt(800);
    file.append(at(2), &[3; 100]);
    file.0.settle(at(3));
    assert!(allowed(&file, &[(600, 1), (200, 0), (800, 2), (100, 3)]), "a hole");
    assert!(allowed(&file, &[(600, 1), (1_000, 2), (100, 3)]), "or none");
    assert!(!allowed(&file, &[(500, 1), (300, 0), (800, 2), (100, 3)]), "what was durable before");
    assert!(!allowed(&file, &[(600, 1), (1_000, 0), (100, 3)]), "what came after its start");
    file.truncate(at(4), 600);
    file.append(at(5), &[4; 1_000]);
    file.0.settle(at(5));
    assert!(!allowed(&file, &[(600, 1), (200, 0), (800, 4)]), "written anew");
}

#[test]
fn a_name_may_have_any_meaning_since_its_directory_was_flushed() {
    let found = |names: &[(&str, Option<u8>)]| -> Found {
        names.iter().map(|(path, byte)| ((*path).to_owned(), byte.map(|byte| vec![byte]))).collect()
    };
    let mut world = World::default();
    world.add(at(1), "t-0/a", File::durable(at(1), vec![1]));
    assert!(world.allows(&found(&[])).is_ok());
    assert!(world.allows(&found(&[("t-0", None)])).is_ok());
    assert!(world.allows(&found(&[("t-0", None), ("t-0/a", Some(1))])).is_ok());
    assert!(world.allows(&found(&[("t-0/a", Some(1))])).is_err(), "out of reach");
    assert!(world.allows(&found(&[("t-0", None), ("t-0/b", Some(1))])).is_err(), "never there");
    world.settle_names("t-0", at(2));
    assert!(world.allows(&found(&[])).is_ok(), "the directory itself has no durable name");
    assert!(world.allows(&found(&[("t-0", None)])).is_err(), "but what is in it has");
    world.settle_names("", at(2));
    assert!(world.allows(&found(&[])).is_err());
    world.name(at(3), "t-0/a", None);
    world.add(at(4), "t-0/a", File::durable(at(4), vec![2]));
    for byte in [1, 2] {
        assert!(world.allows(&found(&[("t-0", None), ("t-0/a", Some(byte))])).is_ok(), "old or new");
    }
    world.settle_names("t-0", at(3));
    assert!(world.allows(&found(&[("t-0", None), ("t-0/a", Some(1))])).is_err(), "removed for good");
    assert!(world.allows(&found(&[("t-0", None)])).is_ok(), "the new one came after that");
}

#[test]
fn a_flush_settles_what_was_replaced_before_its_start() {
    let mut name = Since::new(at(0), Some(Thing::File(0)));
    name.set(at(2), None);
    name.set(at(4), Some(Thing::File(1)));
    name.settle(at(1));
    assert_eq!(name.all().count(), 3);
    name.settle(at(3));
    assert_eq!((name.oldest(), name.now()), (&None, &Some(Thing::File(1))));
    name.settle(at(2));
    assert_eq!(name.all().count(), 2, "a flush that started earlier takes nothing back");
}
