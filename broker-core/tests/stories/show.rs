//! How things are printed.

use broker_core::batch::RecordBatch;
use broker_core::controller::Controller;
use broker_core::event::Event;
use broker_core::io::{ConsumedRecord, HaltReason, SendOutcome};
use broker_core::log::Log;
use broker_core::types::{BrokerId, Offset, TopicPartition};
use serde_json::Value;

use crate::args::Result;
use crate::world::{CONTROLLER, Process, World};

/// An event as `name field=value …`, without the topic partition that most stories have.
pub fn event(event: &Event) -> String {
    let Ok(Value::Object(fields)) = serde_json::to_value(event) else { return event.name().to_owned() };
    let mut text = event.name().to_owned();
    for (name, value) in &fields {
        let usual = name == "topic_partition" && is_orders(value);
        if name != "event" && !usual {
            text.push_str(&format!(" {name}={}", plain(value)));
        }
    }
    text
}

fn is_orders(value: &Value) -> bool {
    value == "orders-0" || (value["topic"] == "orders" && value["partition"] == 0)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

pub fn outcome(outcome: &SendOutcome) -> String {
    match outcome {
        SendOutcome::Ok { offset: Some(offset) } => format!("ok offset={offset}"),
        SendOutcome::Ok { offset: None } => "ok".to_owned(),
        SendOutcome::Fail { errors } => format!("fail {errors:?}"),
        SendOutcome::Info { errors } => format!("info {errors:?}"),
    }
}

pub fn polled(records: &[ConsumedRecord]) -> String {
    let record = |record: &ConsumedRecord| format!("{}:{}", record.offset, text(&record.value));
    records.iter().map(record).collect::<Vec<_>>().join(" ")
}

pub fn halt(reason: &HaltReason) -> String {
    match reason {
        HaltReason::Shutdown => "shutdown".to_owned(),
        HaltReason::Storage(error) => error.to_string(),
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn ids(brokers: &[BrokerId]) -> String {
    let ids: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}

/// A batch as `base..end epoch=… values`, with the producer's numbers if it has any.
pub fn batch(batch: &RecordBatch) -> String {
    let mut line = format!("{}..{} epoch={}", batch.base_offset(), batch.end_offset(), batch.leader_epoch());
    if 0 <= batch.producer_id().0 {
        let (id, epoch) = (batch.producer_id(), batch.producer_epoch());
        line.push_str(&format!(" producer={id}/{epoch} sequence={}", batch.base_sequence()));
    }
    let records = batch.records().map_or_else(
        |error| vec![error.to_string()],
        |records| records.iter().map(|record| text(&record.value)).collect(),
    );
    format!("{line} {}", records.join(" "))
}

impl World {
    pub fn controller(&self) -> Option<&Controller> {
        match &self.hosts.get(CONTROLLER)?.process {
            Some((_, Process::Controller(controller))) => Some(controller),
            _ => None,
        }
    }

    /// What the controller knows of the topic partition.
    pub fn partition_line(&self, at: &TopicPartition) -> Option<String> {
        let image = self.controller()?.image();
        let state = image.partition(image.topic_id(&at.topic)?, at.partition)?;
        let (leader, isr) = (state.leader, ids(&state.isr));
        let (leader_epoch, partition_epoch) = (state.leader_epoch, state.partition_epoch);
        Some(format!("leader={leader} epoch={leader_epoch} partition_epoch={partition_epoch} isr={isr}"))
    }

    /// Every broker's replica of the topic partition.
    pub fn replica_lines(&self, at: &TopicPartition) -> Vec<String> {
        let brokers = self.hosts.iter().filter(|(name, _)| name.parse::<i32>().is_ok());
        brokers.map(|(name, host)| format!("{name}: {}", replica_line(host.process.as_ref(), at))).collect()
    }

    /// The log of a broker's replica.
    pub fn log(&self, broker: &str, at: &TopicPartition) -> Result<&Log> {
        match self.hosts.get(broker).and_then(|host| host.process.as_ref()) {
            Some((_, Process::Broker(node))) => {
                Ok(node.replicas().get(at).ok_or_else(|| format!("{broker} has no {at}"))?.log())
            }
            _ => Err(format!("broker {broker} is not running").into()),
        }
    }

    /// The batches of a broker's replica.
    pub fn batch_lines(&self, broker: &str, at: &TopicPartition) -> Result<Vec<String>> {
        let log = self.log(broker, at)?;
        let (mut from, end) = (log.start_offset(), log.end_offset());
        let storage = &self.hosts[broker].storage;
        let mut lines = Vec::new();
        while from < end {
            let bytes = log.read(storage, from, end, usize::MAX)?;
            for found in RecordBatch::all_from(bytes)? {
                from = found.end_offset();
                lines.push(batch(&found));
            }
        }
        Ok(lines)
    }
}

fn replica_line(process: Option<&(u128, Process)>, at: &TopicPartition) -> String {
    let Some((_, Process::Broker(broker))) = process else { return "down".to_owned() };
    let Some(replica) = broker.replicas().get(at) else { return "no replica".to_owned() };
    let log = replica.log();
    let role = if replica.is_leader() { "leader" } else { "follower" };
    let (start, end, flushed) = (log.start_offset(), log.end_offset(), log.recovery_point());
    let mut line = format!(
        "{role} epoch={} log={start}..{end} high_watermark={} flushed={flushed}",
        replica.state().leader_epoch,
        replica.high_watermark(),
    );
    if let Some(isr) = replica.maximal_isr() {
        line.push_str(&format!(" isr={}", ids(&replica.state().isr)));
        if isr != replica.state().isr {
            line.push_str(&format!(" maximal={}", ids(isr)));
        }
    }
    if log.countable_end_offset() < log.end_offset() {
        line.push_str(&format!(" countable={}", log.countable_end_offset()));
    }
    line
}

/// An offset that may be unknown (-1).
pub fn offset(offset: i64) -> String {
    if offset < 0 { "none".to_owned() } else { Offset(offset).to_string() }
}
