//! What `tradeoff` takes.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::seed::SeedRange;
use crate::tradeoff::settings::FlushSettings;

#[derive(Debug, Args)]
#[command(after_help = TRADEOFF)]
pub(in crate::cli) struct TradeoffArguments {
    /// A scenario file. Its faults are replaced by power losses, and what it says about flushing by each of --flush.
    pub scenario: PathBuf,
    /// Flush settings: a number of messages (1: every append is flushed before it counts), an interval (10ms, 1s), `never`,
    /// `group-commit`.
    #[arg(long, value_name = "LIST", default_value = "1,10ms,100ms,1s,never")]
    pub flush: FlushSettings,
    /// The seeds: `20` for 1 to 20, or `5..9` for 5 to 8. Otherwise 1 to 20, and for a scenario with a `seed` that one.
    #[arg(long, env = "SIM_SEEDS", value_name = "N|A..B")]
    pub seeds: Option<SeedRange>,
    /// How many runs at a time. Otherwise as many as there are processors.
    #[arg(long, env = "SIM_JOBS", value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Where to write tradeoff.json, tradeoff.csv and tradeoff.svg. Otherwise reports/tradeoff/SCENARIO.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is printed. All files are written in any case.
    #[arg(long, value_enum, default_value = "human")]
    pub format: TradeoffFormat,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TradeoffFormat {
    /// Tables for people.
    Human,
    /// What is in tradeoff.json.
    Json,
    /// What is in tradeoff.csv.
    Csv,
}

const TRADEOFF: &str = "\
With each setting and seed the scenario runs three times: nothing happens (what the setting costs), the leader of the \
first topic partition loses power, and all brokers lose power at once (what the setting buys). The power goes at a time \
drawn from the seed, while producers send. Acknowledged records that are lost are what is measured here and no failure; \
a loss in a run in which nothing happened is one. Runs that could not be judged are named, are in no number, and leave \
their scenario in OUT/left-out/.

An interval sets log.flush.interval.ms and log.flush.scheduler.interval.ms: the first alone flushes nothing.

Examples:
  cargo sim tradeoff scenarios/disk/flush-tradeoff.toml
  cargo sim tradeoff scenarios/disk/flush-tradeoff.toml --flush 1,10ms,100ms,1s,never,group-commit --seeds 20";
