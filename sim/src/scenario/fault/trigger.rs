//! What a fault waits for: `when = { … }` and `until = { … }`.

use std::time::Duration;

use broker_core::types::TopicPartition;
use broker_core::wire::API_NAMES;

use super::aim::{Targets, targets, values};
use crate::nemesis::{Detail, EVENTS, EventKind, Happening, Moment, Trigger};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};
use crate::scenario::field::Field;
use crate::scenario::reader::{Table, wrong_type};
use crate::scenario::suggest::suggest;

const FAULT_STARTED: &str = "fault_started";
const FAULT_ENDED: &str = "fault_ended";

/// Every key of a trigger besides `event`.
const KEYS: &[&str] = &["fault", "nth", "target", "topic_partition", "api", "moment", "delay"];

/// Where the parts of a trigger were written.
pub(in crate::scenario) struct TriggerPlaces {
    pub event: Span,
    pub targets: Targets,
    pub topic_partition: Option<Span>,
    pub fault: Option<Span>,
    pub delay: Option<Span>,
}

/// A trigger, as an inline table, with dots, or as a table of its own.
pub(super) fn trigger(
    outer: &mut Table<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Field<(Trigger, TriggerPlaces)> {
    let Some(mut table) = outer.table(key) else {
        let Some(entry) = outer.take(key) else { return Field::Absent };
        let (expected, help) = match key {
            "until" => ("a time or a table", "write `until = \"6s\"`, or `until = { event = \"…\" }`"),
            _ => ("a table", "write `when = { event = \"…\" }`, or `at = \"…\"` for a time"),
        };
        return wrong_type(key, expected, entry.value, entry.span, help, problems);
    };
    let span = table.header();
    let read = event(&mut table, problems);
    table.finish(problems);
    read.map_or(Field::Wrong, |read| Field::Given(read, span))
}

fn event(table: &mut Table<'_>, problems: &mut Problems) -> Option<(Trigger, TriggerPlaces)> {
    let field = table.text("event", problems).required("event", table, problems);
    let Field::Given(name, span) = field else {
        forget(table);
        return None;
    };
    if name == FAULT_STARTED || name == FAULT_ENDED {
        return of_fault(table, &name, span, problems);
    }
    let Some(event) = EventKind::named(&name) else {
        let names = EVENTS.iter().map(|event| event.name).chain([FAULT_STARTED, FAULT_ENDED]);
        let help = suggest(&name, names);
        let help = help.unwrap_or_else(|| "`cargo sim explain events` lists them".to_owned());
        problems.report(Diagnostic::new(format!("unknown event `{name}`")).at(span, "").help(help));
        forget(table);
        return None;
    };
    of_host(table, event, span, problems)
}

/// Keys of an event nobody knows are neither right nor wrong.
fn forget(table: &mut Table<'_>) {
    for key in KEYS {
        let _ = table.take(key);
    }
}

/// `fault_started` and `fault_ended`, which happen at most once and on no host.
fn of_fault(
    table: &mut Table<'_>,
    event: &str,
    place: Span,
    problems: &mut Problems,
) -> Option<(Trigger, TriggerPlaces)> {
    let fault = table.text("fault", problems).required("fault", table, problems);
    let delay = table.duration("delay", problems);
    for key in ["nth", "target", "topic_partition", "api", "moment"] {
        if let Some(span) = table.discard(key) {
            let diagnostic = Diagnostic::new(format!("`{event}` has no `{key}`")).at(span, "");
            let diagnostic = diagnostic.at(place, "it happens once, and on no host of its own");
            problems.report(diagnostic.help("it takes `fault` and `delay`".to_owned()));
        }
    }
    let Field::Given(name, span) = fault else { return None };
    let delay = delay.or(Duration::ZERO);
    let what =
        if event == FAULT_STARTED { Happening::FaultStarted(name) } else { Happening::FaultEnded(name) };
    let places = TriggerPlaces {
        event: place,
        targets: Targets::new(),
        topic_partition: None,
        fault: Some(span),
        delay: delay.span(),
    };
    Some((Trigger { what, nth: 1, moment: Moment::After, delay: delay.value }, places))
}

fn of_host(
    table: &mut Table<'_>,
    event: &'static EventKind,
    place: Span,
    problems: &mut Problems,
) -> Option<(Trigger, TriggerPlaces)> {
    let nth = table.whole("nth", 1..=i64::MAX, problems);
    let targets = targets(table, "target", problems);
    let topic_partition = topic_partition(table, event, place, problems);
    let api = api(table, event, place, problems);
    let moments = "there is `before` and `after`";
    let moment = table.text("moment", problems).parse(problems, moments, |text| match text.as_str() {
        "before" => Ok(Moment::Before),
        "after" => Ok(Moment::After),
        _ => Err(format!("unknown moment `{text}`")),
    });
    let delay = table.duration("delay", problems);
    if let (Field::Given(Moment::Before, before), Field::Given(delay, after)) = (&moment, &delay)
        && !delay.is_zero()
    {
        let message = "a fault before an event cannot come later than the event";
        let diagnostic = Diagnostic::new(message).at(*after, "this is after the event");
        problems.report(diagnostic.at(*before, "this is before it"));
    }
    if let Some(span) = table.discard("fault") {
        let diagnostic = Diagnostic::new(format!("`{}` has no `fault`", event.name)).at(span, "");
        let diagnostic = diagnostic.at(place, "it happens on a host");
        problems
            .report(diagnostic.help(format!("`fault` is a key of `{FAULT_STARTED}` and `{FAULT_ENDED}`")));
    }
    let sound =
        !matches!(nth, Field::Wrong) && !matches!(targets, Field::Wrong) && !matches!(moment, Field::Wrong);
    let (delay, targets) = (delay.or(Duration::ZERO), targets.ok().unwrap_or_default());
    let what = Happening::Event {
        event,
        at: values(&targets),
        topic_partition: topic_partition.as_ref().map(|(wanted, _)| wanted.clone()),
        api,
    };
    let places = TriggerPlaces {
        event: place,
        targets,
        topic_partition: topic_partition.map(|(_, span)| span),
        fault: None,
        delay: delay.span(),
    };
    let nth = nth.or(1).value.unsigned_abs();
    let trigger = Trigger { what, nth, moment: moment.or(Moment::After).value, delay: delay.value };
    sound.then_some((trigger, places))
}

fn topic_partition(
    table: &mut Table<'_>,
    event: &EventKind,
    place: Span,
    problems: &mut Problems,
) -> Option<(TopicPartition, Span)> {
    const KEY: &str = "topic_partition";
    if event.detail != Detail::TopicPartition {
        let help = format!("without `{KEY}` every {} counts", event.name);
        none_of(table, KEY, event, (place, "it is of no topic partition"), help, problems);
        return None;
    }
    let help = "write the topic, a dash and the number, such as \"orders-0\"";
    let field = table.text(KEY, problems).parse(problems, help, |text| {
        TopicPartition::parse(&text).ok_or_else(|| format!("`{text}` is not a topic partition"))
    });
    match field {
        Field::Given(wanted, span) => Some((wanted, span)),
        Field::Absent | Field::Wrong => None,
    }
}

fn api(
    table: &mut Table<'_>,
    event: &EventKind,
    place: Span,
    problems: &mut Problems,
) -> Option<&'static str> {
    if event.detail != Detail::Api {
        let help = "`api` is a key of `request_sent` and `request_received`".to_owned();
        none_of(table, "api", event, (place, "it is no request"), help, problems);
        return None;
    }
    let Field::Given(wanted, span) = table.text("api", problems) else { return None };
    let known = API_NAMES.iter().map(|(name, _)| *name).find(|name| *name == wanted);
    if known.is_none() {
        let help = suggest(&wanted, API_NAMES.iter().map(|(name, _)| *name));
        problems.report(Diagnostic::new(format!("unknown api `{wanted}`")).at(span, "").help(help));
    }
    known
}

/// Reports a key that says nothing about this event.
fn none_of(
    table: &mut Table<'_>,
    key: &str,
    event: &EventKind,
    (place, reason): (Span, &str),
    help: String,
    problems: &mut Problems,
) {
    if let Some(span) = table.discard(key) {
        let diagnostic = Diagnostic::new(format!("`{}` has no `{key}`", event.name)).at(span, "");
        problems.report(diagnostic.at(place, reason).help(help));
    }
}
