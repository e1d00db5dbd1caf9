//! What `cargo sim replay` takes.

use std::path::PathBuf;

use broker_core::time::Timestamp;
use clap::Args;

use super::super::args::Format;
use crate::seed::Seed;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ReplayArguments {
    /// A run directory such as reports/NAME/SEED or reports/latest; or a scenario file, with nothing to compare with.
    #[arg(value_name = "RUN_DIR|SCENARIO")]
    pub path: PathBuf,
    /// The seed of a scenario; a run directory has its own. Otherwise the scenario's own `seed`, or 1.
    #[arg(long, env = "SIM_SEED", allow_hyphen_values = true)]
    pub seed: Option<Seed>,
    /// Stop after this simulated time, such as 3.2s or 3200ms, and show the trace up to there and where each host stands.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Timestamp>,
    /// Show the trace from this simulated time on.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Timestamp>,
    /// Show the trace: every event in words. Implied by whatever selects events.
    #[arg(long)]
    pub trace: bool,
    /// Show only what happened on this host; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// Show only events of this name, such as leader_started; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub event: Vec<String>,
    /// Show only what is about this topic partition, such as orders-0; may be repeated.
    #[arg(long, value_name = "TOPIC-N")]
    pub partition: Vec<String>,
    /// Write a report of this run, too. Without it nothing is written.
    #[arg(long, value_name = "DIR")]
    pub reports: Option<PathBuf>,
    /// How results are printed: as JSON, the lines of trace.jsonl that were asked for, and last the report.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

const EXAMPLES: &str = "\
Examples:
  cargo sim replay reports/latest
  cargo sim replay reports/latest --until 3.2s --host broker-1 --host controller
  cargo sim replay scenarios/crash/leader-killed.toml --seed 7 --event leader_started --event partition_changed";

/// Reads a simulated time: `3.2s`, `3200ms`, `12us`, `1m`.
fn moment(text: &str) -> Result<Timestamp, String> {
    let help = || {
        format!("`{text}` is no simulated time: write a number and a unit of us, ms, s or m, such as 3.2s")
    };
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let micros = match &text[number.len()..] {
        "us" => 1_u64,
        "ms" => 1000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        _ => return Err(help()),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || 9 < fraction.len() {
        return Err(help());
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).map_err(|_| help())?);
    let part =
        fraction.parse::<u64>().ok().and_then(|part| part.checked_mul(micros)).map(|part| part / scale);
    let whole = whole.parse::<u64>().ok().and_then(|whole| whole.checked_mul(micros));
    let sum = whole.zip(part).and_then(|(whole, part)| whole.checked_add(part));
    sum.map(Timestamp).ok_or_else(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_traces_write_them() {
        for (text, micros) in [
            ("3.2s", 3_200_000),
            ("3200ms", 3_200_000),
            ("0.000012s", 12),
            ("12us", 12),
            ("1.5m", 90_000_000),
        ] {
            assert_eq!(moment(text), Ok(Timestamp(micros)), "{text}");
        }
        let wrong =
            ["", "3", "s", "3.s", ".5s", "-1s", "3 s", "3.2.1s", "1h", "99999999999999999999s", "1e3s"];
        for text in wrong {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
