//! Random sequences without faults: the simulated disk and the real file system give the same answers.
//!
//! Where the real files are is for `TMPDIR` to say, how many sequences for `PROPTEST_CASES`.

use std::env;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use broker_core::io::FileId;
use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, contextualize_config};

use super::real_storage::{RealFlush, RealStorage};
use super::*;
use crate::cluster::disk::FlushTicket;

/// `t-0` and `t-1` may become files or directories, whatever comes first.
const PATHS: [&str; 13] =
    ["a", "b", "t-0/a", "t-0/b", "t-0", "t-1/a", "t-1", "a/below", "", "..", "/a", "t-0/", "t-0/a/deep"];
const DIRECTORIES: [&str; 6] = ["", "t-0", "t-1", "a", "t-0/a", "none"];

#[derive(Clone, Debug)]
enum Op {
    Open { path: usize },
    Len { file: usize },
    Read { file: usize, permille: u64, len: usize },
    ReadFarBeyond { file: usize },
    Append { file: usize, len: usize },
    Truncate { file: usize, permille: u64 },
    Remove { path: usize },
    ReadFile { path: usize },
    List { directory: usize },
    Start { steps: Vec<StepOf> },
    Finish { nth: usize },
    Restart,
}

#[derive(Clone, Debug)]
enum StepOf {
    File(usize),
    Directory(usize),
    Replace(usize, usize),
}

/// Files that were opened late are as likely as the first one, and one that never was is among them.
fn file() -> impl Strategy<Value = usize> {
    0..12_usize
}

/// The files that are good for something more often than all others together.
fn path() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..4_usize, 2 => 0..PATHS.len()]
}

fn len() -> impl Strategy<Value = usize> {
    let edge = prop_oneof![Just(0), Just(511), Just(512), Just(4_096), Just(65_535), Just(65_536)];
    prop_oneof![6 => 0..200_usize, 2 => edge, 1 => 60_000..300_000_usize]
}

fn op() -> impl Strategy<Value = Op> {
    let step = prop_oneof![
        3 => file().prop_map(StepOf::File),
        2 => (0..DIRECTORIES.len()).prop_map(StepOf::Directory),
        2 => (path(), len()).prop_map(|(path, len)| StepOf::Replace(path, len)),
    ];
    let read_len = prop_oneof![3 => len(), 1 => Just(usize::MAX)];
    prop_oneof![
        6 => path().prop_map(|path| Op::Open { path }),
        2 => file().prop_map(|file| Op::Len { file }),
        6 => (file(), 0..1_200_u64, read_len).prop_map(|(file, permille, len)| Op::Read { file, permille, len }),
        1 => file().prop_map(|file| Op::ReadFarBeyond { file }),
        8 => (file(), len()).prop_map(|(file, len)| Op::Append { file, len }),
        3 => (file(), 0..1_200_u64).prop_map(|(file, permille)| Op::Truncate { file, permille }),
        2 => path().prop_map(|path| Op::Remove { path }),
        3 => path().prop_map(|path| Op::ReadFile { path }),
        2 => (0..DIRECTORIES.len()).prop_map(|directory| Op::List { directory }),
        2 => prop::collection::vec(step, 0..3).prop_map(|steps| Op::Start { steps }),
        3 => (0..3_usize).prop_map(|nth| Op::Finish { nth }),
        1 => Just(Op::Restart),
    ]
}

/// What a process can do with its disk.
trait Files: Storage {
    type Flush;
    fn start(&mut self, steps: &[FlushStep]) -> Self::Flush;
    fn finish(&mut self, flush: Self::Flush) -> Result<(), StorageError>;
}

impl Files for HostDisk<MemPlatter> {
    type Flush = FlushTicket;

    fn start(&mut self, steps: &[FlushStep]) -> FlushTicket {
        self.start_flush(Timestamp::ZERO, steps).0
    }

    fn finish(&mut self, flush: FlushTicket) -> Result<(), StorageError> {
        self.finish_flush(flush)
    }
}

impl Files for RealStorage {
    type Flush = RealFlush;

    fn start(&mut self, steps: &[FlushStep]) -> RealFlush {
        self.start_flush(steps)
    }

    fn finish(&mut self, flush: RealFlush) -> Result<(), StorageError> {
        self.finish_flush(flush)
    }
}

#[derive(PartialEq)]
enum Answer {
    Done,
    File(FileId),
    Len(u64),
    Bytes(Bytes),
    Content(Option<Bytes>),
    Names(Vec<String>),
}

/// A process that keeps what it has opened, also what was removed since, and flushes under way.
struct Process<S: Files> {
    storage: S,
    open: Vec<FileId>,
    flushes: Vec<S::Flush>,
    /// Appends so far: each has bytes of its own.
    appends: usize,
}

impl<S: Files> Process<S> {
    fn new(storage: S) -> Process<S> {
        Process { storage, open: Vec::new(), flushes: Vec::new(), appends: 0 }
    }

    fn file(&self, nth: usize) -> FileId {
        self.open.get(nth % (self.open.len() + 1)).copied().unwrap_or(FileId(99))
    }

