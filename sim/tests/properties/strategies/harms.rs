//! What is done, to whom, for how long.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sim::nemesis::{Action, Aim, Harm, Length, Span, Target, Until, Way};

use super::lengths;

const SERVERS: &[&str] = &[
    "broker(1)",
    "broker(3)",
    "leader(orders-0)",
    "follower(orders-0, 0)",
    "followers(orders-0)",
    "isr(orders-0)",
    "controller",
    "minority",
    "random",
    "all_brokers",
];

const OTHERS: &[&str] = &["others", "controller", "client(0)", "random_client"];

pub fn target(text: &str) -> Target {
    text.parse().unwrap()
}

/// What breaks no promise, however often it is done: nobody forgets anything.
pub fn gentle() -> impl Strategy<Value = Action> {
    prop_oneof![
        select(vec![Action::Cut, Action::Hold, Action::DropConnections, Action::Pause, Action::Restart]),
        lengths().prop_map(|extra| Action::Delay { extra }),
        lengths().prop_map(|latency| Action::SlowDisk { latency }),
        (0.000_001..=1.0_f64).prop_map(|probability| Action::Loss { probability }),
        (-9_000_000..9_000_000_i64, 1..9_000_000_i64)
            .prop_map(|(low, more)| Action::ClockJump { by_us: Span { low, high: low + more } }),
        (-998_999..0_i64, 0..900_000_i64)
            .prop_map(|(low, more)| Action::ClockDrift { ppm: Span { low, high: low + more } }),
    ]
}

/// Everything there is.
pub fn any() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => gentle(),
        1 => select(vec![Action::Kill, Action::PowerLoss, Action::Wipe]),
        1 => (0.000_001..=1.0_f64).prop_map(|probability| Action::FsyncError { probability }),
    ]
}

/// One of these actions, for a while.
pub fn harms(actions: impl Strategy<Value = Action>) -> impl Strategy<Value = Harm> {
    (actions, lengths(), aims()).prop_map(|(action, lasts, [hosts, links])| {
        let of_links = matches!(
            action,
            Action::Cut | Action::Hold | Action::Delay { .. } | Action::DropConnections | Action::Loss { .. }
        );
        let harm = Harm { action, aim: if of_links { links } else { hosts }, until: Until::Lasts(lasts) };
        let instant = harm.kind().length == Length::Instant;
        if instant { Harm { until: Until::Instant, ..harm } } else { harm }
    })
}

/// Who is hit where it is done to hosts, and where it may be done to links.
fn aims() -> impl Strategy<Value = [Aim; 2]> {
    let targets = |texts: &'static [&'static str]| vec(select(texts).prop_map(target), 1..3);
    (targets(SERVERS), targets(OTHERS), 0..3).prop_map(|(from, to, form)| {
        let hosts = Aim::Hosts(from.clone());
        let links = match form {
            0 => hosts.clone(),
            1 => Aim::Links { from, to, way: Way::Both },
            _ => Aim::Links { from: to, to: from, way: Way::OneWay },
        };
        [hosts, links]
    })
}
