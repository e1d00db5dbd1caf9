//! Attempt errors as text: Kafka's name of the code, `error 99` for a code without one, or a word in lower case.

use broker_core::error::{AttemptError, ErrorCode};

pub(super) fn to_text(error: AttemptError) -> String {
    match error {
        AttemptError::Code(code) => code.to_string(),
        AttemptError::Disconnected => "disconnected".to_owned(),
        AttemptError::TimedOut => "timed_out".to_owned(),
        AttemptError::Expired => "expired".to_owned(),
        AttemptError::NoAcks => "no_acks".to_owned(),
    }
}

pub(super) fn from_text(text: &str) -> Option<AttemptError> {
    Some(match text {
        "disconnected" => AttemptError::Disconnected,
        "timed_out" => AttemptError::TimedOut,
        "expired" => AttemptError::Expired,
        "no_acks" => AttemptError::NoAcks,
        _ => AttemptError::Code(ErrorCode::parse(text)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_survives_the_round_trip() {
        let words =
            [AttemptError::Disconnected, AttemptError::TimedOut, AttemptError::Expired, AttemptError::NoAcks];
        for error in (-200..400).map(|code| AttemptError::Code(ErrorCode(code))).chain(words) {
            assert_eq!(from_text(&to_text(error)), Some(error));
        }
        assert_eq!(from_text("NO_SUCH_ERROR"), None);
    }
}
