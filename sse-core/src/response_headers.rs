/// The headers of every event stream, names in lower case.
///
/// The content type is exact, without a `charset`: an event stream is UTF-8 by definition, and strict clients compare.
/// `no-cache` keeps browsers and proxies from answering with an old stream, `no-transform` keeps compressing proxies from holding events back,
/// and `x-accel-buffering` tells nginx and its like not to buffer.
pub const RESPONSE_HEADERS: [(&str, &str); 3] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
];
