//! A place that breaks a rule.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a rule is broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: PathBuf,
    line: Option<usize>,
    text: String,
    warning: bool,
}

impl Finding {
    /// A rule broken by the file as a whole.
    pub(crate) fn new(path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        let path = path.as_ref().to_owned();
        Self {
            path,
            line: None,
            text: text.into(),
            warning: false,
        }
    }

    /// A smell: printed, but no failure.
    pub(crate) fn warning(path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        Self {
            warning: true,
            ..Self::new(path, text)
        }
    }

    /// The same finding on a line, counted from 1.
    pub(crate) fn at(self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    /// Whether the finding fails nothing.
    pub(crate) fn is_warning(&self) -> bool {
        self.warning
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            text,
            warning,
        } = self;
        f.write_str(if *warning { "warning: " } else { "" })?;
        write!(f, "{}", path.display())?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {text}")
    }
}

/// Asserts that a rule's findings, printed, are those expected.
#[cfg(test)]
#[track_caller]
pub(super) fn check(findings: &[Finding], expected: &[&str]) {
    let found: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}
