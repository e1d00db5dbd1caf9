//! Every property of state, by the anomaly that violates it.

use super::all::Oracle;
use super::durable_recovery_point::DurableRecoveryPoint;
use super::elr_empty::ElrEmpty;
use super::isr_within_replicas::IsrWithinReplicas;
use super::leader_completeness::LeaderCompleteness;
use super::leader_in_isr::LeaderInIsr;
use super::log_matching::LogMatching;
use super::monotonic_epochs::MonotonicEpochs;
use super::one_leader_per_epoch::OneLeaderPerEpoch;
use super::ordered_offsets::OrderedOffsets;
use super::recovered_records::RecoveredRecords;
use super::strong_isr::StrongIsr;
use crate::checker::Anomaly;

/// A property, and who judges it.
pub struct Property {
    /// What it is called when it does not hold.
    pub anomaly: Anomaly,
    /// What always holds, in a line.
    pub holds: &'static str,
    /// Where it is from; the file says more.
    pub source: &'static str,
    /// Its file in this folder.
    pub file: &'static str,
    pub(super) oracle: fn() -> Box<dyn Oracle>,
}

/// In the order of [`Anomaly::ALL`].
pub const PROPERTIES: [Property; 11] = [
    Property {
        anomaly: Anomaly::LogDivergence,
        holds: "below both high watermarks two logs are equal",
        source: "Vanlightly: LogMatchingProperty; KIP-101, KIP-279, KIP-320",
        file: "log_matching.rs",
        oracle: boxed::<LogMatching>,
    },
    Property {
        anomaly: Anomaly::LeaderCompleteness,
        holds: "a new leader has everything that was committed",
        source: "Vanlightly: LeaderCompletenessProperty",
        file: "leader_completeness.rs",
        oracle: boxed::<LeaderCompleteness>,
    },
    Property {
        anomaly: Anomaly::StrongIsr,
        holds: "everything below a leader's high watermark is on every running member of its maximal ISR",
        source: "Gustafson: StrongIsr; KIP-497",
        file: "strong_isr.rs",
        oracle: boxed::<StrongIsr>,
    },
    Property {
        anomaly: Anomaly::OneLeaderPerEpoch,
        holds: "a leader epoch has at most one leader, ever",
        source: "KIP-101, KIP-320; Raft: election safety",
        file: "one_leader_per_epoch.rs",
        oracle: boxed::<OneLeaderPerEpoch>,
    },
    Property {
        anomaly: Anomaly::OrderedOffsets,
        holds: "log start <= high watermark <= log end, and recovery point <= log end",
        source: "UnifiedLog, LocalLog",
        file: "ordered_offsets.rs",
        oracle: boxed::<OrderedOffsets>,
    },
    Property {
        anomaly: Anomaly::MonotonicEpochs,
        holds: "leader epochs, partition epochs and recovery points do not go back, and the controller forgets nothing it told",
        source: "KIP-497, KIP-631; Vanlightly: MetadataLogMatchingProperty",
        file: "monotonic_epochs.rs",
        oracle: boxed::<MonotonicEpochs>,
    },
    Property {
        anomaly: Anomaly::LeaderInIsr,
        holds: "the leader is in the ISR",
        source: "PartitionChangeBuilder; KIP-966",
        file: "leader_in_isr.rs",
        oracle: boxed::<LeaderInIsr>,
    },
    Property {
        anomaly: Anomaly::IsrWithinReplicas,
        holds: "ISR and ELR are of the replicas, and nobody is in both",
        source: "Vanlightly: ValidControllerIsrAndElr; KIP-966",
        file: "isr_within_replicas.rs",
        oracle: boxed::<IsrWithinReplicas>,
    },
    Property {
        anomaly: Anomaly::ElrEmpty,
        holds: "with min.insync.replicas members in the ISR nobody else is eligible",
        source: "KIP-966; Vanlightly: ValidControllerIsrAndElr",
        file: "elr_empty.rs",
        oracle: boxed::<ElrEmpty>,
    },
    Property {
        anomaly: Anomaly::DurableRecoveryPoint,
        holds: "a recovery point rises only to what the disk has said to be durable",
        source: "UnifiedLog.flush; KAFKA-3968; fsyncgate",
        file: "durable_recovery_point.rs",
        oracle: boxed::<DurableRecoveryPoint>,
    },
    Property {
        anomaly: Anomaly::RecoveredRecords,
        holds: "what a process takes over when it opens a log was once written, or has rotted",
        source: "LogSegment.recover, LogLoader.recoverLog",
        file: "recovered_records.rs",
        oracle: boxed::<RecoveredRecords>,
    },
];

fn boxed<O: Oracle + Default + 'static>() -> Box<dyn Oracle> {
    Box::<O>::default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_anomaly_of_state_has_one_oracle_in_a_file_of_its_own() {
        let anomalies: Vec<Anomaly> = PROPERTIES.iter().map(|property| property.anomaly).collect();
        let of_state: Vec<Anomaly> =
            Anomaly::ALL.into_iter().filter(|anomaly| anomaly.is_of_state()).collect();
        assert_eq!(anomalies, of_state);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/oracle");
        for property in &PROPERTIES {
            let text = fs::read_to_string(folder.join(property.file)).expect(property.file);
            let header = format!("//! `{}`: ", property.anomaly);
            assert!(text.starts_with(&header), "{} does not begin with {header}", property.file);
            for part in ["//! Formally, ", "//! Source: ", "//! No false alarm:"] {
                assert!(text.contains(part), "{} lacks: {part}", property.file);
            }
            let found = format!("Anomaly::{:?}", property.anomaly);
            for other in PROPERTIES.iter().filter(|other| other.file != property.file) {
                let other_text = fs::read_to_string(folder.join(other.file)).expect(other.file);
                let code = other_text.split("#[cfg(test)]").next().unwrap_or_default();
                assert!(!code.contains(&found), "{} names {found}", other.file);
            }
        }
    }
}
