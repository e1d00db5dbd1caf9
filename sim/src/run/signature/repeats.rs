//! How a message came to be written twice.

use broker_core::types::{Offset, TopicPartition};

use crate::explain::appends;
use crate::trace::Trace;

/// Whether one batch was appended twice under the same sequence, and by whom; `None` if the trace does not have the batch
/// at this offset.
pub(super) fn shape(trace: &Trace, wanted: &TopicPartition, offset: Offset) -> Option<String> {
    let batch = appends(trace, wanted).rfind(|batch| batch.contains(offset))?;
    if !batch.is_numbered() {
        return Some("without a sequence".to_owned());
    }
    let again =
        appends(trace, wanted).find(|other| !other.contains(offset) && other.identity == batch.identity);
    Some(match again {
        None => "under another sequence".to_owned(),
        Some(other) if other.leader_epoch == batch.leader_epoch => {
            "the same sequence in the same leader epoch".to_owned()
        }
        Some(_) => "the same sequence in two leader epochs".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use broker_core::event::Event;
    use broker_core::time::Timestamp;
    use broker_core::types::{LeaderEpoch, ProducerEpoch, ProducerId, Sequence};

    use super::*;

    /// Batches of one record: offset, leader epoch, sequence.
    fn told(batches: &[(i64, i32, i32)]) -> Option<String> {
        let mut trace = Trace::new();
        let host = trace.host("broker-1");
        for (offset, leader_epoch, sequence) in batches {
            let event = Event::RecordsAppended {
                topic_partition: TopicPartition::new("orders", 0),
                base_offset: Offset(*offset),
                end_offset: Offset(offset + 1),
                leader_epoch: LeaderEpoch(*leader_epoch),
                producer_id: ProducerId(1),
                producer_epoch: ProducerEpoch(0),
                base_sequence: Sequence(*sequence),
            };
            trace.record(Timestamp(1), host, event);
        }
        shape(&trace, &TopicPartition::new("orders", 0), Offset(0))
    }

    #[test]
    fn a_retry_that_was_not_recognised_is_told_from_one_that_nobody_could_recognise() {
        assert_eq!(
            told(&[(0, 0, 0), (1, 0, 0)]).as_deref(),
            Some("the same sequence in the same leader epoch")
        );
        assert_eq!(told(&[(0, 0, 0), (1, 1, 0)]).as_deref(), Some("the same sequence in two leader epochs"));
        assert_eq!(told(&[(0, 0, 0), (1, 0, 1)]).as_deref(), Some("under another sequence"));
        assert_eq!(told(&[(0, 0, -1), (1, 0, -1)]).as_deref(), Some("without a sequence"));
        assert_eq!(told(&[(1, 0, 0)]), None);
    }
}
