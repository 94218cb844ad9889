use alloc::string::String;
use core::fmt;

use bytestring::ByteString;

use crate::{
    encode::{EncodedEvent, Encoder},
    event_id::EventId,
    event_type::EventType,
    field_text::{Field, InvalidText},
    retry::Retry,
};

/// One event, outgoing or incoming: what one block of an event stream says.
///
/// Every part may be absent, and no combination is wrong.
/// No data (`None`) is a block that dispatches nothing; empty data (`Some("")`) is an empty message.
/// Setters take and return the event by value; the last call for a part wins, but
/// [`append_data`](Self::append_data) adds a line.
///
/// Shareable between threads: `Send + Sync`; a clone costs reference counts.
///
/// ```
/// use sse_core::{Event, EventType};
///
/// const TICK: EventType = EventType::from_static("tick");
///
/// let event = Event::new("first line\nsecond line").event(TICK).id(42);
/// assert_eq!(event.encode(), "id: 42\nevent: tick\ndata: first line\ndata: second line\n\n");
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Event {
    /// The event type; absent means `message`.
    pub event: Option<EventType>,
    /// The data; line ends of any kind are written as several `data` lines.
    pub data: Option<ByteString>,
    /// The id, which becomes the receiver's last event ID.
    pub id: Option<EventId>,
    /// The reconnection time that the receiver shall use from now on.
    pub retry: Option<Retry>,
    /// A comment, which receivers ignore; several lines are written as several comment lines.
    pub comment: Option<ByteString>,
}

impl Event {
    /// Makes an event that carries data.
    pub fn new(data: impl Into<ByteString>) -> Self {
        Self {
            data: Some(data.into()),
            ..Self::empty()
        }
    }

    /// Makes an event in which every part is absent; it encodes to nothing.
    pub const fn empty() -> Self {
        Self {
            event: None,
            data: None,
            id: None,
            retry: None,
            comment: None,
        }
    }

    /// Makes a comment: a block that dispatches nothing.
    pub fn from_comment(text: impl Into<ByteString>) -> Self {
        Self {
            comment: Some(text.into()),
            ..Self::empty()
        }
    }

    /// Sets the event type.
    pub fn event(mut self, event: impl Into<EventType>) -> Self {
        self.event = Some(event.into());
        self
    }

    /// Sets the event type from text.
    ///
    /// # Errors
    ///
    /// [`InvalidText`] if it has a CR or LF.
    pub fn try_event(self, event: impl Into<ByteString>) -> Result<Self, InvalidText> {
        Ok(self.event(EventType::try_from(event.into())?))
    }

