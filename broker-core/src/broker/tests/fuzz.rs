//! Whatever is on the disk of a broker: it starts, says what it found, and serves nothing that was not written.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What may be wrong with one file.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Overwrite(Vec<u8>),
    Remove,
}

fn damages() -> impl Strategy<Value = Vec<(Index, Damage)>> {
    let one = prop_oneof![
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        any::<Index>().prop_map(Damage::Cut),
        prop::collection::vec(any::<u8>(), 0..80).prop_map(Damage::Overwrite),
        Just(Damage::Remove),
    ];
    prop::collection::vec((any::<Index>(), one), 1..4)
}

/// Every file of broker 1.
fn files(cluster: &Cluster) -> Vec<String> {
    let storage = &cluster.storages[&1];
    let inside = |name: String| {
        let files = storage.list(&name).unwrap();
        if files.is_empty() {
            vec![name]
        } else {
            files.iter().map(|file| format!("{name}/{file}")).collect()
        }
    };
    storage.list("").unwrap().into_iter().flat_map(inside).collect()
}

fn inflict(cluster: &mut Cluster, path: &str, damage: &Damage) {
    let mut storage = cluster.storages[&1].borrow_mut();
    match damage {
        Damage::Flip(at, bit) => storage.damage(path, |bytes| {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }),
        Damage::Cut(at) => storage.damage(path, |bytes| bytes.truncate(at.index(bytes.len() + 1))),
        Damage::Overwrite(other) => storage.damage(path, |bytes| bytes.clone_from(other)),
        Damage::Remove => storage.remove(path).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_broker_starts_on_any_disk_and_serves_only_what_was_written(
        damages in damages(),
        clean in any::<bool>(),
        note in any::<bool>(),
    ) {
        let small = [("log.segment.bytes", RawValue::Int(150)), ("log.flush.interval.messages", RawValue::Int(1))];
        let mut cluster = Cluster::with_topic(1, &small, &[]);
        for value in ["a", "b", "c", "d", "e"] {
            cluster.produce(1, Acks::All, &[testing::batch(&[value])]);
        }
        if note {
            let step = crate::log::DamageNote { offset: crate::types::Offset(1) }.write(&orders());
            cluster.storages[&1].borrow_mut().apply(&[step]);
        }
        if clean {
            cluster.shut_down(1);
        } else {
            cluster.kill(1);
        }
        for (file, damage) in &damages {
            let files = files(&cluster);
            inflict(&mut cluster, &files[file.index(files.len())], damage);
        }
        cluster.boot(1);
        cluster.run(Duration::from_secs(3));
        prop_assert!(!cluster.halted.contains_key(&1), "a broken file is no broken disk");
        let fetch = cluster.send(1, &cluster.consumer_fetch(0));
        cluster.run(Duration::from_secs(2));
        if let Some(answer) = cluster.take_answer::<FetchRequest>(fetch) {
            let records = answer.responses[0].partitions[0].records.clone().unwrap_or_default();
            for batch in RecordBatch::all_from(records).unwrap() {
                for record in batch.records().unwrap() {
                    let at = record.offset.0 as usize;
                    prop_assert_eq!(&record.value[..], ["a", "b", "c", "d", "e"][at].as_bytes());
                }
            }
        }
    }
}
