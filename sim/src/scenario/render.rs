//! Diagnostics for people (as rustc shows them) and for programs (JSON).

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::diagnostic::{Diagnostic, Diagnostics};

/// More problems than this are those of a file that is no scenario at all.
const SHOWN_MAX: usize = 40;

impl Diagnostics {
    /// All problems and a last line that counts them. Whether colors are wanted is for the caller to decide.
    pub fn render(&self, color: bool) -> String {
        // Width and colors are given, not found out, so that the text is the same everywhere.
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for diagnostic in self.list.iter().take(SHOWN_MAX) {
            text += &renderer.render(&[self.group(diagnostic)]);
            text += "\n\n";
        }
        if let Some(more) = self.list.len().checked_sub(SHOWN_MAX).filter(|more| 0 < *more) {
            text += &format!("… and {more} more\n\n");
        }
        text += &renderer.render(&[Group::with_title(Level::ERROR.primary_title(self.summary()))]);
        text.push('\n');
        text
    }

    /// An array of `{severity, message, file, line, column, help}`; `help` may be null.
    pub fn to_json(&self) -> Value {
        let each = self.list.iter().map(|diagnostic| {
            let (line, column) = self.position(diagnostic);
            json!({
                "severity": "error",
                "message": diagnostic.message,
                "file": diagnostic.path,
                "line": line,
                "column": column,
                "help": diagnostic.help,
            })
        });
        each.collect()
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let mut group = Group::with_title(Level::ERROR.primary_title(diagnostic.message.as_str()));
        let source = self.sources.get(&diagnostic.path).filter(|_| !diagnostic.labels.is_empty());
        match source {
            Some(source) => {
                let labels = diagnostic.labels.iter().enumerate().map(|(index, label)| {
                    let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                    let text = Some(label.text.as_str()).filter(|text| !text.is_empty());
                    kind.span(label.span.start..label.span.end).label(text)
                });
                group = group.element(
                    Snippet::source(source.as_ref()).path(diagnostic.path.as_str()).annotations(labels),
                );
            }
            None => group = group.element(Origin::path(diagnostic.path.as_str())),
        }
        match &diagnostic.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }

    fn summary(&self) -> String {
        let mut files: Vec<&str> = self.list.iter().map(|diagnostic| diagnostic.path.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        let problems = match self.list.len() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        };
        match files[..] {
            [file] => format!("{file}: {problems}, nothing was run"),
            _ => format!("{problems} in {} files, nothing was run", files.len()),
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
