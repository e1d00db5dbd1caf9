//! The only copy of the metadata log on a disk that fails: better no controller than one that has forgotten something.

use std::io::ErrorKind;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::error::LogError;
use crate::io::{HaltReason, Storage};
use crate::metadata::MetadataImage;
use crate::testing::{Draws, PowerLoss};

const LOG: &str = "__cluster_metadata-0/00000000000000000000.log";

impl Rig {
    fn try_reopen(&self) -> Result<Controller, LogError> {
        Controller::open(self.now, Box::new(self.storage.clone()), self.config.clone())
    }

    fn log_size(&self) -> usize {
        self.storage.read_file(LOG).unwrap().map_or(0, |content| content.len())
    }

    /// What the controller does with this; it halts because of the disk, and answers nobody.
    fn halts_on<R: Request>(&mut self, body: &R) -> Vec<Event> {
        let frame = wire::encode_request(RequestId(1), "test", body);
        self.controller.handle(self.now, Input::Request { connection: ConnectionId(900), frame });
        let effects: Vec<Effect> = std::iter::from_fn(|| self.controller.poll_effect()).collect();
        let reason = effects.iter().find_map(|effect| match effect {
            Effect::Halt { reason } => Some(reason),
            _ => None,
        });
        assert!(matches!(reason, Some(HaltReason::Storage(_))), "{effects:?}");
        assert!(
            !effects.iter().any(|effect| matches!(effect, Effect::Respond { .. } | Effect::Flush { .. }))
        );
        assert_eq!(self.controller.next_deadline(), None);
        let event = |effect| if let Effect::Observe(event) = effect { Some(event) } else { None };
        effects.into_iter().filter_map(event).collect()
    }
}

#[test]
fn without_room_for_a_record_it_halts_and_nothing_has_changed() {
    let (mut rig, topic) = Rig::with_topic(2, &[]);
    let before = rig.controller.image().clone();
    let room = rig.log_size() + 30;
    rig.storage.borrow_mut().limit_capacity(Some(room));
    let members = [BrokerState::default().with_broker_id(1.into()).with_broker_epoch(rig.epoch(1))];
    let wish = PartitionData::default().with_new_isr_with_epochs(members.to_vec());
    let wishes = TopicData::default().with_topic_id(topic.to_uuid()).with_partitions(vec![wish]);
    let body = AlterPartitionRequest::default()
        .with_broker_id(1.into())
        .with_broker_epoch(rig.epoch(1))
        .with_topics(vec![wishes]);
    let events = rig.halts_on(&body);
    assert!(matches!(events[..], [Event::StorageFailed { .. }]), "{events:?}");
    rig.storage.borrow_mut().limit_capacity(None);
    rig.restart();
    assert_eq!(*rig.controller.image(), before);
    rig.finish_flushes();
    assert!(rig.register(3, 1).is_ok());
}

#[test]
fn half_a_record_that_could_not_be_cut_was_never_answered() {
    let mut rig = Rig::with_brokers(2);
    let before = rig.controller.image().clone();
    let room = rig.log_size() + 30;
    rig.storage.borrow_mut().limit_capacity(Some(room));
    rig.storage.borrow_mut().fail("truncate", LOG);
    rig.halts_on(&registration(3, 1));
    rig.storage.borrow_mut().heal();
    rig.storage.borrow_mut().limit_capacity(None);
    assert_eq!(rig.log_size(), room);
    rig.restart();
    assert_eq!(*rig.controller.image(), before);
}

#[test]
fn a_log_it_cannot_read_ends_it_and_so_does_one_that_is_not_as_it_was_written() {
    for rotten in [true, false] {
        let mut rig = Rig::with_brokers(2);
        if rotten {
            rig.storage.borrow_mut().damage(LOG, |bytes| bytes[70] ^= 1);
        } else {
            rig.storage.borrow_mut().fail("read", LOG);
        }
        let events = rig.halts_on(&metadata_fetch(0));
        assert!(matches!(events[..], [Event::StorageFailed { .. }]), "{events:?}");
    }
}

#[test]
fn an_error_at_the_start_is_no_reason_to_begin_anew() {
    for operation in ["open", "len", "read", "list"] {
        let mut rig = Rig::with_brokers(2);
        let (image, before) = (rig.controller.image().clone(), rig.storage.borrow().contents());
        rig.storage.borrow_mut().fail(operation, "");
        assert!(matches!(rig.try_reopen(), Err(LogError::Storage(_))), "{operation}");
        rig.storage.borrow_mut().heal();
        assert_eq!(rig.storage.borrow().contents(), before);
        rig.restart();
        assert_eq!(*rig.controller.image(), image);
    }
}

#[test]
fn a_record_that_contradicts_the_others_is_an_error_and_no_panic() {
    let rig = Rig::with_brokers(2);
    let end = rig.controller.image().end_offset();
    let record = crate::metadata::MetadataRecord::FenceBroker { broker: BrokerId(9) };
    let batch = crate::metadata::encode_batch(&[record], 0).placed_at(end, crate::types::LeaderEpoch(0));
    rig.storage.borrow_mut().damage(LOG, |bytes| bytes.extend_from_slice(batch.bytes()));
    let Err(LogError::Storage(error)) = rig.try_reopen() else { panic!("it opens") };
    assert_eq!(error.kind, ErrorKind::InvalidData);
}

#[test]
fn wherever_a_bit_of_the_log_turns_over_it_does_not_start_or_knows_all_it_knew() {
    let (mut rig, _) = Rig::with_topic(2, &[]);
    let image = rig.controller.image().clone();
    let mut refused = 0;
    for at in 0..rig.log_size() {
        for bit in 0..8 {
            let flip = |bytes: &mut Vec<u8>| bytes[at] ^= 1 << bit;
            rig.storage.borrow_mut().damage(LOG, flip);
            match rig.try_reopen() {
                Ok(controller) => assert_eq!(*controller.image(), image, "byte {at}"),
                Err(LogError::Corrupt { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
            rig.storage.borrow_mut().damage(LOG, flip);
        }
    }
    assert_eq!(refused, 8 * rig.log_size(), "every one of them");
    rig.restart();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_was_answered_survives_every_power_loss_and_what_was_not_is_no_obstacle(
        answered in 0i32..6,
        unanswered in 0i32..6,
        finished in prop::collection::vec(any::<Index>(), 0..2),
        in_order in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut rig = Rig::with_brokers(answered);
        let before: MetadataImage = rig.controller.image().clone();
        for broker in 0..unanswered {
            rig.send(&registration(100 + broker, 1));
        }
        for steps in finished {
            let Some((_, all)) = rig.flushes.first() else { break };
            let part = all[..steps.index(all.len() + 1)].to_vec();
            rig.storage.borrow_mut().apply(&part);
        }
        let how = if in_order { PowerLoss::Torn } else { PowerLoss::Reordered };
        rig.storage.borrow_mut().lose_power(how, 512, &mut Draws::new(seed));
        rig.restart();
        let after = rig.controller.image();
        prop_assert!(before.end_offset() <= after.end_offset());
        prop_assert!(before.brokers().iter().all(|(id, known)| after.broker(*id) == Some(known)));
        rig.finish_flushes();
        prop_assert!(rig.register(50, 1).is_ok());
    }
}
