//! Stories of two hosts in turmoil, one way always 1 ms apart, and what befalls their messages.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use broker_core::time::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};
use turmoil::net::TcpListener;

use super::{Direction, Disturbance, LinkedStream, Links, Met, Reason, wire};
use crate::seed::Seed;

const MS: Duration = Duration::from_millis(1);
const THERE: (&str, &str) = ("client", "server");
const BACK: (&str, &str) = ("server", "client");

#[derive(Default)]
struct Desk {
    outbox: Vec<&'static str>,
    /// What came, and when, in milliseconds.
    heard: Vec<(u64, String)>,
}

type Desks = Rc<RefCell<BTreeMap<&'static str, Desk>>>;

/// A client that connects again when its connection is gone, and a server that serves one connection at a time.
struct Net {
    sim: turmoil::Sim<'static>,
    links: Rc<Links>,
    desks: Desks,
}

impl Net {
    fn new() -> Net {
        let mut sim = turmoil::Builder::new()
            .epoch(std::time::SystemTime::UNIX_EPOCH)
            .rng_seed(7)
            .tick_duration(MS)
            .simulation_duration(Duration::from_secs(1_000))
            .min_message_latency(MS)
            .max_message_latency(MS)
            .build();
        let links = Rc::new(Links::default());
        let desks = Desks::default();
        desks.borrow_mut().extend([("client", Desk::default()), ("server", Desk::default())]);
        let world = (links.clone(), desks.clone());
        sim.host("server", move || serve(world.0.clone(), world.1.clone()));
        let world = (links.clone(), desks.clone());
        sim.host("client", move || call(world.0.clone(), world.1.clone()));
        Net { sim, links, desks }
    }

    /// A client that is connected.
    fn connected() -> Net {
        let mut net = Net::new();
        net.run(20);
        assert_eq!(net.heard("client"), ["connected"]);
        net
    }

    fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.links.tick(Timestamp::from_duration(self.sim.elapsed()));
            self.sim.step().unwrap();
        }
    }

    fn send(&mut self, host: &str, message: &'static str) {
        self.desks.borrow_mut().get_mut(host).unwrap().outbox.push(message);
    }

    fn disturb(&mut self, fault: u32, disturbance: Disturbance, ways: &[(&str, &str)]) {
        wire::disturb(&self.sim, &self.links, Reason::Fault(fault), disturbance, &directions(ways));
    }

    fn restore(&mut self, fault: u32) -> Met {
        wire::restore(&self.sim, &self.links, &Reason::Fault(fault)).unwrap()
    }

    /// What a host has heard since the last time.
    fn heard(&mut self, host: &str) -> Vec<String> {
        self.timed(host).into_iter().map(|(_, what)| what).collect()
    }

    fn timed(&mut self, host: &str) -> Vec<(u64, String)> {
        std::mem::take(&mut self.desks.borrow_mut().get_mut(host).unwrap().heard)
    }
}

fn directions(ways: &[(&str, &str)]) -> BTreeSet<Direction> {
    ways.iter().map(|(from, to)| (Rc::from(*from), Rc::from(*to))).collect()
}

fn delay(ms: (u64, u64)) -> Disturbance {
    let extra = (Duration::from_millis(ms.0), Duration::from_millis(ms.1));
    Disturbance::Delay { extra, rng: Seed(1).stream("test", 0) }
}

fn loss(probability: f64) -> Disturbance {
    Disturbance::Loss { probability, rng: Seed(1).stream("test", 0) }
}

async fn call(links: Rc<Links>, desks: Desks) -> turmoil::Result {
    // The server listens by then.
    sleep(5 * MS).await;
    loop {
        match links.clone().connect(Rc::from("client"), Rc::from("server"), 9092).await {
            Ok(stream) => {
                note(&desks, "client", "connected");
                talk(stream, "client", &desks).await;
            }
            Err(_) => note(&desks, "client", "refused"),
        }
        sleep(10 * MS).await;
    }
}

async fn serve(links: Rc<Links>, desks: Desks) -> turmoil::Result {
    let listener = TcpListener::bind(("0.0.0.0", 9092)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let stream = LinkedStream::accepted(links.clone(), stream, Rc::from("server"), Rc::from("client"))?;
        talk(stream, "server", &desks).await;
    }
}

fn note(desks: &Desks, host: &str, what: &str) {
    let ms = turmoil::sim_elapsed().unwrap().as_millis() as u64;
    desks.borrow_mut().get_mut(host).unwrap().heard.push((ms, what.to_owned()));
}

