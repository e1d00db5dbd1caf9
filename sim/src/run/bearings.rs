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
