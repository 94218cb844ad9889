use alloc::string::ToString;

use bytestring::ByteString;

use crate::field_text::{Field, InvalidText, Sanitized, Strip, field_text};

/// The id of an event: text without CR, LF and NUL.
///
/// The empty id resets a client's last event ID, so that it sends none ([HTML 9.2.6]).
/// Every integer converts into an id.
/// Shareable between threads: `Send + Sync`; a clone costs a reference count.
///
/// ```
/// use sse_core::EventId;
///
/// const FIRST: EventId = EventId::from_static("order-1");
/// assert_eq!(EventId::from(42), "42");
/// assert!(EventId::try_from("4\n2").is_err());
/// ```
///
/// [HTML 9.2.6]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventId(ByteString);

field_text!(EventId, Field::EventId, "id must not contain CR, LF or NUL");

impl EventId {
    /// The empty id: no last event ID.
    pub const EMPTY: Self = Self(ByteString::from_static(""));

    /// Tells whether this is the empty id.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Clones the id; the empty one, which most streams have, without a call.
    #[inline]
    pub(crate) fn share(&self) -> Self {
        if self.is_empty() {
            Self::EMPTY
        } else {
            self.clone()
        }
    }

    /// Tells whether the id survives a request header unchanged.
    ///
    /// HTTP forbids control characters but the tab in a header value, and strips spaces and tabs around it.
    pub fn is_header_safe(&self) -> bool {
        let text = self.as_str();
        let trimmed = text.trim_matches([' ', '\t']);
        trimmed.len() == text.len()
            && text
                .bytes()
                .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7F))
    }
}

macro_rules! from_integer {
    ($($integer:ty)*) => {$(
        impl From<$integer> for EventId {
            fn from(number: $integer) -> Self {
                Self(number.to_string().into())
            }
        }
    )*};
}

from_integer!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_ids() {
        assert_eq!(
            EventId::from(u128::MAX),
            "340282366920938463463374607431768211455"
        );
        assert_eq!(EventId::from(i8::MIN), "-128");
    }

    #[test]
    fn header_safety_follows_http() {
        let safe = |text: &str| EventId::try_from(text).unwrap().is_header_safe();
        assert!(safe("") && safe("a b") && safe("a\tb") && safe("日本"));
        assert!(!safe(" a") && !safe("a\t") && !safe("a\u{1}b") && !safe("a\u{7f}"));
    }
}
