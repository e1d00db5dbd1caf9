//! What holds of runs. Each property is a function of a scenario with a seed, so that a scenario that broke it can be kept.

use broker_core::time::Timestamp;
use sim::checker::SeenAt;
use sim::cluster::Cluster;
use sim::nemesis::{Action, Aim, EVENTS, Fault, Happening, Harm, Moment, Span, Start, Trigger, Until, Way};
use sim::report::{FaultReport, RunDir, RunReport, write_run_dir};
use sim::run::{Interrupt, RunOutput, agrees_again, run, script_text};
use sim::scenario::{Scenario, parse};
use sim::seed::Seed;
use sim::trace::{TraceEvent, first_difference};
use sim::verdict::Verdict;

use crate::property::{Property, Shown};
use crate::strategies::{any_schedule, harms::target, within_contract};

#[test]
fn within_the_contract_nothing_goes_wrong() {
    let says = "within the contract a run passes or is vacuous";
    Property { what: "within", says, cases: 20, telling: 10, holds: goes_well }.check(within_contract());
}

#[test]
fn whatever_happens_is_reported_and_happens_again() {
    let says = "any schedule ends in a report that can be read back, and the same run gives the same events";
    Property { what: "again", says, cases: 4, telling: 4, holds: is_reported_and_happens_again }
        .check(any_schedule());
}

#[test]
fn the_script_of_any_run_does_the_same() {
    let says = "the script of any run does what the run did, to the event";
    Property { what: "script", says, cases: 4, telling: 4, holds: does_as_its_script }.check(any_schedule());
}

#[test]
fn leaving_a_fault_out_changes_nothing_before_it() {
    let says = "each fault draws for itself: without one that may miss, everything before it is as it was";
    Property { what: "streams", says, cases: 4, telling: 1, holds: draws_for_itself }.check(any_schedule());
}

#[test]
fn faults_that_cannot_hit_change_nothing() {
    let says = "a fault that can hit nothing changes nothing but its own report";
    Property { what: "missed", says, cases: 4, telling: 3, holds: is_not_changed_by_what_misses }
        .check(any_schedule());
}

fn seed(scenario: &Scenario) -> Seed {
    scenario.seed.expect("every case has one")
}

fn once(scenario: &Scenario) -> RunOutput {
    run(scenario, seed(scenario), &Interrupt::new(false))
}

