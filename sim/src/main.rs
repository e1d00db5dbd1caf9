//! `cargo sim`: see [`sim::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    sim::cli::main()
}
