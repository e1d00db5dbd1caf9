//! A scenario to begin with.

/// A scenario called `name` that runs as it stands, with a comment where there is something to change. `schema` is
/// where the schema is from there, if there is one.
pub fn template(name: &str, schema: Option<&str>) -> String {
    let first = match schema {
        Some(path) => format!("#:schema {path}"),
        None => "# For an editor: `cargo sim schema > scenario.schema.json`, and here `#:schema scenario.schema.json`.".to_owned(),
    };
    format!("{first}\nname  = \"{name}\"\n{REST}")
}

const REST: &str = r#"story = """
Say here what happens and what is to be learnt from it. As it stands: the leader of orders-0 is killed under load and comes
back, and later a follower loses power. With acks=all and two in-sync replicas nothing that was acknowledged is lost.
"""

[cluster]
brokers    = 3
time_scale = "compressed"         # Kafka's default times divided by 20; "kafka" keeps them

[[topic]]                         # Kafka's properties are written as in server.properties
name = "orders"
partitions = 2
replication.factor  = 3
min.insync.replicas = 2

[[producer]]
acks    = "all"
topics  = ["orders"]
records = 800
rate    = "200/s"

[[consumer]]
topics = ["orders"]

[[fault]]                         # at a time of the fault phase; "500ms..2s" would be drawn from the seed
kind     = "kill"
target   = "leader(orders-0)"     # whoever leads then
at       = "1s"
down_for = "1s"

[[fault]]                         # when something happens for the n-th time
kind     = "power_loss"
target   = "follower(orders-0, 0)"
when     = { event = "record_acknowledged", nth = 500 }
down_for = "1s"

# [[nemesis]]                     # random faults, drawn from the seed, within what the settings promise to survive
# kind  = "partition"
# every = "500ms..2s"
# lasts = "100ms..1s"

[phases]
warmup   = "10s"                  # at most, until the cluster serves
faults   = "6s"                   # faults happen; then everything is healed
liveness = "20s"                  # at most, until the cluster serves again and its replicas agree

[expect]
verdict = "pass"                  # or violation = "lost-write"
"#;
