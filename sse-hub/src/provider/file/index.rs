//! What is in a segment that nothing is appended to any more, in a file beside it.

use std::{io, sync::Arc};

use bytes::{Buf, BufMut, Bytes};

use super::{
    pieces::{checked, put_sum, put_text, text},
    segment::{KeyPlace, NEW, Segment},
    storage::{Storage, StoredFile},
    topics::Listed,
    window::Window,
};
use crate::topic::Topic;

const MAGIC: &[u8; 8] = b"sseidx2\n";

/// Writes the index of a segment; its name appears once it is on the disk.
pub(super) fn write(storage: &dyn Storage, segment: &Segment) -> io::Result<()> {
    let name = Segment::index_name(segment.first);
    let new = format!("{name}{NEW}");
    let file = storage.create(&new)?;
    file.write_at(&encode(segment), 0)?;
    file.sync()?;
    storage.rename(&new, &name)
}

/// Reads the index of a segment; `None` if there is none, or it is not whole, or not of this file.
pub(super) fn read(
    storage: &dyn Storage,
    first: u64,
    file: Arc<dyn StoredFile>,
) -> io::Result<Option<Segment>> {
    let index = match storage.open(&Segment::index_name(first)) {
        Ok(index) => index,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = index.size()?;
    let len = usize::try_from(size).unwrap_or(usize::MAX);
    let Some(bytes) = Window::new(index, size, len).get(0, len)? else {
        return Ok(None);
    };
    let segment = decode(&bytes, file).filter(|it| it.first == first);
    match segment {
        Some(segment) if segment.ends_as_sealed()? => Ok(Some(segment)),
        _ => Ok(None),
    }
}

fn encode(segment: &Segment) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for number in [
        segment.first,
        segment.last,
        segment.salt,
        segment.size,
        segment.entries,
        segment.oldest,
        segment.newest,
    ] {
        out.put_u64_le(number);
    }
    out.put_u32_le(segment.last_nonce);
    out.put_u32_le(segment.seal);
    for pairs in [&segment.marks, &segment.own_ids, &segment.holes] {
        out.put_u32_le(pairs.len() as u32);
        for (one, other) in pairs {
            out.put_u64_le(*one);
            out.put_u64_le(*other);
        }
    }
    out.put_u32_le(segment.cleared.len() as u32);
    for (topic, through) in &segment.cleared {
        put_text(&mut out, topic.as_str());
        out.put_u64_le(*through);
    }
    out.put_u32_le(segment.keys.len() as u32);
    for place in &segment.keys {
        put_text(&mut out, &place.key);
        out.put_u64_le(place.seq);
        out.put_u32_le(place.nonce);
        out.put_u64_le(place.time);
    }
    segment.topics.put(&mut out);
    put_sum(&mut out);
    out
}

fn decode(bytes: &Bytes, file: Arc<dyn StoredFile>) -> Option<Segment> {
    let mut bytes = checked(bytes, MAGIC)?;
    let mut numbers = [0; 7];
    for number in &mut numbers {
        *number = bytes.try_get_u64_le().ok()?;
    }
    let [first, last, salt, size, entries, oldest, newest] = numbers;
    let last_nonce = bytes.try_get_u32_le().ok()?;
    let seal = bytes.try_get_u32_le().ok()?;
    let marks = pairs(&mut bytes)?;
    let own_ids = pairs(&mut bytes)?;
    let holes = pairs(&mut bytes)?;
    let count = bytes.try_get_u32_le().ok()?;
    let cleared = (0..count).map(|_| {
        let topic = Topic::from_checked(text(&mut bytes)?);
        Some((topic, bytes.try_get_u64_le().ok()?))
    });
    let cleared = cleared.collect::<Option<_>>()?;
    let count = bytes.try_get_u32_le().ok()?;
    let keys = (0..count).map(|_| {
        Some(KeyPlace {
            key: text(&mut bytes)?,
            seq: bytes.try_get_u64_le().ok()?,
            nonce: bytes.try_get_u32_le().ok()?,
            time: bytes.try_get_u64_le().ok()?,
        })
    });
    let keys = keys.collect::<Option<_>>()?;
    let topics = Listed::read(&mut bytes)?;
    Some(Segment {
        first,
        last,
        last_nonce,
        salt,
        size,
        entries,
        oldest,
        newest,
        seal,
        marks,
        own_ids,
        keys,
        cleared,
        holes,
        topics,
        file,
    })
}

fn pairs(bytes: &mut Bytes) -> Option<Vec<(u64, u64)>> {
    let count = bytes.try_get_u32_le().ok()?;
    let pairs =
        (0..count).map(|_| Some((bytes.try_get_u64_le().ok()?, bytes.try_get_u64_le().ok()?)));
    pairs.collect()
}
