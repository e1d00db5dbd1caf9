//! `cargo bench -p sim`: how fast the harness is, and what of that is turmoil's.
//!
//! Every figure stands beside the same figure of a **floor**: a cluster of bare turmoil hosts that exchange the same
//! messages, of the same sizes, between the same hosts, at the same times ([`floor`]). Nobody who simulates this traffic
//! with turmoil, a tick of a millisecond and one future per host can be faster; what the harness takes beyond it is the
//! price of brokers, disks, faults and judges.
//!
//! Both are measured in turns within one process, in CPU time of the thread, so that neither a busy machine nor its mood
//! of the hour decides; what is printed are medians over the repetitions, and how far these were apart.
//!
//! Reading order: [`references`] (what is run), [`traffic`] and [`floor`], [`laps`] (time), [`memory`], [`jobs`], [`table`].

mod arguments;
mod clocks;
mod floor;
mod jobs;
mod laps;
mod memory;
mod references;
mod table;
mod traffic;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Format};
use table::Figures;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(times) = arguments.peak_of_times {
        let reference = references::named(arguments.filter.as_deref().unwrap_or_default());
        println!("{}", memory::json(&memory::peak(&reference, times)));
        return ExitCode::SUCCESS;
    }
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let chosen: Vec<_> =
        references::all().into_iter().filter(|reference| reference.name().contains(filter)).collect();
    if chosen.is_empty() {
        eprintln!(
            "error: no reference scenario has {filter:?} in its name; there are {}",
            references::names()
        );
        return ExitCode::from(2);
    }
    let mut all = Vec::new();
    for reference in &chosen {
        eprintln!("measuring {} …", reference.name());
        let laps = match laps::measure(reference, arguments.repetitions(), arguments.seeds(reference)) {
            Ok(laps) => laps,
            Err(wrong) => {
                eprintln!("error: {wrong}");
                return ExitCode::FAILURE;
            }
        };
        let memory = arguments.measures_memory().then(|| memory::growth(reference));
        let jobs = (arguments.measures_jobs() && reference.is_swept())
            .then(|| jobs::measure(reference, arguments.seeds(reference)));
        let figures = Figures::new(reference, &laps, memory, jobs);
        if arguments.format == Format::Human {
            print!("{}", table::human(&figures));
        }
        all.push(figures);
    }
    match arguments.format {
        Format::Human => print!("{}", table::legend()),
        Format::Json => println!("{}", serde_json::to_string_pretty(&all).expect("figures serialize")),
    }
    ExitCode::SUCCESS
}
