//! Random sequences against a model that keeps whole files and copies them.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::io::FileId;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::cluster::disk::{DiskEffect, DiskFault, FlushTicket};

const PATHS: [&str; 4] = ["a", "b", "t-0/a", "t-0/b"];
const DIRECTORIES: [&str; 2] = ["", "t-0"];

#[derive(Clone, Debug)]
enum Op {
    Append {
        path: usize,
        len: usize,
    },
    Truncate {
        path: usize,
        permille: u64,
    },
    Remove {
        path: usize,
    },
    Start {
        steps: Vec<StepOf>,
    },
    Finish {
        nth: usize,
    },
    Kill,
    PowerLoss,
    Wipe,
    /// A flush that ends and some changes, all of which the process dies before.
    Undone {
        finish: usize,
        changes: Vec<Op>,
    },
    /// Each flush step fails with this probability, or never.
    Fail {
        percent: Option<u8>,
    },
}

#[derive(Clone, Debug)]
enum StepOf {
    File(usize),
    Directory(usize),
    Replace(usize, u8),
}

fn step() -> impl Strategy<Value = StepOf> {
    prop_oneof![
        4 => (0..4_usize).prop_map(StepOf::File),
        3 => (0..2_usize).prop_map(StepOf::Directory),
        1 => (0..4_usize, any::<u8>()).prop_map(|(path, fill)| StepOf::Replace(path, fill)),
    ]
}

fn change() -> impl Strategy<Value = Op> {
    let len = prop_oneof![4 => 0..50_usize, 1 => 60_000..140_000_usize];
    prop_oneof![
        8 => (0..4_usize, len).prop_map(|(path, len)| Op::Append { path, len }),
        4 => (0..4_usize, 0..=1_000_u64).prop_map(|(path, permille)| Op::Truncate { path, permille }),
        1 => (0..4_usize).prop_map(|path| Op::Remove { path }),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        13 => change(),
        5 => prop::collection::vec(step(), 1..4).prop_map(|steps| Op::Start { steps }),
        5 => (0..3_usize).prop_map(|nth| Op::Finish { nth }),
        1 => Just(Op::Kill),
        2 => Just(Op::PowerLoss),
        1 => Just(Op::Wipe),
        3 => (0..3_usize, prop::collection::vec(change(), 0..4))
            .prop_map(|(finish, changes)| Op::Undone { finish, changes }),
        2 => prop_oneof![Just(None), Just(Some(30)), Just(Some(100))].prop_map(|percent| Op::Fail { percent }),
    ]
}

/// One file of the model. `written` is what the platter would have if all flushes from now on succeeded: the same as
/// `cached`, but zeros where one has failed. `clean` and `stable` are how short the file was at its shortest since the
/// last flush, and since the last one that succeeded.
#[derive(Clone, Debug, Default)]
struct File {
    cached: Vec<u8>,
    written: Vec<u8>,
    durable: Vec<u8>,
    clean: usize,
    stable: usize,
}

impl File {
    fn durable(content: Vec<u8>) -> File {
        let len = content.len();
        File { cached: content.clone(), written: content.clone(), durable: content, clean: len, stable: len }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.cached.extend(bytes);
        self.written.extend(bytes);
    }

    fn truncate(&mut self, len: usize) {
        self.cached.truncate(len);
        self.written.truncate(len);
        self.clean = self.clean.min(len);
        self.stable = self.stable.min(len);
    }

    fn sync(&mut self, len_at_start: usize) {
        self.clean = len_at_start.min(self.cached.len()).max(self.clean);
        self.durable = self.written[..self.clean].to_vec();
        self.stable = self.clean;
    }

    /// Returns how many bytes were marked clean.
    fn fail(&mut self, len_at_start: usize) -> usize {
        let to = len_at_start.min(self.cached.len()).max(self.clean);
        self.written[self.clean..to].fill(0);
        to - std::mem::replace(&mut self.clean, to)
    }

    fn dirty(&self) -> usize {
        self.cached.len() - self.clean
    }

    /// Nothing that is appended is zero.
    fn phantom(&self) -> usize {
        if self.cached == self.written {
            return 0;
        }
        self.cached.iter().zip(&self.written).filter(|(cached, written)| cached != written).count()
    }