    /// Sets the data.
    pub fn data(mut self, data: impl Into<ByteString>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Appends data, starting a new line if there is data already.
    pub fn append_data(mut self, data: impl AsRef<str>) -> Self {
        let data = data.as_ref();
        self.data = Some(match self.data {
            None => data.into(),
            Some(before) => {
                let mut joined = String::with_capacity(before.len() + 1 + data.len());
                joined.push_str(&before);
                joined.push('\n');
                joined.push_str(data);
                joined.into()
            }
        });
        self
    }

    /// Sets the id.
    pub fn id(mut self, id: impl Into<EventId>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the id from text.
    ///
    /// # Errors
    ///
    /// [`InvalidText`] if it has a CR, LF or NUL.
    pub fn try_id(self, id: impl Into<ByteString>) -> Result<Self, InvalidText> {
        Ok(self.id(EventId::try_from(id.into())?))
    }

    /// Sets the reconnection time: a [`Retry`], a `Duration`, or an unsigned number of milliseconds.
    ///
    /// A bare literal is an `i32` here, which could be negative and does not compile.
    ///
    /// ```
    /// # use sse_core::{Event, Retry};
    /// use std::time::Duration;
    ///
    /// let event = Event::new("x").retry(3000_u32);
    /// assert_eq!(event, Event::new("x").retry(Duration::from_secs(3)));
    /// assert_eq!(event, Event::new("x").retry(Retry::from_millis(3000)));
    /// ```
    pub fn retry(mut self, retry: impl Into<Retry>) -> Self {
        self.retry = Some(retry.into());
        self
    }

    /// Sets the comment; line ends in it split it into several comment lines.
    pub fn comment(mut self, comment: impl Into<ByteString>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Sets a comment of one line.
    ///
    /// # Errors
    ///
    /// [`InvalidText`] if it has a CR, LF or NUL.
    pub fn try_comment(self, comment: impl Into<ByteString>) -> Result<Self, InvalidText> {
        Ok(self.comment(Field::Comment.check(comment.into())?))
    }

    /// Refuses data that is longer than `max` bytes.
    ///
    /// # Errors
    ///
    /// [`DataTooLong`], which gives the event back.
    pub fn check_data_len(self, max: usize) -> Result<Self, DataTooLong> {
        if self.data_len() <= max {
            Ok(self)
        } else {
            Err(DataTooLong {
                max,
                event: self.into(),
            })
        }
    }

    /// Returns the length of the data in bytes, 0 if there is none.
    pub fn data_len(&self) -> usize {
        self.data.as_ref().map_or(0, |data| data.len())
    }

    /// Encodes the event with LF as line end; [`Encoder`] offers more.
    pub fn encode(&self) -> EncodedEvent {
        Encoder::new().encode(self)
    }

    /// Returns the exact number of bytes that [`encode`](Self::encode) gives.
    pub fn encoded_len(&self) -> usize {
        Encoder::new().encoded_len(self)
    }

    /// Returns a copy that shares no memory with the chunk that it was decoded from.
    ///
    /// A decoded event's text is a slice of its chunk and keeps all of it in memory; use this for what is kept for long.
    pub fn detached(&self) -> Self {
        let copy = |text: &ByteString| ByteString::from(&**text);
        Self {
            event: self.event.as_ref().map(EventType::detached),
            data: self.data.as_ref().map(copy),
            id: self.id.as_ref().map(EventId::detached),
            retry: self.retry,
            comment: self.comment.as_ref().map(copy),
        }
    }
}

impl fmt::Display for Event {
    /// Writes the parts on one line for people and logs: escaped, long text cut after 64 characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            event,
            data,
            id,
            retry,
            comment,
        } = self;
        let mut separator = "";
        let texts = [
            ("id", id.as_ref().map(EventId::as_str)),
            ("event", event.as_ref().map(EventType::as_str)),
            ("data", data.as_deref()),
            ("comment", comment.as_deref()),
        ];
        for (name, text) in texts
            .iter()
            .filter_map(|(name, text)| Some((name, (*text)?)))
        {
            write!(f, "{separator}{name}=\"")?;
            for character in text.chars().take(SHOWN_CHARACTERS) {
                write!(f, "{}", character.escape_debug())?;
            }
            f.write_str(if text.chars().nth(SHOWN_CHARACTERS).is_some() {
                "…\""
            } else {
                "\""
            })?;
            separator = " ";
        }
        if let Some(retry) = retry {
            write!(f, "{separator}retry={retry}")?;
        }
        Ok(())
    }
}

const SHOWN_CHARACTERS: usize = 64;

/// Data that is longer than the limit that it was checked against.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DataTooLong {
    max: usize,
    event: alloc::boxed::Box<Event>,
}

impl DataTooLong {
    /// Gives the event back.
    pub fn into_event(self) -> Event {
        *self.event
    }
}

impl fmt::Display for DataTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "data must not exceed {} bytes, it has {}",
            self.max,
            self.event.data_len()
        )
    }
}

impl core::error::Error for DataTooLong {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn appended_pieces_start_new_lines() {
        let event = Event::empty()
            .append_data("a")
            .append_data("")
            .append_data("b\nc");
        assert_eq!(event.data.as_deref(), Some("a\n\nb\nc"));
    }

    #[test]
    fn display_escapes_and_cuts_at_a_character() {
        let event = Event::new("é".repeat(65))
            .id(7)
            .retry(5_u64)
            .comment("\u{1b}[31m");
        let expected = alloc::format!(
            "id=\"7\" data=\"{}…\" comment=\"\\u{{1b}}[31m\" retry=5 ms",
            "é".repeat(64)
        );
        assert_eq!(event.to_string(), expected);
    }

    #[test]
    fn data_at_the_limit_passes_and_one_over_comes_back() {
        assert!(Event::new("1234").check_data_len(4).is_ok());
        let error = Event::new("12345").check_data_len(4).unwrap_err();
        assert_eq!(error.to_string(), "data must not exceed 4 bytes, it has 5");
        assert_eq!(error.into_event(), Event::new("12345"));
    }
}
