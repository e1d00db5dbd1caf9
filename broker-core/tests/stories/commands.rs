//! The commands of a story. `HOST` is `controller`, a broker's number, or the name of a client.
//!
//! | command | what it does |
//! |---|---|
//! | `cluster brokers=N [property=value…]` | a controller and N brokers, all unfenced |
//! | `topic [name] [partitions=1] [rf=N] [property=value…]` | creates `orders`; replicas 1, 2, …, led by 1 |
//! | `watch EVENT…` | prints these events from now on, `-EVENT` no longer |
//! | `boot`, `kill`, `lose-power`, `shut-down HOST…` | a process begins or ends; only `lose-power` hurts the disk |
//! | `run TIME` | time goes by |
//! | `hold from=HOST to=HOST [api=fetch]`, `release [n=N]`, `lose` | messages of one direction wait, arrive, or are lost with their connection |
//! | `cut HOST HOST\|*`, `join` | no messages either way, and nobody is told |
//! | `disk HOST …`, `damage`, `files`, `cat` | see `disk` |
//! | `status`, `partition`, `log HOST`, `epochs HOST` | replicas, the controller's view, batches, leader epoch cache |
//! | `produce`, `fetch`, `list-offsets`, `epoch-end`, `register`, `heartbeat`, `alter-partition`, … | see `by_hand` |
//! | `create-topics`, `allocate-producer-ids`, `metadata` | see `controller`; `metadata` prints the batches of its log |
//! | `producer`, `consumer`, `send` | see `clients` |

use broker_core::io::Input;
use broker_core::wire;
use goldenscript::{Command, Context, Runner};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::{CreateTopicsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::args::{Args, Result, duration};
use crate::network::{Asker, Content, Lane};
use crate::world::{CONTROLLER, World};

impl Runner for World {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &Context) -> Result<String> {
        self.journal.clear();
        let known = self.by_hand(command)?
            || self.client_command(command)?
            || self.controller_command(command)?
            || self.process_command(command)?
            || self.network_command(command)?
            || self.disk_command(command)?
            || self.question(command)?;
        if !known {
            return Err(format!("there is no command `{}`", command.name).into());
        }
        self.settle();
        Ok(self.journal.iter().map(|line| format!("{line}\n")).collect())
    }
}

impl World {
    fn process_command(&mut self, command: &Command) -> Result<bool> {
        let mut args = Args::new(command);
        match command.name.as_str() {
            "cluster" => self.cluster(&mut args)?,
            "topic" => self.topic(&mut args)?,
            "watch" => {
                for event in args.rest() {
                    match event.strip_prefix('-') {
                        Some(event) => self.watched.remove(event),
                        None => self.watched.insert(event.to_owned()),
                    };
                }
            }
            "boot" => {
                for name in args.rest() {
                    self.boot(name)?;
                }
            }
            "kill" => {
                for name in args.rest() {
                    self.kill(name)?;
                }
            }
            "lose-power" => {
                for name in args.rest() {
                    // It may have halted.
                    if self.incarnation(name).is_some() {
                        self.kill(name)?;
                    }
                    self.hosts[name].storage.borrow_mut().lose_unflushed();
                }
            }
            "shut-down" => {
                for name in args.rest() {
                    self.tell(name, Input::Shutdown)?;
                }
            }
            "run" => {
                let time = duration(args.next("a time")?)?;
                World::run(self, time);
            }
            _ => return Ok(false),
        }
        args.done()?;
        Ok(true)
    }

    fn cluster(&mut self, args: &mut Args<'_>) -> Result<()> {
        let brokers: i32 = args.need("brokers")?;
        self.configure(&args.pairs())?;
        self.boot(CONTROLLER)?;
        for broker in 1..=brokers {
            self.boot(&broker.to_string())?;
        }
        // Long enough for a registration, the metadata, and a heartbeat.
        World::run(self, self.config.heartbeat_interval);
        let image = self.controller().ok_or("the controller did not start")?.image();
        let live = image.brokers().values().filter(|known| !known.fenced).count();
        if live as i32 == brokers { Ok(()) } else { Err(format!("only {live} brokers are unfenced").into()) }
    }

