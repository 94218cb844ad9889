use core::{fmt, ops::RangeInclusive, time::Duration};

/// A reconnection time in whole milliseconds: the value of a `retry` field.
///
/// Negative values cannot be built.
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use std::time::Duration;
/// use sse_core::Retry;
///
/// assert_eq!(Retry::from(Duration::from_secs(3)), Retry::from_millis(3000));
/// assert!(Retry::try_from(-1_i64).is_err());
/// assert_eq!(Retry::clamped(-1_i64, 100..=60_000), Retry::from_millis(100));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Retry(u64);

impl Retry {
    /// The longest time that the type can hold, about 584 million years.
    pub const MAX: Self = Self(u64::MAX);

    /// Makes a reconnection time of so many milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// Makes a reconnection time within `range`, in milliseconds, by moving a number outside it to its nearer end.
    ///
    /// An empty range gives its end.
    pub fn clamped(milliseconds: impl Into<i128>, range: RangeInclusive<u64>) -> Self {
        let wanted = u64::try_from(milliseconds.into().max(0)).unwrap_or(u64::MAX);
        Self(wanted.max(*range.start()).min(*range.end()))
    }

    /// Makes a reconnection time within `range` by moving a duration outside it to its nearer end; all are rounded up
    /// to a whole millisecond.
    ///
    /// An empty range gives its end.
    pub fn clamped_duration(duration: Duration, range: RangeInclusive<Duration>) -> Self {
        let (start, end) = range.into_inner();
        Self::from(duration).max(start.into()).min(end.into())
    }

    /// Makes a reconnection time from a duration, rounded up to a whole millisecond.
    ///
    /// # Errors
    ///
    /// [`InvalidRetry`] if the duration has more than `u64::MAX` milliseconds; `From` saturates instead.
    pub fn try_from_duration(duration: Duration) -> Result<Self, InvalidRetry> {
        let milliseconds = duration.as_nanos().div_ceil(1_000_000);
        u64::try_from(milliseconds)
            .map(Self)
            .map_err(|_| InvalidRetry { rule: TOO_LONG })
    }

    /// Reads the value of a `retry` field: nothing but ASCII digits, at least one; saturates at [`Retry::MAX`].
    pub(crate) fn from_digits(digits: &[u8]) -> Option<Self> {
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        Some(Self(digits.iter().fold(0_u64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        })))
    }

    /// Returns the time in milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time as a duration.
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl From<Duration> for Retry {
    /// Rounds up to a whole millisecond and saturates at [`Retry::MAX`].
    fn from(duration: Duration) -> Self {
        Self::try_from_duration(duration).unwrap_or(Self::MAX)
    }
}

impl From<Retry> for Duration {
    fn from(retry: Retry) -> Self {
        retry.as_duration()
    }
}

macro_rules! from_unsigned {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Retry {
            fn from(milliseconds: $integer) -> Self {
                Self(milliseconds.into())
            }
        }
    )*};
}

from_unsigned!(u8 u16 u32 u64);

macro_rules! try_from_signed {
    ($($integer:ty)*) => {$(
        impl TryFrom<$integer> for Retry {
            type Error = InvalidRetry;

            fn try_from(milliseconds: $integer) -> Result<Self, InvalidRetry> {
                let rule = if milliseconds < 0 { NEGATIVE } else { TOO_LONG };
                u64::try_from(milliseconds).map(Self).map_err(|_| InvalidRetry { rule })
            }
        }
    )*};
}

try_from_signed!(i8 i16 i32 i64 i128 isize);

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Retry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Retry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self)
    }
}

const NEGATIVE: &str = "retry must not be negative";
const TOO_LONG: &str = "retry must not exceed 18446744073709551615 milliseconds";

/// A number that is no reconnection time.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidRetry {
    rule: &'static str,
}

impl fmt::Display for InvalidRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)
    }
}

impl core::error::Error for InvalidRetry {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_only_and_saturating() {
        let cases: [(&str, Option<u64>); 12] = [
            ("0", Some(0)),
            ("007", Some(7)),
            ("1500", Some(1500)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", Some(u64::MAX)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("", None),
            (" 5", None),
            ("+5", None),
            ("-1", None),
            ("1e3", None),
            ("٣", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                Retry::from_digits(text.as_bytes()).map(Retry::as_millis),
                expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn numbers_are_checked_or_clamped() {
        assert_eq!(Retry::try_from(-1_i32).unwrap_err().rule, NEGATIVE);
        assert_eq!(Retry::try_from(i128::MAX).unwrap_err().rule, TOO_LONG);
        assert_eq!(Retry::try_from(5_i64), Ok(Retry(5)));
        assert_eq!(Retry::clamped(i128::MIN, 10..=20), Retry(10));
        assert_eq!(Retry::clamped(u64::MAX, 10..=20), Retry(20));
        assert_eq!(Retry::clamped(15, 10..=20), Retry(15));
        let range = || Duration::from_micros(9_500)..=Duration::from_millis(20);
        let clamped = |micros| Retry::clamped_duration(Duration::from_micros(micros), range());
        assert_eq!(
            [0, 15_001, 99_000].map(clamped),
            [Retry(10), Retry(16), Retry(20)]
        );
        assert_eq!(Retry::clamped_duration(Duration::MAX, range()), Retry(20));
        assert_eq!(Retry::from(Duration::from_micros(1)), Retry(1));
        assert_eq!(Retry::from(Duration::MAX), Retry::MAX);
        assert_eq!(
            Retry::try_from_duration(Duration::MAX).unwrap_err().rule,
            TOO_LONG
        );
    }
}
