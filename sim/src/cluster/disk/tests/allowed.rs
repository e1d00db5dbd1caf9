//! What POSIX lets a disk be after the power was lost: a set of states, which says nothing of how a disk gets there.
//!
//! Whatever can change - what a name stands for, what a file contains - had one value after another. A flush that
//! succeeded forgets what was replaced before it *started*. What the power leaves is one of the values since: of a name
//! any, of a file a length between its shortest and its longest, and each sector as it was in any of them, with zeros
//! where that one had nothing. Where an fsync failed, a byte may also be zero or what it was before, whatever was
//! flushed after it.

use std::collections::BTreeMap;

use broker_core::time::Timestamp;

/// What a device writes as a whole or not at all, by its position in the file.
pub(super) const SECTOR_BYTES: usize = 512;

/// The values that something had, the first of them since `Timestamp`, as long as each may come back.
///
/// Invariants:
/// * there is one, and the last one is what a process sees.
#[derive(Clone, Debug)]
pub(super) struct Since<T>(Vec<(Timestamp, T)>);

impl<T> Since<T> {
    pub(super) fn new(at: Timestamp, value: T) -> Since<T> {
        Since(vec![(at, value)])
    }

    pub(super) fn set(&mut self, at: Timestamp, value: T) {
        self.0.push((at, value));
    }

    /// What process sees.
    pub(super) fn now(&self) -> &T {
        &self.0[self.0.len() - 1].1
    }

    fn now_mut(&mut self) -> &mut T {
        &mut self.0.last_mut().expect("there is one").1
    }

    /// The oldest that may come back.
    pub(super) fn oldest(&self) -> &T {
        &self.0[0].1
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// What it was at `moment` is safe: nothing from before comes back.
    pub(super) fn settle(&mut self, moment: Timestamp) {
        let replaced = self.0.iter().skip(1).take_while(|(at, _)| *at <= moment).count();
        self.0.drain(..replaced);
    }
}

/// The content of a file at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Of each byte, whether an fsync that meant it failed.
    doubtful: Vec<bool>,
}

impl Content {
    fn durable(bytes: Vec<u8>) -> Content {
        Content { doubtful: vec![false; bytes.len()], bytes }
    }

    /// Whether `found`, at `position`, is how the platter may have this content; `oldest` is what it had before.
    fn explains(&self, position: usize, found: &[u8], oldest: &[u8]) -> bool {
        let had = self.bytes.get(position..).unwrap_or_default();
        let had = &had[..had.len().min(found.len())];
        let is_doubt = |i: usize, byte: u8| {
            self.doubtful[position + i] && (byte == 0 || oldest.get(position + i) == Some(&byte))
        };
        let may_be = |(i, byte): (usize, &u8)| *byte == had[i] || is_doubt(i, *byte);
        (*had == found[..had.len()] || found[..had.len()].iter().enumerate().all(may_be))
            && found[had.len()..].iter().all(|byte| *byte == 0)
    }
}

/// A file, whatever its name is.
#[derive(Clone, Debug)]
pub(super) struct File(pub(super) Since<Content>);

impl File {
    pub(super) fn durable(at: Timestamp, bytes: Vec<u8>) -> File {
        File(Since::new(at, Content::durable(bytes)))
    }

    pub(super) fn len(&self) -> usize {
        self.0.now().bytes.len()
    }

    pub(super) fn append(&mut self, at: Timestamp, bytes: &[u8]) {
        let mut content = self.0.now().clone();
        content.bytes.extend_from_slice(bytes);
        content.doubtful.resize(content.bytes.len(), false);
        self.0.set(at, content);
    }

    pub(super) fn truncate(&mut self, at: Timestamp, len: usize) {
        let mut content = self.0.now().clone();
        content.bytes.truncate(len);
        content.doubtful.truncate(len);
        self.0.set(at, content);
    }

