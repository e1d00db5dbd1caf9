//! How far a sweep is, for whoever looks at a terminal.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::complain;
use crate::sweep::summary::Summary;

/// A bar on standard error, if that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub fn new(summary: &Summary) -> Progress {
        let target =
            if stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(summary.planned), target);
        let template = "{wide_bar} {pos}/{len} {msg}, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
        bar.set_position(summary.run());
        // What was reused says nothing about how long the rest takes.
        bar.reset_eta();
        let progress = Progress(bar);
        progress.show(summary);
        progress
    }

    pub fn show(&self, summary: &Summary) {
        let (seeds, simulated) = summary.speed().unwrap_or((0.0, 0.0));
        self.0
            .set_message(format!("{} failed, {seeds:.1} seeds/s, {simulated:.0} sim s/s", summary.failed()));
        self.0.set_position(summary.run());
    }

    /// Prints above the bar, and also where there is none.
    pub fn say(&self, text: &str) {
        self.0.suspend(|| complain(text));
    }

    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
