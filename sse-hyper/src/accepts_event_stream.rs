use http::header::{ACCEPT, HeaderMap, HeaderValue};

/// Tells whether a request with these headers takes an event stream; answer 406 if it does not.
///
/// A request without `Accept` takes one.
pub fn accepts_event_stream(headers: &HeaderMap) -> bool {
    sse_core::accepts_event_stream(headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_that_names_other_types_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(accepts_event_stream(&headers));
        headers.insert(ACCEPT, HeaderValue::from_static("text/html"));
        assert!(!accepts_event_stream(&headers));
        headers.append(ACCEPT, HeaderValue::from_static("text/event-stream"));
        assert!(accepts_event_stream(&headers));
    }
}
