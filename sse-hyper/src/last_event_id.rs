use http::{HeaderName, HeaderValue, Request};

/// The header with which a client resumes.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static(sse_core::LAST_EVENT_ID);

sse_core::last_event_id_type!();

/// Extracts the last event ID of a request from its header or its query.
pub fn last_event_id<B>(request: &Request<B>) -> LastEventId {
    let header = request.headers().get(LAST_EVENT_ID);
    let header = header.map(HeaderValue::as_bytes);
    LastEventId(sse_core::last_event_id(header, request.uri().query()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_taken_before_the_query() {
        let mut request = Request::get("/?lastEventId=7")
            .header("Last-Event-ID", "☃")
            .body(())
            .unwrap();
        assert_eq!(last_event_id(&request).0.unwrap().as_str(), "☃");
        request.headers_mut().clear();
        assert_eq!(last_event_id(&request).0.unwrap().as_str(), "7");
    }
}
