use core::fmt;

use bytestring::ByteString;

/// A part of an event that has rules about the characters it may hold.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Field {
    /// The event type: no line end.
    EventType,
    /// The event's id: no line end, no NUL.
    EventId,
    /// A comment that was asked to be checked instead of split: no line end, no NUL.
    Comment,
}

impl Field {
    const fn forbids(self, byte: u8) -> bool {
        match byte {
            b'\r' | b'\n' => true,
            0 => !matches!(self, Self::EventType),
            _ => false,
        }
    }

    pub(crate) const fn first_illegal(self, bytes: &[u8]) -> Option<usize> {
        let mut offset = 0;
        while offset < bytes.len() {
            if self.forbids(bytes[offset]) {
                return Some(offset);
            }
            offset += 1;
        }
        None
    }

    pub(crate) fn check(self, text: ByteString) -> Result<ByteString, InvalidText> {
        match self.first_illegal(text.as_bytes()) {
            None => Ok(text),
            Some(offset) => Err(InvalidText {
                field: self,
                offset,
                text,
            }),
        }
    }

    pub(crate) fn check_strict(self, text: ByteString) -> Result<ByteString, InvalidText> {
        match text
            .char_indices()
            .find(|(_, character)| character.is_control())
        {
            None => Ok(text),
            Some((offset, _)) => Err(InvalidText {
                field: self,
                offset,
                text,
            }),
        }
    }

    pub(crate) fn sanitize(self, text: ByteString, strip: Strip) -> Sanitized<ByteString> {
        let illegal = |character: char| {
            strip.removes(character)
                || u8::try_from(character).is_ok_and(|byte| byte.is_ascii() && self.forbids(byte))
        };
        let removed = text.chars().filter(|&character| illegal(character)).count();
        if removed == 0 {
            return Sanitized {
                value: text,
                removed,
            };
        }
        let kept: alloc::string::String = text
            .chars()
            .filter(|&character| !illegal(character))
            .collect();
        Sanitized {
            value: kept.into(),
            removed,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EventType => "event type",
            Self::EventId => "id",
            Self::Comment => "comment",
        })
    }
}

/// Which characters a `sanitized` constructor removes, beside those the field can never hold.
///
/// Each set holds the one before it.
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Strip {
    /// CR and LF, the line ends of an event stream.
    #[default]
    LineEnds,
    /// Also NUL.
    Nul,
    /// Also U+2028 and U+2029, which end lines in other formats but not in an event stream.
    UnicodeSeparators,
    /// Also every other control character (Unicode category Cc), such as escape sequences for terminals.
    Controls,
}

impl Strip {
    fn removes(self, character: char) -> bool {
        match character {
            '\r' | '\n' => true,
            '\0' => self != Self::LineEnds,
            '\u{2028}' | '\u{2029}' => matches!(self, Self::UnicodeSeparators | Self::Controls),
            _ => self == Self::Controls && character.is_control(),
        }
    }
}

/// What a `sanitized` constructor made, and how much it removed.
///
/// A sanitised id is another valid id: look at [`removed`](Self::removed) where that matters.
/// It is `Send` and `Sync` if the value is.
#[expect(clippy::exhaustive_structs, reason = "a pair with names")]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Sanitized<T> {
    /// The legal value.
    pub value: T,
    /// The number of characters that were removed.
    pub removed: usize,
}

impl<T> Sanitized<T> {
    pub(crate) fn map<U>(self, into: impl FnOnce(T) -> U) -> Sanitized<U> {
        Sanitized {
            value: into(self.value),
            removed: self.removed,
        }
    }
}

/// Text that its field cannot hold.
///
/// The message names the field and the rule, and never repeats the text.
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidText {
    field: Field,
    offset: usize,
    text: ByteString,
}

impl InvalidText {
    /// Returns the field that the text was meant for.
    pub fn field(&self) -> Field {
        self.field
    }

    /// Returns the offset in bytes of the first illegal character.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Gives the text back.
    pub fn into_text(self) -> ByteString {
        self.text
    }
}

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            offset,
            text,
        } = self;
        match text[*offset..].chars().next() {
            Some('\n') => write!(f, "{field} must not contain a line feed (at byte {offset})"),
            Some('\r') => write!(
                f,
                "{field} must not contain a carriage return (at byte {offset})"
            ),
            Some('\0') => write!(f, "{field} must not contain NUL (at byte {offset})"),
            _ => write!(
                f,
                "{field} must not contain a control character (at byte {offset})"
            ),
        }
    }
}

impl core::error::Error for InvalidText {}

