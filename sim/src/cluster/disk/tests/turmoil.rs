//! The disk below a host of a real simulation.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use ::turmoil::{Builder, Sim};

use super::*;
use crate::cluster::disk::TurmoilPlatter;

/// What a process does and finds, by the number of its start.
type Life = fn(&mut HostDisk<TurmoilPlatter>, usize);

/// A simulation of one host that runs `life` at each start, and then waits to be killed.
fn host_with(disk: &DiskHandle, life: Life) -> (Sim<'static>, Rc<RefCell<usize>>) {
    let starts = Rc::new(RefCell::new(0));
    let mut sim = Builder::new().rng_seed(1).epoch(SystemTime::UNIX_EPOCH).build();
    let (disk, counter) = (disk.clone(), Rc::clone(&starts));
    sim.host("broker", move || {
        let (disk, counter) = (disk.clone(), Rc::clone(&counter));
        async move {
            let mut host = disk.mount(TurmoilPlatter::of_current_host()?)?;
            let start = *counter.borrow();
            *counter.borrow_mut() += 1;
            life(&mut host, start);
            std::future::pending().await
        }
    });
    (sim, starts)
}

fn steps(sim: &mut Sim<'_>) {
    for _ in 0..3 {
        sim.step().unwrap();
    }
}

#[test]
fn a_kill_keeps_everything_and_power_loss_takes_the_tail() {
    let disk = disk(0, 0);
    let (mut sim, starts) = host_with(&disk, |host, start| {
        let file = host.open("t-0/0.log").unwrap();
        match start {
            0 => {
                host.append(file, b"flushed").unwrap();
                flush(host, &[FlushStep::File(file), directory("t-0"), directory("")]).unwrap();
                host.append(file, b" cached").unwrap();
                let lost = host.open("t-0/1.log").unwrap();
                host.append(lost, b"no directory sync").unwrap();
                flush(host, &[FlushStep::File(lost), replace("meta", b"1")]).unwrap();
            }
            1 => {
                assert_eq!(host.read(file, 0, 100).unwrap(), b"flushed cached"[..]);
                assert_eq!(host.list("t-0").unwrap(), ["0.log", "1.log"]);
                flush(host, &[replace("meta", b"22")]).unwrap();
            }
            _ => {
                assert_eq!(host.read(file, 0, 100).unwrap(), b"flushed"[..]);
                assert_eq!(host.list("t-0").unwrap(), ["0.log"]);
                assert_eq!(host.read_file("meta").unwrap().unwrap(), b"22"[..]);
            }
        }
    });
    steps(&mut sim);
    sim.crash("broker");
    sim.bounce("broker");
    steps(&mut sim);
    sim.crash("broker");
    let loss = lose_power(&disk);
    assert_eq!(loss.lost_files, [("t-0/0.log".into(), 7), ("t-0/1.log".into(), 17)]);
    assert_eq!(loss.vanished, ["t-0/1.log"]);
    sim.bounce("broker");
    steps(&mut sim);
    assert_eq!(*starts.borrow(), 3);
}

#[test]
fn truncate_then_power_loss_brings_back_the_old_bytes() {
    let disk = disk(0, 0);
    let (mut sim, starts) = host_with(&disk, |host, start| {
        let file = host.open("a").unwrap();
        match start {
            0 => {
                host.append(file, b"old content").unwrap();
                flush(host, &[FlushStep::File(file), directory("")]).unwrap();
                host.truncate(file, 4).unwrap();
                host.append(file, b"text").unwrap();
            }
            1 => {
                assert_eq!(host.read(file, 0, 100).unwrap(), b"old content"[..]);
                host.truncate(file, 4).unwrap();
                host.append(file, b"text").unwrap();
                flush(host, &[FlushStep::File(file)]).unwrap();
            }
            _ => assert_eq!(host.read(file, 0, 100).unwrap(), b"old text"[..]),
        }
    });
    for _ in 0..3 {
        steps(&mut sim);
        sim.crash("broker");
        lose_power(&disk);
        sim.bounce("broker");
    }
    assert_eq!(*starts.borrow(), 3);
}

#[test]
fn rows_of_lost_files_are_freed_when_a_process_is_there_to_do_it() {
    let disk = disk(0, 0);
    let (mut sim, starts) = host_with(&disk, |host, start| {
        let rows = || ::turmoil::fs::shim::std::fs::read_dir("/platter").unwrap().count();
        assert_eq!(rows(), 0);
        if start == 0 {
            let file = host.open("a").unwrap();
            host.append(file, b"content").unwrap();
            flush(host, &[FlushStep::File(file), directory("")]).unwrap();
            host.remove("a").unwrap();
            assert_eq!(rows(), 1, "the removal may still be undone");
            flush(host, &[directory("")]).unwrap();
            assert_eq!(rows(), 0);

            let file = host.open("b").unwrap();
            host.append(file, b"content").unwrap();
            flush(host, &[FlushStep::File(file)]).unwrap();
            assert_eq!(rows(), 1);
        }
    });
    steps(&mut sim);
    sim.crash("broker");
    assert_eq!(lose_power(&disk).vanished, ["b"]);
    sim.bounce("broker");
    steps(&mut sim);
    assert_eq!(*starts.borrow(), 2);
}

/// Two flushes of a host that really waits: the second ends one latency after the first.
#[test]
fn a_host_waits_for_its_flushes() {
    let disk = disk(10, 10);
    let mut sim = Builder::new().rng_seed(1).epoch(SystemTime::UNIX_EPOCH).build();
    let client_disk = disk.clone();
    sim.client("broker", async move {
        let now = || Timestamp::from_duration(::turmoil::elapsed());
        let mut host = client_disk.mount(TurmoilPlatter::of_current_host()?)?;
        let file = host.open("a")?;
        host.append(file, b"one")?;
        let (first, first_end) = host.start_flush(now(), &[FlushStep::File(file)]);
        host.append(file, b"two")?;
        let (second, second_end) = host.start_flush(now(), &[FlushStep::File(file)]);
        assert_eq!(second_end.since(first_end), Duration::from_millis(10));
        tokio::time::sleep(first_end.since(now())).await;
        host.finish_flush(first)?;
        assert_eq!(client_disk.stats().dirty_bytes, 3);
        tokio::time::sleep(second_end.since(now())).await;
        assert_eq!(now().as_millis(), 20);
        host.finish_flush(second)?;
        assert_eq!(client_disk.stats().dirty_bytes, 0);
        Ok(())
    });
    sim.run().unwrap();
    assert_eq!(disk.stats().flushes, 2);
}
