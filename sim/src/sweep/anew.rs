//! The files of results, made anew from what is there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::result::RunResult;
use super::store::{Header, Kept, StoreError, at, line};

/// Results that are sorted into those of a sweep, and those that are no part of it.
///
/// Invariants:
/// * Neither file is in its place before both are whole, and that of before comes first: whoever is killed in between has
///   a result twice, and not nowhere.
/// * The same end of the same run is there once.
#[derive(Debug)]
pub struct Anew {
    now: Draft,
    before: Draft,
    seen: BTreeSet<(String, String, bool)>,
    aside: u64,
}

impl Anew {
    pub(super) fn begin(reports: &Path, header: &Header) -> Result<Anew, StoreError> {
        Ok(Anew {
            now: Draft::create(Kept::Now.path(reports), header)?,
            before: Draft::create(Kept::Before.path(reports), &Header::none())?,
            seen: BTreeSet::new(),
            aside: 0,
        })
    }

    /// It is part of the sweep.
    pub fn take(&mut self, result: &RunResult) -> Result<(), StoreError> {
        self.seen.insert(identity(result));
        self.now.add(result)
    }

    /// It is not, and stays.
    pub fn set_aside(&mut self, result: &RunResult) -> Result<(), StoreError> {
        if !self.seen.insert(identity(result)) {
            return Ok(());
        }
        self.aside += 1;
        self.before.add(result)
    }

    /// How many are no part of the sweep.
    pub fn aside(&self) -> u64 {
        self.aside
    }

    /// What was there before stays as it is if nothing was put aside.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        if 0 < self.aside {
            self.before.finish()?;
        }
        self.now.finish()
    }
}

fn identity(result: &RunResult) -> (String, String, bool) {
    (result.key.clone(), result.digest.clone(), result.checked_twice)
}

/// A file under a temporary name.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
    temporary: PathBuf,
    out: BufWriter<File>,
}

impl Draft {
    fn create(path: PathBuf, header: &Header) -> Result<Draft, StoreError> {
        // Whoever holds the lock owns this name, and what somebody left there who was killed.
        let name = path.file_name().unwrap_or_default().display();
        let temporary = path.with_file_name(format!(".{name}.tmp"));
        let file = at("create", &temporary, File::create(&temporary))?;
        let mut draft = Draft { path, temporary, out: BufWriter::new(file) };
        draft.write(&line(header))?;
        Ok(draft)
    }

    fn add(&mut self, result: &RunResult) -> Result<(), StoreError> {
        self.write(&line(result))
    }

    fn write(&mut self, line: &str) -> Result<(), StoreError> {
        at("write", &self.temporary, self.out.write_all(line.as_bytes()))
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        let written = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        at("write", &self.path, written.and_then(|()| fs::rename(&self.temporary, &self.path)))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is none.
        drop(fs::remove_file(&self.temporary));
    }
}
