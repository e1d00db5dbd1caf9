//! Where the result goes, and what is said of it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, IsTerminal, stderr};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::json;

use super::super::args::Format;
use super::super::{complain, print};
use super::ShrinkArguments;
use super::start::Start;
use crate::report::RunReport;
use crate::run::{Interrupt, run};
use crate::scenario;
use crate::seed::Seed;
use crate::shrink::{Left, Progress, Record, Stopped, Trials};

/// Where shrunk failures are kept.
const KEPT: &str = "scenarios/regressions";

/// The file, and the name of the scenario in it.
pub(super) struct Place {
    file: PathBuf,
    pub name: String,
}

impl Place {
    /// A place that can be written, for a scenario whose name nobody else has.
    pub fn find(arguments: &ShrinkArguments, start: &Start, signature: &str) -> Result<Place, String> {
        let failure = signature.split([':', ' ']).next().unwrap_or_default();
        let name = format!("{}-{}-{failure}", start.found_in, start.seed());
        let file = arguments.out.clone().unwrap_or_else(|| Path::new(KEPT).join(format!("{name}.toml")));
        let shown = file.display();
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        let name = match stem.filter(|_| file.extension().is_some_and(|extension| extension == "toml")) {
            Some(stem) => stem.to_owned(),
            None => return Err(format!("the result is a scenario: {shown} must end in `.toml`")),
        };
        let sound = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !sound || name.starts_with('.') {
            return Err(format!("`{name}` is no name for a scenario: use letters, digits, `-`, `_` and `.`"));
        }
        let place = Place { file, name };
        if place.file.exists() && !arguments.force {
            let shown = place.file.display();
            return Err(format!(
                "{shown} is there already: `--force` replaces it, `--out FILE` writes another"
            ));
        }
        place.is_only_one_of_its_name()?;
        let probe = place.temporary();
        let made = OpenOptions::new().write(true).create_new(true).open(&probe);
        made.map_err(|error| place.unwritable(&error))?;
        drop(fs::remove_file(&probe));
        Ok(place)
    }

    /// Reports are kept by name, and `cargo test` tells scenarios apart by it.
    fn is_only_one_of_its_name(&self) -> Result<(), String> {
        let shipped = PathBuf::from("scenarios");
        if !shipped.is_dir() {
            return Ok(());
        }
        let others = scenario::discover(&[shipped]).map_err(|problems| problems.to_string())?;
        let itself = self.file.canonicalize().ok();
        let taken = others.iter().find(|other| {
            other.file_stem().is_some_and(|stem| *stem == *self.name) && other.canonicalize().ok() != itself
        });
        match taken {
            Some(other) => Err(format!("{} has this name: write `--out` another one", other.display())),
            None => Ok(()),
        }
    }

    /// Where the file is.
    pub fn directory(&self) -> &Path {
        self.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn temporary(&self) -> PathBuf {
        self.directory().join(format!(".{}.tmp-{}", self.name, std::process::id()))
    }

    fn unwritable(&self, error: &std::io::Error) -> String {
        let help = match error.kind() {
            ErrorKind::AlreadyExists => ": somebody else has written it meanwhile",
            ErrorKind::NotFound => ": there is no such directory; `--out FILE` writes elsewhere",
            _ => "",
        };
        format!("cannot write {}: {error}{help}", self.file.display())
    }

    /// The whole file or nothing. Somebody may have taken its name since it was found to be free: then the result stays
    /// where it was written, because it may be that of an hour.
    pub fn write(&self, text: &str, force: bool) -> Result<(), String> {
        let temporary = self.temporary();
        fs::write(&temporary, text).map_err(|error| {
            drop(fs::remove_file(&temporary));
            self.unwritable(&error)
        })?;
        let (from, to) = (&temporary, &self.file);
        // A link replaces nothing.
        let placed = if force { fs::rename(from, to) } else { fs::hard_link(from, to) };
        match placed {
            Ok(()) => {
                drop(fs::remove_file(&temporary));
                Ok(())
            }
            Err(error) => Err(format!("{}; the result is in {}", self.unwritable(&error), from.display())),
        }
    }

    /// Reads the file and runs it as anybody would: it must fail as what it was shrunk from.
    pub fn run_again(&self, shrunk: &RunReport) -> Result<RunReport, String> {
        let shown = self.file.display();
        let scenario = scenario::load(&self.file)
            .map_err(|problems| format!("wrote {shown}, and cannot read it again: {problems}"))?;
        let seed = scenario.seed.unwrap_or(Seed(1));
        let report = run(&scenario, seed, &Interrupt::new(false)).report;
        let same = report.signature == shrunk.signature && report.as_expected == shrunk.as_expected;
        if same {
            Ok(report)
        } else {
            Err(format!(
                "wrote {shown}, and it does not fail as it should: {}, digest {} instead of {}",
                report.signature.as_deref().unwrap_or("it passes"),
                report.digest,
                shrunk.digest
            ))
        }
    }
}

/// Shows how far the search is: a line that changes on a terminal, elsewhere a line for each pass that accepted something.
pub(super) struct Watcher {
    bar: Option<ProgressBar>,
    accepted: u64,
}

impl Watcher {
    pub fn begin() -> Watcher {
        Watcher { bar: stderr().is_terminal().then(ProgressBar::new_spinner), accepted: 0 }
    }

