use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use compression_codecs::{BrotliEncoder, EncodeV2, GzipEncoder, brotli, flate};
use compression_core::{
    Level,
    util::{PartialBuffer, WriteBuffer},
};
use futures_core::Stream;
use http::{HeaderValue, Method, Request, StatusCode, header};
use sse_client::{Backoff, Bytes, ErrorKind, EventSource, MemoryTransport, Reply};

use crate::scene::{URL, request, run, source};

fn encoders() -> [(&'static str, Box<dyn EncodeV2>); 3] {
    let gzip = || GzipEncoder::new(flate::params::FlateEncoderParams::from(Level::Default));
    let br = BrotliEncoder::new(brotli::params::EncoderParams::default());
    [
        ("gzip", Box::new(gzip())),
        ("X-GZIP", Box::new(gzip())),
        ("br", Box::new(br)),
    ]
}

/// What a server writes when it flushes after each piece; with the end, if it comes to that.
fn compressed(encoder: &mut dyn EncodeV2, pieces: &[String], ends: bool) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    let mut buffer = vec![0; 1024 * 1024];
    for piece in pieces {
        let mut output = WriteBuffer::new_initialized(&mut buffer);
        let mut input = PartialBuffer::new(piece.as_bytes());
        while !input.unwritten().is_empty() {
            encoder.encode(&mut input, &mut output).unwrap();
        }
        while !encoder.flush(&mut output).unwrap() {}
        chunks.push(Bytes::copy_from_slice(output.written()));
    }
    if ends {
        let mut output = WriteBuffer::new_initialized(&mut buffer);
        while !encoder.finish(&mut output).unwrap() {}
        chunks.push(Bytes::copy_from_slice(output.written()));
    }
    chunks
}

fn encoded(encoding: &'static str) -> Reply {
    Reply::events().header(header::CONTENT_ENCODING, HeaderValue::from_static(encoding))
}

/// How many events come, at once, of these chunks.
fn count(encoding: &'static str, chunks: &[Bytes]) -> usize {
    let mut reply = encoded(encoding);
    for chunk in chunks {
        reply = reply.chunk(chunk.clone());
    }
    let transport = MemoryTransport::new().reply(reply.hang());
    let mut events = source(&transport).compression();
    let mut context = Context::from_waker(std::task::Waker::noop());
    let (mut count, mut pending) = (0, 0);
    // A long run of chunks without an event is interrupted now and then.
    while pending < 64 {
        match Pin::new(&mut events).poll_next(&mut context) {
            Poll::Ready(item) => {
                item.unwrap().unwrap();
                count += 1;
            }
            Poll::Pending => pending += 1,
        }
    }
    count
}

#[tokio::test(start_paused = true)]
async fn an_event_comes_as_soon_as_it_is_flushed() {
    let pieces: Vec<_> = (0..20)
        .map(|n| format!("id: {n}\ndata: event {n}\n\n"))
        .collect();
    for (encoding, mut encoder) in encoders() {
        let chunks = compressed(&mut *encoder, &pieces, false);
        for known in 1..=pieces.len() {
            assert_eq!(count(encoding, &chunks[..known]), known, "{encoding}");
        }
        let bytes = chunks.concat();
        let bytes: Vec<_> = bytes.chunks(1).map(Bytes::copy_from_slice).collect();
        assert_eq!(count(encoding, &bytes), pieces.len(), "{encoding}");
    }
}

#[tokio::test(start_paused = true)]
async fn much_in_little_comes_in_pieces() {
    // A chunk of a few hundred bytes is ten megabytes; a refusal's body shows the pieces, which are those of events, too.
    let mut wire = "data: x\n\n".to_owned();
    wire.push_str(&":\n".repeat(5 * 1024 * 1024));
    wire.push_str("data: x\n\n");
    for (encoding, mut encoder) in encoders() {
        let chunks = compressed(&mut *encoder, &[wire.clone()], true);
        let reply = Reply::status(StatusCode::FORBIDDEN)
            .header(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        let transport = MemoryTransport::new()
            .reply(reply.chunk(chunks.concat()))
            .reply(encoded(encoding).chunk(chunks.concat()));
        let mut events = source(&transport).compression();
        let error = events.next().await.unwrap().unwrap_err();
        let (mut body, mut longest, mut total) = (error.into_body().unwrap(), 0, 0);
        while let Some(piece) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            let len = piece.unwrap().len();
            (longest, total) = (len.max(longest), total + len);
        }
        assert_eq!(total, wire.len(), "{encoding}");
        assert_eq!(longest, 16 * 1024, "{encoding}");

        let outcome = run(&mut source(&transport).compression()).await;
        assert_eq!(outcome.data, ["x", "x"], "{encoding}");
    }
}

