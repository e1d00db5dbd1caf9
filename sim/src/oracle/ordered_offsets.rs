//! `ordered-offsets`: the offsets of a log are in order.
//!
//! Formally, for every replica r of every running broker: start(r) <= hw(r) <= end(r), and recovery point(r) <= end(r).
//!
//! Source: `UnifiedLog` keeps it when it moves the high watermark (`updateHighWatermark` clips it to the log), the log start
//! (`maybeIncrementLogStartOffset` refuses to pass the high watermark) and when it truncates; `LocalLog` does for the recovery
//! point.
//!
//! No false alarm: all four are read from one process between two inputs. The recovery point is not compared with the log
//! start: what was deleted need not have been durable.

use super::all::{Findings, Oracle};
use crate::checker::Anomaly;
use crate::snapshot::{Change, Observation};

/// The oracle; it remembers nothing.
#[derive(Default)]
pub struct OrderedOffsets;

impl Oracle for OrderedOffsets {
    fn observe(&mut self, seen: Observation<'_>, findings: &mut Findings) {
        let Change::Replica { broker, topic_partition, .. } = seen.change else { return };
        let Some(replica) = seen.cluster.replica(*broker, topic_partition) else { return };
        let (start, end) = (replica.log_start, replica.log_end);
        let (high_watermark, recovery_point) = (replica.high_watermark, replica.recovery_point);
        if start <= high_watermark && high_watermark <= end && recovery_point <= end {
            return;
        }
        findings.add(Anomaly::OrderedOffsets, topic_partition, Some(*broker), seen, || {
            format!(
                "broker-{broker} has {topic_partition} from {start} to {end}, with high watermark {high_watermark} and \
                 recovery point {recovery_point}"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use broker_core::types::Offset;

    use super::*;
    use crate::oracle::testing::Scene;
    use crate::snapshot::ReplicaSnapshot;

    fn found(change: fn(&mut ReplicaSnapshot)) -> Vec<Anomaly> {
        let mut scene = Scene::new();
        scene.shrink(&[1]);
        scene.append(1, 2);
        scene.set(1, change);
        scene.found()
    }

    #[test]
    fn offsets_may_meet_and_not_cross() {
        assert_eq!(found(|r| (r.recovery_point, r.durable_end) = (Offset(1), Offset(1))), []);
        assert_eq!(found(|r| (r.recovery_point, r.durable_end) = (r.log_end, r.log_end)), []);
        assert_eq!(found(|r| r.log_start = Offset(1)), [Anomaly::OrderedOffsets]);
        assert_eq!(found(|r| r.high_watermark = Offset(3)), [Anomaly::OrderedOffsets]);
        let beyond = |r: &mut ReplicaSnapshot| (r.recovery_point, r.durable_end) = (Offset(3), Offset(3));
        assert_eq!(found(beyond), [Anomaly::OrderedOffsets]);
    }

    #[test]
    fn says_which() {
        let mut scene = Scene::new();
        scene.set(2, |r| r.high_watermark = Offset(7));
        let summary = "broker-2 has orders-0 from 0 to 0, with high watermark 7 and recovery point 0";
        assert_eq!(scene.first(Anomaly::OrderedOffsets), summary);
    }
}
