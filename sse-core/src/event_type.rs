use bytestring::ByteString;

use crate::field_text::{Field, InvalidText, Sanitized, Strip, field_text};

/// The type of an event: text without CR and LF.
///
/// The empty type and `message` mean the same to a receiver ([HTML 9.2.6]).
/// Shareable between threads: `Send + Sync`; a clone costs a reference count.
///
/// ```
/// use sse_core::{EventType, Strip};
///
/// const TICK: EventType = EventType::from_static("tick");
/// assert!(EventType::try_from("two\nlines").is_err());
/// assert_eq!(EventType::sanitized("two\nlines", Strip::LineEnds).value, "twolines");
/// ```
///
/// [HTML 9.2.6]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventType(ByteString);

field_text!(
    EventType,
    Field::EventType,
    "event type must not contain CR or LF"
);
