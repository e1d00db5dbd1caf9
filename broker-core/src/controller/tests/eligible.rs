//! Eligible leader replicas (KIP-966): who may lead without loss although it is not in the ISR.

use super::*;
use crate::batch::RecordBatch;
use crate::metadata::decode_batch;

const MIN_2: &[(&str, &str)] = &[("min.insync.replicas", "2")];

impl Rig {
    /// Leader, ISR, ELR and last known leader.
    fn eligible(&self, topic: TopicId) -> (i32, Vec<i32>, Vec<i32>, i32) {
        let numbers = |brokers: &[BrokerId]| brokers.iter().map(|broker| broker.0).collect();
        let state = self.state(topic);
        (state.leader.0, numbers(&state.isr), numbers(&state.elr), state.last_known_leader.0)
    }

    /// A new process registers; its predecessor left a marker with this broker epoch.
    fn comes_back(&mut self, broker: i32, incarnation: u128, previous_epoch: i64) {
        let body = registration(broker, incarnation).with_previous_broker_epoch(previous_epoch);
        assert_eq!(self.ask(&body).error_code, 0);
    }

    /// How many records each batch of the metadata log holds.
    fn batches_from(&mut self, offset: i64) -> Vec<usize> {
        let connection = self.send(&metadata_fetch(offset));
        let mut response = self.answer::<FetchRequest>(connection).unwrap();
        let partition = response.responses.remove(0).partitions.remove(0);
        let batches = RecordBatch::all_from(partition.records.unwrap()).unwrap();
        batches.iter().map(|batch| decode_batch(batch).unwrap().len()).collect()
    }

    /// Whether the last change of a topic partition was an unclean election.
    fn last_change_unclean(&self) -> bool {
        let unclean = |event: &Event| match event {
            Event::PartitionChanged { unclean, .. } => Some(*unclean),
            _ => None,
        };
        self.events.iter().rev().find_map(unclean).unwrap()
    }
}

#[test]
fn the_last_one_standing_loses_its_disk_and_another_leads_that_has_everything() {
    let (mut rig, topic) = Rig::with_topic(3, MIN_2);
    rig.only_alive(&[1, 2]);
    assert_eq!(rig.eligible(topic), (1, vec![1, 2], vec![], -1), "still enough for acknowledgements");
    rig.only_alive(&[1]);
    assert_eq!(rig.eligible(topic), (1, vec![1], vec![2], -1));
    rig.only_alive(&[]);
    assert_eq!(rig.eligible(topic), (-1, vec![], vec![1, 2], 1), "the ISR says what is so");
    rig.comes_back(1, 2, -1);
    assert_eq!(rig.eligible(topic), (-1, vec![], vec![2], 1), "what it had may be gone");
    rig.heartbeat(1);
    assert_eq!(rig.eligible(topic).0, -1, "broker 2 has everything, so nobody else leads");
    rig.heartbeat(2);
    assert_eq!(rig.eligible(topic), (2, vec![2], vec![], -1));
    assert!(!rig.last_change_unclean());
}

#[test]
fn without_elr_the_last_one_standing_leads_again_whatever_its_disk_lost() {
    let (mut rig, topic) = Rig::without_elr(3, MIN_2);
    for alive in [&[1, 2][..], &[1], &[]] {
        rig.only_alive(alive);
    }
    assert_eq!(rig.eligible(topic), (-1, vec![1], vec![], -1));
    rig.comes_back(1, 2, -1);
    rig.heartbeat(2);
    assert_eq!(rig.eligible(topic).0, -1);
    rig.heartbeat(1);
    assert_eq!(rig.eligible(topic), (1, vec![1], vec![], -1));
    assert!(!rig.last_change_unclean(), "the controller does not know better");
}

