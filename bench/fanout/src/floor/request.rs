//! As much of HTTP as the load generator speaks.

use memchr::memmem;

use crate::arguments::topic_of;

/// A request that has arrived as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub(crate) route: Route,
    pub(crate) topic: &'a str,
    pub(crate) last_event_id: Option<u64>,
    pub(crate) body: &'a [u8],
    /// Bytes of head and body.
    pub(crate) len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Events,
    Publish,
    Allocations,
    Unknown,
}

impl<'a> Request<'a> {
    /// The first request in what has arrived, if it is whole.
    pub(crate) fn parse(input: &'a [u8]) -> Option<Self> {
        let head_len = memmem::find(input, b"\r\n\r\n")? + 4;
        let head = str::from_utf8(&input[..head_len]).unwrap_or_default();
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut body_len = 0;
        let mut last_event_id = None;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                body_len = value.trim().parse().unwrap_or(0);
            } else if name.eq_ignore_ascii_case("last-event-id") {
                last_event_id = value.trim().parse().ok();
            }
        }
        let len = head_len + body_len;
        Some(Self {
            route: match (method, path) {
                ("GET", "/events") => Route::Events,
                ("POST", "/publish") => Route::Publish,
                ("GET", "/allocations") => Route::Allocations,
                _ => Route::Unknown,
            },
            topic: topic_of(query),
            last_event_id,
            body: input.get(head_len..len)?,
            len,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISH: &[u8] =
        b"POST /publish?topic=t3 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbodyGET";

    #[test]
    fn a_request_is_told_from_what_follows_it() {
        let request = Request::parse(PUBLISH).unwrap();
        assert_eq!(request.route, Route::Publish);
        assert_eq!(request.topic, "t3");
        assert_eq!(request.body, b"body");
        assert_eq!(&PUBLISH[request.len..], b"GET");
    }

    #[test]
    fn a_request_that_is_not_whole_is_none() {
        for end in 0..PUBLISH.len() - 3 {
            assert_eq!(Request::parse(&PUBLISH[..end]), None, "{end}");
        }
    }
}