/// The verdict, and what it is about.
fn what_came_out(report: &RunReport) -> String {
    let found =
        report.violations.iter().map(|violation| format!("{}: {}", violation.anomaly, violation.summary));
    let panic = report.panic.iter().map(|panic| panic.message.clone());
    let reasons: Vec<String> =
        found.chain(report.liveness.clone()).chain(report.unknown.clone()).chain(panic).collect();
    format!("{}; {}", report.verdict, reasons.join("; "))
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

fn goes_well(scenario: &Scenario) -> Result<Shown, String> {
    let report = once(scenario).report;
    match report.verdict {
        Verdict::Pass => Ok(Shown::Something),
        Verdict::Vacuous => Ok(Shown::Nothing),
        _ => Err(what_came_out(&report)),
    }
}

fn is_reported_and_happens_again(scenario: &Scenario) -> Result<Shown, String> {
    let mut output = once(scenario);
    ensure(output.report.verdict != Verdict::HarnessBug, || what_came_out(&output.report))?;
    let agrees = agrees_again(scenario, seed(scenario), &Interrupt::new(false), &mut output);
    ensure(agrees == Some(true), || what_came_out(&output.report))?;
    let RunOutput { report, script, history, trace } = output;
    let root = std::env::temp_dir().join(format!("sim-properties-{}", std::process::id()));
    let written = write_run_dir(&root, &report, &history, &trace, &script_text(&script, &report));
    let read = written.map(|place| RunDir::read(&place));
    std::fs::remove_dir_all(&root).map_err(|error| error.to_string())?;
    let read = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    ensure(read.report == report, || "the report that was read is not the one that was written".to_owned())?;
    let script = parse("scenario.resolved.toml", &read.script);
    script.map(|_| Shown::Something).map_err(|problems| problems.to_string())
}

fn does_as_its_script(scenario: &Scenario) -> Result<Shown, String> {
    let output = once(scenario);
    let text = script_text(&output.script, &output.report);
    let script = parse("scenario.resolved.toml", &text).map_err(|problems| problems.to_string())?;
    let again = once(&script);
    if let Some(difference) = first_difference(&output.trace, &again.trace) {
        return Err(difference.to_string());
    }
    // What never began is not in a script, and makes it vacuous no more.
    let unbegun = output.report.nemeses.iter().any(|nemesis| nemesis.begun == 0);
    let agree = again.report.verdict == output.report.verdict
        || unbegun && (output.report.verdict, again.report.verdict) == (Verdict::Vacuous, Verdict::Pass);
    ensure(agree, || {
        format!(
            "the run is {}, its script is {}",
            what_came_out(&output.report),
            what_came_out(&again.report)
        )
    })?;
    Ok(Shown::Something)
}

/// Leaves out the last fault to begin of those that may miss and that no other waits for, from the scenario and from the
/// script of its run. All that happened before, with every message delayed and every flush failed on the way, must be as it was.
fn draws_for_itself(scenario: &Scenario) -> Result<Shown, String> {
    let mut scenario = scenario.clone();
    for (fault, position) in scenario.plan.faults.iter_mut().zip(0..) {
        // Otherwise its position says it, and positions move.
        fault.stream.get_or_insert(position);
    }
    let output = once(&scenario);
    let mut shown = Shown::Nothing;
    for whole in [&scenario, &output.script] {
        let faults = || whole.plan.faults.iter().zip(&output.report.faults);
        let may_go = |(_, (fault, report)): &(usize, (&Fault, &FaultReport))| {
            fault.may_miss
                && report.started_us.is_some()
                && !faults().any(|(other, _)| waits_for(other, fault))
        };
        let last = faults().enumerate().filter(may_go).max_by_key(|(_, (_, report))| report.started_us);
        let Some((index, (_, report))) = last else { continue };
        // A trigger stops its host in the tick before.
        let until =
            report.started_us.unwrap_or_default().saturating_sub(2 * Cluster::TICK.as_micros() as u64);
        let mut fewer = whole.clone();
        fewer.plan.faults.remove(index);
        same_events(&output, &once(&fewer), Timestamp(until))
            .map_err(|why| format!("without fault {index} {why}"))?;
        shown = Shown::Something;
    }
    Ok(shown)
}

fn waits_for(fault: &Fault, other: &Fault) -> bool {
    let start = if let Start::When(trigger) = &fault.start { Some(trigger) } else { None };
    let end = if let Until::When(trigger) = &fault.harm.until { Some(trigger) } else { None };
    start.into_iter().chain(end).any(|trigger| match &trigger.what {
        Happening::FaultStarted(name) | Happening::FaultEnded(name) => Some(name) == other.name.as_ref(),
        Happening::Event { .. } => false,
    })
}

/// Adds a cut between two that never talk, and a kill that waits for what never happens.
fn is_not_changed_by_what_misses(scenario: &Scenario) -> Result<Shown, String> {
    if scenario.plan.faults.is_empty() && scenario.plan.random.is_empty() {
        // Then all the faults there are change nothing, which makes a run vacuous.
        return Ok(Shown::Nothing);
    }
    let event = EVENTS.iter().find(|event| event.name == "record_appended").expect("there is such an event");
    let what = Happening::Event { event, at: Vec::new(), topic_partition: None, api: None };
    let never =
        Trigger { what, nth: u64::from(u32::MAX), moment: Moment::After, delay: std::time::Duration::ZERO };
    let (from, to) = (vec![target("controller")], vec![target("client(0)")]);
    let at = Span::exactly(std::time::Duration::from_millis(100));
    let added = [
        (Start::At(at), Action::Cut, Aim::Links { from, to, way: Way::Both }),
        (Start::When(never), Action::Kill, Aim::Hosts(vec![target("random")])),
    ];
    let mut more = scenario.clone();
    for (start, action, aim) in added {
        let harm = Harm { action, aim, until: Until::Heal };
        more.plan.faults.push(Fault { name: None, start, harm, may_miss: true, stream: Some(99), line: 0 });
    }
    let (output, again) = (once(scenario), once(&more));
    same_events(&output, &again, Timestamp(u64::MAX)).map_err(|why| format!("with them {why}"))?;
    let scripted = scenario.plan.faults.len();
    let (one, other) = (bare(&output.report, 0..0), bare(&again.report, scripted..scripted + 2));
    let differing: Vec<&String> = one.keys().filter(|key| one.get(*key) != other.get(*key)).collect();
    ensure(differing.is_empty(), || format!("with them the reports differ in {differing:?}"))?;
    Ok(Shown::Something)
}

/// The fields of a report without the faults of these numbers, without the events in which they are named, and without what
/// counts looks instead of deeds: how often a host was woken for nothing shows in the readings of its clock.
fn bare(report: &RunReport, added: std::ops::Range<usize>) -> serde_json::Map<String, serde_json::Value> {
    let mut report = report.clone();
    report.faults.drain(added);
    for fault in &mut report.faults {
        fault.index = 0;
        fault.effect.remove("clock_readings");
    }
    // Events are numbered through, those of the added faults too.
    for violation in report.violations.iter_mut().chain(&mut report.beyond) {
        violation.seen = violation.seen.map(|seen| SeenAt { event: 0, ..seen });
    }
    let mut json = serde_json::to_value(&report).expect("every report serializes");
    let fields = json.as_object_mut().expect("a report is an object");
    for named_or_numbered in ["trace_events", "digest", "hashes", "explanation"] {
        fields.remove(named_or_numbered);
    }
    std::mem::take(fields)
}

/// Whether up to then the same happened on all hosts. What the nemesis says itself does not count: it numbers its faults.
fn same_events(one: &RunOutput, other: &RunOutput, until: Timestamp) -> Result<(), String> {
    let lines = |output: &RunOutput| {
        let is_own = |event: &TraceEvent| {
            matches!(event, TraceEvent::FaultStarted { .. } | TraceEvent::FaultEnded { .. })
        };
        let entries = output.trace.entries().iter();
        let entries = entries.filter(|entry| entry.time < until && !is_own(&entry.event));
        entries
            .map(|entry| (entry.time, output.trace.host_name(entry.host).to_owned(), entry.event.clone()))
            .collect::<Vec<_>>()
    };
    let (one, other) = (lines(one), lines(other));
    let position =
        (0..one.len().max(other.len())).find(|position| one.get(*position) != other.get(*position));
    match position {
        None => Ok(()),
        Some(position) => {
            Err(format!("there is {:?} instead of {:?}", other.get(position), one.get(position)))
        }
    }
}
