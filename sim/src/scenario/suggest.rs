//! "did you mean": the known word that is nearest to an unknown one.

/// A help text: the nearest word if one is near, else all of them if they are few enough to read.
pub(crate) fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const READABLE: usize = 24;
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    let near = known.iter().map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate)).min();
    let longest = |candidate: &str| word.chars().count().max(candidate.chars().count());
    let near = near.filter(|(distance, candidate)| distance * 3 <= longest(candidate));
    // Kafka's names are long, and people write a part of them.
    let nearest = near.map(|(_, candidate)| candidate).or_else(|| part_of_one(word, &known));
    match nearest {
        Some(candidate) => Some(format!("did you mean `{candidate}`?")),
        None if !known.is_empty() && known.len() <= READABLE => Some(format!("there is {}", list(&known))),
        None => None,
    }
}

/// The only known word that contains this one, if there is exactly one. Short words are part of anything.
fn part_of_one<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    if word.len() < 4 {
        return None;
    }
    let mut with = known.iter().filter(|candidate| candidate.contains(word));
    with.next().filter(|_| with.next().is_none()).copied()
}

/// `a`, `b` and `c`
pub(super) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_and_parts_are_suggested_and_short_lists_shown() {
        let known = ["target", "at", "down_for"];
        assert_eq!(suggest("targt", known).as_deref(), Some("did you mean `target`?"));
        assert_eq!(suggest("down", known).as_deref(), Some("did you mean `down_for`?"));
        assert_eq!(suggest("colour", known).as_deref(), Some("there is `at`, `down_for` and `target`"));
        assert_eq!(suggest("x", []), None);
    }
}
