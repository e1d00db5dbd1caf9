//! Every error of the disk is what the operating system says of the same failure, and what std makes of it.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use broker_core::io::FileId;

use super::*;
use crate::cluster::disk::{DiskFault, FilePattern};

fn begin(disk: &DiskHandle, what: DiskFault) {
    disk.heal(Timestamp::ZERO);
    disk.begin(Timestamp::ZERO, 1, what, Seed(1).stream("fault", 0));
}

/// Failures of real files and devices, with their numbers.
fn real() -> io::Result<[(i32, io::Error); 7]> {
    let root = env::temp_dir().join(format!("sim-disk-errno-{}", std::process::id()));
    fs::create_dir_all(&root)?;
    let file = root.join("file");
    fs::write(&file, b"x")?;
    let nothing = &mut [0];
    let failures = [
        (2, File::open(root.join("none")).unwrap_err()),
        (5, File::open("/proc/self/mem")?.read_at(nothing, 0).unwrap_err()),
        (9, OpenOptions::new().write(true).open(&file)?.read(nothing).unwrap_err()),
        (20, File::open(file.join("below")).unwrap_err()),
        (21, fs::read(&root).unwrap_err()),
        (28, OpenOptions::new().write(true).open("/dev/full")?.write(b"x").unwrap_err()),
        (22, File::open(&file)?.seek(SeekFrom::Current(-1)).unwrap_err()),
    ];
    fs::remove_dir_all(&root)?;
    Ok(failures)
}

#[test]
#[cfg(target_os = "linux")]
fn each_error_has_the_number_and_the_kind_of_the_real_one() {
    let (disk, _, mut host, file) = with_durable_file(b"four");
    host.open("t-0/0.log").unwrap();
    let mut simulated = vec![
        flush(&mut host, &[directory("none")]).unwrap_err(),
        host.len(FileId(99)).unwrap_err(),
        host.open("a/0.log").unwrap_err(),
        host.open("t-0").unwrap_err(),
        host.truncate(file, 5).unwrap_err(),
    ];
    host.append(file, b"more").unwrap();
    begin(&disk, DiskFault::FsyncError { probability: 1.0 });
    simulated.push(flush(&mut host, &[FlushStep::File(file)]).unwrap_err());
    begin(&disk, DiskFault::ReadError { probability: 1.0, files: FilePattern::all() });
    simulated.push(host.read_file("a").unwrap_err());
    begin(&disk, DiskFault::WriteError { probability: 1.0, files: FilePattern::all() });
    simulated.push(host.append(file, b"x").unwrap_err());
    begin(&disk, DiskFault::Full { free: 0 });
    simulated.push(host.append(file, b"x").unwrap_err());
    simulated.push(flush(&mut host, &[replace("a", b"x")]).unwrap_err());
    let numbers: Vec<_> = simulated.iter().map(|error| error.errno.unwrap()).collect();
    assert_eq!(numbers, [2, 9, 20, 21, 22, 5, 5, 5, 28, 28]);

    let real = real().unwrap();
    for (number, error) in &real {
        assert_eq!(error.raw_os_error(), Some(*number), "{error}");
    }
    for error in simulated {
        let (_, twin) = real.iter().find(|(number, _)| error.errno == Some(*number)).unwrap();
        assert_eq!(error.kind, twin.kind(), "{error}");
    }
}
