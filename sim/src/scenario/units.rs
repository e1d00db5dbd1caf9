//! Values with units, written as text: durations, ranges of durations, rates.

use std::time::Duration;

use crate::nemesis::Span;

/// What a duration looks like, for help texts.
pub(crate) const DURATION: &str =
    "write a number and a unit of us, ms, s, m or h, such as \"500ms\" or \"1m30s\"";

/// What a range of durations looks like, for help texts.
pub(super) const RANGE: &str =
    "write a number and a unit of us, ms, s, m or h, such as \"500ms\", or a range such as \"1s..3s\"";

/// Longer than any simulation; keeps sums of durations far from overflow.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads `500ms`, `1m30s`.
///
/// # Errors
/// With what is wrong, as a whole sentence without a full stop.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a duration is missing".to_owned());
    }
    if rest.starts_with('-') {
        return Err(format!("`{text}` is negative"));
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let unit_end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        if number.is_empty() {
            return Err(format!("`{text}` is not a duration"));
        }
        let unit = match unit {
            "us" => Duration::from_micros(1),
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(60 * 60),
            "" if after.is_empty() => return Err(format!("`{text}` has no unit")),
            "" => return Err(format!("`{text}` is not a duration")),
            other => return Err(format!("`{other}` is not a unit of time")),
        };
        let part = number.parse().ok().and_then(|number| unit.checked_mul(number));
        let total = part.and_then(|part| sum.checked_add(part)).filter(|total| *total <= LONGEST);
        sum = total.ok_or_else(|| format!("`{text}` is longer than a day"))?;
        rest = after.trim_start();
    }
    Ok(sum)
}

/// Reads `1ms..3ms`, or `2ms` for a range of one value.
///
/// # Errors
/// As [`duration`].
pub(super) fn range(text: &str) -> Result<(Duration, Duration), String> {
    let (shortest, longest) = match text.split_once("..") {
        Some((shortest, longest)) => (duration(shortest)?, duration(longest)?),
        None => (duration(text)?, duration(text)?),
    };
    if longest < shortest {
        return Err(format!("`{text}` ends before it begins"));
    }
    Ok((shortest, longest))
}

/// Reads `1s..3s` or `2s`: a value to be drawn.
///
/// # Errors
/// As [`duration`].
pub(super) fn values(text: &str) -> Result<Span<Duration>, String> {
    range(text).map(|(low, high)| Span { low, high })
}

/// As [`values`], but nothing happens for no time at all.
///
/// # Errors
/// As [`duration`].
pub(super) fn lengths(text: &str) -> Result<Span<Duration>, String> {
    values(text).and_then(|values| {
        let verb = if values.high.is_zero() { "is" } else { "may be" };
        if values.low.is_zero() { Err(format!("`{text}` {verb} no time at all")) } else { Ok(values) }
    })
}

/// Writes what [`duration`] reads, in the largest unit that needs no second one.
pub(crate) fn duration_text(duration: Duration) -> String {
    let micros = duration.as_micros();
    if micros.is_multiple_of(1_000_000) {
        format!("{}s", micros / 1_000_000)
    } else if micros.is_multiple_of(1000) {
        format!("{}ms", micros / 1000)
    } else {
        format!("{micros}us")
    }
}

/// Writes what [`values`] reads.
pub(super) fn values_text<T: Copy + PartialEq>(values: Span<T>, text: fn(T) -> String) -> String {
    if values.low == values.high {
        return text(values.low);
    }
    format!("{}..{}", text(values.low), text(values.high))
}

/// Reads `100/s`, `0.5/s` or `30/m` into a number per second.
///
/// # Errors
/// As [`duration`].
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let (number, per) = text.split_once('/').ok_or_else(|| format!("`{text}` has no unit"))?;
    let seconds = match per.trim() {
        "s" => 1.0,
        "m" => 60.0,
        other => return Err(format!("`/{other}` is not a unit of rates")),
    };
    let number: f64 = number.trim().parse().map_err(|_| format!("`{text}` is not a rate"))?;
    // At more than this the gaps between records vanish below a microsecond.
    if number.is_finite() && 0.0 < number && number / seconds <= 1e6 {
        Ok(number / seconds)
    } else {
        Err(format!("a rate must be above 0 and at most 1000000/s, not `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up_and_refuse_what_has_no_meaning() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration(" 1s 5us "), Ok(Duration::from_micros(1_000_005)));
        let wrong =
            ["", "5", "s", "1.5s", "5 fortnights", "-1s", "99999999999999999999s", "25h", "1s5", "5µ"];
        for text in wrong {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_have_one_or_two_ends_and_rates_are_per_second() {
        assert_eq!(range("1ms..3ms"), Ok((Duration::from_millis(1), Duration::from_millis(3))));
        assert_eq!(range("2ms"), Ok((Duration::from_millis(2), Duration::from_millis(2))));
        assert!(range("3ms..1ms").is_err() && range("1ms..").is_err());
        assert_eq!(rate("100/s"), Ok(100.0));
        assert_eq!(rate("30/m"), Ok(0.5));
        for text in ["100", "0/s", "-1/s", "inf/s", "nan/s", "x/s", "1/day", "1e9/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
