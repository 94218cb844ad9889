use std::{fmt, str::FromStr};

/// Which lines are logged: those of this level and of the more urgent ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogLevel(tracing::Level);

impl LogLevel {
    /// Returns the level.
    pub fn get(self) -> tracing::Level {
        self.0
    }
}

impl FromStr for LogLevel {
    type Err = InvalidLogLevel;

    fn from_str(text: &str) -> Result<Self, InvalidLogLevel> {
        text.parse().map(Self).map_err(|_| InvalidLogLevel {})
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no level.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidLogLevel {}

impl fmt::Display for InvalidLogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level is error, warn, info, debug or trace, or 1 to 5")
    }
}

impl std::error::Error for InvalidLogLevel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names_in_any_case_and_numbers() {
        let check = |text: &str, expected: &str| {
            assert_eq!(text.parse::<LogLevel>().unwrap().to_string(), expected);
        };
        check("info", "INFO");
        check("WaRn", "WARN");
        check("5", "TRACE");
        check("1", "ERROR");
        assert!("loud".parse::<LogLevel>().is_err());
    }
}