    fn revert(&mut self) {
        *self = File::durable(std::mem::take(&mut self.durable));
    }
}

type Names = BTreeMap<&'static str, usize>;

/// A flush of the model: what there was at its start.
type Started = Vec<Begun>;

#[derive(Clone, Debug)]
enum Begun {
    File { id: usize, len: usize },
    Directory { index: usize, names: Vec<&'static str> },
    Replace { path: &'static str, fill: u8, names: Vec<&'static str> },
    Refused,
}

#[derive(Clone, Debug, Default)]
struct Model {
    files: Vec<File>,
    volatile: Names,
    durable: Names,
    /// Whether `t-0` is there, and whether its name is durable.
    directory: (bool, bool),
    /// The fault that is active.
    failing: Option<(u32, f64, ChaCha8Rng)>,
    effect: DiskEffect,
}

fn is_in(path: &str, directory: usize) -> bool {
    path.contains('/') == (directory == 1)
}

impl Model {
    fn names_in(&self, directory: usize) -> Vec<&'static str> {
        let mut names: Vec<_> = self.volatile.keys().copied().filter(|path| is_in(path, directory)).collect();
        if directory == 0 && self.directory.0 {
            names.push("t-0");
        }
        names
    }

    fn open(&mut self, path: &'static str) -> usize {
        self.directory.0 |= is_in(path, 1);
        if let Some(id) = self.volatile.get(path) {
            return *id;
        }
        self.files.push(File::default());
        self.volatile.insert(path, self.files.len() - 1);
        self.files.len() - 1
    }

    fn start(&self, steps: &[StepOf]) -> Started {
        let begin = |step: &StepOf| match *step {
            StepOf::File(path) => match self.volatile.get(PATHS[path]) {
                Some(&id) => Begun::File { id, len: self.files[id].cached.len() },
                None => Begun::Refused,
            },
            StepOf::Directory(1) if !self.directory.0 => Begun::Refused,
            StepOf::Directory(index) => Begun::Directory { index, names: self.names_in(index) },
            StepOf::Replace(path, fill) => {
                let path = PATHS[path];
                Begun::Replace { path, fill, names: self.names_in(usize::from(is_in(path, 1))) }
            }
        };
        steps.iter().map(begin).collect()
    }

    fn finish(&mut self, started: Started) -> Result<(), ()> {
        for begun in started {
            if let Some((_, probability, rng)) = &mut self.failing
                && rng.random_bool(*probability)
            {
                self.fail(&begun);
                return Err(());
            }
            match begun {
                Begun::Refused => return Err(()),
                Begun::File { id, len } => {
                    if self.volatile.values().any(|named| *named == id) {
                        self.files[id].sync(len);
                    }
                }
                Begun::Directory { index, names } => self.sync_directory(index, &names),
                Begun::Replace { path, fill, mut names } => {
                    if !self.replace(path, fill) {
                        return Err(());
                    }
                    names.push(path);
                    self.sync_directory(usize::from(is_in(path, 1)), &names);
                }
            }
        }
        Ok(())
    }

    fn fail(&mut self, begun: &Begun) {
        match begun {
            Begun::Refused => return,
            Begun::File { id, len } => {
                if self.volatile.values().any(|named| named == id) {
                    self.effect.phantom_bytes += self.files[*id].fail(*len) as u64;
                }
            }
            Begun::Directory { .. } => {}
            Begun::Replace { path, fill, .. } => {
                let (_, _, rng) = self.failing.as_mut().expect("it failed");
                if rng.random_bool(0.5) && !self.replace(path, *fill) {
                    return;
                }
            }
        }
        self.effect.flushes_failed += 1;
    }

    /// The new content is there, and its name not durable. `false` if there is no directory for it.
    fn replace(&mut self, path: &'static str, fill: u8) -> bool {
        let there = is_in(path, 0) || self.directory.0;
        if there {
            self.files.push(File::durable(vec![fill; 10]));
            self.volatile.insert(path, self.files.len() - 1);
        }
        there
    }

