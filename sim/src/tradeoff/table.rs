//! A comparison as two tables for people: what each setting costs, and what it buys.

use super::result::{Loss, Row, Runs, Spread, Tradeoff};

/// More runs than this are for `tradeoff.json`.
const LEFT_OUT_MAX: usize = 8;

/// Both tables, what they rest on, and every run that is in no number.
pub fn table(tradeoff: &Tradeoff) -> String {
    let Tradeoff { seeds, runs_planned, runs_ended, .. } = tradeoff;
    let mut text = format!(
        "{}: {} flush settings, {} seeds from {} to {}, {runs_ended} of {runs_planned} runs{}\n",
        tradeoff.scenario.name,
        tradeoff.rows.len(),
        seeds.count,
        seeds.first,
        seeds.last,
        if tradeoff.partial { ": PARTIAL, it was interrupted" } else { "" },
    );
    text += "\nwhat it costs (nothing goes wrong; flushes and bytes of all brokers together):\n";
    let header = [
        "flush",
        "runs",
        "acks",
        "acks/s",
        "ack p50",
        "ack p99",
        "flushes/s",
        "per 1000 acks",
        "flushed/run",
        "durable p50",
        "p99 max",
    ];
    text += &aligned(&header, tradeoff.rows.iter().map(cost));
    text +=
        "\nwhat it buys (records per power loss, mean and max over the runs; each copy that died counts):\n";
    let header = [
        "flush",
        "one broker",
        "died",
        "max",
        "acks lost",
        "max",
        "in runs",
        "all brokers",
        "died",
        "max",
        "acks lost",
        "max",
        "in runs",
        "of acks",
    ];
    text += &aligned(&header, tradeoff.rows.iter().map(losses));
    for run in tradeoff.left_out.iter().take(LEFT_OUT_MAX) {
        let (flush, blow, seed) = (&run.flush, &run.blow, run.seed);
        text += &format!("left out: {flush}, {blow}, seed {seed}: {} ({})\n", run.verdict, run.reason);
    }
    if let Some(more) = tradeoff.left_out.len().checked_sub(LEFT_OUT_MAX).filter(|more| 0 < *more) {
        text += &format!("left out: {more} more, see tradeoff.json\n");
    }
    for row in tradeoff.rows.iter().filter(|row| !row.cost.anomalies.is_empty()) {
        let names: Vec<&str> = row.cost.anomalies.keys().map(String::as_str).collect();
        text += &format!("wrong although nothing happened, with {}: {}\n", row.flush, names.join(", "));
    }
    text
}

fn cost(row: &Row) -> Vec<String> {
    let cost = &row.cost;
    let latency = |us| if cost.ack_us.count == 0 { none() } else { millis(us) };
    vec![
        row.flush.clone(),
        runs(cost.runs),
        cost.acknowledged.to_string(),
        number(cost.acks_per_s),
        latency(cost.ack_us.p50),
        latency(cost.ack_us.p99),
        number(cost.flushes_per_s),
        number(cost.flushes_per_1000_acks),
        cost.flushed_bytes_mean.map_or_else(none, bytes),
        cost.durable.map_or_else(none, |durable| millis(durable.p50_us_median)),
        cost.durable.map_or_else(none, |durable| millis(durable.p99_us_max)),
    ]
}

fn losses(row: &Row) -> Vec<String> {
    let of = |loss: &Loss| {
        let mean = |spread: Option<Spread>| spread.map_or_else(none, |spread| short(spread.mean));
        let most = |spread: Option<Spread>| spread.map_or_else(none, |spread| spread.max.to_string());
        let with_loss = format!("{}/{}", loss.runs_with_loss, loss.runs.judged);
        [runs(loss.runs), mean(loss.died), most(loss.died), mean(loss.lost), most(loss.lost), with_loss]
    };
    let mut fields = vec![row.flush.clone()];
    fields.extend(of(&row.one_broker));
    fields.extend(of(&row.all_brokers));
    fields.push(row.all_brokers.acknowledged.to_string());
    fields
}

/// How many were judged, and of how many; if these are fewer, why.
fn runs(runs: Runs) -> String {
    let Runs { ended, judged, unjudged, vacuous } = runs;
    let mut text = format!("{judged}/{ended}");
    for (count, word) in [(unjudged, "unjudged"), (vacuous, "vacuous")] {
        if 0 < count {
            text += &format!(" ({count} {word})");
        }
    }
    text
}

fn none() -> String {
    "-".to_owned()
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(none, |value| format!("{value:.1}"))
}

fn millis(us: u64) -> String {
    format!("{}.{:03}ms", us / 1000, us % 1000)
}

fn bytes(bytes: f64) -> String {
    format!("{:.1}kB", bytes / 1000.0)
}

/// A number in few letters, and never 0 for what is not 0.
pub(super) fn short(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 && value < 1000.0 => format!("{value:.0}"),
        value if value < 0.01 => format!("{value:.0e}"),
        value if value < 0.995 => format!("{value:.2}"),
        value if value < 9.95 => format!("{value:.1}"),
        value if value < 999.5 => format!("{value:.0}"),
        value if value < 999_500.0 => short(value / 1e3) + "k",
        value if value < 999_500_000.0 => short(value / 1e6) + "M",
        value => format!("{value:.0e}"),
    }
}

/// The first column to the left, the others to the right.
fn aligned(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut lines: Vec<Vec<String>> = vec![header.iter().copied().map(String::from).collect()];
    lines.extend(rows);
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let cell = |(column, text): (usize, &String)| match column {
        0 => format!("  {text:<width$}", width = widths[0]),
        column => format!("  {text:>width$}", width = widths[column]),
    };
    lines.iter().map(|line| line.iter().enumerate().map(cell).collect::<String>() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_nothing_but_nothing_is_zero() {
        let said = [0.0, 0.0005, 0.05, 0.999, 4.0, 3.97, 12.4, 999.6, 1234.0, 56_789.0, 2e6, 4e9].map(short);
        let expected = ["0", "5e-4", "0.05", "1.0", "4", "4.0", "12", "1.0k", "1.2k", "57k", "2M", "4e9"];
        assert_eq!(said, expected);
    }
}
