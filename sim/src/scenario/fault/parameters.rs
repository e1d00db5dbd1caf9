//! What kinds of faults have keys for besides aim and end: one line each.

use super::disk;
use crate::nemesis::{Action, DiskFault, Kind};
use crate::scenario::clocks;
use crate::scenario::diagnostic::{Diagnostic, Problems};
use crate::scenario::field::Field;
use crate::scenario::reader::Table;
use crate::scenario::units;

const PROBABILITY: &str = "write a number such as 0.01, which is once in a hundred; 1 is always";

/// Every parameter, and the kinds that have it.
pub(super) const PARAMETERS: &[(&str, &[&str])] = &[
    ("extra", &["delay"]),
    ("probability", &["loss", "fsync_error", "fsync_lie", "read_error", "write_error"]),
    ("latency", &["slow_disk"]),
    ("read_latency", &["slow_disk"]),
    ("append_latency", &["slow_disk"]),
    ("files", &["read_error", "write_error", "bit_rot"]),
    ("free", &["disk_full"]),
    ("region", &["bit_rot"]),
    ("offset", &["bit_rot"]),
    ("bits", &["bit_rot"]),
    ("unsynced", &["power_loss"]),
    ("by", &["clock_jump", "clock_drift"]),
];

/// Reads the parameters of a kind.
pub(super) fn action(table: &mut Table<'_>, kind: &Kind, problems: &mut Problems) -> Option<Action> {
    let range = |text: &str| units::lengths(text);
    Some(match kind.name {
        "kill" => Action::Kill,
        "power_loss" => Action::PowerLoss(disk::unsynced(table, problems)?),
        "restart" => Action::Restart,
        "pause" => Action::Pause,
        "wipe" => Action::Wipe,
        "partition" | "isolate" => Action::Cut,
        "hold" => Action::Hold,
        "delay" => {
            Action::Delay { extra: required(table, "extra", "a duration", units::RANGE, range, problems)? }
        }
        "drop_connections" => Action::DropConnections,
        "loss" => {
            let given = probability(table, problems);
            Action::Loss { probability: present(given, "probability", PROBABILITY, table, problems)? }
        }
        "slow_disk" => Action::Disk(disk::slow(table, problems)?),
        "disk_stall" => Action::Disk(DiskFault::Stall),
        "fsync_error" => Action::Disk(DiskFault::FsyncError { probability: disk::of_each(table, problems)? }),
        "fsync_lie" => Action::Disk(DiskFault::FsyncLie { probability: disk::of_each(table, problems)? }),
        "read_error" => {
            let (probability, files) = disk::of_files(table, problems)?;
            Action::Disk(DiskFault::ReadError { probability, files })
        }
        "write_error" => {
            let (probability, files) = disk::of_files(table, problems)?;
            Action::Disk(DiskFault::WriteError { probability, files })
        }
        "disk_full" => Action::Disk(disk::full(table, problems)?),
        "bit_rot" => Action::Rot(disk::rot(table, problems)?),
        "clock_jump" => Action::ClockJump {
            by_us: required(table, "by", "a signed duration", clocks::JUMP, clocks::jump, problems)?,
        },
        "clock_drift" => Action::ClockDrift {
            ppm: required(table, "by", "a part of the time", clocks::DRIFT, clocks::drift, problems)?,
        },
        name => unreachable!("nobody reads the parameters of `{name}`"),
    })
}

/// A string with a unit that must be there.
fn required<T>(
    table: &mut Table<'_>,
    key: &'static str,
    what: &str,
    help: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
    problems: &mut Problems,
) -> Option<T> {
    let value = table.with_unit(key, what, help, parse, problems);
    present(value, key, help, table, problems)
}

fn present<T>(
    value: Field<T>,
    key: &str,
    help: &str,
    table: &Table<'_>,
    problems: &mut Problems,
) -> Option<T> {
    if matches!(value, Field::Absent) {
        let diagnostic = Diagnostic::new(format!("missing key `{key}`"));
        let diagnostic = diagnostic.at(table.header(), format!("`{key}` is missing here"));
        problems.report(diagnostic.help(help.to_owned()));
    }
    value.ok()
}

/// The value, or what goes without saying; `None` if it is wrong.
pub(super) fn usual<T>(value: Field<T>, default: T) -> Option<T> {
    match value {
        Field::Wrong => None,
        given => Some(given.or(default).value),
    }
}

pub(super) fn probability(table: &mut Table<'_>, problems: &mut Problems) -> Field<f64> {
    let number = table.number("probability", PROBABILITY, problems);
    number.parse(problems, PROBABILITY, |number| {
        if 0.0 < number && number <= 1.0 {
            Ok(number)
        } else {
            Err(format!("`probability` must be above 0 and at most 1, not {number}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nemesis::KINDS;

    #[test]
    fn every_kind_has_its_line() {
        let (root, _) = toml::de::DeTable::parse_recoverable("");
        for kind in KINDS {
            let header = crate::scenario::diagnostic::Span { start: 0, end: 0 };
            let mut table = Table::new("", header, root.get_ref());
            let _ = action(&mut table, kind, &mut Problems::default());
        }
        for kind in PARAMETERS.iter().flat_map(|(_, kinds)| *kinds) {
            assert!(Kind::named(kind).is_some(), "{kind}");
        }
    }
}