#[tokio::test(start_paused = true)]
async fn gzip_may_be_in_several_members() {
    let mut bytes = Vec::new();
    for data in ["a", "b", "c"] {
        let (_, mut encoder) = encoders().into_iter().next().unwrap();
        let piece = format!("data: {data}\n\n");
        bytes.extend(compressed(&mut *encoder, &[piece], true).concat());
    }
    for size in [1, 7, bytes.len()] {
        let chunks = bytes.chunks(size).map(Bytes::copy_from_slice);
        let reply = chunks.fold(encoded("gzip"), Reply::chunk);
        let transport = MemoryTransport::new().reply(reply);
        let mut events = source(&transport).compression().backoff(Backoff::never());
        let outcome = run(&mut events).await;
        assert_eq!(outcome.data, ["a", "b", "c"], "in chunks of {size}");
        assert_eq!(outcome.error, None, "in chunks of {size}");
    }
    // What is no other member was cut or is damaged: nothing is left out in silence.
    let reply = encoded("gzip").chunk([bytes, b"data: d\n\n".to_vec()].concat());
    let transport = MemoryTransport::new().reply(reply);
    let mut events = source(&transport).compression().backoff(Backoff::never());
    let outcome = run(&mut events).await;
    assert_eq!(outcome.error, Some(ErrorKind::Transport));
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_refusal_is_decoded_too() {
    for (encoding, mut encoder) in encoders() {
        let text = "{\"error\":\"no key\"}".to_owned();
        let body = compressed(&mut *encoder, std::slice::from_ref(&text), true).concat();
        let reply = Reply::status(StatusCode::UNAUTHORIZED)
            .header(header::CONTENT_ENCODING, HeaderValue::from_static(encoding))
            .chunk(body);
        let transport = MemoryTransport::new().reply(reply);
        let mut error = source(&transport)
            .compression()
            .next()
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED), "{encoding}");
        assert_eq!(error.body().await.unwrap(), text, "{encoding}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_or_no_compression_is_a_failure_of_the_connection() {
    let pieces = ["data: a\n\n".to_owned(), "data: b\n\n".to_owned()];
    for (encoding, mut encoder) in encoders() {
        let chunks = compressed(&mut *encoder, &pieces, true);
        let attempt = |bytes: Bytes| async move {
            let transport = MemoryTransport::new().reply(encoded(encoding).chunk(bytes));
            let mut events = source(&transport).compression().backoff(Backoff::never());
            run(&mut events).await
        };
        let outcome = attempt(chunks.concat().into()).await;
        assert_eq!((outcome.data.len(), outcome.error), (2, None), "{encoding}");
        let outcome = attempt(chunks[0].clone()).await;
        assert_eq!(outcome.data, ["a"], "{encoding}");
        assert_eq!(outcome.error, Some(ErrorKind::Transport), "{encoding}");
        let outcome = attempt(Bytes::from_static(b"data: a\n\n")).await;
        assert_eq!(outcome.error, Some(ErrorKind::Transport), "{encoding}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_not_repeated_once_compressed_bytes_have_come() {
    for (encoding, mut encoder) in encoders() {
        let chunks = compressed(&mut *encoder, &["data: a\n\n".to_owned()], true);
        // Nothing can be decoded of the first byte, and yet the server has begun to answer.
        let reply = encoded(encoding).chunk(chunks.concat()[..1].to_vec());
        let transport = MemoryTransport::new().reply(reply.error("reset"));
        let mut events = request(&transport, Method::POST, "question").compression();
        let outcome = run(&mut events).await;
        assert_eq!(outcome.error, Some(ErrorKind::Transport), "{encoding}");
        assert_eq!(transport.requests().len(), 1, "{encoding}");
    }
}

#[tokio::test(start_paused = true)]
async fn compression_is_asked_for_only_where_it_was_told_to() {
    let accepted = |events: EventSource, transport: MemoryTransport| async move {
        run(&mut { events }).await;
        transport.requests()[0]
            .header("accept-encoding")
            .map(str::to_owned)
    };
    let transport = MemoryTransport::new();
    assert_eq!(accepted(source(&transport), transport.clone()).await, None);
    let transport = MemoryTransport::new();
    let events = source(&transport).compression();
    let found = accepted(events, transport.clone()).await;
    assert_eq!(found.as_deref(), Some("gzip, br"));
    let transport = MemoryTransport::new();
    let request = Request::get(URL).header("accept-encoding", "br").body(());
    let events = EventSource::with_transport(transport.clone(), request.unwrap()).compression();
    let found = accepted(events, transport.clone()).await;
    assert_eq!(found.as_deref(), Some("br"));
}

#[tokio::test(start_paused = true)]
async fn compression_is_undone_only_where_it_was_asked_for() {
    for (encoding, mut encoder) in encoders() {
        let chunks = compressed(&mut *encoder, &["data: a\n\n".to_owned()], true);
        let transport = MemoryTransport::new().reply(encoded(encoding).chunk(chunks.concat()));
        let outcome = run(&mut source(&transport)).await;
        assert_eq!(
            outcome.error,
            Some(ErrorKind::ContentEncoding),
            "{encoding}"
        );
    }
}
