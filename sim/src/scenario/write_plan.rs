//! Faults, nemeses and limits as text.

use super::clocks::{drift_text, jump_text};
use super::fault::{REGIONS, UNSYNCED};
use super::limits::within;
use super::spec::Scenario;
use super::units::{duration_text, values_text};
use super::write::{Section, array, quoted};
use crate::nemesis::{
    Action, Aim, BitRot, DiskFault, Fault, FilePattern, Happening, Harm, Latency, Length, Limits, Moment,
    RandomFaults, RotPlace, Span, Start, Target, Trigger, Unsynced, Until, Way,
};

/// `[[fault]]`, `[[nemesis]]` and `[limits]`.
pub(super) fn plan(scenario: &Scenario, comment: impl Fn(usize) -> Option<String>) -> String {
    let plan = &scenario.plan;
    let mut text = String::new();
    for (index, fault) in plan.faults.iter().enumerate() {
        let section = scripted(fault);
        match comment(index) {
            Some(comment) => {
                text.push('\n');
                for line in comment.lines() {
                    text += format!("# {line}").trim_end();
                    text.push('\n');
                }
                text += section.trim_start();
            }
            None => text += &section,
        }
    }
    for nemesis in &plan.random {
        text += &random(nemesis);
    }
    let contract = within(&scenario.broker, &scenario.topics);
    if !plan.random.is_empty() && plan.limits != contract {
        text += &limits(plan.limits);
    }
    text
}

fn scripted(fault: &Fault) -> String {
    let mut section = Section::new("[[fault]]");
    let kind = fault.harm.kind();
    section.text("kind", kind.name);
    if let Some(name) = &fault.name {
        section.text("name", name);
    }
    aim(&mut section, &fault.harm.aim);
    match &fault.start {
        Start::At(at) => section.text("at", &values_text(*at, duration_text)),
        Start::When(trigger) => section.put("when", inline(trigger)),
    }
    action(&mut section, &fault.harm.action);
    end(&mut section, &fault.harm);
    if fault.may_miss {
        section.put("may_miss", "true".to_owned());
    }
    if let Some(stream) = fault.stream {
        section.put("stream", stream.to_string());
    }
    section.finish()
}

fn random(nemesis: &RandomFaults) -> String {
    let mut section = Section::new("[[nemesis]]");
    section.text("kind", nemesis.harm.kind().name);
    aim(&mut section, &nemesis.harm.aim);
    section.text("every", &values_text(nemesis.every, duration_text));
    action(&mut section, &nemesis.harm.action);
    end(&mut section, &nemesis.harm);
    if let Some(count) = nemesis.at_most {
        section.put("at_most", count.to_string());
    }
    if nemesis.may_miss {
        section.put("may_miss", "true".to_owned());
    }
    section.finish()
}

fn limits(limits: Limits) -> String {
    let mut section = Section::new("[limits]");
    // Beyond the contract, what is not written is unlimited.
    if limits.brokers_down.is_none() || limits.lossy_crashes.is_none() {
        section.text("contract", "beyond");
    }
    if let Some(count) = limits.brokers_down {
        section.put("brokers_down", count.to_string());
    }
    if let Some(count) = limits.lossy_crashes {
        section.put("lossy_crashes", count.to_string());
    }
    section.finish()
}

fn aim(section: &mut Section, aim: &Aim) {
    match aim {
        Aim::Hosts(hosts) => section.put("target", targets(hosts)),
        Aim::Links { from, to, way: Way::Both } => {
            section.put("between", array([targets(from), targets(to)].into_iter()));
        }
        Aim::Links { from, to, way: Way::OneWay } => {
            section.put("from", targets(from));
            section.put("to", targets(to));
        }
    }
}

fn targets(targets: &[Target]) -> String {
    match targets {
        [target] => quoted(&target.to_string()),
        targets => array(targets.iter().map(|target| quoted(&target.to_string()))),
    }
}

