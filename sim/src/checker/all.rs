//! All checkers, one after the other.

use super::anomaly::{Checked, Violation};
use super::index::{HistoryIndex, Malformed};
use super::{duplicate, g1a, inconsistent_offsets, lost_write, nonmonotonic_send, phantom};
use crate::history::History;
use crate::verdict::Verdict;

/// In the order of [`super::Anomaly::ALL`].
const CHECKERS: [fn(&HistoryIndex<'_>) -> Checked; 6] = [
    lost_write::check,
    duplicate::check,
    inconsistent_offsets::check,
    nonmonotonic_send::check,
    g1a::check,
    phantom::check,
];

/// What all checkers found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// What is wrong: by anomaly, then by topic partition.
    pub violations: Vec<Violation>,
    /// What could not be judged, and why.
    pub unknown: Vec<String>,
    /// How many acknowledged records retention deleted.
    pub deleted_by_retention: u64,
}

impl Checks {
    /// Violation, unknown or pass. Whether anything was there to be judged is not for the checkers to say.
    pub fn verdict(&self) -> Verdict {
        if !self.violations.is_empty() {
            Verdict::Violation
        } else if !self.unknown.is_empty() {
            Verdict::Unknown
        } else {
            Verdict::Pass
        }
    }
}

/// Sorts the history once and asks every checker. Fails if the history contradicts itself.
pub fn check_all(history: &History) -> Result<Checks, Malformed> {
    let index = HistoryIndex::new(history)?;
    let deleted_by_retention = lost_write::deleted_by_retention(&index);
    let mut checks = Checks { deleted_by_retention, ..Checks::default() };
    for check in CHECKERS {
        let checked = check(&index);
        checks.violations.extend(checked.violations);
        checks.unknown.extend(checked.unknown);
    }
    Ok(checks)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Story;
    use super::*;

    #[test]
    fn verdicts_follow_from_what_was_found() {
        let mut story = Story::new();
        story.sent(0, "orders-0", 1, 0);
        assert_eq!(check_all(&story.history).map(|checks| checks.verdict()), Ok(Verdict::Unknown));
        story.finish("orders-0", &[(0, 1)]);
        assert_eq!(check_all(&story.history).map(|checks| checks.verdict()), Ok(Verdict::Pass));
        story.poll("orders-0", &[(0, 2)]);
        assert_eq!(check_all(&story.history).map(|checks| checks.verdict()), Ok(Verdict::Violation));
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
