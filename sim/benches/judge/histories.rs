//! Histories of any length in which everything is right.

use std::io::Write;
use std::path::Path;

const PRODUCERS: usize = 4;
const PARTITIONS: usize = 8;
/// Records in one poll.
const BATCH: usize = 8;

/// The lines of a history of exactly so many operations, at least a few hundred: sends and their acknowledgements, each
/// record polled by two consumers, and in the end by final reads.
pub fn text(operations: usize) -> impl Iterator<Item = String> {
    // Each message takes two operations and a part of three polls; the rest are seeks.
    let rounds = (operations - PARTITIONS) / (PARTITIONS * (2 * BATCH + 3));
    let told = rounds * PARTITIONS * (2 * BATCH + 3) + PARTITIONS;
    let header = std::iter::once(header());
    let sends = (0..rounds * PARTITIONS).flat_map(move |turn| {
        let (partition, round) = (turn % PARTITIONS, turn / PARTITIONS);
        let batch = round * BATCH..(round + 1) * BATCH;
        let sends = batch.clone().flat_map(move |offset| send(partition, offset));
        sends.chain([PRODUCERS, PRODUCERS + 1].map(|process| poll(process, partition, batch.clone(), "")))
    });
    let last = (0..rounds * PARTITIONS).map(move |turn| {
        let (partition, round) = (turn % PARTITIONS, turn / PARTITIONS);
        poll(PRODUCERS + 2, partition, round * BATCH..(round + 1) * BATCH, ",\"last\":true")
    });
    let ends = (0..PARTITIONS).map(move |partition| {
        let (process, end) = (PRODUCERS + 2, rounds * BATCH);
        format!("{{\"process\":{process},\"type\":\"ok\",\"f\":\"final-read\",\"topic_partition\":\"orders-{partition}\",\"end\":{end}}}\n")
    });
    let seeks = (told..operations).map(|_| "{\"process\":4,\"type\":\"ok\",\"f\":\"seek\"}\n".to_owned());
    header.chain(sends).chain(last).chain(ends).chain(seeks)
}

/// The same, into a file.
pub fn write(path: &Path, operations: usize) {
    let file = std::fs::File::create(path).expect("the directory for temporary files can be written");
    let mut out = std::io::BufWriter::new(file);
    text(operations).for_each(|line| out.write_all(line.as_bytes()).expect("the disk takes it"));
    out.flush().expect("the disk takes it");
}

fn header() -> String {
    let promise = "{\"acks\":\"all\",\"idempotent\":true,\"order\":\"kept\"}";
    let processes: Vec<String> =
        (0..PRODUCERS).map(|process| format!("{{\"process\":{process},\"promise\":{promise}}}")).collect();
    format!("{{\"history\":1,\"processes\":[{}]}}\n", processes.join(","))
}

/// The record of a topic partition at this offset is sent and acknowledged; each partition has its producer.
fn send(partition: usize, offset: usize) -> [String; 2] {
    let (process, ordinal) = (partition % PRODUCERS, offset * PARTITIONS + partition);
    let rest = format!(
        "\"f\":\"send\",\"topic_partition\":\"orders-{partition}\",\"message\":\"{process}/{ordinal}\""
    );
    [
        format!("{{\"process\":{process},\"type\":\"invoke\",{rest}}}\n"),
        format!("{{\"process\":{process},\"type\":\"ok\",{rest},\"offset\":{offset}}}\n"),
    ]
}

fn poll(process: usize, partition: usize, offsets: std::ops::Range<usize>, last: &str) -> String {
    let record = |offset: usize| {
        format!("[{offset},\"{}/{}\"]", partition % PRODUCERS, offset * PARTITIONS + partition)
    };
    let records: Vec<String> = offsets.map(record).collect();
    let records = records.join(",");
    format!(
        "{{\"process\":{process},\"type\":\"ok\",\"f\":\"poll\",\"topic_partition\":\"orders-{partition}\",\"records\":[{records}]{last}}}\n"
    )
}
