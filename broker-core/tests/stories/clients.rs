//! Commands for clients that are nodes: producers and consumers.

use broker_core::client::{Consumer, Producer, ReadUntil};
use broker_core::config::{ConsumerConfig, ProducerConfig, Properties, RawValue, Scope, TimeScale};
use broker_core::io::{Input, ProducerRecord};
use broker_core::types::Endpoint;
use bytes::Bytes;
use goldenscript::Command;

use crate::args::{Args, Result};
use crate::world::{Process, World, endpoint};

impl World {
    /// Carries out a command for clients; `false` if it is none.
    pub fn client_command(&mut self, command: &Command) -> Result<bool> {
        let mut args = Args::new(command);
        match command.name.as_str() {
            "producer" => {
                let name = args.text("name").unwrap_or("producer");
                let config =
                    ProducerConfig::new(&properties(Scope::Producer, &args.pairs())?, TimeScale::Kafka);
                let config = config.map_err(|error| error.to_string())?;
                let node = Producer::new(config, name.to_owned(), self.bootstrap(), 1);
                self.install(name, Process::Producer(Box::new(node)));
            }
            "consumer" => {
                let name = args.text("name").unwrap_or("consumer");
                let topic = args.text("topic").unwrap_or("orders");
                let config =
                    ConsumerConfig::new(&properties(Scope::Consumer, &args.pairs())?, TimeScale::Kafka);
                let topics = vec![topic.into()];
                let node =
                    Consumer::new(config, name.to_owned(), self.bootstrap(), topics, ReadUntil::Forever);
                self.install(name, Process::Consumer(Box::new(node)));
            }
            "send" => {
                let name = args.text("by").unwrap_or("producer").to_owned();
                let topic_partition = args.topic_partition()?;
                for value in args.rest() {
                    let token = self.sent.len() as u64;
                    self.sent.push(value.to_owned());
                    let (key, value) = (Bytes::new(), Bytes::copy_from_slice(value.as_bytes()));
                    let topic_partition = topic_partition.clone();
                    let record = ProducerRecord { token, topic_partition, key, value };
                    self.tell(&name, Input::Send(record))?;
                }
            }
            _ => return Ok(false),
        }
        args.done()?;
        self.settle();
        Ok(true)
    }

    fn bootstrap(&self) -> Vec<Endpoint> {
        let brokers = self.hosts.keys().filter(|name| name.parse::<i32>().is_ok());
        brokers.map(|name| endpoint(name)).collect()
    }
}

fn properties(scope: Scope, pairs: &[(&str, &str)]) -> Result<Properties> {
    let mut properties = Properties::new(scope);
    for (name, value) in pairs {
        properties.set(name, RawValue::Text(value)).map_err(|error| error.to_string())?;
    }
    Ok(properties)
}
