//! Flush settings, as a command line names them and as Kafka's properties.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use broker_core::config::{Properties, RawValue};

use crate::scenario::{Scenario, duration, duration_text};

/// What a setting may be, for messages and help texts.
pub const ALLOWED: &str = "a number of messages (1: every append is flushed before it counts), \
     an interval in whole milliseconds (10ms, 1s), never, or group-commit";

/// Properties of brokers and of topics that decide when a log is flushed.
const OF_BROKERS: [&str; 4] = [
    "log.flush.interval.messages",
    "log.flush.interval.ms",
    "log.flush.scheduler.interval.ms",
    "log.flush.group.commit.enable",
];
const OF_TOPICS: [&str; 3] = ["flush.messages", "flush.ms", "flush.group.commit.enable"];

/// When a log is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushSetting {
    /// `10`: inside the append that makes it so many unflushed messages; at least 1.
    Messages(i64),
    /// `10ms`: in the background, every so often; whole milliseconds, at least one.
    Every(Duration),
    /// `never`: by no policy. A segment that is full and a clean shutdown still flush.
    Never,
    /// `group-commit`: all the time, one flush after the other, and acknowledged is what is flushed.
    GroupCommit,
}

impl FlushSetting {
    /// The broker properties that say so, with their values.
    pub fn properties(self) -> Vec<(&'static str, RawValue<'static>)> {
        match self {
            FlushSetting::Messages(count) => vec![("log.flush.interval.messages", RawValue::Int(count))],
            // The interval says which logs are due, the scheduler when anybody looks: the first alone does nothing.
            FlushSetting::Every(interval) => {
                let millis = i64::try_from(interval.as_millis()).expect("durations are a day at most");
                ["log.flush.interval.ms", "log.flush.scheduler.interval.ms"]
                    .map(|name| (name, RawValue::Int(millis)))
                    .to_vec()
            }
            FlushSetting::Never => Vec::new(),
            FlushSetting::GroupCommit => vec![("log.flush.group.commit.enable", RawValue::Bool(true))],
        }
    }

    /// Replaces whatever the scenario says about flushing, also that of single topics.
    pub fn apply(self, scenario: &mut Scenario) {
        let reset = |properties: &mut Properties, names: &[&str]| {
            for name in names {
                properties.reset(name);
            }
        };
        reset(&mut scenario.broker, &OF_BROKERS);
        scenario.topics.iter_mut().for_each(|topic| reset(&mut topic.properties, &OF_TOPICS));
        for (name, value) in self.properties() {
            scenario.broker.set(name, value).expect("a setting that was read is one that brokers take");
        }
    }
}

impl fmt::Display for FlushSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlushSetting::Messages(count) => count.fmt(f),
            FlushSetting::Every(interval) => f.write_str(&duration_text(*interval)),
            FlushSetting::Never => f.write_str("never"),
            FlushSetting::GroupCommit => f.write_str("group-commit"),
        }
    }
}

impl FromStr for FlushSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<FlushSetting, String> {
        match text {
            "" => return Err("a setting is missing between two commas or at an end".to_owned()),
            "never" => return Ok(FlushSetting::Never),
            "group-commit" => return Ok(FlushSetting::GroupCommit),
            _ => {}
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.parse() {
                Ok(0) => Err("`0`: no append brings 0 messages together".to_owned()),
                Ok(count) => Ok(FlushSetting::Messages(count)),
                Err(_) => Err(format!("`{text}` messages are too many")),
            };
        }
        if !text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            return Err(format!("`{text}` is no flush setting"));
        }
        let interval = duration(text)?;
        if interval.is_zero() || interval.subsec_nanos() % 1_000_000 != 0 {
            return Err(format!("`{text}` is not a whole number of milliseconds, at least 1ms"));
        }
        Ok(FlushSetting::Every(interval))
    }
}

/// Settings to compare, at least one, each once, in the order in which they were named. Parses from `1,10ms,never`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlushSettings(Vec<FlushSetting>);

impl FlushSettings {
    /// Them, in order.
    pub fn all(&self) -> &[FlushSetting] {
        &self.0
    }
}

impl FromStr for FlushSettings {
    type Err = String;

    fn from_str(text: &str) -> Result<FlushSettings, String> {
        let (mut settings, mut problems) = (Vec::new(), Vec::new());
        for part in text.split(',').map(str::trim) {
            match part.parse() {
                Ok(setting) if settings.contains(&setting) => {
                    problems.push(format!("`{part}` is the same as another one"));
                }
                Ok(setting) => settings.push(setting),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            return Ok(FlushSettings(settings));
        }
        Err(format!("{}; each is {ALLOWED}", problems.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_numbers_intervals_and_words_and_read_as_they_are_written() {
        let settings: FlushSettings = "1, 10ms,1s,never,group-commit,1000".parse().unwrap();
        let expected = [
            FlushSetting::Messages(1),
            FlushSetting::Every(Duration::from_millis(10)),
            FlushSetting::Every(Duration::from_secs(1)),
            FlushSetting::Never,
            FlushSetting::GroupCommit,
            FlushSetting::Messages(1000),
        ];
        assert_eq!(settings.all(), expected);
        for setting in expected {
            assert_eq!(setting.to_string().parse(), Ok(setting));
        }
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let said = "0,often,,1500us,5 fortnights,1s,1000ms,-1s".parse::<FlushSettings>().unwrap_err();
        for problem in [
            "`0`: no append",
            "`often` is no flush setting",
            "missing between two commas",
            "`1500us` is not a whole number of milliseconds",
            "`fortnights` is not a unit of time",
            "`1000ms` is the same as another one",
            "`-1s` is negative",
            "group-commit",
        ] {
            assert!(said.contains(problem), "{problem}: {said}");
        }
        assert!("".parse::<FlushSettings>().is_err());
    }

    #[test]
    fn what_a_scenario_says_about_flushing_is_replaced_everywhere() {
        let text = "name = \"a\"\n[broker]\nlog.flush.interval.messages = 1\nlog.flush.group.commit.enable = true\n\
                    [[topic]]\nname = \"orders\"\nflush.messages = 7\n\
                    [[producer]]\ntopics = [\"orders\"]\nrecords = 1\n";
        let written = crate::scenario::parse("a.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
        for (setting, expected) in [
            (FlushSetting::Never, 0),
            (FlushSetting::Messages(3), 1),
            (FlushSetting::GroupCommit, 1),
            (FlushSetting::Every(Duration::from_secs(1)), 2),
        ] {
            let mut scenario = written.clone();
            setting.apply(&mut scenario);
            assert_eq!(scenario.broker.iter().count(), expected, "{setting}");
            assert_eq!(scenario.topics[0].properties.explicit("flush.messages"), None);
        }
    }
}
