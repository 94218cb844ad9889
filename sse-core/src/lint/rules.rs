use super::{
    code::{Code, Level},
    finding::{Finding, Place},
};
use crate::{Limit, Limits, Retry};

/// What a lint looks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) level: Level,
    pub(super) unknown_fields: UnknownFields,
    pub(super) retry_cap: Retry,
    /// Asked for by themselves: a lint has none where nobody set them.
    pub(super) limits: Limits,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UnknownFields {
    ByLevel,
    Reported,
}

/// Where findings go, after those that were not asked for have been left out.
pub(super) struct Report<'a> {
    pub(super) rules: Rules,
    pub(super) sink: &'a mut dyn FnMut(Finding),
}

impl Report<'_> {
    pub(super) fn add(&mut self, place: Place, code: Code) {
        let Rules {
            level,
            unknown_fields,
            ..
        } = self.rules;
        let wanted = match code {
            Code::OverLimit(_) => true,
            Code::UnknownField if unknown_fields == UnknownFields::Reported => true,
            _ => code.level() <= level,
        };
        if wanted {
            (self.sink)(Finding::new(place, code));
        }
    }

    /// Reports a limit at the place where a count passes it: once, since counts only grow.
    pub(super) fn count(&mut self, place: Place, limit: Limit, before: u64, after: u64) {
        let max = self.rules.limits.get(limit);
        if max < usize::MAX && before <= max as u64 && (max as u64) < after {
            self.add(place, Code::OverLimit(limit));
        }
    }
}
