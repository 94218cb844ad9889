use alloc::string::String;
use core::borrow::Borrow;

use bytes::Bytes;

use super::{
    encoded_event::EncodedEvent,
    lines::{LineEnds, Lines},
    sink::Sink,
};
use crate::event::Event;

/// Writes events as `text/event-stream` ([HTML 9.2.5]).
///
/// Encoding cannot fail, and equal events give equal bytes.
/// The fields come in the order id, event, retry, data, comments, each as `name: value` with one space,
/// so that a leading space of the value survives.
/// Data and comments are split at CRLF, LF and lone CR, and nowhere else.
/// A list of events encodes to the concatenation of their encodings.
///
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use sse_core::{Encoder, Event, LineEnd};
///
/// let encoder = Encoder::new().line_end(LineEnd::CrLf);
/// assert_eq!(encoder.encode(&Event::new("a\rb")), "data: a\r\ndata: b\r\n\r\n");
///
/// let mut buffer = Vec::new();
/// encoder.encode_into(&Event::new("x"), &mut buffer);
/// assert_eq!(buffer, b"data: x\r\n\r\n");
/// ```
///
/// [HTML 9.2.5]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Encoder {
    line_end: LineEnd,
    order: FieldOrder,
    close_comments: CloseComments,
}

/// The line end that an [`Encoder`] writes.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum LineEnd {
    /// A line feed.
    #[default]
    Lf,
    /// A carriage return and a line feed.
    CrLf,
}

/// The order in which an [`Encoder`] writes the fields of an event.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum FieldOrder {
    /// id, event, retry, data.
    #[default]
    IdFirst,
    /// event, data, id, retry.
    EventFirst,
}

#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
enum CloseComments {
    #[default]
    Always,
    Never,
}

impl Encoder {
    /// Makes an encoder that writes LF, the id first, and a blank line after every block.
    pub const fn new() -> Self {
        Self {
            line_end: LineEnd::Lf,
            order: FieldOrder::IdFirst,
            close_comments: CloseComments::Always,
        }
    }

    /// Sets the line end; LF by default.
    pub const fn line_end(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end;
        self
    }

    /// Sets the order of the fields; the id comes first by default.
    pub const fn field_order(mut self, order: FieldOrder) -> Self {
        self.order = order;
        self
    }

    /// Leaves out the blank line after an event that has nothing but a comment, where text or bytes are written.
    ///
    /// Receivers ignore that blank line; it serves proxies and naive readers that wait for one, and without it comments
    /// add up to the limit that a receiver has for one event.
    /// [`encode`](Self::encode) writes it all the same, since an [`EncodedEvent`] is a whole block.
    pub const fn open_comments(mut self) -> Self {
        self.close_comments = CloseComments::Never;
        self
    }

    /// Encodes an event once, to be shared by any number of receivers; one allocation of the exact size.
    ///
    /// The block is closed, [`open_comments`](Self::open_comments) or not.
    pub fn encode(self, event: &Event) -> EncodedEvent {
        let encoder = Self {
            close_comments: CloseComments::Always,
            ..self
        };
        let plan = encoder.plan(event);
        let mut wire = String::with_capacity(plan.len);
        let id = encoder.write(event, plan, &mut wire);
        debug_assert_eq!(wire.len(), plan.len);
        EncodedEvent::new(wire.into(), id)
    }

    /// Appends the encoding of an event to a buffer.
    pub fn encode_into(self, event: &Event, buffer: &mut impl Sink) {
        let plan = self.plan(event);
        buffer.reserve(plan.len);
        self.write(event, plan, buffer);
    }

    /// Encodes a list of events, which need not be in memory at once.
    pub fn encode_all<I>(self, events: I) -> Bytes
    where
        I: IntoIterator<Item: Borrow<Event>>,
    {
        self.encode_all_to_string(events).into()
    }

    /// Encodes a list of events to text.
    pub fn encode_all_to_string<I>(self, events: I) -> String
    where
        I: IntoIterator<Item: Borrow<Event>>,
    {
        let mut text = String::new();
        self.encode_all_into(events, &mut text);
        text
    }

    /// Appends the encodings of a list of events to a buffer.
    ///
    /// ```
    /// # use sse_core::{Encoder, Event};
    /// let mut buffer = Vec::new();
    /// Encoder::new().encode_all_into((1..=2).map(|n| Event::new(n.to_string())), &mut buffer);
    /// assert_eq!(buffer, b"data: 1\n\ndata: 2\n\n");
    /// ```
    pub fn encode_all_into<I>(self, events: I, buffer: &mut impl Sink)
    where
        I: IntoIterator<Item: Borrow<Event>>,
    {
        for event in events {
            self.encode_into(event.borrow(), buffer);
        }
    }