/// Reads whatever comes and sends what is in the outbox, each millisecond, until the connection ends.
async fn talk(mut stream: LinkedStream, host: &str, desks: &Desks) {
    let mut timer = Box::pin(sleep(MS));
    let how = poll_fn(|cx| {
        loop {
            let mut chunk = [0; 64];
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut stream).poll_read(cx, &mut buffer) {
                Poll::Pending => {}
                Poll::Ready(Err(error)) => return Poll::Ready(error.kind()),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                    return Poll::Ready(io::ErrorKind::UnexpectedEof);
                }
                Poll::Ready(Ok(())) => {
                    note(desks, host, str::from_utf8(buffer.filled()).unwrap());
                    continue;
                }
            }
            let outbox = std::mem::take(&mut desks.borrow_mut().get_mut(host).unwrap().outbox);
            for message in outbox {
                match Pin::new(&mut stream).poll_write(cx, message.as_bytes()) {
                    Poll::Ready(Ok(written)) => assert_eq!(written, message.len()),
                    Poll::Ready(Err(error)) => return Poll::Ready(error.kind()),
                    Poll::Pending => panic!("the stream takes a few bytes"),
                }
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            timer.as_mut().reset(Instant::now() + MS);
        }
    })
    .await;
    let word = match how {
        io::ErrorKind::UnexpectedEof => "end",
        io::ErrorKind::ConnectionReset => "reset",
        _ => "broken",
    };
    note(desks, host, word);
}

#[test]
fn one_direction_is_held_while_the_other_is_cut() {
    let mut net = Net::connected();
    net.disturb(0, Disturbance::Cut, &[BACK]);
    net.disturb(1, Disturbance::Hold, &[THERE]);
    net.send("client", "request");
    net.send("server", "answer");
    net.run(50);
    assert_eq!((net.heard("client"), net.heard("server")), (vec![], vec![]));
    assert_eq!(net.restore(1), Met { messages_held: 1, ..Met::default() });
    net.run(2);
    assert_eq!((net.heard("client"), net.heard("server")), (vec![], vec!["request".to_owned()]));
    assert_eq!(net.restore(0), Met { messages_dropped: 1, ..Met::default() });
}

#[test]
fn what_a_dead_client_sent_is_delivered_after_the_release_and_its_end_behind_it() {
    let mut net = Net::connected();
    net.send("client", "last words");
    net.run(1);
    net.disturb(0, Disturbance::Hold, &[THERE]);
    net.sim.crash("client");
    net.run(100);
    assert_eq!(net.heard("server"), [""; 0]);
    assert_eq!(net.restore(0).messages_held, 2, "the words in flight, and the end");
    net.run(2);
    assert_eq!(net.heard("server"), ["last words", "end"]);
}

#[test]
fn a_hold_does_not_reach_what_has_arrived_and_a_reset_is_held_like_everything() {
    let mut net = Net::connected();
    net.disturb(0, Disturbance::Hold, &[THERE]);
    net.sim.crash("client");
    net.run(10);
    // turmoil knows by now that nobody is there; the server must not.
    net.send("server", "one");
    net.run(10);
    net.send("server", "two");
    net.run(10);
    assert_eq!(net.heard("server"), [""; 0]);
    net.restore(0);
    net.run(2);
    assert_eq!(net.heard("server"), ["end"]);
}

#[test]
fn a_cut_takes_what_a_hold_keeps_and_the_connection_with_it_but_a_power_loss_does_not() {
    for (reason, heard) in [(Reason::Fault(1), ""), (Reason::PoweredOff(Rc::from("client")), "a")] {
        let mut net = Net::connected();
        net.disturb(0, Disturbance::Hold, &[THERE]);
        net.send("client", "a");
        net.run(10);
        wire::disturb(&net.sim, &net.links, reason.clone(), Disturbance::Cut, &directions(&[THERE, BACK]));
        net.run(10);
        let cut = wire::restore(&net.sim, &net.links, &reason).unwrap();
        assert_eq!(cut.messages_dropped, u64::from(heard.is_empty()));
        net.restore(0);
        net.send("client", "b");
        net.run(10);
        let expected: &[&str] = if heard.is_empty() { &[] } else { &["a", "b"] };
        assert_eq!(net.heard("server"), expected);
    }
}

#[test]
fn delays_add_up_reach_what_is_in_flight_and_keep_the_order() {
    let mut net = Net::connected();
    net.send("client", "a");
    net.run(1);
    net.disturb(0, delay((20, 20)), &[THERE]);
    net.disturb(1, delay((1, 40)), &[THERE]);
    let sent = net.sim.elapsed().as_millis() as u64;
    for message in ["b", "c", "d"] {
        net.run(1);
        net.send("client", message);
    }
    net.run(100);
    let heard = net.timed("server");
    assert_eq!(heard.iter().map(|(_, what)| what.as_str()).collect::<String>(), "abcd");
    assert!(heard.iter().all(|(at, _)| (sent + 21..sent + 70).contains(at)), "{sent}: {heard:?}");
    assert_eq!(net.restore(0), Met { messages_delayed: 4, ..Met::default() });
    net.restore(1);
    net.send("client", "quick");
    let sent = net.sim.elapsed().as_millis() as u64;
    net.run(5);
    assert!(net.timed("server").iter().all(|(at, _)| *at <= sent + 3));
}

