//! What `sweep` and `merge` take.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::args::Format;
use crate::scenario::{DURATION, duration};
use crate::seed::SeedRange;
use crate::sweep::shard::ShardChoice;

#[derive(Debug, Args)]
#[command(after_help = SWEEP)]
pub(in crate::cli) struct SweepArguments {
    /// Scenario files, or directories of them.
    #[arg(required = true, value_name = "SCENARIO")]
    pub paths: Vec<PathBuf>,
    /// The seeds: `20` for 1 to 20, or `5..9` for 5 to 8. Otherwise 1 to 20, and for a scenario with a `seed` that one.
    #[arg(long, env = "SIM_SEEDS", value_name = "N|A..B")]
    pub seeds: Option<SeedRange>,
    /// How many runs at a time. Otherwise as many as there are processors.
    #[arg(long, env = "SIM_JOBS", value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Run only a part: `2/3` is the second of three, `auto` what the platform says, `auto/3` that if it does not say how
    /// many there are.
    #[arg(long, value_name = "I/N|auto|auto/N")]
    pub shard: Option<ShardChoice>,
    /// Begin no run after this time, such as `10m`.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub budget: Option<Duration>,
    /// Begin no run after so many that did not go as expected.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_fail: Option<u64>,
    /// Give up a run after this time, with --check-determinism after twice this time; it counts as not judged.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "60s")]
    pub timeout: Duration,
    /// Take the results that are in the reports already: those of the same scenario text, seed and program. Others stay,
    /// beside them.
    #[arg(long)]
    pub resume: bool,
    /// Run everything twice and compare every event.
    #[arg(long)]
    pub check_determinism: bool,
    /// Write the results as JUnit XML, too.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Where to write reports.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

const SWEEP: &str = "\
Below the reports: sweep/results.jsonl has a line per run, written when it ends; sweep/summary.json has the totals and
the groups of failures. Of each group only the run with the fewest events leaves its files, in sweep/SCENARIO/SEED/. The
results of the sweep before are in sweep/results.before.jsonl, where --resume finds them, too.

--shard auto asks, in this order: Bazel (TEST_SHARD_INDEX), GitLab (CI_NODE_INDEX), AWS Batch
(AWS_BATCH_JOB_ARRAY_INDEX), Kubernetes (JOB_COMPLETION_INDEX, with auto/N or SIM_SHARDS for how many there are).

Examples:
  cargo sim sweep scenarios/random --seeds 2000
  cargo sim sweep scenarios --budget 10m --max-fail 16
  cargo sim sweep scenarios --seeds 500 --shard auto --junit sweep.xml";

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArguments {
    /// Directories that sweeps had as --reports.
    #[arg(required = true, value_name = "DIR")]
    pub directories: Vec<PathBuf>,
    /// Where to write the merged reports.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// Write the results as JUnit XML, too.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

fn time(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(Duration::ZERO) => Err("this is no time at all".to_owned()),
        Ok(time) => Ok(time),
        Err(problem) => Err(format!("{problem}: {DURATION}")),
    }
}
