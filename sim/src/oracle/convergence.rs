//! Convergence: once everything is healed, all replicas of a topic partition become equal and the ISR is full.
//!
//! Formally, after the heal there is a time from which on, for every topic partition p with replicas R and leader l:
//! isr(p) = R, and for all r in R: log(r) = log(l) and hw(r) = end(log(l)). (Kafka: `LogConvergence`-style checks of the
//! replication verification tool; J. Gustafson's specification calls the safety half *log matching*.)
//!
//! Unequal lengths are a matter of time, hence of liveness. Unequal content below both high watermarks will never become
//! equal by waiting, hence is a violation. No false alarm: lengths are judged only after producers have finished and the
//! network is whole, and content above a high watermark, which may still be truncated, is never judged.

use broker_core::types::{BrokerId, Offset, TopicPartition};

use crate::checker::{Anomaly, MessageRef, Violation};

/// Where the replicas of one topic partition stand.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Which.
    pub topic_partition: TopicPartition,
    /// Its leader, if a running broker thinks it is.
    pub leader: Option<BrokerId>,
    /// All replicas, if known.
    pub replicas: Vec<BrokerId>,
    /// Committed ISR as the leader knows it.
    pub isr: Vec<BrokerId>,
    /// End and high watermark of each replica's log; `None` if its broker does not run or does not know it yet.
    pub logs: Vec<(BrokerId, Option<(Offset, Offset)>)>,
}

/// Why this topic partition has not converged; `None` if it has.
pub fn why_not_converged(standing: &Standing) -> Option<String> {
    let key = &standing.topic_partition;
    let Some(leader) = standing.leader else {
        return Some(format!("{key} has no leader"));
    };
    if standing.isr.len() != standing.replicas.len() {
        let missing: Vec<String> = standing
            .replicas
            .iter()
            .filter(|replica| !standing.isr.contains(replica))
            .map(|replica| format!("broker-{replica}"))
            .collect();
        return Some(format!("{key}: {} not in the ISR of broker-{leader}", missing.join(", ")));
    }
    let Some((end, _)) = standing.logs.iter().find(|(id, _)| *id == leader).and_then(|(_, log)| *log) else {
        return Some(format!("{key}: broker-{leader} leads and does not have it open"));
    };
    for (id, log) in &standing.logs {
        match log {
            None => return Some(format!("{key}: broker-{id} does not have it open")),
            Some((own, _)) if *own != end => {
                return Some(format!("{key}: broker-{id} ends at {own}, broker-{leader} at {end}"));
            }
            Some((_, high_watermark)) if *high_watermark != end => {
                return Some(format!("{key}: broker-{id} has high watermark {high_watermark} of {end}"));
            }
            Some(_) => {}
        }
    }
    None
}

/// What one replica's log holds: base offset, end offset and a hash of each batch, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogContent {
    /// Whose.
    pub broker: BrokerId,
    /// Where it starts: what is below was deleted, or will be.
    pub start: Offset,
    /// Its high watermark: what is above may still be truncated.
    pub high_watermark: Offset,
    /// Its batches.
    pub batches: Vec<(Offset, Offset, u64)>,
}

