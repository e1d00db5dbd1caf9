//! Which files a fault means.

use std::fmt;
use std::str::FromStr;

/// Paths as a shell would match them: `*` stands for any text, also for none and also for `/`.
///
/// Invariants:
/// * not empty; a pattern without `*` means one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePattern(String);

impl FilePattern {
    /// Every file.
    pub fn all() -> FilePattern {
        FilePattern("*".to_owned())
    }

    /// Every segment of every log.
    pub fn segments() -> FilePattern {
        FilePattern("*.log".to_owned())
    }

    /// Whether it means the file of this path.
    pub fn matches(&self, path: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().expect("splitting gives at least one part");
        let Some(mut rest) = path.strip_prefix(first) else { return false };
        let mut last = None;
        for part in parts {
            // The leftmost place is the best for every part but the last, which has to be at the end.
            if let Some(part) = last.replace(part) {
                let Some(at) = rest.find(part) else { return false };
                rest = &rest[at + part.len()..];
            }
        }
        last.map_or(rest.is_empty(), |last| rest.ends_with(last))
    }
}

impl FromStr for FilePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<FilePattern, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "*-_./".contains(c);
        if text.is_empty() || !text.chars().all(is_plain) {
            return Err(format!("`{text}` names no file of a disk"));
        }
        Ok(FilePattern(text.to_owned()))
    }
}

impl fmt::Display for FilePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        let matches = |pattern: &str, path: &str| pattern.parse::<FilePattern>().unwrap().matches(path);
        for pattern in ["*", "*.log", "orders-0/*", "orders-*/*0.log", "orders-0/00.log", "*/*", "o*s-0*"] {
            assert!(matches(pattern, "orders-0/00.log"), "{pattern}");
        }
        for pattern in
            ["*.lo", "rders*", "orders-1/*", "*.log*x", "orders-0/0.log", "orders-0/00.log/*", "00.log"]
        {
            assert!(!matches(pattern, "orders-0/00.log"), "{pattern}");
        }
        assert!(!matches("a*ab", "ab"), "parts do not overlap");
    }

    #[test]
    fn nothing_else_is_a_pattern() {
        for text in ["", "a b", "[a]", "a\n"] {
            assert!(text.parse::<FilePattern>().is_err(), "{text:?}");
        }
    }
}
