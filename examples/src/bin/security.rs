#![forbid(unsafe_code)]
//! What a hostile text can do in a field: nothing.

use anyhow::{Result, ensure};
use sse_core::{Decoder, DecoderOptions, Encoder, Event, EventId, EventType, Limits, Strip};

fn main() -> Result<()> {
    println!("Injection through an id or an event type is refused:");
    let hostile = "1\ndata: {\"admin\":true}\n\n";
    println!(
        "  {}",
        EventId::try_from(hostile).expect_err("it holds line feeds")
    );
    println!(
        "  {}",
        Event::new("x")
            .try_event("tick\r\nid: 9")
            .expect_err("it holds line ends")
    );

    println!("Or cleaned, telling how much was removed:");
    let clean = EventType::sanitized("tick\r\nid: 9", Strip::LineEnds);
    println!("  {:?}, {} removed", clean.value.as_str(), clean.removed);
    let clean = EventId::sanitized("a\0b\u{2028}c\x1b", Strip::Controls);
    println!("  {:?}, {} removed", clean.value.as_str(), clean.removed);

    println!("Data may hold anything and stays data:");
    let event = Event::new("ok\r\revent: evil\n\nid: 666");
    print!("{}", Encoder::new().encode_to_string(&event));
    let (events, _) = Decoder::new().decode_all(event.encode().into_bytes());
    ensure!(events.len() == 1 && events[0].event_type() == "message");
    println!(
        "  decoded as {} event, {:?}",
        events.len(),
        events[0].data()
    );

    println!("Data for browsers is not sanitised; what is too long is refused:");
    println!(
        "  {}",
        Event::new("x".repeat(5000))
            .check_data_len(4096)
            .expect_err("it is longer")
    );

    println!("A peer that sends a line without end is cut off, in bounded memory:");
    let mut decoder = Decoder::with_options(DecoderOptions::new().limits(Limits::STRICT));
    let error = (0..).find_map(|_| {
        decoder.push("data: and so on ".repeat(16));
        decoder.next().and_then(Result::err)
    });
    let error = error.expect("the limit is finite");
    println!("  {error}; {} bytes were held", decoder.buffered());
    Ok(())
}