#[test]
fn what_is_held_is_delayed_only_after_its_release_and_a_heal_lets_go_of_everything() {
    let mut net = Net::connected();
    net.disturb(0, Disturbance::Hold, &[THERE]);
    net.disturb(1, delay((30, 30)), &[THERE]);
    net.send("client", "a");
    net.run(50);
    net.restore(0);
    net.run(29);
    assert_eq!(net.heard("server"), [""; 0]);
    net.run(3);
    assert_eq!(net.heard("server"), ["a"]);
    net.send("client", "b");
    net.run(10);
    assert_eq!(net.restore(1).messages_delayed, 2);
    net.run(2);
    assert_eq!(net.heard("server"), ["b"]);
}

#[test]
fn who_connects_over_a_held_direction_waits_and_over_a_slow_one_takes_long() {
    for way in [THERE, BACK] {
        let mut net = Net::new();
        net.disturb(0, Disturbance::Hold, &[way]);
        net.run(50);
        assert_eq!(net.heard("client"), [""; 0]);
        assert_eq!(net.restore(0), Met { attempts_delayed: 1, ..Met::default() });
        net.run(10);
        assert_eq!(net.heard("client"), ["connected"]);
    }
    let mut net = Net::new();
    net.disturb(0, delay((20, 20)), &[THERE, BACK]);
    net.run(44);
    assert_eq!(net.heard("client"), [""; 0]);
    net.run(10);
    assert_eq!(net.heard("client"), ["connected"]);
    assert_eq!(net.restore(0), Met { attempts_delayed: 1, ..Met::default() });
}

#[test]
fn a_lost_message_breaks_its_connection_behind_what_was_sent_before() {
    let mut net = Net::connected();
    net.send("client", "before");
    net.run(1);
    net.disturb(0, loss(1.0), &[THERE]);
    net.send("client", "lost");
    net.send("client", "never sent");
    net.run(5);
    assert_eq!(net.heard("client"), ["reset"]);
    assert_eq!(net.heard("server"), ["before", "end"]);
    net.run(10);
    assert_eq!(net.heard("client"), ["refused"]);
    let met = net.restore(0);
    let expected = Met { messages_lost: 1, connections_broken: 1, attempts_failed: 1, ..Met::default() };
    assert_eq!((met, met.total()), (expected, 2));
    net.run(20);
    assert_eq!(net.heard("client"), ["connected"]);
}

#[test]
fn dropped_connections_are_reset_at_both_ends_and_what_was_in_flight_is_lost() {
    let mut net = Net::connected();
    net.send("client", "in flight");
    net.run(1);
    assert_eq!(net.links.drop_connections(&directions(&[("client", "nobody")])), 0);
    assert_eq!(net.links.drop_connections(&directions(&[BACK])), 1);
    net.run(2);
    assert_eq!(
        (net.heard("client"), net.heard("server")),
        (vec!["reset".to_owned()], vec!["reset".to_owned()])
    );
    net.run(20);
    assert_eq!(net.heard("client"), ["connected"]);
    net.send("client", "again");
    net.run(5);
    assert_eq!(net.heard("server"), ["again"]);
}

#[test]
fn what_nobody_meets_counts_nothing() {
    let mut net = Net::connected();
    for (fault, disturbance) in
        [Disturbance::Cut, Disturbance::Hold, delay((5, 9)), loss(1.0)].into_iter().enumerate()
    {
        net.disturb(fault as u32, disturbance, &[BACK]);
        net.send("client", "a");
        net.run(10);
        assert_eq!(net.links.met(&Reason::Fault(fault as u32)), Some(Met::default()));
        assert_eq!(net.restore(fault as u32), Met::default());
        assert_eq!(net.links.met(&Reason::Fault(fault as u32)), None);
    }
    assert_eq!(net.heard("server"), ["a"; 4]);
}

#[test]
fn a_direction_is_healthy_when_its_last_reason_is_gone() {
    let mut net = Net::connected();
    net.disturb(0, Disturbance::Hold, &[THERE, BACK]);
    net.disturb(1, Disturbance::Hold, &[THERE]);
    net.send("client", "a");
    net.send("server", "b");
    net.run(10);
    assert_eq!(net.restore(0).messages_held, 2);
    net.run(10);
    assert_eq!((net.heard("client"), net.heard("server")), (vec!["b".to_owned()], vec![]));
    assert_eq!(net.restore(1).messages_held, 1);
    net.run(2);
    assert_eq!(net.heard("server"), ["a"]);
}
