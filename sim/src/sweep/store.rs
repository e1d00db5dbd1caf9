//! `sweep/results.jsonl`: a line about the sweep, then a line per run. Beside it, in the same form, `results.before.jsonl`:
//! what was there before and is no part of this sweep.
//!
//! Lines are appended whole. The last one of a process that was killed may be torn; it has no end, and is as good as not
//! written. Everything else that cannot be read is damage, and said. Files are read line by line: a sweep may have more
//! results than fit into memory.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::anew::Anew;
use super::result::RunResult;
use super::shard::Shard;
use crate::report::is_one_component;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of this format: [`Header::VERSION`].
    pub version: u32,
    /// How many runs were planned.
    pub planned: u64,
    /// Hash of the whole plan, of which shards have parts; empty if there was not one.
    #[serde(default)]
    pub plan: String,
    /// Which parts of the whole these are; none if this is the whole.
    pub shards: Vec<Shard>,
}

impl Header {
    /// Raised when a field changes its meaning or goes away.
    pub const VERSION: u32 = 1;

    /// Of results that are no part of a sweep.
    pub fn none() -> Header {
        Header { version: Header::VERSION, planned: 0, plan: String::new(), shards: Vec::new() }
    }
}

/// Which results of a directory of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Those of the sweep.
    Now,
    /// Those that were there before.
    Before,
}

impl Kept {
    /// Its file.
    pub fn path(self, reports: &Path) -> PathBuf {
        reports.join("sweep").join(match self {
            Kept::Now => "results.jsonl",
            Kept::Before => "results.before.jsonl",
        })
    }
}

/// Why results cannot be read or written. Complete sentences for people.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file of results.
    #[error("{} has no sweep/results.jsonl: it holds no sweep (name the directory given with --reports)", .0.display())]
    NoSweep(PathBuf),
    /// The operating system refuses.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, such as `create`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A line that nobody wrote like this.
    #[error("{}:{line} is damaged: {problem}; without --resume it is put aside, and removing it loses no more than it holds", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1 on.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Somebody else writes there.
    #[error("another sweep writes to {} right now", .0.display())]
    Busy(PathBuf),
}

/// The results of one directory of reports, while a sweep writes them.
///
/// Invariant: the first `good` bytes of the file are whole lines.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    file: File,
    good: u64,
    /// Whether something else may follow them: half a line that a full disk has left.
    torn: bool,
    /// Held until this is dropped.
    _lock: Lock,
}

/// Nobody else writes the sweep of this directory of reports while this lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the place, and makes it if it is not there.
pub fn lock(reports: &Path) -> Result<Lock, StoreError> {
    let directory = reports.join("sweep");
    at("create", &directory, fs::create_dir_all(&directory))?;
    let path = directory.join(".lock");
    let file = at("create", &path, File::create(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Busy(directory)),
        // Not every file system can lock; then nobody is kept out.
        Err(fs::TryLockError::Error(_)) => Ok(Lock { _file: file }),
    }
}

impl Store {
    /// Begins the results anew; `fill` says which there are already.
    pub fn create(
        reports: &Path,
        lock: Lock,
        header: &Header,
        fill: impl FnOnce(&mut Anew) -> Result<(), StoreError>,
    ) -> Result<Store, StoreError> {
        let directory = reports.join("sweep");
        let mut anew = Anew::begin(reports, header)?;
        fill(&mut anew)?;
        // It would tell of other results.
        remove(&directory.join("summary.json"))?;
        anew.finish()?;
        let path = Kept::Now.path(reports);
        let file = at("open", &path, File::options().append(true).open(&path))?;
        let good = at("read", &path, file.metadata())?.len();
        Ok(Store { directory, file, good, torn: false, _lock: lock })
    }

    /// Adds the line of a run that ended.
    pub fn append(&mut self, result: &RunResult) -> Result<(), StoreError> {
        let line = line(result);
        let written = self.append_line(line.as_bytes());
        at("write", &self.directory.join("results.jsonl"), written)
    }

    fn append_line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            // Or the next line would be the rest of this one.
            self.file.set_len(self.good)?;
        }
        self.torn = true;
        // In one piece: what is read meanwhile has at most one torn line.
        self.file.write_all(line)?;
        self.torn = false;
        self.good += line.len() as u64;
        Ok(())
    }

    /// Writes `summary.json`.
    pub fn summarize(&self, summary: &impl Serialize) -> Result<PathBuf, StoreError> {
        let path = self.directory.join("summary.json");
        let text = serde_json::to_string_pretty(summary).expect("every summary serializes");
        replace(&path, (text + "\n").as_bytes())?;
        Ok(path)
    }
}

