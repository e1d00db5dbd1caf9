//! Serving fetches of followers and consumers (`Partition.readRecords`, `UnifiedLog.read`).

use bytes::Bytes;

use super::state::{Replica, Role};
use crate::error::{ErrorCode, LogError};
use crate::io::Storage;
use crate::types::{LeaderEpoch, Offset};

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A follower reads to the log end.
    Follower,
    /// A consumer reads to the high watermark.
    Consumer,
}

/// What a fetch asks of one topic partition.
#[derive(Clone, Copy, Debug)]
pub struct ReadRequest {
    /// Who reads.
    pub reader: Reader,
    /// From where.
    pub offset: Offset,
    /// The leader epoch the reader knows, if it says.
    pub current_leader_epoch: Option<LeaderEpoch>,
    /// The leader epoch of the last record before `offset`, if the reader says.
    pub last_fetched_epoch: Option<LeaderEpoch>,
    /// How many bytes at most; the first batch comes whole anyway.
    pub max_bytes: usize,
}

/// The reader's log parts from this leader's at or before this point (KIP-595).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diverging {
    /// The largest leader epoch not above the reader's that this leader has.
    pub epoch: LeaderEpoch,
    /// Where that epoch ends here.
    pub end_offset: Offset,
}

/// What a fetch finds in one topic partition.
#[derive(Clone, Debug)]
pub struct ReadResult {
    /// Why nothing can be read.
    pub error: ErrorCode,
    /// The leader's high watermark.
    pub high_watermark: Offset,
    /// Where the log begins.
    pub log_start_offset: Offset,
    /// If the reader must truncate first; then there are no records, and the fetch is no progress (KAFKA-13141).
    pub diverging: Option<Diverging>,
    /// Whole batches; the first may begin before the offset asked for.
    pub records: Bytes,
}

impl ReadResult {
    /// Nothing but an error.
    pub fn error(error: ErrorCode) -> ReadResult {
        ReadResult {
            error,
            high_watermark: Offset(-1),
            log_start_offset: Offset(-1),
            diverging: None,
            records: Bytes::new(),
        }
    }

    /// Whether the reader's offset was valid here: only then does a follower's fetch say how far it has come.
    pub fn is_progress(&self) -> bool {
        self.error.is_none() && self.diverging.is_none()
    }

    /// Whether there is a reason to answer at once.
    pub fn is_news(&self) -> bool {
        !self.is_progress() || !self.records.is_empty()
    }
}

impl Replica {
    /// Whether a request that names this leader epoch speaks to the leader it means to.
    pub(crate) fn check_leader_epoch(&self, asked: Option<LeaderEpoch>) -> ErrorCode {
        match asked {
            Some(epoch) if epoch < self.state.leader_epoch => ErrorCode::FENCED_LEADER_EPOCH,
            Some(epoch) if self.state.leader_epoch < epoch => ErrorCode::UNKNOWN_LEADER_EPOCH,
            _ if !self.is_leader() => self.why_not_leader(),
            _ => ErrorCode::NONE,
        }
    }

    /// What is said by a replica that does not lead.
    pub(super) fn why_not_leader(&self) -> ErrorCode {
        match self.role {
            Role::Barred => ErrorCode::KAFKA_STORAGE_ERROR,
            Role::Idle | Role::Follower(_) | Role::Leader(_) => ErrorCode::NOT_LEADER_OR_FOLLOWER,
        }
    }

    /// Reads for a fetch. Does not change anything; a follower's progress is a matter of
    /// [`Replica::follower_fetched`].
    ///
    /// # Errors
    /// If the disk fails, or does not give back what was written: the log directory must go offline.
    pub fn read(&self, storage: &dyn Storage, request: &ReadRequest) -> Result<ReadResult, LogError> {
        let error = self.check_leader_epoch(request.current_leader_epoch);
        if !error.is_none() {
            return Ok(ReadResult::error(error));
        }
        let mut result = ReadResult {
            error: ErrorCode::NONE,
            high_watermark: self.high_watermark,
            log_start_offset: self.log.start_offset(),
            diverging: None,
            records: Bytes::new(),
        };
        if let Some(epoch) = request.last_fetched_epoch {
            match self.log.epoch_end_offset(epoch) {
                None => return Ok(ReadResult::error(ErrorCode::OFFSET_OUT_OF_RANGE)),
                // What is below the log start is out of range, whether or not histories differ there.
                Some(_) if request.offset < self.log.start_offset() => {
                    return Ok(ReadResult::error(ErrorCode::OFFSET_OUT_OF_RANGE));
                }
                Some(end) if end.epoch < epoch || end.end_offset < request.offset => {
                    result.diverging = Some(Diverging { epoch: end.epoch, end_offset: end.end_offset });
                    return Ok(result);
                }
                Some(_) => {}
            }
        }
        let limit = match request.reader {
            Reader::Follower => self.log.end_offset(),
            Reader::Consumer => self.high_watermark,
        };
        let inside = self.log.start_offset() <= request.offset && request.offset <= self.log.end_offset();
        if limit <= request.offset && inside {
            return Ok(result);
        }
        match self.log.read(storage, request.offset, limit, request.max_bytes) {
            Ok(records) => result.records = records,
            Err(LogError::OutOfRange { .. }) => return Ok(ReadResult::error(ErrorCode::OFFSET_OUT_OF_RANGE)),
            Err(error @ (LogError::Storage(_) | LogError::Corrupt { .. })) => return Err(error),
        }
        Ok(result)
    }

    /// The end a consumer may see (`ListOffsets(latest)`): the high watermark, but only once it has reached the start
    /// of this leader epoch; before, it may be behind what an earlier leader already showed.
    ///
    /// # Errors
    /// OFFSET_NOT_AVAILABLE in that case; or why this is not the leader meant.
    pub fn latest_visible(&self, asked: Option<LeaderEpoch>) -> Result<Offset, ErrorCode> {
        let error = self.check_leader_epoch(asked);
        if !error.is_none() {
            return Err(error);
        }
        let start = self.leader_start_offset().expect("it leads");
        if self.high_watermark < start {
            Err(ErrorCode::OFFSET_NOT_AVAILABLE)
        } else {
            Ok(self.high_watermark)
        }
    }
}