    /// Encodes an event to text.
    pub fn encode_to_string(self, event: &Event) -> String {
        let mut text = String::new();
        self.encode_into(event, &mut text);
        text
    }

    /// Returns the exact number of bytes that [`encode_into`](Self::encode_into) appends, without encoding.
    pub fn encoded_len(self, event: &Event) -> usize {
        self.plan(event).len
    }

    fn plan(self, event: &Event) -> Plan {
        let Event {
            event: event_type,
            data,
            id,
            retry,
            comment,
        } = event;
        let end = self.line_end.as_str().len();
        let field = |name: &str, len: usize| name.len() + len + end;
        let mut len = 0;
        len += id.as_ref().map_or(0, |id| field(ID, id.as_str().len()));
        len += event_type
            .as_ref()
            .map_or(0, |event_type| field(EVENT, event_type.as_str().len()));
        len += retry.map_or(0, |retry| field(RETRY, decimal_digits(retry.as_millis())));
        let mut data_is_one_line = true;
        if let Some(data) = data {
            let ends = LineEnds::of(data);
            data_is_one_line = ends.count == 0;
            len += data.len() - ends.bytes + (ends.count + 1) * field(DATA, 0);
        }
        let only_comment = len == 0;
        if let Some(comment) = comment {
            len += Lines::new(comment)
                .map(|line| comment_prefix(line).len() + line.len() + end)
                .sum::<usize>();
        }
        let closed = len > 0 && !(only_comment && self.close_comments == CloseComments::Never);
        Plan {
            len: len + if closed { end } else { 0 },
            data_is_one_line,
            closed,
        }
    }

    /// Writes what was planned; returns where the id lies in it.
    fn write(self, event: &Event, plan: Plan, out: &mut impl Sink) -> Option<(usize, usize)> {
        let Event {
            event: event_type,
            data,
            id,
            retry,
            comment,
        } = event;
        let end = self.line_end.as_str();
        let mut line = |name: &str, value: &str| {
            out.put(name);
            out.put(value);
            out.put(end);
            name.len() + value.len() + end.len()
        };
        let mut written = 0;
        let mut id_at = None;
        for part in self.order.parts() {
            match part {
                Part::Id => {
                    if let Some(id) = id {
                        let start = written + ID.len();
                        id_at = Some((start, start + id.as_str().len()));
                        written += line(ID, id.as_str());
                    }
                }
                Part::Event => {
                    written += event_type.as_ref().map_or(0, |it| line(EVENT, it.as_str()));
                }
                Part::Retry => {
                    if let Some(retry) = retry {
                        let mut digits = [0; 20];
                        written += line(RETRY, decimal(retry.as_millis(), &mut digits));
                    }
                }
                Part::Data => {
                    if let Some(data) = data {
                        if plan.data_is_one_line {
                            written += line(DATA, data);
                        } else {
                            written += Lines::new(data).map(|text| line(DATA, text)).sum::<usize>();
                        }
                    }
                }
            }
        }
        for text in comment.iter().flat_map(|comment| Lines::new(comment)) {
            line(comment_prefix(text), text);
        }
        if plan.closed {
            out.put(end);
        }
        id_at
    }
}

/// What a first look at an event tells.
#[derive(Clone, Copy)]
struct Plan {
    len: usize,
    data_is_one_line: bool,
    closed: bool,
}

#[derive(Clone, Copy)]
enum Part {
    Id,
    Event,
    Retry,
    Data,
}

impl FieldOrder {
    const fn parts(self) -> [Part; 4] {
        match self {
            Self::IdFirst => [Part::Id, Part::Event, Part::Retry, Part::Data],
            Self::EventFirst => [Part::Event, Part::Data, Part::Id, Part::Retry],
        }
    }
}

impl LineEnd {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

const ID: &str = "id: ";
const EVENT: &str = "event: ";
const RETRY: &str = "retry: ";
const DATA: &str = "data: ";

/// A comment without text is the shortest line that there is: it serves as keep-alive.
const fn comment_prefix(line: &str) -> &'static str {
    if line.is_empty() { ":" } else { ": " }
}

const fn decimal_digits(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}

fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return core::str::from_utf8(&digits[start..]).expect("digits are ASCII");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(event: &Event, expected: &str) {
        let encoded = event.encode();
        assert_eq!(encoded, expected);
        assert_eq!(event.encoded_len(), expected.len());
        let crlf = Encoder::new().line_end(LineEnd::CrLf);
        assert_eq!(crlf.encode(event), expected.replace('\n', "\r\n").as_str());
        assert_eq!(
            crlf.encoded_len(event),
            expected.replace('\n', "\r\n").len()
        );
        assert_eq!(encoded.id(), event.id.as_ref().map(crate::EventId::as_str));
    }

    #[test]
    fn each_part_has_its_line() {
        let event = Event::new("x")
            .event(crate::EventType::from_static("t"))
            .id("7".parse::<crate::EventId>().unwrap());
        check(&event, "id: 7\nevent: t\ndata: x\n\n");
        check(
            &event.clone().retry(0_u64).comment("c"),
            "id: 7\nevent: t\nretry: 0\ndata: x\n: c\n\n",
        );
        check(
            &Event::empty().retry(u64::MAX),
            "retry: 18446744073709551615\n\n",
        );
        check(&Event::empty().id(crate::EventId::EMPTY), "id: \n\n");
        check(&Event::empty(), "");
    }

    #[test]
    fn data_keeps_every_line_and_space() {
        check(&Event::new(""), "data: \n\n");
        check(&Event::new("\n"), "data: \ndata: \n\n");
        check(&Event::new("a\n"), "data: a\ndata: \n\n");
        check(&Event::new(" a "), "data:  a \n\n");
        check(
            &Event::new("a\r\nb\rc\nd"),
            "data: a\ndata: b\ndata: c\ndata: d\n\n",
        );
        check(&Event::new("a\u{2028}\0b"), "data: a\u{2028}\0b\n\n");
    }

    #[test]
    fn comments_cannot_break_out() {
        check(&Event::from_comment(""), ":\n\n");
        check(
            &Event::from_comment("a\rdata: b\n\nc"),
            ": a\n: data: b\n:\n: c\n\n",
        );
    }

    #[test]
    fn an_open_comment_is_closed_only_where_it_must_be_a_whole_block() {
        let open = Encoder::new().open_comments();
        let (comment, event) = (Event::from_comment("a"), Event::new("x").comment("a"));
        let (mut one, mut list) = (alloc::vec::Vec::new(), String::new());
        open.encode_into(&comment, &mut one);
        open.encode_all_into([&comment, &event], &mut list);
        assert_eq!(one, b": a\n");
        assert_eq!(open.encoded_len(&comment), one.len());
        assert_eq!(open.encode_to_string(&comment), ": a\n");
        assert_eq!(list, ": a\ndata: x\n: a\n\n");
        assert_eq!(open.encode_all([&comment, &event]), list);
        for event in [&comment, &event, &Event::new("x")] {
            let encoded = open.encode(event);
            assert_eq!(encoded, event.encode());
            assert_eq!(
                EncodedEvent::from_wire(encoded.as_bytes().clone()),
                Ok(encoded)
            );
        }
    }

    #[test]
    fn the_order_can_be_chosen_and_the_id_is_still_found() {
        let event = Event::new("a\nb")
            .event(crate::EventType::from_static("t"))
            .id(7)
            .retry(5_u64);
        let encoded = Encoder::new()
            .field_order(FieldOrder::EventFirst)
            .encode(&event);
        assert_eq!(encoded, "event: t\ndata: a\ndata: b\nid: 7\nretry: 5\n\n");
        assert_eq!(encoded.id(), Some("7"));
    }

    #[test]
    fn a_list_is_the_concatenation_in_every_buffer() {
        let events = [
            Event::new("a"),
            Event::empty(),
            Event::from_comment("c"),
            Event::new("b\nc").id(1),
        ];
        let expected = "data: a\n\n: c\n\nid: 1\ndata: b\ndata: c\n\n";
        let encoder = Encoder::new();
        assert_eq!(encoder.encode_all(&events), expected);
        let (mut vec, mut bytes, mut text) = (
            alloc::vec::Vec::new(),
            bytes::BytesMut::new(),
            String::new(),
        );
        for event in &events {
            encoder.encode_into(event, &mut vec);
            encoder.encode_into(event, &mut bytes);
            encoder.encode_into(event, &mut text);
        }
        assert_eq!(
            (&vec[..], &bytes[..], &text[..]),
            (expected.as_bytes(), expected.as_bytes(), expected)
        );
        encoder.encode_all_into(&events, &mut bytes);
        assert_eq!(bytes, expected.repeat(2));
    }
}
