//! `sweep/results.jsonl`: a line about the sweep, then a line per run.
//!
//! Lines are appended whole. The last one of a process that was killed may be torn; it has no end, and is as good as not
//! written. Everything else that cannot be read is damage, and said.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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
    /// Which parts of the whole these are; none if this is the whole.
    pub shards: Vec<Shard>,
}

impl Header {
    /// Raised when a field changes its meaning or goes away.
    pub const VERSION: u32 = 1;
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
    #[error("{}:{line} is damaged: {problem}", path.display())]
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
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    file: File,
    /// Held until this is dropped.
    _lock: File,
}

/// Nobody else writes the sweep of this directory of reports while this lives.
#[derive(Debug)]
pub struct Lock(File);

/// Takes the place, and makes it if it is not there.
pub fn lock(reports: &Path) -> Result<Lock, StoreError> {
    let directory = reports.join("sweep");
    at("create", &directory, fs::create_dir_all(&directory))?;
    let path = directory.join(".lock");
    let file = at("create", &path, File::create(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Busy(directory)),
        // Not every file system can lock; then nobody is kept out.
        Err(fs::TryLockError::Error(_)) => Ok(Lock(file)),
    }
}

impl Store {
    /// Begins the file anew, with `results` that are there already.
    pub fn create(
        reports: &Path,
        lock: Lock,
        header: &Header,
        results: &[RunResult],
    ) -> Result<Store, StoreError> {
        let directory = reports.join("sweep");
        // It would tell of other results.
        match fs::remove_file(directory.join("summary.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return at("remove", &directory.join("summary.json"), Err(error));
            }
            _ => {}
        }
        let mut text = line(header);
        results.iter().for_each(|result| text += &line(result));
        let path = directory.join("results.jsonl");
        replace(&path, text.as_bytes())?;
        let file = at("open", &path, File::options().append(true).open(&path))?;
        Ok(Store { directory, file, _lock: lock.0 })
    }

    /// Adds the line of a run that ended.
    pub fn append(&mut self, result: &RunResult) -> Result<(), StoreError> {
        // In one piece: what is read meanwhile has at most one torn line.
        let written = self.file.write_all(line(result).as_bytes());
        at("write", &self.directory.join("results.jsonl"), written)
    }

    /// Writes `summary.json`.
    pub fn summarize(&self, summary: &impl Serialize) -> Result<PathBuf, StoreError> {
        let path = self.directory.join("summary.json");
        let text = serde_json::to_string_pretty(summary).expect("every summary serializes");
        replace(&path, (text + "\n").as_bytes())?;
        Ok(path)
    }
}

/// The results below a directory of reports.
pub fn read(reports: &Path) -> Result<(Header, Vec<RunResult>), StoreError> {
    let path = reports.join("sweep/results.jsonl");
    let mut bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::NoSweep(reports.to_owned()));
        }
        bytes => at("read", &path, bytes)?,
    };
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0));
    let whole = String::from_utf8_lossy(&bytes);
    let damaged = |line: usize, problem: String| StoreError::Damaged { path: path.clone(), line, problem };
    let mut lines = whole.split('\n');
    let header = lines.next().unwrap_or("");
    let header: Header = serde_json::from_str(header)
        .map_err(|error| damaged(1, format!("not the first line of a sweep's results ({error})")))?;
    if header.version != Header::VERSION {
        let problem = format!("it has version {}, and this build reads {}", header.version, Header::VERSION);
        return Err(damaged(1, problem));
    }
    let mut results = Vec::new();
    for (number, line) in (2..).zip(lines) {
        let result: RunResult =
            serde_json::from_str(line).map_err(|error| damaged(number, error.to_string()))?;
        if !is_one_component(&result.scenario.name) {
            return Err(damaged(number, format!("{:?} is no name of a scenario", result.scenario.name)));
        }
        results.push(result);
    }
    Ok((header, results))
}

/// Puts a whole file in the place of another.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let temporary = path.with_file_name(format!(".{name}.tmp-{}", std::process::id()));
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    at("write", path, written)
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("every line serializes") + "\n"
}

fn at<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T, StoreError> {
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

    fn header() -> Header {
        Header { version: Header::VERSION, planned: 3, shards: vec!["1/2".parse().unwrap()] }
    }

    #[test]
    fn what_was_appended_is_read_and_a_torn_last_line_is_not_there() {
        let reports = Reports::new("torn");
        let (one, other) = (result("a", 1, None, 3), result("a", 2, Some("lost"), 3));
        let mut store = Store::create(&reports.0, lock(&reports.0).unwrap(), &header(), &[]).unwrap();
        store.append(&one).unwrap();
        store.append(&other).unwrap();
        assert_eq!(read(&reports.0).unwrap(), (header(), vec![one.clone(), other]));
        let text = fs::read_to_string(reports.file()).unwrap();
        fs::write(reports.file(), &text[..text.len() - 5]).unwrap();
        assert_eq!(read(&reports.0).unwrap(), (header(), vec![one]));
    }

    #[test]
    fn damage_is_said_with_its_line() {
        let reports = Reports::new("damage");
        assert!(matches!(read(&reports.0), Err(StoreError::NoSweep(_))));
        let bad = result("../..", 1, None, 3);
        drop(Store::create(&reports.0, lock(&reports.0).unwrap(), &header(), &[bad]).unwrap());
        let error = read(&reports.0).unwrap_err().to_string();
        assert!(error.contains("results.jsonl:2") && error.contains("no name of a scenario"), "{error}");
        let text = line(&header()) + "{}\n" + &line(&result("a", 1, None, 3));
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
}
