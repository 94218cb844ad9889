use std::time::Instant;

/// A request as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In their order, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Whole, without its framing.
    pub body: Vec<u8>,
    /// Which of the server's connections it came on, from 0.
    pub connection: usize,
    /// When its head had come.
    pub at: Instant,
}

impl Asked {
    /// The value of a header; `None` if it is absent.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut found = self.headers.iter().filter(|(own, _)| own == name);
        found.next().map(|(_, value)| value.as_slice())
    }

    /// The value of a header as text; empty if it is absent.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.header(name).unwrap_or_default()).into_owned()
    }

    /// The last event ID that was named; `None` if there was no such header.
    pub fn last_event_id(&self) -> Option<String> {
        self.header("last-event-id")
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }
}
