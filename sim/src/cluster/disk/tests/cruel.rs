//! Random sequences with power losses of every kind: what is found is one of the allowed states, and all kinds of
//! them are.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner, contextualize_config};

use super::allowed::{File, Found, SECTOR_BYTES, World, directory_of};
use super::signs::Signs;
use super::*;
use crate::cluster::disk::errors::{EIO, ENOENT};
use crate::cluster::disk::{BitRot, DiskFault, FilePattern, FlushTicket, RotPlace};

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
        permille: usize,
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
    /// Starts and finishes.
    Flush {
        steps: Vec<StepOf>,
    },
    Kill,
    PowerLoss {
        unsynced: Unsynced,
    },
    /// From now on each flush step fails, or lies, or neither.
    Fault {
        what: Option<DiskFault>,
    },
    Wait {
        ms: u64,
    },
    Rot {
        files: &'static str,
        place: RotPlace,
        bits: u32,
    },
}

#[derive(Clone, Debug)]
enum StepOf {
    File(usize),
    Directory(usize),
    Replace(usize, usize),
}

fn len() -> impl Strategy<Value = usize> {
    prop_oneof![12 => 0..60_usize, 12 => 300..1_500_usize, 3 => 2_000..6_000_usize, 1 => 60_000..80_000_usize]
}

fn steps() -> impl Strategy<Value = Vec<StepOf>> {
    let step = prop_oneof![
        5 => (0..4_usize).prop_map(StepOf::File),
        4 => (0..2_usize).prop_map(StepOf::Directory),
        1 => (0..4_usize, 1..2_000_usize).prop_map(|(path, len)| StepOf::Replace(path, len)),
    ];
    prop::collection::vec(step, 1..4)
}

fn op() -> impl Strategy<Value = Op> {
    let unsynced = prop_oneof![Just(Unsynced::Lost), Just(Unsynced::Torn), Just(Unsynced::Reordered)];
    let what = prop_oneof![
        3 => Just(None),
        1 => Just(Some(DiskFault::FsyncError { probability: 1.0 })),
        1 => Just(Some(DiskFault::FsyncLie { probability: 1.0 })),
    ];
    let files = prop_oneof![Just("*"), Just("t-0/*"), Just("a"), Just("*.log")];
    let place = prop_oneof![Just(RotPlace::Anywhere), Just(RotPlace::Head), Just(RotPlace::Tail)];
    prop_oneof![
        12 => (0..4_usize, len()).prop_map(|(path, len)| Op::Append { path, len }),
        4 => (0..4_usize, 0..=1_000_usize).prop_map(|(path, permille)| Op::Truncate { path, permille }),
        2 => (0..4_usize).prop_map(|path| Op::Remove { path }),
        3 => steps().prop_map(|steps| Op::Start { steps }),
        3 => (0..3_usize).prop_map(|nth| Op::Finish { nth }),
        6 => steps().prop_map(|steps| Op::Flush { steps }),
        1 => Just(Op::Kill),
        3 => unsynced.prop_map(|unsynced| Op::PowerLoss { unsynced }),
        2 => what.prop_map(|what| Op::Fault { what }),
        1 => (1..40_000_u64).prop_map(|ms| Op::Wait { ms }),
        2 => (files, place, 1..20_u32).prop_map(|(files, place, bits)| Op::Rot { files, place, bits }),
    ]
}

