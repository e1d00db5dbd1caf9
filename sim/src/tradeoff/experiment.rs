//! What is run: the scenario with each flush setting, each seed and each blow.

use std::time::Duration;

use broker_core::config::BrokerConfig;
use broker_core::types::TopicPartition;

use super::settings::{FlushSetting, FlushSettings};
use crate::checker::Contract;
use crate::nemesis::{Action, Aim, Fault, Harm, Plan, Span, Start, Target, Unsynced, Until};
use crate::scenario::{Expectation, ExpectedVerdict, Scenario};
use crate::seed::Seed;

/// How long the power stays away, if there is so much time.
const DOWN: Duration = Duration::from_secs(1);

/// What happens in the middle of the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    /// Nothing: what the setting costs.
    Quiet,
    /// The leader of the first topic partition loses power.
    OneBroker,
    /// All brokers lose power at once.
    AllBrokers,
}

impl Blow {
    /// All of them.
    pub const ALL: [Blow; 3] = [Blow::Quiet, Blow::OneBroker, Blow::AllBrokers];

    /// As files and columns call it.
    pub fn name(self) -> &'static str {
        match self {
            Blow::Quiet => "quiet",
            Blow::OneBroker => "one-broker",
            Blow::AllBrokers => "all-brokers",
        }
    }
}

/// One run to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Index of the setting.
    pub setting: usize,
    /// What happens.
    pub blow: Blow,
    /// With which seed.
    pub seed: Seed,
}

/// Every run, one seed after the other, so that whatever ends this early has ended it equally early for all settings.
pub fn trials(settings: &FlushSettings, seeds: &[Seed]) -> Vec<Trial> {
    let of_seed = |seed: Seed| {
        let of_setting = move |setting| Blow::ALL.map(|blow| Trial { setting, blow, seed });
        (0..settings.all().len()).flat_map(of_setting)
    };
    seeds.iter().copied().flat_map(of_seed).collect()
}

/// The scenario of one run: drawn, if it has a swarm, and with its flush properties, faults and expectations replaced.
pub fn prepare(written: &Scenario, setting: FlushSetting, blow: Blow, seed: Seed) -> Scenario {
    let (mut scenario, _) = written.draw(seed);
    setting.apply(&mut scenario);
    scenario.name = format!("{}.{setting}.{}", written.name, blow.name());
    scenario.seed = Some(seed);
    let topic = scenario.topics.first().expect("a scenario has a topic");
    let first = TopicPartition::new(topic.name.clone(), 0);
    let target = match blow {
        Blow::Quiet => None,
        Blow::OneBroker => Some(Target::Leader(first)),
        Blow::AllBrokers => Some(Target::AllBrokers),
    };
    let faults = target.map(|target| power_loss(&scenario, target)).into_iter().collect();
    scenario.plan = Plan { faults, ..Plan::default() };
    // What is found is data here: nothing is expected, and nothing but what could be judged is asked for.
    scenario.expect = Expectation {
        verdict: ExpectedVerdict::Pass,
        contract: Contract::Beyond,
        unavailable_at_least: None,
        indeterminate_at_most: None,
        deleted_at_least: None,
    };
    scenario
}

/// Why intervals may not show what they do: the power may go before the flush scheduler of any broker has begun.
pub fn too_early(written: &Scenario, settings: &FlushSettings, seed: Seed) -> Option<String> {
    let (scenario, _) = written.draw(seed);
    let first_look = BrokerConfig::new(&scenario.broker, scenario.cluster.time_scale).initial_task_delay;
    let intervals = settings.all().iter().any(|setting| matches!(setting, FlushSetting::Every(_)));
    let earliest = in_the_middle(&scenario).low;
    (intervals && earliest < first_look).then(|| {
        format!(
            "the power may go {earliest:?} after the beginning, and flush schedulers begin only after \
             log.initial.task.delay.ms = {}: let producers send for longer, or set that property",
            first_look.as_millis()
        )
    })
}

/// The middle fifth of the time in which producers send.
fn in_the_middle(scenario: &Scenario) -> Span<Duration> {
    let busy = scenario.producers.iter().map(|producer| producer.records as f64 / producer.rate);
    let busy = busy.fold(0.0, f64::max).min(scenario.phases.faults.as_secs_f64());
    let at = |share: f64| Duration::from_micros((busy * share * 1e6) as u64);
    Span { low: at(0.4), high: at(0.6) }
}

/// The time is drawn from the seed. Nothing survives that was not flushed.
fn power_loss(scenario: &Scenario, target: Target) -> Fault {
    let when = in_the_middle(scenario);
    let left = scenario.phases.faults.saturating_sub(when.high);
    let down = Span::exactly(DOWN.min(left / 2).max(Duration::from_micros(1)));
    let aim = Aim::Hosts(vec![target]);
    let harm = Harm { action: Action::PowerLoss(Unsynced::Lost), aim, until: Until::Lasts(down) };
    Fault { name: None, start: Start::At(when), harm, may_miss: false, stream: None, line: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{load, parse};

    fn shipped() -> Scenario {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/disk/flush-tradeoff.toml");
        load(path.as_ref()).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn every_setting_meets_every_blow_with_every_seed() {
        let settings: FlushSettings = "1,never".parse().unwrap();
        let trials = trials(&settings, &[Seed(7), Seed(8)]);
        assert_eq!(trials.len(), 2 * 3 * 2);
        assert_eq!(trials[0], Trial { setting: 0, blow: Blow::Quiet, seed: Seed(7) });
        assert!(trials[..6].iter().all(|trial| trial.seed == Seed(7)));
    }

    #[test]
    fn a_blow_replaces_every_fault_and_falls_while_producers_send() {
        let written = shipped();
        for blow in Blow::ALL {
            let scenario = prepare(&written, FlushSetting::Never, blow, Seed(3));
            let faults = &scenario.plan.faults;
            assert_eq!(faults.len(), usize::from(blow != Blow::Quiet));
            let [low, high] = [4, 6].map(Duration::from_secs);
            assert!(faults.iter().all(|fault| fault.start == Start::At(Span { low, high })), "{faults:?}");
        }
    }

    #[test]
    fn what_is_run_can_be_written_down_and_run_by_itself() {
        let scenario =
            prepare(&shipped(), FlushSetting::Every(Duration::from_secs(1)), Blow::OneBroker, Seed(3));
        let read = parse("a.toml", &scenario.to_toml()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!((read.seed, &read.broker), (scenario.seed, &scenario.broker));
        assert_eq!(read.name, "flush-tradeoff.1s.one-broker");
    }
}
