//! What ends up in a log that keeps all promises, whatever is lost, late or refused on the way.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::super::sequences::Ordinal;
use super::*;
use crate::error::RequestError;
use crate::io::Node;
use crate::log::{ProducerStateManager, SequenceCheck};
use crate::testing::idempotent_batch;
use crate::types::{LeaderEpoch, Offset};

#[derive(Clone, Copy, Debug)]
enum Step {
    Send,
    /// The broker takes the oldest request of its connection and answers, or sits on the answer.
    Take {
        broker: usize,
        refuse: bool,
        answer: bool,
    },
    /// It gives the oldest answer it sat on.
    Answer {
        broker: usize,
    },
    /// The connection is lost for the client; what it had sent may still arrive.
    Cut {
        broker: usize,
        timed_out: bool,
    },
    /// A request of a lost connection arrives.
    Late {
        broker: usize,
    },
    /// The other broker leads. It has everything, or everything that was acknowledged.
    Elect {
        lose: bool,
    },
    Wait {
        millis: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let broker = || 0..2usize;
    let rarely = || prop::bool::weighted(0.25);
    prop_oneof![
        6 => Just(Step::Send),
        8 => (broker(), rarely(), any::<bool>())
            .prop_map(|(broker, refuse, answer)| Step::Take { broker, refuse, answer }),
        3 => broker().prop_map(|broker| Step::Answer { broker }),
        2 => (broker(), any::<bool>()).prop_map(|(broker, timed_out)| Step::Cut { broker, timed_out }),
        2 => broker().prop_map(|broker| Step::Late { broker }),
        1 => rarely().prop_map(|lose| Step::Elect { lose }),
        6 => prop_oneof![Just(1), Just(150), Just(1_100), Just(30_000)].prop_map(|millis| Step::Wait { millis }),
    ]
}

#[derive(Default)]
struct Connection {
    /// Sent, not taken.
    sent: VecDeque<Produced>,
    /// Taken, not answered.
    taken: VecDeque<(Produced, ErrorCode, i64)>,
    /// Sent over connections that were lost since.
    late: VecDeque<Produced>,
}

struct World {
    rig: Rig<Producer>,
    connections: [Connection; 2],
    /// The log as the leader has it.
    log: Vec<RecordBatch>,
    producers: ProducerStateManager,
    acknowledged: Offset,
    leader: usize,
    epoch: i32,
    next_token: u64,
}

impl World {
    fn new(retries: i64, delivery_timeout_ms: i64, batch_size: i64) -> World {
        let mut rig = start(&[
            ("batch.size", RawValue::Int(batch_size)),
            ("retries", RawValue::Int(retries)),
            ("request.timeout.ms", RawValue::Int(1_000)),
            ("delivery.timeout.ms", RawValue::Int(delivery_timeout_ms)),
        ]);
        serve(&mut rig, &[(1, 0), (2, 0)]);
        let connections = Default::default();
        let (log, producers) = (Vec::new(), ProducerStateManager::default());
        World {
            rig,
            connections,
            log,
            producers,
            acknowledged: Offset::ZERO,
            leader: 0,
            epoch: 0,
            next_token: 0,
        }
    }

    /// A world in which the topic partition has a first record, whose sequence is the last but `left` before the wrap.
    fn before_the_wrap(mut self, left: u64) -> World {
        self.step(Step::Send);
        let first = self.connections[0].sent.pop_front().expect("nothing holds it back");
        let last = i32::MAX - i32::try_from(left).expect("a few");
        let batch = idempotent_batch(&["value 0"], first.numbers(0).0, 0, last);
        let batch = batch.placed_at(Offset(0), LeaderEpoch(0));
        self.producers.update(&batch);
        self.log.push(batch);
        self.answer(&first, ErrorCode::NONE, 0);
        let partition = self.rig.node.accumulator.get_mut(&TopicPartition::new(TOPIC, 0));
        partition.sequences.skip_to(Ordinal((1 << 31) - left));
        self.collect();
        self
    }

    fn collect(&mut self) {
        let leaders = [(i32::try_from(self.leader).unwrap() + 1, self.epoch)];
        serve(&mut self.rig, &leaders);
        for request in produced(&mut self.rig) {
            let broker = usize::from(request.sent.to == endpoint(2));
            self.connections[broker].sent.push_back(request);
        }
    }

