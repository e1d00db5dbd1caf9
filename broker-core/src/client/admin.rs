//! Creates topics, and does not give up before they exist.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::protocol::StrBytes;

use super::backoff::{Backoff, entropy_of};
use super::requests::{Requests, decode, topic_name, wire_millis};
use crate::error::ErrorCode;
use crate::io::{Effect, HaltReason, Input, Node};
use crate::steady::Steady;
use crate::time::Timestamp;
use crate::types::Endpoint;

/// A topic to create (`org.apache.kafka.clients.admin.NewTopic`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// How many replicas each has.
    pub replication_factor: i16,
    /// Topic properties by Kafka's names.
    pub configs: Vec<(String, String)>,
}

/// Asks the controller for topics until all exist, then says [`Effect::AdminDone`] once.
///
/// Any error other than TOPIC_ALREADY_EXISTS is tried again after a pause: while brokers are still registering the
/// controller answers INVALID_REPLICATION_FACTOR, which is no reason to give up.
///
/// * At most one request is in flight.
/// * `AdminDone` comes exactly once, when no topic is missing.
#[derive(Debug)]
pub struct Admin {
    controller: Endpoint,
    missing: BTreeMap<String, NewTopic>,
    request_timeout: Duration,
    backoff: Backoff,
    failures: u32,
    state: State,
    steady: Steady,
    requests: Requests<()>,
    effects: VecDeque<Effect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting { until: Timestamp },
    Asking,
    Done,
}

impl Admin {
    /// Will create `topics` once it is handled for the first time.
    pub fn new(
        client_id: String,
        controller: Endpoint,
        topics: Vec<NewTopic>,
        request_timeout: Duration,
        retry_backoff: Duration,
    ) -> Admin {
        let backoff = Backoff::new(retry_backoff, retry_backoff.saturating_mul(10), entropy_of(&client_id));
        Admin {
            controller,
            missing: topics.into_iter().map(|topic| (topic.name.clone(), topic)).collect(),
            request_timeout,
            backoff,
            failures: 0,
            state: State::Waiting { until: Timestamp::ZERO },
            steady: Steady::default(),
            requests: Requests::new(client_id),
            effects: VecDeque::new(),
        }
    }

    fn advance(&mut self, now: Timestamp) {
        let State::Waiting { until } = self.state else { return };
        if self.missing.is_empty() {
            self.state = State::Done;
            self.effects.push_back(Effect::AdminDone);
        } else if until <= now {
            let body = CreateTopicsRequest::default()
                .with_topics(self.missing.values().map(creatable).collect())
                .with_timeout_ms(wire_millis(self.request_timeout));
            self.state = State::Asking;
            let to = self.controller.clone();
            self.effects.push_back(self.requests.send(to, &body, self.request_timeout, ()));
        }
    }

    fn answered(&mut self, now: Timestamp, response: Option<&CreateTopicsResponse>) {
        for topic in response.into_iter().flat_map(|response| &response.topics) {
            let code = ErrorCode(topic.error_code);
            if code.is_none() || code == ErrorCode::TOPIC_ALREADY_EXISTS {
                self.missing.remove(&*topic.name.0);
            }
        }
        self.state = State::Waiting { until: now + self.backoff.pause(self.failures) };
        self.failures = self.failures.saturating_add(1);
    }
}

fn creatable(topic: &NewTopic) -> CreatableTopic {
    let config = |(name, value): &(String, String)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_string(name.clone()))
            .with_value(Some(StrBytes::from_string(value.clone())))
    };
    CreatableTopic::default()
        .with_name(topic_name(&topic.name))
        .with_num_partitions(topic.partitions)
        .with_replication_factor(topic.replication_factor)
        .with_configs(topic.configs.iter().map(config).collect())
}

impl Node for Admin {
    fn handle(&mut self, now: Timestamp, input: Input) {
        let now = self.steady.read(now);
        match input {
            Input::Tick => {}
            Input::Response { request, result } => {
                self.requests.finish(request);
                let response = decode::<CreateTopicsRequest>(result).ok();
                self.answered(now, response.as_ref());
            }
            Input::Shutdown => self.effects.push_back(Effect::Halt { reason: HaltReason::Shutdown }),
            other => panic!("an admin client has no use for {other:?}"),
        }
        self.advance(now);
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting { until } => Some(self.steady.on_clock(until)),
            State::Asking | State::Done => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::create_topics_response::CreatableTopicResult;

    use super::super::fake::{Rig, endpoint};
    use super::*;
    use crate::error::RequestError;
    use crate::wire::Request;

    fn result(name: &str, code: ErrorCode) -> CreatableTopicResult {
        CreatableTopicResult::default().with_name(topic_name(name)).with_error_code(code.0)
    }

    #[test]
    fn topics_are_asked_for_until_all_exist_and_then_it_is_done_once() {
        let topic = |name: &str| NewTopic {
            name: name.to_owned(),
            partitions: 2,
            replication_factor: 3,
            configs: vec![("min.insync.replicas".to_owned(), "2".to_owned())],
        };
        let admin = Admin::new(
            "admin".to_owned(),
            endpoint(9),
            vec![topic("a"), topic("b")],
            Duration::from_secs(1),
            Duration::from_millis(100),
        );
        let mut rig = Rig::new(admin);
        rig.wake();
        let first = rig.take_request();
        rig.fail(&first, RequestError::Disconnected);
        assert!(rig.requests.is_empty(), "no retry at the instant of the failure");
        let failed_at = rig.now;
        rig.wake();
        assert!(failed_at < rig.now);

        let second = rig.take_request();
        let answers = vec![
            result("a", ErrorCode::TOPIC_ALREADY_EXISTS),
            result("b", ErrorCode::INVALID_REPLICATION_FACTOR),
        ];
        rig.answer(&second, &CreateTopicsResponse::default().with_topics(answers));
        rig.wake();
        let third = rig.take_request();
        let Request::CreateTopics(body) = &third.body else { panic!("{:?}", third.body) };
        assert_eq!(body.topics.len(), 1, "a exists");
        assert_eq!(&*body.topics[0].name.0, "b");
        assert_eq!(&*body.topics[0].configs[0].name, "min.insync.replicas");
        assert!(!rig.others.iter().any(|effect| matches!(effect, Effect::AdminDone)));
        let answers = vec![result("b", ErrorCode::NONE)];
        rig.answer(&third, &CreateTopicsResponse::default().with_topics(answers));
        rig.tick();
        assert_eq!(rig.others.iter().filter(|effect| matches!(effect, Effect::AdminDone)).count(), 1);
        assert_eq!(rig.node.next_deadline(), None);
    }
}
