//! Where the violations of a run stand to what its settings promise.

use broker_core::config::BrokerConfig;

use crate::checker::{Contract, Violation};
use crate::contract::{Injuries, Promise, Terms, bearing};
use crate::history::History;
use crate::report::RunReport;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// Says of each violation whether it breaks a promise, and adds those of `state`: clients need not have seen them, so what
/// nobody promised only goes into [`RunReport::beyond`].
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
    for mut violation in state {
        let bearing = bearing(&violation, &terms, &injuries);
        let place = match bearing.contract {
            Contract::Within => &mut report.violations,
            Contract::Beyond => &mut report.beyond,
        };
        violation.bearing = Some(bearing);
        place.push(violation);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use broker_core::types::TopicPartition;

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
}
