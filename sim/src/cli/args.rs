//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::explain::args::ExplainArguments;
use super::judge::JudgeArguments;
use super::replay::ReplayArguments;
use super::shrink::ShrinkArguments;
use super::sweep::args::{MergeArguments, SweepArguments};
use super::tradeoff::args::TradeoffArguments;
use crate::seed::{Seed, SeedRange};

/// Deterministic simulation of a Kafka-like cluster: crash it, cut it off, and see whether an acknowledged message was
/// lost. One seed decides everything.
#[derive(Debug, Parser)]
#[command(name = "cargo sim", version, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    passed, or failed exactly as the scenario expects
  1    safety violation, or an expected one did not happen
  2    wrong usage or scenario, nothing was run; or the report could not be written
  3    the cluster did not recover, or something could not be judged
  4    vacuous: a fault without effect, or nothing acknowledged
  70   a panic inside the simulation, or two runs of one seed that differ
  130  interrupted; what there is was written";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs scenarios and says whether each went as it expects.
    Run(RunArguments),
    /// Runs scenarios with many seeds, groups the failures and keeps the cheapest of each kind.
    Sweep(SweepArguments),
    /// Makes one sweep out of several, such as the shards of many machines.
    Merge(MergeArguments),
    /// Measures what flush settings cost, and what they save when the power fails.
    Tradeoff(TradeoffArguments),
    /// Runs a recorded run again, compares it with the record, and shows what happened.
    Replay(ReplayArguments),
    /// Makes a failing run as small as it goes, and keeps it as a scenario.
    Shrink(ShrinkArguments),
    /// Judges histories that something else recorded: a client of a real cluster, Jepsen, or an earlier run.
    Judge(JudgeArguments),
    /// Reads scenarios and reports every mistake, without running anything.
    Check(CheckArguments),
    /// Lists scenarios with what they expect and the story they tell.
    List(ListArguments),
    /// Says how a run came to what it found, or what a word of scenarios and results means; without one, lists every word.
    Explain(ExplainArguments),
    /// Writes a scenario that runs as it stands, to be changed.
    New(NewArguments),
    /// Prints the JSON Schema of scenarios, for editors.
    Schema,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Scenario files, or directories of them.
    #[arg(required = true, value_name = "SCENARIO")]
    pub paths: Vec<PathBuf>,
    /// The seed: decimal, 0x and hexadecimal digits, or a git hash. Otherwise the scenario's own `seed`, or 1.
    #[arg(long, env = "SIM_SEED", allow_hyphen_values = true, value_parser = one_seed)]
    pub seed: Option<Seed>,
    /// Run everything twice and compare every event.
    #[arg(long)]
    pub check_determinism: bool,
    /// Where to write reports.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Scenario files, or directories of them.
    #[arg(default_value = "scenarios", value_name = "SCENARIO")]
    pub paths: Vec<PathBuf>,
    /// How problems are printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Scenario files, or directories of them.
    #[arg(default_value = "scenarios", value_name = "SCENARIO")]
    pub paths: Vec<PathBuf>,
    /// How the list is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "The file is DIR/NAME.toml. A file that is there already is never touched.")]
pub(super) struct NewArguments {
    /// What the scenario is called: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Where to write it, such as the group it belongs to: `scenarios/crash`.
    #[arg(long, default_value = "scenarios")]
    pub dir: PathBuf,
}

/// One seed; who gives several is told where they belong.
fn one_seed(text: &str) -> Result<Seed, String> {
    text.parse().map_err(|error| match text.parse::<SeedRange>() {
        Ok(_) if text.contains("..") => {
            format!("one seed is run here; for several: cargo sim sweep SCENARIO --seeds {text}")
        }
        _ => format!("{error}"),
    })
}
