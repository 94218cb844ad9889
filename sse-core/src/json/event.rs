use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Map, Value};

use super::error::JsonError;
use crate::{event::Event, event_id::EventId, event_type::EventType};

impl Event {
    /// Reads an event from a JSON object of `event`, `data`, `id`, `retry` and `comment`, each optional.
    ///
    /// Other keys are ignored, as an event stream ignores unknown fields.
    /// `comment` is text, or a list of texts, one for each line.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if it is no JSON object, or if something has the wrong type or is illegal; `null` is, and so is
    /// a negative `retry`. The message names the key.
    ///
    /// # Examples
    ///
    /// ```
    /// # use sse_core::Event;
    /// let event = Event::from_json(r#"{"data": "x", "id": "7"}"#)?;
    /// assert_eq!(event, Event::new("x").id(7));
    /// let error = Event::from_json(r#"{"data": "x", "retry": -1}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "`retry`: retry must not be negative at line 1 column 25");
    /// # Ok::<(), sse_core::JsonError>(())
    /// ```
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self, JsonError> {
        serde_json::from_slice(json.as_ref()).map_err(JsonError::of_event)
    }

    /// Reads an event from a JSON object as [`from_json`](Self::from_json) does, but takes for absent what has the wrong
    /// type or is illegal.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if it is no JSON object.
    pub fn from_json_lenient(json: impl AsRef<[u8]>) -> Result<Self, JsonError> {
        let object: Map<String, Value> =
            serde_json::from_slice(json.as_ref()).map_err(JsonError::new)?;
        let text = |key| object.get(key).and_then(Value::as_str);
        let comment = match object.get("comment") {
            Some(Value::Array(lines)) => {
                let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
                (!lines.is_empty()).then(|| lines.join("\n"))
            }
            comment => comment.and_then(Value::as_str).map(ToString::to_string),
        };
        Ok(Self {
            event: text("event").and_then(|text| EventType::try_from(text).ok()),
            data: text("data").map(Into::into),
            id: text("id").and_then(|text| EventId::try_from(text).ok()),
            retry: object.get("retry").and_then(Value::as_u64).map(Into::into),
            comment: comment.map(Into::into),
        })
    }

    /// Writes the event as a JSON object, without what is absent.
    ///
    /// For JSON within an HTML page use [`json_html_safe`](crate::json_html_safe).
    ///
    /// ```
    /// # use sse_core::Event;
    /// assert_eq!(Event::new("x").id(7).retry(50_u64).to_json(), r#"{"data":"x","id":"7","retry":50}"#);
    /// ```
    #[expect(
        clippy::missing_panics_doc,
        reason = "an event has nothing that JSON cannot hold"
    )]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and a number can be written as JSON")
    }
}
