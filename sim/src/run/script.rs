//! `scenario.resolved.toml`: a run as a script.

use crate::report::RunReport;
use crate::scenario::Scenario;

/// The scenario of [`RunOutput::script`](super::RunOutput) as text, with what each fault came to above it. Run again it
/// does the same, to the event.
pub fn script_text(script: &Scenario, report: &RunReport) -> String {
    let comment = |index: usize| {
        let fault = report.faults.get(index)?;
        let numbers = fault.effect.iter().filter(|(_, number)| 0 < **number);
        let numbers: Vec<String> = numbers.map(|(name, number)| format!("{name} {number}")).collect();
        let what = if numbers.is_empty() { "nothing".to_owned() } else { numbers.join(", ") };
        let origin = if fault.random { "drawn by the nemesis of" } else { "from" };
        Some(format!("{origin} line {}, aimed at {}; changed: {what}", fault.line, fault.target))
    };
    format!(
        "# {} with seed {}; everything that was drawn is written out.\n# It came to: {}, digest {}.\n\n{}",
        report.scenario.path,
        report.seed,
        report.verdict,
        report.digest,
        script.to_toml_with(comment)
    )
}
