//! Results as JUnit XML, for whoever shows tests: a suite per scenario, a case per seed.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::merge::Problem;
use super::result::RunResult;
use crate::verdict::Verdict;

/// Cases by scenario, then by seed and the scenario's text: two texts may have one name.
#[derive(Default)]
pub struct Junit(BTreeMap<String, BTreeMap<(u64, String), TestCase>>);

impl Junit {
    /// Adds a run.
    pub fn add(&mut self, result: &RunResult) {
        let cases = self.0.entry(result.scenario.name.clone()).or_default();
        cases.insert((result.seed, result.scenario_hash.clone()), case(result));
    }

    /// Adds a run that was planned and not reached, and `why`: left out, it would look like success.
    pub fn add_not_reached(&mut self, scenario: &str, seed: u64, why: &str) {
        let mut status = TestCaseStatus::skipped();
        status.set_message(why);
        let mut case = TestCase::new(format!("seed_{seed}"), status);
        case.set_classname(scenario);
        self.0.entry(scenario.to_owned()).or_default().insert((seed, String::new()), case);
    }

    /// The XML, with what is wrong with all of it together.
    pub fn xml(self, problems: &[Problem]) -> String {
        let mut report = Report::new("cargo sim sweep");
        for (scenario, cases) in self.0 {
            let mut suite = TestSuite::new(&scenario);
            suite.set_time(cases.values().filter_map(|case| case.time).sum());
            let mut last = None;
            for ((seed, scenario_hash), mut case) in cases {
                if last.replace(seed) == Some(seed) {
                    case.name = format!("seed_{seed}_of_{scenario_hash}").as_str().into();
                }
                suite.add_test_case(case);
            }
            report.add_test_suite(suite);
        }
        if !problems.is_empty() {
            let mut suite = TestSuite::new("cargo sim merge");
            suite.add_test_cases(problems.iter().map(error));
            report.add_test_suite(suite);
        }
        report.set_time(report.test_suites.iter().filter_map(|suite| suite.time).sum());
        report.to_string().expect("a report of texts and numbers serializes")
    }
}

fn error(problem: &Problem) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(problem.verdict.to_string());
    status.set_message(&problem.says);
    let mut case = TestCase::new(&problem.name, status);
    case.set_classname("cargo sim merge");
    case
}

fn case(result: &RunResult) -> TestCase {
    let status = if result.as_expected {
        TestCaseStatus::success()
    } else {
        let kind = match result.verdict {
            Verdict::Violation | Verdict::Pass | Verdict::Liveness => NonSuccessKind::Failure,
            // Nothing was shown about the brokers.
            _ => NonSuccessKind::Error,
        };
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(result.verdict.to_string());
        status.set_message(result.signature.as_deref().unwrap_or_default());
        let RunResult { says, expected, digest, .. } = result;
        status.set_description(format!(
            "{says}\nexpected {expected}\n{}\ndigest {digest}",
            result.replay(None)
        ));
        status
    };
    let mut case = TestCase::new(format!("seed_{}", result.seed), status);
    case.set_classname(&result.scenario.name);
    case.set_time(Duration::from_millis(result.wall_ms));
    case
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::result;
    use super::*;

    #[test]
    fn what_brokers_say_cannot_break_the_xml() {
        let mut wild = result("a", 2, Some("lost: \u{1b}[31m<&\"]]>\u{0}"), 3);
        wild.says = "\u{8}control\u{c} & <tag>".to_owned();
        let mut junit = Junit::default();
        for result in [result("a", 1, None, 3), wild, result("b", 1, None, 3)] {
            junit.add(&result);
        }
        junit.add_not_reached("b", 2, "budget");
        let xml = junit.xml(&[]);
        let report = Report::deserialize_from_str(&xml).unwrap();
        assert!(!xml.contains(['\u{0}', '\u{8}', '\u{c}', '\u{1b}']), "{xml}");
        assert_eq!((report.tests, report.failures, report.errors), (4, 1, 0));
        let [a, b] = &report.test_suites[..] else { panic!("{xml}") };
        assert_eq!((a.name.as_str(), b.name.as_str(), b.skipped), ("a", "b", 1));
        let names: Vec<&str> = a.test_cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["seed_1", "seed_2"]);
        let TestCaseStatus::NonSuccess { description: Some(text), .. } = &a.test_cases[1].status else {
            panic!("{xml}")
        };
        assert!(text.as_str().contains("control & <tag>") && text.as_str().contains("--seed 2"), "{text:?}");
    }

    #[test]
    fn no_text_of_a_scenario_hides_another_and_what_is_missing_is_an_error() {
        let (mut one, mut other) = (result("a", 1, Some("lost"), 3), result("a", 1, None, 3));
        (one.scenario_hash, other.scenario_hash) = ("0".to_owned(), "1".to_owned());
        let mut junit = Junit::default();
        junit.add(&one);
        junit.add(&other);
        let says = "shard 2/3 is missing".to_owned();
        let missing = Problem { name: "shard 2/3".to_owned(), says, verdict: Verdict::Unknown };
        let report = Report::deserialize_from_str(&junit.xml(&[missing])).unwrap();
        assert_eq!((report.tests, report.failures, report.errors), (3, 1, 1));
        let names = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
        let names: Vec<&str> = names.map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["seed_1", "seed_1_of_1", "shard 2/3"]);
    }
}
