//! Whatever is on the disk: opening it gives a prefix of what was written or says what is wrong, and a crash meanwhile
//! loses nothing of that.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{Log, LogConfig, Opening};
use crate::batch::RecordBatch;
use crate::config::FlushPolicy;
use crate::error::LogError;
use crate::io::{FlushStep, Storage};
use crate::testing::{self, MemStorage};
use crate::types::{LeaderEpoch, Offset, TopicPartition};

fn open(storage: &mut MemStorage, opening: Opening, recovery_point: i64) -> Result<Log, LogError> {
    let config = LogConfig { segment_bytes: 200, flush: FlushPolicy::default(), retention_bytes: None };
    let opened = Log::open(storage, TopicPartition::new("t", 0), config, opening, Offset(recovery_point));
    opened.map(|(log, report)| {
        assert_eq!(report.end_offset, log.end_offset());
        log
    })
}

/// Batches of these many records, two or so in a segment; every third is of a new leader epoch.
fn written(sizes: &[usize]) -> MemStorage {
    let mut storage = MemStorage::default();
    let mut log = open(&mut storage, Opening::Clean, 0).unwrap();
    for (index, size) in sizes.iter().enumerate() {
        let batch = testing::batch(&vec!["value"; *size]);
        log.append_as_leader(&mut storage, batch, LeaderEpoch(index as i32 / 3)).unwrap();
    }
    storage.apply(&Vec::from_iter(log.take_epoch_checkpoint()));
    storage
}

/// Makes everything durable as it is.
fn sync(storage: &mut MemStorage) {
    for name in storage.list("t-0").unwrap() {
        let file = storage.open(&format!("t-0/{name}")).unwrap();
        storage.apply(&[FlushStep::File(file)]);
    }
    storage.apply(&[FlushStep::Directory("t-0".into()), FlushStep::Directory(String::new())]);
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, Index, u8),
    Cut(Index, Index),
    Grow(Index, Vec<u8>),
    Remove(Index),
    Overwrite(Index, Vec<u8>),
    Stray(&'static str, Vec<u8>),
}

/// Names that mean something.
const STRAYS: [&str; 4] =
    ["00000000000000000004.log", "09223372036854775807.log", "leader-epoch-checkpoint", "damaged"];

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..120);
    let one = prop_oneof![
        4 => (any::<Index>(), any::<Index>(), 0u8..8).prop_map(|(file, at, bit)| Damage::Flip(file, at, bit)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(file, at)| Damage::Cut(file, at)),
        1 => (any::<Index>(), bytes()).prop_map(|(file, more)| Damage::Grow(file, more)),
        1 => any::<Index>().prop_map(Damage::Remove),
        1 => (any::<Index>(), bytes()).prop_map(|(file, other)| Damage::Overwrite(file, other)),
        1 => (prop::sample::select(&STRAYS), bytes()).prop_map(|(name, content)| Damage::Stray(name, content)),
    ];
    prop::collection::vec(one, 0..4)
}

fn inflict(storage: &mut MemStorage, damage: &Damage) {
    let names = storage.list("t-0").unwrap();
    let path = |file: &Index| format!("t-0/{}", file.get(&names));
    if names.is_empty() {
        return;
    }
    match damage {
        Damage::Flip(file, at, bit) => storage.damage(&path(file), |bytes| {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }),
        Damage::Cut(file, at) => {
            storage.damage(&path(file), |bytes| bytes.truncate(at.index(bytes.len() + 1)));
        }
        Damage::Grow(file, more) => storage.damage(&path(file), |bytes| bytes.extend_from_slice(more)),
        Damage::Remove(file) => storage.remove(&path(file)).unwrap(),
        Damage::Overwrite(file, other) => storage.damage(&path(file), |bytes| bytes.clone_from(other)),
        Damage::Stray(name, content) => {
            let path = format!("t-0/{name}");
            storage.open(&path).unwrap();
            storage.damage(&path, |bytes| bytes.clone_from(content));
        }
    }
}

