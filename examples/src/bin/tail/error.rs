use std::error;

use sse_client::http::header::CONTENT_TYPE;
use sse_client::{Error, ErrorKind};

/// The error with what the server said about it: its media type, and the beginning of its body.
pub(crate) async fn explained(mut error: Error) -> anyhow::Error {
    let media_type = error
        .headers()
        .and_then(|headers| headers.get(CONTENT_TYPE));
    let media_type = media_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut text = match (error.kind(), media_type) {
        (ErrorKind::MediaType, Some(media_type)) => format!("{error}, and is {media_type}"),
        (ErrorKind::MediaType, None) => format!("{error}, and is missing"),
        _ => chain(&error),
    };
    let body = error.body().await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let said: String = body.trim().chars().take(MOST_SAID).collect();
    if !said.is_empty() {
        text = format!("{text}\n{said}");
    }
    anyhow::Error::msg(text)
}

/// An error and what caused it.
pub(crate) fn chain(error: &(dyn error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Characters of a refusal's body that are shown.
const MOST_SAID: usize = 2000;
