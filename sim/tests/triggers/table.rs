//! Every event, with a fault before it, a fault after it, and a fault that waits for it in vain.

use std::collections::BTreeSet;

use sim::cluster::Cluster;
use sim::language::trigger::events;
use sim::nemesis::EVENTS;
use sim::trace::{TraceEntry, TraceEvent};
use sim::verdict::Verdict;

use crate::lookup::{Ran, run_with};
use crate::rows::{Difference, ROWS, Row};

impl Row {
    /// A kill of the host at which it happens.
    fn kill(&self, nth: u64, moment: &str) -> Ran {
        let Row { event, at, more, .. } = self;
        let more = if more.is_empty() { String::new() } else { format!(", {more}") };
        let fault = format!(
            "kind = \"kill\"\ntarget = \"{at}\"\ndown_for = \"100ms\"\n\
             when = {{ event = \"{event}\", target = \"{at}\", nth = {nth}, moment = \"{moment}\"{more} }}"
        );
        run_with(&self.settings, &fault)
    }

    /// What it counts, among these entries, with positions.
    fn counted(&self, ran: &Ran, entries: &[&TraceEntry]) -> Vec<(usize, u64)> {
        let mut found = ran.occurrences(self.event, entries);
        let api = match self.more {
            "" => return found,
            r#"api = "Produce""# => 0,
            r#"api = "Fetch""# => 1,
            other => panic!("{other}"),
        };
        found.retain(|(index, _)| match &entries[*index].event {
            TraceEvent::RequestSent { api: its, .. } | TraceEvent::RequestReceived { api: its, .. } => {
                *its == api
            }
            _ => false,
        });
        found
    }

    fn count(&self, ran: &Ran, entries: &[&TraceEntry]) -> u64 {
        self.counted(ran, entries).iter().map(|(_, worth)| worth).sum()
    }
}

/// The host that the fault has hit, alone; and all is well in the end.
fn hit(row: &Row, ran: &Ran) -> String {
    let fault = ran.fault(None);
    assert_eq!(fault.resolved.len(), 1, "{}: {:?}", row.event, fault.resolved);
    assert_eq!(fault.effect["processes_killed"], 1, "{}", row.event);
    assert_eq!(
        (ran.output.report.verdict, &ran.output.report.vacuous),
        (Verdict::Pass, &vec![]),
        "{}",
        row.event
    );
    fault.resolved[0].clone()
}

#[test]
fn every_event_is_here() {
    // Of those that are not of a host, [`crate::language`] tells.
    let of_faults = ["fault_started", "fault_ended"];
    let known: BTreeSet<&str> = events().collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.event).chain(of_faults).collect();
    assert_eq!(rows, known);
    assert_eq!(ROWS.len(), EVENTS.len());
}

/// Up to the event both runs are the same; what `after` has more than `before` is the doing of one input, and the n-th
/// occurrence is in it.
fn hits_on_both_sides(row: &Row) {
    let (before, after) = (row.kill(row.nth, "before"), row.kill(row.nth, "after"));
    let host = hit(row, &after);
    assert_eq!(hit(row, &before), host, "{}", row.event);
    let part = |ran: &Ran| ran.until_fault(Some(ran.output.report.faults.len() - 1));
    let (had, has) = (before.on(&host, part(&before)), after.on(&host, part(&after)));
    let told =
        |entries: &[&TraceEntry]| entries.iter().map(|one| (one.time, one.event.clone())).collect::<Vec<_>>();
    assert_eq!(told(&had), told(&has[..had.len()]), "{}", row.event);

    let (count_before, count_after) = (row.count(&before, &had), row.count(&after, &has));
    assert!(row.nth <= count_after, "{}: {count_after} after", row.event);
    let counted = row.counted(&after, &has);
    let (last, worth) = *counted.last().expect("it was counted");
    assert!(count_after - worth < row.nth, "{}: {count_after} after, the last one counts {worth}", row.event);
    assert_eq!(difference(&has[had.len()..]), row.difference, "{}", row.event);
    if row.difference != Difference::None {
        assert!(count_before < row.nth && had.len() <= last, "{}: {count_before} before", row.event);
    }
    // All of it is one input's doing, and the fault comes with the end of its tick.
    for entry in &has[last..] {
        assert_eq!(entry.time, has[last].time, "{}: {:?}", row.event, entry.event);
    }
    for ran in [&before, &after] {
        let late = ran.started(None).since(has[last].time);
        assert!(late <= Cluster::TICK, "{}: {late:?}", row.event);
    }
}

/// Who can tell that all of this happened.
fn difference(entries: &[&TraceEntry]) -> Difference {
    let leaves = |entry: &&TraceEntry| {
        matches!(
            entry.event,
            TraceEvent::RequestSent { .. } | TraceEvent::ResponseSent { .. } | TraceEvent::ClientOp { .. }
        )
    };
    match entries {
        [] => Difference::None,
        entries if entries.iter().any(leaves) => Difference::ForOthers,
        _ => Difference::OnItsHost,
    }
}

/// Nothing happens a million times.
fn waits_in_vain(row: &Row) {
    let ran = row.kill(1_000_000, "after");
    let report = &ran.output.report;
    assert_eq!((report.verdict, report.verdict.exit_code()), (Verdict::Vacuous, 4), "{}", row.event);
    assert_eq!(report.vacuous.len(), 1, "{:?}", report.vacuous);
    let fault = ran.fault(None);
    assert_eq!((fault.started_us, fault.vacuous), (None, true));
    let lines: Vec<&str> = ran.source.lines().collect();
    let line = 1 + lines.iter().rposition(|line| *line == "[[fault]]").unwrap();
    let said = &report.vacuous[0];
    let start = format!(
        "triggers.toml:{line}: fault kill {} never began: it waited for occurrence 1000000 of {}",
        row.at, row.event
    );
    assert!(said.starts_with(&start), "{said}");
    let counted: u64 = said
        .rsplit_once('(')
        .and_then(|(_, count)| count.strip_suffix(" counted)"))
        .unwrap_or_else(|| panic!("{said}"))
        .parse()
        .unwrap();
    // Of hosts that have the role now and then, it counts only what happens then.
    let all = &ran.output.trace.entries()[ran.until_fault(None)];
    let all: Vec<&TraceEntry> = all.iter().collect();
    assert!(row.nth <= counted && counted <= row.count(&ran, &all), "{said}");
    if let Some(host) = host_named_by(row.at, &ran) {
        assert_eq!(counted, row.count(&ran, &ran.on(host, ran.until_fault(None))), "{said}");
    }
}

/// The host of a role that nobody else ever has in this run.
fn host_named_by(role: &str, ran: &Ran) -> Option<&'static str> {
    let changes = ran.output.report.trace_events["leader_started"];
    match role {
        "broker(1)" => Some("broker-1"),
        "controller" => Some("controller"),
        "client(0)" => Some("producer-0"),
        "leader(orders-0)" if changes == 1 => Some("broker-1"),
        "follower(orders-0, 0)" if changes == 1 => Some("broker-2"),
        _ => None,
    }
}

#[test]
fn faults_hit_before_and_after_what_leaders_and_followers_do() {
    ROWS[..16].iter().for_each(hits_on_both_sides);
}

#[test]
fn faults_hit_before_and_after_what_disks_brokers_and_the_controller_do() {
    ROWS[16..].iter().for_each(hits_on_both_sides);
}

#[test]
fn a_fault_that_waits_in_vain_says_how_far_it_came_and_the_run_is_vacuous() {
    ROWS.iter().for_each(waits_in_vain);
}