/// A violation if two of these logs differ between the later of their starts and both high watermarks: what is committed
/// is the same everywhere (*log matching*), also in a cluster that has not converged.
pub fn diverging_logs(topic_partition: &TopicPartition, logs: &[LogContent]) -> Option<Violation> {
    let (first, others) = logs.split_first()?;
    for other in others {
        let committed = first.high_watermark.min(other.high_watermark);
        let start = first.start.max(other.start);
        let from = |log: &LogContent| log.batches.partition_point(|(_, end, _)| *end <= start);
        let both = first.batches[from(first)..].iter().zip(&other.batches[from(other)..]);
        let differs = both.take_while(|(a, b)| a.1.min(b.1) <= committed).find(|(a, b)| a != b);
        let Some(((base, ..), _)) = differs else { continue };
        let summary = format!(
            "the logs of broker-{} and broker-{} for {topic_partition} differ from offset {base} on",
            first.broker, other.broker
        );
        let at = MessageRef { message: None, offset: Some(*base), process: None, operation: 0, note: None };
        return Some(Violation::new(Anomaly::LogDivergence, topic_partition, summary, 1, vec![at]));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[i32]) -> Vec<BrokerId> {
        ids.iter().map(|id| BrokerId(*id)).collect()
    }

    fn standing() -> Standing {
        Standing {
            topic_partition: TopicPartition::new("orders", 0),
            leader: Some(BrokerId(1)),
            replicas: ids(&[1, 2]),
            isr: ids(&[1, 2]),
            logs: vec![
                (BrokerId(1), Some((Offset(9), Offset(9)))),
                (BrokerId(2), Some((Offset(9), Offset(9)))),
            ],
        }
    }

    #[test]
    fn says_who_waits_for_what() {
        assert_eq!(why_not_converged(&standing()), None);
        let said = |change: fn(&mut Standing)| {
            let mut standing = standing();
            change(&mut standing);
            why_not_converged(&standing).unwrap()
        };
        assert_eq!(said(|s| s.leader = None), "orders-0 has no leader");
        assert_eq!(said(|s| s.isr.truncate(1)), "orders-0: broker-2 not in the ISR of broker-1");
        assert_eq!(said(|s| s.logs[1].1 = None), "orders-0: broker-2 does not have it open");
        let short = said(|s| s.logs[1].1 = Some((Offset(8), Offset(8))));
        assert_eq!(short, "orders-0: broker-2 ends at 8, broker-1 at 9");
        let behind = said(|s| s.logs[1].1 = Some((Offset(9), Offset(7))));
        assert_eq!(behind, "orders-0: broker-2 has high watermark 7 of 9");
    }

    #[test]
    fn logs_may_differ_only_above_a_high_watermark() {
        let log = |broker: i32, high_watermark: i64, hashes: &[u64]| {
            let batches = hashes.iter().zip(0..);
            let batches = batches.map(|(hash, at)| (Offset(at), Offset(at + 1), *hash)).collect();
            let high_watermark = Offset(high_watermark);
            LogContent { broker: BrokerId(broker), start: Offset(0), high_watermark, batches }
        };
        let key = TopicPartition::new("orders", 0);
        assert_eq!(diverging_logs(&key, &[log(1, 2, &[7, 8]), log(2, 2, &[7, 8]), log(3, 1, &[7])]), None);
        let uncommitted = [log(1, 2, &[7, 8]), log(2, 1, &[7, 9])];
        assert_eq!(diverging_logs(&key, &uncommitted), None, "9 may still be truncated");
        let violation = diverging_logs(&key, &[log(1, 2, &[7, 8]), log(2, 2, &[7, 9])]).unwrap();
        assert_eq!(violation.anomaly, Anomaly::LogDivergence);
        let text = "the logs of broker-1 and broker-2 for orders-0 differ from offset 1 on";
        assert_eq!(violation.summary, text);
    }

    #[test]
    fn logs_are_compared_from_the_later_start() {
        let log = |broker: i32, start: i64, hashes: &[u64]| {
            let batches = hashes.iter().zip(start..);
            let batches = batches.map(|(hash, at)| (Offset(at), Offset(at + 1), *hash)).collect();
            LogContent { broker: BrokerId(broker), start: Offset(start), high_watermark: Offset(3), batches }
        };
        let key = TopicPartition::new("orders", 0);
        assert_eq!(diverging_logs(&key, &[log(1, 0, &[7, 8, 9]), log(2, 1, &[8, 9]), log(3, 3, &[])]), None);
        let violation = diverging_logs(&key, &[log(1, 0, &[7, 8, 9]), log(2, 1, &[8, 1])]).unwrap();
        assert!(violation.summary.ends_with("differ from offset 2 on"), "{}", violation.summary);
    }
}
