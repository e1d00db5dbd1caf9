//! Writes a run directory: as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::run_report::RunReport;
use crate::history::History;
use crate::trace::Trace;

/// How often a place is taken again by another process between removing it and renaming, before that is an error.
const ATTEMPTS_MAX: u32 = 8;

/// Nobody takes longer to write a report.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// What could not be written, and where. Fits "failed to write the report: {error}".
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct WriteError {
    /// What was attempted, such as `create`.
    pub action: &'static str,
    /// Which file or directory.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

/// Writes `root/<scenario>/<seed>/`, replacing what was there, and points `root/latest` to it. Returns the directory.
/// After an error in writing, the old directory, if any, is still there as it was.
pub fn write_run_dir(
    root: &Path,
    report: &RunReport,
    history: &History,
    trace: &Trace,
    resolved_scenario: &str,
) -> Result<PathBuf, WriteError> {
    let place = write_run_dir_only(root, report, history, trace, resolved_scenario)?;
    link_latest(root, &Path::new(&report.scenario.name).join(report.seed.to_string()))?;
    Ok(place)
}

/// As [`write_run_dir`], but `latest` stays what it is.
pub fn write_run_dir_only(
    root: &Path,
    report: &RunReport,
    history: &History,
    trace: &Trace,
    resolved_scenario: &str,
) -> Result<PathBuf, WriteError> {
    let name = one_component(&report.scenario.name)?;
    let seed = report.seed.to_string();
    let parent = root.join(name);
    at("create", &parent, fs::create_dir_all(&parent))?;
    let temporary = temporary(&parent, &seed, |path| fs::create_dir(path))?;
    remove_abandoned(&parent, &temporary);
    let place = parent.join(&seed);
    let written = write_files(&temporary, report, history, trace, resolved_scenario)
        .and_then(|()| replace(&temporary, &place));
    if let Err(error) = written {
        // The first error is the one to tell; that the disk is so full that nothing can be removed is not.
        drop(fs::remove_dir_all(&temporary));
        return Err(error);
    }
    Ok(place)
}

/// Copies the directory of a run, `<scenario>/<seed>/`, from one root to another, replacing what was there. Returns the
/// copy.
pub fn copy_run_dir(from: &Path, to: &Path, scenario: &str, seed: u64) -> Result<PathBuf, WriteError> {
    let (name, seed) = (one_component(scenario)?, seed.to_string());
    let (source, place) = (from.join(name).join(&seed), to.join(name).join(&seed));
    let parent = to.join(name);
    at("create", &parent, fs::create_dir_all(&parent))?;
    let temporary = temporary(&parent, &seed, |path| fs::create_dir(path))?;
    let copied = copy_files(&source, &temporary).and_then(|()| replace(&temporary, &place));
    if let Err(error) = copied {
        drop(fs::remove_dir_all(&temporary));
        return Err(error);
    }
    Ok(place)
}

fn copy_files(from: &Path, to: &Path) -> Result<(), WriteError> {
    for entry in at("read", from, fs::read_dir(from))? {
        let file = at("read", from, entry)?.path();
        let name = file.file_name().expect("an entry of a directory has a name");
        at("copy", &file, fs::copy(&file, to.join(name)))?;
    }
    Ok(())
}

fn write_files(
    directory: &Path,
    report: &RunReport,
    history: &History,
    trace: &Trace,
    resolved_scenario: &str,
) -> Result<(), WriteError> {
    write_file(&directory.join("run.json"), |out| {
        serde_json::to_writer_pretty(&mut *out, report)?;
        out.write_all(b"\n")
    })?;
    write_file(&directory.join("history.jsonl"), |out| history.write_jsonl(out))?;
    write_file(&directory.join("trace.jsonl"), |out| trace.write_jsonl(out))?;
    let scenario = |out: &mut BufWriter<File>| out.write_all(resolved_scenario.as_bytes());
    write_file(&directory.join("scenario.resolved.toml"), scenario)
}

fn write_file(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    let mut out = BufWriter::new(at("create", path, File::create(path))?);
    at("write", path, content(&mut out).and_then(|()| out.flush()))
}

/// Puts `temporary` in the place of `place`. A directory cannot be renamed over one that is not empty, so the old one
/// steps aside first, and back if the new one cannot come.
fn replace(temporary: &Path, place: &Path) -> Result<(), WriteError> {
    let mut aside = temporary.as_os_str().to_owned();
    aside.push(".old");
    let aside = PathBuf::from(aside);
    let mut attempt = 1;
    loop {
        let stepped_aside = match fs::rename(place, &aside) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(WriteError { action: "replace", path: place.to_owned(), source }),
        };
        let renamed = fs::rename(temporary, place);
        let taken = renamed.as_ref().is_err_and(is_taken);
        if stepped_aside {
            if renamed.is_ok() || taken {
                drop(fs::remove_dir_all(&aside));
            } else {
                // Should even this fail, the old files are still there under the temporary name.
                drop(fs::rename(&aside, place));
            }
        }
        match renamed {
            Ok(()) => return Ok(()),
            Err(_) if taken && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(source) => return Err(WriteError { action: "create", path: place.to_owned(), source }),
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists)
}

#[cfg(unix)]
fn link_latest(root: &Path, target: &Path) -> Result<(), WriteError> {
    let latest = root.join("latest");
    let temporary = temporary(root, "latest", |path| std::os::unix::fs::symlink(target, path))?;
    let renamed = fs::rename(&temporary, &latest);
    if renamed.is_err() {
        drop(fs::remove_file(&temporary));
    }
    at("link", &latest, renamed)
}

#[cfg(not(unix))]
fn link_latest(_root: &Path, _target: &Path) -> Result<(), WriteError> {
    Ok(())
}

/// Removes what processes that were killed while they wrote have left: temporary directories much older than the one just
/// created. Whether the process of that number lives says nothing where several machines write to one place. What had
/// stepped aside goes back if nothing has taken its place: it is all there is of that run. Nothing depends on it, so
/// errors are nobody's.
fn remove_abandoned(parent: &Path, new: &Path) {
    let modified = |path: &Path| fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    let (Ok(now), Ok(entries)) = (modified(new), fs::read_dir(parent)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let seed = name.strip_prefix('.').and_then(|name| name.split_once(".tmp-"));
        let Some((seed, rest)) = seed else { continue };
        let age = modified(&entry.path()).ok().and_then(|then| now.duration_since(then).ok());
        if age.is_none_or(|age| age <= ABANDONED_AFTER) {
            continue;
        }
        let place = parent.join(seed);
        if rest.ends_with(".old") && !place.exists() {
            drop(fs::rename(entry.path(), place));
        } else {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// Makes something under a name that nobody else uses. A process of the same number, on another machine or in another
/// container, may have left one behind.
fn temporary(
    parent: &Path,
    stem: &str,
    make: impl Fn(&Path) -> io::Result<()>,
) -> Result<PathBuf, WriteError> {
    loop {
        let path = parent.join(temporary_name(stem));
        match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return at("create", &path, made).map(|()| path),
        }
    }
}

/// Names nobody else uses: not another live process here, not another run of this one.
fn temporary_name(stem: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let ordinal = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(".{stem}.tmp-{}-{ordinal}", std::process::id())
}

/// A scenario's name becomes a directory; it must not lead anywhere else.
fn one_component(name: &str) -> Result<&str, WriteError> {
    if is_one_component(name) {
        return Ok(name);
    }
    let source = io::Error::new(io::ErrorKind::InvalidInput, "not usable as a directory name");
    Err(WriteError { action: "create", path: name.into(), source })
}

/// Whether a scenario of this name can have a directory of reports.
pub fn is_one_component(name: &str) -> bool {
    let first = Path::new(name).components().next();
    matches!(first, Some(Component::Normal(only)) if only == name)
        && !["latest", "sweep", "tradeoff"].contains(&name)
}

fn at<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T, WriteError> {
    result.map_err(|source| WriteError { action, path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::super::run_report::ScenarioRef;
    use super::*;

    struct Directory(PathBuf);

    impl Directory {
        fn new() -> Directory {
            let path = std::env::temp_dir().join(temporary_name("sim-report"));
            fs::create_dir(&path).expect("a temporary directory");
            Directory(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn report(name: &str, seed: u64) -> RunReport {
        RunReport::new(ScenarioRef { name: name.to_owned(), path: "scenarios/a.toml".to_owned() }, seed)
    }

    fn write(root: &Path, report: &RunReport, scenario: &str) -> Result<PathBuf, WriteError> {
        write_run_dir(root, report, &History::new(), &Trace::new(), scenario)
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .expect("a directory")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_run_replaces_the_one_before_and_leaves_nothing_else() {
        let root = Directory::new();
        let first = write(&root.0, &report("a", 1), "first").expect("writes");
        fs::write(first.join("stray"), "of an older version").expect("writes");
        let again = write(&root.0, &report("a", 1), "second").expect("replaces");
        assert_eq!(again, root.0.join("a/1"));
        assert_eq!(names(&again), ["history.jsonl", "run.json", "scenario.resolved.toml", "trace.jsonl"]);
        assert_eq!(fs::read_to_string(again.join("scenario.resolved.toml")).expect("reads"), "second");
        let run = fs::read_to_string(again.join("run.json")).expect("reads");
        assert_eq!(serde_json::from_str::<RunReport>(&run).expect("reads"), report("a", 1));
        assert_eq!(names(&root.0.join("a")), ["1"]);
    }

    #[test]
    #[cfg(unix)]
    fn latest_is_the_run_written_last() {
        let root = Directory::new();
        for seed in [1, 2] {
            write(&root.0, &report("a", seed), "").expect("writes");
            assert_eq!(
                fs::read_link(root.0.join("latest")).expect("a link"),
                Path::new("a").join(seed.to_string())
            );
        }
        assert_eq!(names(&root.0), ["a", "latest"]);
        assert!(root.0.join("latest/run.json").exists());
    }

    #[test]
    #[cfg(unix)]
    fn what_a_killed_process_left_is_removed_and_what_is_being_written_is_not() {
        let root = Directory::new();
        let parent = root.0.join("a");
        let names_of = [".1.tmp-7-0", ".2.tmp-7-1.old", ".2.tmp-8-0", ".3.tmp-7-2.old", "3"];
        for name in names_of {
            fs::create_dir_all(parent.join(name)).expect("creates");
            if name != ".2.tmp-8-0" {
                let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1);
                File::open(parent.join(name)).and_then(|file| file.set_modified(long_ago)).expect("ages");
            }
        }
        write(&root.0, &report("a", 1), "").expect("writes");
        assert_eq!(names(&parent), [".2.tmp-8-0", "1", "2", "3"], "2 had stepped aside for what never came");
    }

    #[test]
    fn what_an_earlier_process_of_the_same_number_left_is_in_nobodys_way() {
        let root = Directory::new();
        let tries = std::cell::RefCell::new(Vec::new());
        let made = temporary(&root.0, "1", |path| {
            tries.borrow_mut().push(path.to_owned());
            if tries.borrow().len() < 3 {
                fs::create_dir(path)?;
            }
            fs::create_dir(path)
        });
        assert_eq!(tries.borrow().last(), Some(&made.expect("a third name")));
        assert_eq!(names(&root.0).len(), 3);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named_and_nothing_half_is_left() {
        let root = Directory::new();
        fs::write(root.0.join("a"), "a file where a directory should be").expect("writes");
        let error = write(&root.0, &report("a", 1), "").expect_err("must fail");
        let expected = format!("cannot create {}: ", root.0.join("a").display());
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert_eq!(names(&root.0), ["a"]);
    }

    #[test]
    fn when_the_new_one_cannot_come_the_old_one_stays() {
        let root = Directory::new();
        let place = write(&root.0, &report("a", 1), "old").expect("writes");
        let missing = root.0.join("a/missing");
        replace(&missing, &place).expect_err("there is nothing to put there");
        assert_eq!(fs::read_to_string(place.join("scenario.resolved.toml")).expect("reads"), "old");
        assert_eq!(names(&root.0.join("a")), ["1"]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_although_writes_are_buffered() {
        let error = write_file(Path::new("/dev/full"), |out| out.write_all(b"x")).expect_err("full");
        assert!(error.to_string().starts_with("cannot write /dev/full: No space left"), "{error}");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let root = Directory::new();
        for name in ["", ".", "..", "../a", "a/b", "/a", "a/", "latest", "sweep", "tradeoff"] {
            write(&root.0, &report(name, 1), "").expect_err(name);
        }
        assert_eq!(names(&root.0), Vec::<String>::new());
    }
}
