//! What is neither lost nor doubled.

use super::*;
use crate::checker::{Anomaly, SeenAt, Violation};

#[test]
fn a_property_of_state_is_told_by_what_came_before_it() {
    let mut tale = Tale::five();
    tale.leads(2, 1, 5, &[2, 3], false);
    let event = tale.trace.len() as u64;
    tale.leads(3, 2, 4, &[3], true);
    let violation = Violation::of_state(
        Anomaly::LeaderCompleteness,
        &orders(),
        "broker-2 lacks something".to_owned(),
        SeenAt { time_us: 0, event },
    );
    let explanation = explain(&tale.history, &tale.trace, &[violation]);
    let [finding] = explanation.findings.as_slice() else { panic!("one finding") };
    assert_eq!(finding.conclusion, "broker-2 lacks something");
    let last = finding.timeline.last().expect("a timeline");
    assert_eq!((last.host.as_str(), last.event), ("broker-2", event - 1));
}

#[test]
fn an_offset_that_was_used_again_is_a_part_of_the_loss() {
    let mut tale = Tale::five();
    tale.stops("broker-1", Stop::Wiped);
    for follower in ["broker-2", "broker-3"] {
        tale.stops(follower, Stop::Wiped);
    }
    tale.send(5, 5, 1);
    tale.appends("broker-2", 0, 1, 5);
    tale.acknowledged(5, 0);
    let first = tale.finding(&[(0, 5)]);
    assert_eq!(first.anomaly, Some(Anomaly::LostWrite));
    let reused: Vec<_> = first.timeline.iter().filter(|moment| moment.kind == MomentKind::Reused).collect();
    assert_eq!(reused.len(), 1);
    let violations = check_all(&tale.history).expect("consistent").violations;
    let explanation = explain(&tale.history, &tale.trace, &violations);
    let other = &explanation.findings[1];
    assert_eq!(other.anomaly, Some(Anomaly::InconsistentOffsets));
    assert!(other.conclusion.ends_with("when no copy of the first was left"), "{}", other.conclusion);
    assert!(other.timeline.is_empty());
}

#[test]
fn an_explanation_survives_the_round_trip_and_nothing_explains_nothing() {
    let mut tale = Tale::five();
    assert_eq!(explain(&tale.history, &tale.trace, &[]), super::super::Explanation::default());
    tale.stops("broker-1", Stop::Wiped);
    let finding = tale.finding(&[(0, 0)]);
    let text = serde_json::to_string(&finding).expect("serializes");
    assert_eq!(serde_json::from_str::<Finding>(&text).expect("reads"), finding);
}
