//! What `cargo sim judge` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::args::Format;

#[derive(Debug, Args)]
#[command(after_help = SHORT, after_long_help = LONG)]
pub(in crate::cli) struct JudgeArguments {
    /// Histories, or run directories that have one; `-` is standard input.
    #[arg(required = true, value_name = "HISTORY")]
    pub paths: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// How histories are written. Without it files that end in .edn are Jepsen's, and everything else is JSONL.
    #[arg(long, value_enum)]
    pub from: Option<Origin>,
}

/// How a history is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Origin {
    /// One JSON object per line, as below and as runs write it.
    Jsonl,
    /// EDN, as Jepsen writes histories of its Kafka workload.
    Jepsen,
}

const SHORT: &str = "The format of histories: cargo sim judge --help";

const LONG: &str = concat!(
    "Exit codes:\n",
    "  0    nothing is wrong\n",
    "  1    a safety violation\n",
    "  2    a history is malformed, cut off, out of order, or contradicts itself\n",
    "  3    something cannot be judged, such as acknowledged records that nobody read\n",
    "  4    vacuous: nothing was acknowledged\n\n",
    "Examples:\n",
    "  cargo sim judge reports/latest\n",
    "  cargo sim judge --format json history.jsonl history.edn\n\n",
    "The format of histories:\n\n",
    include_str!("../../history/format.md")
);
