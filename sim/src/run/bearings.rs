//! Where the violations of a run stand to what its settings promise.

use std::collections::BTreeMap;

use broker_core::config::BrokerConfig;

use crate::checker::{Bearing, Contract, Violation};
use crate::contract::{Injuries, Promise, Terms, bearing};
use crate::history::History;
use crate::report::RunReport;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// Says of each violation whether it breaks a promise, and adds those of `state`: clients need not have seen them, so what
/// nobody promised only goes into [`RunReport::beyond`]. Of the cases of one property in one topic partition the first one that
/// breaks a promise is reported, or else the first.
pub(super) fn fill_in(
    report: &mut RunReport,
    state: Vec<Violation>,
    scenario: &Scenario,
    (history, trace): (&History, &Trace),
) {
    if report.violations.is_empty() && state.is_empty() {
        return;
    }
    let injuries = Injuries::of(trace, &report.faults, &report.flushing);
    let broker = BrokerConfig::new(&scenario.broker, scenario.cluster.time_scale);
    let promises = scenario.topics.iter().map(|topic| {
        let promise = Promise::of(&topic.properties, topic.replication_factor, &broker);
        (topic.name.to_string(), promise)
    });
    let terms = Terms { promises: promises.collect(), processes: history.processes() };
    for violation in &mut report.violations {
        violation.bearing = Some(bearing(violation, &terms, &injuries));
    }
    let mut cases: BTreeMap<_, Vec<(Bearing, Violation)>> = BTreeMap::new();
    for violation in state {
        let key = (violation.anomaly, violation.topic_partition.clone());
        cases.entry(key).or_default().push((bearing(&violation, &terms, &injuries), violation));
    }
    for cases in cases.into_values() {
        let count = cases.iter().map(|(_, violation)| violation.count).sum();
        let worst = cases
            .into_iter()
            .min_by_key(|(bearing, violation)| (bearing.contract, violation.seen.map(|seen| seen.event)));
        let Some((bearing, violation)) = worst else { continue };
        let place = match bearing.contract {
            Contract::Within => &mut report.violations,
            Contract::Beyond => &mut report.beyond,
        };
        place.push(Violation { count, bearing: Some(bearing), ..violation });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use broker_core::types::{BrokerId, TopicPartition};

    use super::*;
    use crate::checker::{Anomaly, SeenAt};
    use crate::run::{Interrupt, RunOutput, run};
    use crate::seed::Seed;

    #[test]
    fn of_state_only_what_breaks_a_promise_counts_and_an_expected_loss_is_no_bug() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/disk/single-replica-power-loss.toml");
        let mut scenario = crate::scenario::load(&path).unwrap();
        let RunOutput { mut report, history, trace, .. } = run(&scenario, Seed(1), &Interrupt::new(false));
        report.beyond.clear();
        let known = report.violations.len();
        assert!(
            report.as_expected && 0 < known && !report.violations.iter().any(Violation::is_within_contract)
        );
        let state = [Anomaly::LeaderCompleteness, Anomaly::OneLeaderPerEpoch].map(|anomaly| {
            let seen = SeenAt { time_us: u64::MAX, event: 0 };
            Violation::of_state(anomaly, &TopicPartition::new("orders", 0), "seen".to_owned(), seen)
        });
        fill_in(&mut report, state.to_vec(), &scenario, (&history, &trace));
        assert_eq!((report.violations.len(), report.beyond.len()), (known + 1, 1));
        assert_eq!(report.beyond[0].anomaly, Anomaly::LeaderCompleteness);
        assert!(!scenario.expect.contract_holds(&report.violations), "one of them is a bug");
        scenario.expect.contract = Contract::Within;
        assert!(scenario.expect.contract_holds(&report.violations), "and that may be what is expected");
        assert!(!run(&scenario, Seed(1), &Interrupt::new(false)).report.as_expected, "but not without it");
    }
    #[test]
    fn a_case_that_breaks_a_promise_is_reported_whatever_came_before_it() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/disk/single-replica-power-loss.toml");
        let scenario = crate::scenario::load(&path).unwrap();
        let RunOutput { mut report, history, trace, .. } = run(&scenario, Seed(1), &Interrupt::new(false));
        (report.violations, report.beyond) = (Vec::new(), Vec::new());
        let case = |anomaly, accused, time_us| {
            let seen = SeenAt { time_us, event: time_us };
            let key = TopicPartition::new("orders", 0);
            let found = Violation::of_state(anomaly, &key, format!("of {accused}"), seen);
            Violation { accused: Some(BrokerId(accused)), ..found }
        };
        let late = u64::MAX;
        let state = vec![
            case(Anomaly::LeaderCompleteness, 1, late),
            case(Anomaly::LeaderCompleteness, 2, 1),
            case(Anomaly::LeaderCompleteness, 3, late),
        ];
        fill_in(&mut report, state, &scenario, (&history, &trace));
        assert_eq!((report.violations.len(), report.beyond.len()), (1, 0));
        assert_eq!((report.violations[0].summary.as_str(), report.violations[0].count), ("of 2", 3));
    }
}