/// A step as it was when the flush started.
enum Begun {
    File { number: usize, len: usize },
    Directory { directory: &'static str, is_there: bool },
    Replace { path: &'static str, content: Vec<u8> },
}

/// What a flush said to have done and did not, since when.
enum Lied {
    File { number: usize, at: Timestamp },
    Names { directory: &'static str, at: Timestamp },
    Name { path: &'static str, at: Timestamp },
}

struct Started {
    ticket: FlushTicket,
    at: Timestamp,
    end: Timestamp,
    steps: Vec<Begun>,
}

/// A disk, and what it may be.
struct Trial<'a> {
    world: World,
    signs: &'a RefCell<Signs>,
    now: Timestamp,
    disk: DiskHandle,
    platter: MemPlatter,
    host: HostDisk<MemPlatter>,
    flushes: Vec<Started>,
    fault: Option<DiskFault>,
    lied: Vec<Lied>,
    write_back_after: Option<Duration>,
    /// Faults, power losses and writes so far.
    draws: u64,
}

impl Trial<'_> {
    fn new(signs: &RefCell<Signs>, write_back_after: Option<Duration>) -> Trial<'_> {
        let latency = (Duration::ZERO, Duration::from_millis(3));
        let config = DiskConfig { write_back_after, ..DiskConfig::with_fsync_latency(latency) };
        let (disk, platter) = (DiskHandle::new(config, Seed(1).stream("disk", 0)), MemPlatter::default());
        let host = disk.mount(platter.clone()).unwrap();
        let (world, flushes, now) = (World::default(), Vec::new(), Timestamp::ZERO);
        Trial {
            world,
            signs,
            now,
            disk,
            platter,
            host,
            flushes,
            fault: None,
            lied: Vec::new(),
            write_back_after,
            draws: 0,
        }
    }

    fn go_on(&mut self, now: Timestamp) {
        self.now = now;
        self.platter.set_now(now);
    }

    /// Bytes that no other write has at the same place, none of them zero.
    fn bytes(&mut self, len: usize) -> Vec<u8> {
        self.draws += 1;
        let own = usize::try_from(self.draws).unwrap() * 37;
        (0..len).map(|i| u8::try_from(1 + (own + i / 3) % 255).unwrap()).collect()
    }

    fn apply(&mut self, op: &Op) {
        self.go_on(self.now + Duration::from_millis(1));
        match op {
            Op::Append { path, len } => {
                let path = PATHS[*path];
                let file = self.host.open(path).unwrap();
                let number = self
                    .world
                    .file(path)
                    .unwrap_or_else(|| self.world.add(self.now, path, File::durable(self.now, Vec::new())));
                let bytes = self.bytes(*len);
                self.host.append(file, &bytes).unwrap();
                self.world.files[number].append(self.now, &bytes);
            }
            Op::Truncate { path, permille } => {
                let Some(number) = self.world.file(PATHS[*path]) else { return };
                let len = self.world.files[number].len() * permille / 1_000;
                let file = self.host.open(PATHS[*path]).unwrap();
                self.host.truncate(file, len as u64).unwrap();
                self.world.files[number].truncate(self.now, len);
            }
            Op::Remove { path } => {
                self.host.remove(PATHS[*path]).unwrap();
                if self.world.file(PATHS[*path]).is_some() {
                    self.world.name(self.now, PATHS[*path], None);
                }
            }
            Op::Start { steps } => {
                let started = self.start(steps);
                self.flushes.push(started);
            }
            Op::Finish { nth } if *nth < self.flushes.len() => {
                let started = self.flushes.remove(*nth);
                self.finish(started);
            }
            Op::Finish { .. } => {}
            Op::Flush { steps } => {
                let started = self.start(steps);
                self.finish(started);
            }
            Op::Kill => self.restart(),
            Op::PowerLoss { unsynced } => self.lose_power(*unsynced),
            Op::Fault { what } => self.begin(what.as_ref()),
            Op::Wait { ms } => self.go_on(self.now + Duration::from_millis(*ms)),
            Op::Rot { files, place, bits } => self.rot(files, *place, *bits),
        }
        assert!(self.found() == self.world.now(), "a process sees something else after {op:?}");
        self.disk.check();
    }

    fn start(&mut self, steps: &[StepOf]) -> Started {
        let (mut begun, mut flush) = (Vec::new(), Vec::new());
        for step in steps {
            match *step {
                StepOf::File(path) => {
                    let Some(number) = self.world.file(PATHS[path]) else { continue };
                    flush.push(FlushStep::File(self.host.open(PATHS[path]).unwrap()));
                    begun.push(Begun::File { number, len: self.world.files[number].len() });
                }
                StepOf::Directory(index) => {
                    let directory = DIRECTORIES[index];
                    let is_there = directory.is_empty() || self.world.get(directory).is_some();
                    flush.push(super::directory(directory));
                    begun.push(Begun::Directory { directory, is_there });
                }
                StepOf::Replace(path, len) => {
                    let (path, content) = (PATHS[path], self.bytes(len));
                    flush.push(FlushStep::Replace { path: path.to_owned(), content: content.clone().into() });
                    begun.push(Begun::Replace { path, content });
                }
            }
        }
        let (ticket, end) = self.host.start_flush(self.now, &flush);
        Started { ticket, at: self.now, end, steps: begun }
    }

    fn finish(&mut self, started: Started) {
        self.go_on(self.now.max(started.end));
        let result = self.host.finish_flush(started.ticket).map_err(|error| error.errno.unwrap());
        let mut expected = Ok(());
        for step in started.steps {
            if expected.is_ok() {
                expected = self.settle(step, started.at, result);
            }
        }
        assert_eq!(result, expected);
    }

    /// What a step that started `at` has to say at its end, and what it means for what may come back.
    fn settle(&mut self, step: Begun, at: Timestamp, said: Result<(), i32>) -> Result<(), i32> {
        let is_there = match &step {
            Begun::Directory { is_there, .. } => *is_there,
            Begun::Replace { path, .. } => {
                directory_of(path).is_empty() || self.world.get(directory_of(path)).is_some()
            }
            Begun::File { .. } => true,
        };
        let fails = matches!(self.fault, Some(DiskFault::FsyncError { .. }));
        if fails && is_there {
            self.doubt(step);
            return Err(EIO);
        }
        if !is_there {
            // The write of a replacement may fail before anybody looks for the directory.
            let is_replace = matches!(step, Begun::Replace { .. });
            return if fails && is_replace && said == Err(EIO) { said } else { Err(ENOENT) };
        }
        if matches!(self.fault, Some(DiskFault::FsyncLie { .. })) {
            self.lie(step, at);
            return Ok(());
        }
        self.tell_the_truth();
        match step {
            // A file that has lost its name loses what its last flush would have saved.
            Begun::File { number, .. } if !self.world.has_name(number) => {}
            Begun::File { number, len } => self.world.files[number].settle(at, len),
            Begun::Directory { directory, .. } => self.world.settle_names(directory, at),
            Begun::Replace { path, content } => {
                self.world.settle_names(directory_of(path), at);
                self.world.add(self.now, path, File::durable(self.now, content));
                self.world.settle_name(path, self.now);
            }
        }
        Ok(())
    }

    fn lie(&mut self, step: Begun, at: Timestamp) {
        match step {
            Begun::File { number, len } => {
                self.world.files[number].write_part(len);
                self.lied.push(Lied::File { number, at });
            }
            Begun::Directory { directory, .. } => self.lied.push(Lied::Names { directory, at }),
            Begun::Replace { path, content } => {
                let number = self.world.add(self.now, path, File::durable(self.now, Vec::new()));
                self.world.files[number].append(self.now, &content);
                self.lied.push(Lied::File { number, at: self.now });
                self.lied.push(Lied::Names { directory: directory_of(path), at });
                self.lied.push(Lied::Name { path, at: self.now });
            }
        }
    }

    /// A flush that does not lie empties the cache of the device: what was lied about is true now.
    fn tell_the_truth(&mut self) {
        for lied in std::mem::take(&mut self.lied) {
            match lied {
                Lied::File { number, at } if self.world.has_name(number) => {
                    self.world.files[number].0.settle(at);
                }
                Lied::File { .. } => {}
                Lied::Names { directory, at } => self.world.settle_names(directory, at),
                Lied::Name { path, at } => self.world.settle_name(path, at),
            }
        }
    }

    /// A step failed. Of a replacement that can be the last part: then the new content is there, and may go.
    fn doubt(&mut self, step: Begun) {
        match step {
            Begun::File { number, len } if self.world.has_name(number) => self.world.files[number].doubt(len),
            Begun::Replace { path, content }
                if self.host.read_file(path).unwrap().as_deref() == Some(&content) =>
            {
                self.world.add(self.now, path, File::durable(self.now, content));
            }
            _ => {}
        }
    }

    fn begin(&mut self, what: Option<&DiskFault>) {
        // What write-back does when it fails is for others to tell.
        if self.write_back_after.is_some() {
            return;
        }
        self.disk.heal(self.now);
        self.fault = what.cloned();
        if let Some(what) = what {
            self.draws += 1;
            let fault = u32::try_from(self.draws).unwrap();
            self.disk.begin(self.now, fault, what.clone(), Seed(1).stream("fault", self.draws));
        }
    }

    /// Bits turn over: in one file that is meant, as many as it says, where it should.
    fn rot(&mut self, files: &str, place: RotPlace, bits: u32) {
        self.draws += 1;
        let files: FilePattern = files.parse().unwrap();
        let what = BitRot { files: files.clone(), place, bits };
        let rotten = self.disk.rot(self.now, &what, Seed(1).stream("rot", self.draws));
        let Some(path) = rotten.file else { return assert_eq!(rotten.bits, 0) };
        assert!(files.matches(&path) && rotten.bits <= u64::from(bits));
        let number = self.world.file(&path).expect("what rots is there");
        let is_enough = SECTOR_BYTES <= self.world.files[number].len() && self.world.files[number].is_safe();
        assert!(!is_enough || rotten.bits == u64::from(bits));
        let found = self.host.read_file(&path).unwrap().unwrap();
        let before = self.world.files[number].0.now().bytes.clone();
        let mut turned = 0;
        for (position, (before, after)) in before.into_iter().zip(&found).enumerate() {
            if before != *after {
                turned += u64::from((before ^ after).count_ones());
                self.world.files[number].rot(position, before, *after);
                let is_head = position < found.len() / 2;
                assert!(place == RotPlace::Anywhere || (place == RotPlace::Head) == is_head, "{place:?}");
            }
        }
        assert_eq!(turned, rotten.bits);
    }

    fn restart(&mut self) {
        self.flushes.clear();
        self.host = self.disk.mount(self.platter.clone()).unwrap();
    }

    fn lose_power(&mut self, unsynced: Unsynced) {
        self.draws += 1;
        let rng = |draw| Seed(1).stream("power_loss", draw);
        if let Some(after) = self.write_back_after
            && let Some(moment) = self.now.0.checked_sub(Timestamp::from_duration(after).0)
        {
            self.world.write_back(Timestamp(moment));
        }
        let possible = self.possible();
        let loss = self.disk.power_loss(self.now, unsynced, rng(self.draws));
        if self.draws.is_multiple_of(2) {
            let again = self.disk.power_loss(self.now, unsynced, rng(self.draws + 1));
            assert!(again.changed_nothing(), "before a process was there to see: {again:?}");
        }
        self.restart();
        let found = self.found();
        if let Err(why) = possible.allows(&found) {
            panic!("after {unsynced:?}: {why}");
        }
        let is_told = !loss.changed_nothing() || found == self.world.now();
        assert!(is_told, "something changed and the report says nothing");
        self.signs.borrow_mut().note(&self.world, &possible, &found);
        self.world = World::durable(self.now, found);
        self.lied.clear();
        let again = self.disk.power_loss(self.now, unsynced, rng(self.draws + 2));
        self.restart();
        assert!(again.changed_nothing(), "the second power loss in a row has nothing to take: {again:?}");
    }

    /// The world, and replacements under way as if they were through.
    fn possible(&self) -> World {
        let mut possible = self.world.clone();
        for step in self.flushes.iter().flat_map(|started| &started.steps) {
            if let Begun::Replace { path, content } = step {
                let is_there = directory_of(path).is_empty() || possible.get(directory_of(path)).is_some();
                if is_there {
                    possible.add(self.now, path, File::durable(self.now, content.clone()));
                }
            }
        }
        possible
    }

    /// What a process finds.
    fn found(&self) -> Found {
        let mut found = Found::new();
        for directory in DIRECTORIES {
            for name in self.host.list(directory).unwrap() {
                let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
                let content = match path.as_str() {
                    "t-0" => None,
                    path => Some(self.host.read_file(path).unwrap().unwrap().to_vec()),
                };
                found.insert(path, content);
            }
        }
        found
    }
}

/// Runs so many sequences on disks that write back by themselves, or do not.
fn run(cases: u32, write_back_after: Option<Duration>) {
    let config =
        Config { cases, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    let config = contextualize_config(config);
    let cases = config.cases;
    let signs = RefCell::new(Signs::default());
    let sequences = prop::collection::vec(op(), 1..60);
    let result = TestRunner::new(config).run(&sequences, |ops| {
        let mut trial = Trial::new(&signs, write_back_after);
        ops.iter().for_each(|op| trial.apply(op));
        trial.lose_power(Unsynced::Reordered);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    signs.borrow().all_were_seen(cases);
}

#[test]
fn power_loss_leaves_what_posix_allows_and_all_kinds_of_it() {
    run(500, None);
}

#[test]
fn what_was_written_back_survives_and_the_rest_is_what_posix_allows() {
    run(250, Some(Duration::from_secs(10)));
}
