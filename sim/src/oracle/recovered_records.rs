//! `recovered-records`: what a process takes over when it opens a log was once written.
//!
//! Formally, whenever a process opens a replica r, of whose files no bit has turned over: every batch in start(r)..end(r) has
//! the bytes that its checksum was made of.
//!
//! Source: `LogSegment.recover` and `LogLoader.recoverLog`: what is above the recovery point is scanned, with checksums, and
//! cut at the first batch that is wrong. KAFKA.md, section 6.
//!
//! No false alarm: bytes of a log become other than they were written in two ways. A loss of power tears what was not durable,
//! which recovery looks at; and bits turn over, and then this is not judged, for nobody scans what was durable once. A disk
//! that had only said so is the third way, and breaks every promise.

use super::all::{Findings, Oracle};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle; it remembers nothing.
#[derive(Default)]
pub struct RecoveredRecords;

impl Oracle for RecoveredRecords {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Replica { broker, topic_partition, was: None } = seen.change else { return };
        let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
        let mut records = replica.records.from(replica.log_start);
        let Some(batch) = records.find(|batch| batch.checksum.is_none()).filter(|_| !replica.rotten) else {
            return;
        };
        findings.add(Anomaly::RecoveredRecords, topic_partition, Some(*broker), seen, || {
            format!(
                "broker-{broker} has opened {topic_partition} with {}..{} in it, which are bytes that nobody wrote and no bit \
                 rot made",
                batch.base_offset, batch.end_offset
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::testing::Scene;
    use crate::trace::Stop;

    /// Broker 2 opens two batches again, of which the second one is not what was written, because it rotted or not.
    fn found(altered: bool, rotten: bool) -> Vec<Anomaly> {
        let mut scene = Scene::new();
        scene.append(1, 2);
        scene.append(1, 3);
        scene.replicate(1, 2);
        scene.stop(2, Stop::PowerLost);
        if altered {
            scene.tear(2, 2);
        }
        scene.reopen_as(2, |replica| replica.rotten = rotten);
        scene.found()
    }

    #[test]
    fn what_is_taken_over_was_written() {
        assert_eq!(found(false, false), []);
        assert_eq!(found(true, false), [Anomaly::RecoveredRecords]);
        assert_eq!(found(true, true), [], "whoever reads it will see");
    }
}
