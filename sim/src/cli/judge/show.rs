//! A judgement, for people and for programs.

use std::io::stdout;

use serde::Serialize;

use super::super::color;
use super::judgement::{Judgement, Refusal};
use crate::report::painted;

/// Examples named below each violation; the rest is in the JSON.
const EXAMPLES_MAX: usize = 3;

/// What stands in place of a judgement.
#[derive(Serialize)]
pub(super) struct Refused<'r> {
    pub error: &'r Refusal,
}

/// One line, and every reason.
pub(super) fn human(judgement: &Judgement) -> String {
    let Judgement { history, counts, .. } = judgement;
    let mut lines = vec![format!(
        "{} {history}: {} acknowledged, {} failed, {} indeterminate, {} records polled, {} by final reads",
        painted(judgement.verdict, color(&stdout())),
        counts.acknowledged,
        counts.failed,
        counts.indeterminate,
        counts.polled_records,
        counts.final_records
    )];
    for violation in &judgement.violations {
        lines.push(format!("  {violation}"));
        let examples = violation.examples.iter().take(EXAMPLES_MAX);
        lines.extend(examples.map(|example| format!("    {example}")));
    }
    if 0 < judgement.deleted_by_retention {
        lines.push(format!("  retention deleted {} acknowledged records", judgement.deleted_by_retention));
    }
    lines.extend(judgement.unknown.iter().map(|reason| format!("  unknown: {reason}")));
    lines.extend(judgement.vacuous.iter().map(|reason| format!("  vacuous: {reason}")));
    lines.join("\n") + "\n"
}

/// One line of JSON.
pub(super) fn json(judgement: &impl Serialize) -> String {
    format!("{}\n", serde_json::to_string(judgement).expect("every judgement serializes"))
}

/// Where and what is wrong, and what to do.
pub(super) fn refusal(Refusal { place, reason, help }: &Refusal) -> String {
    format!("error: {place}: {reason}\n  help: {help}\n")
}