    fn position(&self, file: FileId, permille: u64) -> u64 {
        self.storage.len(file).unwrap_or(0) * permille / 1_000
    }

    fn bytes(&mut self, len: usize) -> Bytes {
        self.appends += 1;
        (0..len).map(|i| u8::try_from((i + self.appends * 17) % 251).unwrap()).collect()
    }

    fn step(&mut self, step: &StepOf) -> FlushStep {
        match *step {
            StepOf::File(file) => FlushStep::File(self.file(file)),
            StepOf::Directory(directory) => FlushStep::Directory(DIRECTORIES[directory].to_owned()),
            StepOf::Replace(path, len) => {
                FlushStep::Replace { path: PATHS[path].to_owned(), content: self.bytes(len) }
            }
        }
    }

    fn apply(&mut self, op: &Op) -> Result<Answer, StorageError> {
        match *op {
            Op::Open { path } => {
                let file = self.storage.open(PATHS[path])?;
                self.open.push(file);
                Ok(Answer::File(file))
            }
            Op::Len { file } => self.storage.len(self.file(file)).map(Answer::Len),
            Op::Read { file, permille, len } => {
                let file = self.file(file);
                self.storage.read(file, self.position(file, permille), len).map(Answer::Bytes)
            }
            Op::ReadFarBeyond { file } => {
                self.storage.read(self.file(file), u64::MAX, usize::MAX).map(Answer::Bytes)
            }
            Op::Append { file, len } => {
                let bytes = self.bytes(len);
                self.storage.append(self.file(file), &bytes).map(|()| Answer::Done)
            }
            Op::Truncate { file, permille } => {
                let file = self.file(file);
                self.storage.truncate(file, self.position(file, permille)).map(|()| Answer::Done)
            }
            Op::Remove { path } => self.storage.remove(PATHS[path]).map(|()| Answer::Done),
            Op::ReadFile { path } => self.storage.read_file(PATHS[path]).map(Answer::Content),
            Op::List { directory } => self.storage.list(DIRECTORIES[directory]).map(Answer::Names),
            Op::Start { ref steps } => {
                let steps: Vec<_> = steps.iter().map(|step| self.step(step)).collect();
                let flush = self.storage.start(&steps);
                self.flushes.push(flush);
                Ok(Answer::Done)
            }
            Op::Finish { nth } if nth < self.flushes.len() => {
                let flush = self.flushes.remove(nth);
                self.storage.finish(flush).map(|()| Answer::Done)
            }
            Op::Finish { .. } => Ok(Answer::Done),
            Op::Restart => {
                self.open.clear();
                self.flushes.clear();
                Ok(Answer::Done)
            }
        }
    }
}

/// The same process twice, once on each side.
struct Twins {
    disk: DiskHandle,
    platter: MemPlatter,
    simulated: Process<HostDisk<MemPlatter>>,
    real: Process<RealStorage>,
}

impl Twins {
    fn new() -> Twins {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("sim-disk-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (disk, platter) = (disk(0, 0), MemPlatter::default());
        let simulated = Process::new(disk.mount(platter.clone()).unwrap());
        Twins { disk, platter, simulated, real: Process::new(RealStorage::new(env::temp_dir().join(name))) }
    }

    fn apply(&mut self, op: &Op) {
        let (simulated, real) = (self.simulated.apply(op), self.real.apply(op));
        same(&simulated, &real, op);
        if let Op::Restart = op {
            self.simulated.storage = self.disk.mount(self.platter.clone()).unwrap();
            self.real.storage.restart();
        }
    }

    fn compare_everything(&mut self) {
        for directory in 0..DIRECTORIES.len() {
            self.apply(&Op::List { directory });
        }
        for path in 0..PATHS.len() {
            self.apply(&Op::ReadFile { path });
        }
    }
}

fn same(
    simulated: &Result<Answer, StorageError>,
    real: &Result<Answer, StorageError>,
    question: &impl Debug,
) {
    let show = |answer: &Result<Answer, StorageError>| match answer {
        Ok(Answer::Done) => "done".to_owned(),
        Ok(Answer::File(file)) => format!("file {}", file.0),
        Ok(Answer::Len(len)) => format!("length {len}"),
        Ok(Answer::Bytes(bytes)) => format!("{} bytes", bytes.len()),
        Ok(Answer::Content(bytes)) => format!("content {:?}", bytes.as_ref().map(Bytes::len)),
        Ok(Answer::Names(names)) => format!("{names:?}"),
        Err(error) => format!("{error:?}"),
    };
    assert!(simulated == real, "{question:?}: simulated {}, real {}", show(simulated), show(real));
}

fn config() -> Config {
    let config =
        Config { cases: 400, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    contextualize_config(config)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_simulated_disk_and_the_real_one_give_the_same_answers(ops in prop::collection::vec(op(), 1..60)) {
        let mut twins = Twins::new();
        for op in &ops {
            twins.apply(op);
        }
        twins.compare_everything();
        twins.apply(&Op::Restart);
        twins.compare_everything();
    }
}
