//! What an error means: for the next attempt, and for the promise given to the application.
//!
//! ```text
//! ok     some attempt was answered with 0 or 46 (the broker has it already)
//! fail   there was no attempt, or every one ended in a refusal that comes before the append
//! info   anything else: one attempt in doubt is enough, and so is one in flight when the time is over
//! ```
//!
//! Out of order (45, and 59) is info, although it is checked before the append: the broker that says so has lost, or never
//! had, what came before, and does not say since when.

use crate::error::{AttemptError, ErrorCode};
use crate::io::SendOutcome;

/// What to do with a batch after a failed attempt (`Sender.canRetry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Send it again after a pause.
    Retry,
    /// The same, and ask who leads now.
    RefreshAndRetry,
    /// The broker expected another sequence: if no earlier batch can close the gap, the numbering has to change.
    SequenceGap,
    /// It ends here: the broker wants another producer epoch, which only a new producer id has for certain.
    NewProducerId,
    /// It ends here.
    GiveUp,
}

/// Those of Kafka's `RetriableException`s that a broker answers to a produce request, and the two errors of KIP-360. An
/// error nobody expects here ends the batch, as info.
pub(super) fn reaction(error: AttemptError) -> Reaction {
    match error {
        AttemptError::Disconnected | AttemptError::TimedOut => Reaction::RefreshAndRetry,
        AttemptError::Expired | AttemptError::NoAcks => Reaction::GiveUp,
        AttemptError::Code(code) => match code {
            ErrorCode::NOT_LEADER_OR_FOLLOWER
            | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            | ErrorCode::LEADER_NOT_AVAILABLE
            | ErrorCode::KAFKA_STORAGE_ERROR => Reaction::RefreshAndRetry,
            ErrorCode::NOT_ENOUGH_REPLICAS
            | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
            | ErrorCode::REQUEST_TIMED_OUT
            | ErrorCode::CORRUPT_MESSAGE => Reaction::Retry,
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER | ErrorCode::UNKNOWN_PRODUCER_ID => Reaction::SequenceGap,
            ErrorCode::INVALID_PRODUCER_EPOCH => Reaction::NewProducerId,
            _ => Reaction::GiveUp,
        },
    }
}

/// Whether this error says that the attempt certainly did not append: the broker checks before it writes.
pub(super) fn refused_before_append(error: AttemptError) -> bool {
    matches!(
        error,
        AttemptError::Code(
            ErrorCode::NOT_ENOUGH_REPLICAS
                | ErrorCode::MESSAGE_TOO_LARGE
                | ErrorCode::CORRUPT_MESSAGE
                | ErrorCode::INVALID_RECORD
                | ErrorCode::INVALID_TOPIC_EXCEPTION
                | ErrorCode::INVALID_REQUIRED_ACKS
                | ErrorCode::INVALID_PRODUCER_EPOCH
                | ErrorCode::TOPIC_AUTHORIZATION_FAILED
                | ErrorCode::CLUSTER_AUTHORIZATION_FAILED
                | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        )
    )
}

/// Whether an attempt that ended like this may have appended. A sequence, too, is checked before the append.
pub(super) fn may_have_appended(error: AttemptError) -> bool {
    !refused_before_append(error) && reaction(error) != Reaction::SequenceGap
}

/// The outcome of a send none of whose `attempts` was answered without error.
///
/// Fail only if **every** attempt was refused before the append, or there was none. An attempt without an entry in
/// `errors` is one that was still in flight when the send expired.
pub(super) fn without_promise(attempts: u32, errors: Vec<AttemptError>) -> SendOutcome {
    let refused = errors.iter().filter(|error| refused_before_append(**error)).count();
    if refused == attempts as usize { SendOutcome::Fail { errors } } else { SendOutcome::Info { errors } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_before_the_append_are_failures_and_one_doubt_spoils_them() {
        for code in [19, 10, 2, 87, 17, 21, 47, 29, 31, 53] {
            let error = AttemptError::Code(ErrorCode(code));
            assert!(matches!(without_promise(1, vec![error]), SendOutcome::Fail { .. }), "{code}");
            let doubt = vec![error, AttemptError::TimedOut, error];
            assert!(matches!(without_promise(3, doubt), SendOutcome::Info { .. }), "{code}");
        }
        for code in [7, 20, 6, 3, 56, -1, 45, 59, 5, 1234] {
            let errors = vec![AttemptError::Code(ErrorCode(code))];
            assert!(matches!(without_promise(1, errors), SendOutcome::Info { .. }), "{code}");
        }
        for error in [AttemptError::Disconnected, AttemptError::TimedOut, AttemptError::NoAcks] {
            assert!(matches!(without_promise(1, vec![error]), SendOutcome::Info { .. }), "{error:?}");
        }
        let refused = AttemptError::Code(ErrorCode::NOT_ENOUGH_REPLICAS);
        let expired = AttemptError::Expired;
        assert!(matches!(without_promise(0, vec![expired]), SendOutcome::Fail { .. }), "never sent");
        assert!(matches!(without_promise(1, vec![expired]), SendOutcome::Info { .. }), "in flight");
        assert!(matches!(without_promise(1, vec![refused, expired]), SendOutcome::Fail { .. }), "waiting");
        assert!(
            matches!(without_promise(2, vec![refused, expired]), SendOutcome::Info { .. }),
            "second in flight"
        );
    }
}
