//! How far many runs are: a bar for whoever looks at a terminal, a line a minute for whoever reads a log.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::complain;

/// How often to draw the bar where no run ends.
const TICK: Duration = Duration::from_millis(500);

/// How often to print a line where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// On standard error.
pub(in crate::cli) struct Progress {
    bar: ProgressBar,
    /// When the next line is due, if there is no bar.
    line_at: Option<Cell<Duration>>,
}

impl Progress {
    /// Of `planned` runs, of which so many are `done` already.
    pub fn new(planned: u64, done: u64) -> Progress {
        let terminal = stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(planned), target);
        let template = "{wide_bar} {pos}/{len} {msg}, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
        bar.set_position(done);
        // What was reused says nothing about how long the rest takes.
        bar.reset_eta();
        if terminal {
            bar.enable_steady_tick(TICK);
        }
        Progress { bar, line_at: (!terminal).then(|| Cell::new(LINE_EVERY)) }
    }

    /// So many are `done` after this time, and what else is `said` about them.
    pub fn show(&self, done: u64, elapsed: Duration, said: impl Fn() -> String) {
        match &self.line_at {
            None => {
                self.bar.set_message(said());
                self.bar.set_position(done);
            }
            Some(line_at) if line_at.get() <= elapsed => {
                let planned = self.bar.length().unwrap_or(done);
                complain(&format!("{done} of {planned} run, {}\n", said()));
                line_at.set(elapsed + LINE_EVERY);
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
