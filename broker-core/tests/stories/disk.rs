//! Commands for disks. A flush is a list of steps, carried out in order; a host's flushes are done one after the other.
//!
//! | command | what it does |
//! |---|---|
//! | `disk HOST hold`, `go`, `step` | flushes wait; all of them are done, and later ones at once; the oldest is done |
//! | `disk HOST show` | the flushes that wait, a line for each, and their steps |
//! | `disk HOST part N` | only the first N steps of the oldest flush become durable; nobody is told |
//! | `disk HOST fail` | the next flush fails |
//! | `disk HOST full [BYTES]`, `room` | no file grows beyond this size; there is room again |
//! | `damage HOST PATH BYTE` | flips a bit; negative bytes count from the end |
//! | `tear HOST PATH BYTES` | the last bytes of a file are gone |
//! | `files HOST [DIRECTORY]`, `cat HOST PATH` | what is on the disk as a reader sees it |

use std::io::ErrorKind;

use broker_core::error::StorageError;
use broker_core::io::{FlushStep, Storage};
use broker_core::testing::MemStorage;
use goldenscript::Command;

use crate::args::{Args, Result};
use crate::world::{Host, World};

impl World {
    /// Carries out a command for disks; `false` if it is none.
    pub fn disk_command(&mut self, command: &Command) -> Result<bool> {
        let mut args = Args::new(command);
        match command.name.as_str() {
            "disk" => self.disk(&mut args)?,
            "damage" => {
                let (name, path) = (args.next("a host")?, args.next("a path")?);
                let byte: isize = args.next("a byte")?.parse()?;
                self.host(name)?.storage.borrow_mut().damage(path, |bytes| {
                    let at =
                        if byte < 0 { bytes.len().wrapping_add_signed(byte) } else { byte.unsigned_abs() };
                    bytes[at] ^= 1;
                });
            }
            "tear" => {
                let (name, path) = (args.next("a host")?, args.next("a path")?);
                let bytes: usize = args.next("bytes")?.parse()?;
                let tear = |content: &mut Vec<u8>| content.truncate(content.len().saturating_sub(bytes));
                self.host(name)?.storage.borrow_mut().damage(path, tear);
            }
            "files" => {
                let (name, directory) = (args.next("a host")?, args.next_opt().unwrap_or("orders-0"));
                let storage = &self.host(name)?.storage;
                let mut lines = Vec::new();
                for file in storage.list(directory)? {
                    let size = storage.read_file(&format!("{directory}/{file}"))?.map_or(0, |b| b.len());
                    lines.push(format!("{file} {size}"));
                }
                self.journal.extend(lines);
            }
            "cat" => {
                let (name, path) = (args.next("a host")?, args.next("a path")?);
                let content = self.host(name)?.storage.read_file(path)?;
                let text =
                    content.map_or_else(|| "no such file".to_owned(), |bytes| crate::show::text(&bytes));
                self.journal.extend(text.lines().map(str::to_owned));
            }
            _ => return Ok(false),
        }
        args.done()?;
        Ok(true)
    }

    fn host(&self, name: &str) -> Result<&Host> {
        self.hosts.get(name).ok_or_else(|| format!("there is no {name}").into())
    }

    fn disk(&mut self, args: &mut Args<'_>) -> Result<()> {
        let (name, what) = (args.next("a host")?, args.next("what to do")?);
        let host = self.hosts.get_mut(name).ok_or_else(|| format!("there is no {name}"))?;
        match what {
            "hold" => host.disk.held = true,
            "go" => {
                host.disk.held = false;
                while self.flush(name) {}
            }
            "step" => {
                if !self.flush(name) {
                    return Err(format!("{name} has no flush under way").into());
                }
            }
            "show" => {
                let storage = host.storage.borrow();
                let lines = host.disk.flushes.iter().map(|(_, steps)| describe(&storage, steps));
                self.journal.extend(lines);
            }
            "part" => {
                let count: usize = args.next("how many steps")?.parse()?;
                let (_, steps) = host.disk.flushes.front().ok_or("no flush is under way")?;
                let steps = steps.get(..count).ok_or("it has fewer steps")?;
                host.storage.borrow_mut().apply(steps);
            }
            "fail" => {
                host.disk.failing = true;
                if host.disk.held {
                    self.flush(name);
                }
            }
            "full" => {
                let bytes = args.next_opt().unwrap_or("0").parse()?;
                host.storage.borrow_mut().limit_capacity(Some(bytes));
            }
            "room" => host.storage.borrow_mut().limit_capacity(None),
            other => return Err(format!("there is no `disk {name} {other}`").into()),
        }
        Ok(())
    }
}

/// What the first step of a flush fails with.
pub fn failed(storage: &MemStorage, steps: &[FlushStep]) -> StorageError {
    let path = steps.first().map_or_else(String::new, |step| path(storage, step).to_owned());
    StorageError { operation: "sync", path, kind: ErrorKind::Other, errno: Some(5) }
}

/// The steps of a flush.
fn describe(storage: &MemStorage, steps: &[FlushStep]) -> String {
    let step = |step: &FlushStep| {
        let what = match step {
            FlushStep::File(_) => "file",
            FlushStep::Directory(_) => "directory",
            FlushStep::Replace { .. } => "replace",
        };
        format!("{what} {}", path(storage, step))
    };
    steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

/// What a step is about; the root directory is `.`.
fn path<'a>(storage: &'a MemStorage, step: &'a FlushStep) -> &'a str {
    match step {
        FlushStep::File(file) => storage.path(*file).unwrap_or("that is gone"),
        FlushStep::Directory(path) if path.is_empty() => ".",
        FlushStep::Directory(path) | FlushStep::Replace { path, .. } => path,
    }
}
