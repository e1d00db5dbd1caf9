//! Results as JUnit XML, for whoever shows tests: a suite per scenario, a case per seed.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::result::RunResult;
use crate::verdict::Verdict;

/// The XML. `not_reached` are scenario and seed of what was planned and not run, and `why`: left out, they would look
/// like success.
pub fn junit(results: &[RunResult], not_reached: &[(String, u64)], why: &str) -> String {
    let mut suites: BTreeMap<&str, BTreeMap<u64, TestCase>> = BTreeMap::new();
    for result in results {
        let cases = suites.entry(&result.scenario.name).or_default();
        cases.insert(result.seed, case(result));
    }
    for (scenario, seed) in not_reached {
        let mut status = TestCaseStatus::skipped();
        status.set_message(why);
        let mut case = TestCase::new(format!("seed_{seed}"), status);
        case.set_classname(scenario);
        suites.entry(scenario).or_default().insert(*seed, case);
    }
    let mut report = Report::new("cargo sim sweep");
    for (scenario, cases) in suites {
        let mut suite = TestSuite::new(scenario);
        suite.set_time(cases.values().filter_map(|case| case.time).sum());
        suite.add_test_cases(cases.into_values());
        report.add_test_suite(suite);
    }
    report.set_time(report.test_suites.iter().filter_map(|suite| suite.time).sum());
    report.to_string().expect("a report of texts and numbers serializes")
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
        status.set_description(format!("{says}\nexpected {expected}\n{}\ndigest {digest}", result.replay()));
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
        let xml = junit(
            &[result("a", 1, None, 3), wild, result("b", 1, None, 3)],
            &[("b".to_owned(), 2)],
            "budget",
        );
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
}
