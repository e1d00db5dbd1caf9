//! Axes: from a value to a height in a picture. Heights grow downwards, as SVG counts them.

/// Room below a logarithmic axis for the line of zero, which has no place on it.
const ZERO_GAP: f64 = 30.0;

/// An axis from `bottom` up to `top`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    kind: Kind,
    bottom: f64,
    top: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// From 0 to this.
    Linear { most: f64 },
    /// Whole decades, by the powers of ten at both ends; zero has a line of its own below.
    Log { low: i32, high: i32 },
}

/// A line across, and what it is labelled with.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Which value.
    pub value: f64,
    /// At which height.
    pub y: f64,
}

impl Scale {
    /// From 0, with some room above the greatest of these.
    pub fn linear(values: impl Iterator<Item = f64>, (bottom, top): (f64, f64)) -> Scale {
        let most = values.fold(0.0, f64::max) * 1.25;
        Scale { kind: Kind::Linear { most: if 0.0 < most { most } else { 1.0 } }, bottom, top }
    }

    /// The decades that hold all of these that are above 0.
    pub fn log(values: impl Iterator<Item = f64> + Clone, (bottom, top): (f64, f64)) -> Scale {
        let above = values.filter(|value| 0.0 < *value);
        let decade = |value: f64| value.log10().floor() as i32;
        let low = above.clone().map(decade).min().unwrap_or(0);
        let high = above.map(decade).max().unwrap_or(0) + 1;
        Scale { kind: Kind::Log { low, high }, bottom, top }
    }

    /// Where a value stands; 0 on its line.
    pub fn y(&self, value: f64) -> f64 {
        assert!(0.0 <= value, "{value} is below every axis");
        match self.kind {
            Kind::Linear { most } => self.bottom - (self.bottom - self.top) * value / most,
            Kind::Log { .. } if value <= 0.0 => self.bottom,
            Kind::Log { low, high } => {
                let foot = self.bottom - ZERO_GAP;
                let share = (value.log10() - f64::from(low)) / f64::from(high - low);
                foot - (foot - self.top) * share
            }
        }
    }

    /// Where to draw lines, from the bottom up; 0 is the first.
    pub fn ticks(&self) -> Vec<Tick> {
        let mut values = vec![0.0];
        match self.kind {
            Kind::Linear { most } => {
                let step = round_step(most / 4.0);
                let mut value = step;
                while value <= most {
                    values.push(value);
                    value += step;
                }
            }
            Kind::Log { low, high } => values.extend((low..=high).map(|power| 10_f64.powi(power))),
        }
        values.into_iter().map(|value| Tick { value, y: self.y(value) }).collect()
    }
}

/// The least of 1, 2, 5, 10, 20 … that is not below `least`.
fn round_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|factor| factor * decade).find(|step| least <= *step);
    step.unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_has_a_line_of_its_own_below_every_decade() {
        let scale = Scale::log([0.0, 0.05, 700.0].into_iter(), (300.0, 100.0));
        let ticks = scale.ticks();
        let values: Vec<f64> = ticks.iter().map(|tick| tick.value).collect();
        assert_eq!(values.len(), 7, "{values:?}");
        assert_eq!((ticks[0].y, ticks[1].y, ticks[6].y), (300.0, 300.0 - ZERO_GAP, 100.0));
        assert!(scale.y(0.05) < scale.y(0.0) && scale.y(700.0) < scale.y(0.05));
        assert_eq!(Scale::log([].into_iter(), (300.0, 100.0)).ticks().len(), 3);
    }

    #[test]
    fn linear_axes_begin_at_zero_and_have_round_ticks() {
        let scale = Scale::linear([600.0].into_iter(), (300.0, 100.0));
        let values: Vec<f64> = scale.ticks().iter().map(|tick| tick.value).collect();
        assert_eq!(values, [0.0, 200.0, 400.0, 600.0]);
        assert_eq!((scale.y(0.0), scale.y(750.0)), (300.0, 100.0));
    }
}
