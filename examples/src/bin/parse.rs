#![forbid(unsafe_code)]
//! Decoding: chunks that end anywhere, the borrowed level without allocation, and limits.

use std::num::NonZeroUsize;

use anyhow::Result;
use sse_core::{DecodeErrorKind, Decoder, DecoderOptions, Limit, Limits, SliceDecoder};

const STREAM: &str = "\u{feff}: a comment\r\nevent: price\rid: 1\ndata: 10\n\n\
    data: first line\ndata: second line\nretry: 2500\n\ndata: never ended";

fn main() -> Result<()> {
    println!("Byte by byte, with every kind of line end:");
    let mut decoder = Decoder::new();
    for byte in STREAM.bytes() {
        decoder.push(vec![byte]);
        while let Some(received) = decoder.next().transpose()? {
            let at = decoder.position();
            println!(
                "  at byte {at:>2}: {} {:?}",
                received.event_type(),
                received.data()
            );
        }
    }
    println!("  {} bytes of the last event are held", decoder.buffered());
    println!("  the end discards them: {:?}", decoder.finish());
    if let Some(retry) = decoder.reconnection_time() {
        println!("  the server wants {retry} between connections");
    }

    println!("Borrowed from the input, without a copy:");
    let mut decoder = SliceDecoder::new();
    let mut events = decoder.decode(STREAM.as_bytes());
    while let Some(event) = events.next().transpose()? {
        println!("  {} {:?}", event.event_type(), event.data());
    }

    println!("With limits for a publisher that is not trusted:");
    let limits = Limits::STRICT.line(NonZeroUsize::new(20).expect("not zero"));
    let options = DecoderOptions::new().limits(limits).skip_oversized();
    let mut decoder = Decoder::with_options(options);
    decoder.push(format!(
        "data: before\n\ndata: {}\n\ndata: after\n\n",
        "x".repeat(100)
    ));
    while let Some(result) = decoder.next() {
        match result {
            Ok(received) => println!("  {:?}", received.data()),
            Err(error) if error.kind() == DecodeErrorKind::TooLarge(Limit::Line) => {
                println!("  skipped: {error}");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
