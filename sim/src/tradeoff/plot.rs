//! A comparison as a picture: what each setting costs above, what it buys below, one column per setting.
//!
//! Markers are not joined by lines: between two settings there is nothing. What is zero stands on the line of zero, and
//! what there is no number for is not there. Means and greatest values over the runs are told apart: the marker is the
//! mean, the bar above it the greatest.

use super::result::{Loss, Row, Spread, Tradeoff};
use super::scale::Scale;
use super::svg::{Anchor, BLUE, GREEN, Marker, ORANGE, PURPLE, Series, Svg, Weight, width_of};
use super::table::short;

/// Columns begin here and end so far from the right.
const SIDE: f64 = 78.0;
/// A column is at least so wide: four series, each with a number of four letters.
const COLUMN: f64 = 132.0;
/// The picture is at least so wide: its legends have to fit.
const WIDTH_LEAST: f64 = 860.0;
const HEIGHT: f64 = 720.0;
/// Bottom and top of the two panels.
const COST: (f64, f64) = (310.0, 120.0);
const LOSSES: (f64, f64) = (616.0, 406.0);
/// The part of a column that its series share.
const SHARE: f64 = 0.88;

const TITLE: f64 = 17.0;
const WORDS: f64 = 12.0;
const NUMBERS: f64 = 10.0;

const P50: Series = Series { name: "p50, from send to acknowledgement", color: BLUE, marker: Marker::Ring };
const P99: Series = Series { name: "p99", color: BLUE, marker: Marker::Disc };
const RATE: Series =
    Series { name: "acknowledged records/s (right axis)", color: GREEN, marker: Marker::Square };

const DIED_ONE: Series = Series { name: "died, one broker", color: PURPLE, marker: Marker::Ring };
const DIED_ALL: Series = Series { name: "died, all brokers", color: PURPLE, marker: Marker::Box };
const LOST_ONE: Series = Series { name: "lost, one broker", color: ORANGE, marker: Marker::Triangle };
const LOST_ALL: Series = Series { name: "lost, all brokers", color: ORANGE, marker: Marker::Diamond };

/// The whole file.
pub fn plot(tradeoff: &Tradeoff) -> String {
    let labels = tradeoff.rows.iter().map(label);
    let widest = labels.map(|label| width_of(&label, WORDS)).fold(0.0, f64::max) + 8.0;
    let count = tradeoff.rows.len() as f64;
    let column = COLUMN.max(widest).max((WIDTH_LEAST - 2.0 * SIDE) / count);
    let width = 2.0 * SIDE + column * count;
    let title = cut(&format!("What flushing costs, and what it buys: {}", tradeoff.scenario.name), width);
    let mut plot = Plot { svg: Svg::new((width, HEIGHT), &title, &described(tradeoff)), column, width };
    plot.svg.text((SIDE, 28.0), TITLE, (Anchor::Start, Weight::Bold), &title);
    plot.svg.text((SIDE, 48.0), WORDS, (Anchor::Start, Weight::Faint), &rests_on(tradeoff));
    plot.costs(&tradeoff.rows);
    plot.losses(&tradeoff.rows);
    plot.names(tradeoff);
    plot.svg.finish()
}

/// A column's name, with a star if some of its runs are in no number.
fn label(row: &Row) -> String {
    let all = [row.cost.runs, row.one_broker.runs, row.all_brokers.runs];
    let whole = all.iter().all(|runs| runs.judged == runs.ended);
    format!("{}{}", row.flush, if whole { "" } else { "*" })
}

fn rests_on(tradeoff: &Tradeoff) -> String {
    let Tradeoff { seeds, runs_planned, runs_ended, .. } = tradeoff;
    let text =
        format!("seeds {} to {}, three runs each per setting, simulated time", seeds.first, seeds.last);
    if tradeoff.partial { format!("PARTIAL, {runs_ended} of {runs_planned} runs: {text}") } else { text }
}

/// For who cannot see it: every number in words.
fn described(tradeoff: &Tradeoff) -> String {
    let words = |row: &Row| {
        let lost = |loss: &Loss| loss.lost.map_or_else(|| "-".to_owned(), |lost| short(lost.mean));
        format!(
            "flush {}: acknowledgement p50 {} ms, p99 {} ms; mean of acknowledged records lost with the power of one \
             broker {}, of all brokers {}.",
            row.flush,
            millis(row.cost.ack_us.p50),
            millis(row.cost.ack_us.p99),
            lost(&row.one_broker),
            lost(&row.all_brokers),
        )
    };
    tradeoff.rows.iter().map(words).collect::<Vec<_>>().join(" ")
}

