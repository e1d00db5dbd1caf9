//! Where two runs of one seed part: the first thing to look at when a run is not deterministic.

use std::fmt;

use super::recorder::{Trace, TraceEntry};

/// The first position at which two traces are not equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of the entry, the same on both sides.
    pub number: u64,
    /// That entry of the first trace as a line of JSON; `None` if it ended before.
    pub first: Option<String>,
    /// That entry of the second trace.
    pub second: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |entry: &Option<String>| entry.clone().unwrap_or_else(|| "(trace ended)".to_owned());
        writeln!(f, "the traces part at entry {}:", self.number)?;
        writeln!(f, "  first  {}", side(&self.first))?;
        write!(f, "  second {}", side(&self.second))
    }
}

/// Names the first entry in which time, host name or event differ; `None` if the traces are equal.
pub fn first_difference(first: &Trace, second: &Trace) -> Option<Difference> {
    let longest = first.len().max(second.len());
    let equal = |a: &TraceEntry, b: &TraceEntry| {
        a.time == b.time && first.host_name(a.host) == second.host_name(b.host) && a.event == b.event
    };
    let position = (0..longest).find(|position| {
        match (first.entries().get(*position), second.entries().get(*position)) {
            (Some(a), Some(b)) => !equal(a, b),
            _ => true,
        }
    })?;
    let line = |trace: &Trace| trace.entries().get(position).map(|entry| trace.to_json(entry));
    Some(Difference { number: position as u64, first: line(first), second: line(second) })
}

#[cfg(test)]
mod tests {
    use broker_core::time::Timestamp;

    use super::*;
    use crate::trace::event::TraceEvent;

    fn trace(events: &[(u64, &str)]) -> Trace {
        let mut trace = Trace::new();
        for (time, host) in events {
            let host = trace.host(host);
            trace.record(Timestamp(*time), host, TraceEvent::HostStarted);
        }
        trace
    }

    #[test]
    fn equal_traces_have_no_difference() {
        assert_eq!(first_difference(&trace(&[(1, "a"), (2, "b")]), &trace(&[(1, "a"), (2, "b")])), None);
    }

    #[test]
    fn the_first_of_several_differences_is_named_on_both_sides() {
        let difference =
            first_difference(&trace(&[(1, "a"), (2, "b"), (9, "a")]), &trace(&[(1, "a"), (2, "c")]))
                .expect("they differ");
        assert_eq!(difference.number, 1);
        assert!(difference.first.as_ref().is_some_and(|line| line.contains(r#""host":"b""#)));
        assert!(difference.second.as_ref().is_some_and(|line| line.contains(r#""host":"c""#)));
    }

    #[test]
    fn a_trace_that_ends_early_differs_where_it_ends() {
        let difference =
            first_difference(&trace(&[(1, "a")]), &trace(&[(1, "a"), (2, "a")])).expect("they differ");
        assert_eq!((difference.number, difference.first.clone()), (1, None));
        assert!(difference.to_string().contains("(trace ended)"), "{difference}");
    }
}
