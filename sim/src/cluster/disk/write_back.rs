//! Background write-back: pages that are old enough reach the platter although nobody asks for it.
//!
//! Linux wakes its flusher threads every five seconds and lets them write what has been dirty for thirty; names follow
//! with the next commit of the journal. Here both happen when they are old enough, at the first thing that the process
//! does with its disk afterwards: nobody can tell the difference but a power loss, which asks too. A truncation of a file
//! that is clean otherwise waits for somebody to flush it.
//!
//! Faults of flushes meet write-back as well. One that fails is told to whoever calls fsync next, once, as `errseq_t` has
//! it since Linux 4.13.

use std::collections::BTreeSet;
use std::time::Duration;

use broker_core::time::Timestamp;

use super::device::Disk;
use super::inode::{Inode, InodeNumber};
use super::platter::Platter;

impl Disk {
    /// Something was written: it will be old one day.
    pub(super) fn expect_write_back(&mut self) {
        if let Some(after) = self.config.write_back_after {
            self.next_write_back.get_or_insert(self.now + after);
        }
    }

    /// Until when bytes must have been written, and names made, to be on the platter by now: `None` if the disk writes
    /// nothing by itself.
    pub(super) fn old_enough(&self, now: Timestamp) -> Option<Timestamp> {
        let after = self.config.write_back_after?;
        let active = self.queue.last_active(now).0;
        active.checked_sub(micros(after)).map(Timestamp)
    }

    /// The same at a power loss. A device that fails or lies has written nothing back meanwhile, or only said so.
    pub(super) fn old_enough_to_survive(&self) -> Option<Timestamp> {
        if self.faults.disturb_flushes() { None } else { self.old_enough(self.now) }
    }

    /// Up to where write-back has come with a file, or would have by now: of what is clean already, nothing.
    pub(super) fn written_back_to(&self, inode: &Inode) -> u64 {
        let to = self.old_enough_to_survive().map_or(0, |then| inode.marks.appended_until(then, inode.len()));
        if inode.first_dirty() < to { to } else { 0 }
    }

    /// Writes back what is old enough.
    pub(super) fn write_back(&mut self, platter: &mut impl Platter) {
        if self.next_write_back.is_none_or(|next| self.now < next) || self.queue.is_stalled() {
            return;
        }
        let Some(then) = self.old_enough(self.now) else { return };
        let due: Vec<(InodeNumber, u64)> = self
            .inodes
            .iter()
            .filter(|(_, inode)| inode.in_volatile)
            .map(|(number, inode)| (*number, inode.marks.appended_until(then, inode.len())))
            .filter(|(number, to)| self.inodes[number].first_dirty() < *to)
            .collect();
        for (number, to) in due {
            self.write_back_file(platter, number, to);
        }
        let directories: Vec<String> = self
            .names_since
            .iter()
            .filter(|(_, since)| **since <= then)
            .map(|(name, _)| name.clone())
            .collect();
        for directory in directories {
            let names = self.volatile.entries(&directory).map(|names| names.keys().cloned().collect());
            self.write_back_names(directory, names.unwrap_or_default());
        }
        let after = self.config.write_back_after.unwrap_or(Duration::ZERO);
        let oldest = self.inodes.values().filter_map(|inode| inode.marks.oldest());
        let oldest = oldest.chain(self.names_since.values().copied()).min();
        // The flusher threads look now and then: every 5 s for what is 30 s old.
        self.next_write_back = oldest.map(|oldest| (oldest + after).max(self.now + after / 6));
    }

    fn write_back_names(&mut self, directory: String, names: BTreeSet<String>) {
        let (fails, lies) = (self.faults.fails_flush(), self.faults.lies());
        if fails.is_some() {
            // The journal keeps what it could not write.
            return;
        }
        self.names_since.remove(&directory);
        if let Some(fault) = lies {
            self.lies.about_directory(directory, names);
            self.faults.count_lied(fault, 0);
            self.hurt();
        } else {
            // A directory that is gone has no names to keep.
            let _ = self.sync_directory(&directory, &names);
        }
    }

    fn write_back_file(&mut self, platter: &mut impl Platter, number: InodeNumber, to: u64) {
        let (fails, lies) = (self.faults.fails_flush(), self.faults.lies());
        if let Some(fault) = fails {
            let marked = self.with_inode(number, |inode| {
                inode.owes_error = true;
                inode.fail_sync(to)
            });
            self.faults.count_failed(fault, marked);
            self.hurt();
        } else if let Some(fault) = lies {
            let lied = self.with_inode(number, |inode| inode.lie_sync(to));
            self.lies.about_file(number);
            self.faults.count_lied(fault, lied);
            self.hurt();
        } else if let Ok(written) = self.with_inode(number, |inode| inode.sync(platter, number, to)) {
            self.stats.written_back_bytes += written;
            self.settle_marks(number);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    Timestamp::from_duration(duration).0
}
