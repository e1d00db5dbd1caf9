//! How far a sweep is: a bar for whoever looks at a terminal, a line a minute for whoever reads a log.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::complain;
use crate::sweep::summary::Summary;

/// How often to draw the bar where no run ends.
const TICK: Duration = Duration::from_millis(500);

/// How often to print a line where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// On standard error.
pub(super) struct Progress {
    bar: ProgressBar,
    /// When the next line is due, if there is no bar.
    line_at: Option<Cell<Duration>>,
}

impl Progress {
    pub fn new(summary: &Summary) -> Progress {
        let terminal = stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(summary.planned), target);
        let template = "{wide_bar} {pos}/{len} {msg}, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
        bar.set_position(summary.run());
        // What was reused says nothing about how long the rest takes.
        bar.reset_eta();
        if terminal {
            bar.enable_steady_tick(TICK);
        }
        let progress = Progress { bar, line_at: (!terminal).then(|| Cell::new(LINE_EVERY)) };
        progress.show(summary);
        progress
    }

    pub fn show(&self, summary: &Summary) {
        let (seeds, simulated) = summary.speed().unwrap_or((0.0, 0.0));
        let (run, planned) = (summary.run(), summary.planned);
        let said = format!("{} failed, {seeds:.1} seeds/s, {simulated:.0} sim s/s", summary.failed());
        match &self.line_at {
            None => {
                self.bar.set_message(said);
                self.bar.set_position(run);
            }
            Some(line_at) if line_at.get() <= summary.wall => {
                complain(&format!("{run} of {planned} run, {said}\n"));
                line_at.set(summary.wall + LINE_EVERY);
            }
            Some(_) => {}
        }
    }

    /// Prints above the bar, and also where there is none.
    pub fn say(&self, text: &str) {
        self.bar.suspend(|| complain(text));
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
