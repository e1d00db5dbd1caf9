//! Reads a run directory back, and says for people what is wrong with one that cannot be read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::run_report::RunReport;

/// Why a directory is not one of a run that this build can use. Complete sentences for people.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no `run.json`.
    #[error("{} is no run directory: it has no run.json (they are called reports/SCENARIO/SEED)", .0.display())]
    NoRunDirectory(PathBuf),
    /// A file that should be there cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// `run.json` is cut off or was changed by hand.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        problem: serde_json::Error,
    },
    /// Another version of this tool wrote it.
    #[error("{} has version {version}, and this build reads version {}: run the seed again", path.display(), RunReport::VERSION)]
    ForeignVersion {
        /// Which file.
        path: PathBuf,
        /// The version it claims.
        version: u64,
    },
}

/// What a run left behind, as far as somebody needs it to do it again.
#[derive(Clone, Debug)]
pub struct RunDir {
    /// Where it is.
    pub path: PathBuf,
    /// `run.json`
    pub report: RunReport,
    /// `scenario.resolved.toml`
    pub script: String,
}

impl RunDir {
    /// Whether this path could only be meant as a run directory.
    pub fn is_meant(path: &Path) -> bool {
        path.join("run.json").exists() || path.file_name().is_some_and(|name| name == "run.json")
    }

    /// Reads `run.json` and the script. `path` is the directory, or `run.json` in it.
    ///
    /// # Errors
    /// What is missing, damaged or of another version.
    pub fn read(path: &Path) -> Result<RunDir, ReadError> {
        let path = match path.file_name() {
            Some(name) if name == "run.json" => path.parent().unwrap_or(Path::new("")),
            _ => path,
        };
        let file = path.join("run.json");
        if !file.exists() {
            return Err(ReadError::NoRunDirectory(path.to_owned()));
        }
        let text = read(&file)?;
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        let damaged = |problem| ReadError::Damaged { path: file.clone(), problem };
        let Version { version } = serde_json::from_str(&text).map_err(damaged)?;
        if version != u64::from(RunReport::VERSION) {
            return Err(ReadError::ForeignVersion { path: file, version });
        }
        let report = serde_json::from_str(&text).map_err(damaged)?;
        let script = read(&path.join("scenario.resolved.toml"))?;
        Ok(RunDir { path: path.to_owned(), report, script })
    }
}

fn read(path: &Path) -> Result<String, ReadError> {
    fs::read_to_string(path).map_err(|source| ReadError::Unreadable { path: path.to_owned(), source })
}
