//! From a history to a verdict.

use serde::Serialize;

use crate::checker::{CheckOutcome, Checks, IndexBuilder, Violation, check_index};
use crate::history::{ReadError, Source};
use crate::report::Counts;
use crate::verdict::Verdict;

/// What a history came to.
#[derive(Debug, Serialize)]
pub(super) struct Judgement {
    /// Version of this schema.
    pub version: u32,
    /// The file.
    pub history: String,
    pub verdict: Verdict,
    /// What each checker came to.
    pub outcomes: Vec<CheckOutcome>,
    pub violations: Vec<Violation>,
    pub unknown: Vec<String>,
    pub vacuous: Vec<String>,
    pub counts: Counts,
    pub deleted_by_retention: u64,
    /// What was ignored.
    pub warnings: Vec<String>,
}

/// Why nothing can be judged by a file.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    /// The file, and the line if it is about one.
    pub place: String,
    pub reason: String,
    pub help: String,
}

const CONTRADICTION: &str = "a message is sent once and by one process, its send ends at most once, and not before it begins; the final reads of a \
     topic partition are complete once, and return only records below their end";

/// Reads everything that `source` tells of the file `name`, and judges.
pub(super) fn judge(name: &str, mut source: impl Source) -> Result<Judgement, Refusal> {
    let (mut builder, mut counts) = (IndexBuilder::default(), Counts::default());
    let probe = source.processes().iter().find(|info| info.is_probe()).map(|info| info.process);
    while let Some(operation) = source.next_operation().map_err(|error| refused(name, error))? {
        builder.add(&operation).map_err(|malformed| Refusal {
            place: format!("{name}:{}", source.line()),
            reason: malformed.reason,
            help: CONTRADICTION.to_owned(),
        })?;
        counts.count(&operation, probe);
    }
    let index = builder.finish(source.processes());
    let checks = check_index(&index);
    let mut verdict = checks.verdict();
    let outcomes = checks.outcomes().to_vec();
    let Checks { violations, unknown, deleted_by_retention, .. } = checks;
    let mut vacuous = Vec::new();
    if counts.acknowledged == 0 {
        vacuous.push("nothing was acknowledged".to_owned());
        verdict = verdict.and(Verdict::Vacuous);
    }
    let (history, warnings) = (name.to_owned(), source.warnings().to_vec());
    Ok(Judgement {
        version: 1,
        history,
        verdict,
        outcomes,
        violations,
        unknown,
        vacuous,
        counts,
        deleted_by_retention,
        warnings,
    })
}

/// What is wrong with the file `name`.
pub(super) fn refused(name: &str, error: ReadError) -> Refusal {
    let (line, reason, help) = match error {
        ReadError::Io { line, source } => (line, source.to_string(), "the file could not be read to its end"),
        ReadError::Line { line, reason, help } => (line, reason, help),
    };
    Refusal { place: format!("{name}:{line}"), reason, help: help.to_owned() }
}