/// What the first line of a directory's results says.
pub fn header(reports: &Path) -> Result<Header, StoreError> {
    Ok(open(reports, Kept::Now)?.0)
}

/// Reads these results of a directory of reports, one after the other. Returns what the first line says.
pub fn each(
    reports: &Path,
    kept: Kept,
    mut take: impl FnMut(RunResult) -> Result<(), StoreError>,
) -> Result<Header, StoreError> {
    let (header, mut lines) = open(reports, kept)?;
    while let Some(line) = lines.next()? {
        let result: RunResult =
            serde_json::from_slice(&line).map_err(|error| lines.damaged(error.to_string()))?;
        if !is_one_component(&result.scenario.name) {
            return Err(lines.damaged(format!("{:?} is no name of a scenario", result.scenario.name)));
        }
        if result.contradicts_itself() {
            return Err(lines.damaged("it passed as expected, and names what failed".to_owned()));
        }
        take(result)?;
    }
    Ok(header)
}

/// As [`each`]; nothing, if there are no such results. Whether there are.
pub fn each_if_any(
    reports: &Path,
    kept: Kept,
    take: impl FnMut(RunResult) -> Result<(), StoreError>,
) -> Result<bool, StoreError> {
    match each(reports, kept, take) {
        Err(StoreError::NoSweep(_)) => Ok(false),
        read => read.map(|_| true),
    }
}

struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    /// The last one that was read, from 1 on.
    number: usize,
}

impl Lines {
    /// The next whole line.
    fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut line = Vec::new();
        at("read", &self.path, self.file.read_until(b'\n', &mut line))?;
        self.number += 1;
        Ok(line.ends_with(b"\n").then_some(line))
    }

    fn damaged(&self, problem: String) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), line: self.number, problem }
    }
}

fn open(reports: &Path, kept: Kept) -> Result<(Header, Lines), StoreError> {
    let path = kept.path(reports);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::NoSweep(reports.to_owned()));
        }
        file => at("read", &path, file)?,
    };
    let mut lines = Lines { path, file: BufReader::new(file), number: 0 };
    let header = lines.next()?.unwrap_or_default();
    let header: Header = serde_json::from_slice(&header)
        .map_err(|error| lines.damaged(format!("not the first line of a sweep's results ({error})")))?;
    if header.version != Header::VERSION {
        let problem = format!("it has version {}, and this build reads {}", header.version, Header::VERSION);
        return Err(lines.damaged(problem));
    }
    Ok((header, lines))
}

/// Makes room for a sweep that takes nothing over: results that are there become those of before, unread. Those that had
/// been the ones of before are gone then, and so are their run directories. Returns where the results are now, if there
/// were any.
pub fn set_aside(reports: &Path) -> Result<Option<PathBuf>, StoreError> {
    let (now, before) = (Kept::Now.path(reports), Kept::Before.path(reports));
    let lines = match File::open(&now) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => BufReader::new(at("read", &now, file)?).split(b'\n').take(2).count(),
    };
    if lines < 2 {
        return Ok(None);
    }
    let directories = |kept: Kept| {
        let mut places = BTreeSet::new();
        each_if_any(reports, kept, |result| {
            places.extend(result.run_dir());
            Ok(())
        })?;
        Ok::<_, StoreError>(places)
    };
    // What cannot be read names nothing that could be removed.
    if let (Ok(going), Ok(staying)) = (directories(Kept::Before), directories(Kept::Now)) {
        for place in going.difference(&staying) {
            drop(fs::remove_dir_all(reports.join(place)));
        }
    }
    at("replace", &before, fs::rename(&now, &before))?;
    Ok(Some(before))
}

/// Removes a file that may not be there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => at("remove", path, removed),
    }
}

/// Puts a whole file in the place of another.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let temporary = path.with_file_name(format!(".{name}.tmp-{}", std::process::id()));
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        // A rename that survives a power loss without what was written would be worse than none.
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    let written = write();
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    at("write", path, written)
}

pub(super) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("every line serializes") + "\n"
}