    fn topic(&mut self, args: &mut Args<'_>) -> Result<()> {
        let text = |text: &str| StrBytes::from_string(text.to_owned());
        let brokers = self.hosts.keys().filter(|name| name.parse::<i32>().is_ok()).count() as i16;
        let name = args.next_opt().unwrap_or("orders");
        let (partitions, factor) = (args.or("partitions", 1)?, args.or("rf", brokers)?);
        let configs = args.pairs().into_iter().map(|(name, value)| {
            CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
        });
        let topic = CreatableTopic::default()
            .with_name(TopicName(text(name)))
            .with_num_partitions(partitions)
            .with_replication_factor(factor)
            .with_configs(configs.collect());
        let body = CreateTopicsRequest::default().with_topics(vec![topic]);
        let frame = wire::encode_request(broker_core::io::RequestId(0), "story", &body);
        self.call(Asker::Hand(0), CONTROLLER, frame, None);
        self.settle();
        // The answer is not part of the story; that it worked is.
        self.journal.retain(|line| !line.starts_with("#0 "));
        let created = self.controller().is_some_and(|node| node.image().topic_id(name).is_some());
        if created { Ok(()) } else { Err("the topic was not created".into()) }
    }

    fn network_command(&mut self, command: &Command) -> Result<bool> {
        let mut args = Args::new(command);
        match command.name.as_str() {
            "hold" => {
                let lane = lane(&mut args)?;
                self.network.holds.push(lane);
            }
            "release" => {
                let limit = args.get("n")?;
                let lane = lane(&mut args)?;
                for message in self.network.take_held(&lane, limit) {
                    self.deliver(message);
                }
            }
            "lose" => {
                let limit = args.get("n")?;
                let lane = lane(&mut args)?;
                for message in self.network.take_held(&lane, limit) {
                    self.fail(message.connection, broker_core::error::RequestError::Disconnected);
                }
            }
            "held" => {
                for message in &self.network.held {
                    let what =
                        if matches!(message.content, Content::Request(_)) { "request" } else { "answer" };
                    self.journal.push(format!("{}->{} {:?} {what}", message.from, message.to, message.api));
                }
            }
            "cut" => {
                let (a, b) = (args.next("a host")?, args.next_opt().unwrap_or("*"));
                self.network.cut(a, b);
            }
            "join" => {
                let (a, b) = (args.next("a host")?, args.next_opt().unwrap_or("*"));
                if !self.network.join(a, b) {
                    return Err(format!("{a} and {b} were not cut").into());
                }
            }
            _ => return Ok(false),
        }
        args.done()?;
        Ok(true)
    }

    fn question(&mut self, command: &Command) -> Result<bool> {
        let mut args = Args::new(command);
        let at = args.topic_partition()?;
        match command.name.as_str() {
            "status" => {
                let controller = self.partition_line(&at).map(|line| format!("controller: {line}"));
                self.journal.extend(controller);
                let replicas = self.replica_lines(&at);
                self.journal.extend(replicas);
            }
            "partition" => {
                let line = self.partition_line(&at).ok_or_else(|| format!("the controller knows no {at}"))?;
                self.journal.push(line);
            }
            "log" => {
                let lines = self.batch_lines(args.next("a broker")?, &at)?;
                self.journal.extend(lines);
            }
            "epochs" => {
                let log = self.log(args.next("a broker")?, &at)?;
                let entries = log.epochs().entries();
                let lines: Vec<String> = entries
                    .iter()
                    .map(|entry| format!("{} from {}", entry.epoch, entry.start_offset))
                    .collect();
                self.journal.extend(lines);
            }
            _ => return Ok(false),
        }
        args.done()?;
        Ok(true)
    }
}

/// `from=HOST to=HOST [api=fetch]`
fn lane(args: &mut Args<'_>) -> Result<Lane> {
    let end = |text: Option<&str>| text.unwrap_or("*").to_owned();
    let (from, to, api) = (end(args.text("from")), end(args.text("to")), args.text("api").map(str::to_owned));
    Ok(Lane { from, to, api })
}
