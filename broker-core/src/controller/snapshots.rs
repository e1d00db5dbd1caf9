//! Metadata snapshots: when they are written, and what a controller begins with (KIP-630, `SnapshotGenerator`).
//!
//! ```text
//! log       0 ──────────────────── snapshot ──────── end       read: the image of the newest whole snapshot,
//! snapshot  └ the image up to here ┘└ replayed ┘               then what the log says after it
//! ```

use bytes::Bytes;

use super::node::Controller;
use crate::batch::RecordBatch;
use crate::error::LogError;
use crate::event::Event;
use crate::io::{FlushStep, Storage};
use crate::log::Log;
use crate::metadata::{
    MetadataImage, SnapshotId, contradiction, decode_batch, decode_snapshot, encode_snapshot,
};
use crate::types::{LeaderEpoch, TopicPartition};

/// How many bytes of the log are replayed at once.
const READ_MAX_BYTES: usize = 1 << 20;

/// When the next snapshot is due.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// Bytes of records after the newest snapshot.
    bytes_since: u64,
    under_way: Option<SnapshotId>,
}

impl Snapshots {
    pub fn appended(&mut self, bytes: usize) {
        self.bytes_since += bytes as u64;
    }
}

/// What a controller begins with.
pub(super) struct Recovered {
    pub image: MetadataImage,
    pub snapshots: Snapshots,
    pub events: Vec<Event>,
}

/// Loads the newest snapshot that is whole and replays the log from there.
///
/// # Errors
/// [`LogError::OutOfRange`] if the log does not have what comes after the snapshot, or, without one, its beginning;
/// [`LogError::Corrupt`]; [`LogError::Storage`], also for a record that contradicts what was before it.
pub(super) fn recover(storage: &dyn Storage, log: &Log) -> Result<Recovered, LogError> {
    let mut events = Vec::new();
    let mut image = MetadataImage::default();
    for id in snapshots(storage)?.into_iter().rev() {
        let content: Bytes = storage.read_file(&path(id))?.unwrap_or_default();
        if let Some(loaded) = decode_snapshot(id, content) {
            events.push(Event::SnapshotLoaded { end_offset: id.end_offset });
            image = loaded;
            break;
        }
        events.push(Event::SnapshotUnreadable { path: path(id) });
    }
    let mut snapshots = Snapshots::default();
    let (start, end) = (log.start_offset(), log.end_offset());
    // A log that ends below a snapshot has lost what was durable; to go on would give offsets away twice.
    if image.end_offset() < start || end < image.end_offset() {
        return Err(LogError::OutOfRange { asked: image.end_offset().0, start: start.0, end: end.0 });
    }
    while image.end_offset() < end {
        let from = image.end_offset();
        let corrupt = |reason| LogError::Corrupt { offset: from.0, reason };
        let bytes = log.read(storage, from, end, READ_MAX_BYTES)?;
        snapshots.appended(bytes.len());
        for batch in RecordBatch::all_from(bytes).map_err(corrupt)? {
            for (offset, record) in decode_batch(&batch).map_err(corrupt)? {
                image.check(offset, &record).map_err(|reason| contradiction(offset, reason))?;
                image.apply(offset, record);
            }
        }
        assert!(from < image.end_offset(), "a read below the end returns at least one batch");
    }
    Ok(Recovered { image, snapshots, events })
}

impl Controller {
    /// The step that makes a snapshot durable, if one is due. It belongs after the steps that make the log durable.
    pub(super) fn begin_snapshot(&mut self) -> Option<FlushStep> {
        if self.snapshots.bytes_since < self.config.broker.metadata_bytes_between_snapshots {
            return None;
        }
        let id = SnapshotId { end_offset: self.image.end_offset(), epoch: LeaderEpoch(0) };
        self.snapshots = Snapshots { bytes_since: 0, under_way: Some(id) };
        Some(FlushStep::Replace { path: path(id), content: encode_snapshot(&self.image) })
    }

    /// The flush is durable, and with it the snapshot, if it wrote one: older ones have served.
    pub(super) fn finish_snapshot(&mut self) {
        let Some(newest) = self.snapshots.under_way.take() else { return };
        let (listed, storage) = (snapshots(self.storage.as_ref()), self.storage.as_mut());
        let removed = listed.and_then(|ids| {
            let older = ids.into_iter().filter(|id| *id < newest);
            // A name that a power loss brings back is removed after the next snapshot.
            older.into_iter().try_for_each(|id| storage.remove(&path(id)).map_err(LogError::from))
        });
        match removed {
            Ok(()) => self.observe(Event::SnapshotWritten { end_offset: newest.end_offset }),
            Err(LogError::Storage(error)) => self.halt(error),
            Err(error) => unreachable!("files were listed and removed: {error}"),
        }
    }
}

/// Snapshots on the disk, the newest last.
fn snapshots(storage: &dyn Storage) -> Result<Vec<SnapshotId>, LogError> {
    let names = storage.list(&TopicPartition::metadata().to_string())?;
    let mut ids: Vec<SnapshotId> = names.iter().filter_map(|name| SnapshotId::parse(name)).collect();
    ids.sort_unstable();
    Ok(ids)
}

fn path(id: SnapshotId) -> String {
    format!("{}/{}", TopicPartition::metadata(), id.file_name())
}
