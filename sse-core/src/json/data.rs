use serde::{Deserialize, Serialize};

use super::error::JsonError;
use crate::{
    decode::{EventRef, Received},
    event::Event,
};

impl Event {
    /// Makes an event whose data is a value as JSON, on one line.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be written as JSON, such as a map whose keys are no text.
    ///
    /// # Examples
    ///
    /// ```
    /// # use sse_core::Event;
    /// let event = Event::json(&[1, 2])?.id(7);
    /// assert_eq!(event.encode(), "id: 7\ndata: [1,2]\n\n");
    /// # Ok::<(), sse_core::JsonError>(())
    /// ```
    pub fn json<T: Serialize + ?Sized>(data: &T) -> Result<Self, JsonError> {
        Self::empty().json_data(data)
    }

    /// Sets the data to a value as JSON, on one line.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be written as JSON.
    pub fn json_data<T: Serialize + ?Sized>(self, data: &T) -> Result<Self, JsonError> {
        serde_json::to_string(data)
            .map(|data| self.data(data))
            .map_err(JsonError::new)
    }
}

impl Received {
    /// Reads the data as JSON; the value may borrow from it.
    ///
    /// Depth is limited to 128, size by the decoder's limits.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the data is not JSON or does not fit the type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use sse_core::Decoder;
    /// #[derive(serde::Deserialize)]
    /// struct Delta<'a> {
    ///     text: &'a str,
    /// }
    ///
    /// let mut decoder = Decoder::new();
    /// decoder.push("data: {\"text\": \"hello\"}\n\n");
    /// let received = decoder.next().unwrap()?;
    /// let delta: Delta = received.json()?;
    /// assert_eq!(delta.text, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn json<'d, T: Deserialize<'d>>(&'d self) -> Result<T, JsonError> {
        serde_json::from_str(self.data()).map_err(JsonError::new)
    }
}

impl<'e> EventRef<'e> {
    /// Reads the data as JSON; the value may borrow from it.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the data is not JSON or does not fit the type.
    pub fn json<T: Deserialize<'e>>(&self) -> Result<T, JsonError> {
        serde_json::from_str(self.data()).map_err(JsonError::new)
    }
}
