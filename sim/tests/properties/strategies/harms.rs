//! What is done, to whom, for how long.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sim::nemesis::{
    Action, Aim, BitRot, DiskFault, FilePattern, Harm, Latency, Length, RotPlace, Span, Target, Unsynced,
    Until, Way,
};

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
        slow().prop_map(Action::Disk),
        Just(Action::Disk(DiskFault::Stall)),
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
        1 => select(vec![Action::Kill, Action::Wipe]),
        1 => select(vec![Unsynced::Lost, Unsynced::Torn, Unsynced::Reordered]).prop_map(Action::PowerLoss),
        1 => failing().prop_map(Action::Disk),
        1 => rot().prop_map(Action::Rot),
    ]
}

/// Some of the three latencies, at least one.
fn slow() -> impl Strategy<Value = DiskFault> {
    let range = || lengths().prop_map(|span| -> Latency { (span.low, span.high) });
    (range(), 1..8_u8).prop_map(|(range, of)| {
        let [flush, read, append] = [1, 2, 4].map(|bit| (of & bit != 0).then_some(range));
        DiskFault::Slow { flush, read, append }
    })
}

/// Disks that fail, lie, or have no room.
fn failing() -> impl Strategy<Value = DiskFault> {
    let probability = || 0.000_001..=1.0_f64;
    prop_oneof![
        probability().prop_map(|probability| DiskFault::FsyncError { probability }),
        probability().prop_map(|probability| DiskFault::FsyncLie { probability }),
        (probability(), files()).prop_map(|(probability, files)| DiskFault::ReadError { probability, files }),
        (probability(), files())
            .prop_map(|(probability, files)| DiskFault::WriteError { probability, files }),
        (0..20_000_u64).prop_map(|free| DiskFault::Full { free }),
    ]
}

fn rot() -> impl Strategy<Value = BitRot> {
    let regions = select(vec![RotPlace::Anywhere, RotPlace::Head, RotPlace::Tail]);
    let place = prop_oneof![regions, (0..100_i64).prop_map(RotPlace::Record)];
    (files(), place, 1..9_u32).prop_map(|(files, place, bits)| BitRot { files, place, bits })
}

fn files() -> impl Strategy<Value = FilePattern> {
    select(vec!["*", "*.log", "orders-0/*", "*checkpoint*"]).prop_map(|text| text.parse().unwrap())
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
