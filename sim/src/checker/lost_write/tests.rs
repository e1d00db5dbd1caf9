//! What is lost, where it was, and what is not lost.

use super::super::testing::{Story, id};
use super::*;

/// Messages 0 to 9 are acknowledged at their own offsets.
fn ten() -> Story {
    let mut story = Story::new();
    for message in 0..10 {
        story.sent(0, "orders-0", message, i64::from(message));
    }
    story
}

fn finish_without(story: &mut Story, lost: &[u32]) {
    let left: Vec<(i64, u32)> =
        (0..10).filter(|message| !lost.contains(message)).map(|m| (i64::from(m), m)).collect();
    story.finish("orders-0", &left);
}

#[test]
fn nothing_is_lost_when_everything_is_there() {
    let mut story = ten();
    story.invoke(1, "orders-0", 50);
    story.fail(1, "orders-0", 50);
    story.invoke(1, "orders-0", 51);
    story.info(1, "orders-0", 51);
    story.invoke(1, "orders-0", 52);
    finish_without(&mut story, &[]);
    assert_eq!(story.check(check), Checked::default());
}

#[test]
fn what_is_gone_is_placed_and_named() {
    let cases: [(&[u32], &str); 5] = [
        (
            &[7, 8, 9],
            "3 of 10 acknowledged records of orders-0 are gone (tail: offsets 7..10): messages 0/7, 0/8, 0/9",
        ),
        (
            &[0, 1],
            "2 of 10 acknowledged records of orders-0 are gone (prefix: offsets 0..2): messages 0/0, 0/1",
        ),
        (&[4], "1 of 10 acknowledged records of orders-0 is gone (middle: offsets 4..5): message 0/4"),
        (
            &[0, 9],
            "2 of 10 acknowledged records of orders-0 are gone (1 in the prefix: offsets 0..1; 1 in the tail: offsets 9..10): messages 0/0, 0/9",
        ),
        (
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            "10 of 10 acknowledged records of orders-0 are gone (all: offsets 0..10): messages 0/0, 0/1, 0/2, 0/3, 0/4, 0/5, 0/6, 0/7, 0/8, 0/9",
        ),
    ];
    for (lost, expected) in cases {
        let mut story = ten();
        finish_without(&mut story, lost);
        let violations = story.check(check).violations;
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].summary, expected);
        assert_eq!(violations[0].count, lost.len() as u64);
        let index = HistoryIndex::new(&story.history).expect("consistent");
        assert_eq!(acknowledged_lost(&index), lost.len() as u64);
    }
}

#[test]
fn what_a_poll_returned_must_stay_even_if_nobody_acknowledged_it() {
    let mut story = ten();
    story.invoke(1, "orders-0", 50);
    story.info(1, "orders-0", 50);
    story.poll("orders-0", &[(9, 9), (10, 50)]);
    finish_without(&mut story, &[]);
    let violations = story.check(check).violations;
    assert_eq!(
        violations[0].summary,
        "1 record of orders-0 that a consumer had read is gone (tail: offsets 10..11): message 0/50"
    );
    assert_eq!(violations[0].examples[0].message, Some(id(50)));
    let index = HistoryIndex::new(&story.history).expect("consistent");
    assert_eq!(acknowledged_lost(&index), 0);
}

#[test]
fn an_acknowledgement_without_offset_counts() {
    let mut story = Story::new();
    story.invoke(0, "orders-0", 1);
    story.ok_somewhere(0, "orders-0", 1);
    story.finish("orders-0", &[]);
    let violations = story.check(check).violations;
    assert!(violations[0].summary.contains("(offsets unknown)"), "{}", violations[0]);
}

#[test]
fn what_retention_deleted_is_not_lost_and_is_counted() {
    let mut story = ten();
    story.poll("orders-0", &[(2, 2), (5, 5)]);
    story.finish_from("orders-0", 4, &[(4, 4), (6, 6), (7, 7), (8, 8), (9, 9)]);
    let violations = story.check(check).violations;
    let summary = "1 of 6 acknowledged records of orders-0 is gone (middle: offsets 5..6): message 0/5";
    assert_eq!(violations[0].summary, summary);
    let index = HistoryIndex::new(&story.history).expect("consistent");
    assert_eq!(deleted_by_retention(&index), 4);
}

#[test]
fn a_record_that_may_have_been_deleted_and_may_be_lost_is_unknown() {
    let mut story = ten();
    story.invoke(1, "orders-0", 50);
    story.ok_somewhere(1, "orders-0", 50);
    story.finish_from("orders-0", 10, &[]);
    let checked = story.check(check);
    assert_eq!(checked.violations, []);
    let unknown = "nobody knows whether 1 acknowledged record of orders-0 were below the log start 10";
    assert_eq!(checked.unknown, [unknown]);
}

#[test]
fn what_was_read_is_unknown_once_final_reads_began_and_safe_if_nobody_began() {
    let mut story = ten();
    story.poll("orders-0", &[(0, 0), (1, 1)]);
    assert_eq!(story.check(check), Checked::default());
    story.final_poll("orders-0", Vec::new());
    assert_eq!(story.check(check), Checked::default());
    story.finish("orders-1", &[]);
    let checked = story.check(check);
    let unknown = "the final reads of orders-0 are incomplete: nobody knows what became of 2 records that consumers had read";
    assert_eq!((checked.violations, checked.unknown), (Vec::new(), vec![unknown.to_owned()]));
}

