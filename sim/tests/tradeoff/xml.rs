//! As much of XML as a test needs to believe a picture: tags that fit each other, and where texts stand.

/// A text of a picture and the place it takes, as far as the file can tell: it knows no fonts.
#[derive(Debug)]
pub struct Text {
    pub content: String,
    pub size: f64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// Goes upwards.
    pub turned: bool,
}

impl Text {
    pub fn overlaps(&self, other: &Text) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Panics where this is no well-formed XML, or refers to anything elsewhere. Returns the texts.
pub fn texts(svg: &str) -> Vec<Text> {
    let (mut open, mut texts, mut rest) = (Vec::new(), Vec::new(), svg);
    while let Some(begin) = rest.find('<') {
        let end = begin + rest[begin..].find('>').expect("a tag ends");
        let (before, tag) = (&rest[..begin], &rest[begin + 1..end]);
        assert!(!before.contains('>') && entities_are_sound(before), "{before}");
        if let Some(name) = tag.strip_prefix('/') {
            let (opened, attributes): (&str, &str) = open.pop().expect("no end without a beginning");
            assert_eq!(opened, name);
            texts.extend((name == "text").then(|| text(attributes, before)));
        } else {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(!["script", "image", "use", "foreignObject"].contains(&name), "{name}");
            assert!(!attributes.contains("href") && entities_are_sound(attributes), "{attributes}");
            assert_eq!(attributes.matches('"').count() % 2, 0, "{attributes}");
            if !attributes.ends_with('/') {
                open.push((name, attributes));
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    texts
}

fn entities_are_sound(text: &str) -> bool {
    let known = ["amp;", "lt;", "gt;", "quot;"];
    text.split('&').skip(1).all(|after| known.iter().any(|entity| after.starts_with(entity)))
}

pub fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let from = attributes.find(&format!("{name}=\""))? + name.len() + 2;
    attributes[from..].split('"').next()
}

fn text(attributes: &str, content: &str) -> Text {
    let number = |name: &str| attribute(attributes, name).map(|text| text.parse::<f64>().unwrap());
    let size = number("font-size").unwrap();
    let width = content.chars().count() as f64 * size * 0.56;
    let turned = attributes.contains("rotate");
    if let Some((x, y)) = attribute(attributes, "transform").and_then(|text| {
        let (x, rest) = text.strip_prefix("translate(")?.split_once(' ')?;
        Some((x.parse::<f64>().ok()?, rest.split(')').next()?.parse::<f64>().ok()?))
    }) {
        let (left, right, top, bottom) = (x - size, x, y - width / 2.0, y + width / 2.0);
        return Text { content: content.to_owned(), size, left, right, top, bottom, turned };
    }
    let (x, y) = (number("x").unwrap(), number("y").unwrap());
    let left = match attribute(attributes, "text-anchor") {
        Some("middle") => x - width / 2.0,
        Some("end") => x - width,
        _ => x,
    };
    Text {
        content: content.to_owned(),
        size,
        left,
        right: left + width,
        top: y - 0.75 * size,
        bottom: y,
        turned,
    }
}
