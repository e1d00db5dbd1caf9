//! What a leader makes of the controller's answers.

use super::*;

/// Alone in the ISR, having asked to add broker 2.
fn asked() -> (Bench, Proposal) {
    let mut bench = Bench::new(1, None);
    bench.metadata(1, &[1], 1, 1);
    bench.asks(2, 0);
    let proposal = bench.proposal().unwrap();
    (bench, proposal)
}

#[test]
fn a_change_is_committed_with_its_partition_epoch() {
    let (mut bench, proposal) = asked();
    bench.answer(&proposal, changed(&[1, 2], 2));
    assert_eq!((bench.isr(), bench.maximal_isr()), (vec![1, 2], vec![1, 2]));
    assert_eq!(bench.replica.state().partition_epoch, PartitionEpoch(2));
    assert_eq!(bench.events("isr_expanded"), 1);
    bench.metadata(1, &[1, 2], 1, 2);
    assert_eq!(bench.events("isr_expanded"), 1, "metadata says nothing new");
}

#[test]
fn an_ineligible_member_is_rolled_back() {
    let (mut bench, proposal) = asked();
    bench.answer(&proposal, AlterPartitionOutcome::Refused(ErrorCode::INELIGIBLE_REPLICA));
    assert_eq!((bench.isr(), bench.maximal_isr()), (vec![1], vec![1]));
    assert_eq!(bench.proposal(), None);
    bench.asks(2, 0);
    assert!(bench.proposal().is_some(), "its next fetch may try again");
}

#[test]
fn whoever_may_have_been_overtaken_stays_pending_until_metadata_tells() {
    for error in [ErrorCode::FENCED_LEADER_EPOCH, ErrorCode::INVALID_UPDATE_VERSION] {
        let (mut bench, proposal) = asked();
        bench.answer(&proposal, AlterPartitionOutcome::Refused(error));
        assert_eq!(bench.maximal_isr(), [1, 2], "it may have been applied");
        bench.pass(Duration::from_secs(60));
        assert_eq!(bench.proposal(), None, "asking again cannot help");
        bench.metadata(1, &[1], 1, 2);
        assert_eq!(bench.maximal_isr(), [1]);
    }
}

#[test]
fn without_an_answer_it_asks_again_for_the_same() {
    for outcome in [AlterPartitionOutcome::Unknown, AlterPartitionOutcome::Refused(ErrorCode::NOT_CONTROLLER)]
    {
        let (mut bench, proposal) = asked();
        bench.answer(&proposal, outcome);
        assert_eq!((bench.maximal_isr(), bench.proposal()), (vec![1, 2], None));
        let retry_at = bench.now + Duration::from_secs(1);
        assert_eq!(bench.replica.next_deadline(), Some(retry_at));
        bench.pass(Duration::from_secs(1));
        assert_eq!(bench.proposal().as_ref(), Some(&proposal));
    }
}

#[test]
fn newer_metadata_overrides_what_is_pending_and_late_answers_are_ignored() {
    let (mut bench, proposal) = asked();
    bench.metadata(1, &[1, 3], 1, 2);
    assert_eq!(bench.maximal_isr(), [1, 3]);
    bench.answer(&proposal, changed(&[1, 2], 2));
    assert_eq!(bench.isr(), [1, 3]);
    bench.asks(2, 0);
    let second = bench.proposal().unwrap();
    bench.answer(&proposal, AlterPartitionOutcome::Refused(ErrorCode::INELIGIBLE_REPLICA));
    assert_eq!(bench.maximal_isr(), [1, 3, 2], "the answer was about the first proposal");
    bench.answer(&second, changed(&[1, 2, 3], 3));
    assert_eq!(bench.isr(), [1, 2, 3]);
}

#[test]
fn metadata_that_is_not_newer_leaves_what_is_pending() {
    let (mut bench, _) = asked();
    bench.metadata(1, &[1], 1, 1);
    assert_eq!(bench.maximal_isr(), [1, 2]);
}

#[test]
fn an_answer_after_the_leadership_is_ignored() {
    let (mut bench, proposal) = asked();
    bench.metadata(2, &[1, 2], 2, 3);
    bench.answer(&proposal, changed(&[1, 2], 2));
    assert_eq!(bench.replica.state().partition_epoch, PartitionEpoch(3));
}
