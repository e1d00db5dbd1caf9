//! Metadata snapshots (KIP-630): a shorter way to the same image, and never a wrong one.

use super::*;
use crate::error::LogError;
use crate::io::Storage;
use crate::metadata::{SnapshotId, encode_snapshot};
use crate::types::{LeaderEpoch, Offset};

const DIRECTORY: &str = "__cluster_metadata-0";

/// Every flush also writes a snapshot.
fn eager() -> ControllerConfig {
    let mut config = config();
    config.broker.metadata_bytes_between_snapshots = 1;
    config
}

impl Rig {
    fn snapshots(&self) -> Vec<String> {
        let mut names = self.storage.list(DIRECTORY).unwrap();
        names.retain(|name| name.ends_with(".checkpoint"));
        names
    }

    /// A restart from whatever is on the disk, with the events that tell how.
    fn reopened(&mut self) -> Result<Vec<Event>, LogError> {
        let storage = Box::new(self.storage.clone());
        self.controller = Controller::open(self.now, storage, self.config.clone())?;
        self.events.clear();
        self.flushes.clear();
        self.answers.clear();
        self.collect();
        let about =
            |event: &&Event| matches!(event, Event::SnapshotLoaded { .. } | Event::SnapshotUnreadable { .. });
        Ok(self.events.iter().filter(about).cloned().collect())
    }

    fn put(&mut self, name: &str, content: &[u8]) {
        let path = format!("{DIRECTORY}/{name}");
        let content = Bytes::copy_from_slice(content);
        self.storage.borrow_mut().apply(&[FlushStep::Replace { path, content }]);
    }
}

fn name(end_offset: i64) -> String {
    SnapshotId { end_offset: Offset(end_offset), epoch: LeaderEpoch(0) }.file_name()
}

#[test]
fn a_snapshot_is_due_after_so_many_bytes_and_not_before() {
    let mut config = config();
    config.broker.metadata_bytes_between_snapshots = 1_000;
    let mut rig = Rig::configured(config).and_brokers(1);
    assert_eq!(rig.snapshots(), Vec::<String>::new());
    let mut written = Vec::new();
    for broker in 2..20 {
        rig.register(broker, 1).unwrap();
        written.extend(rig.snapshots());
    }
    written.dedup();
    assert!((2..10).contains(&written.len()), "{written:?}");
    assert_eq!(rig.snapshots().len(), 1, "older ones have served");
}

#[test]
fn it_is_written_after_the_records_it_is_made_of() {
    let mut rig = Rig::configured(eager());
    rig.send(&registration(1, 1));
    let (_, steps) = &rig.flushes[0];
    let (last, before) = steps.split_last().unwrap();
    assert!(matches!(last, FlushStep::Replace { path, .. } if path.ends_with(&name(1))), "{steps:?}");
    assert!(before.iter().any(|step| matches!(step, FlushStep::File(_))), "{steps:?}");
    rig.storage.borrow_mut().lose_unflushed();
    assert_eq!(rig.reopened(), Ok(vec![]), "neither the record nor the snapshot was durable");
    assert_eq!(rig.controller.image().end_offset(), Offset::ZERO);
}

#[test]
fn a_restart_begins_with_the_newest_snapshot_and_ends_with_the_same_image() {
    let mut rig = Rig::configured(eager()).and_brokers(3);
    rig.create_topic("orders", 3, 3, &[("min.insync.replicas", "2")]);
    rig.producer_ids(1);
    rig.only_alive(&[2, 3]);
    rig.wants_to_stop(3);
    let before = rig.controller.image().clone();
    let end_offset = before.end_offset();
    assert_eq!(rig.snapshots(), [name(end_offset.0)]);
    rig.storage.borrow_mut().lose_unflushed();
    assert_eq!(rig.reopened(), Ok(vec![Event::SnapshotLoaded { end_offset }]));
    assert_eq!(*rig.controller.image(), before);

    rig.config.broker.metadata_bytes_between_snapshots = 1 << 20;
    rig.reopened().unwrap();
    rig.finish_flushes();
    rig.register(4, 1).unwrap();
    let after = rig.controller.image().clone();
    assert_eq!(rig.reopened(), Ok(vec![Event::SnapshotLoaded { end_offset }]));
    assert_eq!(*rig.controller.image(), after, "what came after the snapshot is in the log");
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let mut rig = Rig::configured(eager()).and_brokers(2);
    let image = rig.controller.image().clone();
    let (end_offset, content) = (image.end_offset(), encode_snapshot(&image));
    let torn = name(end_offset.0 + 1);
    rig.put(&torn, &content[..content.len() / 2]);
    rig.put(&name(end_offset.0 + 2), b"");
    let unreadable = |name: &str| Event::SnapshotUnreadable { path: format!("{DIRECTORY}/{name}") };
    let expected =
        vec![unreadable(&name(end_offset.0 + 2)), unreadable(&torn), Event::SnapshotLoaded { end_offset }];
    assert_eq!(rig.reopened(), Ok(expected));
    assert_eq!(*rig.controller.image(), image);
    rig.put(&name(end_offset.0), b"rot");
    assert_eq!(rig.reopened().unwrap().len(), 3, "none is whole");
    assert_eq!(*rig.controller.image(), image, "the log still reaches back to the beginning");
}

#[test]
fn a_log_that_ends_below_a_snapshot_is_an_error() {
    let mut rig = Rig::configured(eager()).and_brokers(2);
    let end = rig.controller.image().end_offset().0;
    rig.storage.borrow_mut().remove(&format!("{DIRECTORY}/00000000000000000000.log")).unwrap();
    let error = rig.reopened().unwrap_err();
    assert_eq!(error.to_string(), format!("offset {end} is outside 0..=0"));
}
