//! What a fault changed.

use std::collections::BTreeMap;

/// Numbers by name, such as `messages_dropped`. All of them are 0 if nothing changed.
pub(super) type Effect = BTreeMap<String, u64>;

/// Whether nothing changed.
pub(super) fn is_nothing(effect: &Effect) -> bool {
    effect.values().all(|changed| *changed == 0)
}

/// An effect from its numbers.
pub(super) fn effect<const N: usize>(numbers: [(&str, u64); N]) -> Effect {
    numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
}
