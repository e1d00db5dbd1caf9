//! A summary as lines for people.

use std::fmt::Write;
use std::path::Path;

use super::group::{Group, Groups};
use super::result::{KindCount, RunResult};
use super::summary::{Row, Summary};

/// With more scenarios than this, only those are listed in which something was not as expected.
const ROWS_MAX: usize = 12;

/// Groups of failures that are told; the rest is in `summary.json`.
const GROUPS_MAX: usize = 20;

/// Everything worth reading, the totals last: that is where people look. Run directories are below `reports`.
pub fn summary_text(summary: &Summary, reports: &Path) -> String {
    let mut text = table(summary);
    failures(&mut text, &summary.failures, reports);
    expected(&mut text, &summary.expected);
    faults(&mut text, summary);
    totals(&mut text, summary);
    text
}

/// One line about a failure that nobody has met before.
pub fn new_failure(result: &RunResult) -> String {
    let signature = result.signature.as_deref().unwrap_or_default();
    let says = if result.says.is_empty() { String::new() } else { format!(": {}", result.says) };
    format!("new failure: {signature} ({} seed {}){says}\n", result.scenario.name, result.seed)
}

fn table(summary: &Summary) -> String {
    let all = summary.scenarios.len();
    let few = all <= ROWS_MAX;
    let shown: Vec<(&String, &Row)> =
        summary.scenarios.iter().filter(|(_, row)| few || 0 < row.failed).collect();
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("scenario".len());
    let mut text = String::new();
    if !shown.is_empty() {
        line(&mut text, &format!("{:width$}  {:>7}  {:>15}  came to", "scenario", "runs", "not as expected"));
    }
    for (name, row) in &shown {
        let verdicts: Vec<String> =
            row.verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        line(
            &mut text,
            &format!("{name:width$}  {:>7}  {:>15}  {}", row.run, row.failed, verdicts.join(", ")),
        );
    }
    if shown.len() < all {
        let rest = all - shown.len();
        let more = if shown.is_empty() { "" } else { " more" };
        line(&mut text, &format!("{rest}{more} scenarios, each run as expected"));
    }
    text
}

fn failures(text: &mut String, groups: &Groups, reports: &Path) {
    if groups.is_empty() {
        return;
    }
    line(text, &format!("\nfailures, {} in all:", count(groups.len() as u64, "kind")));
    for (signature, group) in groups.by_count().into_iter().take(GROUPS_MAX) {
        let Group { count: met, cheapest, .. } = group;
        let (name, seed) = (&cheapest.scenario.name, cheapest.seed);
        line(text, &format!("  {signature}"));
        let bugs = match group.within_contract {
            0 => String::new(),
            bugs if bugs == *met => ", within contract: a bug".to_owned(),
            bugs => format!(", {bugs} of them within contract: a bug"),
        };
        line(text, &format!("    {} of {}{bugs}", count(*met, "run"), names(group)));
        line(text, &format!("    cheapest  {name} seed {seed}, {}", count(cheapest.events, "event")));
        if !cheapest.says.is_empty() {
            line(text, &format!("    says      {}", cheapest.says));
        }
        let named = |anomaly: &&str| signature.contains(anomaly);
        let also = group.anomalies.iter().map(String::as_str).filter(|anomaly| !named(anomaly));
        let also: Vec<&str> = also.collect();
        if !also.is_empty() {
            line(text, &format!("    also found {}", also.join(", ")));
        }
        line(text, &format!("    replay    {}", cheapest.replay(Some(reports))));
        if let Some(shrink) = cheapest.shrink(Some(reports)) {
            line(text, &format!("    shrink    {shrink}"));
        }
    }
    if let Some(more) = groups.len().checked_sub(GROUPS_MAX).filter(|more| 0 < *more) {
        line(text, &format!("  … {more} more kinds, see summary.json …"));
    }
}

fn expected(text: &mut String, groups: &Groups) {
    if groups.is_empty() {
        return;
    }
    line(text, "\nfound as expected:");
    for (signature, group) in groups.by_count().into_iter().take(GROUPS_MAX) {
        line(text, &format!("  {:>6} x {signature}; {}", group.count, group.cheapest.replay(None)));
    }
    if let Some(more) = groups.len().checked_sub(GROUPS_MAX).filter(|more| 0 < *more) {
        line(text, &format!("  … {more} more kinds, see summary.json …"));
    }
}

