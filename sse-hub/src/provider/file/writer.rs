use std::{any::Any, collections::HashMap, fmt, mem, sync::Arc, time::Duration};

use bytestring::ByteString;

use super::{
    frame::Header,
    frames::Frames,
    promise::Promise,
    requests::{Answers, Request},
    segment::KeyPlace,
    shared::Shared,
    upkeep::PROBE_EVERY,
};
use crate::{
    nonces::Nonces,
    provider::{
        AppendError, AppendErrorKind, Appended, ProviderError, Record, TailItem,
        idempotency_keys::IdempotencyKeys, tails::Woken,
    },
    sync::{Ordering, lock},
};

/// The only one that writes.
///
/// Whatever came while one batch was on its way to the disk is the next batch: nothing waits for a time to pass.
pub(super) struct Writer {
    pub(super) frames: Frames,
    /// The end of what is written; it may be behind what is on the disk for certain.
    pub(super) end: u64,
    /// Whether it stands in the file that the last batch was synced.
    pub(super) is_marked: bool,
    keys: IdempotencyKeys,
    nonces: Nonces,
    /// Why nothing is written any more.
    pub(super) stopped: Option<String>,
    pub(super) next_probe: Duration,
    _lock: Box<dyn Any + Send + Sync>,
}

/// A batch on its way.
#[derive(Default)]
struct Batch {
    head: u64,
    head_nonce: u32,
    time: u64,
    notes: Vec<(Header, u64)>,
    items: Vec<TailItem>,
    keys: HashMap<ByteString, (u64, u32)>,
    answers: Vec<Given>,
}

enum Given {
    Append(Answers, Promise<Answers>),
    Clear(Promise<Result<(), ProviderError>>),
}

impl Writer {
    pub(super) fn new(
        shared: &Shared,
        places: Vec<KeyPlace>,
        guard: Box<dyn Any + Send + Sync>,
    ) -> Self {
        let clock = &shared.options.clock;
        let (now, unix_now) = (key_time(clock.now()), clock.unix_millis());
        let mut keys = IdempotencyKeys::default();
        for place in places {
            let age = Duration::from_millis(unix_now.saturating_sub(place.time));
            if age <= IdempotencyKeys::MAX_AGE {
                keys.insert(place.key, (place.seq, place.nonce), now.saturating_sub(age));
            }
        }
        shared.key_bytes.store(keys.bytes(), Ordering::Relaxed);
        Self {
            frames: Frames::default(),
            end: lock(&shared.view).active.size,
            is_marked: false,
            keys,
            nonces: Nonces::default(),
            stopped: None,
            next_probe: Duration::ZERO,
            _lock: guard,
        }
    }

    /// Writes what was asked for; whether there was anything.
    pub(super) fn turn(&mut self, shared: &Shared) -> bool {
        let requests = lock(&shared.requests).take();
        if requests.is_empty() {
            return false;
        }
        if let Some(why) = &self.stopped {
            for request in requests {
                request.refuse(why);
            }
            return true;
        }
        self.roll_if_due(shared);
        Self::keep(shared);
        match &self.stopped {
            Some(why) => requests.into_iter().for_each(|request| request.refuse(why)),
            None => self.commit(requests, shared),
        }
        true
    }

    fn commit(&mut self, requests: Vec<Request>, shared: &Shared) {
        let (file, salt, size, mut batch) = {
            let view = lock(&shared.view);
            let batch = Batch {
                head: view.active.last,
                head_nonce: view.active.last_nonce,
                time: shared.options.clock.unix_millis(),
                ..Batch::default()
            };
            let active = &view.active;
            (Arc::clone(&active.file), active.salt, active.size, batch)
        };
        let before = batch.head;
        self.frames.begin(salt, self.end);
        self.fill(&mut batch, requests, key_time(shared.options.clock.now()));
        if self.frames.is_empty() {
            return answer(batch.answers);
        }
        let (bytes, seal) = self.frames.commit(size, batch.head, batch.time);
        let len = bytes.len() as u64;
        if let Err(error) = file.write_at(bytes, self.end) {
            let why = format!("a batch could not be written: {error}");
            let kind = match file.set_size(self.end) {
                Ok(()) => AppendErrorKind::Failed,
                Err(error) => {
                    self.stop(shared, format!("{why}; and not be cut: {error}"));
                    AppendErrorKind::OutcomeUnknown
                }
            };
            self.stall(shared);
            return refuse(batch.answers, before, kind, &why);
        }
        if let Err(error) = file.sync() {
            let why = format!("a batch could not be synced: {error}");
            self.stop(shared, why.clone());
            return refuse(batch.answers, before, AppendErrorKind::OutcomeUnknown, &why);
        }
        self.end += len;
        self.is_marked = false;
        self.show(&mut batch, seal, shared);
        answer(batch.answers);
    }

