use core::{fmt, mem, ops::Range};

use bytes::Bytes;
use bytestring::ByteString;

use super::{guarded::guarded, lines::Lines};
use crate::{event::Event, event_id::EventId, retry::Retry};

/// One event as it goes over the wire: encoded once, shared by reference count.
///
/// It holds exactly one whole block, or nothing if it was made from an empty [`Event`],
/// so that it can stand anywhere between other events.
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EncodedEvent {
    wire: ByteString,
    id: Option<(usize, usize)>,
}

impl EncodedEvent {
    pub(super) fn new(wire: ByteString, id: Option<(usize, usize)>) -> Self {
        Self { wire, id }
    }

    /// Takes bytes that were encoded elsewhere, after checking that they are one block and nothing else.
    ///
    /// # Errors
    ///
    /// [`InvalidWire`] names the rule: UTF-8 without byte order mark, lines of which only the last is blank,
    /// each a comment or a legal `data`, `event`, `id` or `retry`, the last three at most once.
    pub fn from_wire(wire: impl Into<Bytes>) -> Result<Self, InvalidWire> {
        let wire = ByteString::try_from(wire.into()).map_err(|_| InvalidWire {
            rule: "must be valid UTF-8",
        })?;
        let id = check_block(&wire).map_err(|rule| InvalidWire { rule })?;
        Ok(Self { wire, id })
    }

    /// Keeps `guard` until the last clone or slice of the wire bytes is dropped, as for an account of memory.
    ///
    /// Slices are what [`event_id`](Self::event_id) and [`as_bytes`](Self::as_bytes) give.
    /// Clones made before do not keep it. It costs one allocation and a look at each byte, and no copy.
    ///
    /// ```
    /// # use sse_core::Event;
    /// use std::sync::Arc;
    ///
    /// let account = Arc::new(());
    /// let event = Event::new("x").encode().guarded(Arc::clone(&account));
    /// let queued = event.clone().into_bytes();
    /// drop(event);
    /// assert_eq!(Arc::strong_count(&account), 2);
    /// drop(queued);
    /// assert_eq!(Arc::strong_count(&account), 1);
    /// ```
    pub fn guarded(self, guard: impl Send + 'static) -> Self {
        Self {
            wire: guarded(self.wire, guard),
            id: self.id,
        }
    }

    /// Returns the wire bytes.
    pub fn as_bytes(&self) -> &Bytes {
        self.wire.as_bytes()
    }

    /// Returns the wire bytes as text.
    pub fn as_str(&self) -> &str {
        &self.wire
    }

    /// Gives the wire bytes away as text, without a copy.
    pub fn into_text(self) -> ByteString {
        self.wire
    }

    /// Gives the wire bytes away, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.wire.into_bytes()
    }

    /// Returns the number of wire bytes.
    pub fn len(&self) -> usize {
        self.wire.len()
    }

    /// Tells whether there are no wire bytes.
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }

    /// Returns the event's id without parsing, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.map(|(start, end)| &self.wire[start..end])
    }

    /// Returns where the event's id lies in the wire bytes.
    pub fn id_range(&self) -> Option<Range<usize>> {
        self.id.map(|(start, end)| start..end)
    }

    /// Returns the event's id as a slice that shares the wire bytes.
    pub fn event_id(&self) -> Option<EventId> {
        self.id()
            .map(|id| EventId::trusted(self.wire.slice_ref(id)))
    }
}

impl From<&Event> for EncodedEvent {
    fn from(event: &Event) -> Self {
        event.encode()
    }
}

impl From<Event> for EncodedEvent {
    fn from(event: Event) -> Self {
        event.encode()
    }
}

impl From<EncodedEvent> for Bytes {
    fn from(event: EncodedEvent) -> Self {
        event.into_bytes()
    }
}

impl AsRef<[u8]> for EncodedEvent {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq<str> for EncodedEvent {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for EncodedEvent {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Bytes that are not one whole event.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidWire {
    rule: &'static str,
}

impl fmt::Display for InvalidWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an encoded event {}", self.rule)
    }
}

impl core::error::Error for InvalidWire {}

/// Returns where the id lies.
fn check_block(wire: &str) -> Result<Option<(usize, usize)>, &'static str> {
    if wire.starts_with('\u{FEFF}') {
        return Err("must not start with a byte order mark");
    }
    let (mut id, mut seen_event, mut seen_retry) = (None, false, false);
    let mut lines = Lines::new(wire);
    let mut count = 0;
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        count += 1;
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        let repeated = match name {
            "" | "data" => false,
            "event" => mem::replace(&mut seen_event, true),
            "retry" if Retry::from_digits(value.as_bytes()).is_none() => {
                return Err("must have nothing but digits in its retry");
            }
            "retry" => mem::replace(&mut seen_retry, true),
            "id" if value.contains('\0') => return Err("must not have NUL in its id"),
            "id" => {
                let end = line.as_ptr() as usize - wire.as_ptr() as usize + line.len();
                id.replace((end - value.len(), end)).is_some()
            }
            _ => return Err("must have no fields but data, event, id and retry"),
        };
        if repeated {
            return Err("must have event, id and retry at most once each");
        }
    }
    // After the line end of the blank line nothing may follow, which `Lines` tells as one last empty line.
    if count > 0 && lines.next() == Some("") && lines.next().is_none() {
        Ok(id)
    } else {
        Err("must be one block that ends with its only blank line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_bytes_are_taken_only_as_one_whole_block() {
        for good in [
            "data: x\n\n",
            "data\r\r",
            "event:\r\nid: 7\r\nretry: 5\r\n: c\r\n\r\n",
            ":\n\n",
        ] {
            assert_eq!(EncodedEvent::from_wire(good).unwrap(), good);
        }
        let bad = [
            "",
            "\n",
            "data: x",
            "data: x\n",
            "\n\n",
            "data: x\n\n\n",
            "data: x\n\ndata: y\n\n",
            "\u{feff}data: x\n\n",
            "data : x\n\n",
            "id: a\0\n\n",
            "id: a\nid: b\n\n",
            "retry: x\n\n",
            "retry\n\n",
            "event: a\nevent: b\n\n",
        ];
        for bad in bad {
            assert!(EncodedEvent::from_wire(bad).is_err(), "{bad:?}");
        }
        assert!(EncodedEvent::from_wire(&b"data: \xff\n\n"[..]).is_err());
    }

    #[test]
    fn the_id_is_found_wherever_it_stands() {
        let event = EncodedEvent::from_wire("data: x\nid:é7\n\n").unwrap();
        assert_eq!(
            (event.id(), event.event_id()),
            (Some("é7"), Some(EventId::try_from("é7").unwrap()))
        );
        assert_eq!(EncodedEvent::from_wire("id\n\n").unwrap().id(), Some(""));
        assert_eq!(
            EncodedEvent::from_wire("data\n\n").unwrap().id_range(),
            None
        );
    }
}