    fn shortest(&self) -> usize {
        self.0.all().map(|content| content.bytes.len()).min().expect("there is one")
    }

    /// A flush that meant the first `len` bytes failed: what the last one that succeeded did not save is in doubt for
    /// as long as it is there.
    pub(super) fn doubt(&mut self, len: usize) {
        let (from, to) = (self.shortest(), len.min(self.len()));
        if from < to {
            self.0.now_mut().doubtful[from..to].fill(true);
        }
    }

    /// A flush of the first `len` bytes that started `at` ended well: nothing from before comes back.
    pub(super) fn settle(&mut self, at: Timestamp, len: usize) {
        self.0.settle(at);
        self.write_part(len);
    }

    /// A flush of the first `len` bytes may write them as they are at its end and leave out the others, also where an
    /// append after a cut has brought both into one sector.
    pub(super) fn write_part(&mut self, len: usize) {
        let (at, content) = self.0.0.pop().expect("there is one");
        if len < content.bytes.len() {
            let mut part = content.clone();
            part.bytes.truncate(len);
            part.doubtful.truncate(len);
            self.0.set(at, part);
        }
        self.0.set(at, content);
    }

    /// Whether only one content may be found.
    pub(super) fn is_safe(&self) -> bool {
        self.0.all().count() == 1 && !self.0.now().doubtful.contains(&true)
    }

    /// A byte that was `before` turned into another one wherever it is kept.
    pub(super) fn rot(&mut self, position: usize, before: u8, after: u8) {
        for (_, content) in &mut self.0.0 {
            if let Some(byte) = content.bytes.get_mut(position).filter(|byte| **byte == before) {
                *byte = after;
            }
        }
    }

    /// Everything appended until `moment` that was not cut since has been written back, and what was cut before it
    /// with it. A cut alone is not.
    pub(super) fn write_back(&mut self, moment: Timestamp) {
        let versions = &self.0.0;
        let len = |nth: usize| versions[nth].1.bytes.len();
        let is_there = |nth: usize| (nth..versions.len()).all(|later| len(nth - 1) < len(later));
        let old = (1..versions.len()).rev().find(|nth| versions[*nth].0 <= moment && is_there(*nth));
        if let Some(nth) = old {
            self.0.settle(versions[nth].0);
        }
    }

    /// Whether power loss may leave this, and why not.
    pub(super) fn allows(&self, found: &[u8]) -> Result<(), String> {
        let longest = self.0.all().map(|content| content.bytes.len()).max().expect("there is one");
        let lengths = self.shortest()..=longest;
        if !lengths.contains(&found.len()) {
            return Err(format!("has {} bytes instead of {lengths:?}", found.len()));
        }
        let oldest = &self.0.oldest().bytes;
        for (nth, sector) in found.chunks(SECTOR_BYTES).enumerate() {
            let position = nth * SECTOR_BYTES;
            if !self.0.all().any(|content| content.explains(position, sector, oldest)) {
                let known = self.0.all().count();
                return Err(format!(
                    "sector {nth} is none of {known}: {:?}…",
                    &sector[..sector.len().min(16)]
                ));
            }
        }
        Ok(())
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    File(usize),
    Directory,
}

/// What is on a disk: files with their content, directories without.
pub(super) type Found = BTreeMap<String, Option<Vec<u8>>>;

/// All that a disk may be. A name that never was has no entry.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) files: Vec<File>,
    pub(super) names: BTreeMap<String, Since<Option<Thing>>>,
}

pub(super) fn directory_of(path: &str) -> &str {
    path.split_once('/').map_or("", |(directory, _)| directory)
}

impl World {
    pub(super) fn get(&self, path: &str) -> Option<Thing> {
        *self.names.get(path)?.now()
    }

    pub(super) fn file(&self, path: &str) -> Option<usize> {
        match self.get(path)? {
            Thing::File(number) => Some(number),
            Thing::Directory => None,
        }
    }

