//! What can be asked for.

use clap::{Parser, ValueEnum};

use crate::references::Reference;

/// Measures the harness on its reference scenarios, in turns with a bare turmoil cluster that exchanges the same messages.
#[derive(Parser)]
#[command(name = "cargo bench -p sim --")]
pub struct Arguments {
    /// Only reference scenarios that have this in their name
    pub filter: Option<String>,
    /// How often everything is repeated; medians are printed
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..))]
    repetitions: u64,
    /// One repetition of a few seeds, without memory and jobs: a glance
    #[arg(long)]
    quick: bool,
    /// How figures are printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Cargo says it; without it, as under `cargo test --benches`, one seed of each runs and the figures mean nothing
    #[arg(long, hide = true)]
    bench: bool,
    /// In a process of its own: the peak of memory of a run so many times as long
    #[arg(long, hide = true)]
    pub peak_of_times: Option<u32>,
}

/// How figures are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON array
    Json,
}

impl Arguments {
    pub fn repetitions(&self) -> u64 {
        if self.bench && !self.quick { self.repetitions } else { 1 }
    }

    /// How many seeds one repetition runs.
    pub fn seeds(&self, reference: &Reference) -> u64 {
        match (self.bench, self.quick) {
            (false, _) => 1,
            (true, true) => reference.seeds.min(4),
            (true, false) => reference.seeds,
        }
    }

    pub fn measures_memory(&self) -> bool {
        self.bench && !self.quick
    }

    pub fn measures_jobs(&self) -> bool {
        self.bench && !self.quick
    }
}
