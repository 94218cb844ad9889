//! Looks over whole event streams and reports what is wrong with them, or fragile.

mod block;
mod characters;
mod code;
mod field_name;
mod finding;
mod line;
mod rules;
mod scan;

use alloc::vec::Vec;

use self::rules::{Rules, UnknownFields};
pub use self::{
    code::{Code, Level},
    finding::Finding,
    scan::LintScan,
};
use crate::{Limits, Retry};

/// Validates a whole event stream and tells every finding with line, column and code.
///
/// A receiver accepts any bytes, so nothing here is an error to a decoder;
/// it is what a publisher wants to know before a receiver silently ignores something.
///
/// | level | finds |
/// |---|---|
/// | [`spec`](Self::spec) | what the standard's grammar forbids, and what is lost or changed on its way |
/// | [`strict`](Self::strict) | all of that, and fields that the standard does not know, habits that break in practice, and what passes [`Limits::STRICT`] |
///
/// [`check`](Self::check) collects the findings of a stream that lies in memory;
/// [`scan`](Self::scan) takes a stream chunk by chunk and holds none of it.
/// `Send + Sync`; a lint is only its settings.
///
/// ```
/// use sse_core::Lint;
/// use sse_core::lint::Code;
///
/// let wire = b"event: tick\nData: 1\n\n";
/// let codes: Vec<Code> = Lint::spec().check(wire).iter().map(|finding| finding.code).collect();
/// assert_eq!(codes, [Code::MisspelledField, Code::TypeWithoutData]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    rules: Rules,
}

impl Lint {
    /// Looks for what the standard's grammar forbids and for what a receiver loses or changes; no limits.
    pub const fn spec() -> Self {
        Self {
            rules: Rules {
                level: Level::Spec,
                unknown_fields: UnknownFields::ByLevel,
                retry_cap: RETRY_CAP,
                limits: Limits::UNLIMITED,
            },
        }
    }

    /// Looks for everything, with [`Limits::STRICT`].
    pub const fn strict() -> Self {
        let rules = Rules {
            level: Level::Strict,
            limits: Limits::STRICT,
            ..Self::spec().rules
        };
        Self { rules }
    }

    /// Reports unknown fields at the spec level too.
    pub const fn known_fields_only(mut self) -> Self {
        self.rules.unknown_fields = UnknownFields::Reported;
        self
    }

    /// Sets the limits, which are then looked at whatever the level.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.rules.limits = limits;
        self
    }

    /// Sets the longest reconnection time that the strict level accepts; 24 hours by default.
    pub fn retry_cap(mut self, cap: impl Into<Retry>) -> Self {
        self.rules.retry_cap = cap.into();
        self
    }

    /// Looks over a whole stream; the findings come line by line.
    ///
    /// A hostile stream can have a finding for each byte: use [`scan`](Self::scan) to stop collecting before that.
    pub fn check(&self, wire: &[u8]) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut scan = self.scan();
        scan.push(wire, |finding| findings.push(finding));
        scan.finish(|finding| findings.push(finding));
        findings
    }

    /// Begins a stream that comes in chunks.
    pub fn scan(&self) -> LintScan {
        LintScan::new(self.rules)
    }
}

/// As [`ReconnectState`](crate::ReconnectState) caps it.
const RETRY_CAP: Retry = Retry::from_millis(24 * 60 * 60 * 1000);
