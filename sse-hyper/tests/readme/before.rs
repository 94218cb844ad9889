//! Every left-hand side of the README's last table, compiled.

use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio_stream::{StreamExt, once};

pub(crate) fn rows(text: &str, name: &str, headers: &HeaderMap) {
    let stream = once(text.as_bytes());
    let _ = StreamBody::new(stream.map(Frame::data));
    let event = format!("event: {name}\n") + &format!("data: {text}\n\n");
    assert_eq!(event, "event: tock\ndata: a\n\n");
    assert_eq!(headers.get("last-event-id"), None);
}
