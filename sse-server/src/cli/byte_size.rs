use std::{fmt, str::FromStr};

/// A number of bytes as it is written on a command line: `64KB` is 64,000, `64KiB` is 65,536.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ByteSize(u64);

impl ByteSize {
    /// Returns the number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// Returns the number as a size in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = InvalidByteSize;

    fn from_str(text: &str) -> Result<Self, InvalidByteSize> {
        let text = text.trim();
        let end = text
            .find(|it: char| !it.is_ascii_digit() && it != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "ki" | "kib" => 1 << 10,
            "mi" | "mib" => 1 << 20,
            "gi" | "gib" => 1 << 30,
            _ => return Err(InvalidByteSize {}),
        };
        scaled(number, factor).map(Self).ok_or(InvalidByteSize {})
    }
}

/// A decimal number times a factor, without what is below one byte.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut bytes = u128::from(whole.parse::<u64>().ok()?) * u128::from(factor);
    if !part.is_empty() {
        let digits = part.parse::<u32>().ok()?;
        let scale = 10u128.checked_pow(u32::try_from(part.len()).ok()?)?;
        bytes += u128::from(digits) * u128::from(factor) / scale;
    }
    u64::try_from(bytes).ok()
}

/// The units from the greatest, each with its bytes.
const UNITS: [(u64, &str); 6] = [
    (1 << 30, "GiB"),
    (1_000_000_000, "GB"),
    (1 << 20, "MiB"),
    (1_000_000, "MB"),
    (1 << 10, "KiB"),
    (1_000, "KB"),
];

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS
            .iter()
            .find(|(bytes, _)| self.0 >= *bytes && self.0.is_multiple_of(*bytes));
        match unit {
            Some((bytes, name)) => write!(f, "{}{name}", self.0 / bytes),
            None => write!(f, "{}B", self.0),
        }
    }
}

/// A text that is no number of bytes.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidByteSize {}

impl fmt::Display for InvalidByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size is a number and B, KB, MB, GB, KiB, MiB or GiB, such as 64KB")
    }
}

impl std::error::Error for InvalidByteSize {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_unless_they_say_otherwise() {
        let check = |text: &str, bytes: u64, printed: &str| {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!((size.get(), &*size.to_string()), (bytes, printed), "{text}");
        };
        check("64KB", 64_000, "64KB");
        check("64kb", 64_000, "64KB");
        check("64KiB", 65_536, "64KiB");
        check("1.5 MB", 1_500_000, "1500KB");
        check("17", 17, "17B");
        check("2G", 2_000_000_000, "2GB");
        for bad in ["", "KB", "1 parsec", "-1KB", "1.x"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
    }
}
