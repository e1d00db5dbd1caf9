//! The keys of `[[fault]]` and `[[nemesis]]`, kind by kind.

use super::form::Form;
use super::table::{Absent, Key};
use crate::nemesis::{KINDS, Kind, Length, Shape};

use Absent::{Default, Means, Refused};

/// What a kind adds to a `[[fault]]`: its aim, its end, its parameters.
pub fn fault_keys(kind: &Kind) -> Vec<Key> {
    let ends: &[Key] = match kind.length {
        Length::DownFor if kind.name == "restart" => {
            &[Key { absent: Default("\"500ms\""), ..DOWN_FOR }, UNTIL]
        }
        Length::DownFor => &[DOWN_FOR, UNTIL],
        Length::Lasts => &[LASTS, UNTIL],
        Length::Instant => &[],
    };
    let aim = aims(kind.shape).iter().copied();
    aim.chain(ends.iter().copied()).chain(parameters(kind)).collect()
}

/// What a kind adds to a `[[nemesis]]`. Only its aim may be left out, and it is never open-ended.
pub fn nemesis_keys(kind: &Kind) -> Vec<Key> {
    let end = match kind.length {
        Length::DownFor => Some(DOWN_FOR),
        Length::Lasts => Some(LASTS),
        Length::Instant => None,
    };
    let usual = Means("what is usual for the kind");
    let aim = aims(kind.shape).iter().map(|key| Key { absent: usual, ..*key });
    let end = end.map(|key| Key { absent: Default("\"100ms..2s\""), ..key });
    aim.chain(end).chain(parameters(kind)).collect()
}

/// The ways to aim, each with the keys that belong together.
pub fn ways_to_aim(shape: Shape) -> &'static [&'static [&'static str]] {
    match shape {
        Shape::Hosts => &[&["target"]],
        Shape::Links => &[&["between"], &["from", "to"]],
        Shape::HostsOrLinks => &[&["target"], &["between"], &["from", "to"]],
    }
}

fn aims(shape: Shape) -> &'static [Key] {
    match shape {
        Shape::Hosts => &[TARGET],
        Shape::Links => &[BETWEEN, FROM, TO],
        Shape::HostsOrLinks => &[LINKS_OF, BETWEEN, FROM, TO],
    }
}

/// Whether a key belongs to what is done, and not to its aim, its beginning or its end.
pub fn is_parameter(key: &Key) -> bool {
    KINDS.iter().flat_map(parameters).any(|parameter| parameter.name == key.name)
}

/// Keys of a kind of which at least one is needed.
pub fn some_of(kind: &Kind) -> &'static [&'static str] {
    match kind.name {
        "slow_disk" => &["latency", "read_latency", "append_latency"],
        _ => &[],
    }
}

/// Keys of a kind that exclude each other.
pub fn one_of(kind: &Kind) -> &'static [&'static str] {
    match kind.name {
        "bit_rot" => &["region", "offset"],
        _ => &[],
    }
}

fn parameters(kind: &Kind) -> impl Iterator<Item = Key> {
    let always = |doc| Key { absent: Default("1.0"), doc, ..PROBABILITY };
    let parameters = match kind.name {
        "power_loss" => vec![UNSYNCED],
        "delay" => vec![EXTRA],
        "loss" => vec![PROBABILITY],
        "slow_disk" => vec![LATENCY, READ_LATENCY, APPEND_LATENCY],
        "fsync_error" => vec![always("Of each flush, how likely it fails.")],
        "fsync_lie" => vec![always("Of each flush, how likely it lies.")],
        "read_error" => vec![always("Of each read, how likely it fails."), FILES],
        "write_error" => vec![always("Of each append and replacement, how likely it fails."), FILES],
        "disk_full" => vec![FREE],
        "bit_rot" => vec![Key { absent: Default("\"*.log\""), ..FILES }, REGION, OFFSET, BITS],
        "clock_jump" => vec![JUMP],
        "clock_drift" => vec![DRIFT],
        _ => Vec::new(),
    };
    parameters.into_iter()
}

pub(super) const KIND: Key =
    Key { name: "kind", form: Form::Kind, absent: Refused, doc: "What is done.", example: "\"kill\"" };
pub(super) const FAULT_NAME: Key = Key {
    name: "name",
    form: Form::FaultName,
    absent: Means("nothing can wait for it"),
    doc: "What other faults call it in `when` and `until`; unique.",
    example: "\"first\"",
};
pub(super) const START: Key = Key {
    name: "at",
    form: Form::Durations,
    absent: Means("`when` says it"),
    doc: "When it begins, from the beginning of the fault phase; a range is drawn from the seed.",
    example: "\"1s..3s\"",
};
pub(super) const WHEN: Key = Key {
    name: "when",
    form: Form::Trigger,
    absent: Means("`at` says it"),
    doc: "What it begins with: the n-th time an event happens. Exactly one of `at` and `when` is needed.",
    example: "{ event = \"record_acknowledged\", nth = 100 }",
};
pub(super) const MAY_MISS: Key = Key {
    name: "may_miss",
    form: Form::Flag,
    absent: Default("false"),
    doc: "Whether it may change nothing without making the run vacuous.",
    example: "true",
};
pub(super) const STREAM: Key = Key {
    name: "stream",
    form: Form::Whole { min: 0, max: i64::MAX },
    absent: Means("that of its position in the file"),
    doc: "Which stream of randomness it draws from. A resolved scenario says it, so that leaving one fault out does not \
          shift what the others draw.",
    example: "3",
};
pub(super) const ALL_MAY_MISS: Key = Key {
    doc: "Whether all of them together may change nothing without making the run vacuous.",
    ..MAY_MISS
};
pub(super) const EVERY: Key = Key {
    name: "every",
    form: Form::Durations,
    absent: Refused,
    doc: "The time from one beginning to the next, and to the first, drawn each time.",
    example: "\"1s..4s\"",
};
pub(super) const AT_MOST: Key = Key {
    name: "at_most",
    form: Form::Whole { min: 1, max: i64::MAX },
    absent: Means("as many as there is time for"),
    doc: "No more of them than this.",
    example: "5",
};
const TARGET: Key = Key {
    name: "target",
    form: Form::Targets,
    absent: Refused,
    doc: "Whom it hits, all at the same time; found out when it begins.",
    example: "\"leader(orders-0)\"",
};
const LINKS_OF: Key =
    Key { absent: Means(LINKS), doc: "Whose links it hits: all links of each of these hosts.", ..TARGET };
