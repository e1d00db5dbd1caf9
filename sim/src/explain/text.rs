//! An explanation as lines for people.

use broker_core::time::Timestamp;

use super::explanation::{Explanation, Finding, Moment};
use crate::trace::seconds;

/// Sentences are broken before they are longer.
const WIDTH: usize = 116;

impl Explanation {
    /// Whether there is nothing to explain.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// The first finding of each anomaly in full, of the others who shared which fate; a blank line between two.
    pub fn lines(&self) -> Vec<String> {
        let texts = self.findings.iter().enumerate().map(|(position, finding)| {
            let is_first = self.findings[..position].iter().all(|told| told.anomaly != finding.anomaly);
            if is_first { finding.lines() } else { finding.lines_without_timeline() }
        });
        texts.collect::<Vec<_>>().join(&String::new())
    }

    /// The first finding in full, of the others the conclusion.
    pub fn short_lines(&self) -> Vec<String> {
        let Some((first, others)) = self.findings.split_first() else { return Vec::new() };
        let mut lines = first.lines();
        lines.extend(others.iter().flat_map(Finding::heading));
        lines
    }
}

impl Finding {
    /// What it is about, what came of it, the timeline, and who shared the fate.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.heading();
        lines.extend(self.timeline.iter().map(|moment| format!("  {}", moment.line(self.widths()))));
        if 0 < self.left_out {
            let (left_out, partition) = (self.left_out, &self.topic_partition);
            lines.push(format!(
                "  ({left_out} more left out: a replay with --partition {partition} shows all)"
            ));
        }
        lines.extend(self.shared());
        lines
    }

    fn lines_without_timeline(&self) -> Vec<String> {
        let mut lines = self.heading();
        lines.extend(self.shared());
        lines
    }

    fn shared(&self) -> Vec<String> {
        let told = self.fates.iter().enumerate().flat_map(|(position, fate)| {
            let range = format!("offsets {}..{}", fate.first, fate.last.plus(1));
            let text = match (position, fate.records) {
                (0, 1) => return Vec::new(),
                (0, 2) => format!("1 more record shared this fate, of {range}"),
                (0, records) => format!("{} more records shared this fate, of {range}", records - 1),
                (_, 1) => format!("1 died differently, at offset {}: {}", fate.first, fate.conclusion),
                (_, records) => format!("{records} died differently, of {range}: {}", fate.conclusion),
            };
            wrapped("  ", &text)
        });
        told.collect()
    }

    fn heading(&self) -> Vec<String> {
        let name = self.anomaly.map_or_else(String::new, |anomaly| format!("{anomaly}: "));
        wrapped("", &format!("{name}{}: {}", self.subject, self.conclusion))
    }

    fn widths(&self) -> [usize; 3] {
        let widest = |len: fn(&Moment) -> usize| self.timeline.iter().map(len).max().unwrap_or(0);
        [
            widest(|moment| moment.event.to_string().len()),
            widest(|moment| moment.host.len()),
            widest(|moment| moment.kind.name().len()),
        ]
    }
}

impl Moment {
    fn line(&self, [number, host, kind]: [usize; 3]) -> String {
        let (time, name, words) = (seconds(Timestamp(self.time_us)), self.kind.name(), &self.words);
        format!("{time:>8}  {:>number$}  {:host$}  {name:kind$}  {words}", self.event, self.host)
    }
}

/// Lines of words; all but the first are indented by two.
fn wrapped(indent: &str, text: &str) -> Vec<String> {
    let mut lines = vec![indent.to_owned()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        if line.trim().is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{indent}  {word}"));
        }
    }
    lines
}
