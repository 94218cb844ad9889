#![forbid(unsafe_code)]
//! Typed data in and out, and events as JSON.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use sse_core::{Decoder, Encoder, Event, json_html_safe};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Trade {
    symbol: String,
    price: f64,
}

fn main() -> Result<()> {
    let trade = Trade {
        symbol: "RUST".to_owned(),
        price: 21.5,
    };

    println!("A value as the data of an event:\n");
    let event = Event::json(&trade)?.try_event("trade")?.id(1_u64);
    print!("{}", Encoder::new().encode_to_string(&event));

    println!("And out of it again:\n");
    let mut decoder = Decoder::new();
    decoder.push(event.encode().into_bytes());
    decoder.push("event: trade\ndata: {\"symbol\": 7}\n\n");
    while let Some(received) = decoder.next().transpose()? {
        match received.json::<Trade>() {
            Ok(trade) => println!("  {trade:?}"),
            Err(error) => println!("  no trade: {error}"),
        }
    }

    println!("\nA whole event as JSON, absent fields absent:\n");
    let text = event.to_json();
    println!("  {text}");
    println!(
        "  the same event again: {}",
        Event::from_json(&text)? == event
    );
    let hostile = r#"{"data": "x", "id": "1\ndata: injected"}"#;
    match Event::from_json(hostile) {
        Ok(_) => println!("  a line feed in an id went through"),
        Err(error) => println!("  refused: {error}"),
    }

    println!("\nInside an HTML page JSON must not close the script:\n");
    println!("  {}", json_html_safe("</script><script>alert(1)")?);
    Ok(())
}
