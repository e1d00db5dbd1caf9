//! One row for each event: a small cluster in which it happens, at a host that is known by its role.

use crate::lookup::{PLAIN, Settings};

/// Where an event happens, and how often before the fault.
pub struct Row {
    pub event: &'static str,
    /// A role that means one host then.
    pub at: &'static str,
    pub nth: u64,
    /// What else is asked of the event.
    pub more: &'static str,
    pub settings: Settings,
    pub difference: Difference,
}

/// Who can tell before from after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Others: a request, a response or an acknowledgement left, which [`crate::moments`] follows up.
    ForOthers,
    /// Only the host itself: its memory, its disk, its trace.
    OnItsHost,
    /// Nobody: they are the same moment.
    None,
}

const LEADER: &str = "leader(orders-0)";
const FOLLOWER: &str = "follower(orders-0, 0)";

/// A follower is away until the leader goes on without it.
const FOLLOWER_AWAY: Settings = Settings {
    before: r#"
[[fault]]
kind     = "kill"
target   = "follower(orders-0, 1)"
at       = "400ms"
down_for = "900ms"
"#,
    ..PLAIN
};

/// Another broker leads, and the former leader returns.
pub const FAILOVER: Settings = Settings {
    before: r#"
[[fault]]
kind     = "kill"
target   = "leader(orders-0)"
at       = "400ms"
down_for = "900ms"
"#,
    ..PLAIN
};

/// The leader goes on alone with its own producer, while another one leads: it has records nobody else has.
pub const LEFT_BEHIND: Settings = Settings {
    producers: r#"
[[producer]]
topics  = ["orders"]
records = 200
rate    = "100/s"
"#,
    before: r#"
[[fault]]
kind    = "partition"
between = [["broker(1)", "client(0)"], ["broker(2)", "broker(3)", "controller", "client(1)"]]
at      = "400ms"
lasts   = "1500ms"
"#,
    ..PLAIN
};

/// A leader asks for another ISR while the controller makes it smaller without being asked.
const ASKED_TOO_LATE: Settings = Settings {
    before: r#"
[[fault]]
kind     = "kill"
target   = "follower(orders-0, 0)"
at       = "400ms"
down_for = "900ms"

[[fault]]
kind   = "hold"
from   = "leader(orders-0)"
to     = "controller"
lasts  = "300ms"
when   = { event = "alter_partition_sent", moment = "before" }

[[fault]]
kind   = "restart"
target = "follower(orders-0, 1)"
when   = { event = "alter_partition_sent" }
"#,
    ..PLAIN
};

const fn row(event: &'static str, at: &'static str, nth: u64, settings: Settings) -> Row {
    Row { event, at, nth, more: "", settings, difference: Difference::ForOthers }
}

const fn own(event: &'static str, at: &'static str, nth: u64, settings: Settings) -> Row {
    Row { difference: Difference::OnItsHost, ..row(event, at, nth, settings) }
}

/// Every event of `EVENTS`.
pub const ROWS: &[Row] = &[
    row("record_appended", LEADER, 50, PLAIN),
    row("record_replicated", FOLLOWER, 50, PLAIN),
    row("record_acknowledged", "client(0)", 50, PLAIN),
    row("produce_answered", LEADER, 50, PLAIN),
    row(
        "duplicate_recognised",
        LEADER,
        1,
        Settings {
            before: r#"
[[fault]]
kind  = "partition"
from  = "leader(orders-0)"
to    = "client(0)"
at    = "400ms"
lasts = "200ms"
"#,
            ..PLAIN
        },
    ),
    row("batch_sent", "client(0)", 50, PLAIN),
    row("high_watermark_advanced", LEADER, 50, PLAIN),
    row("isr_shrunk", LEADER, 1, FOLLOWER_AWAY),
    own("isr_expanded", LEADER, 1, FOLLOWER_AWAY),
    row("alter_partition_sent", LEADER, 1, FOLLOWER_AWAY),
    own("alter_partition_answered", LEADER, 1, FOLLOWER_AWAY),
    row("alter_partition_refused", "controller", 1, ASKED_TOO_LATE),
    own("leader_elected", "controller", 1, FAILOVER),
    row("epoch_started", LEADER, 1, FAILOVER),
    row("following_started", "broker(1)", 1, FAILOVER),
    own("log_truncated", "broker(1)", 1, LEFT_BEHIND),
    row("segment_rolled", LEADER, 3, Settings { topic: "segment.bytes = 1024", ..PLAIN }),
    own(
        "segments_deleted",
        LEADER,
        2,
        Settings {
            broker: "log.initial.task.delay.ms = 300\nlog.retention.check.interval.ms = 200",
            topic: "segment.bytes = 1024\nretention.bytes = 2048",
            ..PLAIN
        },
    ),
    own("flush_started", LEADER, 3, PLAIN),
    own("flush_finished", LEADER, 3, PLAIN),
    own("disk_flush_finished", LEADER, 4, PLAIN),
    own("recovery_started", "broker(1)", 1, FAILOVER),
    own("recovery_finished", "broker(1)", 1, FAILOVER),
    own("broker_registered", "controller", 1, FAILOVER),
    own("broker_fenced", "controller", 1, FAILOVER),
    own("broker_unfenced", "controller", 1, FAILOVER),
    row(
        "producer_id_assigned",
        "client(0)",
        1,
        Settings {
            before: r#"
[[fault]]
kind     = "kill"
target   = "client(0)"
at       = "400ms"
down_for = "100ms"
"#,
            ..PLAIN
        },
    ),
    row(
        "snapshot_written",
        "controller",
        1,
        Settings { broker: "metadata.log.max.record.bytes.between.snapshots = 300", ..FAILOVER },
    ),
    Row { more: r#"api = "Fetch""#, ..row("request_sent", FOLLOWER, 40, PLAIN) },
    Row { more: r#"api = "Produce""#, ..row("request_received", LEADER, 40, PLAIN) },
    Row { difference: Difference::None, ..row("host_started", "broker(1)", 1, FAILOVER) },
];
