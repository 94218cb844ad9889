//! The `Last-Event-ID` of a request.

use alloc::{string::String, vec::Vec};

use crate::EventId;

/// The header with which a client resumes, in lower case as HTTP/2 wants it.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// The query parameters that stand in for the header, the first one first.
const QUERY_NAMES: [&[u8]; 3] = [b"last_event_id", b"lastEventId", b"lastEventID"];

/// Takes the last event ID of a request: from its header if that holds one, or else from its query.
///
/// A browser repeats the URL, query included, when it reconnects, so the header is the newer of the two.
///
/// ```
/// use sse_core::last_event_id;
///
/// let id = last_event_id(Some(b"42"), Some("lastEventId=7"));
/// assert_eq!(id.unwrap().as_str(), "42");
/// ```
pub fn last_event_id(header: Option<&[u8]>, query: Option<&str>) -> Option<EventId> {
    header
        .and_then(last_event_id_from_header)
        .or_else(|| query.and_then(last_event_id_from_query))
}

/// Takes the last event ID from the value of the header [`LAST_EVENT_ID`].
///
/// Its bytes are UTF-8, as the HTML standard has clients send it. An empty value means that there is none,
/// and so does one that no event could have had.
pub fn last_event_id_from_header(value: &[u8]) -> Option<EventId> {
    non_empty(core::str::from_utf8(value).ok()?)
}

/// Takes the last event ID from a query string, from its parameter `last_event_id`, `lastEventId` or `lastEventID`.
///
/// It serves pages whose first connection resumes from a position that the server wrote into them, and clients that cannot set headers.
/// The value is decoded as forms are: `%` escapes, and `+` for a space. An empty value means that there is none,
/// and so does one that no event could have had.
pub fn last_event_id_from_query(query: &str) -> Option<EventId> {
    QUERY_NAMES.iter().find_map(|wanted| {
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            if form_decoded(name) != *wanted {
                return None;
            }
            non_empty(String::from_utf8(form_decoded(value)).ok()?)
        })
    })
}

fn non_empty(text: impl TryInto<EventId>) -> Option<EventId> {
    text.try_into().ok().filter(|id: &EventId| !id.is_empty())
}

fn form_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return decoded,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex_digit(*high) << 4 | hex_digit(*low));
                rest
            }
            [byte, rest @ ..] => {
                decoded.push(if *byte == b'+' { b' ' } else { *byte });
                rest
            }
        };
    }
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: Option<&[u8]>, query: Option<&str>, expected: Option<&str>) {
        assert_eq!(
            last_event_id(header, query).as_ref().map(EventId::as_str),
            expected
        );
    }

    #[test]
    fn a_header_is_utf_8_and_is_taken_as_it_stands() {
        check(Some(b"42"), None, Some("42"));
        check(Some("naïve ☃".as_bytes()), None, Some("naïve ☃"));
        check(Some(b" 1%2C2+3 "), None, Some(" 1%2C2+3 "));
        check(Some(b"\xff"), None, None);
        check(Some(b"a\0b"), None, None);
        check(Some(b""), None, None);
    }

    #[test]
    fn a_query_is_decoded_as_a_form() {
        check(None, Some("lastEventId=42"), Some("42"));
        check(None, Some("a=1&last_event_id=x%3Dy+z&b"), Some("x=y z"));
        check(None, Some("lastEventID=%E2%98%83"), Some("☃"));
        check(None, Some("last%45ventId=1=2"), Some("1=2"));
        check(None, Some("lastEventId=100%&x=1"), Some("100%"));
        check(None, Some("lastEventId=%zz%4"), Some("%zz%4"));
        check(None, Some("lastEventId=%FF"), None);
        check(None, Some("lastEventId=a%0Ab"), None);
        check(None, Some("lastEventId=&lasteventid=3"), None);
        check(None, Some("lastEventId"), None);
        check(None, Some(""), None);
    }

    #[test]
    fn the_header_wins_unless_it_holds_no_id() {
        check(Some(b"2"), Some("lastEventId=1"), Some("2"));
        check(Some(b""), Some("lastEventId=1"), Some("1"));
        check(Some(b"\xff"), Some("lastEventId=1"), Some("1"));
    }
}