fn action(section: &mut Section, action: &Action) {
    match action {
        Action::Kill
        | Action::PowerLoss(Unsynced::Lost)
        | Action::Restart
        | Action::Pause
        | Action::Wipe
        | Action::Cut
        | Action::Hold
        | Action::DropConnections => {}
        Action::PowerLoss(unsynced) => section.text("unsynced", word(UNSYNCED, unsynced)),
        Action::Delay { extra } => section.text("extra", &values_text(*extra, duration_text)),
        Action::Loss { probability: of_each } => probability(section, *of_each),
        Action::Disk(fault) => disk(section, fault),
        Action::Rot(BitRot { files: of, place, bits }) => {
            files(section, of, &FilePattern::segments());
            match place {
                RotPlace::Anywhere => {}
                RotPlace::Record(offset) => section.put("offset", offset.to_string()),
                region => section.text("region", word(REGIONS, region)),
            }
            if *bits != 1 {
                section.put("bits", bits.to_string());
            }
        }
        Action::ClockJump { by_us } => section.text("by", &values_text(*by_us, jump_text)),
        Action::ClockDrift { ppm } => section.text("by", &values_text(*ppm, drift_text)),
    }
}

fn disk(section: &mut Section, fault: &DiskFault) {
    match fault {
        DiskFault::Slow { flush, read, append } => {
            let mut latency = |key: &str, latency: &Option<Latency>| {
                if let Some((low, high)) = *latency {
                    section.text(key, &values_text(Span { low, high }, duration_text));
                }
            };
            latency("latency", flush);
            latency("read_latency", read);
            latency("append_latency", append);
        }
        DiskFault::Stall => {}
        DiskFault::FsyncError { probability: of_each } | DiskFault::FsyncLie { probability: of_each } => {
            probability(section, *of_each);
        }
        DiskFault::ReadError { probability: of_each, files: of }
        | DiskFault::WriteError { probability: of_each, files: of } => {
            probability(section, *of_each);
            files(section, of, &FilePattern::all());
        }
        DiskFault::Full { free } => section.put("free", free.to_string()),
    }
}

fn probability(section: &mut Section, probability: f64) {
    section.put("probability", format!("{probability:?}"));
}

fn files(section: &mut Section, files: &FilePattern, usual: &FilePattern) {
    if files != usual {
        section.text("files", &files.to_string());
    }
}

/// The word for a value, from the table by which it is read.
fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, meant)| meant == value).map(|(word, _)| *word).expect("every value has a word")
}

fn end(section: &mut Section, harm: &Harm) {
    match &harm.until {
        Until::Heal | Until::Instant => {}
        Until::Lasts(lasts) => {
            let key = if harm.kind().length == Length::DownFor { "down_for" } else { "lasts" };
            section.text(key, &values_text(*lasts, duration_text));
        }
        Until::At(end) => section.duration("until", *end),
        Until::When(trigger) => section.put("until", inline(trigger)),
    }
}

/// `{ event = "…", … }`
fn inline(trigger: &Trigger) -> String {
    let mut parts = Vec::new();
    let mut put = |key: &str, value: String| parts.push(format!("{key} = {value}"));
    match &trigger.what {
        Happening::Event { event, at, topic_partition, api } => {
            put("event", quoted(event.name));
            if trigger.nth != 1 {
                put("nth", trigger.nth.to_string());
            }
            if !at.is_empty() {
                put("target", targets(at));
            }
            if let Some(topic_partition) = topic_partition {
                put("topic_partition", quoted(&topic_partition.to_string()));
            }
            if let Some(api) = api {
                put("api", quoted(api));
            }
            if trigger.moment == Moment::Before {
                put("moment", quoted("before"));
            }
        }
        Happening::FaultStarted(name) => {
            put("event", quoted("fault_started"));
            put("fault", quoted(name));
        }
        Happening::FaultEnded(name) => {
            put("event", quoted("fault_ended"));
            put("fault", quoted(name));
        }
    }
    if !trigger.delay.is_zero() {
        put("delay", quoted(&duration_text(trigger.delay)));
    }
    format!("{{ {} }}", parts.join(", "))
}