#[test]
fn who_shut_down_in_good_order_stays_eligible() {
    for (previous_epoch, clean) in [(0, true), (-1, false), (7, false)] {
        let (mut rig, topic) = Rig::with_topic(1, &[]);
        assert_eq!(rig.epoch(1), 0);
        assert!(rig.wants_to_stop(1));
        assert_eq!(rig.eligible(topic), (-1, vec![], vec![1], 1));
        rig.comes_back(1, 2, previous_epoch);
        let elr = if clean { vec![1] } else { vec![] };
        assert_eq!(rig.eligible(topic), (-1, vec![], elr, 1));
        rig.heartbeat(1);
        assert_eq!(rig.eligible(topic), (1, vec![1], vec![], -1), "the only one there is");
        assert_eq!(rig.last_change_unclean(), !clean, "previous epoch {previous_epoch}");
    }
}

#[test]
fn a_marker_from_before_the_last_registration_proves_nothing() {
    let (mut rig, topic) = Rig::with_topic(2, MIN_2);
    rig.only_alive(&[1]);
    let first = rig.epoch(2);
    rig.comes_back(2, 2, first);
    assert_eq!(rig.eligible(topic).2, [2]);
    rig.comes_back(2, 3, first);
    assert!(rig.eligible(topic).2.is_empty(), "it registered since, and who knows what it wrote");
}

#[test]
fn a_leader_shrinks_below_the_minimum_and_expands_again() {
    let (mut rig, topic) = Rig::with_topic(3, MIN_2);
    for (partition_epoch, isr, expected) in [
        (0, &[1, 3][..], (1, vec![1, 3], vec![], -1)),
        (1, &[1], (1, vec![1], vec![3], -1)),
        (2, &[1, 2], (1, vec![1, 2], vec![], -1)),
    ] {
        assert_eq!(rig.asks_for_isr(topic, partition_epoch, isr), ErrorCode::NONE);
        assert_eq!(rig.eligible(topic), expected);
    }
}

#[test]
fn who_is_eligible_joins_the_isr_only_with_the_epoch_it_registered_with() {
    let (mut rig, topic) = Rig::with_topic(3, MIN_2);
    rig.only_alive(&[1]);
    assert_eq!(rig.eligible(topic), (1, vec![1], vec![3], -1), "brokers go one at a time, in order");
    let partition_epoch = rig.state(topic).partition_epoch.0;
    let refused = rig.asks_for_isr(topic, partition_epoch, &[1, 3]);
    assert_eq!(refused, ErrorCode::INELIGIBLE_REPLICA, "eligible to lead, but fenced");
}

#[test]
fn a_controlled_shutdown_leaves_the_elr_alone_and_may_empty_the_isr() {
    let (mut rig, topic) = Rig::with_topic(2, MIN_2);
    rig.wants_to_stop(1);
    assert_eq!(rig.eligible(topic), (2, vec![2], vec![1], -1));
    rig.heartbeat(2);
    assert!(rig.wants_to_stop(1));
    assert_eq!(rig.eligible(topic), (2, vec![2], vec![1], -1));
    assert!(rig.wants_to_stop(2));
    assert_eq!(rig.eligible(topic), (-1, vec![], vec![1, 2], 2));
}

#[test]
fn a_cause_and_what_follows_from_it_are_one_batch() {
    let (mut rig, topic) = Rig::with_topic(2, MIN_2);
    let end = |rig: &Rig| rig.controller.image().end_offset().0;
    let before = end(&rig);
    rig.only_alive(&[2]);
    assert_eq!(rig.batches_from(before), [2], "fenced, and the ISR without it");
    let before = end(&rig);
    rig.comes_back(1, 2, -1);
    assert_eq!(rig.batches_from(before), [2], "registered, and the ELR without it");
    assert_eq!(rig.epoch(1), before);
    assert_eq!(rig.eligible(topic), (2, vec![2], vec![], -1));
    let before = end(&rig);
    rig.wants_to_stop(2);
    rig.heartbeat(1);
    assert_eq!(rig.batches_from(before)[0], 2, "about to stop, and leads no more");
}

#[test]
fn elr_and_last_known_leader_survive_a_power_loss_of_the_controller() {
    let (mut rig, topic) = Rig::with_topic(2, MIN_2);
    rig.only_alive(&[1]);
    rig.only_alive(&[]);
    let before = rig.eligible(topic);
    assert_eq!(before, (-1, vec![], vec![1, 2], 1));
    rig.storage.borrow_mut().lose_unflushed();
    rig.restart();
    assert_eq!(rig.eligible(topic), before);
}
