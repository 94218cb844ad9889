//! What of a request decides about its subscription.

use http::{HeaderMap, StatusCode, request::Parts};
use sse_core::{EventId, LAST_EVENT_ID, last_event_id};

use crate::{
    answer::{Refusal, plain, problem},
    registry::is_pattern,
};

/// The longest query.
const MOST_QUERY: usize = 8 * 1024;

/// Returns the last event ID: the header's if that holds one, or else the query's.
pub(super) fn resume_id(parts: &Parts) -> Result<Option<EventId>, Refusal> {
    let query = parts.uri.query();
    if query.is_some_and(|query| query.len() > MOST_QUERY) {
        let text = "the query must have at most 8192 bytes";
        return Err(plain(StatusCode::URI_TOO_LONG, text).into());
    }
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    if pairs.filter(|(name, _)| name == "last_event_id").count() > 1 {
        let text = "Failed to deserialize query string: duplicate field `last_event_id`";
        return Err(plain(StatusCode::BAD_REQUEST, text).into());
    }
    let header = parts.headers.get(LAST_EVENT_ID);
    Ok(last_event_id(
        header.map(http::HeaderValue::as_bytes),
        query,
    ))
}

/// Returns the topics of the query; none is the default topic.
pub(super) fn topics(query: Option<&str>) -> Vec<String> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs
        .filter(|(name, _)| name == "topic")
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// Whether the query says where a stream on the hub's wire begins, or that it is told where it is live.
pub(super) fn says_where(query: Option<&str>) -> bool {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.any(|(name, _)| name == "start" || name == "markers")
}

/// The longest pattern, in bytes.
const MOST_PATTERN: usize = 256;

/// Refuses more topics than a connection may have, and patterns that are too long.
pub(super) fn check_topics(topics: &[String], most: usize) -> Result<(), Refusal> {
    let is_too_long = |topic: &String| topic.len() > MOST_PATTERN && is_pattern(topic);
    if topics.iter().any(is_too_long) {
        let text = "a pattern may have at most 256 bytes";
        return Err(problem(StatusCode::BAD_REQUEST, text).into());
    }
    if topics.len() > most {
        let text = format!("a connection may have at most {most} topics");
        return Err(problem(StatusCode::BAD_REQUEST, &text).into());
    }
    Ok(())
}

/// Whether the client asks for a status where a browser needs a stream that ends.
pub(super) fn prefers_status(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split([',', ';']))
        .any(|preference| preference.trim().eq_ignore_ascii_case("status"))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[track_caller]
    fn check(uri: &str, headers: &[&[u8]], expected: Result<Option<&str>, u16>) {
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        for header in headers {
            let value = http::HeaderValue::from_bytes(header).unwrap();
            parts.headers.append(LAST_EVENT_ID, value);
        }
        let id = resume_id(&parts).map_err(|refusal| refusal.status());
        let id = id.map(|id| id.map(|id| id.to_string()));
        assert_eq!(id, expected.map(|id| id.map(str::to_owned)), "{uri}");
    }

    #[test]
    fn the_header_is_the_newer_last_event_id() {
        check("/sse", &[], Ok(None));
        check("/sse?last_event_id=7", &[], Ok(Some("7")));
        check("/sse?last_event_id=7", &[b"8"], Ok(Some("8")));
        check("/sse?last_event_id=7", &[b"8", b"9"], Ok(Some("8")));
        check("/sse?last_event_id=7", &[b""], Ok(Some("7")));
        check("/sse?last_event_id=", &[], Ok(None));
        check("/sse", &["☃".as_bytes()], Ok(Some("☃")));
        check("/sse?last_event_id=7", &[b"\xff"], Ok(Some("7")));
        check("/sse?last_event_id=7&last_event_id=8", &[], Err(400));
    }

    #[test]
    fn topics_are_decoded() {
        assert_eq!(topics(Some("topic=a%2Fb&x=1&topic=*")), ["a/b", "*"]);
        assert!(topics(None).is_empty());
    }
}
