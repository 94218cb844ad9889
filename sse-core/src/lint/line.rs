use super::{
    block::Block,
    code::Code,
    field_name::{FieldName, NameBuffer},
    finding::Place,
    rules::Report,
};
use crate::{Limit, Retry};

/// The line that is being read ([HTML 9.2.5]): its content is looked at and not kept.
///
/// [HTML 9.2.5]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
#[derive(Clone, Debug)]
pub(super) struct Line {
    start: Place,
    bytes: u64,
    part: Part,
    name: NameBuffer,
    /// Where the value starts, and how many bytes of it there are.
    value: Place,
    value_bytes: u64,
    /// Of a `retry`: the number so far, `None` once it is none.
    retry: Option<u64>,
    /// Of an `id`.
    nul: bool,
    unsafe_at: Option<Place>,
    blank_end: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Name,
    /// After the colon, where one space does not count.
    Colon(FieldName),
    Value(FieldName),
}

impl Line {
    pub(super) fn new(start: Place) -> Self {
        Self {
            start,
            bytes: 0,
            part: Part::Name,
            name: NameBuffer::EMPTY,
            value: start,
            value_bytes: 0,
            retry: Some(0),
            nul: false,
            unsafe_at: None,
            blank_end: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    pub(super) fn character(
        &mut self,
        character: char,
        width: u64,
        place: Place,
        block: &mut Block,
        report: &mut Report<'_>,
    ) {
        if self.is_empty() && character == '\u{FEFF}' {
            report.add(place, Code::BomNotAtStart);
        }
        if is_separator(character) {
            report.add(place, Code::UnicodeSeparator);
        }
        report.count(place, Limit::Line, self.bytes, self.bytes + width);
        self.bytes += width;
        block.count(place, width, report);
        match self.part {
            Part::Name if character == ':' => {
                let field = self.named(block, report);
                self.part = Part::Colon(field);
                self.value = place.after(1);
            }
            Part::Name => self.name.push(character),
            Part::Colon(field) => {
                self.part = Part::Value(field);
                if character == ' ' {
                    self.value = place.after(1);
                } else {
                    self.value_character(field, character, width, place, report);
                }
            }
            Part::Value(field) => self.value_character(field, character, width, place, report),
        }
    }

    /// Ends the line at `end`, where its line end stands.
    pub(super) fn end(mut self, end: Place, block: &mut Block, report: &mut Report<'_>) {
        if self.is_empty() {
            block.end(end, report);
            return;
        }
        let field = match self.part {
            Part::Colon(field) | Part::Value(field) => field,
            Part::Name => {
                let field = self.named(block, report);
                report.add(end, Code::MissingColon);
                self.value = end;
                field
            }
        };
        match field {
            FieldName::Event => {
                let previous = block.event_type.replace(self.value_bytes > 0);
                self.repeated(previous.is_some(), report);
            }
            FieldName::Id => self.end_id(block, report),
            FieldName::Retry => self.end_retry(end, block, report),
            FieldName::Data | FieldName::Comment | FieldName::Misspelled | FieldName::Unknown => {}
        }
        block.lines = true;
    }

    fn named(&self, block: &mut Block, report: &mut Report<'_>) -> FieldName {
        let field = self.name.resolve();
        match field {
            FieldName::Misspelled => report.add(self.start, Code::MisspelledField),
            FieldName::Unknown => report.add(self.start, Code::UnknownField),
            FieldName::Data => block.data_line(self.start, report),
            _ => {}
        }
        field
    }

    fn value_character(
        &mut self,
        field: FieldName,
        character: char,
        width: u64,
        place: Place,
        report: &mut Report<'_>,
    ) {
        let (before, after) = (self.value_bytes, self.value_bytes + width);
        self.value_bytes = after;
        let suspicious = character.is_control() && !is_separator(character);
        match field {
            FieldName::Id => {
                report.count(place, Limit::Id, before, after);
                if character == '\0' {
                    if !self.nul {
                        report.add(place, Code::NulInId);
                    }
                    self.nul = true;
                } else if suspicious {
                    report.add(place, Code::ControlCharacter);
                }
                let blank = character == ' ' || character == '\t';
                let forbidden = character.is_ascii_control() && !blank;
                if forbidden || blank && before == 0 {
                    self.unsafe_at.get_or_insert(place);
                }
                self.blank_end = blank.then_some(place);
            }
            FieldName::Event => {
                report.count(place, Limit::EventType, before, after);
                if suspicious {
                    report.add(place, Code::ControlCharacter);
                }
            }
            FieldName::Comment if suspicious && character != '\t' => {
                report.add(place, Code::ControlCharacter);
            }
            FieldName::Retry => {
                let Some(number) = self.retry else { return };
                self.retry = character
                    .to_digit(10)
                    .map(|digit| number.saturating_mul(10).saturating_add(digit.into()));
                if self.retry.is_none() {
                    report.add(place, Code::RetryNotDigits);
                }
            }
            _ => {}
        }
    }

    fn end_id(&self, block: &mut Block, report: &mut Report<'_>) {
        if self.nul {
            return;
        }
        if self.value_bytes > LONG_ID {
            report.add(self.value, Code::LongId);
        }
        if let Some(place) = self.unsafe_at.or(self.blank_end) {
            report.add(place, Code::HeaderUnsafeId);
        }
        self.repeated(core::mem::replace(&mut block.id, true), report);
    }

    fn end_retry(&self, end: Place, block: &mut Block, report: &mut Report<'_>) {
        match self.retry {
            // The place of a character that is no digit has been reported.
            None => return,
            Some(_) if self.value_bytes == 0 => return report.add(end, Code::RetryNotDigits),
            Some(number) if Retry::from_millis(number) > report.rules.retry_cap => {
                report.add(self.value, Code::RetryOverCap);
            }
            Some(_) => {}
        }
        self.repeated(core::mem::replace(&mut block.retry, true), report);
    }

    fn repeated(&self, seen: bool, report: &mut Report<'_>) {
        if seen {
            report.add(self.start, Code::RepeatedField);
        }
    }
}

/// Half of what a frugal server grants a whole header line.
const LONG_ID: u64 = 512;

/// Where Python's `str.splitlines` and its like break a line, and an event stream does not.
const fn is_separator(character: char) -> bool {
    matches!(
        character,
        '\u{B}' | '\u{C}' | '\u{1C}'..='\u{1E}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}