const LINKS: &str = "the links are named in another way";
const BETWEEN: Key = Key {
    name: "between",
    form: Form::Sides,
    absent: Means(LINKS),
    doc: "The links between two groups, both ways. Exactly one of the ways to name links is needed.",
    example: "[\"leader(orders-0)\", \"others\"]",
};
const FROM: Key = Key {
    name: "from",
    form: Form::Targets,
    absent: Means(LINKS),
    doc: "One way only: the senders. Answers still come the other way.",
    example: "\"leader(orders-0)\"",
};
const TO: Key = Key {
    name: "to",
    form: Form::Targets,
    absent: Means(LINKS),
    doc: "One way only: the receivers.",
    example: "\"controller\"",
};
const DOWN_FOR: Key = Key {
    name: "down_for",
    form: Form::Durations,
    absent: Means("until the heal at the end of the fault phase"),
    doc: "How long it is down; a range is drawn from the seed.",
    example: "\"2s\"",
};
const LASTS: Key = Key {
    name: "lasts",
    form: Form::Durations,
    absent: Means("until the heal at the end of the fault phase"),
    doc: "How long it goes on; a range is drawn from the seed.",
    example: "\"500ms..2s\"",
};
const UNTIL: Key = Key {
    name: "until",
    form: Form::TimeOrTrigger,
    absent: Means("the duration says it"),
    doc: "When it ends, instead of a duration: a time in the fault phase, or a trigger.",
    example: "\"6s\"",
};
const EXTRA: Key = Key {
    name: "extra",
    form: Form::Durations,
    absent: Refused,
    doc: "How much longer each message takes, drawn for each.",
    example: "\"50ms..200ms\"",
};
const PROBABILITY: Key = Key {
    name: "probability",
    form: Form::Probability,
    absent: Refused,
    doc: "Of each message and each attempt to connect, how likely it is lost.",
    example: "0.05",
};
const UNSYNCED: Key = Key {
    name: "unsynced",
    form: Form::Word(&["lost", "torn", "reordered"]),
    absent: Default("\"lost\""),
    doc: "What becomes of what was not flushed. `lost`: nothing of it survives. `torn`: of each file it survives up to some \
          sector. `reordered`: any sectors of it survive, and what lies between them was never written.",
    example: "\"torn\"",
};
const LATENCY: Key = Key {
    name: "latency",
    form: Form::Durations,
    absent: Means("flushes take what they always take"),
    doc: "How long each step of a flush takes, drawn for each.",
    example: "\"100ms..500ms\"",
};
const READ_LATENCY: Key = Key {
    name: "read_latency",
    absent: Means("reads take what they always take"),
    doc: "How long each read of what is not in the page cache takes, drawn for each.",
    example: "\"5ms..50ms\"",
    ..LATENCY
};
const APPEND_LATENCY: Key = Key {
    name: "append_latency",
    absent: Means("appends take what they always take"),
    doc: "How long each append takes, drawn for each.",
    example: "\"1ms..10ms\"",
    ..LATENCY
};
const FILES: Key = Key {
    name: "files",
    form: Form::Files,
    absent: Default("\"*\""),
    doc: "Which files of the disk; `*` stands for any text, also for `/`.",
    example: "\"orders-0/*.log\"",
};
const FREE: Key = Key {
    name: "free",
    form: Form::Whole { min: 0, max: i64::MAX },
    absent: Default("0"),
    doc: "How many bytes more there is room for when it begins. Bytes that are cut or removed make room.",
    example: "4096",
};
const REGION: Key = Key {
    name: "region",
    form: Form::Word(&["anywhere", "head", "tail"]),
    absent: Default("\"anywhere\""),
    doc: "Where in the file: in its first half, in its second half, or anywhere. Not beside `offset`.",
    example: "\"tail\"",
};
const OFFSET: Key = Key {
    name: "offset",
    form: Form::Whole { min: 0, max: i64::MAX },
    absent: Means("`region` says where"),
    doc: "In the batch that holds the record at this offset. Not beside `region`.",
    example: "10",
};
const BITS: Key = Key {
    name: "bits",
    form: Form::Whole { min: 1, max: 1_000 },
    absent: Default("1"),
    doc: "How many bits, each in a byte of its own where there are as many.",
    example: "3",
};
const JUMP: Key = Key {
    name: "by",
    form: Form::SignedDurations,
    absent: Refused,
    doc: "How far, forward or back; not 0. A range is drawn from the seed.",
    example: "\"-2s..2s\"",
};
const DRIFT: Key = Key {
    name: "by",
    form: Form::Drifts,
    absent: Refused,
    doc: "How much too fast or too slow; more than -99.9% and at most +1000%. A range is drawn from the seed.",
    example: "\"+5%\"",
};
