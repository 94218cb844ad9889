use std::time::Duration;

use bytes::Bytes;
use h2::Reason;

/// What a [`Scripted`](super::Scripted) server does with one request, to the byte.
///
/// Begins with a status and its headers; what is sent belongs to the body. Over HTTP/1.1 the body ends with the
/// connection unless [`chunked`](Self::chunked) or a content length says otherwise.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Bytes)>,
    pub(super) framing: Framing,
    pub(super) steps: Vec<Step>,
    pub(super) end: End,
    pub(super) closes_door: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    /// Head and body; over HTTP/1.1 the body is as long as the connection.
    Close,
    /// Head and body; over HTTP/1.1 the body comes in chunks.
    Chunked,
    /// The steps are everything that is sent.
    Raw,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Send(Bytes),
    Wait(Duration),
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// As the protocol ends a whole body.
    Whole,
    /// The connection ends, whatever was announced.
    Cut,
    /// The connection is reset.
    Reset,
    /// Nothing more comes, and nobody is told.
    Silence,
    /// Nothing more comes on the whole connection, also not to what is asked on it later.
    Freeze,
    /// The HTTP/2 stream is reset.
    ResetStream(Reason),
    /// The HTTP/2 connection announces its end, then the stream ends whole.
    GoAway,
    /// The HTTP/2 connection ends at once with this reason.
    GoAwayAtOnce(Reason),
}

impl Answer {
    /// Begins an answer with a status, no header and no body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            framing: Framing::Close,
            steps: Vec::new(),
            end: End::Whole,
            closes_door: false,
        }
    }

    /// Begins an event stream, with what it sends first.
    pub fn events(body: impl Into<Bytes>) -> Self {
        Self::status(200)
            .header("content-type", "text/event-stream")
            .send(body)
    }

    /// Redirects with a status.
    pub fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::status(status).header("location", location.into())
    }

    /// Sends exactly these bytes, head included.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        let mut raw = Self::status(0).send(bytes);
        raw.framing = Framing::Raw;
        raw
    }

    /// Answers nothing at all; an end of its own can be set.
    pub fn nothing() -> Self {
        Self::raw("")
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sends the body in chunks: each step is one, and its end is told.
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Sends bytes of the body at once.
    pub fn send(mut self, bytes: impl Into<Bytes>) -> Self {
        self.steps.push(Step::Send(bytes.into()));
        self
    }

    /// Sends bytes of the body one at a time, with a pause behind each.
    pub fn drip(mut self, bytes: impl Into<Bytes>, pause: Duration) -> Self {
        let bytes = bytes.into();
        for at in 0..bytes.len() {
            self.steps.push(Step::Send(bytes.slice(at..=at)));
            self.steps.push(Step::Wait(pause));
        }
        self
    }

    /// Sends nothing for a time.
    pub fn wait(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Wait(pause));
        self
    }

    /// Ends the connection before the body's proper end.
    pub fn cut(self) -> Self {
        self.ends(End::Cut)
    }

    /// Resets the connection.
    pub fn reset(self) -> Self {
        self.ends(End::Reset)
    }

    /// Never ends, and sends nothing more.
    pub fn silence(self) -> Self {
        self.ends(End::Silence)
    }

    /// Lets the whole connection fall silent, over HTTP/2 also for what is asked on it later.
    pub fn freeze(self) -> Self {
        self.ends(End::Freeze)
    }

    /// Resets the HTTP/2 stream.
    pub fn reset_stream(self, reason: Reason) -> Self {
        self.ends(End::ResetStream(reason))
    }

    /// Says GOAWAY on the HTTP/2 connection, and ends the stream.
    pub fn go_away(self) -> Self {
        self.ends(End::GoAway)
    }

    /// Ends the HTTP/2 connection with GOAWAY and a reason.
    pub fn go_away_at_once(self, reason: Reason) -> Self {
        self.ends(End::GoAwayAtOnce(reason))
    }

    /// From its end on whoever connects is refused, until [`Scripted::accept`](super::Scripted::accept).
    pub fn then_refuse(mut self) -> Self {
        self.closes_door = true;
        self
    }

    fn ends(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}
