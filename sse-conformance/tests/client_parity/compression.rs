use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use sse_client::ErrorKind;
use sse_conformance::client::Answer;

use crate::{client, read, server, soon};

/// Each part compressed and flushed as one, so that it can be read before the next one comes.
fn gzip(parts: &[&str]) -> Vec<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut pieces = Vec::new();
    for part in parts {
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.flush().unwrap();
        pieces.push(std::mem::take(encoder.get_mut()));
    }
    pieces.push(encoder.finish().unwrap());
    pieces
}

fn compressed(pieces: &[Vec<u8>]) -> Answer {
    let mut answer = Answer::status(200)
        .header("content-type", "text/event-stream")
        .header("content-encoding", "gzip")
        .chunked();
    for piece in pieces {
        answer = answer.send(piece.clone());
    }
    answer
}

#[tokio::test]
async fn a_compressed_stream_is_asked_for_and_read() {
    let pieces = gzip(&["id: 1\ndata: a\n\n", "id: 2\ndata: b\n\n"]);
    let server = server([compressed(&pieces)]);
    let events = client(&server).compression();
    assert_eq!(
        read(events).await.without_error(),
        ["message|a|1", "message|b|2"]
    );
    assert!(server.asked()[0].text("accept-encoding").contains("gzip"));
}

#[tokio::test]
async fn a_compressed_event_is_handed_over_before_the_next_one_comes() {
    let pieces = gzip(&["id: 1\ndata: a\n\n", "id: 2\ndata: b\n\n"]);
    let server = server([compressed(&pieces[..1]).silence()]);
    let mut events = client(&server).compression();
    let first = soon(events.next()).await.unwrap().unwrap();
    assert_eq!(first.data(), "a");
}

#[tokio::test]
async fn a_compressed_stream_that_is_cut_anywhere_is_asked_for_again_with_the_last_whole_event() {
    let pieces = gzip(&["id: 1\ndata: a\n\n", "id: 2\ndata: b\n\n"]);
    for end in 0..pieces[1].len() {
        let cut = [pieces[0].clone(), pieces[1][..end].to_vec()];
        let parts = if end == 0 { &cut[..1] } else { &cut[..] };
        let server = server([compressed(parts)]);
        let events = client(&server).compression();
        let read = read(events).await;
        assert_eq!(read.without_error()[0], "message|a|1", "{end}");
        let last = read.items.last().unwrap().rsplit('|').next().unwrap();
        assert_eq!(server.asked()[1].text("last-event-id"), last, "{end}");
    }
}

#[tokio::test]
async fn unlike_a_browser_compression_is_not_asked_for_by_itself_and_is_then_a_final_error() {
    let server = server([compressed(&gzip(&["data: a\n\n"]))]);
    let error = read(client(&server)).await.error();
    assert_eq!(error.kind(), ErrorKind::ContentEncoding);
    assert_eq!(server.asked()[0].header("accept-encoding"), None);
}

#[tokio::test]
async fn a_compression_that_was_not_asked_for_and_is_not_known_is_a_final_error() {
    let answer = Answer::events("data: a\n\n").header("content-encoding", "zstd");
    let server = server([answer]);
    let error = read(client(&server).compression()).await.error();
    assert_eq!(error.kind(), ErrorKind::ContentEncoding);
    assert_eq!(server.asked().len(), 1);
}
