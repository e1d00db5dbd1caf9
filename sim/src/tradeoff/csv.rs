//! A comparison as CSV (RFC 4180): a line per setting, with the same columns for ever.

use super::result::{Cost, Loss, Row, Runs, Spread, Tradeoff};

/// The columns of each line. What there is no number for is empty. Times are simulated microseconds.
pub const COLUMNS: [&str; 35] = [
    "flush",
    "partial",
    "quiet_runs",
    "quiet_judged",
    "quiet_acknowledged",
    "acks_per_s",
    "ack_p50_us",
    "ack_p99_us",
    "ack_max_us",
    "flushes_per_s",
    "flushes_per_1000_acks",
    "flushed_bytes_mean",
    "durable_appends",
    "durable_p50_us_median",
    "durable_p99_us_max",
    "one_runs",
    "one_judged",
    "one_unjudged",
    "one_vacuous",
    "one_acknowledged",
    "one_died_mean",
    "one_died_max",
    "one_lost_mean",
    "one_lost_max",
    "one_runs_with_loss",
    "all_runs",
    "all_judged",
    "all_unjudged",
    "all_vacuous",
    "all_acknowledged",
    "all_died_mean",
    "all_died_max",
    "all_lost_mean",
    "all_lost_max",
    "all_runs_with_loss",
];

/// The whole file.
pub fn csv(tradeoff: &Tradeoff) -> String {
    let line = |fields: &[String]| fields.join(",") + "\r\n";
    let mut text = line(&COLUMNS.map(String::from));
    for row in &tradeoff.rows {
        let fields = fields(row, tradeoff.partial);
        assert_eq!(fields.len(), COLUMNS.len(), "each column has its field");
        text += &line(&fields);
    }
    text
}

fn fields(row: &Row, partial: bool) -> Vec<String> {
    // A setting is digits, letters and dashes: nothing needs quotes.
    let mut fields = vec![row.flush.clone(), partial.to_string()];
    let Cost { runs, ack_us, durable, .. } = &row.cost;
    fields.extend([runs.ended, runs.judged, row.cost.acknowledged].map(|count| count.to_string()));
    fields.push(or_empty(row.cost.acks_per_s));
    let times = [ack_us.p50, ack_us.p99, ack_us.max].map(|time| (0 < ack_us.count).then_some(time));
    fields.extend(times.map(or_empty));
    let Cost { flushes_per_s, flushes_per_1000_acks, flushed_bytes_mean, .. } = row.cost;
    fields.extend([flushes_per_s, flushes_per_1000_acks, flushed_bytes_mean].map(or_empty));
    fields.extend(
        [
            durable.map(|durable| durable.appends),
            durable.map(|durable| durable.p50_us_median),
            durable.map(|durable| durable.p99_us_max),
        ]
        .map(or_empty),
    );
    for loss in [&row.one_broker, &row.all_brokers] {
        fields.extend(of_loss(loss));
    }
    fields
}

fn of_loss(loss: &Loss) -> Vec<String> {
    let Runs { ended, judged, unjudged, vacuous } = loss.runs;
    let counts = [ended, judged, unjudged, vacuous, loss.acknowledged];
    let mut fields: Vec<String> = counts.map(|count| count.to_string()).to_vec();
    let spreads = [loss.died, loss.lost];
    let of_spread = |spread: Option<Spread>| {
        [or_empty(spread.map(|spread| spread.mean)), or_empty(spread.map(|spread| spread.max))]
    };
    fields.extend(spreads.into_iter().flat_map(of_spread));
    fields.push(loss.runs_with_loss.to_string());
    fields
}

fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
