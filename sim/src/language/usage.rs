//! Which words of the language a scenario uses.

use std::collections::BTreeSet;

use crate::nemesis::{Happening, Start, Trigger, Until};
use crate::scenario::{ExpectedVerdict, Scenario};

/// Its kinds of faults, events, properties and expected anomalies.
pub fn words_of(scenario: &Scenario) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let plan = &scenario.plan;
    for harm in
        plan.faults.iter().map(|fault| &fault.harm).chain(plan.random.iter().map(|random| &random.harm))
    {
        words.insert(harm.kind().name.to_owned());
        if let Until::When(trigger) = &harm.until {
            words.insert(event_of(trigger));
        }
    }
    for fault in &plan.faults {
        if let Start::When(trigger) = &fault.start {
            words.insert(event_of(trigger));
        }
    }
    if let ExpectedVerdict::Violation(anomalies) | ExpectedVerdict::PassOr(anomalies) =
        &scenario.expect.verdict
    {
        words.extend(anomalies.iter().map(ToString::to_string));
    }
    let topics = scenario.topics.iter().map(|topic| &topic.properties);
    let producers = scenario.producers.iter().map(|producer| &producer.properties);
    let consumers = scenario.consumers.iter().map(|consumer| &consumer.properties);
    let properties = [&scenario.broker].into_iter().chain(topics).chain(producers).chain(consumers);
    words.extend(properties.flat_map(|properties| properties.iter().map(|(name, _)| name.to_owned())));
    words
}

fn event_of(trigger: &Trigger) -> String {
    match &trigger.what {
        Happening::Event { event, .. } => event.name,
        Happening::FaultStarted(_) => "fault_started",
        Happening::FaultEnded(_) => "fault_ended",
    }
    .to_owned()
}
