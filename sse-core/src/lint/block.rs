use super::{code::Code, finding::Place, rules::Report};
use crate::Limit;

/// What the lines since the last blank line said.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Whether there was a line.
    pub(super) lines: bool,
    bytes: u64,
    data_lines: u64,
    /// Whether the event type says something, if there is one.
    pub(super) event_type: Option<bool>,
    pub(super) id: bool,
    pub(super) retry: bool,
}

impl Block {
    pub(super) fn count(&mut self, place: Place, width: u64, report: &mut Report<'_>) {
        report.count(place, Limit::Event, self.bytes, self.bytes + width);
        self.bytes += width;
    }

    pub(super) fn data_line(&mut self, place: Place, report: &mut Report<'_>) {
        report.count(
            place,
            Limit::DataLines,
            self.data_lines,
            self.data_lines + 1,
        );
        self.data_lines += 1;
    }

    /// Ends the block at its blank line.
    pub(super) fn end(&mut self, place: Place, report: &mut Report<'_>) {
        let Self {
            lines,
            data_lines,
            event_type,
            id,
            retry,
            ..
        } = core::mem::take(self);
        if !lines {
            report.add(place, Code::EmptyBlock);
        } else if data_lines > 0 {
            // An event: nothing to say.
        } else if event_type == Some(true) {
            report.add(place, Code::TypeWithoutData);
        } else if id || retry {
            report.add(place, Code::BlockWithoutData);
        }
    }
}
