//! `cargo bench -p sim --bench disk`: what an append and a read of the simulated disk cost, and that the cost of one
//! does not grow with what is in the page cache already.
//!
//! One process writes one file, 100 bytes at a time, in four ways, at three sizes a factor of ten apart. Cost that
//! grows with the size shows as a ratio well above 1: 100 from the first to the last size if an operation looks at all
//! that is dirty.

#[path = "../reference/clocks.rs"]
#[expect(dead_code, reason = "of the clocks only CPU time is asked")]
mod clocks;

use std::time::Duration;

use broker_core::io::{FileId, FlushStep, Storage};
use broker_core::time::Timestamp;
use clap::{Parser, ValueEnum};
use rand::Rng;
use serde::Serialize;
use sim::cluster::disk::{DiskConfig, DiskHandle, HostDisk, MemPlatter};
use sim::seed::Seed;

use clocks::{Median, cpu_time};

/// What one append writes, and one read reads.
const BYTES: usize = 100;
const FLUSH_EVERY: usize = 1_000;
const NO_TIME: (Duration, Duration) = (Duration::ZERO, Duration::ZERO);
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

/// Measures one file of the simulated disk at sizes a factor of ten apart.
#[derive(Parser)]
#[command(name = "cargo bench -p sim --bench disk --")]
struct Arguments {
    /// How often everything is repeated; medians are printed
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    repetitions: u64,
    /// How figures are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
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

/// One way to use the file.
#[derive(Clone, Copy)]
enum Pattern {
    /// Appends, and nothing else.
    Append,
    /// After each append the bytes it wrote are read.
    AppendAndRead,
    /// A flush every [`FLUSH_EVERY`] appends.
    AppendAndFlush,
    /// As many appends that are not counted, then as many reads, anywhere in the file.
    ReadAnywhere,
}

const PATTERNS: [(Pattern, &str); 4] = [
    (Pattern::Append, "append"),
    (Pattern::AppendAndRead, "append, then read it"),
    (Pattern::AppendAndFlush, "append, flush every 1,000"),
    (Pattern::ReadAnywhere, "read anywhere"),
];

/// What one pattern cost.
#[derive(Serialize)]
struct Figures {
    pattern: &'static str,
    /// CPU time of one operation in nanoseconds, by the number of operations.
    nanoseconds: Vec<(usize, Median)>,
    /// The last of them by the first.
    growth: f64,
}

fn main() {
    let arguments = Arguments::parse();
    let (sizes, repetitions) =
        if arguments.bench { (&SIZES[..], arguments.repetitions) } else { (&SIZES[..1], 1) };
    let figures: Vec<_> = PATTERNS
        .into_iter()
        .map(|(pattern, name)| {
            eprintln!("measuring {name} …");
            let measured = sizes.iter().map(|size| {
                let times = (0..repetitions).map(|_| measure(pattern, *size).as_secs_f64() * 1e9);
                (*size, Median::of(times.map(|all| all / *size as f64)))
            });
            let nanoseconds: Vec<_> = measured.collect();
            let growth = nanoseconds[nanoseconds.len() - 1].1.median / nanoseconds[0].1.median;
            Figures { pattern: name, nanoseconds, growth }
        })
        .collect();
    match arguments.format {
        Format::Human => print(&figures),
        Format::Json => println!("{}", serde_json::to_string_pretty(&figures).expect("figures serialize")),
    }
}

/// CPU time of so many operations on a new disk.
fn measure(pattern: Pattern, operations: usize) -> Duration {
    let disk = DiskHandle::new(
        DiskConfig {
            fsync_latency: NO_TIME,
            read_latency: NO_TIME,
            append_latency: NO_TIME,
            write_back_after: None,
        },
        Seed(1).stream("bench", 0),
    );
    let mut host = disk.mount(MemPlatter::default()).expect("a new disk can be mounted");
    let file = host.open("0.log").expect("a new file can be opened");
    if let Pattern::ReadAnywhere = pattern {
        (0..operations).for_each(|_| append(&mut host, file));
        let mut rng = Seed(1).stream("bench", 1);
        let last = ((operations - 1) * BYTES) as u64;
        return cpu_time(|| (0..operations).for_each(|_| read(&host, file, rng.random_range(0..=last)))).1;
    }
    let run = || {
        for nth in 0..operations {
            append(&mut host, file);
            match pattern {
                Pattern::AppendAndRead => read(&host, file, (nth * BYTES) as u64),
                Pattern::AppendAndFlush if (nth + 1) % FLUSH_EVERY == 0 => {
                    let (ticket, _) = host.start_flush(Timestamp::ZERO, &[FlushStep::File(file)]);
                    host.finish_flush(ticket).expect("a disk without faults flushes");
                }
                _ => {}
            }
        }
    };
    cpu_time(run).1
}

fn append(host: &mut HostDisk<MemPlatter>, file: FileId) {
    host.append(file, &[7; BYTES]).expect("a disk without faults takes all");
}

fn read(host: &HostDisk<MemPlatter>, file: FileId, position: u64) {
    let bytes = host.read(file, position, BYTES).expect("a disk without faults can be read");
    assert_eq!(bytes.len(), BYTES);
}

fn print(figures: &[Figures]) {
    print!("{:<28}", "ns of CPU time each");
    figures[0].nanoseconds.iter().for_each(|(size, _)| print!("{size:>12}"));
    println!("{:>22}", "last by first");
    for Figures { pattern, nanoseconds, growth } in figures {
        print!("{pattern:<28}");
        nanoseconds.iter().for_each(|(_, median)| print!("{:>12.0}", median.median));
        println!("{growth:>22.2}");
    }
}
