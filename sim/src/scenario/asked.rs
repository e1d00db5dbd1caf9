//! Which keys the reader looks for, in which table: for the test that compares this with what documentation says.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Keys by the text with which their table begins: `[[fault]]`, or `when` of a trigger.
pub(crate) type Asked = BTreeMap<String, BTreeSet<&'static str>>;

thread_local! {
    static ASKED: RefCell<Asked> = const { RefCell::new(Asked::new()) };
}

/// A table was asked for a key.
pub(super) fn note(table: &str, key: &'static str) {
    ASKED.with_borrow_mut(|asked| asked.entry(table.to_owned()).or_default().insert(key));
}

/// What is asked for while `source` is read, sound or not.
pub(crate) fn asked(source: &str) -> Asked {
    ASKED.take();
    drop(super::parse("asked.toml", source));
    ASKED.take()
}
