use super::{Dispatched, Expected};

/// A decoder that follows the text of the standard, step by step, on a whole stream.
///
/// Written to be compared with the page, not to be used:
/// [parsing](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream) and
/// [interpreting](https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)
/// an event stream.
#[derive(Debug, Default)]
pub struct Oracle {
    data: String,
    event_type: String,
    last_event_id_buffer: String,
    result: Expected,
}

impl Oracle {
    /// The meaning of the first stream of a client.
    pub fn decode(stream: &[u8]) -> Expected {
        Self::resume("", stream)
    }

    /// The meaning of the stream of a client that reconnected with `last_event_id`.
    ///
    /// The buffer starts as the string does: the standard leaves it empty, but means this, and
    /// browsers do it.
    pub fn resume(last_event_id: &str, stream: &[u8]) -> Expected {
        let mut oracle = Self {
            last_event_id_buffer: last_event_id.to_owned(),
            ..Self::default()
        };
        last_event_id.clone_into(&mut oracle.result.last_event_id);

        // "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order
        // mark and replaces what is not UTF-8.
        let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
        let text = String::from_utf8_lossy(stream);

        // "lines separated by" CRLF, a lone LF, or a lone CR. What follows the last line end is not
        // a line: "once the end of the file is reached, any pending data must be discarded".
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for line in text
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
        {
            oracle.line(line);
        }
        oracle.result
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            // "If the line is empty: dispatch the event."
            self.dispatch();
        } else if let Some(comment) = line.strip_prefix(':') {
            // "If the line starts with a U+003A: ignore the line." Kept here for comparison.
            let comment = comment.strip_prefix(' ').unwrap_or(comment);
            self.result.comments.push(comment.to_owned());
        } else if let Some((field, value)) = line.split_once(':') {
            // "If value starts with a U+0020, remove it": one space, no more.
            self.field(field, value.strip_prefix(' ').unwrap_or(value));
        } else {
            // "Otherwise: the whole line as the field name, and the empty string as the value."
            self.field(line, "");
        }
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.event_type),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            // "If the field value does not contain U+0000 NULL."
            "id" if !value.contains('\0') => value.clone_into(&mut self.last_event_id_buffer),
            // "If the field value consists of only ASCII digits." An empty value gives no integer;
            // one that is too large counts as the largest.
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.result.retry = Some(value.parse().unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        // Step 1: the last event ID string becomes the buffer, whatever follows.
        self.result
            .last_event_id
            .clone_from(&self.last_event_id_buffer);
        let (data, event_type) = (
            std::mem::take(&mut self.data),
            std::mem::take(&mut self.event_type),
        );
        // Steps 2 and 3: no data, no event; exactly one trailing line feed is removed.
        let Some(data) = data.strip_suffix('\n') else {
            return;
        };
        // Steps 4 to 6: the type is `message` unless the buffer is not empty.
        let event_type = if event_type.is_empty() {
            "message"
        } else {
            &event_type
        };
        let id = &self.result.last_event_id;
        self.result
            .events
            .push(Dispatched::new(event_type, data, id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_streams_of_the_standard_mean_what_it_says() {
        let meaning = Oracle::decode(b"data: YHOO\ndata: +2\ndata: 10\n\n");
        assert_eq!(
            meaning.events,
            [Dispatched::new("message", "YHOO\n+2\n10", "")]
        );

        let stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n";
        let meaning = Oracle::decode(stream);
        let events = [
            Dispatched::new("message", "first event", "1"),
            Dispatched::new("message", "second event", ""),
        ];
        assert_eq!(meaning.events, events);
        assert_eq!(meaning.comments, ["test stream"]);

        let meaning = Oracle::decode(b"data\n\ndata\ndata\n\ndata:");
        let events = [
            Dispatched::new("message", "", ""),
            Dispatched::new("message", "\n", ""),
        ];
        assert_eq!(meaning.events, events);
    }
}