    /// Puts a batch together.
    fn fill(&mut self, batch: &mut Batch, requests: Vec<Request>, now: Duration) {
        let mut records = Vec::new();
        for request in requests {
            match request {
                Request::Append(drafts, promise) => {
                    let mut given = Vec::with_capacity(drafts.len());
                    for prepared in drafts {
                        let key = prepared.draft.idempotency_key.as_ref();
                        let first = key.and_then(|key| {
                            let known = batch.keys.get(key).copied();
                            known.or_else(|| self.keys.get(key, now))
                        });
                        if let Some((seq, nonce)) = first {
                            let duplicate = true;
                            given.push(Ok(Appended {
                                seq,
                                nonce,
                                duplicate,
                            }));
                            continue;
                        }
                        let (seq, nonce) = (batch.head + 1, self.nonces.next());
                        (batch.head, batch.head_nonce) = (seq, nonce);
                        if let Some(key) = key {
                            batch.keys.insert(key.clone(), (seq, nonce));
                        }
                        let offset = self.frames.offset();
                        let place = (seq, nonce, batch.time);
                        let header = self.frames.entry(place, &prepared.body, prepared.sum);
                        batch.notes.push((header, offset));
                        records.push(Record::new(seq, nonce, batch.time, prepared.draft));
                        let duplicate = false;
                        given.push(Ok(Appended {
                            seq,
                            nonce,
                            duplicate,
                        }));
                    }
                    batch.answers.push(Given::Append(given, promise));
                }
                Request::Clear(topic, promise) => {
                    let through = batch.head;
                    self.frames.cleared(&topic, through, batch.time);
                    if !records.is_empty() {
                        batch.items.push(TailItem::Batch(mem::take(&mut records)));
                    }
                    batch.items.push(TailItem::Cleared { topic, through });
                    batch.answers.push(Given::Clear(promise));
                }
            }
        }
        if !records.is_empty() {
            batch.items.push(TailItem::Batch(records));
        }
    }

    /// Lets everyone see what is on the disk now.
    fn show(&mut self, batch: &mut Batch, seal: u32, shared: &Shared) {
        let mut woken = Woken::default();
        {
            let mut view = lock(&shared.view);
            if mem::take(&mut view.is_stalled) {
                view.tails.tell(TailItem::Resumed, &mut woken);
            }
            let mut notes = batch.notes.iter();
            for item in batch.items.drain(..) {
                match &item {
                    TailItem::Batch(records) => {
                        for (record, (header, offset)) in records.iter().zip(&mut notes) {
                            view.active.note_entry(header, *offset, &record.draft);
                            let place = view.active.place_of(header.seq);
                            Arc::make_mut(&mut view.topics).note(place, &record.draft.topics);
                        }
                    }
                    TailItem::Cleared { topic, through } => {
                        Arc::make_mut(&mut view.cleared).insert(topic.clone(), *through);
                        view.active.cleared.push((topic.clone(), *through));
                    }
                    _ => {}
                }
                view.tails.tell(item, &mut woken);
            }
            (view.active.size, view.active.seal) = (self.end, seal);
        }
        woken.wake();
        if !batch.keys.is_empty() {
            let now = key_time(shared.options.clock.now());
            for (key, place) in batch.keys.drain() {
                self.keys.insert(key, place, now);
            }
            shared.key_bytes.store(self.keys.bytes(), Ordering::Relaxed);
        }
    }

    /// Tells that nothing can be published for now.
    fn stall(&mut self, shared: &Shared) {
        self.next_probe = shared.options.clock.now() + PROBE_EVERY;
        let mut woken = Woken::default();
        {
            let mut view = lock(&shared.view);
            if !mem::replace(&mut view.is_stalled, true) {
                view.tails.tell(TailItem::Stalled, &mut woken);
            }
        }
        woken.wake();
    }

    /// Writes nothing ever again: what the disk has is only known after a new start.
    pub(super) fn stop(&mut self, shared: &Shared, why: String) {
        tracing::error!(
            why,
            "the log on disk stops: nothing can be published until it is opened again"
        );
        self.stopped = Some(why);
        self.stall(shared);
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

/// Keys that were used before this start are as old as they are, though the clock begins with it.
fn key_time(now: Duration) -> Duration {
    now + IdempotencyKeys::MAX_AGE
}

fn answer(answers: Vec<Given>) {
    for given in answers {
        match given {
            Given::Append(answers, promise) => promise.give(answers),
            Given::Clear(promise) => promise.give(Ok(())),
        }
    }
}

/// Answers that a batch is not there; repetitions of what was there before it are.
fn refuse(answers: Vec<Given>, before: u64, kind: AppendErrorKind, why: &str) {
    for given in answers {
        match given {
            Given::Append(mut answers, promise) => {
                for answer in &mut answers {
                    if answer.as_ref().is_ok_and(|it| it.seq > before) {
                        *answer = Err(AppendError::with_source(kind, why));
                    }
                }
                promise.give(answers);
            }
            Given::Clear(promise) => promise.give(Err(ProviderError::new(why))),
        }
    }
}
