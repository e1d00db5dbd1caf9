//! The line that failures of one kind have in common.

use super::{copies, repeats};
use crate::checker::{Anomaly, Violation};
use crate::history::History;
use crate::report::RunReport;
use crate::scenario::ExpectedVerdict;
use crate::trace::Trace;
use crate::verdict::Verdict;

/// The signature of a run that is judged; `None` if it passed or was interrupted. Of several violations it names those that
/// the scenario does not allow, or else the first.
pub fn of(
    report: &RunReport,
    expected: &ExpectedVerdict,
    history: &History,
    trace: &Trace,
) -> Option<String> {
    let first = |reasons: &[String]| reasons.first().map(|reason| plain(reason)).unwrap_or_default();
    match report.verdict {
        Verdict::Pass | Verdict::Interrupted => None,
        Verdict::Violation => {
            let surprises =
                || report.violations.iter().filter(|violation| !expected.allows(violation.anomaly));
            let violation = surprises().next().or(report.violations.first())?;
            let names = match surprises().next() {
                Some(_) => named(surprises()),
                None => violation.anomaly.to_string(),
            };
            Some(match shape(violation, history, trace) {
                Some(shape) => format!("{names}: {shape}"),
                None => names,
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

/// What is wrong. A record that took the offset of a lost one is a part of that loss.
fn named<'a>(violations: impl Iterator<Item = &'a Violation>) -> String {
    let mut anomalies: Vec<Anomaly> = violations.map(|violation| violation.anomaly).collect();
    anomalies.sort_unstable();
    anomalies.dedup();
    if anomalies.contains(&Anomaly::LostWrite) {
        anomalies.retain(|anomaly| *anomaly != Anomaly::InconsistentOffsets);
    }
    anomalies.iter().map(|anomaly| anomaly.name()).collect::<Vec<_>>().join(" + ")
}

/// How it came to the violation's first case.
fn shape(violation: &Violation, history: &History, trace: &Trace) -> Option<String> {
    match violation.anomaly {
        Anomaly::LostWrite => {
            let example = violation.examples.iter().find(|example| example.offset.is_some())?;
            let shown = history.operations().get(usize::try_from(example.operation).ok()?)?;
            copies::shape(trace, (&violation.topic_partition, example.offset?), shown.time)
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
