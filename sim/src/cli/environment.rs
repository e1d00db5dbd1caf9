//! The only place that looks at the wall clock, the machine and the working tree: facts for `env` of `run.json`.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::report::{EnvReport, hash};
use crate::sweep::result::Build;

/// Measures one run.
pub(super) struct Stopwatch {
    begun: Instant,
    started: SystemTime,
}

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a run takes is a fact about the machine, not the run"
    )]
    pub fn start() -> Stopwatch {
        Stopwatch { begun: Instant::now(), started: SystemTime::now() }
    }

    /// Facts of the run that began when this was started.
    pub fn env(&self) -> EnvReport {
        let seconds = self.started.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        EnvReport {
            git_commit: git_commit().clone(),
            build_hash: build_hash().clone(),
            lock_hash: lock_hash().clone(),
            wall_ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            memory_peak_bytes: memory_peak_bytes(),
            started: rfc3339(seconds),
        }
    }
}

/// Where this program was built from.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The commit of the sources, `-dirty` if they have changes.
fn git_commit() -> &'static Option<String> {
    static COMMIT: OnceLock<Option<String>> = OnceLock::new();
    COMMIT.get_or_init(|| {
        let git = |arguments: &[&str]| {
            let output = Command::new("git")
                .args(["-C", SOURCES])
                .args(arguments)
                .output()
                .ok()
                .filter(|out| out.status.success())?;
            Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
        let dirty =
            git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|text| !text.is_empty());
        Some(if dirty { format!("{commit}-dirty") } else { commit })
    })
}

/// The program that runs. One that cannot read itself is like no other.
pub(super) fn build() -> Build {
    let hash = build_hash().clone().unwrap_or_else(|| format!("unknown-{}", std::process::id()));
    Build { hash, commit: git_commit().clone() }
}

/// Of the program that runs.
pub(super) fn build_hash() -> &'static Option<String> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    HASH.get_or_init(|| hash_of(&std::env::current_exe().ok()?))
}

fn lock_hash() -> &'static Option<String> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    HASH.get_or_init(|| hash_of(&Path::new(SOURCES).join("Cargo.lock")))
}

fn hash_of(file: &Path) -> Option<String> {
    Some(hash(&fs::read(file).ok()?))
}

/// How many runs at a time: as many as were `asked` for, or as there are processors.
pub(super) fn jobs(asked: Option<NonZeroUsize>) -> usize {
    asked.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}

/// Peak resident memory of this process so far, where the system tells (Linux).
fn memory_peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Seconds since 1970 as RFC 3339 in UTC (days to civil date after H. Hinnant).
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_civil() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(rfc3339(1_735_689_600), "2025-01-01T00:00:00Z");
    }
}
