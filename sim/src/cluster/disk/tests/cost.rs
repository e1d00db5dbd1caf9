//! What appends and reads look at, counted: as much as they mean, however much is dirty.

use crate::cluster::disk::dirty::{DirtyTail, EXTENT_BYTES};

const BYTES: u64 = 100;

/// Extents that `work` looked at in a file of so many dirty appends.
fn visits(appends: u64, work: impl Fn(&mut DirtyTail, u64)) -> u64 {
    let mut tail = DirtyTail::clean(0);
    for nth in 0..appends {
        tail.append(&[7; BYTES as usize]);
        work(&mut tail, nth);
    }
    tail.visited()
}

#[test]
fn appends_look_at_nothing_and_reading_each_at_one_extent_or_two() {
    for appends in [10_000, 100_000, 1_000_000] {
        assert_eq!(visits(appends, |_, _| {}), 0);
        let read = visits(appends, |tail, nth| {
            assert_eq!(tail.pieces(nth * BYTES, (nth + 1) * BYTES).len(), 1);
        });
        assert!(appends <= read && read <= 2 * appends, "{read} visits for {appends} reads");
    }
}

#[test]
fn a_read_anywhere_looks_at_one_extent_or_two_however_many_there_are() {
    for appends in [10_000, 100_000, 1_000_000] {
        let reads = 1_000;
        let visited = visits(appends, |tail, nth| {
            if nth + 1 == appends {
                for i in 0..reads {
                    let from = i * 7_919 % appends * BYTES;
                    tail.pieces(from, from + BYTES);
                }
            }
        });
        assert!(reads <= visited && visited <= 2 * reads, "{visited} visits for {reads} reads of {appends}");
    }
}

#[test]
fn flushing_every_thousand_appends_looks_at_what_is_new() {
    for appends in [10_000, 100_000, 1_000_000] {
        let visited = visits(appends, |tail, nth| {
            if (nth + 1) % 1_000 == 0 {
                tail.pieces(tail.start(), tail.end());
                tail.clean_up_to(tail.end());
            }
        });
        let most = (1_000 * BYTES).div_ceil(EXTENT_BYTES as u64) + 1;
        assert!(visited <= appends / 1_000 * most, "{visited} visits for {} flushes", appends / 1_000);
    }
}
