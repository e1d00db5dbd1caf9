//! Copies are killed in ways that are known, and have to be explained by those.

use proptest::prelude::*;

use super::*;

/// How a copy is killed.
#[derive(Clone, Copy, Debug)]
enum Kill {
    PowerLoss,
    Torn,
    Claim,
    Lie,
    Truncation,
    Wipe,
    Restart,
    Damage,
}

const KILLS: [Kill; 8] = [
    Kill::PowerLoss,
    Kill::Torn,
    Kill::Claim,
    Kill::Lie,
    Kill::Truncation,
    Kill::Wipe,
    Kill::Restart,
    Kill::Damage,
];

impl Kill {
    /// Takes everything from `at` on, and says what the explanation has to be.
    fn strike(self, tale: &mut Tale, host: &str, at: i64) -> Cause {
        match self {
            Kill::PowerLoss => {
                tale.stops(host, Stop::PowerLost);
                tale.opens(host, at, 0);
                Cause::PowerLoss
            }
            Kill::Torn => {
                tale.stops(host, Stop::PowerLost);
                tale.opens(host, at, 7);
                Cause::Torn
            }
            Kill::Claim => {
                tale.flushes(host, 5);
                tale.stops(host, Stop::PowerLost);
                tale.opens(host, at, 0);
                Cause::NotFlushed
            }
            Kill::Lie => {
                tale.lies(host);
                tale.flushes(host, 5);
                tale.stops(host, Stop::PowerLost);
                tale.opens(host, at, 0);
                Cause::FlushLied
            }
            Kill::Truncation => {
                tale.follows(host, 9, 8);
                tale.truncates(host, 5, at);
                Cause::Truncated
            }
            Kill::Wipe => {
                tale.stops(host, Stop::Wiped);
                tale.opens(host, 0, 0);
                Cause::Wiped
            }
            Kill::Restart => {
                tale.stops(host, Stop::Killed);
                tale.opens(host, at, 0);
                Cause::Restart
            }
            Kill::Damage => {
                tale.stops(host, Stop::Killed);
                tale.tell(host, TraceEvent::HostStarted);
                tale.tell(host, Event::LogDamaged { topic_partition: orders(), offset: Offset(at) });
                let (end_offset, cut_bytes) = (Offset(at), 9);
                tale.tell(host, Event::RecoveryFinished { topic_partition: orders(), end_offset, cut_bytes });
                Cause::Damaged
            }
        }
    }
}

/// What kills nothing of it: stops that it survives, flushes, leaders.
fn noise(tale: &mut Tale, which: u8, host: &str) {
    match which {
        0 => {
            tale.stops(host, Stop::PowerLost);
            tale.opens(host, 5, 0);
        }
        1 => {
            tale.stops(host, Stop::Killed);
            tale.opens(host, 5, 0);
        }
        2 => tale.leads(1, 0, 0, &[1, 2, 3], false),
        _ => tale.follows(host, 1, 0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn each_copy_is_said_to_have_died_of_what_killed_it(
        order in Just([0_usize, 1, 2]).prop_shuffle(),
        kills in [prop::sample::select(&KILLS[..]), prop::sample::select(&KILLS[..]), prop::sample::select(&KILLS[..])],
        noises in prop::collection::vec((0..4_u8, 0..3_usize), 0..4),
        at in 0..5_i64,
    ) {
        let hosts = ["broker-1", "broker-2", "broker-3"];
        let mut tale = Tale::five();
        noises.iter().for_each(|(which, host)| noise(&mut tale, *which, hosts[*host]));
        let mut expected: Vec<(&str, Cause)> = order
            .iter()
            .map(|which| (hosts[*which], kills[*which].strike(&mut tale, hosts[*which], at)))
            .collect();
        expected.sort_unstable();
        let left: Vec<(i64, u32)> = (0..5).zip(0..).filter(|(offset, _)| *offset < at).collect();
        let finding = tale.finding(&left);
        prop_assert_eq!(finding.offset, Some(Offset(at)));
        prop_assert_eq!(causes(&finding), expected);
        let records: u64 = finding.fates.iter().map(|fate| fate.records).sum();
        prop_assert_eq!(records, 5 - left.len() as u64);
        let died = finding.timeline.iter().filter(|moment| moment.kind == MomentKind::Died).count();
        prop_assert_eq!(died, 3);
    }
}
