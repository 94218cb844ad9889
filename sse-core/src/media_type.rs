/// The media type of an event stream.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// Tells whether the value of a `Content-Type` header names an event stream.
///
/// Case does not count, and parameters such as `charset` may follow: an event stream is UTF-8 whatever they say
/// ([HTML 9.2.3] has a client compare the type's essence).
///
/// ```
/// use sse_core::is_event_stream;
///
/// assert!(is_event_stream(b"Text/Event-Stream; charset=utf-8"));
/// assert!(!is_event_stream(b"application/json"));
/// ```
///
/// [HTML 9.2.3]: https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
pub fn is_event_stream(content_type: &[u8]) -> bool {
    let essence = content_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    essence
        .trim_ascii()
        .eq_ignore_ascii_case(MEDIA_TYPE.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_essence_alone_decides() {
        let yes = [
            "text/event-stream",
            "TEXT/EVENT-STREAM",
            "text/event-stream;charset=x",
            " text/event-stream ; a=b;c",
        ];
        for value in yes {
            assert!(is_event_stream(value.as_bytes()), "{value:?}");
        }
        let no = [
            "",
            ";",
            "text/event-streams",
            "text/plain",
            "text/ event-stream",
            "x;text/event-stream",
            "text/event-stream,text/html",
        ];
        for value in no {
            assert!(!is_event_stream(value.as_bytes()), "{value:?}");
        }
        assert!(!is_event_stream(b"text/event-stream\xff"));
    }
}