    fn sync_directory(&mut self, index: usize, at_start: &[&'static str]) {
        for path in PATHS.into_iter().filter(|path| is_in(path, index)) {
            let now = self.volatile.get(path).copied();
            let before = self.durable.get(path).copied();
            let after = if now == before || at_start.contains(&path) { now } else { None };
            self.durable.remove(path);
            self.durable.extend(after.map(|id| (path, id)));
        }
        if index == 0 && at_start.contains(&"t-0") {
            self.directory.1 = true;
        }
    }

    /// Returns how many bytes were lost.
    fn power_loss(&mut self) -> u64 {
        let lost = |(path, id): (&&str, &usize)| {
            let file = &self.files[*id];
            let survives = self.durable.get(path) == Some(id) && (is_in(path, 0) || self.directory.1);
            if survives { file.dirty() + file.phantom() } else { file.cached.len() }
        };
        let lost: usize = self.volatile.iter().map(lost).sum();
        if !self.directory.1 {
            self.durable.retain(|path, _| is_in(path, 0));
        }
        self.directory.0 = self.directory.1;
        self.volatile = self.durable.clone();
        self.files.iter_mut().for_each(File::revert);
        lost as u64
    }

    /// Back to `before`, but for what a flush wrote over bytes that were cut.
    fn roll_back(&mut self, before: Model) {
        let after = std::mem::replace(self, before);
        for (file, later) in self.files.iter_mut().zip(&after.files) {
            let both = file.durable.len().min(later.durable.len());
            file.durable[..both].copy_from_slice(&later.durable[..both]);
        }
        (self.failing, self.effect) = (after.failing, after.effect);
    }

    fn wipe(&mut self) {
        (self.volatile, self.durable, self.directory) = (Names::new(), Names::new(), (false, false));
    }
}

/// The model and the disk, side by side.
struct Pair {
    model: Model,
    disk: DiskHandle,
    platter: MemPlatter,
    host: HostDisk<MemPlatter>,
    open: BTreeMap<&'static str, FileId>,
    flushes: Vec<(FlushTicket, Started)>,
    fill: u8,
    /// How many faults there were so far.
    faults: u32,
}

impl Pair {
    fn new() -> Pair {
        let (disk, platter) = (disk(0, 3), MemPlatter::default());
        let host = disk.mount(platter.clone()).unwrap();
        let (model, open, flushes) = (Model::default(), BTreeMap::new(), Vec::new());
        Pair { model, disk, platter, host, open, flushes, fill: 0, faults: 0 }
    }

    /// An open file, and the model's. Sometimes one that was opened before, as brokers do.
    fn open(&mut self, path: &'static str) -> (FileId, usize) {
        let id = self.model.open(path);
        let still = self.open.get(path).copied().filter(|file| self.host.len(*file).is_ok());
        let file = still.unwrap_or_else(|| self.host.open(path).unwrap());
        self.open.insert(path, file);
        (file, id)
    }

    fn restart(&mut self) {
        self.open.clear();
        self.flushes.clear();
        self.host = self.disk.mount(self.platter.clone()).unwrap();
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Append { path, len } => {
                let (file, id) = self.open(PATHS[*path]);
                self.fill = self.fill.wrapping_add(1).max(1);
                let bytes = vec![self.fill; *len];
                self.host.append(file, &bytes).unwrap();
                self.model.files[id].append(&bytes);
            }
            Op::Truncate { path, permille } => {
                let (file, id) = self.open(PATHS[*path]);
                let model = &mut self.model.files[id];
                let len = model.cached.len() as u64 * permille / 1_000;
                self.host.truncate(file, len).unwrap();
                model.truncate(usize::try_from(len).unwrap());
            }
            Op::Remove { path } => {
                self.host.remove(PATHS[*path]).unwrap();
                if let Some(id) = self.model.volatile.remove(PATHS[*path]) {
                    self.model.files[id].revert();
                }
            }
            Op::Start { steps } => {
                let flush_steps: Vec<_> = steps.iter().map(|step| self.flush_step(step)).collect();
                let (ticket, _) = self.host.start_flush(Timestamp::ZERO, &flush_steps);
                self.flushes.push((ticket, self.model.start(steps)));
            }
            Op::Finish { nth } if *nth < self.flushes.len() => {
                let (ticket, started) = self.flushes.remove(*nth);
                let expected = self.model.finish(started);
                assert_eq!(self.host.finish_flush(ticket).map_err(|_| ()), expected);
            }
            Op::Finish { .. } => {}
            Op::Kill => self.restart(),
            Op::PowerLoss => {
                let lost = lose_power(&self.disk).lost_bytes;
                assert_eq!(lost, self.model.power_loss());
                self.restart();
            }
            Op::Wipe => {
                let bytes: usize =
                    self.model.volatile.values().map(|id| self.model.files[*id].cached.len()).sum();
                assert_eq!(self.disk.wipe().bytes, bytes as u64);
                self.model.wipe();
                self.restart();
                assert_eq!(self.platter.rows(), 0);
            }
            Op::Undone { finish, changes } => {
                let (image, model) = (self.disk.snapshot(), self.model.clone());
                self.apply(&Op::Finish { nth: *finish });
                changes.iter().for_each(|change| self.apply(change));
                self.disk.roll_back(image);
                self.model.roll_back(model);
                self.restart();
            }
            Op::Fail { percent } => self.fail(*percent),
        }
    }

