//! `cargo bench -p sim --bench judge`: what judging a history costs, and that the cost of one operation does not grow
//! with how many there are.
//!
//! Each history has four producers and two consumers on eight topic partitions, and final reads; no anomaly, as most
//! histories. Reading the text and asking the checkers are measured apart, and how much memory is in use at most: in a
//! process of its own, for a peak never goes down.

#[path = "../reference/clocks.rs"]
#[expect(dead_code, reason = "of the clocks only CPU time is asked")]
mod clocks;
mod histories;

use std::process::Command;

use clap::{Parser, ValueEnum};
use serde::{Deserialize, Serialize};
use sim::checker::{IndexBuilder, check_index};
use sim::history::{JsonlReader, Source};
use sim::verdict::Verdict;

use clocks::{Median, cpu_time};

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

/// Measures how histories are judged, at sizes a factor of ten apart.
#[derive(Parser)]
#[command(name = "cargo bench -p sim --bench judge --")]
struct Arguments {
    /// How often everything is repeated; medians are printed
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    repetitions: u64,
    /// How figures are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Judges one history of so many operations and says what that took
    #[arg(long, hide = true)]
    once: Option<usize>,
    /// Cargo says it; without it, as under `cargo test --benches`, only the smallest size runs, once
    #[arg(long, hide = true)]
    bench: bool,
}

/// How figures are printed.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Human,
    /// One JSON array
    Json,
}

/// What judging one history took.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Once {
    read_seconds: f64,
    check_seconds: f64,
    /// Peak resident memory of the process (`VmHWM`), in bytes, less what it had before it began to read.
    peak_bytes: u64,
}

/// What one size cost.
#[derive(Serialize)]
struct Figures {
    operations: usize,
    text_bytes: u64,
    /// CPU seconds: text to index, and index to verdict.
    read_seconds: Median,
    check_seconds: Median,
    operations_per_second: f64,
    peak_bytes: u64,
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(operations) = arguments.once {
        println!("{}", serde_json::to_string(&once(operations)).expect("numbers serialize"));
        return;
    }
    let (sizes, repetitions) =
        if arguments.bench { (&SIZES[..], arguments.repetitions) } else { (&SIZES[..1], 1) };
    let figures: Vec<_> = sizes.iter().map(|operations| measure(*operations, repetitions)).collect();
    match arguments.format {
        Format::Human => print(&figures),
        Format::Json => println!("{}", serde_json::to_string_pretty(&figures).expect("figures serialize")),
    }
}

fn measure(operations: usize, repetitions: u64) -> Figures {
    eprintln!("measuring {operations} operations …");
    let runs: Vec<Once> = (0..repetitions).map(|_| in_a_process_of_its_own(operations)).collect();
    let read_seconds = Median::of(runs.iter().map(|run| run.read_seconds));
    let check_seconds = Median::of(runs.iter().map(|run| run.check_seconds));
    Figures {
        operations,
        text_bytes: histories::text(operations).map(|line| line.len() as u64).sum(),
        read_seconds,
        check_seconds,
        operations_per_second: operations as f64 / (read_seconds.median + check_seconds.median),
        peak_bytes: runs.iter().map(|run| run.peak_bytes).max().expect("at least one run"),
    }
}

fn in_a_process_of_its_own(operations: usize) -> Once {
    let program = std::env::current_exe().expect("this program has a file");
    let output = Command::new(program).args(["--once", &operations.to_string()]).output();
    let output = output.expect("this program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the child says what was asked")
}

/// The text goes through a file, as it does for users, and so is not in memory.
fn once(operations: usize) -> Once {
    let path = std::env::temp_dir().join(format!("sim-bench-judge-{}-{operations}", std::process::id()));
    histories::write(&path, operations);
    let before = peak_resident_bytes();
    let read = || {
        let file = std::fs::File::open(&path).expect("it was written just now");
        let mut source = JsonlReader::new(std::io::BufReader::new(file)).expect("it has a header");
        let (mut builder, mut count) = (IndexBuilder::default(), 0);
        while let Some(operation) = source.next_operation().expect("it is sound") {
            builder.add(&operation).expect("it does not contradict itself");
            count += 1;
        }
        assert_eq!(count, operations);
        builder.finish(source.processes())
    };
    let (index, read) = cpu_time(read);
    let (checks, check) = cpu_time(|| check_index(&index));
    assert_eq!(checks.verdict(), Verdict::Pass, "{:?} {:?}", checks.violations, checks.unknown);
    let peak_bytes = peak_resident_bytes() - before;
    std::fs::remove_file(&path).expect("it is there");
    Once { read_seconds: read.as_secs_f64(), check_seconds: check.as_secs_f64(), peak_bytes }
}

fn peak_resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says how much memory this takes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has a peak");
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number of kilobytes");
    kibibytes * 1024
}

fn print(figures: &[Figures]) {
    println!(
        "{:>12}{:>12}{:>12}{:>12}{:>16}{:>12}",
        "operations", "text MB", "read s", "check s", "operations/s", "peak MB"
    );
    for figures in figures {
        println!(
            "{:>12}{:>12.1}{:>12.3}{:>12.3}{:>16.0}{:>12.1}",
            figures.operations,
            figures.text_bytes as f64 / 1e6,
            figures.read_seconds.median,
            figures.check_seconds.median,
            figures.operations_per_second,
            figures.peak_bytes as f64 / 1e6
        );
    }
}
