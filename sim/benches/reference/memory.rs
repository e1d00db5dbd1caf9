//! Memory: the peak of one run in a process of its own, and what grows when the run is ten times as long.

use std::process::Command;

use serde::{Deserialize, Serialize};
use sim::history::{OpF, Operation, PolledRecord};
use sim::trace::TraceEntry;

use crate::references::Reference;

/// How much longer the second run is.
const TIMES: u32 = 10;

/// What one run took, in bytes, and how much of it is what it wrote down.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Peak {
    /// Peak resident memory of the process (`VmHWM`).
    pub peak: u64,
    /// Entries of the trace, without what they point to.
    pub trace: u64,
    /// Operations of the history and the records in them.
    pub history: u64,
    /// What processes appended to all disks.
    pub disks: u64,
    pub events: u64,
}

/// A run and one that is longer.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Growth {
    pub once: Peak,
    pub longer: Peak,
    pub times: u32,
}

impl Growth {
    /// Bytes that each further event of the trace costs, with everything that comes of it.
    pub fn bytes_per_event(&self) -> f64 {
        (self.longer.peak as f64 - self.once.peak as f64)
            / (self.longer.events as f64 - self.once.events as f64)
    }

    /// Bytes by which the recorded grew, for each byte by which the peak did.
    pub fn recorded_share(&self) -> f64 {
        let recorded = |peak: &Peak| (peak.trace + peak.history + peak.disks) as f64;
        (recorded(&self.longer) - recorded(&self.once)) / (self.longer.peak as f64 - self.once.peak as f64)
    }
}

/// Measures in processes of their own: a peak never goes down.
pub fn growth(reference: &Reference) -> Growth {
    Growth { once: of_child(reference, 1), longer: of_child(reference, TIMES), times: TIMES }
}

fn of_child(reference: &Reference, times: u32) -> Peak {
    let program = std::env::current_exe().expect("this program has a file");
    let output = Command::new(program)
        .args([reference.name(), "--peak-of-times", &times.to_string()])
        .output()
        .expect("this program can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("the child says what was asked")
}

/// Runs seed 1 of it, so many times as long.
pub fn peak(reference: &Reference, times: u32) -> Peak {
    let output = reference.longer(1, times).run(1).unwrap_or_else(|wrong| panic!("{wrong}"));
    let operations = output.history.operations();
    let records: usize = operations
        .iter()
        .map(|operation| match &operation.f {
            OpF::Poll { records, .. } => records.len(),
            OpF::Send { .. } | OpF::Seek { .. } | OpF::FinalRead { .. } => 0,
        })
        .sum();
    Peak {
        peak: peak_resident_bytes(),
        trace: (output.trace.len() * size_of::<TraceEntry>()) as u64,
        history: (size_of_val::<[Operation]>(operations) + records * size_of::<PolledRecord>()) as u64,
        disks: output.report.disks.values().filter_map(|disk| disk.get("appended_bytes")).sum(),
        events: output.trace.len() as u64,
    }
}

pub fn json(peak: &Peak) -> String {
    serde_json::to_string(peak).expect("numbers serialize")
}

fn peak_resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says how much memory this takes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has a peak");
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number of kilobytes");
    kibibytes * 1024
}