    pub(super) fn name(&mut self, at: Timestamp, path: &str, thing: Option<Thing>) {
        let names = self.names.entry(path.to_owned());
        names.or_insert_with(|| Since::new(Timestamp::ZERO, None)).set(at, thing);
    }

    pub(super) fn has_name(&self, number: usize) -> bool {
        self.names.values().any(|name| *name.now() == Some(Thing::File(number)))
    }

    /// A new file; its directory comes with it.
    pub(super) fn add(&mut self, at: Timestamp, path: &str, file: File) -> usize {
        let directory = directory_of(path);
        if !directory.is_empty() && self.get(directory).is_none() {
            self.name(at, directory, Some(Thing::Directory));
        }
        self.files.push(file);
        let number = self.files.len() - 1;
        self.name(at, path, Some(Thing::File(number)));
        number
    }

    /// A flush of a directory that started at `moment` ended well.
    pub(super) fn settle_names(&mut self, directory: &str, moment: Timestamp) {
        for (_, names) in self.names.iter_mut().filter(|(path, _)| directory_of(path) == directory) {
            names.settle(moment);
        }
    }

    /// What a name stood for at `moment` is safe.
    pub(super) fn settle_name(&mut self, path: &str, moment: Timestamp) {
        self.names.get_mut(path).expect("it has been used").settle(moment);
    }

    /// Whatever is older than `moment` reached the platter by itself.
    pub(super) fn write_back(&mut self, moment: Timestamp) {
        for number in 0..self.files.len() {
            // Nobody writes back what has no name, and an unlink that is undone finds what there was.
            if self.has_name(number) {
                self.files[number].write_back(moment);
            }
        }
        self.names.values_mut().for_each(|names| names.settle(moment));
    }

    /// What a process sees.
    pub(super) fn now(&self) -> Found {
        let content = |thing| match thing {
            Thing::File(number) => Some(self.files[number].0.now().bytes.clone()),
            Thing::Directory => None,
        };
        let names = self.names.iter();
        names.filter_map(|(path, name)| Some((path.clone(), content((*name.now())?)))).collect()
    }

    /// The file that was found under a name, if it may be there.
    pub(super) fn identify(&self, path: &str, found: &[u8]) -> Result<usize, String> {
        let names = self.names.get(path).ok_or_else(|| format!("{path} was never there"))?;
        let mut why = format!("{path} must not be there");
        for thing in names.all() {
            if let Some(Thing::File(number)) = *thing {
                match self.files[number].allows(found) {
                    Ok(()) => return Ok(number),
                    Err(reason) => why = format!("{path} {reason}"),
                }
            }
        }
        Err(why)
    }

    /// Whether power loss may leave this, and why not.
    pub(super) fn allows(&self, found: &Found) -> Result<(), String> {
        for (path, content) in found {
            let directory = directory_of(path);
            if !directory.is_empty() && found.get(directory) != Some(&None) {
                return Err(format!("{path} is there and its directory is not"));
            }
            match content {
                Some(content) => _ = self.identify(path, content)?,
                None if self.names.get(path).is_some_and(|names| names.all().any(Option::is_some)) => {}
                None => return Err(format!("{path} was never there")),
            }
        }
        for (path, names) in &self.names {
            let hidden = !directory_of(path).is_empty() && !found.contains_key(directory_of(path));
            if !found.contains_key(path) && !hidden && names.all().all(Option::is_some) {
                return Err(format!("{path} is gone"));
            }
        }
        Ok(())
    }

    /// The world after that: all there is is durable.
    pub(super) fn durable(at: Timestamp, found: Found) -> World {
        let mut world = World::default();
        for (path, content) in found {
            let thing = content.map_or(Thing::Directory, |bytes| {
                world.files.push(File::durable(at, bytes));
                Thing::File(world.files.len() - 1)
            });
            world.names.insert(path, Since::new(at, Some(thing)));
        }
        world
    }
}
