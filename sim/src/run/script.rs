//! `scenario.resolved.toml`: a run as a script.

use crate::report::RunReport;
use crate::scenario::Scenario;

/// The scenario of [`RunOutput::script`](super::RunOutput) as text, with what each fault came to above it. Run again it
/// does the same, to the event. It has a name of its own, so that its reports do not replace those of the run.
pub fn script_text(script: &Scenario, report: &RunReport) -> String {
    let comment = |index: usize| {
        let fault = report.faults.get(index)?;
        let numbers = fault.effect.iter().filter(|(_, number)| 0 < **number);
        let numbers: Vec<String> = numbers.map(|(name, number)| format!("{name} {number}")).collect();
        let what = if numbers.is_empty() { "nothing".to_owned() } else { numbers.join(", ") };
        let origin = match (fault.line, fault.random) {
            (0, _) => "drawn by the swarm".to_owned(),
            (line, true) => format!("drawn by the nemesis of line {line}"),
            (line, false) => format!("from line {line}"),
        };
        Some(format!("{origin}, aimed at {}; changed: {what}", fault.target))
    };
    const SUFFIX: &str = ".resolved";
    let mut script = script.clone();
    if !script.name.ends_with(SUFFIX) {
        script.name += SUFFIX;
    }
    format!(
        "# {} with seed {}; everything that was drawn is written out.\n# It came to: {}, digest {}.\n\n{}",
        report.scenario.path,
        report.seed,
        report.verdict,
        report.digest,
        script.to_toml_with(comment)
    )
}
