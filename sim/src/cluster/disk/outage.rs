//! A power loss, step by step: which names survive, which bytes do, and what is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use broker_core::error::StorageError;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::device::Disk;
use super::errors::platter_error;
use super::fault::Unsynced;
use super::inode::{Inode, InodeNumber};
use super::namespace::Entry;
use super::path::DiskPath;
use super::platter::Platter;
use super::survivors::Survivors;

impl Disk {
    /// Names that came and went since the last flush of their directory: those that the journal had already written are
    /// durable.
    pub(super) fn keep_names(&mut self, unsynced: Unsynced, rng: &mut ChaCha8Rng) {
        let old_enough = self.old_enough_to_survive();
        let changed = self.volatile.all().chain(self.durable.all()).map(|(path, _)| path);
        let changed: BTreeSet<DiskPath> =
            changed.filter(|path| self.volatile.get(path) != self.durable.get(path)).collect();
        for path in changed {
            let since = self.names_since.get(&path.directory);
            let is_old = since.is_some_and(|since| old_enough.is_some_and(|then| *since <= then));
            if is_old || (unsynced != Unsynced::Lost && rng.random_bool(0.5)) {
                self.point_durable(&path, self.volatile.get(&path));
            }
        }
    }

    /// What survives of each file that the process saw.
    pub(super) fn survivors(
        &self,
        unsynced: Unsynced,
        rng: &mut ChaCha8Rng,
    ) -> BTreeMap<InodeNumber, Survivors> {
        let seen = self.inodes.iter().filter(|(_, inode)| inode.in_volatile);
        let draw = |inode: &Inode, rng: &mut ChaCha8Rng| {
            Survivors::draw(inode, self.written_back_to(inode), unsynced, rng)
        };
        seen.map(|(number, inode)| (*number, draw(inode, rng))).collect()
    }

    /// Replacements that were under way: some had come as far as the new name. Returns these.
    pub(super) fn keep_replacements(&mut self, unsynced: Unsynced, rng: &mut ChaCha8Rng) -> Vec<String> {
        let replacing = std::mem::take(&mut self.replacing);
        let mut kept = BTreeSet::new();
        for (path, content) in replacing.into_values() {
            let there = self.durable.entries(&path.directory).is_some();
            let is_file = self.durable.get(&path) != Some(Entry::Directory);
            if unsynced != Unsynced::Lost && rng.random_bool(0.5) && there && is_file {
                let number = self.add_inode(Inode::clean(content.len() as u64, path.is_segment()));
                self.settling.push((number, 0, content));
                self.point_durable(&path, Some(Entry::File(number)));
                kept.insert(path.to_string());
            }
        }
        kept.into_iter().collect()
    }

    /// Only what is durable and what survives is left.
    pub(super) fn lose(&mut self, survivors: BTreeMap<InodeNumber, Survivors>) {
        for (number, survivors) in survivors {
            // Gone meanwhile, if another one took its name.
            let Some(inode) = self.inodes.get_mut(&number) else { continue };
            for (position, bytes) in survivors.writes(inode) {
                inode.rot.heal(position, position + bytes.len() as u64);
                self.settling.push((number, position, bytes));
            }
            inode.revert(survivors.len);
        }
        self.volatile = self.durable.clone();
        let kept: BTreeSet<InodeNumber> = self.durable.files().map(|(_, number)| number).collect();
        let garbage = &mut self.garbage;
        self.inodes.retain(|number, inode| {
            inode.in_volatile = kept.contains(number);
            inode.in_durable = inode.in_volatile;
            if inode.in_volatile {
                inode.go_cold();
            } else {
                garbage.push(*number);
            }
            inode.in_volatile
        });
        self.forget_memory();
    }

    /// The machine has forgotten everything that is not on the platter, or what is there is another disk.
    pub(super) fn forget_memory(&mut self) {
        self.lies.forget();
        self.names_since.clear();
        self.replacing.clear();
        self.next_write_back = None;
        self.queue.clear();
        self.mounted += 1;
        self.recount();
    }

    /// What was on its way when the power went gets to the platter: only a process reaches it.
    pub(super) fn settle(&mut self, platter: &mut impl Platter) -> Result<(), StorageError> {
        for (number, position, bytes) in std::mem::take(&mut self.settling) {
            if self.inodes.contains_key(&number) && !bytes.is_empty() {
                let written = platter.write_at(number, position, &bytes);
                written.map_err(|error| platter_error("settle", &format!("inode {number}"), &error))?;
            }
        }
        Ok(())
    }
}