/// The doors that event type and id have in common.
macro_rules! field_text {
    ($name:ident, $field:expr, $rule:literal) => {
        impl $name {
            /// Makes a value from a literal, in a const context at compile time.
            ///
            /// # Panics
            ///
            /// If the text is illegal; in a const context that is a compile error:
            ///
            /// ```compile_fail
            #[doc = concat!("const BAD: sse_core::", stringify!($name), " = sse_core::", stringify!($name), "::from_static(\"a\\nb\");")]
            /// ```
            pub const fn from_static(text: &'static str) -> Self {
                assert!($field.first_illegal(text.as_bytes()).is_none(), $rule);
                Self(ByteString::from_static(text))
            }

            /// Makes a value by removing what is in `strip` and whatever the field can never hold, in one pass.
            pub fn sanitized(text: impl Into<ByteString>, strip: Strip) -> Sanitized<Self> {
                $field.sanitize(text.into(), strip).map(Self)
            }

            /// Makes a value, refusing every control character and not only those that break the framing.
            ///
            /// # Errors
            ///
            /// [`InvalidText`] if there is a control character (Unicode category Cc, NUL among them).
            pub fn strict(text: impl Into<ByteString>) -> Result<Self, InvalidText> {
                $field.check_strict(text.into()).map(Self)
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text as refcounted bytes, without a copy.
            pub fn into_text(self) -> ByteString {
                self.0
            }

            /// Wraps text that is known to be legal.
            pub(crate) fn trusted(text: ByteString) -> Self {
                debug_assert!($field.first_illegal(text.as_bytes()).is_none(), $rule);
                Self(text)
            }

            /// Returns a copy that shares no memory with a larger buffer.
            pub(crate) fn detached(&self) -> Self {
                Self(ByteString::from(self.as_str()))
            }
        }

        impl TryFrom<ByteString> for $name {
            type Error = InvalidText;

            fn try_from(text: ByteString) -> Result<Self, InvalidText> {
                $field.check(text).map(Self)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidText;

            fn try_from(text: &str) -> Result<Self, InvalidText> {
                ByteString::from(text).try_into()
            }
        }

        impl TryFrom<alloc::string::String> for $name {
            type Error = InvalidText;

            fn try_from(text: alloc::string::String) -> Result<Self, InvalidText> {
                ByteString::from(text).try_into()
            }
        }

        impl core::str::FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                text.try_into()
            }
        }

        impl From<Sanitized<$name>> for $name {
            fn from(sanitized: Sanitized<$name>) -> Self {
                sanitized.value
            }
        }

        impl From<&$name> for $name {
            fn from(value: &$name) -> Self {
                value.clone()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl core::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                alloc::string::String::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use field_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: Field, strip: Strip, text: &str, expected: &str, removed: usize) {
        let sanitized = field.sanitize(text.into(), strip);
        assert_eq!((&*sanitized.value, sanitized.removed), (expected, removed));
    }

    #[test]
    fn sanitizing_removes_in_one_pass_and_counts() {
        for text in ["a\r\r\nb", "\r\na\n\rb", "a\n\r\r\n\nb\r"] {
            let ends = text.len() - 2;
            check(Field::EventType, Strip::LineEnds, text, "ab", ends);
            check(Field::EventId, Strip::LineEnds, text, "ab", ends);
        }
        check(Field::EventType, Strip::LineEnds, "a\0b", "a\0b", 0);
        check(Field::EventId, Strip::LineEnds, "a\0b", "ab", 1);
        check(
            Field::EventType,
            Strip::Nul,
            "a\0b\u{2028}",
            "ab\u{2028}",
            1,
        );
        check(
            Field::EventType,
            Strip::UnicodeSeparators,
            "a\0\u{2028}b\u{2029}\u{85}\u{1b}",
            "ab\u{85}\u{1b}",
            3,
        );
        check(
            Field::EventType,
            Strip::Controls,
            "a\0\u{2028}b\u{2029}\u{85}\u{1b}\t",
            "ab",
            6,
        );
    }

    #[test]
    fn a_refusal_names_field_rule_and_place_but_not_the_text() {
        let message = |field: Field, text: &str| {
            field
                .check(text.into())
                .map_err(|error| alloc::string::ToString::to_string(&error))
        };
        assert_eq!(
            message(Field::EventType, "secret\n").unwrap_err(),
            "event type must not contain a line feed (at byte 6)"
        );
        assert_eq!(
            message(Field::EventId, "é\r").unwrap_err(),
            "id must not contain a carriage return (at byte 2)"
        );
        assert_eq!(
            message(Field::Comment, "\0").unwrap_err(),
            "comment must not contain NUL (at byte 0)"
        );
        assert!(message(Field::EventType, "a\0b").is_ok());
        let error = Field::EventType
            .check_strict("a\u{1b}[31m".into())
            .unwrap_err();
        assert_eq!(
            alloc::string::ToString::to_string(&error),
            "event type must not contain a control character (at byte 1)"
        );
    }
}
