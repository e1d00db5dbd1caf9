//! The command line: `cargo sim …`.
//!
//! Results go to standard output, progress and problems to standard error. Exit codes are those of
//! [`crate::verdict::Verdict`], and 2 for wrong usage and wrong scenarios, before anything runs.

mod args;
mod environment;
mod explain;
mod interrupts;
mod judge;
mod list;
mod merge;
mod new;
mod progress;
mod replay;
mod run;
mod shrink;
mod sweep;
mod tradeoff;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;

use args::{Arguments, Command};

/// Wrong usage, a wrong scenario, or a report that cannot be written.
const EXIT_USAGE: u8 = 2;

/// Parses the process's arguments, does what they say and returns the exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    listen();
    let code = match arguments.command {
        Command::Run(run) => run::run(&run),
        Command::Replay(replay) => replay::replay(&replay),
        Command::Sweep(arguments) => sweep::command::sweep(&arguments),
        Command::Merge(arguments) => merge::merge(&arguments),
        Command::Tradeoff(arguments) => tradeoff::command::tradeoff(&arguments),
        Command::Judge(arguments) => judge::judge(&arguments),
        Command::Check(check) => list::check(&check),
        Command::List(list) => list::list(&list),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::New(new) => new::new(&new),
        Command::Shrink(shrink) => shrink::shrink(&shrink),
        Command::Schema => explain::words::schema(),
    };
    let unprinted = code == 0 && UNPRINTED.load(Ordering::Relaxed);
    ExitCode::from(if unprinted { EXIT_USAGE } else { code })
}

/// Prints what happens while it happens, if `RUST_LOG` asks for it: `sim=debug` for everything a trace has,
/// `turmoil=trace` for single messages. Simulated time is in the events; wall-clock time would only confuse.
fn listen() {
    if std::env::var_os("RUST_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_writer(|| Careless(std::io::stderr()))
            .with_ansi(color(&std::io::stderr()))
            .without_time()
            .init();
    }
}

/// A stream whose reader may go away: whoever pipes into `head` has seen enough, and the run goes on.
struct Careless<W>(W);

impl<W: Write> Write for Careless<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        drop(self.0.write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        drop(self.0.flush());
        Ok(())
    }
}

/// Whether some result could not be printed.
static UNPRINTED: AtomicBool = AtomicBool::new(false);

/// Prints a result. A closed pipe is nobody's error; anything else is said on standard error.
fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("error: cannot print results: {error}\n"));
            UNPRINTED.store(true, Ordering::Relaxed);
        }
        Ok(()) | Err(_) => {}
    }
}

/// Prints a problem, if anybody listens.
fn complain(text: &str) {
    drop(Careless(std::io::stderr().lock()).write_all(text.as_bytes()));
}

/// Whether to paint what goes to this stream (<https://no-color.org>).
fn color(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
