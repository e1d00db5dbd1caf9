//! What only shows between scenarios: that each has a name of its own.

use std::collections::BTreeMap;

use super::diagnostic::Diagnostics;
use super::spec::Scenario;

/// Whether every scenario has a name of its own: reports are kept under it, and one would replace those of another.
///
/// # Errors
/// With every scenario whose name one before it has.
pub fn distinct(scenarios: &[Scenario]) -> Result<(), Diagnostics> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut problems: Option<Diagnostics> = None;
    for Scenario { name, path, .. } in scenarios {
        let Some(other) = first.get(name.as_str()) else {
            first.insert(name, path);
            continue;
        };
        let message =
            format!("{other} is named `{name}` too: the reports of one would replace those of the other");
        let taken = Diagnostics::file(path, message);
        match &mut problems {
            Some(problems) => problems.merge(taken),
            None => problems = Some(taken),
        }
    }
    problems.map_or(Ok(()), Err)
}