fn faults(text: &mut String, summary: &Summary) {
    if summary.run() == 0 {
        return;
    }
    let (events, kinds) = (summary.trace_events.values().sum::<u64>(), summary.trace_events.len());
    line(text, &format!("\n{events} events of {}", count(kinds as u64, "kind")));
    let width = summary.faults.keys().map(|name| name.chars().count()).max().unwrap_or(0).max("fault".len());
    if !summary.faults.is_empty() {
        line(text, &format!("{:width$}  {:>9}  {:>9}  {:>9}", "fault", "runs", "begun", "effective"));
    }
    for (name, kind) in &summary.faults {
        let never = match (kind.count.begun, kind.count.effective) {
            (0, _) => "  never happened",
            (_, 0) => "  never changed anything",
            (_, _) => "",
        };
        let KindCount { begun, effective } = kind.count;
        line(text, &format!("{name:width$}  {:>9}  {begun:>9}  {effective:>9}{never}", kind.runs));
    }
    if 0 < summary.without_fault {
        let Summary { without_fault, none_planned, .. } = summary;
        let runs = count(*without_fault, "run");
        line(
            text,
            &format!("no fault began in {runs}; for {none_planned} of them none was planned or drawn"),
        );
    }
}

fn totals(text: &mut String, summary: &Summary) {
    let counts = &summary.counts;
    line(
        text,
        &format!(
            "{} sends acknowledged, {} failed, {} indeterminate; {} records read back",
            counts.acknowledged, counts.failed, counts.indeterminate, counts.final_records
        ),
    );
    if 0 < summary.checked_twice {
        let runs = count(summary.checked_twice, "run");
        line(text, &format!("every event compared with that of a second run, for {runs}"));
    }
    if let Some((seeds, simulated)) = summary.speed() {
        let jobs = count(summary.jobs as u64, "job");
        let wall = summary.wall.as_secs_f64();
        line(
            text,
            &format!(
                "{seeds:.1} seeds per second ({:.0} per minute), {simulated:.0} simulated seconds per second, {jobs}, \
                 {wall:.1} s",
                seeds * 60.0
            ),
        );
    }
    if summary.is_empty_shard() {
        line(text, "there are fewer runs than shards: none is left for this one");
    }
    if let Some(reason) = summary.vacuous() {
        line(text, &format!("vacuous: {reason}"));
    }
    let reused = if summary.reused == 0 { String::new() } else { format!(" ({} reused)", summary.reused) };
    let why = summary.stopped.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let (planned, run, failed) = (summary.planned, summary.run(), summary.failed());
    let not_reached = summary.not_reached();
    line(
        text,
        &format!(
            "{planned} planned, {run} run{reused}, {failed} not as expected, {not_reached} not reached{why}"
        ),
    );
}

fn names(group: &Group) -> String {
    const NAMES_MAX: usize = 5;
    let mut names: Vec<&str> = group.scenarios.iter().take(NAMES_MAX).map(String::as_str).collect();
    let more = group.scenarios.len() - names.len();
    let rest = format!("{more} more");
    if 0 < more {
        names.push(&rest);
    }
    names.join(", ")
}

fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

fn line(text: &mut String, content: &str) {
    writeln!(text, "{content}").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::result;
    use super::*;

    #[test]
    fn a_failure_says_how_often_where_and_how_to_see_it() {
        let mut summary =
            Summary { planned: 4, stopped: Some("10s are over".to_owned()), ..Summary::default() };
        let mut lost = result("a", 2, Some("lost-write: copies ended by power loss"), 30);
        lost.has_run_dir = true;
        lost.anomalies = vec!["duplicate".to_owned(), "lost-write".to_owned()];
        for result in [result("a", 1, None, 3), lost, result("b", 9, lost_signature(), 31)] {
            summary.add(&result, false);
        }
        let text = summary_text(&summary, Path::new("reports"));
        for part in [
            "a               2                1  1 pass, 1 violation\n",
            "failures, 1 kind in all:\n  lost-write: copies ended by power loss\n    2 runs of a, b\n",
            "    cheapest  a seed 2, 30 events\n    says      something is wrong\n",
            "    also found duplicate\n    replay    cargo sim replay reports/sweep/a/2\n    shrink    cargo sim shrink reports/sweep/a/2\n",
            "no fault began in 3 runs; for 3 of them none was planned or drawn\n",
            "4 planned, 3 run, 2 not as expected, 1 not reached: 10s are over\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    fn lost_signature() -> Option<&'static str> {
        Some("lost-write: copies ended by power loss")
    }

    #[test]
    fn of_many_scenarios_only_those_with_failures_are_listed() {
        let mut summary = Summary::default();
        for seed in 0..20 {
            summary.add(&result(&format!("fine-{seed}"), 1, None, 3), false);
        }
        summary.add(&result("broken", 1, Some("lost"), 3), false);
        let text = summary_text(&summary, Path::new("reports"));
        assert!(text.contains("broken ") && !text.contains("fine-"), "{text}");
        assert!(text.contains("20 more scenarios, each run as expected"), "{text}");
    }
}