    pub fn see(&mut self, progress: Progress<'_>) {
        let Progress { pass, runs, accepted, subject, pass_is_over } = progress;
        let size = subject.size();
        let text = format!(
            "{pass}: {runs} runs, {accepted} accepted, {} faults and {} lines left",
            size.faults, size.lines
        );
        match &self.bar {
            Some(bar) => {
                bar.set_message(text);
                bar.tick();
            }
            None if pass_is_over && self.accepted < accepted => {
                complain(&format!("{text}\n"));
                self.accepted = accepted;
            }
            None => {}
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What came of it.
pub(super) struct Summary<'a> {
    pub start: &'a Start,
    pub record: &'a Record<'a>,
    pub place: &'a Place,
    pub trials: &'a Trials<'a>,
    pub stopped: Option<Stopped>,
    /// The run of the file.
    pub again: RunReport,
}

impl Summary<'_> {
    pub fn print(&self, format: Format) {
        match format {
            Format::Human => print(&self.human()),
            Format::Json => print(&format!("{}\n", self.json())),
        }
    }

    fn ending(&self) -> &'static str {
        match self.stopped {
            None if self.record.left == Left::Minimal => "minimal",
            None => "unjudged",
            Some(Stopped::Runs) => "max-runs",
            Some(Stopped::Budget) => "budget",
            Some(Stopped::Interrupted) => "interrupted",
        }
    }

    fn human(&self) -> String {
        let Trials { runs, accepted, .. } = self.trials;
        let elapsed = self.trials.elapsed().as_secs_f64();
        let signature = self.again.signature.as_deref().unwrap_or_default();
        let mut text = format!("{} seed {}: {signature}\n", self.start.found_in, self.start.seed());
        let ending = match self.stopped {
            None if self.record.left == Left::Minimal => {
                "minimal: every change that is left to try loses the failure".to_owned()
            }
            None => "perhaps not minimal".to_owned(),
            Some(_) => format!("not minimal: stopped early ({})", self.ending()),
        };
        text += &format!("  {ending}; {runs} runs, {accepted} accepted, {elapsed:.1} s\n\n");
        if 0 < self.trials.unjudged {
            let unjudged = self.trials.unjudged;
            text = format!(
                "{}\n  {unjudged} candidates took too long, or brought the harness down: nobody knows what they lose\n\n",
                text.trim_end()
            );
        }
        let after = self.record.subject.size();
        for ((name, before), (_, after)) in self.record.before.rows().iter().zip(after.rows()) {
            text += &format!("  {name:<12}  {before:>9} -> {after}\n");
        }
        if !self.record.necessity.is_empty() {
            text += "\n  without                                                   it comes to\n";
        }
        for row in self.record.necessity {
            let note = if row.promise { " (kept: a promise)" } else { "" };
            text += &format!("  {:<56}  {}{note}\n", row.what, row.comes_to());
        }
        let file = self.place.file.display();
        text += &format!("\nwrote {file}; see it again:\n\n  cargo sim run {file}\n");
        if self.place.file.starts_with("scenarios") {
            text += &format!("  cargo test --test scenarios {}\n", self.place.name);
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let Trials { runs, accepted, .. } = self.trials;
        let wall_ms = u64::try_from(self.trials.elapsed().as_millis()).unwrap_or(u64::MAX);
        json!({
            "scenario": self.start.found_in,
            "seed": self.start.seed().0,
            "signature": self.again.signature,
            "ending": self.ending(),
            "minimal": self.record.left == Left::Minimal,
            "unjudged": self.trials.unjudged,
            "before": self.record.before,
            "after": self.record.subject.size(),
            "runs": runs,
            "accepted": accepted,
            "wall_ms": wall_ms,
            "necessity": self.record.necessity,
            "file": self.place.file.display().to_string(),
            "name": self.place.name,
        })
    }
}
