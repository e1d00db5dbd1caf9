//! The line that failures of one kind have in common.

use super::{copies, repeats};
use crate::checker::{Anomaly, Violation};
use crate::report::RunReport;
use crate::scenario::ExpectedVerdict;
use crate::trace::Trace;
use crate::verdict::Verdict;

/// The signature of a run that is judged; `None` if it passed or was interrupted. Of several violations it is that of
/// the first one that the scenario does not expect, or else of the first.
pub fn of(report: &RunReport, expected: &ExpectedVerdict, trace: &Trace) -> Option<String> {
    let first = |reasons: &[String]| reasons.first().map(|reason| plain(reason)).unwrap_or_default();
    match report.verdict {
        Verdict::Pass | Verdict::Interrupted => None,
        Verdict::Violation => {
            let surprise = report.violations.iter().find(|violation| !allows(expected, violation.anomaly));
            let violation = surprise.or(report.violations.first())?;
            Some(match shape(violation, trace) {
                Some(shape) => format!("{}: {shape}", violation.anomaly),
                None => violation.anomaly.to_string(),
            })
        }
        Verdict::HarnessBug => Some(report.panic.as_ref().map_or_else(
            || format!("harness-bug: {}", first(&report.unknown)),
            |panic| {
                let location = panic.location.as_deref().unwrap_or("unknown place");
                // Line and column move with every edit; the file and the message do not.
                let file = location.split(':').next().unwrap_or(location);
                format!("panic in {file}: {}", plain(&panic.message))
            },
        )),
        Verdict::Liveness => {
            Some(format!("liveness: {}", plain(report.liveness.as_deref().unwrap_or_default())))
        }
        Verdict::Unknown => Some(format!("unknown: {}", first(&report.unknown))),
        Verdict::Vacuous => Some(format!("vacuous: {}", first(&report.vacuous))),
    }
}

fn allows(expected: &ExpectedVerdict, anomaly: Anomaly) -> bool {
    match expected {
        ExpectedVerdict::Violation(anomalies) | ExpectedVerdict::PassOr(anomalies) => {
            anomalies.contains(&anomaly)
        }
        ExpectedVerdict::Pass | ExpectedVerdict::Vacuous | ExpectedVerdict::Liveness => false,
    }
}

/// How it came to the violation's first case.
fn shape(violation: &Violation, trace: &Trace) -> Option<String> {
    match violation.anomaly {
        Anomaly::LostWrite => {
            let offset = violation.examples.iter().find_map(|example| example.offset)?;
            copies::shape(trace, &violation.topic_partition, offset)
        }
        Anomaly::Duplicate => {
            let offset = violation.examples.first()?.offset?;
            repeats::shape(trace, &violation.topic_partition, offset)
        }
        _ => None,
    }
}

/// Without what differs from run to run: each number becomes `N`, and the name of a scenario's file goes.
pub fn plain(reason: &str) -> String {
    let reason = match reason.split_once(": ") {
        Some((place, rest)) if place.contains(".toml") => rest,
        _ => reason,
    };
    let mut text = String::with_capacity(reason.len());
    let mut in_number = false;
    for c in reason.lines().next().unwrap_or_default().chars() {
        let digit = c.is_ascii_digit();
        match (digit, in_number) {
            (true, false) => text.push('N'),
            (true, true) => {}
            (false, _) => text.push(c),
        }
        in_number = digit || (in_number && c == '.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_places_do_not_tell_failures_apart() {
        assert_eq!(plain("broker-12 has 5 sends without an end"), "broker-N has N sends without an end");
        assert_eq!(
            plain("scenarios/a-1.toml:12: fault kill broker(1) never began"),
            "fault kill broker(N) never began"
        );
        assert_eq!(plain("two runs differ:\n  first {\"n\":1}"), "two runs differ:");
    }
}
