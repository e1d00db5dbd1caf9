//! What a run, or many runs together, came to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The end of a run. Declared from best to worst, and the order is the ranking: of several, the worst counts.
///
/// A found violation outranks an interruption because it stays found; an interruption outranks what a run that went on
/// might still have turned out to be. A harness bug outranks everything because it may have made up the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything was checked and nothing is wrong.
    Pass,
    /// Nothing is wrong, but nothing was tried either: no acknowledged record, a fault without effect.
    Vacuous,
    /// A judge could not look at what it had to judge.
    Unknown,
    /// The cluster did not serve again after it was healed.
    Liveness,
    /// Somebody asked the run to stop.
    Interrupted,
    /// A safety property is violated.
    Violation,
    /// The harness itself is wrong: a panic outside the broker, or two runs of one seed that differ.
    HarnessBug,
}

impl Verdict {
    /// All of them, from best to worst.
    pub const ALL: [Verdict; 7] = [
        Verdict::Pass,
        Verdict::Vacuous,
        Verdict::Unknown,
        Verdict::Liveness,
        Verdict::Interrupted,
        Verdict::Violation,
        Verdict::HarnessBug,
    ];

    /// What it means, in a sentence or two.
    pub fn doc(self) -> &'static str {
        match self {
            Verdict::Pass => "Everything was checked and nothing is wrong.",
            Verdict::Vacuous => {
                "Nothing is wrong, but nothing was tried either: no acknowledged record, or a fault that changed nothing."
            }
            Verdict::Unknown => "A judge could not look at what it had to judge. Never counted as a pass.",
            Verdict::Liveness => {
                "The healed cluster did not serve everybody again within `phases.liveness`; the report says who waits for \
                 what."
            }
            Verdict::Interrupted => "Somebody asked the run to stop; what there is was written.",
            Verdict::Violation => "A safety property is violated: one of the anomalies.",
            Verdict::HarnessBug => {
                "The harness itself is wrong: a panic outside the broker, or two runs of one seed that differ."
            }
        }
    }

    /// The process exit code. 2 is left to usage and scenario errors, which have no verdict.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Pass => 0,
            Verdict::Violation => 1,
            Verdict::Unknown | Verdict::Liveness => 3,
            Verdict::Vacuous => 4,
            Verdict::HarnessBug => 70,
            Verdict::Interrupted => 130,
        }
    }

    /// The process exit code of a run that came to this: 0 if that is what its scenario expects.
    pub fn exit_code_unless(self, as_expected: bool) -> u8 {
        match (as_expected, self.exit_code()) {
            (true, _) => 0,
            // It passed where a violation was expected.
            (false, 0) => Verdict::Violation.exit_code(),
            (false, code) => code,
        }
    }

    /// The worse of two.
    #[must_use]
    pub fn and(self, other: Verdict) -> Verdict {
        self.max(other)
    }

    /// The worst of several. None at all is vacuous: nothing was selected.
    pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts.into_iter().max().unwrap_or(Verdict::Vacuous)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Pass => "pass",
            Verdict::Vacuous => "vacuous",
            Verdict::Unknown => "unknown",
            Verdict::Liveness => "liveness",
            Verdict::Interrupted => "interrupted",
            Verdict::Violation => "violation",
            Verdict::HarnessBug => "harness-bug",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts_in_any_order() {
        for (rank, worse) in Verdict::ALL.into_iter().enumerate() {
            for better in &Verdict::ALL[..=rank] {
                assert_eq!(worse.and(*better), worse);
                assert_eq!(better.and(worse), worse);
            }
        }
        assert_eq!(Verdict::worst([Verdict::Pass, Verdict::Violation, Verdict::Vacuous]), Verdict::Violation);
        assert_eq!(Verdict::worst([]), Verdict::Vacuous);
    }

    #[test]
    fn exit_codes_are_those_of_the_manual() {
        assert_eq!(Verdict::ALL.map(Verdict::exit_code), [0, 4, 3, 3, 130, 1, 70]);
    }

    #[test]
    fn text_and_json_agree() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).expect("serializes"), verdict.to_string());
        }
    }
}
