//! What the writer does besides writing: beginning files and removing them, and looking for room.

use std::{io, sync::Arc, time::Duration};

use super::{
    index, segment::Segment, shared::Shared, topics::Listed, trimmed::Trimmed, writer::Writer,
};
use crate::{
    provider::{TailItem, tails::Woken},
    sync::lock,
};

/// How often it is tried whether a disk that was full has room again.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE: usize = 256 * 1024;

impl Writer {
    /// Does what there is time for when nobody asks for anything.
    pub(super) fn rest(&mut self, shared: &Shared) {
        if self.stopped.is_some() {
            return;
        }
        if lock(&shared.view).is_stalled {
            return self.probe(shared);
        }
        if !self.is_marked {
            self.is_marked = true;
            // If this is found later, then what stands before it was on the disk: it is damage if it is not.
            let _ = self.mark(shared);
        }
        self.age_out(shared);
        Self::keep(shared);
    }

    /// Writes how far the file was synced.
    fn mark(&mut self, shared: &Shared) -> io::Result<u32> {
        let (file, salt, size, last) = {
            let active = &lock(&shared.view).active;
            (
                Arc::clone(&active.file),
                active.salt,
                active.size,
                active.last,
            )
        };
        self.frames.begin(salt, self.end);
        let time = shared.options.clock.unix_millis();
        let (bytes, seal) = self.frames.commit(size, last, time);
        if let Err(error) = file.write_at(bytes, self.end) {
            let _ = file.set_size(self.end);
            return Err(error);
        }
        self.end += bytes.len() as u64;
        Ok(seal)
    }

    /// Begins the next segment if this one is large or old enough.
    pub(super) fn roll_if_due(&mut self, shared: &Shared) {
        let options = &shared.options;
        let most_entries = (options.retention.count / 8).max(1024) as u64;
        let is_due = {
            let active = &lock(&shared.view).active;
            let age = options.clock.unix_millis().saturating_sub(active.oldest);
            let is_old = |most: Duration| u128::from(age) > most.as_millis() / 8;
            active.entries > 0
                && (self.end >= options.segment_size()
                    || active.entries >= most_entries
                    || options.retention.age.is_some_and(is_old))
        };
        if is_due && let Err(error) = self.roll(shared) {
            tracing::warn!(%error, "the next segment could not be begun: the last one goes on");
        }
    }

    fn roll(&mut self, shared: &Shared) -> io::Result<()> {
        let seal = self.mark(shared)?;
        let (file, epoch, mut sealed, topics) = {
            let view = lock(&shared.view);
            let (active, topics) = (view.active.clone(), Arc::clone(&view.topics));
            let file = Arc::clone(&active.file);
            (file, view.lineage.epoch, active, topics)
        };
        if let Err(error) = file.sync() {
            self.stop(shared, format!("a segment could not be synced: {error}"));
            return Err(error);
        }
        (sealed.size, sealed.seal) = (self.end, seal);
        {
            let active = &mut lock(&shared.view).active;
            (active.size, active.seal) = (sealed.size, sealed.seal);
        }
        let mut next = Segment::create(&*shared.storage, sealed.last + 1, epoch)?;
        next.last_nonce = sealed.last_nonce;
        sealed.topics = Listed::from(&*topics);
        if let Err(error) = index::write(&*shared.storage, &sealed) {
            tracing::warn!(%error, "an index could not be written: the next start takes longer");
        }
        sealed.keys = Vec::new();
        (self.end, self.is_marked) = (next.size, true);
        let mut view = lock(&shared.view);
        view.active = next;
        view.topics = Arc::default();
        view.sealed.push_back(Arc::new(sealed));
        Ok(())
    }

    /// Lets go of the last entries if all of them are old enough.
    fn age_out(&mut self, shared: &Shared) {
        let retention = &shared.options.retention;
        let Some(age) = retention.age.filter(|_| retention.at_least == 0) else {
            return;
        };
        let is_old = {
            let active = &lock(&shared.view).active;
            active.entries > 0 && is_older(active, age, shared.options.clock.unix_millis())
        };
        if is_old && let Err(error) = self.roll(shared) {
            tracing::warn!(%error, "old entries could not be let go");
        }
    }

    /// Removes files that retention asks for no more.
    pub(super) fn keep(shared: &Shared) {
        let retention = &shared.options.retention;
        let unix_now = shared.options.clock.unix_millis();
        loop {
            let (oldest, first, trimmed) = {
                let view = lock(&shared.view);
                let Some(oldest) = view.sealed.front() else {
                    return;
                };
                let entries: u64 = view.segments().map(|it| it.entries).sum();
                let bytes: u64 = view.segments().map(|it| it.size).sum();
                let left = entries - oldest.entries;
                let is_large_or_old = bytes - oldest.size >= retention.bytes as u64
                    || retention
                        .age
                        .is_some_and(|age| is_older(oldest, age, unix_now));
                let is_over = left >= retention.count as u64
                    || is_large_or_old && left >= retention.at_least as u64;
                if !is_over {
                    return;
                }
                let trimmed = Arc::clone(&view.trimmed);
                (Arc::clone(oldest), oldest.last + 1, trimmed)
            };
            let mut trimmed = Trimmed::clone(&trimmed);
            trimmed.note(&oldest);
            // Before it is gone: nobody could say any more what was in it.
            if let Err(error) = trimmed.write(&*shared.storage, first) {
                tracing::warn!(%error, "it could not be written what retention removed: after a start every topic may have lost it");
            }
            let mut woken = Woken::default();
            {
                let mut view = lock(&shared.view);
                view.sealed.pop_front();
                view.trimmed = Arc::new(trimmed);
                Arc::make_mut(&mut view.cleared).retain(|_, through| *through >= first);
                view.tails.tell(TailItem::Trimmed { first }, &mut woken);
            }
            woken.wake();
            let index = shared.storage.remove(&Segment::index_name(oldest.first));
            let removed = index
                .or_else(|error| match error.kind() {
                    io::ErrorKind::NotFound => Ok(()),
                    _ => Err(error),
                })
                .and_then(|()| shared.storage.remove(&oldest.file_name()))
                // One that comes back after a crash must not have a gap behind it.
                .and_then(|()| shared.storage.sync_names());
            if let Err(error) = removed {
                tracing::warn!(%error, file = oldest.file_name(), "a file could not be removed");
            }
        }
    }

    /// Tries whether there is room again.
    fn probe(&mut self, shared: &Shared) {
        let now = shared.options.clock.now();
        if now < self.next_probe {
            return;
        }
        self.next_probe = now + PROBE_EVERY;
        let file = Arc::clone(&lock(&shared.view).active.file);
        let has_room = file.write_at(&vec![0; PROBE], self.end).is_ok();
        if file.set_size(self.end).is_ok() && has_room {
            let mut woken = Woken::default();
            {
                let mut view = lock(&shared.view);
                view.is_stalled = false;
                view.tails.tell(TailItem::Resumed, &mut woken);
            }
            woken.wake();
        }
    }
}

fn is_older(segment: &Segment, age: Duration, unix_now: u64) -> bool {
    u128::from(unix_now.saturating_sub(segment.newest)) > age.as_millis()
}