#[test]
fn without_final_reads_only_what_somebody_passed_over_is_lost() {
    let mut story = ten();
    story.poll("orders-0", &[(1, 1), (2, 2)]);
    // Somebody else begins above, and nobody knows of 3 and 0.
    story.poll_by(8, "orders-0", &[(4, 4)]);
    assert_eq!(story.check(check), Checked::default());
    story.poll("orders-0", &[(5, 5)]);
    let violations = story.check(check).violations;
    assert_eq!(
        violations[0].summary,
        "1 of 10 acknowledged records of orders-0 is gone (middle: offsets 3..4): message 0/3"
    );
    story.poll_by(8, "orders-0", &[(3, 3)]);
    assert_eq!(story.check(check), Checked::default());
}

#[test]
fn without_final_reads_a_place_that_another_record_has_is_not_this_checkers_matter() {
    let mut story = ten();
    story.invoke(1, "orders-0", 50);
    story.poll("orders-0", &[(0, 0), (2, 2)]);
    story.poll_by(8, "orders-0", &[(1, 50)]);
    assert_eq!(story.check(check), Checked::default());
}

#[test]
fn a_tail_stays_a_tail_when_its_offsets_are_given_away_again() {
    let mut story = ten();
    for message in 10..15 {
        story.sent(0, "orders-0", message, i64::from(message - 3));
    }
    let mut log: Vec<(i64, u32)> = (0..7).map(|message| (i64::from(message), message)).collect();
    log.extend((10..15).map(|message| (i64::from(message - 3), message)));
    story.finish("orders-0", &log);
    assert_eq!(
        story.check(check).violations[0].summary,
        "3 of 15 acknowledged records of orders-0 are gone (tail: offsets 7..10): messages 0/7, 0/8, 0/9"
    );
}

#[test]
fn a_record_that_was_overwritten_where_it_stood_is_no_tail() {
    let mut story = ten();
    story.invoke(1, "orders-0", 50);
    let mut log: Vec<(i64, u32)> = (0..10).map(|message| (i64::from(message), message)).collect();
    log[4].1 = 50;
    story.finish("orders-0", &log);
    let summary = "1 of 10 acknowledged records of orders-0 is gone (middle: offsets 4..5): message 0/4";
    assert_eq!(story.check(check).violations[0].summary, summary);
}

#[test]
fn what_is_in_doubt_may_be_there_or_not_until_somebody_reads_it() {
    for (read, violations) in [(&[(0, 1)][..], 0), (&[(0, 1), (2, 0)], 1)] {
        let mut story = Story::new();
        for message in 0..3 {
            story.invoke(0, "orders-0", message);
            story.info(0, "orders-0", message);
        }
        story.poll("orders-0", read);
        story.finish("orders-0", &[(0, 1), (1, 2)]);
        let checked = story.check(check);
        assert_eq!((checked.violations.len(), checked.unknown.len()), (violations, 0), "{checked:?}");
    }
}

#[test]
fn a_message_in_another_topic_partition_is_still_lost() {
    let mut story = ten();
    finish_without(&mut story, &[3]);
    story.finish("orders-1", &[(0, 3)]);
    assert_eq!(story.check(check).violations.len(), 1);
}

#[test]
fn what_is_acknowledged_or_read_only_after_the_final_reads_is_unknown() {
    let mut story = ten();
    story.invoke(1, "orders-0", 50);
    story.invoke(1, "orders-0", 51);
    finish_without(&mut story, &[]);
    story.ok(1, "orders-0", 50, 10);
    story.poll("orders-0", &[(11, 51)]);
    story.sent(1, "orders-0", 52, 12);
    let checked = story.check(check);
    assert!(checked.violations.is_empty(), "{checked:?}");
    assert_eq!(
        checked.unknown,
        [
            "3 records of orders-0 acknowledged or read only after its final reads were complete: nobody knows about \
          messages 0/50, 0/51, 0/52"
        ]
    );
}

#[test]
fn what_was_read_before_the_final_reads_is_lost_even_if_it_is_acknowledged_after_them() {
    let mut story = ten();
    story.invoke(1, "orders-0", 50);
    story.poll("orders-0", &[(10, 50)]);
    finish_without(&mut story, &[]);
    story.ok(1, "orders-0", 50, 10);
    let checked = story.check(check);
    assert_eq!((checked.violations.len(), checked.unknown.len()), (1, 0), "{checked:?}");
}

#[test]
fn final_reads_that_no_poll_shows_tell_nothing() {
    let mut story = ten();
    story.final_read("orders-0", 0, 10);
    assert_eq!(story.check(check), Checked::default());
    assert_eq!(story.check(super::super::unseen::check).unknown.len(), 1);
    let mut story = ten();
    story.final_read("orders-0", 0, 0);
    assert_eq!(story.check(check).violations[0].count, 10, "an empty log needs no poll");
}
