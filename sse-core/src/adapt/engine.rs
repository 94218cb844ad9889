use bytes::Bytes;
use bytestring::ByteString;

use super::error::EventsError;
use crate::decode::{Decoder, Received};

/// What all adaptors do between taking a chunk and giving an event.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) decoder: Decoder,
    end_data: Option<ByteString>,
    end_type: Option<ByteString>,
    end_required: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Open,
    /// The source has ended, and the decoder has not been told.
    Ending,
    /// Nothing is left but to say that there was no end marker.
    Unmarked,
    Over,
}

/// What the engine has, or wants.
pub(super) enum Step<E> {
    Item(Result<Received, EventsError<E>>),
    NextChunk,
    Over,
}

impl Engine {
    pub(super) fn new(decoder: Decoder) -> Self {
        Self {
            decoder,
            end_data: None,
            end_type: None,
            end_required: false,
            phase: Phase::Open,
        }
    }

    pub(super) fn until(&mut self, data: ByteString) {
        self.end_data = Some(data);
    }

    pub(super) fn until_event(&mut self, event_type: ByteString) {
        self.end_type = Some(event_type);
    }

    pub(super) fn require_end(&mut self) {
        self.end_required = true;
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        self.decoder.push(chunk);
    }

    /// Tells that the source has ended as it should.
    pub(super) fn end(&mut self) {
        self.phase = Phase::Ending;
    }

    /// Tells that nothing more shall come.
    #[cfg(any(feature = "std", feature = "stream"))]
    pub(super) fn close(&mut self) {
        self.phase = Phase::Over;
    }

    #[cfg(feature = "stream")]
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub(super) fn step<E>(&mut self) -> Step<E> {
        let result = match self.phase {
            Phase::Over => return Step::Over,
            Phase::Open => match self.decoder.next() {
                None => return Step::NextChunk,
                Some(result) => result,
            },
            Phase::Ending => {
                self.phase = Phase::Unmarked;
                match self.decoder.finish() {
                    None => return self.step(),
                    Some(result) => result,
                }
            }
            Phase::Unmarked => {
                self.phase = Phase::Over;
                if self.end_required {
                    return Step::Item(Err(EventsError::MissingEnd));
                }
                return Step::Over;
            }
        };
        match result {
            Ok(received) if self.is_end(&received) => Step::Over,
            Ok(received) => Step::Item(Ok(received)),
            Err(error) => {
                if error.is_fatal() {
                    self.phase = Phase::Over;
                }
                Step::Item(Err(EventsError::Decode(error)))
            }
        }
    }

    /// Ends at a marker; tells whether it is one that is not given out.
    fn is_end(&mut self, received: &Received) -> bool {
        let Some(data) = &received.event.data else {
            return false;
        };
        let by_data = self.end_data.as_ref() == Some(data);
        if by_data || self.end_type.as_deref() == Some(received.event_type()) {
            self.phase = Phase::Over;
        }
        by_data
    }
}

/// The methods that all adaptors have beside their constructor.
macro_rules! events_methods {
    ($inner:ident) => {
        /// Ends at an event whose data is exactly `data`, such as `[DONE]`; that event is not given out.
        ///
        /// What the source still holds is left to it.
        pub fn until(mut self, data: impl Into<bytestring::ByteString>) -> Self {
            self.engine.until(data.into());
            self
        }

        /// Ends after an event of the type `event_type`, such as `message_stop`; that event is given out as the last,
        /// since its data may matter.
        ///
        /// With [`until`](Self::until) too, whichever comes first ends.
        pub fn until_event(mut self, event_type: impl Into<bytestring::ByteString>) -> Self {
            self.engine.until_event(event_type.into());
            self
        }

        /// Makes it an error, the last item, if the source ends before the marker of [`until`](Self::until) or
        /// [`until_event`](Self::until_event): then the connection was cut, however well it ended.
        ///
        /// Without a marker every end is that error.
        pub fn require_end(mut self) -> Self {
            self.engine.require_end();
            self
        }

        /// Returns the last event ID, which survives the end and every error; empty if there is none.
        pub fn last_event_id(&self) -> &$crate::EventId {
            self.engine.decoder.last_event_id()
        }

        /// Returns the decoder, which tells the reconnection time, the position and what is buffered.
        pub fn decoder(&self) -> &$crate::Decoder {
            &self.engine.decoder
        }

        /// Returns the source.
        pub fn get_ref(&self) -> &$inner {
            &self.inner
        }

        /// Gives the source back; input that was taken from it and not given out as events is lost.
        pub fn into_inner(self) -> $inner {
            self.inner
        }

        /// Gives the source and the decoder back, with all input that was taken and not given out as events.
        pub fn into_parts(self) -> ($inner, $crate::Decoder) {
            (self.inner, self.engine.decoder)
        }
    };
}

pub(super) use events_methods;
