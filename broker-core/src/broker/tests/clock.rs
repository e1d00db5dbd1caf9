//! Clocks that are set.

use proptest::prelude::*;

use super::*;

const SYNC: [(&str, &str); 1] = [("min.insync.replicas", "2")];
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn after_an_hour_ahead_everybody_goes_on_as_if_the_clock_had_never_been_wrong() {
    let mut cluster = Cluster::with_topic(3, &[], &SYNC);
    for id in CONTROLLER..=3 {
        cluster.set_clock(id, HOUR);
        cluster.run(Duration::from_secs(1));
        cluster.set_clock(id, Duration::ZERO);
        cluster.run_until("in sync", |cluster| cluster.partition().1.len() == 3);
        let fenced = cluster.seen(CONTROLLER, "broker_fenced");
        cluster.run(Duration::from_secs(3));
        assert_eq!(cluster.seen(CONTROLLER, "broker_fenced"), fenced, "{id}: heartbeats come as before");
    }
    cluster.kill(3);
    cluster.run_until("3 is fenced in time", |cluster| cluster.partition().1.len() == 2);
}

#[test]
fn a_step_back_of_the_controller_neither_ends_sessions_nor_makes_them_last() {
    let mut cluster = Cluster::with_topic(3, &[], &SYNC);
    cluster.set_clock(CONTROLLER, HOUR);
    cluster.run_until("in sync again", |cluster| cluster.partition().1.len() == 3);
    let fenced = cluster.seen(CONTROLLER, "broker_fenced");
    cluster.set_clock(CONTROLLER, Duration::ZERO);
    cluster.run(Duration::from_secs(2));
    assert_eq!(cluster.seen(CONTROLLER, "broker_fenced"), fenced);
    cluster.kill(2);
    cluster.run_until("2 is fenced", |cluster| fenced < cluster.seen(CONTROLLER, "broker_fenced"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_clocks_do_what_is_acknowledged_is_everywhere_in_the_end(
        steps in prop::collection::vec((CONTROLLER..=3, 0_u64..7_200_000, 1_u64..800, any::<bool>()), 1..25),
    ) {
        let mut cluster = Cluster::with_topic(3, &[], &SYNC);
        let mut waiting = Vec::new();
        for (id, ahead_ms, pass_ms, produces) in steps {
            // Small steps matter as much as large ones.
            let ahead = if id % 2 == 0 { ahead_ms } else { ahead_ms / 3_600 };
            cluster.set_clock(id, Duration::from_millis(ahead));
            let leader = cluster.partition().0;
            if produces && 0 < leader {
                waiting.push(cluster.send(leader, &super::produce(Acks::All, &[&[testing::batch(&["a"])]])));
            }
            cluster.run(Duration::from_millis(pass_ms));
        }
        for id in CONTROLLER..=3 {
            cluster.set_clock(id, Duration::ZERO);
        }
        let caught_up = |cluster: &Cluster, end| (1..=3).all(|id| cluster.offsets(id) == (end, end));
        cluster.run_until("all in sync and caught up", |cluster| {
            cluster.partition().1.len() == 3 && caught_up(cluster, cluster.offsets(1).0)
        });
        let end = cluster.offsets(1).0;
        for connection in waiting {
            let Some(response) = cluster.take_answer::<ProduceRequest>(connection) else { continue };
            let (code, offset) = super::answer(&response);
            prop_assert!(code != ErrorCode::NONE || offset < end, "{offset} was acknowledged, the end is {end}");
        }
    }
}
