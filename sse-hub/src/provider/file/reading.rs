//! Pages of what is on the disk.

use std::{io, mem, sync::Arc, vec};

use super::{
    body,
    frame::Kind,
    scan::frame_at,
    segment::Segment,
    shared::Shared,
    view::{Place, is_cleared},
    window::Window,
};
use crate::{
    provider::{Page, Record},
    sync::lock,
    topic::Topic,
};

/// The bytes read at once.
const PIECE: usize = 128 * 1024;
/// A page ends once so many bytes were passed, whatever was asked for.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Reads entries from `from` on, all or those of some topics; what is not whole is never returned.
pub(super) fn page(
    shared: &Shared,
    topics: Option<&[Topic]>,
    from: u64,
    limit: usize,
) -> io::Result<Page> {
    let mut page = Page {
        records: Vec::new(),
        scanned_through: from.saturating_sub(1),
    };
    if limit == 0 {
        return Ok(page);
    }
    let (mut next, mut bytes) = (from, 0);
    loop {
        let (place, head) = {
            let view = lock(&shared.view);
            let most = limit - page.records.len();
            (view.place(next, topics, most), view.active.last)
        };
        let Some(place) = place else {
            page.scanned_through = head;
            return Ok(page);
        };
        let (cleared, through) = (Arc::clone(&place.cleared), place.through);
        let mut entries = Entries::new(place);
        while let Some(record) = entries.next()? {
            let is_asked_for = record.seq >= next;
            if !is_asked_for || is_cleared(&cleared, record.seq, &record.draft) {
                continue;
            }
            bytes += mem::take(&mut entries.looked_at);
            page.scanned_through = record.seq;
            page.records.push(record);
            if page.records.len() >= limit || bytes >= MOST_BYTES {
                return Ok(page);
            }
        }
        next = through + 1;
    }
}

/// Finds the first entry that its publisher gave this id.
pub(super) fn find(shared: &Shared, id: &str) -> io::Result<Option<u64>> {
    let places: Vec<u64> = {
        let view = lock(&shared.view);
        view.segments().flat_map(|it| it.places_of(id)).collect()
    };
    for seq in places {
        let page = page(shared, None, seq, 1)?;
        let is_it = |record: &Record| {
            let own = record.draft.event.id.as_ref();
            record.seq == seq && own.is_some_and(|own| own.as_str() == id)
        };
        if page.records.first().is_some_and(is_it) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}

/// The entries of one segment from a place on.
struct Entries {
    window: Window,
    first: u64,
    salt: u64,
    offset: u64,
    wanted: Option<vec::IntoIter<(u64, u64)>>,
    /// Bytes that were passed since this was last set to 0.
    looked_at: u64,
}

impl Entries {
    fn new(place: Place) -> Self {
        Self {
            window: Window::new(place.file, place.end, PIECE),
            first: place.first,
            salt: place.salt,
            offset: place.offset,
            wanted: place.wanted.map(Vec::into_iter),
            looked_at: 0,
        }
    }

    fn next(&mut self) -> io::Result<Option<Record>> {
        let mut wanted = None;
        if let Some(list) = &mut self.wanted {
            let Some((seq, offset)) = list.next() else {
                return Ok(None);
            };
            self.offset = self.offset.max(offset);
            wanted = Some(seq);
        }
        while self.offset < self.window.end() {
            let frame = frame_at(&mut self.window, self.salt, self.offset)?;
            let Some((header, _, bytes)) = frame else {
                return Err(self.damaged());
            };
            self.looked_at += header.extent();
            let is_wanted = wanted.is_none_or(|seq| seq == header.seq);
            if header.kind == Kind::Entry && is_wanted {
                let draft = body::read(bytes).ok_or_else(|| self.damaged())?;
                self.offset += header.extent();
                let record = Record::new(header.seq, header.nonce, header.time, draft);
                return Ok(Some(record));
            }
            self.offset += header.extent();
        }
        match wanted {
            Some(_) => Err(self.damaged()),
            None => Ok(None),
        }
    }

    fn damaged(&self) -> io::Error {
        let name = Segment::name(self.first);
        let text = format!("the log is damaged: {name} at byte {}", self.offset);
        io::Error::new(io::ErrorKind::InvalidData, text)
    }
}