/// What can be read, batch by batch, up to the first that is corrupt.
fn content(storage: &MemStorage, log: &Log) -> Vec<RecordBatch> {
    let (mut all, mut at) = (Vec::new(), log.start_offset());
    while at < log.end_offset() {
        match log.read(storage, at, log.end_offset(), 1) {
            Ok(bytes) => all.extend(RecordBatch::all_from(bytes).unwrap()),
            Err(LogError::Corrupt { offset, .. }) => {
                assert!(at.0 <= offset && offset < log.end_offset().0, "{offset} in a read from {at}");
                break;
            }
            Err(error) => panic!("{error}"),
        }
        at = all.last().expect("at least one batch").end_offset();
    }
    all
}

fn openings() -> impl Strategy<Value = Opening> {
    prop_oneof![Just(Opening::Clean), Just(Opening::Unclean), Just(Opening::Damaged)]
}

proptest! {
    #[test]
    fn whatever_is_on_the_disk_nothing_is_served_that_was_not_written(
        sizes in prop::collection::vec(1usize..4, 0..9),
        damages in damages(),
        opening in openings(),
        recovery_point in prop_oneof![0i64..30, Just(i64::MAX)],
    ) {
        let mut storage = written(&sizes);
        let log = open(&mut storage, Opening::Unclean, 0).unwrap();
        let before = content(&storage, &log);
        for damage in &damages {
            inflict(&mut storage, damage);
        }
        let log = match open(&mut storage, opening, recovery_point) {
            Ok(log) => log,
            Err(LogError::Corrupt { offset, .. }) => {
                prop_assert_ne!(opening, Opening::Damaged, "who distrusts everything is never surprised");
                open(&mut storage, Opening::Damaged, offset).unwrap()
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        for batch in content(&storage, &log) {
            let original = before.iter().find(|original| original.base_offset() == batch.base_offset());
            let original = original.map(|original| original.bytes().slice(16..));
            prop_assert_eq!(original, Some(batch.bytes().slice(16..)), "at {}", batch.base_offset());
        }
    }

    #[test]
    fn a_crash_during_recovery_loses_nothing_of_what_was_recovered(
        sizes in prop::collection::vec(1usize..4, 1..9),
        damages in damages(),
        damaged in any::<bool>(),
        steps in 0usize..8,
        power_loss in any::<bool>(),
    ) {
        // Nobody knows where it is bad, or how far it was flushed.
        let (opening, point) = if damaged { (Opening::Damaged, i64::MAX) } else { (Opening::Unclean, 0) };
        let mut storage = written(&sizes);
        let log = open(&mut storage, Opening::Unclean, 0).unwrap();
        let written = content(&storage, &log);
        for damage in &damages {
            inflict(&mut storage, damage);
        }
        sync(&mut storage);
        let mut undisturbed = storage.clone();
        let log = open(&mut undisturbed, opening, point).unwrap();
        let expected = content(&undisturbed, &log);

        let mut first = open(&mut storage, opening, point).unwrap();
        let plan = first.start_flush().map(|plan| plan.steps).unwrap_or_default();
        let checkpoint = first.take_epoch_checkpoint();
        for step in plan.into_iter().chain(checkpoint).take(steps) {
            storage.apply(&[step]);
        }
        if power_loss {
            storage.lose_unflushed();
        }
        let again = open(&mut storage, opening, point).unwrap();
        // A segment that was removed may be back and follow on now, because only the cut before it was durable.
        let found = content(&storage, &again);
        prop_assert!(found.starts_with(&expected), "{} of {}", found.len(), expected.len());
        let body = |batch: &RecordBatch| (batch.base_offset(), batch.bytes().slice(16..));
        let written: Vec<_> = written.iter().map(body).collect();
        prop_assert!(found.iter().map(body).all(|batch| written.contains(&batch)));
    }
}
