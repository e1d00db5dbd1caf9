//! Bits that turn over at rest, anywhere: found when the log is opened or when they are read, and never handed out.

use proptest::prelude::*;
use proptest::sample::Index;

use super::Opening;
use super::crash_tests::{Run, content, open, producers, steps};
use crate::batch::RecordBatch;
use crate::error::LogError;
use crate::types::Offset;

type Flip = (Index, Index, u8);

/// Base offset and what the checksum covers. The leader epoch has no checksum.
fn body(batch: &RecordBatch) -> (Offset, &[u8]) {
    (batch.base_offset(), &batch.bytes()[16..])
}

fn flips() -> impl Strategy<Value = Flip> {
    (any::<Index>(), any::<Index>(), 0u8..8)
}

fn rot(run: &mut Run, (file, at, bit): &Flip) {
    let mut files = run.storage.contents();
    files.retain(|_, bytes| !bytes.is_empty());
    if files.is_empty() {
        return;
    }
    let paths: Vec<String> = files.into_keys().collect();
    run.storage.damage(&paths[file.index(paths.len())], |bytes| {
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
    });
}

/// The log is as it was as far as it can be read, and below the recovery point it is whole or says that it is not.
fn check(run: &mut Run, opening: Opening, recovery_point: Offset) {
    let log = match open(&mut run.storage, opening, recovery_point) {
        Ok(log) => log,
        Err(LogError::Corrupt { offset, .. }) if opening != Opening::Damaged => {
            return check(run, Opening::Damaged, Offset(offset));
        }
        Err(error) => panic!("{error}"),
    };
    assert!(opening == Opening::Damaged || recovery_point <= log.end_offset(), "lost in silence");
    let known = run.batches.iter().take_while(|batch| batch.end_offset() <= log.end_offset());
    let known: Vec<RecordBatch> = known.cloned().collect();
    assert_eq!(log.producers(), &producers(&known), "no batch is taken for a duplicate that is none");
    let mut at = log.start_offset();
    while at < log.end_offset() {
        let bytes = match log.read(&run.storage, at, log.end_offset(), 1) {
            Ok(bytes) => bytes,
            Err(LogError::Corrupt { .. }) => break,
            Err(error) => panic!("{error}"),
        };
        for batch in RecordBatch::all_from(bytes).unwrap() {
            let original = known.iter().find(|known| known.base_offset() == batch.base_offset());
            assert_eq!(original.map(body), Some(body(&batch)));
            at = batch.end_offset();
        }
    }
    if opening == Opening::Damaged {
        let found = content(&run.storage, &log).expect("what is left was checked");
        assert_eq!(found.len(), known.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn rot_is_never_handed_out_and_nothing_that_was_flushed_is_lost_in_silence(
        steps in steps(),
        flips in prop::collection::vec(flips(), 1..4),
        clean in any::<bool>(),
    ) {
        let mut run = Run::new();
        let _ = steps.iter().all(|step| run.step(step));
        if clean {
            run.storage.apply(&run.log.shutdown_steps());
            run.checkpointed = run.log.end_offset();
        }
        let recovery_point = run.checkpointed.min(run.log.end_offset());
        flips.iter().for_each(|flip| rot(&mut run, flip));
        check(&mut run, if clean { Opening::Clean } else { Opening::Unclean }, recovery_point);
    }

    #[test]
    fn where_nobody_knows_what_was_flushed_rot_is_not_taken_for_a_torn_append(
        steps in steps(),
        flip in flips(),
    ) {
        let mut run = Run::new();
        let _ = steps.iter().all(|step| run.step(step));
        let end = run.log.end_offset();
        rot(&mut run, &flip);
        check(&mut run, Opening::Unknown, end);
    }
}
