//! A report as a few lines for people.

use std::fmt::Write;
use std::path::Path;

use super::faults::{fault_heading, fault_table};
use super::run_report::RunReport;
use crate::checker::Violation;
use crate::verdict::Verdict;

/// Examples named below each violation; the rest is in `run.json`.
const EXAMPLES_MAX: usize = 3;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// One line: what was run, what it came to and how much was tried.
pub fn one_line(report: &RunReport, color: bool) -> String {
    let expectation = match (report.as_expected, report.verdict) {
        (true, Verdict::Pass) => "",
        (true, _) => " (as expected)",
        (false, _) => " (not as expected)",
    };
    format!(
        "{} {} seed {}{expectation}: {} acknowledged, {} failed, {} indeterminate, {} faults, digest {}",
        painted(report.verdict, color),
        report.scenario.name,
        report.seed,
        report.counts.acknowledged,
        report.counts.failed,
        report.counts.indeterminate,
        report.faults.len(),
        report.digest
    )
}

/// [`one_line`] and every reason; and if the run did not go as expected: how it came to it, what the faults did, how to see it again, where the
/// files are (`run_dir`, unless nothing was written), and which build and scenario it was.
pub fn human_summary(report: &RunReport, run_dir: Option<&Path>, color: bool) -> String {
    let mut text = one_line(report, color);
    text.push('\n');
    if !report.drawn.is_empty() {
        line(&mut text, &drawn(report));
    }
    reasons(&mut text, report);
    if report.as_expected {
        return text;
    }
    if !report.explanation.is_empty() {
        line(&mut text, "how it happened:");
        for step in report.explanation.short_lines() {
            line(&mut text, &format!("  {step}"));
        }
    }
    if !report.faults.is_empty() || !report.nemeses.is_empty() {
        line(&mut text, &fault_heading(report));
        fault_table(report).iter().for_each(|row| line(&mut text, &format!("  {row}")));
    }
    let (scenario, seed) = (&report.scenario, report.seed);
    let mut found: Vec<String> = report.violations.iter().map(found).collect();
    found.sort_unstable();
    found.dedup();
    let found = if found.is_empty() { String::new() } else { format!("; found {}", found.join(", ")) };
    line(&mut text, &format!("expected  {}{found}", report.expected));
    line(&mut text, &format!("replay    {}", replay_line(run_dir, &scenario.path, seed)));
    if Path::new(&scenario.path).starts_with("scenarios") {
        // `cargo test` knows no others.
        line(&mut text, &format!("          SIM_SEED={seed} cargo test --test scenarios {}", scenario.name));
    }
    if let Some(run_dir) = run_dir {
        let directory = quoted(&run_dir.display().to_string());
        if !report.explanation.is_empty() {
            line(&mut text, &format!("explain   cargo sim explain {directory}"));
        }
        if report.signature.is_some() {
            line(&mut text, &format!("shrink    cargo sim shrink {directory}"));
        }
        line(&mut text, &format!("report    {}", run_dir.display()));
    }
    let unknown = || "unknown".to_owned();
    line(
        &mut text,
        &format!(
            "build     commit {}, lock file {}",
            report.env.git_commit.clone().unwrap_or_else(unknown),
            report.env.lock_hash.clone().unwrap_or_else(unknown)
        ),
    );
    line(&mut text, &format!("hashes    scenario {}, trace {}", report.hashes.scenario, report.digest));
    text
}

/// What is written of a violation beside what was expected.
fn found(violation: &Violation) -> String {
    let name = violation.anomaly.name();
    violation
        .bearing
        .as_ref()
        .map_or_else(|| name.to_owned(), |bearing| format!("{name} {} contract", bearing.contract.name()))
}

/// What a swarm drew, in one line: the size of the cluster, the kinds of faults, and how much more there is.
fn drawn(report: &RunReport) -> String {
    let kinds: Vec<&str> =
        report.drawn.keys().filter_map(|key| key.strip_prefix("nemesis.")?.strip_suffix(".every")).collect();
    let kinds = if kinds.is_empty() { "no random faults".to_owned() } else { kinds.join(", ") };
    let brokers =
        report.drawn.get("cluster.brokers").map_or_else(String::new, |count| format!("{count} brokers, "));
    format!("drawn: {brokers}{kinds} ({} values in all, in run.json)", report.drawn.len())
}

/// Said of properties of state that nobody promised: no client need have seen that they do not hold.
const DECIDES_NOTHING: &str = "; decides nothing";

fn violations(text: &mut String, report: &RunReport) {
    let mut told = None;
    let decisive = report.violations.iter().map(|violation| (violation, ""));
    for (violation, note) in
        decisive.chain(report.beyond.iter().map(|violation| (violation, DECIDES_NOTHING)))
    {
        line(text, &violation.to_string());
        for example in violation.examples.iter().take(EXAMPLES_MAX) {
            line(text, &format!("  {example}"));
        }
        if let Some(bearing) = &violation.bearing {
            match told.replace(bearing) {
                Some(before) if before == bearing => {
                    line(text, &format!("  {} contract, as above{note}", bearing.contract.name()));
                }
                _ => line(text, &format!("  {bearing}{note}")),
            }
        }
    }
}

