use super::{
    block::Block,
    characters::{Characters, Step},
    code::Code,
    finding::{Finding, Place},
    line::Line,
    rules::{Report, Rules},
};
use crate::Limit;

/// A [`Lint`](super::Lint) at work on one stream, chunk by chunk.
///
/// It keeps no text and no findings: memory is constant, time is linear, and findings are the same however the stream is
/// cut into chunks.
///
/// Shareable between threads: `Send + Sync`; it needs `&mut` to go on.
///
/// ```
/// use sse_core::{Lint, lint::Code};
///
/// let mut scan = Lint::strict().scan();
/// let mut findings = 0;
/// for chunk in ["dat", "a: x\nfoo", ": y\n\n"] {
///     scan.push(chunk.as_bytes(), |finding| {
///         assert_eq!((finding.line, finding.code), (2, Code::UnknownField));
///         findings += 1;
///     });
/// }
/// scan.finish(|_| findings += 1);
/// assert_eq!(findings, 1);
/// ```
#[derive(Clone, Debug)]
pub struct LintScan {
    rules: Rules,
    place: Place,
    characters: Characters,
    line: Line,
    block: Block,
    first_end: Option<LineEnd>,
    /// Where a CR stands that may be the first half of a CRLF.
    open_cr: Option<Place>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LineEnd {
    Lf,
    Cr,
    CrLf,
}

impl LintScan {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            place: Place::START,
            characters: Characters::new(),
            line: Line::new(Place::START),
            block: Block::default(),
            first_end: None,
            open_cr: None,
        }
    }

    /// Looks at the next chunk and gives each finding to `report`, line by line.
    pub fn push(&mut self, chunk: &[u8], mut report: impl FnMut(Finding)) {
        self.push_all(
            chunk,
            &mut Report {
                rules: self.rules,
                sink: &mut report,
            },
        );
    }

    /// Ends the stream and gives the last findings to `report`.
    pub fn finish(mut self, mut report: impl FnMut(Finding)) {
        let report = &mut Report {
            rules: self.rules,
            sink: &mut report,
        };
        if let Some(width) = self.characters.cut() {
            self.invalid(width, report);
        }
        if let Some(place) = self.open_cr.take() {
            self.line_end(LineEnd::Cr, place, report);
        }
        if self.block.lines || !self.line.is_empty() {
            report.add(self.place, Code::Unterminated);
        }
    }

    fn push_all(&mut self, chunk: &[u8], report: &mut Report<'_>) {
        for &byte in chunk {
            match self.characters.push(byte) {
                Step::Incomplete => {}
                Step::Complete(character, width) => self.character(character, width, report),
                Step::Invalid => self.invalid(1, report),
                Step::Cut(width) => {
                    self.invalid(width, report);
                    match self.characters.push(byte) {
                        Step::Complete(character, width) => {
                            self.character(character, width, report);
                        }
                        Step::Invalid => self.invalid(1, report),
                        Step::Incomplete | Step::Cut(_) => {}
                    }
                }
            }
        }
    }

    fn invalid(&mut self, width: u8, report: &mut Report<'_>) {
        self.close_cr(report);
        count(self.place, width, report);
        report.add(self.place, Code::InvalidUtf8);
        self.content('\u{FFFD}', width, report);
    }

    fn character(&mut self, character: char, width: u8, report: &mut Report<'_>) {
        let place = match self.open_cr {
            // The second half of a line end stands on the line that it ends.
            Some(cr) if character == '\n' => cr.after(1),
            _ => self.place,
        };
        count(place, width, report);
        match character {
            '\n' => {
                if let Some(place) = self.open_cr.take() {
                    self.line_end(LineEnd::CrLf, place, report);
                    self.place.offset += 1;
                    self.line = Line::new(self.place);
                } else {
                    let place = self.place;
                    self.end_line(report);
                    self.line_end(LineEnd::Lf, place, report);
                }
            }
            '\r' => {
                self.close_cr(report);
                self.open_cr = Some(self.place);
                self.end_line(report);
            }
            '\u{FEFF}' if self.place.offset == 0 => {
                self.place.offset = u64::from(width);
                self.line = Line::new(self.place);
            }
            _ => {
                self.close_cr(report);
                self.content(character, width, report);
            }
        }
    }

    fn content(&mut self, character: char, width: u8, report: &mut Report<'_>) {
        let width = u64::from(width);
        self.line
            .character(character, width, self.place, &mut self.block, report);
        self.place = self.place.after(width);
    }

    fn close_cr(&mut self, report: &mut Report<'_>) {
        if let Some(place) = self.open_cr.take() {
            self.line_end(LineEnd::Cr, place, report);
        }
    }

    fn end_line(&mut self, report: &mut Report<'_>) {
        let end = self.place;
        self.place = end.next_line();
        let line = core::mem::replace(&mut self.line, Line::new(self.place));
        line.end(end, &mut self.block, report);
    }

    fn line_end(&mut self, kind: LineEnd, place: Place, report: &mut Report<'_>) {
        if *self.first_end.get_or_insert(kind) != kind {
            report.add(place, Code::MixedLineEnds);
        }
    }
}

fn count(place: Place, width: u8, report: &mut Report<'_>) {
    report.count(
        place,
        Limit::Stream,
        place.offset,
        place.offset + u64::from(width),
    );
}
