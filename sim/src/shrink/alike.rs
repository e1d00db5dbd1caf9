//! Which runs fail alike.

use std::collections::BTreeSet;

use crate::checker::{Anomaly, Violation};
use crate::report::RunReport;
use crate::scenario::Scenario;

/// How the run of a candidate differs from the one that is shrunk, if it does not fail alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It fails in another way, or not at all.
    Signature,
    /// The same is wrong with it, but something else is too, or its faults go further.
    But(String),
}

/// The run that is shrunk, as others are compared with it. One is alike if
///
/// * it has the same signature;
/// * nothing else is wrong that was not before: no other anomaly, nothing in vain, nothing that cannot be judged. Such a run
///   would not be as expected even if its violation is;
/// * it breaks a promise if the other did;
/// * its faults go no further in what [`Reached`](crate::report::Reached) counts, and hit all copies of a topic partition
///   only if they did before. Otherwise a loss that is a bug could become one that nobody is protected from.
#[derive(Debug)]
pub(super) struct Target {
    pub report: RunReport,
    copies: u64,
}

impl Target {
    /// The run of this scenario.
    pub fn new(scenario: &Scenario, report: RunReport) -> Target {
        Target { report, copies: copies(scenario) }
    }

    /// How the run of a candidate differs; `None` if it is alike.
    pub fn difference(&self, scenario: &Scenario, report: &RunReport) -> Option<Difference> {
        let target = &self.report;
        if report.cut_short || report.signature.is_none() || report.signature != target.signature {
            return Some(Difference::Signature);
        }
        let no_worse = |was: bool, is: bool| was || !is;
        let but = if let Some(anomaly) = anomalies(report).difference(&anomalies(target)).next() {
            format!("with {anomaly} besides")
        } else if !no_worse(!target.vacuous.is_empty(), !report.vacuous.is_empty()) {
            "something in it is vacuous".to_owned()
        } else if !no_worse(!target.unknown.is_empty(), !report.unknown.is_empty()) {
            "something cannot be judged".to_owned()
        } else if !no_worse(target.liveness.is_some(), report.liveness.is_some()) {
            "the cluster does not come back".to_owned()
        } else if is_bug(target) && !is_bug(report) {
            "it breaks no promise".to_owned()
        } else if !no_worse(!target.as_expected, !report.as_expected) {
            "it is not as expected".to_owned()
        } else {
            return self.further(scenario, report).map(Difference::But);
        };
        Some(Difference::But(but))
    }

    fn further(&self, scenario: &Scenario, report: &RunReport) -> Option<String> {
        let (was, is) = (&self.report.reached, &report.reached);
        let all_lost = |lossy: u64, copies: u64| copies <= lossy;
        if was.brokers_down < is.brokers_down {
            Some(format!("{} brokers are down at a time, not {}", is.brokers_down, was.brokers_down))
        } else if was.lossy_crashes < is.lossy_crashes {
            Some(format!(
                "{} brokers may have lost something at a time, not {}",
                is.lossy_crashes, was.lossy_crashes
            ))
        } else if all_lost(is.lossy_crashes, copies(scenario)) && !all_lost(was.lossy_crashes, self.copies) {
            Some("every copy may have lost something".to_owned())
        } else {
            None
        }
    }
}

/// Whether a promise is broken.
fn is_bug(report: &RunReport) -> bool {
    report.violations.iter().any(Violation::is_within_contract)
}

fn anomalies(report: &RunReport) -> BTreeSet<Anomaly> {
    report.violations.iter().map(|violation| violation.anomaly).collect()
}

/// How many copies there are of what there are fewest of.
fn copies(scenario: &Scenario) -> u64 {
    let copies = scenario.topics.iter().map(|topic| u64::from(topic.replication_factor.unsigned_abs()));
    copies.min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use broker_core::types::TopicPartition;

    use super::*;
    use crate::report::{Reached, ScenarioRef};
    use crate::scenario::parse;

    fn scenario(copies: u64) -> Scenario {
        let text = format!(
            "name = \"a\"\n[[topic]]\nname = \"orders\"\nreplication.factor = {copies}\n\
             [[producer]]\ntopics = [\"orders\"]\n"
        );
        parse("a.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// A record was lost while so many brokers were down, and so many had lost something.
    fn losing(brokers_down: u64, lossy_crashes: u64) -> RunReport {
        let mut report = RunReport::new(ScenarioRef { name: "a".into(), path: "a.toml".into() }, 1);
        report.signature = Some("lost-write: copies ended by truncation".to_owned());
        report.violations = vec![violation(Anomaly::LostWrite)];
        report.reached = Reached { brokers_down, lossy_crashes };
        report
    }

    fn violation(anomaly: Anomaly) -> Violation {
        Violation {
            anomaly,
            topic_partition: TopicPartition::new("orders", 0),
            summary: String::new(),
            count: 1,
            examples: Vec::new(),
            further: Vec::new(),
            seen: None,
            accused: None,
            bearing: None,
        }
    }

    fn but(what: &str) -> Option<Difference> {
        Some(Difference::But(what.to_owned()))
    }

    #[test]
    fn one_loss_after_the_other_does_not_become_all_losses_at_once() {
        let target = Target::new(&scenario(3), losing(1, 1));
        assert_eq!(target.difference(&scenario(3), &losing(1, 1)), None);
        assert_eq!(target.difference(&scenario(2), &losing(1, 1)), None, "one copy is left, as is promised");
        let difference = target.difference(&scenario(3), &losing(3, 3));
        assert_eq!(difference, but("3 brokers are down at a time, not 1"));
        let difference = target.difference(&scenario(3), &losing(1, 2));
        assert_eq!(difference, but("2 brokers may have lost something at a time, not 1"));
        let difference = target.difference(&scenario(1), &losing(1, 1));
        assert_eq!(difference, but("every copy may have lost something"));
    }

    #[test]
    fn where_every_copy_was_hit_fewer_copies_may_be() {
        let target = Target::new(&scenario(3), losing(2, 3));
        assert_eq!(target.difference(&scenario(2), &losing(2, 2)), None);
    }

    #[test]
    fn nothing_else_is_wrong_that_was_not_before() {
        let target = Target::new(&scenario(3), losing(1, 1));
        let mut worse = losing(1, 1);
        worse.violations.push(violation(Anomaly::Duplicate));
        let difference = target.difference(&scenario(3), &worse);
        assert_eq!(difference, but("with duplicate besides"));
        let target = Target::new(&scenario(3), worse);
        assert_eq!(target.difference(&scenario(3), &losing(1, 1)), None, "less is wrong");
        let mut vacuous = losing(1, 1);
        vacuous.vacuous.push("a fault changed nothing".to_owned());
        let difference = target.difference(&scenario(3), &vacuous);
        assert_eq!(difference, but("something in it is vacuous"));
        let mut passing = losing(1, 1);
        passing.signature = None;
        assert_eq!(target.difference(&scenario(3), &passing), Some(Difference::Signature));
    }
}
