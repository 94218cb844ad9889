use bytes::Bytes;

use super::{diff::diff, format::ReconnectVector};
use crate::codec::{Bound, Codec, Cuts, Decoded, Expected, Surface};

/// Plays the connections of one client, as given and byte by byte.
pub(super) fn run(codec: &dyn Codec, vector: &ReconnectVector) -> Result<(), String> {
    let as_given = |chunks: &[Bytes]| chunks.to_vec();
    let bytewise = |chunks: &[Bytes]| Cuts::Every(1).cut(&chunks.concat().into());
    play(codec, vector, &as_given).map_err(|what| format!("as given, {what}"))?;
    play(codec, vector, &bytewise).map_err(|what| format!("byte by byte, {what}"))
}

fn play(
    codec: &dyn Codec,
    vector: &ReconnectVector,
    cut: &dyn Fn(&[Bytes]) -> Vec<Bytes>,
) -> Result<(), String> {
    let mut decoder = codec.decoder(Surface::Events, Bound::Default);
    let mut request = None;
    let mut last = Expected::default();
    for (at, connection) in (1..).zip(&vector.connections) {
        compare_request(
            &format!("request {at}"),
            connection.request.as_deref(),
            request.as_deref(),
        )?;
        let mut seen = Decoded::default();
        for chunk in cut(&connection.chunks) {
            decoder.feed(chunk, &mut seen);
        }
        decoder.finish(&mut seen);
        let actual = Expected {
            comments: Vec::new(),
            ..seen.outcome()
        };
        let expected = Expected {
            events: connection.events.clone(),
            ..actual.clone()
        };
        if actual != expected {
            return Err(format!("connection {at}:{}", diff(&expected, &actual)));
        }
        request = decoder.reconnect();
        last = actual;
    }
    compare_request(
        "the request after the last",
        vector.next_request.as_deref(),
        request.as_deref(),
    )?;
    let Some(keys) = &vector.last else {
        return Ok(());
    };
    let expected = Expected {
        last_event_id: keys.last_event_id(),
        retry: keys.retry_ms,
        ..last.clone()
    };
    if keys.other_retries().contains(&last.retry) || last == expected {
        return Ok(());
    }
    Err(diff(&expected, &last))
}

fn compare_request(
    what: &str,
    expected: Option<&str>,
    actual: Option<&[u8]>,
) -> Result<(), String> {
    if expected.map(str::as_bytes) == actual {
        return Ok(());
    }
    let actual = actual.map(|header| header.escape_ascii().to_string());
    Err(format!(
        "{what}: last-event-id\n    expected {expected:?}\n    actual   {actual:?}"
    ))
}
