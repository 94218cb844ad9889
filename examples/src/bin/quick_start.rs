#![forbid(unsafe_code)]
//! From events to the bytes on the wire, and back.

use anyhow::Result;
use sse_core::{Decoder, Encoder, Event, EventId, EventType};

// Checked at compile time: a line feed in it would not build.
const ORDER: EventType = EventType::from_static("order");

fn main() -> Result<()> {
    let events = [
        Event::new("hello"),
        Event::new("two\nlines").event(ORDER).id(7_u64),
        Event::new("checked at run time").id(EventId::try_from("7/b")?),
        Event::from_comment("nobody sees this"),
    ];

    println!("One event on the wire:\n");
    print!("{}", Encoder::new().encode_to_string(&events[1]));

    let stream = Encoder::new().encode_all(&events);
    println!("All of them are {} bytes. Decoded again:\n", stream.len());

    let mut decoder = Decoder::new();
    // In production, chunks come from a socket; their borders do not matter.
    for chunk in stream.chunks(10) {
        decoder.push(chunk.to_vec());
        while let Some(received) = decoder.next().transpose()? {
            println!(
                "type {:<7}  id {:<3}  data {:?}",
                received.event_type(),
                received.last_event_id.as_str(),
                received.data()
            );
        }
    }
    println!(
        "\nA client that reconnects now sends Last-Event-ID: {}",
        decoder.last_event_id()
    );
    Ok(())
}
