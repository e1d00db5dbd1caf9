//! Faults and what they changed, as a table for people.

use std::collections::BTreeMap;

use super::run_report::{FaultReport, NemesisReport, RunReport};

/// More rows than this are for `run.json`.
const ROWS_MAX: usize = 16;

/// What stands above the table: its times, as all others, count from the beginning of the run.
pub fn fault_heading(report: &RunReport) -> String {
    let phase = report.phases.iter().find(|phase| phase.name == "faults");
    phase.map_or_else(
        || "faults:".to_owned(),
        |phase| format!("faults (their phase began at {}):", seconds(phase.started_us)),
    )
}

/// One line for each fault that was planned or drawn, and one for each nemesis: when, what, to whom, and what came of it.
pub fn fault_table(report: &RunReport) -> Vec<String> {
    let mut rows: Vec<[String; 4]> = report.faults.iter().take(ROWS_MAX).map(fault).collect();
    rows.extend(report.nemeses.iter().map(nemesis));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut lines: Vec<String> = rows
        .iter()
        .map(|[line, time, what, came]| {
            let [a, b, c] = widths;
            format!("{line:<a$}  {time:<b$}  {what:<c$}  {came}")
        })
        .collect();
    if let Some(more) = report.faults.len().checked_sub(ROWS_MAX).filter(|more| 0 < *more) {
        lines.insert(ROWS_MAX, format!("… {more} more faults, see run.json …"));
    }
    lines
}

fn fault(fault: &FaultReport) -> [String; 4] {
    let time = match (fault.started_us, fault.ended_us) {
        (None, _) => "never".to_owned(),
        (Some(start), Some(end)) if start == end => seconds(start),
        (Some(start), Some(end)) => format!("{} to {}", seconds(start), seconds(end)),
        (Some(start), None) => format!("{} on", seconds(start)),
    };
    let whom = if fault.resolved.is_empty() { &fault.target } else { &fault.resolved.join(", ") };
    let changed = numbers(&fault.effect).unwrap_or_else(|| "changed nothing".to_owned());
    let meanwhile = numbers(&fault.meanwhile).map_or_else(String::new, |seen| format!("; meanwhile {seen}"));
    [place(fault.line), time, format!("{} {whom}", fault.kind), changed + &meanwhile]
}

fn nemesis(nemesis: &NemesisReport) -> [String; 4] {
    let NemesisReport { begun, held_back, effective, .. } = nemesis;
    [
        place(nemesis.line),
        "at random".to_owned(),
        format!("{} {}", nemesis.kind, nemesis.target),
        format!("{begun} begun, {effective} of them changed something, {held_back} held back"),
    ]
}

/// The line of the file; what a swarm drew has none.
fn place(line: u32) -> String {
    if line == 0 { "drawn".to_owned() } else { format!("line {line}") }
}

/// Those that are not 0; `None` if all are.
fn numbers(numbers: &BTreeMap<String, u64>) -> Option<String> {
    let numbers: Vec<String> = numbers
        .iter()
        .filter(|(_, number)| 0 < **number)
        .map(|(name, number)| format!("{number} {}", name.replace('_', " ")))
        .collect();
    (!numbers.is_empty()).then(|| numbers.join(", "))
}

fn seconds(us: u64) -> String {
    format!("{}.{:03}s", us / 1_000_000, us / 1000 % 1000)
}

#[cfg(test)]
mod tests {
    use super::super::run_report::ScenarioRef;
    use super::*;

    #[test]
    fn each_fault_says_when_to_whom_and_what_came_of_it() {
        let scenario = ScenarioRef { name: "a".to_owned(), path: "a.toml".to_owned() };
        let mut report = RunReport::new(scenario, 1);
        let kill = FaultReport {
            index: 0,
            line: 7,
            random: false,
            kind: "kill".to_owned(),
            target: "leader(orders-0)".to_owned(),
            when: None,
            until: None,
            resolved: vec!["broker-1".to_owned()],
            started_us: Some(1_082_000),
            ended_us: Some(2_084_000),
            effect: BTreeMap::from([("processes_killed".to_owned(), 1)]),
            meanwhile: BTreeMap::from([("elections".to_owned(), 1), ("truncations".to_owned(), 0)]),
            may_miss: false,
            vacuous: false,
        };
        let never = FaultReport {
            line: 12,
            kind: "isolate".to_owned(),
            resolved: Vec::new(),
            started_us: None,
            ended_us: None,
            effect: BTreeMap::new(),
            meanwhile: BTreeMap::new(),
            vacuous: true,
            ..kill.clone()
        };
        report.faults = vec![kill.clone(), never];
        report.nemeses = vec![NemesisReport {
            line: 20,
            kind: "pause".to_owned(),
            target: "random".to_owned(),
            begun: 3,
            held_back: 1,
            effective: 2,
            may_miss: false,
        }];
        let expected = [
            "line 7   1.082s to 2.084s  kill broker-1             1 processes killed; meanwhile 1 elections",
            "line 12  never             isolate leader(orders-0)  changed nothing",
            "line 20  at random         pause random              3 begun, 2 of them changed something, 1 held back",
        ];
        assert_eq!(fault_table(&report), expected);
        report.faults = vec![kill; 20];
        assert_eq!(fault_table(&report)[ROWS_MAX], "… 4 more faults, see run.json …");
    }
}