    fn append(&mut self, broker: usize, refuse: bool, request: &Produced) -> (ErrorCode, i64) {
        if broker != self.leader {
            return (ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
        }
        if refuse {
            return (ErrorCode::NOT_ENOUGH_REPLICAS, -1);
        }
        let batch = &request.batches[&0];
        match self.producers.check(batch) {
            Err(code) => (code, -1),
            Ok(SequenceCheck::Duplicate { base_offset, .. }) => (ErrorCode::NONE, base_offset.0),
            Ok(SequenceCheck::Accept) => {
                let offset = self.log.last().map_or(0, |last| last.end_offset().0);
                let batch = batch.clone().placed_at(Offset(offset), LeaderEpoch(self.epoch));
                self.producers.update(&batch);
                self.log.push(batch);
                (ErrorCode::NONE, offset)
            }
        }
    }

    fn answer(&mut self, request: &Produced, code: ErrorCode, offset: i64) {
        if code == ErrorCode::NONE {
            self.acknowledged = self.acknowledged.max(Offset(offset + 1));
        }
        reply(&mut self.rig, request, code, offset);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send => {
                send(&mut self.rig, 0, self.next_token);
                self.next_token += 1;
            }
            Step::Take { broker, refuse, answer } => {
                if let Some(request) = self.connections[broker].sent.pop_front() {
                    let (code, offset) = self.append(broker, refuse, &request);
                    if answer && self.connections[broker].taken.is_empty() {
                        self.answer(&request, code, offset);
                    } else {
                        self.connections[broker].taken.push_back((request, code, offset));
                    }
                }
            }
            Step::Answer { broker } => {
                if let Some((request, code, offset)) = self.connections[broker].taken.pop_front() {
                    self.answer(&request, code, offset);
                }
            }
            Step::Cut { broker, timed_out } => {
                let error = if timed_out { RequestError::TimedOut } else { RequestError::Disconnected };
                let Connection { sent, taken, late } = &mut self.connections[broker];
                for request in taken.drain(..).map(|(request, ..)| request) {
                    self.rig.fail(&request.sent, error);
                }
                for request in sent.drain(..) {
                    self.rig.fail(&request.sent, error);
                    late.push_back(request);
                }
            }
            Step::Late { broker } => {
                if let Some(request) = self.connections[broker].late.pop_front() {
                    self.append(broker, false, &request);
                }
            }
            Step::Elect { lose } => {
                // Nobody who waits for an answer of the old leader gets a good one.
                for (_, code, _) in &mut self.connections[self.leader].taken {
                    if *code == ErrorCode::NONE {
                        *code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
                    }
                }
                self.leader = 1 - self.leader;
                self.epoch += 1;
                if lose {
                    let acknowledged = self.acknowledged;
                    self.log.retain(|batch| batch.base_offset() < acknowledged);
                    self.producers = ProducerStateManager::default();
                    self.log.iter().for_each(|batch| self.producers.update(batch));
                }
            }
            Step::Wait { millis } => self.rig.run_until(self.rig.now + Duration::from_millis(millis)),
        }
        self.collect();
    }

    /// Everything heals, and all sends end.
    fn settle(&mut self) {
        for _round in 0..400 {
            for broker in 0..2 {
                self.step(Step::Answer { broker });
                self.step(Step::Take { broker, refuse: false, answer: true });
            }
            self.step(Step::Wait { millis: 500 });
        }
        assert_eq!(self.rig.node.unfinished(), 0);
        assert!(self.rig.node.next_deadline().is_none_or(|due| self.rig.now <= due));
    }

    fn tokens(&self) -> Vec<u64> {
        let token = |value: &[u8]| std::str::from_utf8(value).unwrap()["value ".len()..].parse().unwrap();
        self.log
            .iter()
            .flat_map(|batch| batch.records().unwrap())
            .map(|record| token(&record.value))
            .collect()
    }
}

proptest! {
    #[test]
    fn records_are_in_the_log_once_and_in_order(
        retries in prop_oneof![Just(1i64), Just(3), Just(i64::from(i32::MAX))],
        delivery_timeout_ms in prop_oneof![Just(3_000i64), Just(120_000)],
        batch_size in prop_oneof![Just(0i64), Just(300)],
        left_before_the_wrap in prop::option::of(0u64..20),
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut world = World::new(retries, delivery_timeout_ms, batch_size);
        if let Some(left) = left_before_the_wrap {
            world = world.before_the_wrap(left);
        }
        for step in steps {
            world.step(step);
        }
        world.settle();
        let tokens = world.tokens();
        prop_assert!(tokens.is_sorted_by(|one, next| one < next), "{tokens:?}");
        let tokens: BTreeSet<u64> = tokens.into_iter().collect();
        for (token, outcome) in outcomes(&world.rig) {
            match outcome {
                SendOutcome::Ok { .. } => prop_assert!(tokens.contains(&token), "{token} is lost"),
                SendOutcome::Fail { .. } => prop_assert!(!tokens.contains(&token), "{token} was denied"),
                SendOutcome::Info { .. } => {}
            }
        }
    }
}
