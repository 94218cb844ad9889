use std::{error::Error, fmt, path::PathBuf, str::FromStr};

/// Where messages are kept: `memory`, or `file:PATH`.
#[expect(clippy::exhaustive_enums, reason = "these are all that there is")]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Store {
    /// In this process, which forgets them when it ends.
    #[default]
    Memory,
    /// In a directory, where the next process finds them.
    File(PathBuf),
}

impl FromStr for Store {
    type Err = InvalidStore;

    fn from_str(text: &str) -> Result<Self, InvalidStore> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(InvalidStore {}),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// A text that names no place.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidStore {}

impl fmt::Display for InvalidStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be memory or file:PATH")
    }
}

impl Error for InvalidStore {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_read_as_it_is_written() {
        for text in ["memory", "file:/var/lib/sse", "file:a:b"] {
            assert_eq!(text.parse::<Store>().unwrap().to_string(), text);
        }
        for text in ["", "file", "file:", "disk:/x", "memory:"] {
            assert_eq!(text.parse::<Store>(), Err(InvalidStore {}), "{text}");
        }
    }
}