fn millis(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// So much of a text as fits.
fn cut(text: &str, width: f64) -> String {
    let fits = ((width - 2.0 * SIDE) / width_of("m", TITLE)) as usize;
    if text.chars().count() <= fits {
        return text.to_owned();
    }
    text.chars().take(fits.saturating_sub(1)).chain(['…']).collect()
}

struct Plot {
    svg: Svg,
    column: f64,
    width: f64,
}

impl Plot {
    /// The middle of a series' own part of a column.
    fn x(&self, column: usize, series: usize, of: usize) -> f64 {
        let middle = SIDE + self.column * (column as f64 + 0.5);
        let part = self.column * SHARE / of as f64;
        middle + part * (series as f64 + 0.5 - of as f64 / 2.0)
    }

    fn costs(&mut self, rows: &[Row]) {
        let measured: Vec<&Row> = rows.iter().filter(|row| 0 < row.cost.ack_us.count).collect();
        let times = measured.iter().flat_map(|row| [row.cost.ack_us.p50, row.cost.ack_us.p99]).map(millis);
        let times = Scale::log(times, COST);
        let rates = Scale::linear(rows.iter().filter_map(|row| row.cost.acks_per_s), COST);
        self.panel("what it costs", COST, &times, &[P50, P99, RATE]);
        self.svg.upwards((22.0, middle(COST)), WORDS, "latency in ms (log)");
        self.svg.upwards((self.width - 18.0, middle(COST)), WORDS, "acknowledged records/s");
        for tick in rates.ticks() {
            let place = (self.width - SIDE + 8.0, tick.y + 4.0);
            self.svg.text(place, NUMBERS, (Anchor::Start, Weight::Faint), &short(tick.value));
        }
        for (column, row) in rows.iter().enumerate() {
            if 0 < row.cost.ack_us.count {
                for (index, series, us) in [(0, P50, row.cost.ack_us.p50), (1, P99, row.cost.ack_us.p99)] {
                    self.value(series, self.x(column, index, 3), &times, millis(us));
                }
            }
            if let Some(rate) = row.cost.acks_per_s {
                self.value(RATE, self.x(column, 2, 3), &rates, rate);
            }
        }
    }

    fn losses(&mut self, rows: &[Row]) {
        let of = |row: &Row| {
            [row.one_broker.died, row.all_brokers.died, row.one_broker.lost, row.all_brokers.lost]
        };
        let spreads = rows.iter().flat_map(of).flatten();
        let scale = Scale::log(spreads.flat_map(|spread| [spread.mean, spread.max as f64]), LOSSES);
        let all = [DIED_ONE, DIED_ALL, LOST_ONE, LOST_ALL];
        self.panel(
            "what it buys: copies that died and acknowledged records lost, per power loss (mean; bar: most)",
            LOSSES,
            &scale,
            &all,
        );
        self.svg.upwards((22.0, middle(LOSSES)), WORDS, "records per power loss (log)");
        for (column, row) in rows.iter().enumerate() {
            for (index, (series, spread)) in all.into_iter().zip(of(row)).enumerate() {
                if let Some(spread) = spread {
                    self.spread(series, self.x(column, index, all.len()), &scale, spread);
                }
            }
        }
    }

    /// Heading, legend, and lines across.
    fn panel(&mut self, heading: &str, (bottom, top): (f64, f64), scale: &Scale, legend: &[Series]) {
        self.svg.text((SIDE, top - 40.0), WORDS, (Anchor::Start, Weight::Bold), heading);
        let mut x = SIDE + 6.0;
        for series in legend {
            self.svg.marker(*series, (x, top - 25.0));
            self.svg.text((x + 10.0, top - 21.0), WORDS, (Anchor::Start, Weight::Plain), series.name);
            x += width_of(series.name, WORDS) + 34.0;
        }
        let (left, right) = (SIDE, self.width - SIDE);
        for tick in scale.ticks() {
            self.svg.rule((left, tick.y), (right, tick.y), 0.0 < tick.value);
            let place = (left - 8.0, tick.y + 4.0);
            self.svg.text(place, NUMBERS, (Anchor::End, Weight::Faint), &short(tick.value));
        }
        let edges = ((right - left) / self.column).round() as usize;
        for edge in 0..=edges {
            let x = left + self.column * edge as f64;
            self.svg.rule((x, bottom), (x, top), false);
        }
    }

    fn value(&mut self, series: Series, x: f64, scale: &Scale, value: f64) {
        let y = scale.y(value);
        self.svg.marker(series, (x, y));
        self.svg.text((x, y - 8.0), NUMBERS, (Anchor::Middle, Weight::Plain), &short(value));
    }

    /// The greatest is written above its bar, the mean below its marker; once, if they are the same.
    fn spread(&mut self, series: Series, x: f64, scale: &Scale, Spread { mean, max, .. }: Spread) {
        let (y, most) = (scale.y(mean), scale.y(max as f64));
        if mean < max as f64 {
            self.svg.whisker(series, x, (y, most));
            self.svg.text((x, y + 16.0), NUMBERS, (Anchor::Middle, Weight::Plain), &short(mean));
        }
        self.svg.marker(series, (x, y));
        self.svg.text((x, most.min(y) - 8.0), NUMBERS, (Anchor::Middle, Weight::Plain), &short(max as f64));
    }

    /// What the columns are.
    fn names(&mut self, tradeoff: &Tradeoff) {
        for (column, row) in tradeoff.rows.iter().enumerate() {
            let x = SIDE + self.column * (column as f64 + 0.5);
            for (bottom, _) in [COST, LOSSES] {
                self.svg.text((x, bottom + 20.0), WORDS, (Anchor::Middle, Weight::Plain), &label(row));
            }
        }
        let words = "flush setting: a number of messages, an interval of the scheduler, or as it says";
        self.svg.text((self.width / 2.0, 660.0), WORDS, (Anchor::Middle, Weight::Plain), words);
        let mut notes = "A copy that dies may live on elsewhere; a lost record is nowhere.".to_owned();
        let left_out = tradeoff.left_out.len();
        if 0 < left_out {
            notes +=
                &format!(" * {left_out} runs could not be judged or showed nothing, and are in no number.");
        }
        self.svg.text((SIDE, 688.0), WORDS, (Anchor::Start, Weight::Faint), &notes);
    }
}

fn middle((bottom, top): (f64, f64)) -> f64 {
    (bottom + top) / 2.0
}
