//! A replica that lost committed records to its own disk, until it has them again.
//!
//! ```text
//!   note on disk             metadata: I am               metadata: another leader
//!   at the start             outside the ISR              took me into the ISR
//!   ───────────► Damaged ───────────────────► Repairing ───────────────────────────► Repaired ──► note removed
//!                   ▲                             │                                (once flushed)
//!                   └─────────────────────────────┘
//!                     metadata: in the ISR by any other way
//! ```
//!
//! Why leave the ISR first: an ISR that still names this broker speaks of the log it had before the damage. Why another
//! leader: whoever is taken in by a leader has everything below that leader's high watermark; whoever is elected because
//! nobody else is left (last known leader, unclean election) has what it has.
//!
//! Kafka has nothing like it: a log that was cut is as good as any other, and its broker, if it is the last member of the
//! ISR, leads with what it has and makes the others truncate to it.
//!
//! Left out: a way on by itself if the controller elects a damaged replica because nobody better is left (last known
//! leader, unclean election). The topic partition then stays unavailable, also when a better replica comes back, until
//! somebody wipes the damaged one: safe, but it needs a hand.

use super::state::{Env, Replica};
use crate::event::Event;
use crate::metadata::PartitionState;
use crate::types::{BrokerId, Offset};

/// How far the repair has come.
///
/// * Only a repaired replica leads.
/// * Without another leader there is no way from `Damaged` to `Repaired`.
/// * After a restart it begins anew as `Damaged`, as long as the note is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Committed records are missing, and the ISR may still name this broker because of them.
    Damaged,
    /// Outside the ISR, as it should be: replication brings back what is missing.
    Repairing,
    /// In the ISR again, with everything that is committed; the note may go once everything below this is durable.
    Repaired(Offset),
}

impl Damage {
    /// What `state` makes of it, for the broker `local` whose log ends at `end`.
    fn after(self, state: &PartitionState, local: BrokerId, end: Offset) -> Damage {
        let in_sync = state.isr.contains(&local);
        let another_leads = state.leader != BrokerId::NONE && state.leader != local;
        match self {
            Damage::Repaired(_) => self,
            Damage::Damaged | Damage::Repairing if !in_sync => Damage::Repairing,
            Damage::Repairing if another_leads => Damage::Repaired(end),
            Damage::Damaged | Damage::Repairing => Damage::Damaged,
        }
    }

    /// Whether this replica must not lead.
    fn bars(self) -> bool {
        !matches!(self, Damage::Repaired(_))
    }
}

impl Replica {
    /// The log was found damaged, in this life of the broker or before: there is a note on the disk.
    #[must_use]
    pub fn damaged(mut self) -> Replica {
        self.damage = Some(Damage::Damaged);
        self
    }

    /// How far the repair has come; `None` for a replica without a note.
    pub fn damage(&self) -> Option<Damage> {
        self.damage
    }

    /// Whether this replica must not lead, whatever metadata says.
    pub(super) fn is_barred(&self) -> bool {
        self.damage.is_some_and(Damage::bars)
    }

    /// The controller wrote `state`. To be told of every state there was, also of those that were over before this
    /// replica could act on them: it may have been taken into the ISR and elected in one go.
    pub fn witness(&mut self, env: &mut Env<'_>, state: &PartitionState) {
        let Some(before) = self.damage else { return };
        let after = before.after(state, self.local, self.log.end_offset());
        self.damage = Some(after);
        let topic_partition = self.topic_partition().clone();
        match after {
            _ if before == after => {}
            Damage::Repairing => env.out.events.push(Event::RepairStarted { topic_partition }),
            Damage::Repaired(end_offset) => {
                self.log.want_flush();
                env.out.events.push(Event::ReplicaRepaired { topic_partition, end_offset });
            }
            Damage::Damaged => {}
        }
    }

    /// Whether the note says nothing any more: what was missing is back, and durable.
    pub fn is_note_obsolete(&self) -> bool {
        // A truncation may have taken some of it away again.
        let reached = self.log.recovery_point();
        matches!(self.damage, Some(Damage::Repaired(end)) if end.min(self.log.end_offset()) <= reached)
    }

    /// The note is removed from the disk.
    pub fn note_removed(&mut self) {
        assert!(self.is_note_obsolete(), "{}: note removed at {:?}", self.topic_partition(), self.damage);
        self.damage = None;
    }
}