    /// Ends one fault and begins the next.
    fn fail(&mut self, percent: Option<u8>) {
        if let Some((fault, ..)) = self.model.failing.take() {
            assert_eq!(self.disk.end(Timestamp::ZERO, fault), self.model.effect);
            self.model.effect = DiskEffect::default();
        }
        if let Some(percent) = percent {
            self.faults += 1;
            let rng = Seed(1).stream("fault", u64::from(self.faults));
            let probability = f64::from(percent) / 100.0;
            self.disk.begin(Timestamp::ZERO, self.faults, DiskFault::FsyncError { probability }, rng.clone());
            self.model.failing = Some((self.faults, probability, rng));
        }
    }

    fn flush_step(&mut self, step: &StepOf) -> FlushStep {
        match *step {
            StepOf::File(path) if self.model.volatile.contains_key(PATHS[path]) => {
                FlushStep::File(self.open(PATHS[path]).0)
            }
            StepOf::File(_) => FlushStep::File(FileId(u64::MAX)),
            StepOf::Directory(index) => directory(DIRECTORIES[index]),
            StepOf::Replace(path, fill) => {
                FlushStep::Replace { path: PATHS[path].into(), content: vec![fill; 10].into() }
            }
        }
    }

    fn compare(&mut self) {
        self.disk.check();
        let mut listed = BTreeSet::new();
        for directory in DIRECTORIES {
            let names = self.host.list(directory).unwrap();
            assert!(names.is_sorted());
            let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
            listed.extend(names.into_iter().map(|name| format!("{prefix}{name}")));
        }
        assert_eq!(listed.remove("t-0"), self.model.directory.0);
        assert_eq!(listed, self.model.volatile.keys().map(ToString::to_string).collect());
        let named: BTreeSet<_> = self.model.volatile.values().chain(self.model.durable.values()).collect();
        assert!(self.platter.rows() <= named.len() + self.flushes.len() + PATHS.len(), "rows leak");
        let mut unsaved = (0, 0);
        for (&path, &id) in &self.model.volatile {
            let file = &self.model.files[id];
            unsaved = (unsaved.0 + file.dirty() as u64, unsaved.1 + file.phantom() as u64);
            let read = self.host.read_file(path).unwrap().unwrap();
            assert!(read == file.cached[..], "{path} differs");
        }
        let stats = self.disk.stats();
        assert_eq!((stats.dirty_bytes, stats.phantom_bytes), unsaved);
        self.compare_part();
    }

    /// A read that begins and ends within the file.
    fn compare_part(&mut self) {
        let Some((&path, &id)) = self.model.volatile.first_key_value() else { return };
        let (file, _) = self.open(path);
        let cached = &self.model.files[id].cached;
        let (from, to) = (cached.len() / 3, cached.len() - cached.len() / 4);
        let read = self.host.read(file, from as u64, to - from).unwrap();
        assert!(read == cached[from..to], "part of {path} differs");
        assert!(self.host.read(file, cached.len() as u64 + 1, 10).unwrap().is_empty());
    }
}

proptest! {
    #![proptest_config(Config { cases: 400, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_disk_does_what_the_model_does(ops in prop::collection::vec(op(), 1..80)) {
        let mut pair = Pair::new();
        for op in &ops {
            pair.apply(op);
            pair.compare();
        }
        pair.apply(&Op::PowerLoss);
        pair.compare();
    }
}
