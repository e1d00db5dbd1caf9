//! The floor: bare turmoil hosts that exchange the messages of a run, and do nothing else.
//!
//! One future per host, as in the harness, and nothing in it that is polled without having been woken. A server answers
//! with as many bytes as the request asks for; a client sends when the run did, whether or not it has an answer to what it
//! sent before. Both write a frame at once and read through a buffer. No faults: a request that got lost in the run is
//! sent here too and not answered.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use futures_util::future::try_join;
use futures_util::stream::{FuturesUnordered, StreamExt};
use sim::cluster::Cluster;
use sim::scenario::ClusterSpec;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::{Instant, sleep_until};
use turmoil::net::{TcpListener, TcpStream};

use crate::traffic::{Message, Traffic};

const PORT: u16 = 9092;
/// Size of the request and of its response, four bytes each.
const HEADER: usize = 8;
/// What stands before a frame in the harness.
const PREFIX: usize = 4;
const BUFFER: usize = 16 << 10;

/// A connection that was accepted, or nothing: it was served or used to its end.
type Step = Pin<Box<dyn Future<Output = io::Result<Option<TcpStream>>>>>;

/// Runs it for as long as the run took; how many messages arrived.
pub fn run(traffic: &Rc<Traffic>, spec: &ClusterSpec) -> u64 {
    let mut sim = turmoil::Builder::new()
        .epoch(SystemTime::UNIX_EPOCH)
        .rng_seed(1)
        .tick_duration(Cluster::TICK)
        .simulation_duration(Duration::MAX / 2)
        .min_message_latency(spec.network_latency.0)
        .max_message_latency(spec.network_latency.1)
        .tcp_capacity(4096)
        .build();
    let arrived = Rc::new(Cell::new(0));
    for (number, name) in traffic.hosts.iter().enumerate() {
        let (traffic, arrived) = (traffic.clone(), arrived.clone());
        sim.host(name.as_str(), move || host(number, traffic.clone(), arrived.clone()));
    }
    while sim.elapsed() < traffic.simulated {
        sim.step().expect("no host fails");
    }
    drop(sim);
    arrived.get()
}

async fn host(number: usize, traffic: Rc<Traffic>, arrived: Rc<Cell<u64>>) -> turmoil::Result {
    let listener = Rc::new(TcpListener::bind(("0.0.0.0", PORT)).await?);
    let mut steps: FuturesUnordered<Step> = FuturesUnordered::new();
    steps.push(Box::pin(accept(listener.clone())));
    for (peer, name) in traffic.hosts.iter().enumerate() {
        let sent = traffic.sent[number].iter().filter(|message| message.to == peer);
        let messages: Rc<[Message]> = sent.copied().collect();
        if !messages.is_empty() {
            steps.push(Box::pin(ask(name.clone(), messages, arrived.clone())));
        }
    }
    while let Some(step) = steps.next().await {
        if let Ok(Some(stream)) = step {
            steps.push(Box::pin(serve(stream, arrived.clone())));
            steps.push(Box::pin(accept(listener.clone())));
        }
    }
    Ok(())
}

async fn accept(listener: Rc<TcpListener>) -> io::Result<Option<TcpStream>> {
    let (stream, _) = listener.accept().await?;
    Ok(Some(stream))
}

/// Answers every request with as many bytes as it asks for.
async fn serve(stream: TcpStream, arrived: Rc<Cell<u64>>) -> io::Result<Option<TcpStream>> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    let (mut request, mut response) = (Vec::new(), Vec::new());
    loop {
        let size = reader.read_u32().await? as usize;
        let answer = reader.read_u32().await? as usize;
        request.resize(size - HEADER, 0);
        reader.read_exact(&mut request).await?;
        arrived.set(arrived.get() + 1);
        if 0 < answer {
            response.resize(answer, 0);
            writer.write_all(&response).await?;
        }
    }
}

/// Sends all these messages when their time has come, and reads what comes back.
async fn ask(peer: String, messages: Rc<[Message]>, arrived: Rc<Cell<u64>>) -> io::Result<Option<TcpStream>> {
    let began = Instant::now();
    sleep_until(began + messages[0].at).await;
    let (reader, mut writer) = TcpStream::connect((peer, PORT)).await?.into_split();
    let write = async {
        let mut frame = Vec::new();
        for message in &*messages {
            sleep_until(began + message.at).await;
            frame.resize((PREFIX + message.request as usize).max(HEADER), 0);
            let size = u32::try_from(frame.len()).expect("frames are far below 4 GiB");
            frame[..PREFIX].copy_from_slice(&size.to_be_bytes());
            frame[PREFIX..HEADER].copy_from_slice(&(response_bytes(message) as u32).to_be_bytes());
            writer.write_all(&frame).await?;
        }
        // Whoever hangs up now would lose the answers that are on their way.
        std::future::pending::<io::Result<()>>().await
    };
    let read = async {
        let mut reader = BufReader::with_capacity(BUFFER, reader);
        let mut response = Vec::new();
        for size in messages.iter().map(response_bytes).filter(|size| 0 < *size) {
            response.resize(size, 0);
            reader.read_exact(&mut response).await?;
            arrived.set(arrived.get() + 1);
        }
        Ok(())
    };
    try_join(write, read).await?;
    Ok(None)
}

/// With what stands before it; 0 for none.
fn response_bytes(message: &Message) -> usize {
    message.response.map_or(0, |bytes| PREFIX + bytes as usize)
}
