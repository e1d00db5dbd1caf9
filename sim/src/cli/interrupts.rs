//! Ctrl-C and SIGTERM.

use std::sync::OnceLock;

use super::complain;
use crate::run::Interrupt;
use crate::verdict::Verdict;

/// Raised by the first signal. The second one ends the process at once.
pub(super) static INTERRUPT: Interrupt = Interrupt::new(false);

/// From now on a signal lets what is under way come to its end and write what there is.
pub(super) fn watch_for_interrupts() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let watched = ctrlc::set_handler(|| {
            if INTERRUPT.raise() {
                std::process::exit(i32::from(Verdict::Interrupted.exit_code()));
            }
        });
        if let Err(error) = watched {
            complain(&format!("warning: Ctrl-C will end the process at once: {error}\n"));
        }
    });
}
