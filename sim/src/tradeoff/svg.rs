//! The little SVG a plot needs: text, lines and markers, without scripts, fonts or anything from elsewhere.
//!
//! Colours are those of Okabe and Ito, which people who see colours differently can tell apart, and each series has a
//! marker of its own, so that a picture without any colour says the same. Attributes give the colours for a light
//! background; where the reader prefers a dark one, the style sheet replaces them.

use std::fmt::Write;

/// What follows the reader's preference. Classes: `paper`, `ink`, `faint`, and those of [`Series`].
const STYLE: &str = "@media (prefers-color-scheme: dark) { \
     .paper { fill: #0d1117 } .ink { fill: #e6edf3 } .faint { fill: #9da7b1 } .rule { stroke: #30363d } \
     .blue { fill: #56b4e9; stroke: #56b4e9 } .green { fill: #2fc79a; stroke: #2fc79a } \
     .orange { fill: #f0883e; stroke: #f0883e } .purple { fill: #e39ac8; stroke: #e39ac8 } \
     .hollow { fill: #0d1117 } }";

/// A shape that stands for a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A ring.
    Ring,
    /// A disc.
    Disc,
    /// A filled square.
    Square,
    /// The outline of a square.
    Box,
    /// A filled triangle.
    Triangle,
    /// A filled diamond.
    Diamond,
}

/// What belongs together: a colour by its class and value, and a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// In the legend.
    pub name: &'static str,
    /// Class and colour.
    pub color: (&'static str, &'static str),
    /// Shape.
    pub marker: Marker,
}

/// Blue.
pub const BLUE: (&str, &str) = ("blue", "#0072b2");
/// Green.
pub const GREEN: (&str, &str) = ("green", "#007a5a");
/// Orange.
pub const ORANGE: (&str, &str) = ("orange", "#c04a00");
/// Purple.
pub const PURPLE: (&str, &str) = ("purple", "#a0447c");

/// Where a text is fastened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At its beginning.
    Start,
    /// In its middle.
    Middle,
    /// At its end.
    End,
}

/// How important a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The title.
    Bold,
    /// What is to be read.
    Plain,
    /// What may be read.
    Faint,
}

/// A picture in the making.
pub struct Svg {
    text: String,
}

impl Svg {
    /// Of this size, with a title and a description for who cannot see it.
    pub fn new((width, height): (f64, f64), title: &str, description: &str) -> Svg {
        let (title, description) = (escaped(title), escaped(description));
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n<style>{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        );
        Svg { text }
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        self.text.write_fmt(element).expect("a string takes everything");
        self.text.push('\n');
    }

    /// A line of text whose base line is at this place.
    pub fn text(&mut self, (x, y): (f64, f64), size: f64, (anchor, weight): (Anchor, Weight), text: &str) {
        let anchor = anchor_word(anchor);
        let (class, fill, bold) = match weight {
            Weight::Bold => ("ink", "#1f2328", " font-weight=\"bold\""),
            Weight::Plain => ("ink", "#1f2328", ""),
            Weight::Faint => ("faint", "#59636e", ""),
        };
        let text = escaped(text);
        self.put(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" \
             fill=\"{fill}\"{bold}>{text}</text>"
        ));
    }

    /// A line of text that goes upwards, with its middle at this place.
    pub fn upwards(&mut self, (x, y): (f64, f64), size: f64, text: &str) {
        let text = escaped(text);
        self.put(format_args!(
            "<text class=\"ink\" transform=\"translate({x:.1} {y:.1}) rotate(-90)\" font-size=\"{size}\" \
             text-anchor=\"middle\" fill=\"#1f2328\">{text}</text>"
        ));
    }

    /// A thin line that belongs to no series; dashed if it is only a help for the eye.
    pub fn rule(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), dashed: bool) {
        let dash = if dashed { " stroke-dasharray=\"2 3\"" } else { "" };
        self.put(format_args!(
            "<line class=\"rule\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#d1d9e0\"{dash}/>"
        ));
    }

    /// From the mean up to the greatest value: a line with a bar at its end.
    pub fn whisker(&mut self, series: Series, x: f64, (mean, most): (f64, f64)) {
        let (class, color) = series.color;
        let (left, right) = (x - 5.0, x + 5.0);
        self.put(format_args!(
            "<path class=\"{class}\" d=\"M{x:.1} {mean:.1}V{most:.1}M{left:.1} {most:.1}H{right:.1}\" stroke=\"{color}\" \
             stroke-width=\"1.5\"/>"
        ));
    }

    /// The marker of a series with its middle at this place.
    pub fn marker(&mut self, series: Series, (x, y): (f64, f64)) {
        let (class, color) = series.color;
        let hollow = matches!(series.marker, Marker::Ring | Marker::Box);
        let class = if hollow { format!("{class} hollow") } else { class.to_owned() };
        let fill = if hollow { "#ffffff" } else { color };
        let paint = format!("class=\"{class}\" fill=\"{fill}\" stroke=\"{color}\" stroke-width=\"2\"");
        let (left, top) = (x - 4.0, y - 4.0);
        match series.marker {
            Marker::Ring | Marker::Disc => {
                self.put(format_args!("<circle {paint} cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"));
            }
            Marker::Square | Marker::Box => self
                .put(format_args!("<rect {paint} x=\"{left:.1}\" y=\"{top:.1}\" width=\"8\" height=\"8\"/>")),
            Marker::Triangle => {
                self.put(format_args!("<path {paint} d=\"M{x:.1} {top:.1}l4.5 8h-9z\"/>"));
            }
            Marker::Diamond => {
                let top = y - 5.0;
                self.put(format_args!("<path {paint} d=\"M{x:.1} {top:.1}l5 5l-5 5l-5 -5z\"/>"));
            }
        }
    }

    /// The whole file.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

fn anchor_word(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    }
}

/// How wide a text is about, which no file can know: wider than in most fonts.
pub fn width_of(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.56
}

/// As XML takes it. Control characters have no place there at all.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut svg = Svg::new((10.0, 10.0), "a < b", "\"&\"\n");
        svg.text((1.0, 2.0), 10.0, (Anchor::Start, Weight::Plain), "</text><script>");
        let text = svg.finish();
        assert!(
            text.contains("<title>a &lt; b</title>") && text.contains("&lt;/text&gt;&lt;script&gt;"),
            "{text}"
        );
        assert!(text.contains("<desc>&quot;&amp;&quot; </desc>"), "{text}");
    }
}
