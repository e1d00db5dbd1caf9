//! Whether a run is the recorded one, and if not, what changed.

use std::fs::File;
use std::io::{self, BufReader};

use super::source::Recorded;
use crate::report::RunReport;
use crate::run::RunOutput;
use crate::trace::{Difference, difference_from};
use crate::verdict::Verdict;

/// How a run compares with the record.
pub(super) struct Comparison {
    /// What was found, for people, one line each.
    pub lines: Vec<String>,
    /// Why this can only be nondeterminism, if it can.
    pub nondeterminism: Option<String>,
}

/// Compares. A run that was stopped early, now or then, is compared up to there.
pub(super) fn compare(recorded: &Recorded, output: &RunOutput, stopped: bool) -> Comparison {
    let (then, now) = (&recorded.run.report, &output.report);
    let events = output.trace.len();
    let mut lines: Vec<String> =
        recorded.instead.iter().map(|instead| format!("text      {instead}")).collect();
    let was_stopped = then.cut_short;
    if then.digest == now.digest {
        lines.push(format!("digest    {}, as recorded ({events} events)", now.digest));
        match first_difference(recorded, output) {
            Ok(None) => {}
            Ok(Some(difference)) => lines.push(format!(
                "damaged   trace.jsonl: not what this digest stands for, from entry {} on",
                difference.number
            )),
            Err(error) => lines.push(format!("damaged   {error}")),
        }
        lines.extend(changes(recorded, now));
        let judged = judged_otherwise(then, now);
        let same = is_same_build(then, now) && recorded.instead.is_none();
        let (nondeterminism, line) = if same { (judged, None) } else { (None, judged) };
        lines.extend(line.map(|line| format!("changed   {line}")));
        return Comparison { lines, nondeterminism };
    }
    let difference = first_difference(recorded, output);
    let both_to_the_end = !stopped && !was_stopped;
    let difference = match difference {
        Ok(None) if !both_to_the_end => return upto(lines, &changes(recorded, now), events as u64),
        Ok(Some(difference))
            if (stopped && difference.second.is_none()) || (was_stopped && difference.first.is_none()) =>
        {
            return upto(lines, &changes(recorded, now), difference.number);
        }
        Err(error) if !both_to_the_end => {
            lines.push(format!("compared  nothing: {error}"));
            return Comparison { lines, nondeterminism: None };
        }
        Ok(Some(difference)) => difference.to_string(),
        Ok(None) => "every event is as in trace.jsonl, so the recorded digest is not its own".to_owned(),
        Err(error) => format!("where they part is not known: {error}"),
    };
    if both_to_the_end {
        lines.push(format!("digest    recorded {}, now {}", then.digest, now.digest));
    }
    let changed = changes(recorded, now);
    let nondeterminism = is_same_build(then, now).then(|| {
        format!("the same build does not repeat the recorded run of seed {}: {difference}", then.seed)
    });
    if nondeterminism.is_none() {
        lines.extend(changed);
        lines.push(
            "build     another build may play a seed differently: what follows is this build's run"
                .to_owned(),
        );
        lines.extend(way_back(then).filter(|_| then.env.git_commit != now.env.git_commit));
        lines.extend(difference.lines().map(ToOwned::to_owned));
    }
    Comparison { lines, nondeterminism }
}

/// The same events, and another judgement: the judges have changed, or are not deterministic.
fn judged_otherwise(then: &RunReport, now: &RunReport) -> Option<String> {
    let judgement = |report: &RunReport| (report.verdict, report.as_expected, report.signature.clone());
    // A record may say that two runs of its seed differ, which is a judgement of both.
    let comparable = !then.cut_short && !now.cut_short && then.verdict != Verdict::HarnessBug;
    (comparable && judgement(then) != judgement(now)).then(|| {
        let says = |report: &RunReport| match &report.signature {
            Some(signature) => format!("{} ({signature})", report.verdict),
            None => report.verdict.to_string(),
        };
        format!("judgement of the same events: recorded {}, now {}", says(then), says(now))
    })
}

fn upto(mut lines: Vec<String>, changed: &[String], events: u64) -> Comparison {
    lines.push(format!("compared  the first {events} events, all as recorded"));
    lines.extend_from_slice(changed);
    Comparison { lines, nondeterminism: None }
}

/// The file's error in words is enough for people; nothing else depends on it.
fn first_difference(recorded: &Recorded, output: &RunOutput) -> Result<Option<Difference>, String> {
    let path = recorded.run.path.join("trace.jsonl");
    let compared: io::Result<_> =
        File::open(&path).and_then(|file| difference_from(BufReader::new(file), &output.trace));
    compared.map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn is_same_build(then: &RunReport, now: &RunReport) -> bool {
    then.env.build_hash.is_some() && then.env.build_hash == now.env.build_hash
}

/// What the run depends on and is not as it was.
fn changes(recorded: &Recorded, now: &RunReport) -> Vec<String> {
    let then = &recorded.run.report;
    let hash = Some(then.hashes.scenario.clone());
    let facts = [
        ("commit", &then.env.git_commit, &now.env.git_commit),
        ("lock file", &then.env.lock_hash, &now.env.lock_hash),
        ("build", &then.env.build_hash, &now.env.build_hash),
        ("scenario", &hash, &recorded.file_hash),
    ];
    let text = |fact: &Option<String>, none: &str| fact.clone().unwrap_or_else(|| none.to_owned());
    let changed = facts.into_iter().filter(|(_, then, now)| then != now);
    changed
        .map(|(what, then, now)| {
            let none = if what == "scenario" { "gone" } else { "unknown" };
            format!("changed   {what}: recorded {}, now {}", text(then, none), text(now, none))
        })
        .collect()
}

/// How to get the build that recorded the run.
fn way_back(then: &RunReport) -> Option<String> {
    let commit = then.env.git_commit.as_deref()?;
    Some(match commit.strip_suffix("-dirty") {
        None => format!("to see the recorded run: git checkout {commit}"),
        Some(commit) => {
            format!(
                "to see the recorded run: git checkout {commit}, with the changes that its files had then"
            )
        }
    })
}
