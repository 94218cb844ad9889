use serde_json::{Value, json};
use sse_axum::{Event, EventType, Strip};
use sse_core::JsonError;

/// Unnamed events, and a marker at the end.
pub(crate) fn openai(tokens: Vec<String>) -> impl Iterator<Item = Result<Event, JsonError>> {
    let deltas = tokens.into_iter();
    deltas
        .map(|token| chunk(&json!({ "content": token }), None))
        .chain([chunk(&json!({}), Some("stop"))])
        .map(|chunk| Event::json(&chunk))
        .chain([Ok(Event::new("[DONE]"))])
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": examples::now().0,
        "model": "parrot",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    })
}

/// Each event has the type that its data names, too, and the last is `message_stop`.
pub(crate) fn anthropic(tokens: Vec<String>) -> impl Iterator<Item = Result<Event, JsonError>> {
    let before = [
        json!({ "type": "message_start", "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "parrot", "content": [],
        } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": {
            "type": "text", "text": "",
        } }),
    ];
    let deltas = tokens.into_iter().map(|token| {
        let delta = json!({ "type": "text_delta", "text": token });
        json!({ "type": "content_block_delta", "index": 0, "delta": delta })
    });
    let after = [
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" } }),
        json!({ "type": "message_stop" }),
    ];
    before.into_iter().chain(deltas).chain(after).map(|data| {
        let event_type = data["type"].as_str().unwrap_or_default();
        let event_type = EventType::sanitized(event_type, Strip::LineEnds);
        Ok(Event::json(&data)?.event(event_type))
    })
}