pub(super) fn at<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T, StoreError> {
    result.map_err(|source| StoreError::Io { action, path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::result;
    use super::*;

    struct Reports(PathBuf);

    impl Reports {
        fn new(name: &str) -> Reports {
            let path = std::env::temp_dir().join(format!("sim-store-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Reports(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("sweep/results.jsonl")
        }
    }

    impl Drop for Reports {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn part() -> Header {
        Header { planned: 3, shards: vec!["1/2".parse().unwrap()], ..Header::none() }
    }

    fn create(reports: &Reports, results: &[RunResult]) -> Store {
        let fill = |anew: &mut Anew| results.iter().try_for_each(|result| anew.take(result));
        Store::create(&reports.0, lock(&reports.0).unwrap(), &part(), fill).unwrap()
    }

    fn read(reports: &Path) -> Result<(Header, Vec<RunResult>), StoreError> {
        let mut results = Vec::new();
        let header = each(reports, Kept::Now, |result| {
            results.push(result);
            Ok(())
        })?;
        Ok((header, results))
    }

    #[test]
    fn what_was_appended_is_read_and_a_torn_last_line_is_not_there() {
        let reports = Reports::new("torn");
        let (one, other) = (result("a", 1, None, 3), result("a", 2, Some("lost"), 3));
        let mut store = create(&reports, &[]);
        store.append(&one).unwrap();
        store.append(&other).unwrap();
        assert_eq!(read(&reports.0).unwrap(), (part(), vec![one.clone(), other]));
        let text = fs::read_to_string(reports.file()).unwrap();
        fs::write(reports.file(), &text[..text.len() - 5]).unwrap();
        assert_eq!(read(&reports.0).unwrap(), (part(), vec![one]));
    }

    #[test]
    fn damage_is_said_with_its_line() {
        let reports = Reports::new("damage");
        assert!(matches!(read(&reports.0), Err(StoreError::NoSweep(_))));
        let bad = result("../..", 1, None, 3);
        drop(create(&reports, &[bad]));
        let error = read(&reports.0).unwrap_err().to_string();
        assert!(error.contains("results.jsonl:2") && error.contains("no name of a scenario"), "{error}");
        let text = line(&part()) + "{}\n" + &line(&result("a", 1, None, 3));
        fs::write(reports.file(), text).unwrap();
        let error = read(&reports.0).unwrap_err().to_string();
        assert!(error.contains("results.jsonl:2") && error.contains("missing field"), "{error}");
        for foreign in ["", "once upon a time\n", "{\"version\":9,\"planned\":1,\"shards\":[]}\n"] {
            fs::write(reports.file(), foreign).unwrap();
            let error = read(&reports.0).unwrap_err().to_string();
            assert!(error.contains("results.jsonl:1"), "{error}");
        }
    }

    #[test]
    fn two_sweeps_do_not_write_to_one_place() {
        let reports = Reports::new("busy");
        let first = lock(&reports.0).unwrap();
        assert!(matches!(lock(&reports.0), Err(StoreError::Busy(_))));
        drop(first);
        lock(&reports.0).unwrap();
    }

    #[test]
    fn half_a_line_that_a_full_disk_has_left_harms_no_other() {
        let reports = Reports::new("full");
        let (one, other) = (result("a", 1, None, 3), result("a", 2, Some("lost"), 3));
        let mut store = create(&reports, std::slice::from_ref(&one));
        // As a write does that fails in the middle.
        store.torn = true;
        store.file.write_all(b"{\"key\":").unwrap();
        store.append(&other).unwrap();
        assert_eq!(read(&reports.0).unwrap(), (part(), vec![one, other]));
    }

    #[test]
    fn one_generation_of_results_stays_with_its_run_directories() {
        let reports = Reports::new("aside");
        let of = |seed: u64| RunResult { has_run_dir: true, ..result("a", seed, Some("lost"), 3) };
        let place = |seed: u64| reports.0.join("sweep/a").join(seed.to_string());
        for seeds in [[1, 2], [2, 3], [4, 5]] {
            set_aside(&reports.0).unwrap();
            drop(create(&reports, &seeds.map(of)));
            seeds.iter().for_each(|seed| fs::create_dir_all(place(*seed)).unwrap());
        }
        assert_eq!([1, 2, 3, 4, 5].map(|seed| place(seed).exists()), [false, true, true, true, true]);
        let mut before = Vec::new();
        let kept = |result: RunResult| {
            before.push(result.seed);
            Ok(())
        };
        assert!(each_if_any(&reports.0, Kept::Before, kept).unwrap());
        assert_eq!(before, [2, 3]);
        // A sweep that was killed before its first result has nothing to put aside.
        drop(create(&reports, &[]));
        assert_eq!(set_aside(&reports.0).unwrap(), None);
    }
}
