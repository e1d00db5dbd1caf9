//! Each reason for which a retry is not recognised.

use super::*;

fn twice() -> Tale {
    let mut tale = Tale::new();
    tale.leads(1, 0, 0, &[1, 2], false);
    tale.send(0, 0, 1);
    tale.appends("broker-1", 0, 0, 0);
    tale.copies("broker-2", 0, 0);
    tale
}

/// What is said after both places.
fn why(mut tale: Tale) -> String {
    let last = tale.trace.entries().iter().filter(|entry| entry.event.name() == "records_appended").count();
    let again = i64::try_from(last).expect("few") - 1;
    tale.acknowledged(0, again);
    let finding = tale.finding(&[(0, 0), (again, 0)]);
    let (_, why) = finding.conclusion.rsplit_once("s: ").expect("it says why");
    why.to_owned()
}

#[test]
fn without_idempotence_nobody_could() {
    let mut tale = Tale::new();
    tale.send(0, -1, 1);
    tale.appends("broker-1", 0, 0, -1);
    tale.appends("broker-1", 1, 0, -1);
    assert_eq!(why(tale), "the producer is not idempotent, so that a retry looks like a new batch");
}

#[test]
fn under_another_sequence_it_is_another_batch() {
    let mut tale = twice();
    tale.appends("broker-1", 1, 0, 5);
    assert_eq!(why(tale), "it came under another sequence (5 after 0)");
}

#[test]
fn a_leader_knows_only_what_it_has_and_remembers() {
    let same = "the same producer id 7, producer epoch 0 and sequence 0, but ";
    type Tell = fn(&mut Tale);
    let cases: [(&str, Tell); 6] = [
        ("broker-3 never had the first", |tale| tale.appends("broker-3", 1, 1, 0)),
        ("broker-2 had lost the first", |tale| {
            tale.truncates("broker-2", 1, 0);
            tale.appends("broker-2", 1, 1, 0);
        }),
        (
            "broker-2 had it only in its log, copied from broker-1, and not among the producer's batches",
            |tale| {
                tale.appends("broker-2", 1, 1, 0);
            },
        ),
        ("broker-1 did not recognise what it had appended itself", |tale| tale.appends("broker-1", 1, 0, 0)),
        ("broker-1 remembers five batches of a producer, and 5 came between", |tale| {
            (1..6).for_each(|next| tale.appends("broker-1", i64::from(next), 0, next));
            tale.appends("broker-1", 6, 0, 0);
        }),
        ("broker-1 had restarted at 0.007s and did not know the producer's batches any more", |tale| {
            tale.stops("broker-1", Stop::Killed);
            tale.opens("broker-1", 1, 0);
            tale.appends("broker-1", 1, 0, 0);
        }),
    ];
    for (expected, tell) in cases {
        let mut tale = twice();
        tell(&mut tale);
        assert_eq!(why(tale), format!("{same}{expected}"));
    }
    let mut tale = twice();
    let (topic_partition, producer_id) = (orders(), ProducerId(7));
    tale.tell("broker-1", Event::ProducerIdExpired { topic_partition, producer_id });
    tale.appends("broker-1", 1, 0, 0);
    assert_eq!(why(tale), format!("{same}broker-1 had forgotten the producer at 0.006s"));
}