fn reasons(text: &mut String, report: &RunReport) {
    if let Some(panic) = &report.panic {
        let host = panic.host.as_deref().unwrap_or("no host");
        let location = panic.location.as_deref().unwrap_or("unknown location");
        line(text, &format!("panic: {} ({location}, {host}, {} us)", panic.message, panic.time_us));
    }
    violations(text, report);
    if 0 < report.deleted_by_retention {
        line(text, &format!("retention deleted {} acknowledged records", report.deleted_by_retention));
    }
    if let Some(reason) = &report.liveness {
        line(text, &format!("liveness: {reason}"));
    }
    for reason in &report.unknown {
        line(text, &format!("unknown: {reason}"));
    }
    for damage in &report.unrepaired {
        line(text, &format!("unrepaired: {damage}"));
    }
    for reason in &report.vacuous {
        line(text, &format!("vacuous: {reason}"));
    }
}

/// What to type to see a run again: from its directory, if it has one.
pub fn replay_line(run_dir: Option<&Path>, path: &str, seed: u64) -> String {
    let again = run_dir.map_or_else(
        || format!("{} --seed {seed}", quoted(path)),
        |run_dir| quoted(&run_dir.display().to_string()),
    );
    format!("cargo sim replay {again}")
}

/// As a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "  {content}").expect("a string takes everything");
}

/// The verdict as a word, in its color if anybody sees colors.
pub fn painted(verdict: Verdict, color: bool) -> String {
    if !color {
        return verdict.to_string();
    }
    let code = match verdict {
        Verdict::Pass => GREEN,
        Verdict::Violation | Verdict::HarnessBug => RED,
        Verdict::Vacuous | Verdict::Unknown | Verdict::Liveness | Verdict::Interrupted => YELLOW,
    };
    format!("\u{1b}[1;{code}m{verdict}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use broker_core::types::{Offset, TopicPartition};

    use super::super::run_report::ScenarioRef;
    use super::*;
    use crate::checker::{Anomaly, MessageRef, Violation};
    use crate::explain::{Finding, Moment, MomentKind};
    use crate::history::{MessageId, ProcessId};

    fn report() -> RunReport {
        let path = "scenarios/leader-power-loss.toml".to_owned();
        let mut report = RunReport::new(ScenarioRef { name: "leader-power-loss".to_owned(), path }, 42);
        report.verdict = Verdict::Violation;
        report.signature = Some("lost-write".to_owned());
        report.counts.acknowledged = 400;
        report.hashes.scenario = "5eed".to_owned();
        report.env.git_commit = Some("66358e6".to_owned());
        report.explanation.findings.push(Finding {
            anomaly: Some(Anomaly::LostWrite),
            topic_partition: TopicPartition::new("orders", 0),
            subject: "message 0/12".to_owned(),
            message: Some(MessageId::new(0, 12)),
            offset: Some(Offset(363)),
            conclusion: "its only copy died".to_owned(),
            timeline: vec![Moment {
                time_us: 1_200_000,
                event: 7,
                host: "broker-1".to_owned(),
                kind: MomentKind::Meanwhile,
                words: "loses power".to_owned(),
            }],
            left_out: 0,
            copies: Vec::new(),
            fates: Vec::new(),
        });
        report.violations.push(Violation {
            anomaly: Anomaly::LostWrite,
            topic_partition: TopicPartition::new("orders", 0),
            summary: "1 of 400 acknowledged records of orders-0 is gone".to_owned(),
            count: 1,
            examples: vec![MessageRef {
                message: Some(MessageId::new(0, 12)),
                offset: Some(Offset(363)),
                process: Some(ProcessId(0)),
                operation: 800,
                note: None,
            }],
            further: Vec::new(),
            seen: None,
            accused: None,
            bearing: None,
        });
        report
    }

    #[test]
    fn a_failure_says_what_how_and_where() {
        let expected = "\
violation leader-power-loss seed 42 (not as expected): 400 acknowledged, 0 failed, 0 indeterminate, 0 faults, digest 0000000000000000
  lost-write: 1 of 400 acknowledged records of orders-0 is gone
    message 0/12 at offset 363 (operation 800)
  how it happened:
    lost-write: message 0/12: its only copy died
        1.200s  7  broker-1    loses power
  expected  pass; found lost-write
  replay    cargo sim replay reports/leader-power-loss/42
            SIM_SEED=42 cargo test --test scenarios leader-power-loss
  explain   cargo sim explain reports/leader-power-loss/42
  shrink    cargo sim shrink reports/leader-power-loss/42
  report    reports/leader-power-loss/42
  build     commit 66358e6, lock file unknown
  hashes    scenario 5eed, trace 0000000000000000
";
        assert_eq!(
            human_summary(&report(), Some(Path::new("reports/leader-power-loss/42")), false),
            expected
        );
    }

    #[test]
    fn without_a_report_there_is_still_the_seed_and_nothing_to_shrink() {
        let text = human_summary(&report(), None, false);
        let again = "replay    cargo sim replay scenarios/leader-power-loss.toml --seed 42\n";
        assert!(text.contains(again) && !text.contains("shrink"), "{text}");
    }

    #[test]
    fn what_went_as_expected_needs_no_replay_and_color_comes_only_on_demand() {
        let mut report = report();
        report.as_expected = true;
        let plain = human_summary(&report, None, false);
        assert_eq!(plain.lines().count(), 3, "{plain}");
        assert!(!plain.contains("replay"), "{plain}");
        assert!(!plain.contains('\u{1b}'));
        assert!(human_summary(&report, None, true).starts_with("\u{1b}[1;31mviolation\u{1b}[0m"));
    }
}
