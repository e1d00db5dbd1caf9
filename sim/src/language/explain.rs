//! An entry as text, for people.

use super::entry::{Entry, Group};
use super::table::Absent;

const WIDTH: usize = 100;

/// Everything about one word; `used_by` are scenarios that use it.
pub fn text(entry: &Entry, used_by: &[String]) -> String {
    let mut text = format!("{} - {}\n\n", entry.word, entry.what);
    text += &wrapped(&entry.doc, 2);
    if !entry.facts.is_empty() {
        text.push('\n');
    }
    let width = entry.facts.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    for (label, fact) in &entry.facts {
        let fact = wrapped(fact, width + 4);
        text += &format!("  {label:width$}  {}", fact.trim_start());
    }
    if !entry.keys.is_empty() {
        let heading = if entry.group == Group::Kinds {
            "keys of a [[fault]], besides `kind`, `at` or `when`"
        } else {
            "keys"
        };
        text += &format!("\n{heading}:\n");
    }
    for key in &entry.keys {
        text += &format!("\n  {} = {}\n", key.name, key.example);
        text += &wrapped(key.doc, 6);
        let absent = match key.absent {
            Absent::Means(words) => format!("without it: {words}"),
            other => other.describe(),
        };
        text += &wrapped(&format!("takes {}; {absent}", key.form.describe()), 6);
    }
    if let Some(example) = &entry.example {
        text += "\nexample:\n\n";
        for line in example.lines() {
            text += format!("    {line}").trim_end();
            text.push('\n');
        }
    }
    if !used_by.is_empty() {
        text += &format!("\nused by:\n{}", wrapped(&used_by.join(", "), 2));
    }
    text
}

/// A group as a list, one line each.
pub fn list(group: Group, entries: &[Entry]) -> String {
    let mut rows: Vec<(String, &str)> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.group == group) {
        let word = match group {
            Group::Targets => entry.facts[0].1.trim_matches('`').to_owned(),
            _ => entry.word.clone(),
        };
        // A key that depends on the kind is in the list once.
        if rows.last().is_none_or(|(last, _)| *last != word) {
            rows.push((word, entry.brief()));
        }
    }
    let width = rows.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    let rows = rows.iter().map(|(word, brief)| format!("  {word:width$}  {brief}\n"));
    format!("{} ({}):\n{}", group.title(), group.name(), rows.collect::<String>())
}

/// Text in lines of at most [`WIDTH`] characters where words allow, all of them indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && WIDTH < indent + line.chars().count() + 1 + word.chars().count() {
            lines += &format!("{:indent$}{line}\n", "");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines + &format!("{:indent$}{line}\n", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_indented() {
        let text = wrapped(&"word ".repeat(40), 4);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().all(|line| line.starts_with("    word") && line.len() <= WIDTH), "{text}");
    }
}
