//! How clocks go wrong, written as text: by how much they jump, and how much too fast they run.

use super::units;
use crate::nemesis::Span;

/// What a jump looks like, for help texts.
pub(super) const JUMP: &str = "write how far, such as \"+500ms\" or \"-2s\", or a range such as \"-2s..2s\"";

/// What a drift looks like, for help texts.
pub(super) const DRIFT: &str =
    "write how much, such as \"+5%\" or \"-200ppm\", or a range such as \"-1%..1%\"";

/// Faster than eleven times as fast is no drift.
const FASTEST_PPM: i64 = 10_000_000;

/// A clock that stands still or runs backwards.
const STANDS_STILL_PPM: i64 = -999_000;

/// Reads `-2s`, `+500ms` or `-2s..2s` into microseconds.
///
/// # Errors
/// With what is wrong, as a whole sentence without a full stop.
pub(super) fn jump(text: &str) -> Result<Span<i64>, String> {
    range(text, |text| {
        let (sign, rest) = signed(text);
        // Said with its sign.
        let length = units::duration(rest).map_err(|error| error.replacen(rest, text.trim(), 1))?;
        Ok(sign * i64::try_from(length.as_micros()).expect("no duration is longer than a day"))
    })
}

/// Reads `+5%`, `-200ppm` or `-1%..1%` into parts per million.
///
/// # Errors
/// As [`jump`].
pub(super) fn drift(text: &str) -> Result<Span<i64>, String> {
    let values = range(text, |text| {
        let (sign, rest) = signed(text);
        Ok(sign * parts_per_million(rest)?)
    })?;
    if values.low <= STANDS_STILL_PPM {
        return Err(format!("`{text}` is a clock that stands still or runs backwards"));
    }
    if FASTEST_PPM < values.high {
        return Err(format!("`{text}` is more than +1000%"));
    }
    Ok(values)
}

/// Writes what [`jump`] reads.
pub(super) fn jump_text(micros: i64) -> String {
    let sign = if micros < 0 { '-' } else { '+' };
    format!("{sign}{}", units::duration_text(std::time::Duration::from_micros(micros.unsigned_abs())))
}

/// Writes what [`drift`] reads.
pub(super) fn drift_text(ppm: i64) -> String {
    if ppm % 10_000 == 0 { format!("{:+}%", ppm / 10_000) } else { format!("{ppm:+}ppm") }
}

fn range(text: &str, one: impl Fn(&str) -> Result<i64, String>) -> Result<Span<i64>, String> {
    let values = match text.split_once("..") {
        Some((low, high)) => Span { low: one(low)?, high: one(high)? },
        None => Span::exactly(one(text)?),
    };
    if values.high < values.low {
        return Err(format!("`{text}` ends before it begins"));
    }
    if values == Span::exactly(0) {
        return Err(format!("`{text}` changes nothing"));
    }
    Ok(values)
}

fn signed(text: &str) -> (i64, &str) {
    let text = text.trim();
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Of `5%`, `0.5%` or `200ppm`; finer than one part per million there is nothing.
fn parts_per_million(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a drift");
    let (number, digits) = match text.strip_suffix('%') {
        Some(number) => (number, 4),
        None => match text.strip_suffix("ppm") {
            Some(number) => (number, 0),
            None if text.ends_with(|c: char| c.is_ascii_digit()) => {
                return Err(format!("`{text}` has no unit"));
            }
            None => return Err(wrong()),
        },
    };
    let (whole, fraction) = number.trim_end().split_once('.').unwrap_or((number.trim_end(), ""));
    let numeric = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !numeric(whole) || !numeric(fraction) {
        return Err(wrong());
    }
    if digits < fraction.len() {
        return Err(format!("`{text}` is finer than one part per million"));
    }
    // More than nine digits are out of bounds whatever they are.
    let all = format!("{whole}{fraction:0<digits$}");
    all.parse()
        .ok()
        .filter(|ppm| *ppm <= 1_000_000_000)
        .ok_or_else(|| format!("`{text}` is more than +1000%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_have_a_sign_and_a_unit() {
        assert_eq!(jump("+500ms"), Ok(Span::exactly(500_000)));
        assert_eq!(jump("-2s..2s"), Ok(Span { low: -2_000_000, high: 2_000_000 }));
        assert_eq!(jump("0s..1s"), Ok(Span { low: 0, high: 1_000_000 }));
        for text in ["", "-", "0s", "-0s", "2", "1s..-1s", "--1s", "+-1s", "1s..", "25h"] {
            assert!(jump(text).is_err(), "{text}");
        }
        for micros in [1, -1, 500_000, -3_000_000] {
            assert_eq!(jump(&jump_text(micros)), Ok(Span::exactly(micros)));
        }
    }

    #[test]
    fn drifts_are_parts_of_a_hundred_or_a_million() {
        assert_eq!(drift("+5%"), Ok(Span::exactly(50_000)));
        assert_eq!(drift("0.25%"), Ok(Span::exactly(2500)));
        assert_eq!(drift("-200ppm"), Ok(Span::exactly(-200)));
        assert_eq!(drift("-1%..1%"), Ok(Span { low: -10_000, high: 10_000 }));
        assert_eq!(drift("1000%"), Ok(Span::exactly(10_000_000)));
        for text in [
            "",
            "%",
            "0%",
            "5",
            "5 fortnights",
            "-100%",
            "1001%",
            "0.00001%",
            "1.5ppm",
            "99999999999999999999%",
        ] {
            assert!(drift(text).is_err(), "{text}");
        }
        for ppm in [1, -1, 50_000, -998_999, 10_000_000] {
            assert_eq!(drift(&drift_text(ppm)), Ok(Span::exactly(ppm)));
        }
    }
}
