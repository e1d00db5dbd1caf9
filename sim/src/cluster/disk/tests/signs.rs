//! What power losses really did, so that no test is content because nothing happened.

use super::allowed::{Found, World};

/// How often each was found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signs {
    /// A file that is as it was when it was last safe, and not as the process left it.
    lost: u32,
    /// A file between both: longer than what was safe, shorter than what was written.
    torn: u32,
    /// A sector that was lost below one that was not.
    reordered: u32,
    /// A cut that was undone.
    uncut: u32,
    /// Zeros where a process has read something else.
    holes: u32,
    /// A name that is gone.
    vanished: u32,
    /// A name that is back, or leads to the former file.
    returned: u32,
    /// A new name that is there without a flush.
    kept: u32,
    /// A replacement that was under way and has come to its end.
    replaced: u32,
}

impl Signs {
    /// Compares what was found with what a process saw. `possible` is that world, and files that were on their way.
    pub(super) fn note(&mut self, world: &World, possible: &World, found: &Found) {
        for (path, name) in &world.names {
            match (name.now(), found.get(path)) {
                (Some(_), None) => self.vanished += 1,
                (None, Some(_)) => self.returned += 1,
                (Some(_), Some(_)) if name.oldest().is_none() => self.kept += 1,
                _ => {}
            }
            if let (Some(now), Some(Some(content))) = (world.file(path), found.get(path)) {
                match possible.identify(path, content).expect("it is allowed") {
                    number if number == now => self.compare(world, now, content),
                    number if world.files.len() <= number => self.replaced += 1,
                    _ => self.returned += 1,
                }
            }
        }
    }

    fn compare(&mut self, world: &World, number: usize, found: &[u8]) {
        let versions = &world.files[number].0;
        let (safe, written) = (&versions.oldest().bytes, &versions.now().bytes);
        if found == safe && found != written {
            self.lost += 1;
        }
        if safe.len() < found.len() && found.len() < written.len() {
            self.torn += 1;
        }
        if written.len() < found.len() {
            self.uncut += 1;
        }
        let sectors =
            || found.chunks(512).zip(written.chunks(512)).map(|(found, written)| written.starts_with(found));
        let new =
            |nth: usize| safe.get(nth * 512..).is_none_or(|safe| !safe.starts_with(&written[nth * 512..]));
        if let Some(lost) = sectors().position(|is_there| !is_there)
            && sectors().enumerate().any(|(nth, is_there)| lost < nth && is_there && new(nth))
        {
            self.reordered += 1;
        }
        if found.iter().zip(written).any(|(found, written)| *found == 0 && *written != 0) {
            self.holes += 1;
        }
    }

    /// Each in one of fifty sequences, on average.
    pub(super) fn all_were_seen(&self, cases: u32) {
        let Signs { lost, torn, reordered, uncut, holes, vanished, returned, kept, replaced } = *self;
        for sign in [lost, torn, reordered, uncut, holes, vanished, returned, kept, replaced] {
            assert!(cases / 50 <= sign, "of {cases} sequences: {self:?}");
        }
    }
}
