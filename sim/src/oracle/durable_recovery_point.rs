//! `durable-recovery-point`: what counts as durable is.
//!
//! Formally, whenever the recovery point of a replica r rises while its process runs: every record of r in
//! start(r)..recovery point(r) is below durable(r), which is as far as its disk has said, fsync by fsync, that the log is on
//! the platter under names that are there too. Bytes of a flush that failed are not.
//!
//! Source: `UnifiedLog.flush`: the recovery point moves after the flush, and a failed one takes the log directory offline;
//! KAFKA-3968 (names); the fsyncgate of PostgreSQL. KAFKA.md, section 6.
//!
//! No false alarm: a disk that lies is believed, as a broker must believe it. What is above the recovery point may be durable
//! or not. A log that begins anew somewhere moves its recovery point there without a flush, but holds nothing below. The
//! recovery point that a process reads when it opens a log is a claim of another process about files that a loss of power may have
//! changed, so only what a process claims itself is judged.

use super::all::{Findings, Oracle};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle; it remembers nothing.
#[derive(Default)]
pub struct DurableRecoveryPoint;

impl Oracle for DurableRecoveryPoint {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Replica { broker, topic_partition, was: Some(was) } = seen.change else { return };
        let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
        let (claimed, durable) = (replica.recovery_point, replica.durable_end.max(replica.log_start));
        if was.recovery_point < claimed && durable < claimed {
            findings.add(Anomaly::DurableRecoveryPoint, topic_partition, Some(*broker), seen, || {
                format!(
                    "broker-{broker} counts {topic_partition} as durable below {claimed}, and its disk has said so only below \
                     {durable}"
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use broker_core::types::{BrokerId, Offset};

    use super::*;
    use crate::oracle::testing::Scene;

    #[test]
    fn a_recovery_point_rises_to_what_was_flushed_and_no_further() {
        let mut scene = Scene::new();
        scene.append(1, 4);
        scene.flush(1);
        assert_eq!(scene.found(), []);
        scene.append(1, 2);
        scene.set(1, |replica| replica.recovery_point = Offset(5));
        assert_eq!(scene.found(), [Anomaly::DurableRecoveryPoint]);
        let summary = "broker-1 counts orders-0 as durable below 5, and its disk has said so only below 4";
        assert_eq!(scene.first(Anomaly::DurableRecoveryPoint), summary);
        assert_eq!(scene.accused(Anomaly::DurableRecoveryPoint), [Some(BrokerId(1))]);
    }

    #[test]
    fn a_log_that_begins_anew_has_nothing_to_flush() {
        let mut scene = Scene::new();
        scene.append(1, 4);
        scene.replicate(1, 2);
        scene.begin_anew(2, 9);
        assert_eq!(scene.found(), []);
    }
}
