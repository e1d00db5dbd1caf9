//! All checkers, one after the other.

use serde::Serialize;

use super::anomaly::{Checked, Violation};
use super::index::HistoryIndex;
use super::indexing::Malformed;
use super::{
    duplicate, g1a, inconsistent_offsets, lost_write, nonmonotonic_poll, nonmonotonic_send, phantom,
    poll_skip, unseen,
};
use crate::history::History;
use crate::verdict::Verdict;

/// A checker and its name: that of the anomaly it looks for.
type Checker = (&'static str, fn(&HistoryIndex) -> Checked);

/// In the order of [`super::Anomaly::ALL`]; `unseen` beside what it cannot tell from it.
const CHECKERS: [Checker; 9] = [
    ("lost-write", lost_write::check),
    ("unseen", unseen::check),
    ("duplicate", duplicate::check),
    ("inconsistent-offsets", inconsistent_offsets::check),
    ("nonmonotonic-send", nonmonotonic_send::check),
    ("G1a", g1a::check),
    ("phantom", phantom::check),
    ("poll-skip", poll_skip::check),
    ("nonmonotonic-poll", nonmonotonic_poll::check),
];

/// What one checker came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Its name: that of the anomaly it looks for.
    pub checker: &'static str,
    /// Pass, unknown or violation.
    pub verdict: Verdict,
    /// What it found, and what it could not judge.
    pub reasons: Vec<String>,
}

/// What all checkers found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// What is wrong: by anomaly, then by topic partition.
    pub violations: Vec<Violation>,
    /// What could not be judged, and why.
    pub unknown: Vec<String>,
    /// How many acknowledged records retention deleted.
    pub deleted_by_retention: u64,
    outcomes: Vec<Outcome>,
}

impl Checks {
    /// Violation, unknown or pass: the worst that any checker came to. Whether anything was there to be judged is not for
    /// the checkers to say.
    pub fn verdict(&self) -> Verdict {
        self.outcomes.iter().fold(Verdict::Pass, |worst, outcome| worst.and(outcome.verdict))
    }

    /// What each checker came to, in the order in which they are asked.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    fn add(&mut self, checker: &'static str, checked: Checked) {
        let verdict = checked.verdict();
        let found = checked.violations.iter().map(|violation| violation.summary.clone());
        let reasons = found.chain(checked.unknown.iter().cloned()).collect();
        self.outcomes.push(Outcome { checker, verdict, reasons });
        self.violations.extend(checked.violations);
        self.unknown.extend(checked.unknown);
    }
}

/// Sorts the history once and asks every checker. Fails if the history contradicts itself.
pub fn check_all(history: &History) -> Result<Checks, Malformed> {
    Ok(check_index(&HistoryIndex::new(history)?))
}

/// Asks every checker about a history that is sorted already.
pub fn check_index(index: &HistoryIndex) -> Checks {
    let deleted_by_retention = lost_write::deleted_by_retention(index);
    let mut checks = Checks { deleted_by_retention, ..Checks::default() };
    for (name, check) in CHECKERS {
        checks.add(name, check(index));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::Anomaly;
    use super::super::testing::Story;
    use super::*;

    #[test]
    fn verdicts_follow_from_what_was_found() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        let verdict = |story: &Story| check_all(&story.history).map(|checks| checks.verdict());
        assert_eq!(verdict(&story), Ok(Verdict::Unknown));
        story.finish("orders-0", &[(0, 1)]);
        assert_eq!(verdict(&story), Ok(Verdict::Pass));
        story.poll("orders-0", &[(0, 2)]);
        assert_eq!(verdict(&story), Ok(Verdict::Violation));
    }

    #[test]
    fn every_checker_has_its_line_with_its_reasons() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        story.sent(0, "orders-1", 2, 0);
        story.poll("orders-0", &[(0, 3)]);
        let checks = check_all(&story.history).expect("consistent");
        let line = |name: &str| checks.outcomes().iter().find(|outcome| outcome.checker == name).expect(name);
        assert_eq!(line("phantom").verdict, Verdict::Violation);
        assert_eq!(line("unseen").verdict, Verdict::Unknown);
        assert_eq!(line("unseen").reasons.len(), 2);
        assert_eq!(line("lost-write").verdict, Verdict::Pass);
        let names: Vec<_> = checks.outcomes().iter().map(|outcome| outcome.checker).collect();
        for anomaly in Anomaly::ALL.into_iter().filter(|anomaly| !anomaly.is_of_state()) {
            assert!(names.contains(&anomaly.name()), "nobody looks for {anomaly}");
        }
    }

    #[test]
    fn a_million_operations_take_seconds() {
        let mut story = Story::new();
        for message in 0..400_000 {
            story.sent(message % 4, "orders-0", message, i64::from(message));
        }
        let log: Vec<(i64, u32)> = (0..400_000).map(|message| (i64::from(message), message)).collect();
        for records in log.chunks(4) {
            story.poll("orders-0", records);
        }
        story.finish("orders-0", &log[..399_999]);
        let checks = check_all(&story.history).expect("consistent");
        assert_eq!(checks.violations.len(), 1, "{:?}", checks.violations);
        assert_eq!(checks.violations[0].count, 1);
    }
}
