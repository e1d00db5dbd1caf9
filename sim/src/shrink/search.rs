//! Round after round of passes, until one round accepts nothing.

use super::ddmin::ddmin;
use super::passes::{PASSES, Pass, Way, Without};
use super::subject::Subject;
use super::trials::{Stopped, Trials};
use crate::scenario::Scenario;

/// How far the search is, for whoever watches.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The pass that is under way.
    pub pass: &'static str,
    /// Runs so far.
    pub runs: u64,
    /// Candidates accepted so far.
    pub accepted: u64,
    /// The smallest so far.
    pub subject: &'a Subject,
    /// Whether the pass is over.
    pub pass_is_over: bool,
}

/// Makes `subject` as small as it goes. After an error it is as small as it was then.
///
/// # Errors
/// If it had to stop: then some candidates were not tried, and `subject` may not be minimal.
pub fn shrink(
    subject: &mut Subject,
    trials: &mut Trials<'_>,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Stopped> {
    loop {
        let before = trials.accepted;
        for pass in PASSES {
            let result = match pass.way {
                Way::Parts { count, without } => {
                    let count = count(subject);
                    leave_out(pass, (count, without), subject, trials, watch)
                }
                Way::Changes(changes) => change(pass, changes, subject, trials, watch),
            };
            tell(pass, subject, trials, result.is_ok(), watch);
            result?;
        }
        if trials.accepted == before {
            return Ok(());
        }
    }
}

/// Leaves out as many parts as it can.
fn leave_out(
    pass: &Pass,
    (count, without): (usize, Without),
    subject: &mut Subject,
    trials: &mut Trials<'_>,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Stopped> {
    // Positions are those of the list that the pass began with.
    let whole = subject.clone();
    let smaller = |kept: &Vec<usize>| {
        let gone = (0..count).filter(|part| !kept.contains(part)).collect();
        without(&whole, &gone)
    };
    let kept = ddmin(count, |candidates| {
        tell(pass, subject, trials, false, watch);
        let found = trials.first(candidates.iter().map(smaller).collect())?;
        Ok(found.map(|(index, smaller)| {
            *subject = smaller;
            index
        }))
    });
    kept.map(|_| ())
}

/// Tries one change after the other. After one that is accepted it goes on at the same place with what can be changed now:
/// what was tried before is tried again in the next round.
fn change(
    pass: &Pass,
    changes: fn(&Subject) -> Vec<Scenario>,
    subject: &mut Subject,
    trials: &mut Trials<'_>,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<(), Stopped> {
    let mut from = 0;
    loop {
        tell(pass, subject, trials, false, watch);
        let rest: Vec<_> = changes(subject).into_iter().skip(from).collect();
        let Some((index, simpler)) = trials.first(rest)? else { return Ok(()) };
        *subject = simpler;
        from += index;
    }
}

fn tell(
    pass: &Pass,
    subject: &Subject,
    trials: &Trials<'_>,
    pass_is_over: bool,
    watch: &mut dyn FnMut(Progress<'_>),
) {
    let Trials { runs, accepted, .. } = trials;
    watch(Progress { pass: pass.name, runs: *runs, accepted: *accepted, subject, pass_is_over });
}
