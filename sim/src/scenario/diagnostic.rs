//! Problems with a scenario file, and where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub start: usize,
    /// Exclusive.
    pub end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Span {
        Span { start: range.start, end: range.end }
    }
}

/// A place in the file and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub span: Span,
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub(super) message: String,
    /// The first is where the problem is; the others are what it contradicts. None: the whole file.
    pub(super) labels: Vec<Label>,
    pub(super) help: Option<String>,
    /// Set when the problem joins its [`Diagnostics`].
    pub(super) path: String,
}

impl Diagnostic {
    /// A problem of the whole file, until [`at`](Diagnostic::at) says where.
    pub(super) fn new(message: impl Into<String>) -> Diagnostic {
        Diagnostic { message: message.into(), labels: Vec::new(), help: None, path: String::new() }
    }

    /// Adds a place; the first one is the main place.
    pub(super) fn at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds a place, if it was written at all.
    pub(super) fn maybe_at(self, span: Option<Span>, text: impl Into<String>) -> Diagnostic {
        match span {
            Some(span) => self.at(span, text),
            None => self,
        }
    }

    /// Says what to do instead.
    pub(super) fn help(mut self, text: impl Into<Option<String>>) -> Diagnostic {
        self.help = text.into();
        self
    }

    /// What is wrong, in a few words.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Collects problems while one file is read.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Diagnostic>);

impl Problems {
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of the file.
    pub fn into_diagnostics(self, path: &str, source: &str) -> Diagnostics {
        let mut list = self.0;
        for diagnostic in &mut list {
            path.clone_into(&mut diagnostic.path);
            for label in &mut diagnostic.labels {
                label.span = one_line(source, label.span);
            }
        }
        list.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        Diagnostics { list, sources: BTreeMap::from([(path.to_owned(), Arc::from(source))]) }
    }
}

/// Every problem found, sorted by position. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    pub(super) list: Vec<Diagnostic>,
    /// The text of each file that could be read, by path.
    pub(super) sources: BTreeMap<String, Arc<str>>,
}

impl Diagnostics {
    /// One problem of a file that cannot be read.
    pub(super) fn file(path: &str, message: impl Into<String>) -> Diagnostics {
        let mut diagnostic = Diagnostic::new(message);
        path.clone_into(&mut diagnostic.path);
        Diagnostics { list: vec![diagnostic], sources: BTreeMap::new() }
    }

    /// Adds the problems of another file.
    pub fn merge(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
        self.sources.extend(other.sources);
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is always one at least")]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Line and column of a problem, from 1, in characters; the whole file counts as its first character.
    pub(super) fn position(&self, diagnostic: &Diagnostic) -> (usize, usize) {
        match (diagnostic.labels.first(), self.sources.get(&diagnostic.path)) {
            (Some(label), Some(source)) => position(source, label.span.start),
            _ => (1, 1),
        }
    }
}

/// Line and column of a byte, from 1; columns count characters.
pub(super) fn position(source: &str, byte: usize) -> (usize, usize) {
    let before = &source[..source.floor_char_boundary(byte)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The part of a span on its first line, at character boundaries within the text.
fn one_line(source: &str, span: Span) -> Span {
    let start = source.floor_char_boundary(span.start);
    let line = source[start..].find(['\n', '\r']).map_or(source.len(), |length| start + length);
    Span { start, end: source.ceil_char_boundary(span.end).clamp(start, line.max(start)) }
}

impl std::error::Error for Diagnostics {}
