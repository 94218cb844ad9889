use std::fmt::{self, Write as _};

/// One event as an `EventSource` dispatches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dispatched {
    /// Event type; `message` when the stream gave none or an empty one.
    pub event: String,
    /// Data, lines joined by LF.
    pub data: String,
    /// Last event ID string at the moment of dispatch.
    pub last_event_id: String,
}

impl Dispatched {
    /// The three strings of an event.
    pub fn new(event: &str, data: &str, last_event_id: &str) -> Self {
        Self {
            event: event.to_owned(),
            data: data.to_owned(),
            last_event_id: last_event_id.to_owned(),
        }
    }
}

/// What a stream means: the result of the [`Oracle`](super::Oracle) and the content of a vector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// Events in order.
    pub events: Vec<Dispatched>,
    /// Last event ID string at the end of the stream.
    pub last_event_id: String,
    /// Reconnection time in milliseconds, saturated at `u64::MAX`.
    pub retry: Option<u64>,
    /// Every complete comment line, without its colon and one leading space.
    pub comments: Vec<String>,
}

/// The parts of an event as plain strings, legal or not: what an encoder is asked to write and
/// what a block of a stream said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the five parts that the wire format has"
)]
pub struct Fields {
    /// Event type.
    pub event: Option<String>,
    /// Data.
    pub data: Option<String>,
    /// Id.
    pub id: Option<String>,
    /// Reconnection time in milliseconds.
    pub retry: Option<u64>,
    /// Comment.
    pub comment: Option<String>,
}

/// One item a decoder handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// What the block itself said.
    pub fields: Fields,
    /// The state at its dispatch.
    pub last_event_id: String,
}

/// A decode error, reduced to what can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// Name of the kind.
    pub kind: String,
    /// The limit that was exceeded, as the error reports it.
    pub limit: String,
    /// Where in the stream, in bytes.
    pub offset: u64,
    /// How many items had been handed out before it.
    pub after_items: usize,
}

/// Everything a decoder under test did with a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// Items in order, comments among them.
    pub blocks: Vec<Block>,
    /// Events dispatched after each chunk; the only part that may depend on the chunking.
    pub after_chunk: Vec<usize>,
    /// Errors in order.
    pub failures: Vec<Failure>,
    /// Last event ID string at the end.
    pub last_event_id: String,
    /// Reconnection time at the end, in milliseconds.
    pub retry: Option<u64>,
    dispatched: usize,
}

impl Decoded {
    /// Adds an item.
    pub fn push(&mut self, fields: Fields, last_event_id: &str) {
        self.dispatched += usize::from(fields.data.is_some());
        self.blocks.push(Block {
            fields,
            last_event_id: last_event_id.to_owned(),
        });
    }

    /// Events with data so far.
    pub fn dispatched(&self) -> usize {
        self.dispatched
    }

    /// The same result in the terms of the standard.
    pub fn outcome(&self) -> Expected {
        let mut outcome = Expected {
            last_event_id: self.last_event_id.clone(),
            retry: self.retry,
            ..Expected::default()
        };
        for Block {
            fields,
            last_event_id,
        } in &self.blocks
        {
            outcome.comments.extend(fields.comment.clone());
            let Some(data) = &fields.data else { continue };
            let event = fields.event.as_deref().filter(|event| !event.is_empty());
            outcome.events.push(Dispatched::new(
                event.unwrap_or("message"),
                data,
                last_event_id,
            ));
        }
        outcome
    }

    /// Equality of all that may not depend on the chunking.
    ///
    /// # Errors
    ///
    /// Says where the two differ.
    pub fn same_as(&self, other: &Self) -> Result<(), String> {
        let chunk_free = |decoded: &Self| Self {
            after_chunk: Vec::new(),
            ..decoded.clone()
        };
        let (left, right) = (chunk_free(self), chunk_free(other));
        if left == right {
            Ok(())
        } else {
            Err(format!("{left}\nand\n{right}"))
        }
    }
}

impl fmt::Display for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Block {
            fields,
            last_event_id,
        } in &self.blocks
        {
            writeln!(f, "  {fields} last_event_id={}", Escaped(last_event_id))?;
        }
        for failure in &self.failures {
            writeln!(f, "  {failure:?}")?;
        }
        write!(
            f,
            "  final last_event_id={} retry={:?}",
            Escaped(&self.last_event_id),
            self.retry
        )
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        let texts = [
            ("event", &self.event),
            ("data", &self.data),
            ("id", &self.id),
            ("comment", &self.comment),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                write!(f, " {name}={}", Escaped(text))?;
            }
        }
        if let Some(retry) = self.retry {
            write!(f, " retry={retry}")?;
        }
        f.write_str(" }")
    }
}

/// Text in quotes with everything invisible escaped, its middle left out when it is long.
#[derive(Debug)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 120;
        let length = self.0.chars().count();
        let escape = |c: char| {
            let plain = c == ' ' || c.is_ascii_graphic();
            if plain {
                c.escape_debug().to_string()
            } else {
                c.escape_default().to_string()
            }
        };
        if length <= SHOWN {
            return write!(f, "\"{}\"", self.0.chars().map(escape).collect::<String>());
        }
        let head: String = self.0.chars().take(SHOWN / 2).map(escape).collect();
        let tail: String = self
            .0
            .chars()
            .skip(length - SHOWN / 2)
            .map(escape)
            .collect();
        write!(f, "\"{head}…{tail}\" ({} bytes)", self.0.len())
    }
}
