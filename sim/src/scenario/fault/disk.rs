//! What faults of disks have keys for.

use super::parameters::{probability, usual};
use crate::nemesis::{BitRot, DiskFault, FilePattern, RotPlace, Unsynced};
use crate::scenario::diagnostic::{Diagnostic, Problems};
use crate::scenario::field::Field;
use crate::scenario::reader::Table;
use crate::scenario::units;

/// Values of `unsynced`.
pub(in crate::scenario) const UNSYNCED: &[(&str, Unsynced)] =
    &[("lost", Unsynced::Lost), ("torn", Unsynced::Torn), ("reordered", Unsynced::Reordered)];

/// Values of `region`.
pub(in crate::scenario) const REGIONS: &[(&str, RotPlace)] =
    &[("anywhere", RotPlace::Anywhere), ("head", RotPlace::Head), ("tail", RotPlace::Tail)];

const FILES: &str =
    "write the path of a file on the disk, such as \"orders-0/*.log\"; `*` stands for any text";

/// `slow_disk`: any of three latencies, but one at least.
pub(super) fn slow(table: &mut Table<'_>, problems: &mut Problems) -> Option<DiskFault> {
    let [flush, read, append] = ["latency", "read_latency", "append_latency"].map(|key| {
        let range = table.with_unit(key, "a duration", units::RANGE, units::lengths, problems);
        range.map(|range| Some((range.low, range.high)))
    });
    if let (Field::Absent, Field::Absent, Field::Absent) = (&flush, &read, &append) {
        let diagnostic =
            Diagnostic::new("nothing says what is slow: `latency`, `read_latency` or `append_latency`");
        let diagnostic = diagnostic.at(table.header(), "at least one of them is missing here");
        problems.report(diagnostic.help(units::RANGE.to_owned()));
        return None;
    }
    Some(DiskFault::Slow {
        flush: usual(flush, None)?,
        read: usual(read, None)?,
        append: usual(append, None)?,
    })
}

/// `fsync_error`, `fsync_lie`: always, if nothing else is said.
pub(super) fn of_each(table: &mut Table<'_>, problems: &mut Problems) -> Option<f64> {
    usual(probability(table, problems), 1.0)
}

/// `read_error`, `write_error`: always and of each file, if nothing else is said.
pub(super) fn of_files(table: &mut Table<'_>, problems: &mut Problems) -> Option<(f64, FilePattern)> {
    let (of_each, files) = (probability(table, problems), files(table, problems));
    Some((usual(of_each, 1.0)?, usual(files, FilePattern::all())?))
}

/// `disk_full`
pub(super) fn full(table: &mut Table<'_>, problems: &mut Problems) -> Option<DiskFault> {
    let free = table.whole("free", 0..=i64::MAX, problems).map(i64::unsigned_abs);
    Some(DiskFault::Full { free: usual(free, 0)? })
}

/// `bit_rot`
pub(super) fn rot(table: &mut Table<'_>, problems: &mut Problems) -> Option<BitRot> {
    if let (Some(region), Some(offset)) = (table.place("region"), table.place("offset")) {
        let diagnostic = Diagnostic::new("both `region` and `offset` say where bits rot");
        let diagnostic = diagnostic.at(offset, "").at(region, "");
        problems.report(diagnostic.help("keep one of them".to_owned()));
    }
    let files = files(table, problems);
    let region = table.word("region", REGIONS, problems);
    let offset = table.whole("offset", 0..=i64::MAX, problems).map(RotPlace::Record);
    let bits = table.whole("bits", 1..=1_000, problems);
    let bits = bits.map(|bits| u32::try_from(bits).expect("within bounds"));
    let place = if matches!(offset, Field::Absent) { region } else { offset };
    Some(BitRot {
        files: usual(files, FilePattern::segments())?,
        place: usual(place, RotPlace::Anywhere)?,
        bits: usual(bits, 1)?,
    })
}

/// `power_loss`
pub(super) fn unsynced(table: &mut Table<'_>, problems: &mut Problems) -> Option<Unsynced> {
    usual(table.word("unsynced", UNSYNCED, problems), Unsynced::default())
}

fn files(table: &mut Table<'_>, problems: &mut Problems) -> Field<FilePattern> {
    table.text("files", problems).parse(problems, FILES, |text| text.parse())
}
