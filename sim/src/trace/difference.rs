//! Where two runs of one seed part: the first thing to look at when a run is not deterministic.

use std::fmt;
use std::io::{self, BufRead};

use super::readable::Readable;
use super::recorder::{Trace, TraceEntry};

/// How many entries that both traces have stand above the first one that differs.
const CONTEXT: usize = 3;

/// The first position at which two traces are not equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of the entry, the same on both sides.
    pub number: u64,
    /// What the two traces are called.
    pub names: [&'static str; 2],
    /// The last entries before it, in words.
    pub before: Vec<String>,
    /// That entry of the first trace: in words, if all of the trace is there, and as a line of JSON. `None` if it ended.
    pub first: Option<String>,
    /// That entry of the second trace.
    pub second: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the traces part at entry {}", self.number)?;
        self.before.iter().try_for_each(|line| write!(f, "\n  {:<6}  {line}", "both"))?;
        for (name, side) in self.names.into_iter().zip([&self.first, &self.second]) {
            let text = side.as_deref().unwrap_or("(trace ended)");
            text.lines().try_for_each(|line| write!(f, "\n  {name:<6}  {line}"))?;
        }
        Ok(())
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
    Some(Difference {
        number: position as u64,
        names: ["first", "second"],
        before: before(first, position),
        first: side(first, position),
        second: side(second, position),
    })
}

/// As [`first_difference`], where the first trace is what `trace.jsonl` has.
///
/// # Errors
/// The file cannot be read.
pub fn difference_from(recorded: impl BufRead, second: &Trace) -> io::Result<Option<Difference>> {
    let mut lines = recorded.lines();
    let mut position = 0;
    loop {
        let first = lines.next().transpose()?;
        let now = second.entries().get(position).map(|entry| second.to_json(entry));
        if first != now {
            let (before, second) = (before(second, position), side(second, position));
            return Ok(Some(Difference {
                number: position as u64,
                names: ["then", "now"],
                before,
                first,
                second,
            }));
        }
        if first.is_none() {
            return Ok(None);
        }
        position += 1;
    }
}

fn before(trace: &Trace, position: usize) -> Vec<String> {
    let wanted = position.saturating_sub(CONTEXT)..position;
    let wanted = wanted.start as u64..wanted.end as u64;
    Readable::new(trace).lines(|entry| wanted.contains(&entry.number)).collect()
}

fn side(trace: &Trace, position: usize) -> Option<String> {
    let entry = trace.entries().get(position)?;
    let words = Readable::new(trace).lines(|other| other.number == entry.number).next()?;
    Some(format!("{words}\n{}", trace.to_json(entry)))
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
        let difference = first_difference(&trace(&[(1000, "a")]), &trace(&[(1000, "a"), (2000, "a")]))
            .expect("they differ");
        assert_eq!((difference.number, difference.first.clone()), (1, None));
        let expected = r#"the traces part at entry 1
  both      0.001s  0  a  -     starts
  first   (trace ended)
  second    0.002s  1  a  -     starts
  second  {"n":1,"t_us":2000,"host":"a","event":"host_started"}"#;
        assert_eq!(difference.to_string(), expected);
    }

    #[test]
    fn a_recorded_trace_is_compared_line_by_line() {
        let trace = trace(&[(1000, "a"), (2000, "b")]);
        let mut file = Vec::new();
        trace.write_jsonl(&mut file).expect("a vector takes everything");
        assert_eq!(difference_from(&file[..], &trace).expect("reads"), None);
        let edited = String::from_utf8(file).expect("UTF-8").replace("\"b\"", "\"c\"");
        let difference = difference_from(edited.as_bytes(), &trace).expect("reads").expect("differs");
        assert_eq!((difference.number, difference.before.len()), (1, 1));
        assert!(difference.first.is_some_and(|line| line.contains("\"c\"")));
        let (first, _) = edited.split_once('\n').expect("two lines");
        let difference = difference_from(first.as_bytes(), &trace).expect("reads").expect("it ends");
        assert_eq!(difference.first, None);
    }
}
