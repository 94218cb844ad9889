//! What was published, as bytes.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use bytestring::ByteString;
use sse_core::{Event, EventId, EventType, Retry};

use crate::{draft::Draft, topic::Topic};

const EVENT_TYPE: u16 = 1;
const DATA: u16 = 1 << 1;
const ID: u16 = 1 << 2;
const RETRY: u16 = 1 << 3;
const COMMENT: u16 = 1 << 4;
const KEY: u16 = 1 << 5;
const TIME_TO_LIVE: u16 = 1 << 6;
const IDEMPOTENCY_KEY: u16 = 1 << 7;
const ATTACHMENT: u16 = 1 << 8;

/// The most bytes of what is not a text: the flags, the number of topics, and two times.
const MOST_FIXED: usize = 2 + 2 + 8 + 12;

/// Writes a draft behind what is in `out`.
pub(super) fn put(draft: &Draft, out: &mut Vec<u8>) {
    let Event {
        event,
        data,
        id,
        retry,
        comment,
        ..
    } = &draft.event;
    let texts = [
        (EVENT_TYPE, event.as_ref().map(|it| it.as_str().as_bytes())),
        (DATA, data.as_ref().map(|it| it.as_bytes().as_ref())),
        (ID, id.as_ref().map(|it| it.as_str().as_bytes())),
        (COMMENT, comment.as_ref().map(|it| it.as_bytes().as_ref())),
        (KEY, draft.key.as_ref().map(|it| it.as_bytes().as_ref())),
        (
            IDEMPOTENCY_KEY,
            draft
                .idempotency_key
                .as_ref()
                .map(|it| it.as_bytes().as_ref()),
        ),
        (ATTACHMENT, draft.attachment.as_deref()),
    ];
    let mut flags = 0;
    for (flag, _) in texts.iter().filter(|(_, text)| text.is_some()) {
        flags |= flag;
    }
    flags |= if retry.is_some() { RETRY } else { 0 };
    flags |= if draft.time_to_live.is_some() {
        TIME_TO_LIVE
    } else {
        0
    };
    let names = draft.topics.iter().map(|topic| 2 + topic.as_str().len());
    let texts = texts.iter().filter_map(|(_, text)| *text);
    let rest = texts.clone().map(|text| 4 + text.len());
    out.reserve(MOST_FIXED + names.chain(rest).sum::<usize>());
    out.put_u16_le(flags);
    out.put_u16_le(draft.topics.len() as u16);
    for topic in &draft.topics {
        out.put_u16_le(topic.as_str().len() as u16);
        out.put_slice(topic.as_str().as_bytes());
    }
    if let Some(retry) = retry {
        out.put_u64_le(retry.as_millis());
    }
    if let Some(time) = draft.time_to_live {
        out.put_u64_le(time.as_secs());
        out.put_u32_le(time.subsec_nanos());
    }
    for text in texts {
        out.put_u32_le(text.len() as u32);
        out.put_slice(text);
    }
}

/// Reads a draft; `None` if the bytes are none.
///
/// What may be long is a part of the bytes, and what is kept for long is a copy.
pub(super) fn read(mut bytes: Bytes) -> Option<Draft> {
    let flags = bytes.try_get_u16_le().ok()?;
    let has = |flag: u16| flags & flag != 0;
    let topics = bytes.try_get_u16_le().ok()?;
    let topics = (0..topics).map(|_| {
        let len = bytes.try_get_u16_le().ok()?;
        let name = take(&mut bytes, usize::from(len))?;
        Some(Topic::from_checked(ByteString::from(
            str::from_utf8(&name).ok()?,
        )))
    });
    let topics = topics.collect::<Option<Box<[Topic]>>>()?;
    let mut event = Event::empty();
    if has(RETRY) {
        event.retry = Some(Retry::from_millis(bytes.try_get_u64_le().ok()?));
    }
    let mut time_to_live = None;
    if has(TIME_TO_LIVE) {
        let seconds = bytes.try_get_u64_le().ok()?;
        time_to_live = Some(Duration::new(seconds, bytes.try_get_u32_le().ok()?));
    }
    let mut next = |flag: u16| {
        if !has(flag) {
            return Some(None);
        }
        let len = bytes.try_get_u32_le().ok()?;
        take(&mut bytes, len as usize).map(Some)
    };
    let mut text = |flag: u16| match next(flag)? {
        Some(bytes) => ByteString::try_from(bytes).ok().map(Some),
        None => Some(None),
    };
    if let Some(name) = text(EVENT_TYPE)? {
        event.event = Some(EventType::try_from(name).ok()?);
    }
    event.data = text(DATA)?;
    if let Some(id) = text(ID)? {
        event.id = Some(EventId::try_from(id).ok()?);
    }
    event.comment = text(COMMENT)?;
    let key = text(KEY)?;
    let idempotency_key = text(IDEMPOTENCY_KEY)?;
    let attachment = next(ATTACHMENT)?;
    Some(Draft {
        topics,
        event,
        key,
        time_to_live,
        idempotency_key: idempotency_key.map(|key| ByteString::from(&*key)),
        attachment,
        // What is no more than beside the event stays in the process that published it.
        companion: None,
    })
}

fn take(bytes: &mut Bytes, len: usize) -> Option<Bytes> {
    (len <= bytes.len()).then(|| bytes.split_to(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Draft {
        let mut event = Event::new("a\nb").event(EventType::from_static("sort"));
        event = event.try_id("own").unwrap();
        event.retry = Some(Retry::from_millis(7));
        event.comment = Some("c".into());
        let draft = Draft::new(["a", "b/ü"], event).unwrap();
        draft
            .key("k")
            .time_to_live(Duration::new(3, 5))
            .idempotency_key("once")
            .attachment(vec![0, 255])
    }

    #[test]
    fn all_of_a_draft_survives() {
        let mut bare = whole();
        bare.event = Event::empty();
        bare.key = None;
        bare.time_to_live = None;
        bare.idempotency_key = None;
        bare.attachment = None;
        for draft in [whole(), bare] {
            let mut bytes = Vec::new();
            put(&draft, &mut bytes);
            assert_eq!(read(Bytes::from(bytes)), Some(draft));
        }
    }

    #[test]
    fn what_is_cut_is_none() {
        let mut bytes = Vec::new();
        put(&whole(), &mut bytes);
        for len in 0..bytes.len() {
            assert_eq!(read(Bytes::copy_from_slice(&bytes[..len])), None, "{len}");
        }
    }
}
