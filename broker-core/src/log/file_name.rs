//! Files of a log are named after an offset: twenty digits and a suffix that says what they hold (`LogFileUtils`).

use crate::types::Offset;

/// Path of the file for `offset`.
pub(super) fn path(directory: &str, offset: Offset, suffix: &str) -> String {
    format!("{directory}/{:020}{suffix}", offset.0)
}

/// The offset a name with this suffix stands for, `None` if it is not written as [`path`] does. Offsets within a segment
/// differ by less than 2^31, as in Kafka: a name that leaves no room for them was written by nobody.
pub(super) fn offset(name: &str, suffix: &str) -> Option<Offset> {
    let digits = name.strip_suffix(suffix)?;
    let canonical = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let offset: i64 = canonical.then(|| digits.parse().ok())??;
    (offset <= i64::MAX - i64::from(i32::MAX)).then_some(Offset(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_names_stand_for_an_offset() {
        assert_eq!(path("orders-0", Offset(42), ".log"), "orders-0/00000000000000000042.log");
        assert_eq!(offset("00000000000000000042.log", ".log"), Some(Offset(42)));
        for other in [
            "42.log",
            "00000000000000000042.index",
            "99999999999999999999.log",
            "09223372036854775807.log",
            "+0000000000000000042.log",
        ] {
            assert_eq!(offset(other, ".log"), None, "{other}");
        }
    }
}
