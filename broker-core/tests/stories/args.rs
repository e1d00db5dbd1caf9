//! Arguments of a command: positional ones, and `key=value`.

use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use broker_core::types::{BrokerId, TopicPartition};
use goldenscript::{ArgumentConsumer, Command};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is left of a command's arguments.
pub struct Args<'a>(ArgumentConsumer<'a>);

impl<'a> Args<'a> {
    pub fn new(command: &'a Command) -> Args<'a> {
        Args(command.consume_args())
    }

    /// The next positional argument.
    pub fn next(&mut self, what: &str) -> Result<&'a str> {
        self.0.next_pos().ok_or_else(|| format!("{what} is missing").into())
    }

    pub fn next_opt(&mut self) -> Option<&'a str> {
        self.0.next_pos()
    }

    /// All positional arguments that are left.
    pub fn rest(&mut self) -> Vec<&'a str> {
        std::iter::from_fn(|| self.0.next_pos()).collect()
    }

    /// All `key=value` arguments that are left.
    pub fn pairs(&mut self) -> Vec<(&'a str, &'a str)> {
        std::iter::from_fn(|| self.0.next_key()).collect()
    }

    pub fn text(&mut self, key: &str) -> Option<&'a str> {
        self.0.take_key(key)
    }

    pub fn get<T: FromStr>(&mut self, key: &str) -> Result<Option<T>> {
        let Some(text) = self.0.take_key(key) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("{key}={text} is no such value").into())
    }

    pub fn or<T: FromStr>(&mut self, key: &str, default: T) -> Result<T> {
        Ok(self.get(key)?.unwrap_or(default))
    }

    pub fn need<T: FromStr>(&mut self, key: &str) -> Result<T> {
        self.get(key)?.ok_or_else(|| format!("{key}= is missing").into())
    }

    /// `on=topic-partition`, by default the one most stories have.
    pub fn topic_partition(&mut self) -> Result<TopicPartition> {
        let text = self.0.take_key("on").unwrap_or("orders-0");
        TopicPartition::parse(text).ok_or_else(|| format!("{text} is no topic partition").into())
    }

    /// `key=1,2,3`.
    pub fn brokers(&mut self, key: &str) -> Result<Option<Vec<BrokerId>>> {
        let Some(text) = self.0.take_key(key) else { return Ok(None) };
        let ids = text.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().map(BrokerId));
        Ok(Some(ids.collect::<std::result::Result<_, _>>()?))
    }

    /// Nothing may be left.
    pub fn done(self) -> Result<()> {
        self.0.reject_next()
    }
}

/// `300us`, `20ms`, `3s`.
pub fn duration(text: &str) -> Result<Duration> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| format!("{text} is no duration"))?;
    match &text[digits.len()..] {
        "us" => Ok(Duration::from_micros(number)),
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        unit => Err(format!("{text}: unit `{unit}` is not us, ms or s").into()),
    }
}
